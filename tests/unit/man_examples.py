#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of the manual's pages do what they say: each line of an EXAMPLES section runs in
a shell, those of one page in one folder and in their order.  TAP on standard output.

A comment of the page in front of an example changes that:
    .\\" file: NAME    the example is the content of that file
    .\\" ends: N       its first line ends with exit status N
    .\\" needs: WHAT   it is not run, as it needs that
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

DOCS = os.path.join(os.path.abspath(os.environ["OTABENCH_SRCDIR"]), "docs")
BUILD = os.path.abspath(os.environ["OTABENCH_BUILDDIR"])
EXAMPLE = re.compile(r'(?:^\.\\" (file|ends|needs): ([^\n]*)\n)?^\.EX\n(.*?)^\.EE$', re.M | re.S)


def examples(path):
    """Triples of (comment's word, its value, lines) of the page's EXAMPLES section."""
    with open(path, encoding="utf-8") as page:
        text = page.read()
    part = re.search(r"^\.SH EXAMPLES$(.*?)(?=^\.SH |\Z)", text, re.M | re.S)
    for word, value, body in EXAMPLE.findall(part.group(1) if part else ""):
        yield word, value, body.replace("\\-", "-").replace("\\e", "\\").splitlines()


def run(line, folder):
    env = {"PATH": BUILD + os.pathsep + os.environ["PATH"], "HOME": folder, "TERM": "dumb"}
    return subprocess.run(["sh", "-c", line], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)


def main():
    number = 0
    for path in sorted(glob.glob(os.path.join(DOCS, "*.[15]"))):
        name = os.path.basename(path)
        with tempfile.TemporaryDirectory() as folder:
            for word, value, lines in examples(path):
                if word == "file":
                    with open(os.path.join(folder, value), "w", encoding="utf-8") as file:
                        file.write("\n".join(lines) + "\n")
                    continue
                meant = int(value) if word == "ends" else 0
                for line in lines:
                    number += 1
                    if word == "needs":
                        print(f"ok {number} - {name}: {line} # SKIP needs {value}")
                        continue
                    done = run(line, folder)
                    good = done.returncode == meant
                    if not good:
                        print(f"# exit status {done.returncode} and not {meant}")
                        print("\n".join("# " + said for said in done.stdout.splitlines()[-8:]))
                    print(f"{'' if good else 'not '}ok {number} - {name}: {line}")
                    meant = 0
    print(f"1..{number}")
    return 0


sys.exit(main())
