#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Updates an ESP32 over Bluetooth LE and proves it: a client of docs/protocol.md that is small
enough to be read, over bleak (Linux, macOS, Windows).

    otabench_client.py NAME IMAGE [ADAPTER]     the name that the device advertises;
                                                the adapter on Linux, "hci0"

It ends with "confirmed" where the device tells the hash of what it runs, and with "delivered"
where it speaks the basic dialect alone.  A lost link is resumed where the device says.
docs/clients.md explains each step; numbers in comments are sections of docs/protocol.md.
"""
import asyncio
import hashlib
import struct
import sys

SERVICE = "fb1e4001-54ae-4a28-9f74-dfccb248601d"
CONTROL = "fb1e4002-54ae-4a28-9f74-dfccb248601d"
DATA = "fb1e4003-54ae-4a28-9f74-dfccb248601d"
INFO = "fb1e4004-54ae-4a28-9f74-dfccb248601d"

START, END, CONFIRM, RESYNC = 0x01, 0x04, 0x06, 0x0B  # commands, section 4
READY, ERROR, DONE, RESULT, ACK, GAP = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08  # notifications, 5

VALUE_MAX = 512  # no attribute is longer, whatever the ATT MTU is: Core Vol 3 Part F 3.2.9
UNDER_WAY_MAX = 4096  # values, section 8.1
QUIET = 2.0  # seconds without an answer, after which the device is asked where it is
PATIENCE = 60.0  # seconds for what may take an erase or a verification
TRIES = 5  # links that may be lost before it gives up


class Lost(Exception):
    """The link has ended."""


class Refused(Exception):
    """The device said no, or what it said makes no sense."""


def parse_info(value):
    """Section 3.3: what decides here."""
    if len(value) < 94:
        raise Refused("Info is too short")
    return {"pending": bool(value[12] & 0x01), "sha256": bytes(value[30:62])}


def start_command(image):
    """Section 4.1, 46 bytes."""
    return struct.pack("<BBHIIH32s", START, 1, 0, len(image), len(image), 0,
                       hashlib.sha256(image).digest())


class Update:
    """One image to one device, over a link: see BleakLink for what that has to do."""

    def __init__(self, link, image, progress=lambda received, size: None):
        self.link, self.image, self.progress = link, image, progress
        self.sha256 = hashlib.sha256(image).digest()

    async def run(self):
        """Returns "confirmed" or "delivered"; raises Refused, or Lost after TRIES links."""
        sent = False
        for attempt in range(TRIES):
            try:
                await self.link.open()
                value = await self.link.read_info()
                if value is None:
                    return await self.basic()
                info = parse_info(value)
                if info["sha256"] == self.sha256:
                    return await self.confirm(info)
                if sent:
                    raise Refused("the device came back with another image: it rolled back")
                await self.transfer()
                sent = True  # it reboots now, and the next round finds the image or does not
                await self.link.wait_closed()
            except Lost:
                if attempt == TRIES - 1:
                    raise
        raise Refused("the device did not come back with the image")

    async def answer(self, *opcodes, seconds=PATIENCE):
        """The next notification of these; others are passed over, as section 5 asks for."""
        while True:
            value = await self.link.heard(seconds)
            if value is None:
                return None
            if value[0] == ERROR:
                raise Refused("error %d of command 0x%02x" % (value[1] if len(value) > 1 else 0,
                                                              value[2] if len(value) > 2 else 0))
            if value[0] in opcodes:
                return value

    async def expect(self, *opcodes):
        value = await self.answer(*opcodes)
        if value is None:
            raise Refused("the device is silent")
        return value

    # --- the full dialect

    async def transfer(self):
        await self.link.write_control(start_command(self.image))
        ready = await self.expect(READY)
        if len(ready) < 16:
            raise Refused("the device offers no update of the full dialect")
        # Not 0 where an update of this image was interrupted: section 9.
        offset, limit, largest, _, _, sequence = struct.unpack_from("<IIHHBH", ready, 1)
        await self.send(offset, limit, min(largest, self.link.mtu - 3, VALUE_MAX), sequence)
        await self.link.write_control(bytes([END]))
        done = await self.expect(DONE)
        if done[8:16] != self.sha256[:8]:
            raise Refused("the device verified another image")

    async def send(self, at, limit, value_size, sequence):
        """Values as far as the device's limit lets them go (8.1); GAP says where to go on (8.2)."""
        received, gap = at, None
        while received < len(self.image):
            if at < limit and at - received < UNDER_WAY_MAX * (value_size - 2):
                end = min(at + value_size - 2, limit)
                await self.link.write_data(struct.pack("<H", sequence) + self.image[at:end])
                at, sequence = end, (sequence + 1) & 0xFFFF
                value = self.link.heard_already()
            else:
                value = await self.link.heard(QUIET)
                if value is None:  # an ACK may be lost: ask, and wait for GAP (4.10)
                    await self.link.write_control(bytes([RESYNC]))
                    value = await self.expect(GAP)
            if value is None:
                continue
            if value[0] == ERROR:
                raise Refused("error %d while sending" % value[1])
            if value[0] == ACK:
                received, _, limit = struct.unpack_from("<III", value, 1)
                self.progress(received, len(self.image))
            elif value[0] == GAP and value[1:3] != gap:  # a repeated one has the same number
                gap = value[1:3]
                sequence, at, _ = struct.unpack_from("<HIB", value, 1)

    async def confirm(self, info):
        """The device runs the image: that is the proof.  It keeps it from now on (9.4)."""
        if info["pending"]:
            await self.link.write_control(bytes([CONFIRM]))
            result = await self.expect(RESULT)
            if result[1:3] != bytes([CONFIRM, 0]):
                raise Refused("it does not confirm: code %d" % result[2])
        await self.link.close()
        return "confirmed"

    # --- the basic dialect, section 2.1

    async def basic(self):
        await self.link.write_control(bytes([START]))
        await self.expect(READY)  # its slot is erased now
        size = min(self.link.mtu - 3, VALUE_MAX)
        for at in range(0, len(self.image), size):
            # Each with an answer: nothing else says that a value arrived.
            await self.link.write_data(self.image[at:at + size], answer=True)
            self.progress(min(at + size, len(self.image)), len(self.image))
        await self.link.write_control(bytes([END]))
        await self.expect(DONE)
        return "delivered"


class BleakLink:
    """The part of a Bluetooth stack that an update needs: nothing else here is bleak's."""

    def __init__(self, name, adapter=None):
        self.name = name
        self.options = {"adapter": adapter} if adapter else {}
        self.client, self.queue, self.closed = None, None, None

    async def open(self):
        from bleak import BleakClient, BleakScanner
        from bleak.exc import BleakError
        self.queue, self.closed = asyncio.Queue(), asyncio.Event()
        device = await BleakScanner.find_device_by_filter(
            lambda d, ad: self.name in (d.name, ad.local_name) and SERVICE in ad.service_uuids,
            timeout=PATIENCE, **self.options)
        if device is None:
            raise Lost("not found")
        self.client = BleakClient(device, disconnected_callback=lambda _: self.gone(),
                                  **self.options)
        try:
            await self.client.connect()
            await self.client.start_notify(CONTROL,
                                           lambda _, value: self.queue.put_nowait(bytes(value)))
        except (BleakError, asyncio.TimeoutError, EOFError) as error:
            raise Lost(str(error)) from error
        data = self.client.services.get_characteristic(DATA)
        self.mtu = data.max_write_without_response_size + 3

    def gone(self):
        self.closed.set()
        self.queue.put_nowait(None)  # wakes who waits

    async def call(self, coroutine):
        from bleak.exc import BleakError
        try:
            return await coroutine
        except (BleakError, EOFError) as error:
            raise Lost(str(error)) from error

    async def read_info(self):
        """None: the device speaks the basic dialect alone."""
        if self.client.services.get_characteristic(INFO) is None:
            return None
        return await self.call(self.client.read_gatt_char(INFO))

    async def write_control(self, value):
        """With an answer; longer ones than the ATT MTU - 3 go as long writes by themselves."""
        await self.call(self.client.write_gatt_char(CONTROL, value, response=True))

    async def write_data(self, value, answer=False):
        await self.call(self.client.write_gatt_char(DATA, value, response=answer))

    async def heard(self, seconds):
        """The next notification; None: none came in time."""
        try:
            value = await asyncio.wait_for(self.queue.get(), seconds)
        except asyncio.TimeoutError:
            return None
        if value is None:
            raise Lost("the link has ended")
        return value

    def heard_already(self):
        value = self.queue.get_nowait() if not self.queue.empty() else b""
        if value is None:
            raise Lost("the link has ended")
        return value or None

    async def wait_closed(self):
        try:
            await asyncio.wait_for(self.closed.wait(), PATIENCE)
        except asyncio.TimeoutError:
            await self.close()

    async def close(self):
        await self.call(self.client.disconnect())


async def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    with open(sys.argv[2], "rb") as file:
        image = file.read()

    def progress(received, size):
        print(f"\r{received * 100 // size:3} %", end="", file=sys.stderr, flush=True)

    try:
        outcome = await Update(BleakLink(sys.argv[1], *sys.argv[3:]), image, progress).run()
    except (Lost, Refused) as error:
        sys.exit(f"\n{error}")
    print(f"\n{outcome}")


if __name__ == "__main__":
    asyncio.run(main())
