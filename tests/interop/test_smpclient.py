# SPDX-License-Identifier: Apache-2.0
"""smpclient, the library of smpmgr, updates virtual devices with SMP over bumble's host; otabench
updates the same ones.  Both leave the same flash, to the byte, and each reads what the other
left; smp decodes every message that otabench and its devices exchange."""

import asyncio
import json
import logging
import os
import struct
import traceback

from bumble_host import with_central
from guest import OTABENCH, run, sample_image
from results import main
from smp import header as smpheader
from smpclient import SMPClient
from smpclient.exceptions import SMPUploadError
from smpclient.generics import success
from smpclient.mcuboot import ImageInfo
from smpclient.requests.image_management import ImageStatesRead, ImageStatesWrite, ImageUploadWrite
from smpclient.requests.os_management import MCUMgrParametersRead, ResetWrite
from smpclient.transport import SMP_CHARACTERISTIC_UUID, SMPTransport

SMP = str(SMP_CHARACTERISTIC_UUID)
SIZE = 60000
SIM = "dialect=smp,flash_mode=lenient"
ATT_VALUE, ATT_COMMAND = 0x1b, 0x52  # notification, write without response
MONITOR_SENT, MONITOR_RECEIVED = 4, 5  # ACL packets in a btsnoop file of the monitor's kind


class Transport(SMPTransport):
    """As smpclient's own one over bleak: values of the MTU, and answers by their length."""

    def __init__(self, central, mtu):
        self.central, self.asked = central, mtu
        self.stack = None
        self.sent = 0  # bytes

    async def connect(self, address, timeout_s):
        self.stack = await asyncio.wait_for(self.central.connect(self.asked, SMP), timeout_s)

    async def disconnect(self):
        if not self.stack.gone.done():
            await self.stack.connection.disconnect()

    async def send(self, data):
        self.sent += len(data)
        for at in range(0, len(data), self.mtu):
            await self.stack.find(SMP).write_value(data[at:at + self.mtu], with_response=False)

    async def receive(self):
        answer = await self.stack.told.get()
        while len(answer) < 8 or len(answer) < 8 + struct.unpack_from(">H", answer, 2)[0]:
            answer += await self.stack.told.get()
        return answer

    async def send_and_receive(self, data):
        await self.send(data)
        return await self.receive()

    @property
    def mtu(self):
        return self.stack.mtu - 3


async def asked(client, request):
    answer = await client.request(request, timeout_s=30)
    if not success(answer):
        raise RuntimeError("refused: %r" % answer)
    return answer


async def images(client):
    """The image list, as smp decodes it."""
    return [image.model_dump(exclude_none=True)
            for image in (await asked(client, ImageStatesRead())).images]


def tlv_hash(path):
    return ImageInfo.load_file(path).get_tlv(0x10).value


async def install(tap, central, transport, client, path, what):
    """smpmgr's `upgrade`, behind the upload, and `image state-write` once it runs."""
    sha = tlv_hash(path)
    listed = (await asked(client, ImageStatesWrite(hash=sha))).images
    tap.check([(i.slot, i.pending) for i in listed if i.hash == sha] == [(1, True)],
              what + ": the image is set for a test", listed)
    await asked(client, ResetWrite())
    await asyncio.wait_for(transport.stack.gone, 30)
    again = Transport(central, transport.asked)
    async with SMPClient(again, "", timeout_s=30) as client:
        running = [i for i in await images(client) if i.get("active")]
        tap.check([i["hash"] for i in running] == [sha] and not running[0].get("confirmed"),
                  what + ": it runs the image, on trial", running)
        await asked(client, ImageStatesWrite(hash=sha, confirm=True))
        left = await images(client)
        tap.check([i["slot"] for i in left if i.get("confirmed") and i["hash"] == sha] == [0],
                  what + ": it is confirmed", left)
    return left


def content(folder):
    with open(folder + "/esp-sim-01.flash", "rb") as file:
        return file.read()


def differs(one, other):
    return ["%#x: %02x %02x" % (at, a, b) for at, (a, b) in enumerate(zip(one, other))
            if a != b][:8] or "%d and %d bytes" % (len(one), len(other))


def otabench(name, sim, *words):
    """The last event of otabench's, with devices whose flash is in a folder of that name."""
    said, status = run(OTABENCH, "--json", "--btsnoop=%s.btsnoop" % name,
                       "--sim=devices=1,%s,state=%s%s" % (SIM, os.path.abspath(name), sim), *words)
    return json.loads(said.splitlines()[-1]), status


# --- otabench's packets

def packets(path):
    """(sent, ATT PDU) of a btsnoop file."""
    with open(path, "rb") as file:
        data = file.read()
    at, parts = 16, {True: b"", False: b""}
    while at + 24 <= len(data):
        length, flags = struct.unpack_from(">4xII", data, at)
        packet, opcode = data[at + 24:at + 24 + length], flags & 0xffff
        at += 24 + length
        if opcode not in (MONITOR_SENT, MONITOR_RECEIVED):
            continue
        sent = opcode == MONITOR_SENT
        # A fragment that goes on has 01 in its packet boundary flag.
        parts[sent] = (parts[sent] if packet[1] >> 4 & 3 == 1 else b"") + packet[4:]
        if len(parts[sent]) >= 4 + struct.unpack_from("<H", parts[sent])[0]:
            yield sent, parts[sent][4:]


def messages(path):
    """(sent, SMP message) of a btsnoop file."""
    parts = {True: b"", False: b""}
    for sent, pdu in packets(path):
        if pdu[0] != (ATT_COMMAND if sent else ATT_VALUE):
            continue
        parts[sent] += pdu[3:]
        if len(parts[sent]) >= 8 + struct.unpack_from(">H", parts[sent], 2)[0]:
            yield sent, parts[sent]
            parts[sent] = b""
    if any(parts.values()):
        raise RuntimeError("half a message is left: %r" % parts)


KINDS = {(kind._GROUP_ID, kind._COMMAND_ID, kind._OP): kind for kind in
         (ImageStatesRead, ImageStatesWrite, ImageUploadWrite, MCUMgrParametersRead, ResetWrite)}


def decoded(path):
    """(request, answer) of each, by smp's classes: keys that these do not have are errors."""
    waiting, pairs = {}, []
    for sent, message in messages(path):
        header = smpheader.Header.loads(message[:8])
        if sent:
            kind = KINDS[header.group_id, header.command_id, header.op]
            waiting[header.sequence] = kind.loads(message)
            continue
        request = waiting.pop(header.sequence)
        try:
            answer = request._Response.loads(message)
        except ValueError:
            kind = request._ErrorV1 if header.version == smpheader.Version.V1 else request._ErrorV2
            answer = kind.loads(message)
        pairs.append((request, answer))
    if waiting:
        raise RuntimeError("never answered: %r" % waiting)
    return pairs


def look_at_packets(tap, name, path, what):
    pairs = decoded(name + ".btsnoop")
    sent = {}
    for request, answer in pairs:
        if isinstance(request, ImageUploadWrite):
            sent[request.off] = request.data
    with open(path, "rb") as file:
        image = file.read()
    tap.check(b"".join(sent[at] for at in sorted(sent)) == image,
              what + ": smp decodes otabench's messages, and the image is in them")
    wrong = [type(answer).__name__ for request, answer in pairs
             if not success(answer) and not isinstance(request, MCUMgrParametersRead)]
    tap.check(not wrong, what + ": and the device's answers", wrong)


# --- the jobs

def both_job(name, sim, mtu=517, lose=False):
    """smpclient's update and otabench's, of devices that are the same.

    lose: the link is lost half-way, and smpclient uploads anew."""
    async def job(tap, central, radio):
        path = await asyncio.to_thread(sample_image, name + ".bin", SIZE, "2.0.0", kind="mcuboot")
        with open(path, "rb") as file:
            image = file.read()
        transport = Transport(central, mtu)
        client = SMPClient(transport, "", timeout_s=30)
        await client.connect()
        if lose:
            async for offset in client.upload(image):
                if offset >= SIZE // 2:
                    break
            radio.command("terminate esp-sim-01")
            await asyncio.wait_for(transport.stack.gone, 30)
            transport = Transport(central, mtu)
            client = SMPClient(transport, "", timeout_s=30)
            await client.connect()
        offsets = [offset async for offset in client.upload(image)]
        tap.check(offsets[-1] == SIZE, name + ": smpclient uploads", offsets[-8:])
        if lose:
            tap.check(offsets[0] >= SIZE // 2 and transport.sent < SIZE * 2 // 3,
                      name + ": and goes on where it was", (offsets[0], transport.sent))
        left = await install(tap, central, transport, client, path, name)
        await asyncio.to_thread(radio.stop)
        await asyncio.to_thread(compare, tap, name, sim, path, left)
    return job


def compare(tap, name, sim, path, left):
    """Compares the flash that otabench leaves with smpclient's, on two folders of the same kind."""
    other = name + "-otabench"
    result, status = otabench(other, sim, "flash", "esp-sim-01", path)
    tap.check(status == 0 and result["outcome"] == "confirmed", name + ": otabench updates", result)
    tap.check(content(name) == content(other), name + ": both leave the same flash",
              differs(content(name), content(other)))
    look_at_packets(tap, other, path, name)
    info, status = otabench(name, sim, "info", "esp-sim-01")
    running = [image for image in left if image.get("active")][0]
    tap.check(status == 0 and info["running_sha256"] == running["hash"].hex()
              and info["running_version"] == running["version"],
              name + ": otabench reads what smpclient left", info)


async def refused_job(tap, central, radio):
    """A device that takes no upload."""
    path = await asyncio.to_thread(sample_image, "refused.bin", SIZE, "2.0.0", kind="mcuboot")
    with open(path, "rb") as file:
        image = file.read()
    async with SMPClient(Transport(central, 517), "", timeout_s=30) as client:
        try:
            async for _ in client.upload(image):
                pass
            outcome = "uploaded"
        except SMPUploadError:
            outcome = "refused"
        tap.check(outcome == "refused", "refused: smpclient is told so", outcome)
        before = await images(client)
        tap.check([i["slot"] for i in before] == [0], "refused: nothing is in the other slot",
                  before)
    result, status = await asyncio.to_thread(
        otabench, "refused-otabench", ",smp=rejects", "flash", "esp-sim-01", path)
    tap.check(status != 0 and result["outcome"] == "device-error", "refused: so is otabench",
              result)
    answers = decoded("refused-otabench.btsnoop")
    last = [answer for request, answer in answers if isinstance(request, ImageUploadWrite)][-1]
    # smp has an rc in this answer, too, of older servers.
    tap.check(not success(last) or last.off is None and last.rc == 11,
              "refused: smp decodes the device's error", str(last)[:200])


def jobs_of():
    kinds = [("usual", "", 517, False), ("mtu23", ",smp_buffers=2,smp_buffer_size=256", 23, False),
             ("old", ",smp=version-1", 247, False), ("checked", ",smp=image-check", 185, False),
             ("lost", "", 517, True)]
    for name, sim, mtu, lose in kinds:
        if mtu != 517:
            sim += ",mtu=%d" % mtu
        yield both_job(name, sim, mtu, lose), "%s,state=%s%s" % (SIM, os.path.abspath(name), sim)
    yield refused_job, SIM + ",smp=rejects"


async def jobs(tap):
    logging.disable()  # of smpclient, which tells each answer of version 1
    running = [with_central(job, tap, sim) for job, sim in jobs_of()]
    for error in await asyncio.gather(*running, return_exceptions=True):
        if error is not None:
            told = "".join(traceback.format_exception(error)).splitlines()
            tap.check(False, "a job ran to its end", "\n".join(line[:200] for line in told))


def job(tap):
    asyncio.run(jobs(tap))


main(job)
