#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, SIGTERM and SIGHUP while the program compares or compresses images, which takes seconds
of a large one: it ends, tells so, and leaves no file.  TAP on standard output.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(os.path.join(os.environ["OTABENCH_BUILDDIR"], "otabench"))
COMPARE = ["delta", "a.bin", "b.bin", "-o", "made/p.patch"]
COMPRESS = ["--sim=devices=1,slots=8M+8M,flash=ideal", "-s", "stream=deflate", "flash",
            "esp-sim-01", "a.bin"]


def run(arguments):
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.DEVNULL, check=True)


def interrupted(arguments, phase, number):
    """Sends the signal at the first word of the phase.  The exit status, and all that was told."""
    with subprocess.Popen([PROGRAM, "--json", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as process:
        told = []
        for line in process.stdout:
            told.append(json.loads(line))
            if number and told[-1].get("phase") == phase:
                process.send_signal(number)
                number = None
    return process.returncode, told


def wrong(code, told, phase, expected):
    end = told[-1]
    if code != expected or end["event"] != "result" or end["exit"] != expected:
        return f"exit {code}, {end}"
    if not any(one.get("phase") == phase for one in told):
        return "it was over before"
    if any(one["event"] == "ready" for one in told):
        return "it went on"
    return f"left behind: {os.listdir('made')}" if os.listdir("made") else None


def main():
    folder = tempfile.TemporaryDirectory()
    os.chdir(folder.name)
    os.mkdir("made")
    for name in ("STATE", "CONFIG", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = os.path.join(folder.name, name.lower())
    run(["sample-image", "a.bin", "--size=8000000"])
    run(["sample-image", "--like=a.bin", "--edit=5", "b.bin"])
    count = 0
    for phase, arguments in (("comparing", COMPARE), ("compressing", COMPRESS)):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # A lost terminal is no wish to give an update up.
            left = number == signal.SIGHUP and arguments == COMPRESS
            reason = wrong(*interrupted(arguments, phase, number), phase, 75 if left else 130)
            count += 1
            if reason:
                print(f"# {reason}")
            print(("not ok " if reason else "ok ") + f"{count} - {number.name} while {phase}",
                  flush=True)
    print(f"1..{count}")
    os.chdir("/")
    folder.cleanup()


sys.exit(main())
