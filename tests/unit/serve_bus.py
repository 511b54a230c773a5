#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""'otabench serve' on a bus of the test's own, behind an org.bluez that does what bluetoothd does:
the services and the advertisement are registered, the Python client of clients/ updates the
virtual ESP32 with a lost link in the middle, everything is taken back at the end, and strangers
on the bus are refused.  TAP on standard output."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.environ["OTABENCH_SRCDIR"])
PROGRAM = os.path.join(os.path.abspath(os.environ["OTABENCH_BUILDDIR"]), "otabench")

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
count = 0


def check(good, name, detail=""):
    global count
    count += 1
    if not good:
        for line in str(detail).splitlines():
            print("# " + line[:300])
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)


class Bluetoothd:
    """org.bluez with one adapter, and one device that connects to it."""

    def __init__(self, bus):
        self.bus = bus
        self.app, self.objects, self.advertisement = None, {}, {}
        self.on_air, self.calls = asyncio.Event(), []
        self.link, self.known = None, False

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
        elif member == "Disconnect":
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


async def stranger(address, daemon):
    """Another program on the bus writes to the device."""
    bus = await MessageBus(bus_address=address).connect()
    reply = await bus.call(Message(
        destination=daemon.app, path=daemon.path_of(2), interface=CHR, member="WriteValue",
        signature="aya{sv}", body=[b"\x08", {"device": Variant("o", DEVICE)}]))
    bus.disconnect()
    return reply.error_name


async def update(address, image, program):
    daemon = await Bluetoothd.create(address)
    served = await asyncio.create_subprocess_exec(
        PROGRAM, "--json", "serve", "--grade", "--name=bench", "--sim=flash=ideal,seed=3,"
        "fault=disconnect@70000", stdout=asyncio.subprocess.PIPE, limit=1 << 20)
    program.append(served)
    told = asyncio.create_task(served.stdout.read())
    await asyncio.wait_for(daemon.on_air.wait(), PATIENCE)
    advertised = {key: value.value for key, value in daemon.advertisement.items()}
    check(advertised == {"Type": "peripheral", "ServiceUUIDs": [OTA % 1], "LocalName": "bench",
                         "Discoverable": True}, "it is advertised", advertised)
    flags = {number: daemon.objects[daemon.path_of(number)][CHR]["Flags"].value
             for number in (2, 3, 4)}
    check(flags == {2: ["write", "notify"], 3: ["write", "write-without-response"], 4: ["read"]},
          "Control, Data and Info are published as they are", flags)
    services = [i[SERVICE]["UUID"].value[4:8] for i in daemon.objects.values() if SERVICE in i]
    check(sorted(services) == ["180a", "4001"], "what is bluetoothd's own is not", services)
    check(await stranger(address, daemon) == "org.freedesktop.DBus.Error.AccessDenied",
          "nobody but bluetoothd may write")
    outcome = await asyncio.wait_for(
        otabench_client.Update(BusLink(daemon), image).run(), PATIENCE)
    check(outcome == "confirmed", "the client ends confirmed", outcome)
    check(daemon.calls.count("Disconnect") == 2,
          "its link ended twice: by the fault and by the reboot", daemon.calls)
    served.send_signal(signal.SIGINT)
    events = [json.loads(line) for line in (await told).splitlines()]
    status = await served.wait()
    broken = [e for e in events if e["event"] == "rule" and e["mark"] == "broken"]
    kept = {e["rule"] for e in events if e["event"] == "rule" and e["mark"] == "kept"}
    check(status == 0 and not broken and {"subscribe", "resume", "confirm", "limit", "info"} <= kept,
          "the verdict: no rule is broken, resume and proof are seen", "%s %s" % (broken, kept))
    check([e for e in events if e["event"] == "rule" and e["rule"] == "requests"][0]["mark"]
          == "unseen", "what bluetoothd does not tell is not judged")
    check(daemon.calls[-1] == "UnregisterApplication" and not daemon.on_air.is_set(),
          "Ctrl-C takes all of it back", daemon.calls)


def main():
    with tempfile.TemporaryDirectory() as folder:
        address, config = folder + "/bus", folder + "/config"
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG % address)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=" + address
        path = folder + "/new.bin"
        subprocess.run([PROGRAM, "sample-image", path, "--size=131072"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path, "rb") as file:
            image = file.read()
        with subprocess.Popen(["dbus-daemon", "--config-file", config, "--nofork", "--nopidfile",
                               "--print-address=1"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as daemon:
            daemon.stdout.readline()
            program = []
            try:
                asyncio.run(update("unix:path=" + address, image, program))
            finally:
                for served in program:
                    if served.returncode is None:
                        served.kill()
                daemon.kill()
    print("1..%d" % count)


main()
