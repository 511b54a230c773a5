#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Another program: connects to a device and holds the write socket of its Data
characteristic (AcquireWrite) until standard input ends.

usage: hold_data.py ADDRESS         prints "held" when it does
"""

import asyncio
import sys

from bus import ADAPTER, CHARACTERISTIC, DEVICE, call, connect, find, is_powered

DATA = "fb1e4003-54ae-4a28-9f74-dfccb248601d"


async def main(address):
    bus = await connect()
    adapter = await find(bus, is_powered)
    await call(bus, adapter, ADAPTER, "StartDiscovery")
    device = await find(bus, lambda path, has: DEVICE in has
                        and has[DEVICE]["Address"].value == address)
    await call(bus, adapter, ADAPTER, "StopDiscovery")
    await call(bus, device, DEVICE, "Connect")
    data = await find(bus, lambda path, has: path.startswith(device) and CHARACTERISTIC in has
                      and has[CHARACTERISTIC]["UUID"].value == DATA)
    reply = await call(bus, data, CHARACTERISTIC, "AcquireWrite", "a{sv}", [{}])
    assert reply.unix_fds
    print("held", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(sys.argv[1]))
