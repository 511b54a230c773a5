#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Delta updates between two builds of real code: this project's freestanding parts, compiled and
linked for the ESP32-C3's instruction set, once as they are and once with an edit in one function,
behind which everything moves.  TAP on standard output.

  CROSS_CC                  default riscv64-unknown-elf-gcc
"""
import glob
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.environ["OTABENCH_SRCDIR"])
PROGRAM = os.path.abspath(os.path.join(os.environ["OTABENCH_BUILDDIR"], "otabench"))
CC = os.environ.get("CROSS_CC", "riscv64-unknown-elf-gcc")
CORE = "firmware/components/ota_core"
PARTS = ["src/core/*.c", "src/image/*.c", CORE + "/src/*.c"]
FLAGS = ["-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs", "-std=c11", "-Os",
         "-I" + os.path.join(SOURCE, "src"), "-I" + os.path.join(SOURCE, CORE, "include")]
EDITED = CORE + "/src/device.c"  # in the midst of what is linked
DROM, IROM, PAGE = 0x3C000000, 0x42000000, 0x10000
DESCRIPTION = 256  # esp_app_desc_t
SHARE = 0.05  # of the image on air, at most: what is asked of a small edit
count = 0


def tell(ok, title, why=""):
    global count
    count += 1
    print(f"{'ok' if ok else 'not ok'} {count} - {title}")
    if not ok:
        print("\n".join("# " + line for line in str(why).splitlines()[-30:]))


def run(*words, **more):
    return subprocess.run(words, capture_output=True, check=False, **more)


def edit(text):
    """The first function counts its calls from now on."""
    changed, times = re.subn(r"^\{\n", "{\n\tstatic volatile unsigned int calls;\n\n\tcalls++;\n",
                             text, count=1, flags=re.M)
    assert times == 1, "no function in " + EDITED
    return changed


def compile_all(folder, edited):
    objects = []
    for source in sorted(p for part in PARTS for p in glob.glob(os.path.join(SOURCE, part))):
        out = os.path.join(folder, f"{len(objects):03}.o")
        if edited and source.endswith(EDITED):
            with open(source, encoding="utf-8") as file:
                text = edit(file.read())
            # Beside the original, whose private headers it includes.
            source = os.path.join(folder, os.path.basename(source))
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
        got = run(CC, *FLAGS, "-iquote", os.path.join(SOURCE, CORE, "src"), "-c", source, "-o", out)
        if got.returncode:
            sys.exit(got.stderr.decode())
        objects.append(out)
    return objects


def link(folder, objects, text_at):
    """(constants, code), with the code at text_at."""
    script, elf = os.path.join(folder, "script.ld"), os.path.join(folder, "elf")
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"""SECTIONS {{
	.rodata {DROM + 0x20 + DESCRIPTION} : {{ *(.rodata* .srodata*) . = ALIGN(4); }}
	.text {text_at} : {{ *(.text*) . = ALIGN(4); }}
	.data 0x3fc80000 (NOLOAD) : {{ *(.data* .sdata* .bss* .sbss* COMMON) }}
	/DISCARD/ : {{ *(.comment .riscv.attributes .eh_frame .note*) }}
}}
""")
    got = run(CC, *FLAGS[:2], "-nostdlib", "-nostartfiles", "-Wl,-T," + script,
              "-Wl,--unresolved-symbols=ignore-all", *objects, "-o", elf)
    if got.returncode:
        sys.exit(got.stderr.decode())
    parts = []
    for section in (".rodata", ".text"):
        out = os.path.join(folder, "bytes")
        run(CC[:-3] + "objcopy", "-O", "binary", "-j", section, elf, out)
        with open(out, "rb") as file:
            parts.append(file.read())
    return parts


def image_of(constants, code, text_at, version):
    """As esptool's elf2image lays it out."""
    description = struct.pack("<IIII32s32s16s16s32s32s", 0xABCD5432, 0, 0, 0, version.encode(),
                              b"otabench-sim", b"12:00:00", b"Nov 29 2026", b"v5.5",
                              hashlib.sha256(constants + code).digest())
    segments = [(DROM + 0x20, description.ljust(DESCRIPTION, b"\0") + constants), (text_at, code)]
    out = struct.pack("<BBBBIBBBBHBHHIB", 0xE9, len(segments), 2, 0x1F, text_at, 0xEE, 0, 0, 0,
                      5, 0, 0, 99, 0, 1)
    check = 0xEF
    for at, data in segments:
        out += struct.pack("<II", at, len(data)) + data
        for byte in data:
            check ^= byte
    out = out.ljust(len(out) // 16 * 16 + 15, b"\0") + bytes([check])
    return out + hashlib.sha256(out).digest()


def build(folder, name, edited):
    os.makedirs(os.path.join(folder, name))
    objects = compile_all(os.path.join(folder, name), edited)
    constants, _ = link(folder, objects, IROM + 0x20)
    # Flash is mapped in pages: a segment's address and its place in the file agree in them.
    text_at = IROM + (0x20 + DESCRIPTION + len(constants) + 8) % PAGE
    constants, code = link(folder, objects, text_at)
    path = os.path.join(folder, name + ".bin")
    with open(path, "wb") as file:
        file.write(image_of(constants, code, text_at, "2.0.1" if edited else "2.0.0"))
    return path


def otabench(folder, *words):
    env = dict(os.environ, XDG_CACHE_HOME=folder, XDG_STATE_HOME=folder, XDG_CONFIG_HOME=folder,
               XDG_DATA_HOME=folder)
    env.pop("OTABENCH_IMAGE_STORE", None)
    got = run(PROGRAM, "--json", *words, env=env)
    lines = got.stdout.decode().splitlines()
    return got.returncode, json.loads(lines[-1]) if lines else {}, got.stderr.decode()


def updates(folder, old, new):
    sim = f"--sim=devices=1,chip=esp32c3,state={folder}/state,flash=typical,phy=1M,interval=15"
    status, result, why = otabench(folder, sim, "flash", "esp-sim-01", old)
    tell(status == 0 and result.get("outcome") == "confirmed", "the first build is sent",
         f"{result} {why}")
    status, result, why = otabench(folder, sim, "-s", "stream=delta", "flash", "esp-sim-01", new)
    with open(new, "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    tell(status == 0 and result.get("stream") == "delta" and
         result.get("running_sha256") == wanted, "the second one as what differs, and runs",
         f"{result} {why}")
    size, air = os.path.getsize(new), result.get("air_bytes", 0)
    print(f"# {size} bytes, {air} on air: {100 * air / size:.1f} %")
    tell(0 < air <= SHARE * size, f"at most {SHARE:.0%} of the image on air")


def main():
    probe = [CC, "--specs=picolibc.specs", "-x", "c", "-E", "/dev/null"]
    if not shutil.which(CC) or run(*probe).returncode:
        print(f"1..0 # SKIP {CC} with picolibc is not installed "
              "(gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf)")
        return
    with tempfile.TemporaryDirectory() as folder:
        old, new = build(folder, "old", False), build(folder, "new", True)
        for path in (old, new):
            status, result, why = otabench(folder, "inspect", path)
            tell(status == 0, f"{os.path.basename(path)} is an image", f"{result} {why}")
        with open(old, "rb") as a, open(new, "rb") as b:
            before, after = a.read(), b.read()
        moved = sum(x != y for x, y in zip(before, after))
        tell(moved > len(before) // 4, "most of the code behind the edit moved",
             f"{moved} of {len(before)} bytes differ")
        updates(folder, old, new)
    print(f"1..{count}")


main()
