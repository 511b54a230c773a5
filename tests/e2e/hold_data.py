#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Another program: connects to a device and holds the write socket of its Data
characteristic (AcquireWrite) until standard input ends.

usage: hold_data.py ADDRESS         prints "held" when it does
"""

import asyncio
import sys

from dbus_fast import BusType, Message
from dbus_fast.aio import MessageBus

DATA = "fb1e4003-54ae-4a28-9f74-dfccb248601d"
OBJECTS = "org.freedesktop.DBus.ObjectManager"


async def call(bus, path, interface, member, signature="", body=()):
    reply = await bus.call(Message(destination="org.bluez", path=path, interface=interface,
                                   member=member, signature=signature, body=list(body)))
    if reply.error_name:
        raise RuntimeError("%s: %s %s" % (member, reply.error_name, reply.body))
    return reply


async def objects(bus):
    return (await call(bus, "/", OBJECTS, "GetManagedObjects")).body[0]


async def find(bus, wanted):
    """The first object that is wanted; signals that it may have appeared are waited for."""
    news = asyncio.Event()
    bus.add_message_handler(lambda message: news.set())
    while True:
        news.clear()
        for path, interfaces in sorted((await objects(bus)).items()):
            if wanted(path, interfaces):
                return path
        await news.wait()


async def main(address):
    bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
    await bus.call(Message(destination="org.freedesktop.DBus", path="/org/freedesktop/DBus",
                           interface="org.freedesktop.DBus", member="AddMatch", signature="s",
                           body=["type='signal',sender='org.bluez'"]))
    adapter = await find(bus, lambda p, i: "org.bluez.Adapter1" in i)
    await call(bus, adapter, "org.bluez.Adapter1", "StartDiscovery")
    device = await find(bus, lambda p, i: "org.bluez.Device1" in i
                        and i["org.bluez.Device1"]["Address"].value == address)
    await call(bus, adapter, "org.bluez.Adapter1", "StopDiscovery")
    await call(bus, device, "org.bluez.Device1", "Connect")
    data = await find(bus, lambda p, i: p.startswith(device) and "org.bluez.GattCharacteristic1"
                      in i and i["org.bluez.GattCharacteristic1"]["UUID"].value == DATA)
    reply = await call(bus, data, "org.bluez.GattCharacteristic1", "AcquireWrite", "a{sv}", [{}])
    assert reply.unix_fds
    print("held", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(sys.argv[1]))
