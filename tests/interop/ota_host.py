# SPDX-License-Identifier: Apache-2.0
"""The host of docs/protocol.md, written from it alone, over any stack that can write and
be notified.

A stack is an object with mtu, read_info(), write_control(value), write_data(value) and
told, an asyncio.Queue of what Control notified."""

import asyncio
import hashlib
import struct
import zlib

SERVICE = "fb1e4001-54ae-4a28-9f74-dfccb248601d"
CONTROL = "fb1e4002-54ae-4a28-9f74-dfccb248601d"
DATA = "fb1e4003-54ae-4a28-9f74-dfccb248601d"
INFO = "fb1e4004-54ae-4a28-9f74-dfccb248601d"
COMPRESSED, DELTA = 0x0004, 0x0020  # of START
WAIT = 30  # seconds, for what should come at once
BLOCK = 65536


class Refused(Exception):
    """ERROR, or RESULT with a code other than ok."""


def parse_info(value):
    version, _, features, chip = struct.unpack_from("<BBIH", value)
    running, flags = value[11], value[12]
    return {"version": version, "features": features, "chip": chip, "slot": running,
            "pending": bool(flags & 1), "resumable": bool(flags & 4),
            "slot_size": struct.unpack_from("<I", value, 14)[0],
            "running_size": struct.unpack_from("<I", value, 22)[0],
            "sha256": value[30:62].hex(),
            "project": value[62:94].rstrip(b"\0").decode(),
            "window": value[100] if len(value) > 100 else 0}


def blocks(data, window):
    """Section 16.1: zlib's deflate of each 65536 bytes."""
    out = []
    for at in range(0, len(data), BLOCK):
        packer = zlib.compressobj(9, zlib.DEFLATED, -window)
        body = packer.compress(data[at:at + BLOCK]) + packer.flush()
        out.append(struct.pack("<I", len(body))[:3] + b"\1" + body)
    return out


def stream(parts):
    body = b"".join(parts)
    return struct.pack("<I", len(body) + 4) + body


class Host:
    def __init__(self, stack):
        self.stack = stack
        self.log = []

    async def info(self):
        return parse_info(await self.stack.read_info())

    async def heard(self, *opcodes, seconds=WAIT):
        """The next notification of these; ERROR ends it."""
        while True:
            value = await asyncio.wait_for(self.stack.told.get(), seconds)
            self.log.append(value.hex())
            if value[0] == 0x02:
                raise Refused("ERROR %d of command %d, detail %d"
                              % (value[1], value[2], struct.unpack_from("<I", value, 3)[0]))
            if value[0] in opcodes:
                return value

    async def command(self, opcode):
        """One that RESULT answers: its code."""
        await self.stack.write_control(bytes([opcode]))
        while True:
            value = await self.heard(0x06)
            if value[1] == opcode:
                return value[2]

    async def start(self, image, flags, stream_size):
        await self.stack.write_control(struct.pack(
            "<BBHIIH", 0x01, 1, flags, len(image), stream_size, 0)
            + hashlib.sha256(image).digest())
        ready = await self.heard(0x01)
        offset, limit, largest, _, _, sequence = struct.unpack_from("<IIHHBH", ready, 1)
        first = struct.unpack_from("<I", ready, 16)[0] if len(ready) >= 20 else 0
        return offset, limit, min(largest, self.stack.mtu - 3, 512), sequence, first

    async def send(self, data, ready, until=None):
        """The bytes of data from READY's offset on, by its credit; stops at until."""
        at, limit, chunk, sequence, _ = ready
        end = len(data) if until is None else min(until, len(data))
        received = at
        while received < end:
            while at < min(end, limit):
                payload = data[at:min(at + chunk - 2, limit, end)]
                await self.stack.write_data(struct.pack("<H", sequence) + payload)
                at += len(payload)
                sequence = (sequence + 1) & 0xffff
                if not self.stack.told.empty():
                    break
            value = await self.heard(0x07, 0x08) if at >= min(end, limit) or (
                not self.stack.told.empty()) else None
            if value is None:
                continue
            if value[0] == 0x07:
                received, _, limit = struct.unpack_from("<III", value, 1)
            else:
                sequence, at, _ = struct.unpack_from("<HIB", value, 1)

    async def end(self):
        await self.stack.write_control(b"\x04")
        done = await self.heard(0x03)
        size, slot, _ = struct.unpack_from("<IBH", done, 1)
        return size, slot, done[8:16].hex()

    async def update(self, image, flags=0, parts=None):
        """Until DONE; parts: the blocks of a compressed stream.  What DONE told."""
        whole = image if parts is None else stream(parts)
        ready = await self.start(image, flags, len(whole))
        if parts is not None and ready[4]:  # what is left, as section 16.3 says
            whole = stream(parts[ready[4] // BLOCK:])
        await self.send(whole, ready)
        return await self.end()


class BasicHost(Host):
    """Section 2.1; the stack's write_data_request(value) is a write with an answer."""

    async def update(self, image):
        await self.stack.write_control(b"\x01")
        await self.heard(0x01, seconds=90)
        chunk = min(self.stack.mtu - 3, 512)
        for at in range(0, len(image), chunk):
            await self.stack.write_data_request(image[at:at + chunk])
        await self.stack.write_control(b"\x04")
        await self.heard(0x03)
