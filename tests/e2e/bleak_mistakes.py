# SPDX-License-Identifier: Apache-2.0
"""A client that makes two mistakes: it does not subscribe to Control, and it writes a value
before it was told READY.

usage: bleak_mistakes.py NAME ADAPTER"""

import asyncio
import struct
import sys

from bleak import BleakClient, BleakScanner

CONTROL = "fb1e4002-54ae-4a28-9f74-dfccb248601d"
DATA = "fb1e4003-54ae-4a28-9f74-dfccb248601d"
INFO = "fb1e4004-54ae-4a28-9f74-dfccb248601d"


async def update(name, adapter):
    device = await BleakScanner.find_device_by_filter(lambda d, ad: d.name == name, timeout=20,
                                                       adapter=adapter)
    async with BleakClient(device, adapter=adapter) as client:
        await client.read_gatt_char(INFO)
        start = struct.pack("<BBHIIH32s", 1, 1, 0, 1000, 1000, 0, bytes(32))
        await client.write_gatt_char(CONTROL, start, response=True)
        await client.write_gatt_char(DATA, bytes(20), response=True)


asyncio.run(update(*sys.argv[1:]))
