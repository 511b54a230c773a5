# SPDX-License-Identifier: Apache-2.0
"""The device of docs/protocol.md, full and basic, written from it alone, over any stack:
control(value) and data(value) are writes, info() is what Info reads; notify, restart and
later are the stack's.  It decodes streams and applies patches with zlib and its own code."""

import hashlib
import struct
import zlib

RESUME, CONFIRMS, COMPRESSES, DELTAS = 0x01, 0x10, 0x20, 0x400  # features
COMPRESSED, DELTA, RESTART = 0x04, 0x20, 0x02  # of START
OK, OPCODE, LENGTH, STATE, UNSUPPORTED, SIZE, HASH, OVERFLOW, INCOMPLETE, STREAM, BASE = (
    0, 1, 2, 3, 5, 6, 10, 14, 20, 24, 25)
IDLE, RECEIVING, REBOOTING, SUSPENDED = 0, 2, 4, 5
BLOCK = 65536
SLOT, RING, STEP = 0x100000, 16384, 4096
REST = 0.1  # seconds to the ACK of a rest
MISSING, ASKED = 1, 3  # reasons of GAP


class Bad(Exception):
    """A stream or a patch that is not what section 16 or 17 says."""

    def __init__(self, code, at):
        super().__init__("error %d at %d" % (code, at))
        self.code, self.at = code, at


def number(data, at):
    """Section 17: seven bits in a byte."""
    value = 0
    for i in range(5):
        value |= (data[at + i] & 0x7f) << 7 * i
        if not data[at + i] & 0x80:
            return value, at + i + 1
    raise Bad(STREAM, at)


def make_block(patch, at, base, start, length):
    """The bytes from start on that the patch's block at makes, and where that ends."""
    place, out = start, bytearray()
    digest = hashlib.sha256(base).digest()
    if start == 0:
        if patch[at:at + 6] != b"OTAD\1\x10" or patch[at + 16:at + 48] != digest:
            raise Bad(BASE, 0)
        at += 48
    else:
        offset, tag = struct.unpack_from("<I8s", patch, at)
        if offset != start or tag != digest[:8]:
            raise Bad(BASE, start)
        at += 12
    while len(out) < length:
        seek, at = number(patch, at)
        diff, at = number(patch, at)
        extra, at = number(patch, at)
        place += -((seek + 1) >> 1) if seek & 1 else seek >> 1
        outside = diff > 0 and (place < 0 or place + diff > len(base))
        if outside or not 0 < diff + extra <= length - len(out):
            raise Bad(STREAM, start)
        out += bytes((a + b) & 0xff for a, b in zip(patch[at:at + diff], base[place:]))
        at += diff
        place += diff
        out += patch[at:at + extra]
        at += extra
    return bytes(out), at


def inflate(body, window, limit, start):
    reader = zlib.decompressobj(-window)
    try:
        raw = reader.decompress(body, limit + 1)
    except zlib.error:
        raise Bad(STREAM, start)
    if not reader.eof or reader.unused_data or len(raw) > limit:
        raise Bad(STREAM, start)
    return raw


def header(image):
    """Version and project of an application image."""
    return [image[at:at + 32].split(b"\0")[0] for at in (48, 80)]


class Device:
    """Full; what a session needs is made by START."""

    def __init__(self, running, features, window=15, drop=()):
        self.running, self.other = running, None
        self.slot, self.pending, self.state = 0, False, IDLE
        self.features, self.window = features, window
        self.drop = set(drop)  # values, by their count, that are lost on the way
        self.values = 0
        self.gaps = 0
        self.kept = None  # (size, SHA-256, bytes) to go on with
        self.streams = []  # the flags of each START
        self.sequence = 0
        self.first = True  # of the connection's sessions

    # --- what the stack calls

    def version(self):
        return header(self.running)[0]

    def flags(self):
        return (1 if self.pending else 0) | (2 if self.other else 0) | (4 if self.kept else 0)

    def info(self):
        return struct.pack(
            "<BBIHHBBBBIIII32s32sHBBBBBB", 1, 1, self.features, 0, 300, 2, self.slot, self.flags(), 1,
            SLOT, RING, len(self.running), 0, hashlib.sha256(self.running).digest(),
            header(self.running)[1], 0xffff, 1, 0, 0, 0,
            self.window if self.features & COMPRESSES else 0, 0)

    def control(self, value):
        if not value:
            return
        commands = {1: self.start, 2: self.abort, 4: self.end, 5: self.status, 6: self.confirm,
                    7: self.rollback, 8: self.reboot, 11: self.resync}
        if value[0] in commands:
            commands[value[0]](value)
        else:
            self.error(OPCODE, value[0], 0)

    def link_lost(self):
        if self.state == RECEIVING:
            self.keep()
            self.state = SUSPENDED if self.kept else IDLE
        self.sequence, self.first = 0, True

    # --- commands

    def error(self, code, command, detail):
        self.notify(struct.pack("<BBBI", 2, code, command, detail))

    def result(self, command, code=OK):
        self.notify(bytes([6, command, code]))

    def start(self, value):
        if len(value) < 46:
            return self.error(LENGTH, 1, len(value))
        _, version, flags, size, length, _ = struct.unpack_from("<BBHIIH", value)
        self.streams.append(flags)
        known = RESTART | (COMPRESSED if self.features & COMPRESSES else 0) | (
            DELTA if self.features & DELTAS else 0)
        if version != 1 or flags & ~known:
            return self.error(UNSUPPORTED, 1, flags & ~known)
        if not 0 < size <= SLOT or (not flags & COMPRESSED and size != length):
            return self.error(SIZE, 1, SLOT)
        if self.pending:
            return self.error(STATE, 1, 0x100)
        self.sha256 = value[14:46]
        self.size, self.session_flags = size, flags
        kept = self.kept
        same = kept and kept[:2] == (size, self.sha256) and not flags & RESTART
        self.image = bytearray(kept[2] if same else b"")
        self.kept = (size, self.sha256, b"")
        self.stream = None
        if flags & COMPRESSED:
            del self.image[len(self.image) // BLOCK * BLOCK:]
            self.stream, self.length = bytearray(), length if not self.image else None
            self.decoded = 0  # bytes of the stream
        self.state = RECEIVING
        self.told = self.received()
        if not self.first:
            self.sequence = (self.sequence + 8192) & 0xffff
        self.first = False
        ready = struct.pack("<BIIHHBH", 1, self.received(), self.limit(), 512, STEP,
                            1 if self.image else 0, self.sequence)
        if self.stream is not None:
            ready += struct.pack("<I", len(self.image))
        self.gap_at = None
        self.notify(ready)

    def received(self):
        return len(self.image) if self.stream is None else len(self.stream)

    def total(self):
        return self.size if self.stream is None else self.length

    def limit(self):
        """With streams the limit may be more than the stream."""
        return min(self.received() + RING, self.size) if self.stream is None else (
            self.received() + RING)

    def ack(self):
        self.told = self.received()
        self.notify(struct.pack("<BIII", 7, self.received(), len(self.image), self.limit()))

    def ack_rest(self):
        if self.state == RECEIVING and self.told != self.received():
            self.ack()

    def gap(self, reason):
        self.gaps += 1
        self.sequence = (self.sequence + 8192) & 0xffff
        self.gap_at = self.sequence
        self.notify(struct.pack("<BHIB", 8, self.sequence, self.received(), reason))

    def data(self, value):
        self.values += 1
        if self.values in self.drop:
            return
        if self.state != RECEIVING:
            return
        ahead = (struct.unpack_from("<H", value)[0] - self.sequence) & 0xffff
        if ahead:
            # Once for each number that a GAP told; a first value that is lost again is near it.
            if ahead < 0x8000 and (self.gap_at != self.sequence or ahead < 4096):
                self.gap(MISSING)
            return
        payload = value[2:]
        if self.received() + len(payload) > self.limit():
            self.error(OVERFLOW, 0, self.limit())
            self.keep()
            self.state = SUSPENDED
            return
        self.sequence = (self.sequence + 1) & 0xffff
        self.gap_at = None
        try:
            self.take(payload)
        except Bad as bad:
            self.fail(bad.code, bad.at)
            return
        if self.received() - self.told >= STEP or self.received() == self.total():
            self.ack()
        else:
            self.later(REST, self.ack_rest)

    def take(self, payload):
        if self.stream is None:
            self.image += payload
            return
        self.stream += payload
        if len(self.stream) < 4:
            return
        length = struct.unpack_from("<I", self.stream)[0]
        if self.length not in (None, length):
            raise Bad(STREAM, 0)
        self.length = length
        self.decoded = max(self.decoded, 4)
        while len(self.stream) - self.decoded >= 4 and len(self.image) < self.size:
            at = self.decoded
            size = int.from_bytes(self.stream[at:at + 3], "little")
            if len(self.stream) < at + 4 + size:
                break
            self.decode(self.stream[at + 3], bytes(self.stream[at + 4:at + 4 + size]))
            self.decoded = at + 4 + size

    def decode(self, kind, body):
        start = len(self.image)
        length = min(BLOCK, self.size - start)
        delta = self.session_flags & DELTA
        raw = inflate(body, self.window, 4 * BLOCK if delta else length, start) if kind else body
        if delta:
            patch, (raw, at) = raw, make_block(raw, 0, self.running, start, length)
            if at != len(patch):
                raise Bad(STREAM, start)
        if len(raw) != length:
            raise Bad(STREAM, start)
        self.image += raw

    def keep(self):
        if self.features & RESUME:
            self.kept = (self.size, self.sha256, bytes(self.image))

    def fail(self, code, detail):
        self.kept, self.state = None, IDLE
        self.error(code, 4, detail)

    def end(self, value):
        if self.state != RECEIVING:
            return self.error(STATE, 4, self.state)
        if self.received() != self.total():
            return self.error(INCOMPLETE, 4, self.received())
        self.notify(struct.pack("<BBII", 4, 4, 0, self.size))
        digest = hashlib.sha256(self.image).digest()
        if digest != self.sha256:
            return self.fail(HASH, self.size)
        self.kept = None
        self.notify(struct.pack("<BIBH8s", 3, self.size, self.slot ^ 1, 300, digest[:8]))
        self.boot(bytes(self.image), True)

    def boot(self, image, pending):
        self.state = REBOOTING
        self.running, self.other = image, self.running
        self.slot ^= 1
        self.pending = pending and bool(self.features & CONFIRMS)
        self.restart(0.3)

    def restarted(self):
        self.state = SUSPENDED if self.kept else IDLE

    def abort(self, value):
        self.kept, self.state = None, IDLE
        self.result(2)

    def status(self, value):
        receiving = self.state == RECEIVING
        self.notify(struct.pack("<BBII4sBBBBBB", 5, self.state, self.received() if receiving else 0,
                                len(self.image) if receiving else 0,
                                self.sha256[:4] if receiving else bytes(4), self.slot, 0,
                                self.flags(), 1, 0, 0))

    def confirm(self, value):
        self.pending = False
        self.result(6)

    def rollback(self, value):
        self.result(7, OK if self.other else 15)
        if self.other:
            self.boot(self.other, False)

    def reboot(self, value):
        self.result(8)
        self.state = REBOOTING
        self.restart(0.3)

    def resync(self, value):
        if self.state != RECEIVING:
            return self.error(STATE, 11, self.state)
        self.gap(ASKED)
        self.ack()


class Basic:
    """Section 2.1."""

    def __init__(self, running):
        self.running, self.image = running, None

    def version(self):
        return header(self.running)[0]

    def control(self, value):
        if value == b"\x01":
            self.image = bytearray()
            self.notify(b"\x01")
        elif value == b"\x04" and self.image and self.image[0] == 0xE9:
            self.running, self.image = bytes(self.image), None
            self.notify(b"\x03")
            self.restart(0.3)
        else:
            self.image = None
            self.notify(b"\x02")

    def data(self, value):
        if self.image is None:
            self.notify(b"\x02")
        else:
            self.image += value

    def link_lost(self):
        self.image = None

    def restarted(self):
        pass
