# SPDX-License-Identifier: Apache-2.0
"""otabench's patches, applied by code that was written from docs/protocol.md alone and by
Python's zlib."""

import os
import re
import struct
import subprocess
import zlib

from ota_device import BLOCK, make_block
from results import main

OTABENCH = os.environ["OTABENCH_BUILDDIR"] + "/otabench"
DOCUMENT = os.environ["OTABENCH_SRCDIR"] + "/docs/protocol.md"
HEAD = 336  # bytes of a patch file before zlib's, src/patch/patch_file.c
HASH = 32
# Bytes of the old image and of the new one, percent of it that is new.
PAIRS = [(40000, None, 0.1), (65536, None, 1), (200000, None, 1), (200000, None, 10),
         (300000, None, 40), (150000, 150000, None), (70000, 200000, None), (200000, 70000, None)]


def run(*arguments):
    return subprocess.run([OTABENCH, "--quiet", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def apply(patch, base):
    """The image; every byte of the patch is used."""
    size = struct.unpack_from("<I", patch, 12)[0]
    image, at = b"", 0
    while len(image) < size:
        made, at = make_block(patch, at, base, len(image), min(BLOCK, size - len(image)))
        image += made
    if at != len(patch):
        raise ValueError("%d of %d bytes were used" % (at, len(patch)))
    return image


def vector(tap):
    with open(DOCUMENT) as file:
        text = re.search(r"^```patch\n(.*?)^```", file.read(), re.M | re.S)[1]
    image = apply(bytes.fromhex(text), b"ABCDEFGHIJKLMNOP")
    tap.check(image == b"EFHHIJKLMMxyzABCDEFGH", "the document's patch makes the document's image",
              image)


def pair(tap, number, old_size, new_size, percent):
    made = [run("sample-image", "old.bin", "--force", "--size=%d" % old_size)]
    if new_size is None:
        name = "%d bytes, %s %% of them new" % (old_size, percent)
        made.append(run("sample-image", "new.bin", "--force", "--like=old.bin",
                        "--edit=%s" % percent, "--seed=%d" % number))
    else:
        name = "%d bytes from another image of %d" % (new_size, old_size)
        made.append(run("sample-image", "new.bin", "--force", "--size=%d" % new_size,
                        "--version-text=9.9.9", "--chip=esp32"))
    made.append(run("delta", "old.bin", "new.bin", "--output=x.patch"))
    if not tap.check(not any(m.returncode for m in made), name + ": a patch is made",
                     "\n".join(m.stdout for m in made)):
        return
    file = read("x.patch")
    os.unlink("x.patch")
    try:
        image = apply(zlib.decompress(file[HEAD:-HASH]), read("old.bin"))
        detail = "%d bytes, another image" % len(image)
    except Exception as error:
        image, detail = None, repr(error)
    tap.check(image == read("new.bin"), name + ": Python makes the new image with it", detail)


def job(tap):
    vector(tap)
    for number, sizes in enumerate(PAIRS):
        pair(tap, number, *sizes)


main(job)
