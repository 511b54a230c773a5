# SPDX-License-Identifier: Apache-2.0
"""A device on bumble: its controller and the kernel's adapter (/dev/vhci) are bumble's too,
so that between otabench and the device nothing is otabench's own.

usage: bumble_peripheral.py KIND IMAGE [KEY=VALUE...]
  KIND      full or basic; IMAGE: the firmware that it runs
  pairing=  none, just-works, passkey or yes-no
  features= a number, of Info; drop= values that are lost, by their count
Standard output has one JSON object a line: ready, then what happens."""

import asyncio
import hashlib
import json
import sys

from bumble import hci
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host
from bumble.link import LocalLink
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink
from ota_device import COMPRESSES, CONFIRMS, DELTAS, RESUME, Basic
from ota_device import Device as Full
from ota_host import CONTROL, DATA, INFO, SERVICE

ADDRESS = "C4:4F:33:00:00:01"
P, A = Characteristic.Properties, Characteristic.Permissions


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class Air(LocalLink):
    """bumble's own names who sends by its random address, also on a link to its public one."""

    def send_acl_data(self, sender, destination, transport, data):
        own = sender.le_connections[destination].self_address
        other = self.find_le_controller(destination)
        if other is not None:
            asyncio.get_running_loop().call_soon(other.on_link_acl_data, own, transport, data)


class Display(PairingDelegate):
    """A device with a display, and a button for yes; what it shows is told."""

    async def compare_numbers(self, number, digits):
        tell("numeric", number=number)
        return True

    async def generate_passkey(self):
        return 314159

    async def display_number(self, number, digits):
        tell("passkey", number=number)


PAIRING = {"none": None, "just-works": PairingDelegate.NO_OUTPUT_NO_INPUT,
           "yes-no": PairingDelegate.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
           "passkey": PairingDelegate.DISPLAY_OUTPUT_ONLY}


class Peripheral:
    def __init__(self, ota, device, pairing):
        self.ota, self.device, self.connection = ota, device, None
        ota.notify, ota.restart = self.notify, self.restart
        ota.later = lambda seconds, fn: asyncio.get_running_loop().call_later(seconds, fn)
        needs = {"none": A(0), "just-works": A.WRITE_REQUIRES_ENCRYPTION}.get(
            pairing, A.WRITE_REQUIRES_ENCRYPTION | A.WRITE_REQUIRES_AUTHENTICATION)
        self.control = Characteristic(
            CONTROL, P.WRITE | P.NOTIFY, A.WRITEABLE | needs,
            CharacteristicValue(write=lambda _, value: ota.control(bytes(value))))
        characteristics = [self.control, Characteristic(
            DATA, P.WRITE | P.WRITE_WITHOUT_RESPONSE, A.WRITEABLE | needs,
            CharacteristicValue(write=lambda _, value: ota.data(bytes(value))))]
        if isinstance(ota, Full):
            characteristics.append(Characteristic(
                INFO, P.READ, A.READABLE, CharacteristicValue(read=lambda _: ota.info())))
        device.add_services([
            Service(SERVICE, characteristics),
            Service(UUID.from_16_bits(0x180A), [Characteristic(
                UUID.from_16_bits(0x2A26), P.READ, A.READABLE,
                CharacteristicValue(read=lambda _: ota.version()))])])
        device.on("connection", self.connected)

    def notify(self, value):
        self.device.notify_soon(self.control, value)

    def connected(self, connection):
        self.connection = connection
        connection.on("disconnection", self.disconnected)
        connection.on("pairing", lambda keys: tell("paired"))
        tell("connected")

    def disconnected(self, reason):
        self.connection = None
        self.ota.link_lost()
        asyncio.ensure_future(self.advertise())
        tell("disconnected", **self.summary())

    def restart(self, seconds):
        asyncio.get_running_loop().call_later(seconds, self.reboot)

    def reboot(self):
        self.ota.restarted()
        tell("boot", **self.summary())
        if self.connection:
            asyncio.ensure_future(self.connection.disconnect())

    def summary(self):
        ota = self.ota
        return {"version": ota.version().decode(), "pending": getattr(ota, "pending", None),
                "sha256": hashlib.sha256(ota.running).hexdigest(),
                "gaps": getattr(ota, "gaps", None), "starts": getattr(ota, "streams", None)}

    async def advertise(self):
        await self.device.start_advertising(
            advertising_data=bytes(AdvertisingData([
                (AdvertisingData.FLAGS, b"\x06"),
                (AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
                 UUID(SERVICE).to_bytes()),
                # Not in the scan response: bumble's controller sends none.
                (AdvertisingData.COMPLETE_LOCAL_NAME, b"lab")])))


class Queue:
    """Notifications in the order in which they were asked for."""

    def __init__(self, device):
        self.device, self.queue = device, asyncio.Queue()
        device.notify_soon = lambda *item: self.queue.put_nowait(item)

    async def run(self):
        while True:
            characteristic, value = await self.queue.get()
            await self.device.notify_subscribers(characteristic, value)


async def run(kind, image, pairing="none", features="", drop=""):
    with open(image, "rb") as file:
        running = file.read()
    lost = [int(n) for n in drop.split(",") if n]
    all_of_them = RESUME | CONFIRMS | COMPRESSES | DELTAS
    ota = Basic(running) if kind == "basic" else Full(
        running, int(features or all_of_them, 0) if features else all_of_them, drop=lost)
    link = Air()
    async with await open_transport("vhci") as transport:
        adapter = Controller("adapter", host_source=transport.source, host_sink=transport.sink,
                             link=link, public_address="00:AA:01:00:00:42")
        # With these the kernel waits for LE Enhanced Connection Complete: bumble sends none.
        adapter.le_features &= ~(hci.LeFeatureMask.LL_PRIVACY
                                 | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING)
        own = Controller("device", link=link, public_address=ADDRESS)
        device = Device(name="lab", address=hci.Address(ADDRESS), host=Host(own, AsyncPipeSink(own)))
        io = PAIRING[pairing]
        delegate = Display(io) if io is not None else None
        device.pairing_config_factory = lambda _: PairingConfig(
            sc=True, mitm=pairing in ("yes-no", "passkey"), bonding=True, delegate=delegate)
        queue = Queue(device)
        peripheral = Peripheral(ota, device, pairing)
        await device.power_on()
        await peripheral.advertise()
        tell("ready", address=ADDRESS, **peripheral.summary())
        await queue.run()


asyncio.run(run(*sys.argv[1:3], **dict(word.split("=", 1) for word in sys.argv[3:])))
