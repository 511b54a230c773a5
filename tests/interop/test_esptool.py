# SPDX-License-Identifier: Apache-2.0
"""esptool and `otabench inspect` about the same images: what otabench makes, what
elf2image makes, both damaged, and the images of others where there are any."""

import contextlib
import glob
import io
import json
import os
import random
import re
import struct
import subprocess
import sys

import elf
from esptool.bin_image import LoadFirmwareImage
from esptool.cmds import elf2image, image_info, merge_bin
from esptool.targets import CHIP_DEFS
from results import main

OTABENCH = os.environ["OTABENCH_BUILDDIR"] + "/otabench"
IMAGES = os.environ["OTABENCH_IMAGES"]
SEED = int(os.environ.get("OTABENCH_SEED", "1"))
CHIPS = [name for name in CHIP_DEFS if name != "esp8266"]
HEADER, HASH = 24, 32  # bytes


def otabench(*arguments):
    return subprocess.run([OTABENCH, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def inspect(data):
    with open("inspected.bin", "wb") as file:
        file.write(data)
    done = otabench("--json", "inspect", "inspected.bin")
    result = json.loads(done.stdout.splitlines()[-1])
    if done.returncode not in (0, 65) or (done.returncode == 0) != result["ok"]:
        raise RuntimeError("inspect: %d %s" % (done.returncode, done.stdout))
    return result


class Esptool:
    """esptool's verdict on an image: its words, its fields, and whether it finds it whole."""

    def __init__(self, data):
        self.image, self.words, self.good = None, "", False
        words = io.StringIO()
        with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
            try:
                image_info(data)
                chip = re.search(r"Detected image type: (\S+)", words.getvalue())[1]
                self.image = LoadFirmwareImage(chip, data)
            except Exception as error:  # it has many kinds, for an image that it cannot read
                words.write("%s: %s" % (type(error).__name__, error))
        self.words = words.getvalue()
        if self.image is not None and chip != "ESP8266":
            self.good = "(invalid" not in self.words and "- calculated" not in self.words

    def told(self, label):
        found = re.search(r"^%s: *(.*?) *$" % re.escape(label), self.words, re.M)
        return found[1] if found else None


def memory_agrees(ours, theirs):
    """esptool names code and data of one bus both; it may know no name for an address."""
    if ours in ("FLASH", "PSRAM"):
        return "DROM" in theirs or "IROM" in theirs
    if ours == "PADDING" or not theirs:
        return True
    return any(ours.split("_")[0] in name or name in ours for name in theirs)


def fields(tool, ours):
    """(name, esptool's, otabench's) of all that both tell."""
    image = tool.image
    rom = image.ROM_LOADER
    yield "chip", (image.chip_id, rom.CHIP_NAME), (ours["chip"]["id"], ours["chip"]["title"])
    yield "entry", image.entrypoint, int(ours["entry"], 16)
    yield "minimum revision", image.min_rev_full, ours["min_revision"]
    # Older tools wrote 0, which no boot loader takes for a limit (IS_FIELD_SET).
    yield "maximum revision", image.max_rev_full or 0xffff, (
        0xffff if ours["max_revision"] is None else ours["max_revision"])
    yield "segments", [(s.addr, len(s.data), s.file_offs + 8) for s in image.segments], [
        (int(s["address"], 16), s["bytes"], s["offset"]) for s in ours["segments"]]
    for segment, s in zip(image.segments, ours["segments"]):
        names = segment.get_memory_type(image)
        yield "memory of " + s["address"], True, memory_agrees(s["memory"], names) or (
            "%s, %s" % (s["memory"], names))
    yield "checksum", image.checksum, ours["checksum_stored"]
    yield "calculated checksum", image.calculate_checksum(), ours["checksum"]
    yield "hash is appended", image.append_digest, ours["hash_appended"]
    if image.append_digest:
        yield "hash", image.stored_digest == image.calc_digest, ours["hash_ok"]
    yield from fields_told(tool, ours)


def fields_told(tool, ours):
    """Those that are in esptool's words alone."""
    flash = ours["flash"]
    for label, value in (("Flash mode", flash["mode"]),
                         ("Flash freq", flash["mhz"] and "%dm" % flash["mhz"]),
                         ("Flash size", flash["megabytes"] and "%dMB" % flash["megabytes"])):
        told = tool.told(label)
        if told is not None:
            yield label, told, value
    # In damaged text the two mark other places.
    if not tool.good or tool.told("Project name") is None:
        return
    for label, value in (("Project name", ours["project"]), ("App version", ours["version"]),
                         ("ESP-IDF", ours["idf"]),
                         ("Compile time", ours["date"] + " " + ours["time"]),
                         ("ELF file SHA256", ours["elf_sha256"]),
                         ("Secure version", str(ours["secure_version"]))):
        yield label, tool.told(label), value


def compare(data):
    """The differences between the two, as text; and whether esptool finds the image whole."""
    tool, ours = Esptool(data), inspect(data)
    wrong = []
    if ours["ok"] and not tool.good:
        wrong.append("otabench accepts what esptool refuses")
    if tool.image is not None and "chip" in ours and "checksum" in ours and ours["chip"]["name"]:
        wrong += ["%s: esptool %s, otabench %s" % f for f in fields(tool, ours) if f[1] != f[2]]
    elif tool.good:
        wrong.append("otabench cannot read what esptool reads")
    if wrong:
        wrong += [tool.words, json.dumps(ours)]
    return "\n".join(wrong), tool.good, ours


def check_same(tap, data, name, good):
    """Both agree on every field and on the verdict, which is this one."""
    wrong, whole, ours = compare(data)
    if not wrong and (whole, ours["ok"]) != (good, good):
        wrong = "esptool %s, otabench %s\n%s" % (whole, ours["ok"], json.dumps(ours["checks"]))
    return tap.check(not wrong, name, wrong)


def image_length(data):
    """Up to the byte that holds the checksum."""
    at = HEADER
    for _ in range(data[1]):
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    return at + 16 - at % 16


def damaged(data, rng):
    """(kind, bytes) of an image that has a hash."""
    end = image_length(data)

    def changed(at, bits):
        return data[:at] + bytes([data[at] ^ bits]) + data[at + 1:]

    yield "magic", changed(0, rng.randrange(1, 256))
    yield "checksum", changed(end - 1, 1 << rng.randrange(8))
    yield "hash", changed(end + rng.randrange(HASH), 1 << rng.randrange(8))
    yield "a segment more", data[:1] + bytes([data[1] + 1]) + data[2:]
    yield "a segment less", data[:1] + bytes([data[1] - 1]) + data[2:]
    yield "17 segments", data[:1] + b"\x11" + data[2:]
    yield "a longer segment", data[:HEADER + 4] + b"\xfc\xff\xff\x7f" + data[HEADER + 8:]
    yield "another chip", data[:12] + b"\xee\xee" + data[14:]
    for cut in (1, 8, HEADER - 1, HEADER, HEADER + 4, end - 17, end - 1, end, end + 1, end + HASH - 1):
        yield "cut to %d" % cut, data[:cut]
    for _ in range(6):
        yield "cut", data[:rng.randrange(HEADER, end)]
    for _ in range(12):
        yield "a byte", changed(rng.randrange(end + HASH), 1 << rng.randrange(8))


def damage_job(tap, data, name, rng):
    wrong = []
    for kind, bad in damaged(data, rng):
        text, whole, ours = compare(bad)
        if text or whole or ours["ok"]:
            wrong.append("%s: esptool %s, otabench %s; %s" % (kind, whole, ours["ok"], text))
    tap.check(not wrong, name + ": damaged, both refuse it", "\n".join(wrong))


def unhashed_job(tap, data, name, rng):
    """Without a hash the checksum alone tells, of the segments alone."""
    end = image_length(data)
    short = data[:HEADER - 1] + b"\0" + data[HEADER:end]
    check_same(tap, short, name + ": without a hash", True)
    wrong = []
    for _ in range(20):
        at = rng.randrange(end)
        text, _, _ = compare(short[:at] + bytes([short[at] ^ 1 << rng.randrange(8)]) + short[at + 1:])
        if text:
            wrong.append("byte %d: %s" % (at, text))
    tap.check(not wrong, name + ": without a hash, a bit changed: both say the same", "\n".join(wrong))


def sample_job(tap, chip, rng):
    title = CHIP_DEFS[chip].CHIP_NAME
    done = otabench("sample-image", "sample.bin", "--chip=" + chip, "--size=40000", "--force",
                    "--version-text=3.1.4", "--project=interop")
    if not tap.check(done.returncode == 0, title + ": otabench knows the chip", done.stdout):
        return
    with open("sample.bin", "rb") as file:
        data = file.read()
    check_same(tap, data, title + ": otabench's image", True)
    damage_job(tap, data, title + ": otabench's image", rng)
    unhashed_job(tap, data, title + ": otabench's image", rng)


def make_elf(chip, page):
    rom = CHIP_DEFS[chip]
    rng = random.Random(chip)
    starts = {}
    for low, _, name in rom.MEMORY_MAP:
        starts.setdefault(name, low)
    data_at, code_at = rom.DROM_MAP_START, rom.IROM_MAP_START
    one_bus = starts["DRAM"] == starts["IRAM"] or starts["DROM"] == starts["IROM"]
    if one_bus:
        data_at = code_at
    # The image's header and the segment's come before, and the linker leaves them room.
    sections = [(".flash.appdesc", data_at + 0x20,
                 elf.descriptor("interop", "1.2.3", page.bit_length() - 1, (1, 399), 7)),
                (".flash.rodata", data_at + 0x120, rng.randbytes(0x3210))]
    if one_bus:
        ram = starts["DRAM"]
        sections += [(".iram0.text", ram + 0x400, rng.randbytes(0x2345)),
                     (".dram0.data", ram + 0x4000, rng.randbytes(0x1003)),
                     (".flash.text", data_at + 0x10020, rng.randbytes(0x8001))]
        entry = ram + 0x404
    else:
        sections += [(".dram0.data", starts["DRAM"] + 0x8000, rng.randbytes(0x1003)),
                     (".iram0.text", starts["IRAM"] + 0x400, rng.randbytes(0x2345)),
                     (".flash.text", code_at + 0x10020, rng.randbytes(0x8001))]
        entry = starts["IRAM"] + 0x404
    machine = elf.XTENSA if chip in ("esp32", "esp32s2", "esp32s3") else elf.RISCV
    return elf.elf(machine, entry, sorted(sections, key=lambda s: s[1]))


def elf2image_job(tap, chip):
    title = CHIP_DEFS[chip].CHIP_NAME
    frequencies = [f for f in CHIP_DEFS[chip].FLASH_FREQUENCY]
    choices = [{"flash_mode": "dio", "flash_size": "4MB"},
               {"flash_mode": "qio", "flash_size": "16MB", "secure_pad_v2": True},
               {"flash_mode": "dout", "flash_size": "2MB", "append_digest": False},
               {"flash_mode": "qout", "flash_size": "8MB", "elf_sha256_offset": 0xb0,
                "min_rev_full": 1, "max_rev_full": 199}]
    for i, choice in enumerate(choices):
        choice["flash_freq"] = frequencies[i % len(frequencies)]
        words = io.StringIO()
        with contextlib.redirect_stdout(words):
            data = elf2image(make_elf(chip, 0x10000), chip, **choice)
        check_same(tap, data, "%s: elf2image's image, %s" % (title, " ".join(
            "%s=%s" % pair for pair in sorted(choice.items()))), True)
    return data


def others_job(tap):
    """Images that neither program made here."""
    files = sorted(glob.glob(IMAGES + "/*.bin") + glob.glob(IMAGES + "/../cases/*.bin"))
    if not files:
        tap.skip("images of others", "there are none in " + IMAGES)
    for path in files:
        with open(path, "rb") as file:
            wrong, _, _ = compare(file.read())
        tap.check(not wrong, "%s: both say the same" % os.path.basename(path), wrong)


def merged_job(tap, data):
    """An application behind a boot loader is no application."""
    with contextlib.redirect_stdout(io.StringIO()):
        merge_bin([(0x1000, data), (0x10000, data)], "esp32", "merged.bin")
    with open("merged.bin", "rb") as file:
        ours = inspect(file.read())
    tap.check(not ours["ok"] and ours["kind"] == "merged flash image",
              "merge-bin's image is named and refused", json.dumps(ours))


def espsecure(*arguments):
    return subprocess.run([sys.executable, "-m", "espsecure", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def signed_job(tap, data, version, scheme):
    """Both about a signature of espsecure's, and about a bit of it changed."""
    name = "secure boot v%s, %s" % (version, scheme)
    key = "%s-%s.pem" % (version, scheme)
    with open("unsigned.bin", "wb") as file:
        file.write(data)
    made = [espsecure("generate-signing-key", "-v", version, "-s", scheme, key),
            espsecure("sign-data", "-v", version, "-k", key, "-o", "signed.bin", "unsigned.bin")]
    if not tap.check(all(m.returncode == 0 for m in made), name + ": espsecure signs",
                     "\n".join(m.stdout for m in made)):
        return
    with open("signed.bin", "rb") as file:
        signed = file.read()
    check_same(tap, signed, name + ": the image is whole", True)
    told = inspect(signed)["signature"]
    if not tap.check(told is not None and told["version"] == int(version), name + ": it is named",
                     told) or version == "1":
        return
    at = told["offset"] + 816  # in the block's signature
    for good, bits in ((True, signed), (False, signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1:])):
        with open("signed.bin", "wb") as file:
            file.write(bits)
        theirs = espsecure("verify-signature", "-v", version, "-k", key, "signed.bin")
        ours = otabench("inspect", "--secure-boot-key=" + key, "signed.bin")
        tap.check((theirs.returncode == 0, ours.returncode == 0) == (good, good),
                  "%s: both %s it" % (name, "verify" if good else "refuse"),
                  theirs.stdout + ours.stdout)


def job(tap):
    rng = random.Random(SEED)
    tap.note("OTABENCH_SEED=%d" % SEED)
    for chip in CHIPS:
        sample_job(tap, chip, rng)
    made = {chip: elf2image_job(tap, chip) for chip in CHIPS}
    merged_job(tap, made["esp32"])
    signed_job(tap, made["esp32"], "1", "ecdsa256")
    for scheme in ("rsa3072", "ecdsa256"):
        signed_job(tap, made["esp32c6"], "2", scheme)
    others_job(tap)


main(job)
