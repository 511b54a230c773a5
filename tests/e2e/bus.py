# SPDX-License-Identifier: Apache-2.0
"""bluetoothd over D-Bus: its objects, and waiting for what its signals tell."""

import asyncio

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
SIGNALS = ("type='signal',sender='org.bluez'",
           "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.bluez'")


async def call(bus, path, interface, member, signature="", body=(), to="org.bluez"):
    reply = await bus.call(Message(destination=to, path=path, interface=interface,
                                   member=member, signature=signature, body=list(body)))
    if reply.message_type == MessageType.ERROR:
        raise RuntimeError("%s: %s %s" % (member, reply.error_name, reply.body))
    return reply


async def connect():
    bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
    for rule in SIGNALS:
        await call(bus, "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [rule],
                   "org.freedesktop.DBus")
    return bus


async def find(bus, wanted):
    """The path of the first object that is wanted, when there is one."""
    news = asyncio.Event()
    bus.add_message_handler(lambda message: news.set())
    while True:
        news.clear()
        try:
            reply = await call(bus, "/", "org.freedesktop.DBus.ObjectManager",
                               "GetManagedObjects")
            objects = reply.body[0]
        except RuntimeError:  # no bluetoothd; that it has come is a signal
            objects = {}
        for path, interfaces in sorted(objects.items()):
            if wanted(path, interfaces):
                return path
        await news.wait()


async def look(wanted):
    """The interfaces of the first object that is wanted, as names and values, as
    bluetoothd has them now; None: there is no such object."""
    bus = await connect()
    try:
        reply = await call(bus, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    finally:
        bus.disconnect()
    for path, interfaces in sorted(reply.body[0].items()):
        if wanted(path, interfaces):
            return {interface: {name: variant.value for name, variant in properties.items()}
                    for interface, properties in interfaces.items()}
    return None


def is_powered(path, interfaces):
    return ADAPTER in interfaces and interfaces[ADAPTER]["Powered"].value


async def wait_powered(seconds):
    """True if there is an adapter that is on, within that time."""
    bus = await connect()
    try:
        return await asyncio.wait_for(find(bus, is_powered), seconds)
    except asyncio.TimeoutError:
        return None
    finally:
        bus.disconnect()
