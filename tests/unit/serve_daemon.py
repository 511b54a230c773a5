# SPDX-License-Identifier: Apache-2.0
"""A bus of a test's own with an org.bluez that does what bluetoothd does, and a client of
'otabench serve' on the other side of it, which speaks through that org.bluez.  Tests of 'otabench
serve' import it; it needs dbus-daemon and python3-dbus-fast, and skips the test without them."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.environ["OTABENCH_SRCDIR"])
BUILD = os.path.abspath(os.environ["OTABENCH_BUILDDIR"])
PROGRAM = os.path.join(BUILD, "otabench")

try:
    from dbus_fast import Message, MessageFlag, MessageType, Variant
    from dbus_fast.aio import MessageBus
except ImportError:
    print("1..0 # SKIP python3-dbus-fast is not installed")
    sys.exit(0)
if not shutil.which("dbus-daemon"):
    print("1..0 # SKIP dbus-daemon is not installed")
    sys.exit(0)

sys.path.insert(0, SOURCE + "/clients/python")
import otabench_client  # noqa: E402

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path=%s</listen><auth>EXTERNAL</auth><policy context="default">
<allow own="*"/><allow user="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>"""
ADAPTER = "/org/bluez/hci0"
DEVICE = ADAPTER + "/dev_5A_00_00_00_00_01"
CHR = "org.bluez.GattCharacteristic1"
SERVICE = "org.bluez.GattService1"
OTA = "fb1e400%d-54ae-4a28-9f74-dfccb248601d"
MTU = 247
PATIENCE = 120


class Bluetoothd:
    """org.bluez with one adapter, and one device that connects to it."""

    def __init__(self, bus):
        self.bus = bus
        self.app, self.objects, self.advertisement = None, {}, {}
        self.on_air, self.calls = asyncio.Event(), []
        self.link, self.known, self.given_up = None, False, asyncio.Event()
        self.lasts, self.asked_to_end = False, asyncio.Event()  # a link, after Disconnect()

    @classmethod
    async def create(cls, address):
        bus = await MessageBus(bus_address=address).connect()
        self = cls(bus)
        bus.add_message_handler(self.take)
        await self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                        "AddMatch", "s", ["type='signal',member='PropertiesChanged'"])
        await bus.request_name("org.bluez")
        return self

    async def call(self, to, path, interface, member, signature="", body=(), silent=False):
        message = Message(destination=to, path=path, interface=interface, member=member,
                          signature=signature, body=list(body))
        if silent:
            message.flags = MessageFlag.NO_REPLY_EXPECTED
            await self.bus.send(message)
            return []
        reply = await asyncio.wait_for(self.bus.call(message), PATIENCE)
        if reply.message_type == MessageType.ERROR:
            raise OSError("%s: %s %s" % (member, reply.error_name, reply.body))
        return reply.body

    def take(self, message):
        if message.message_type == MessageType.SIGNAL:
            if self.link and message.sender == self.app and message.body[0] == CHR:
                self.link.notified(bytes(message.body[1]["Value"].value))
            return None
        if message.message_type != MessageType.METHOD_CALL:
            return None
        if (message.interface or "").startswith("org.bluez") or message.path == "/":
            self.calls.append(message.member)
            asyncio.create_task(self.answer(message))
            return True
        return None

    async def answer(self, message):
        member = message.member
        signature, body = "", []
        if member == "GetManagedObjects":
            signature, body = "a{oa{sa{sv}}}", [{ADAPTER: {
                "org.bluez.Adapter1": {"Address": Variant("s", "02:0B:E0:00:00:01"),
                                       "Powered": Variant("b", True)},
                "org.bluez.GattManager1": {}, "org.bluez.LEAdvertisingManager1": {}}}]
        elif member == "RegisterApplication":
            self.app = message.sender
            self.objects = (await self.call(self.app, message.body[0],
                                            "org.freedesktop.DBus.ObjectManager",
                                            "GetManagedObjects"))[0]
        elif member == "RegisterAdvertisement":
            self.advertisement = (await self.call(
                message.sender, message.body[0], "org.freedesktop.DBus.Properties", "GetAll", "s",
                ["org.bluez.LEAdvertisement1"]))[0]
        await self.bus.send(Message.new_method_return(message, signature, body))
        if member == "RegisterAdvertisement":
            self.on_air.set()
        elif member == "UnregisterAdvertisement":
            self.on_air.clear()
        elif member == "UnregisterApplication":
            self.given_up.set()
        elif member == "Disconnect":
            self.asked_to_end.set()
            if not self.lasts:
                await self.connected(False)

    async def connected(self, on):
        """Who was never here before is told of as a new object."""
        first, self.known = on and not self.known, True
        await self.bus.send(Message.new_signal(
            "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}",
            [DEVICE, {"org.freedesktop.DBus.Introspectable": {}, "org.bluez.Device1": {
                "Address": Variant("s", "5A:00:00:00:00:01"), "Connected": Variant("b", True)}}]
        ) if first else Message.new_signal(
            DEVICE, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
            ["org.bluez.Device1", {"Connected": Variant("b", on)}, []]))
        if not on and self.link:
            self.link.gone()
            self.link = None

    def path_of(self, number):
        for path, interfaces in self.objects.items():
            if interfaces.get(CHR, {}).get("UUID", Variant("s", "")).value == OTA % number:
                return path
        raise KeyError(number)


class BusLink:
    """The stack that the Python client needs, as bluetoothd passes it on to an application."""

    def __init__(self, daemon):
        self.daemon, self.mtu = daemon, MTU
        self.queue, self.closed = None, None

    async def open(self):
        await asyncio.wait_for(self.daemon.on_air.wait(), PATIENCE)
        self.queue, self.closed = asyncio.Queue(), asyncio.Event()
        self.daemon.link = self
        await self.daemon.connected(True)
        await self.chr(2, "StartNotify")

    async def chr(self, number, member, signature="", body=(), silent=False):
        if self.closed.is_set():
            raise otabench_client.Lost("the link has ended")
        try:
            return await self.daemon.call(self.daemon.app, self.daemon.path_of(number), CHR, member,
                                          signature, body, silent)
        except OSError as error:
            raise otabench_client.Lost(str(error)) from error

    def options(self):
        return {"device": Variant("o", DEVICE), "link": Variant("s", "LE"),
                "mtu": Variant("q", MTU)}

    async def read_info(self):
        first = bytes((await self.chr(4, "ReadValue", "a{sv}", [self.options()]))[0])
        # A value longer than a PDU is read on from an offset, a call each.
        rest = await self.chr(4, "ReadValue", "a{sv}",
                              [{**self.options(), "offset": Variant("q", 22)}])
        assert bytes(rest[0]) == first[22:]
        return first

    async def write_control(self, value):
        await self.chr(2, "WriteValue", "aya{sv}", [value, self.options()])

    async def write_data(self, value, answer=False):
        # If commands are taken, no answer is waited for.
        await self.chr(3, "WriteValue", "aya{sv}", [value, self.options()], silent=True)

    def notified(self, value):
        self.queue.put_nowait(value)

    def gone(self):
        self.closed.set()
        self.queue.put_nowait(None)

    async def heard(self, seconds):
        try:
            value = await asyncio.wait_for(self.queue.get(), seconds)
        except asyncio.TimeoutError:
            return None
        if value is None:
            raise otabench_client.Lost("the link has ended")
        return value

    def heard_already(self):
        value = self.queue.get_nowait() if not self.queue.empty() else b""
        if value is None:
            raise otabench_client.Lost("the link has ended")
        return value or None

    async def wait_closed(self):
        await asyncio.wait_for(self.closed.wait(), PATIENCE)

    async def close(self):
        await self.daemon.connected(False)


@contextlib.contextmanager
def private_bus():
    """A folder, with the address of a bus in it; what is started meanwhile takes it for the
    system's."""
    with tempfile.TemporaryDirectory() as folder:
        address, config = folder + "/bus", folder + "/config"
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG % address)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=" + address
        with subprocess.Popen(["dbus-daemon", "--config-file", config, "--nofork", "--nopidfile",
                               "--print-address=1"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as daemon:
            daemon.stdout.readline()
            try:
                yield folder, "unix:path=" + address
            finally:
                daemon.kill()


def sample_image(folder, size, *options):
    path = folder + "/new.bin"
    subprocess.run([PROGRAM, "sample-image", path, "--size=%d" % size, *options], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path, "rb") as file:
        return file.read()
