#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The passphrase of a key, typed into a pseudo-terminal: never shown, asked for twice, and
given up by Ctrl-C and Ctrl-D.  TAP on standard output.
"""
import os
import pty
import sys
import tempfile

PROGRAM = os.path.abspath(os.path.join(os.environ["OTABENCH_BUILDDIR"], "otabench"))


def typed(arguments, *lines):
    """The exit status and all that the terminal showed; a line is typed at each question."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(PROGRAM, [PROGRAM, *arguments])
    shown, asked = b"", 0
    lines = list(lines)
    while True:
        try:
            part = os.read(fd, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
        if lines and shown.count(b": ") > asked and shown.endswith(b": "):
            asked = shown.count(b": ")
            os.write(fd, lines.pop(0))
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def main():
    os.chdir(tempfile.mkdtemp())
    results = []

    def check(title, good, shown=b""):
        results.append(good)
        if not good:
            print("# " + repr(shown))
        print(("ok " if good else "not ok ") + f"{len(results)} - {title}", flush=True)

    code, shown = typed(["key", "new", "a.pem"], b"open sesame\n", b"open sesame\n")
    check("a new key with a passphrase", code == 0, shown)
    check("... which is not shown", b"sesame" not in shown, shown)
    with open("a.pem", encoding="ascii") as file:
        check("... encrypts it", file.readline() == "-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    code, shown = typed(["key", "show", "a.pem"], b"open sesame\n")
    check("... opens it", code == 0 and b"PUBLIC KEY" in shown and b"sesame" not in shown, shown)
    code, shown = typed(["key", "show", "a.pem"], b"open\n")
    check("another does not", code == 77 and b"wrong passphrase" in shown, shown)
    code, shown = typed(["key", "new", "b.pem"], b"one\n", b"two\n")
    check("two that differ make no key",
          code == 64 and b"differ" in shown and not os.path.exists("b.pem"), shown)
    for title, byte in (("Ctrl-C", b"\x03"), ("Ctrl-D", b"\x04")):
        code, shown = typed(["key", "new", "b.pem"], byte)
        check(title + " makes none", code == 130 and not os.path.exists("b.pem"), shown)
    code, shown = typed(["key", "new", "b.pem"], b"\n", b"\n")
    with open("b.pem", encoding="ascii") as file:
        check("an empty one makes a plain key",
              code == 0 and file.readline() == "-----BEGIN PRIVATE KEY-----\n", shown)
    print(f"1..{len(results)}")
    return 0


sys.exit(main())
