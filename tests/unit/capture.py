#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--btsnoop and wireshark/otabench.lua: what the program records opens in btmon and in
tshark, which decodes each message of docs/protocol.md.  TAP on standard output."""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

SOURCE = os.environ["OTABENCH_SRCDIR"]
PROGRAM = os.path.join(os.environ["OTABENCH_BUILDDIR"], "otabench")
LUA = os.path.join(SOURCE, "wireshark", "otabench.lua")
IMAGE_SIZE = 40000
UUID = "fb1e400%d-54ae-4a28-9f74-dfccb248601d"
CONTROL, DATA, INFO = 2, 3, 4
HANDLES = {CONTROL: 0x12, DATA: 0x15, INFO: 0x17}
count = 0


def tell(ok, title, why=""):
    global count
    count += 1
    print(f"{'ok' if ok else 'not ok'} {count} - {title}")
    if not ok:
        print("\n".join("# " + line for line in str(why).splitlines()[-30:]))


def skip(title, why):
    global count
    count += 1
    print(f"ok {count} - {title} # SKIP {why}")


# --- docs/protocol.md against the dissector

def documented():
    """{message: [(field, size)]} of the tables of sections 3.3, 4 and 5."""
    tables, title = {}, None
    kind = {"3": "info", "4": "command", "5": "notification"}
    with open(os.path.join(SOURCE, "docs", "protocol.md"), encoding="utf-8") as file:
        for line in file:
            head = re.match(r"#+ (\d)\.\d+ (\w+)", line)
            if head:
                title = (kind.get(head[1]), head[2])
            elif line.startswith("#") or line.startswith("Flags"):
                title = None
            row = re.match(r"\| (\d+) \| (\d+) \| ([^|]+) \|", line)
            if row and title and title[0] and row[3] != "opcode":
                tables.setdefault(title, []).append((row[3].strip(), int(row[2])))
    tables.pop(("command", "Data"), None)
    return tables


def dissected():
    """The same from the tables of the Lua file."""
    with open(LUA, encoding="utf-8") as file:
        text = file.read()
    tables = {}
    sections = {"command": ("local commands", "local notifications"),
                "notification": ("local notifications", "local info ="),
                "info": ("local info =", "-- Fields and experts")}
    for kind, (first, last) in sections.items():
        part = text[text.index(first):text.index(last)]
        name = None
        for match in re.finditer(r'name = "(\w+)"|\{ "([^"]+)", (\d+)', part):
            if match[1]:
                name = match[1]
            else:
                tables.setdefault((kind, name), []).append((match[2], int(match[3])))
    return tables


def test_tables():
    want, have = documented(), dissected()
    for key in (("command", "TELEMETRY"), ("notification", "RESULT")):
        want.pop(key, None)  # described in a sentence
        have.pop(key, None)
    differ = [f"{key}: {want.get(key)} != {have.get(key)}"
              for key in sorted(set(want) | set(have), key=str)
              if want.get(key) != have.get(key)]
    tell(len(want) >= 12 and not differ, "the dissector has the fields of docs/protocol.md",
         "\n".join(differ))


# --- a capture of literal bytes

class Snoop:
    def __init__(self):
        self.bytes = b"btsnoop\0" + struct.pack(">II", 1, 2001)
        self.at = 0x00E03AB44A676000

    def record(self, kind, data):
        self.at += 1000
        self.bytes += struct.pack(">IIIIQ", len(data), len(data), kind, 0, self.at) + data

    def att(self, sent, pdu):
        acl = struct.pack("<HHHH", 0x40 | (0 if sent else 0x2000), len(pdu) + 4, len(pdu), 4)
        self.record(4 if sent else 5, acl + pdu)

    def begin(self):
        self.record(0, bytes(8) + b"hci0\0\0\0\0")
        self.record(3, bytes.fromhex("3e1301004000000066554433221128000000f40100"))
        self.att(True, struct.pack("<BH", 2, 517))
        self.att(False, struct.pack("<BH", 3, 517))
        for chr_, handle in HANDLES.items():
            uuid = bytes.fromhex((UUID % chr_).replace("-", ""))[::-1]
            self.att(True, struct.pack("<BHH", 4, handle, handle))
            self.att(False, struct.pack("<BBH", 5, 2, handle) + uuid)

    def write(self, chr_, value, command=False):
        self.att(True, struct.pack("<BH", 0x52 if command else 0x12, HANDLES[chr_]) + value)

    def notify(self, value):
        self.att(False, struct.pack("<BH", 0x1B, HANDLES[CONTROL]) + value)

    def read(self, chr_, value):
        self.att(True, struct.pack("<BH", 0x0A, HANDLES[chr_]))
        self.att(False, b"\x0b" + value)


def literal_capture():
    h = bytes.fromhex
    s = Snoop()
    s.begin()
    s.read(INFO, h("01019f00000005000400020001070000040000800000300000000000" "0000")
           + bytes(range(32)) + b"blinky".ljust(32, b"\0") + h("030001000000"))
    s.read(INFO, h("01013f00000005000400020001070000040000800000300000000000" "0000")
           + bytes(range(32)) + b"blinky".ljust(32, b"\0") + h("0300010000000c00"))
    for command in ("02", "04", "05", "06", "07", "08", "0b", "0ae803",
                    "090c000c000000f40103fb00", "0c00100000", "0d04000a00"):
        s.write(CONTROL, h(command))
    s.write(DATA, h("0000aabb"), command=True)
    s.write(CONTROL, h("0101000030000000300000000020") + bytes(32))
    for notification in ("04010000000000000400", "01000000000080000" "00002002000" "0000",
                         "01000000000080000" "00002002001" "0000" "00000100"):
        s.notify(h(notification))
    for value in ("0000aabb", "0100ccdd", "0300eeff"):
        s.write(DATA, h(value), command=True)
    for notification in ("0803000400000001", "07040000000000000004800000",
                         "0900" "0c000000f4010202fb00fb000502",
                         "0ac40c0002" "02fb0000400000" "960064000100" "0020",
                         "0b0100020003000400" "0500", "0502040000000000000001020304000000",
                         "0505000001000000010001020304000004060302",
                         "0d0400010000a044332211", "060600", "060112", "020e030500" "0000", "0330000000" "01f401" + "11" * 8):
        s.notify(h(notification))
    s.write(DATA, h("0300ccdd"), command=True)
    # A stream: a patch, compressed, without what the slot holds; offsets count its own bytes.
    s.write(CONTROL, h("0101640000000200390200000020") + bytes(32))
    s.notify(h("01" "00000000" "00800000" "0002" "0020" "00" "0000" "00000100"))
    s.write(CONTROL, h("0d01000100"))
    s.notify(h("0d0100" "81eef91b"))
    for value in ("0000" "35020000" "01", "0100" "2c0200" "01"):
        s.write(DATA, h(value), command=True)
    s.notify(h("07" "09000000" "00000100" "09800000"))
    s.write(CONTROL, h("01"))
    s.notify(h("01"))
    s.write(DATA, h("e9010203"), command=True)
    return s.bytes


def decode(path, *fields):
    run = subprocess.run(
        ["tshark", "-X", "lua_script:" + LUA, "-r", path, "-Y", "otabench", "-T", "fields",
         "-E", "separator=|"] + [word for field in fields for word in ("-e", field)],
        capture_output=True, text=True, check=False)
    # tshark tells root that it should not be root.
    told = [line for line in run.stderr.splitlines() if "user \"root\"" not in line]
    return run.returncode, run.stdout, "\n".join(told)


def test_golden(folder):
    path = os.path.join(folder, "literal.btsnoop")
    with open(path, "wb") as file:
        file.write(literal_capture())
    code, text, errors = decode(path, "_ws.col.Info", "_ws.expert.message")
    golden = os.path.join(SOURCE, "tests", "unit", "capture.txt")
    if os.environ.get("UPDATE_PICTURES"):
        with open(golden, "w", encoding="utf-8") as file:
            file.write(text)
    with open(golden, encoding="utf-8") as file:
        want = file.read()
    tell(code == 0 and not errors and text == want, "each message is decoded as the text says",
         errors + "\n" + text)


# --- what the program records

def record(folder, name, *words):
    image = os.path.join(folder, "app.bin")
    if not os.path.exists(image):
        subprocess.run([PROGRAM, "sample-image", f"--size={IMAGE_SIZE}", image], check=True,
                       capture_output=True)
    path = os.path.join(folder, name)
    run = subprocess.run([PROGRAM, *words, f"--btsnoop={path}", "flash", "esp-sim-01", image],
                         capture_output=True, text=True, check=False)
    return path, run


def test_recorded(folder):
    path, run = record(folder, "plain.btsnoop", "--sim")
    mode = os.stat(path).st_mode & 0o777
    tell(run.returncode == 0 and mode == 0o600, "an update is recorded, for its user alone",
         f"{mode:o} {run.stderr}")
    code, text, errors = decode(path, "otabench.data.offset", "otabench.data.payload",
                                "otabench.done.size", "_ws.expert.message")
    rows = [line.split("|") for line in text.splitlines()]
    payload = "".join(row[1] for row in rows)
    done = [row[2] for row in rows if row[2]]
    with open(os.path.join(folder, "app.bin"), "rb") as file:
        image = file.read()
    tell(code == 0 and not errors and bytes.fromhex(payload.replace(":", "")) == image,
         "the payloads of its Data values are the image", errors)
    tell(done == [str(IMAGE_SIZE)], "its DONE tells the image's size", done)


def test_lost(folder):
    path, run = record(folder, "lost.btsnoop", "--sim=fault=drop-data@9")
    _, text, errors = decode(path, "otabench.gap.offset", "_ws.expert.message")
    tell(run.returncode == 0 and re.search(r"^\d+\|The device asks the host to go back", text, re.M),
         "a value that is lost shows as an expert's word at the GAP", run.stderr + errors + text)


def test_btmon(folder):
    path, _ = record(folder, "btmon.btsnoop", "--sim")
    run = subprocess.run(["btmon", "-r", path], capture_output=True, text=True, check=False,
                         env={**os.environ, "COLUMNS": "100"})
    tell(run.returncode == 0 and "Vendor specific (" + UUID % CONTROL in run.stdout and
         "Handle Value Notification" in run.stdout, "btmon shows the same file", run.stderr)
    tell("Peer address: 24:6F:28:AA:10:01" in run.stdout, "... with the device's address",
         [line for line in run.stdout.splitlines() if "Peer address:" in line])


def test_same_file(folder):
    path = os.path.join(folder, "twice")
    with open(path, "wb"):
        pass
    _, run = record(folder, "twice", "--sim", f"--trace={path}")
    tell(run.returncode == 64, "one file for --trace and --btsnoop is refused",
         f"{run.returncode} {run.stderr}")
    kept = os.path.join(folder, "kept")
    with open(kept, "w", encoding="utf-8") as file:
        file.write("a letter\n")
    _, run = record(folder, "kept", "--sim")
    with open(kept, encoding="utf-8") as file:
        text = file.read()
    tell(run.returncode != 0 and text == "a letter\n", "a file of another kind stays", run.stderr)


def main():
    test_tables()
    with tempfile.TemporaryDirectory() as folder:
        test_same_file(folder)
        if shutil.which("tshark"):
            test_golden(folder)
            test_recorded(folder)
            test_lost(folder)
        else:
            skip("decoding by tshark", "tshark is not installed")
        if shutil.which("btmon"):
            test_btmon(folder)
        else:
            skip("btmon", "btmon is not installed")
    print(f"1..{count}")
    return 0


sys.exit(main())
