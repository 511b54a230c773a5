#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""After job_btsnoop.py, on the machine that runs the check: tshark decodes what the rig's
kernel gave, and btmon opens it.  TAP lines on standard output, numbered from the next one on.

usage: look_btsnoop.py FOLDER COUNT     COUNT: results that were told before
  UPDATE_PICTURES   write the golden text anew"""

import os
import re
import shutil
import signal
import subprocess
import sys

SOURCE = os.environ["OTABENCH_SRCDIR"]
LUA = os.path.join(SOURCE, "wireshark", "otabench.lua")
GOLDEN = os.path.join(SOURCE, "tests", "e2e", "btsnoop.txt")
folder = sys.argv[1]
count = int(sys.argv[2])
failed = 0


def tell(good, title, why=""):
    global count, failed
    count += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, title), flush=True)
    if not good:
        print("\n".join("# " + line for line in str(why).splitlines()[-40:]), flush=True)


def skip(title, why):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, title, why), flush=True)


def decode(path, *fields):
    """Rows of the fields of every packet of otabench's, and what tshark complained of."""
    run = subprocess.run(
        ["tshark", "-X", "lua_script:" + LUA, "-r", path, "-Y", "otabench", "-T", "fields", "-E",
         "separator=|"] + [word for field in fields for word in ("-e", field)],
        capture_output=True, text=True, check=False)
    errors = [line for line in run.stderr.splitlines() if 'user "root"' not in line]
    return [line.split("|") for line in run.stdout.splitlines()], "\n".join(errors)


def stable(info):
    """The part of a message that no timing decides; None: all of it may differ."""
    name = re.match(r"\w+", info)[0]
    if name in ("Data", "ACK", "PROGRESS", "TIMES"):
        return None
    if name == "TELEMETRY" and "period" not in info:
        return None
    if name == "Info":  # what a device can do is not this test's
        return "Info: %s, %s" % (re.search(r"running slot \d+", info)[0],
                                 re.search(r"flags [a-z ]+", info)[0])
    return info


# These are answered beside what goes on meanwhile: LINK when the link has changed.
BESIDE = {"LINK: interval": "LINK: code", "TELEMETRY: period": "RESULT: command 10"}


def in_order(lines):
    """Answers that may come later stand behind what they answer."""
    answers = [line for line in lines if line.startswith(tuple(BESIDE.values()))]
    for line in [line for line in lines if line not in answers]:
        yield line
        for asked, answered in BESIDE.items():
            found = [a for a in answers if line.startswith(asked) and a.startswith(answered)]
            yield from found[:1]
            if found:
                answers.remove(found[0])
    yield from answers


def look_at_messages(path):
    rows, errors = decode(path, "_ws.col.Info", "_ws.expert.message")
    told = [line for line in (stable(row[0]) for row in rows) if line]
    text = "".join(line + "\n" for line in in_order(told))
    if os.environ.get("UPDATE_PICTURES"):
        with open(GOLDEN, "w", encoding="utf-8") as file:
            file.write(text)
    with open(GOLDEN, encoding="utf-8") as file:
        want = file.read()
    tell(not errors and text == want, "tshark: each message of the update, in its order",
         errors + "\n" + text)
    tell(not [row for row in rows if row[1]], "tshark: and none with an expert's complaint", rows)


def look_at_image(path):
    rows, errors = decode(path, "otabench.data.offset", "otabench.data.payload")
    sent = {int(row[0]): bytes.fromhex(row[1].replace(":", "")) for row in rows if row[1]}
    with open(os.path.join(folder, "app.bin"), "rb") as file:
        image = file.read()
    tell(b"".join(sent[at] for at in sorted(sent)) == image,
         "tshark: the payloads of the Data values are the image", errors)


def btmon(path, program="btmon"):
    return subprocess.run([program, "-r", path], capture_output=True, text=True, check=False,
                          errors="replace")


def newest_btmon():
    """The one of Debian unstable, which is not installed, or None, and why."""
    where = os.path.join(folder, "programs")
    os.makedirs(where, exist_ok=True)
    run = subprocess.run([os.path.join(SOURCE, "tests", "e2e", "rig"), "-p", where],
                         env=dict(os.environ, RIG_GENERATION="unstable"), capture_output=True,
                         text=True, check=False)
    path = os.path.join(where, "generation", "bin", "btmon")
    return (path, "") if run.returncode == 0 else (None, run.stderr.strip())


def look_by_btmon(path):
    """btmon 5.66 crashes on each Read By Type Request for characteristics (0x2803), with which
    bluetoothd begins where it does not know a device: then a later one is to open the file."""
    program, run = "btmon", btmon(path) if shutil.which("btmon") else None
    if not run or run.returncode == -signal.SIGSEGV:
        program, why = newest_btmon()
        if not program:
            skip("btmon opens the capture", "this machine's crashes or is missing, and " + why)
            return
        run = btmon(path, program)
    tell(run.returncode == 0 and "Handle Value Notification" in run.stdout
         and "Read By Type Request" in run.stdout,
         "btmon opens the capture", "%s: status %d\n%s" % (program, run.returncode, run.stderr))


def main():
    path = os.path.join(folder, "flash.btsnoop")
    if not os.path.exists(path):
        tell(False, "there is a capture")
    elif shutil.which("tshark"):
        look_at_messages(path)
        look_at_image(path)
    else:
        skip("decoding by tshark", "tshark is not installed")
    if os.path.exists(path):
        look_by_btmon(path)
    return 1 if failed else 0


sys.exit(main())
