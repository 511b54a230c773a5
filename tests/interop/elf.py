# SPDX-License-Identifier: Apache-2.0
"""An ELF file of a few sections, as a linker for an ESP32 would write it: enough for
esptool's elf2image."""

import struct

XTENSA, RISCV = 0x5E, 0xF3  # e_machine
PROGBITS, STRTAB = 1, 3
ALLOCATED_CODE = 0x6
HEADER, SECTION = 52, 40  # bytes of Elf32_Ehdr, Elf32_Shdr


def elf(machine, entry, sections):
    """sections: (name, address, data) in the order of their addresses."""
    names, body, table = b"\0", b"", [bytes(SECTION)]
    for name, address, data in sections:
        table.append(struct.pack("<10I", len(names), PROGBITS, ALLOCATED_CODE, address,
                                 HEADER + len(body), len(data), 0, 0, 4, 0))
        names += name.encode() + b"\0"
        body += data
    own = len(names)
    names += b".shstrtab\0"
    table.append(struct.pack("<10I", own, STRTAB, 0, 0, HEADER + len(body), len(names), 0, 0, 1, 0))
    body += names
    header = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 2, machine, 1, entry, 0,
                         HEADER + len(body), 0, HEADER, 32, 0, SECTION, len(table), len(table) - 1)
    return header + body + b"".join(table)


def descriptor(project, version, page=0, block=(0, 0xffff), secure=0):
    """esp_app_desc_t; page is the log2 of a flash page's bytes."""
    return struct.pack("<II8x32s32s16s16s32s32xHHB3x72x", 0xABCD5432, secure, version.encode(),
                       project.encode(), b"12:34:56", b"Feb 29 2024", b"v5.4.1", *block, page)
