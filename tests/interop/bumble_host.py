# SPDX-License-Identifier: Apache-2.0
"""bumble, a Bluetooth stack in Python, at otabench-radio's socket: links to virtual ESP32s with
no kernel and no bluetoothd between them."""

import asyncio
import itertools

from bumble import hci, pairing
from bumble.core import UUID
from bumble.device import Device, Peer
from bumble.transport import open_transport
from guest import Radio
from ota_host import CONTROL, DATA, INFO

REVISION = UUID.from_16_bits(0x2A26)
NAME = "esp-sim-01"
ADDRESS = hci.Address("24:6F:28:AA:10:01", hci.AddressType.PUBLIC_DEVICE)

numbers = itertools.count()


def fresh(suffix):
    """A file name of its own: many jobs run at once."""
    return "%d%s" % (next(numbers), suffix)


class Stack:
    """A link of bumble's, for ota_host."""

    def __init__(self, connection, peer):
        self.connection, self.peer = connection, peer
        self.told = asyncio.Queue()
        self.gone = asyncio.get_running_loop().create_future()
        connection.on(connection.EVENT_DISCONNECTION, self.gone.set_result)

    @property
    def mtu(self):
        return self.connection.att_mtu

    def find(self, uuid):
        found = self.peer.get_characteristics_by_uuid(UUID(uuid) if isinstance(uuid, str) else uuid)
        return found[0] if found else None

    async def subscribe(self, uuid=CONTROL):
        await self.peer.subscribe(self.find(uuid), lambda v: self.told.put_nowait(bytes(v)))

    async def read_info(self):
        return bytes(await self.find(INFO).read_value())

    async def revision(self):
        return bytes(await self.find(REVISION).read_value()).decode()

    async def write_control(self, value):
        control = self.find(CONTROL)
        if len(value) > self.mtu - 3:
            await self.peer.gatt_client.write_long_value(control.handle, value)
        else:
            await control.write_value(value, with_response=True)

    async def write_data(self, value):
        await self.find(DATA).write_value(value, with_response=False)

    async def write_data_request(self, value):
        await self.find(DATA).write_value(value, with_response=True)


class Keyboard(pairing.PairingDelegate):
    """A user who reads the device's display, and types its number, or another one."""

    def __init__(self, radio, wrong):
        super().__init__(pairing.PairingDelegate.KEYBOARD_INPUT_ONLY)
        self.radio, self.wrong = radio, wrong

    async def get_number(self):
        shown = await asyncio.to_thread(
            self.radio.wait, lambda e: e["event"] == "passkey", 30)
        return (int(shown["passkey"]) + self.wrong) % 1000000


class Central:
    """A bumble device at the radio's socket."""

    def __init__(self, device):
        self.device = device

    async def find(self, name=NAME):
        """The advertisement of that name."""
        found = asyncio.get_running_loop().create_future()

        def look(advertisement):
            if advertisement.data.get(0x09) == name and not found.done():
                found.set_result(advertisement)
        self.device.on("advertisement", look)
        await self.device.start_scanning()
        try:
            return await asyncio.wait_for(found, 30)
        finally:
            await self.device.stop_scanning()
            self.device.remove_listener("advertisement", look)

    async def connect(self, mtu=517, events=CONTROL):
        """A new Stack, once the device advertises, subscribed to a characteristic."""
        await self.find()
        connection = await self.device.connect(
            ADDRESS, own_address_type=hci.OwnAddressType.PUBLIC, timeout=30)
        peer = Peer(connection)
        if mtu > 23:
            await peer.request_mtu(mtu)
        await peer.discover_services()
        for service in peer.services:
            await service.discover_characteristics()
        stack = Stack(connection, peer)
        await stack.subscribe(events)
        return stack


async def with_central(job, tap, sim, secure=True, wrong=None):
    """Runs job(tap, central, radio) with a radio of its own, which takes real time: many
    run at once.

    secure: LE Secure Connections; wrong: what is added to a passkey, None: no keyboard."""
    socket = fresh(".sock")
    radio = await asyncio.to_thread(
        Radio, "--listen=" + socket, "--watch=0", "--sim=devices=1," + sim)
    try:
        async with await open_transport("unix:" + socket) as transport:
            device = Device.with_hci("lab", hci.Address("F0:F1:F2:F3:F4:F5"), transport.source,
                                     transport.sink)
            delegate = None if wrong is None else Keyboard(radio, wrong)
            device.pairing_config_factory = lambda _: pairing.PairingConfig(
                sc=secure, mitm=delegate is not None, bonding=True, delegate=delegate)
            await device.power_on()
            await job(tap, Central(device), radio)
    finally:
        await asyncio.to_thread(radio.stop)
