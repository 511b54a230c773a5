# SPDX-License-Identifier: Apache-2.0
"""bumble, a Bluetooth stack in Python, as central of the virtual ESP32s."""

import asyncio
import traceback

from bumble.core import UUID, ProtocolError
from bumble_host import NAME, fresh, with_central
from guest import sample_image, sha256_of
from ota_host import COMPRESSED, CONTROL, DATA, INFO, SERVICE, BasicHost, Host, Refused, blocks
from results import main

async def booted(stack, central, tap, what):
    """A new link to the device that restarts."""
    tap.check(await asyncio.wait_for(stack.gone, 30) is not None, what + ": it restarts")
    return await central.connect()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def properties(stack, uuid):
    found = stack.find(uuid)
    return None if found is None else found.properties.name


async def look_job(tap, central, radio):
    """The advertisement and the attributes of docs/protocol.md 3."""
    seen = await central.find()
    services = seen.data.get(0x07) or seen.data.get(0x06) or []
    tap.check(UUID(SERVICE) in services and seen.is_connectable,
              "bumble hears the name and the update service", seen.data)
    stack = await central.connect()
    tap.check(stack.mtu == 517, "MTU 517 is negotiated", stack.mtu)
    got = [properties(stack, uuid) for uuid in (CONTROL, DATA, INFO)]
    tap.check(got == ["WRITE|NOTIFY", "WRITE_WITHOUT_RESPONSE|WRITE", "READ"],
              "the characteristics have the properties of the document", got)
    info = await Host(stack).info()
    tap.check(info["version"] == 1 and info["chip"] == 0 and info["project"] == "otabench-sim",
              "Info is read", info)
    await stack.connection.disconnect()


async def confirm_job(tap, central, stack, image, what):
    """After DONE: the device restarts, runs the image, and keeps it."""
    stack = await booted(stack, central, tap, what)
    host = Host(stack)
    info = await host.info()
    tap.check(info["sha256"] == sha256_of(image) and info["pending"],
              what + ": it runs the image, on trial", info)
    code = await host.command(0x06)
    info = await host.info()
    tap.check(code == 0 and not info["pending"], what + ": CONFIRM keeps it", info)
    return stack


def made(version, size):
    """The name of a new image."""
    return sample_image(fresh(".bin"), size, version)


async def full_job(tap, central, radio):
    """A whole image, then one whose link is lost half-way, then one in small values."""
    stack = await central.connect()
    image = made("2.0.0", 100000)
    done = await Host(stack).update(read(image))
    tap.check(done[0] == 100000 and sha256_of(image).startswith(done[2]),
              "full: DONE tells size and hash", done)
    stack = await confirm_job(tap, central, stack, image, "full")

    image = made("2.1.0", 50000)
    data = read(image)
    host = Host(stack)
    ready = await host.start(data, 0, len(data))
    await host.send(data, ready, 40000)
    radio.command("terminate " + NAME)
    await asyncio.wait_for(stack.gone, 30)
    stack = await central.connect(23)
    host = Host(stack)
    ready = await host.start(data, 0, len(data))
    tap.check(40000 - 16 < ready[0] <= 40000, "full: a lost link goes on where it ended", ready)
    tap.check(stack.mtu == 23, "full: MTU 23, START as a long write", stack.mtu)
    await host.send(data, ready)
    done = await host.end()
    tap.check(done[0] == len(data), "full: in values of 20 bytes, to the end", done)
    stack = await confirm_job(tap, central, stack, image, "full, resumed")
    await stack.connection.disconnect()


async def stream_job(tap, central, radio):
    """zlib's deflate for the device's decoder, and one that it must refuse."""
    stack = await central.connect()
    image = made("3.0.0", 100000)
    data = read(image)
    window = (await Host(stack).info())["window"]
    parts = blocks(data, window)
    tap.note("compressed: %d of %d bytes, window 2^%d" % (sum(map(len, parts)), len(data), window))
    # Deflate has no blocks of type 3 (RFC 1951, 3.2.3).
    spoilt = [parts[0][:4] + bytes([parts[0][4] | 6]) + parts[0][5:], *parts[1:]]
    try:
        await Host(stack).update(data, COMPRESSED, spoilt)
        outcome = "DONE"
    except Refused as error:
        outcome = str(error)
    tap.check(outcome.startswith("ERROR 24 "), "compressed: a damaged one is refused",
              outcome)
    await Host(stack).update(data, COMPRESSED, parts)
    stack = await confirm_job(tap, central, stack, image, "compressed")
    await stack.connection.disconnect()


async def basic_job(tap, central, radio):
    stack = await central.connect()
    tap.check(stack.find(INFO) is None, "basic: there is no Info")
    image = made("2.0.0", 40000)
    await BasicHost(stack).update(read(image))
    stack = await booted(stack, central, tap, "basic")
    revision = await stack.revision()
    tap.check(revision == "2.0.0", "basic: it runs the image", revision)
    await stack.connection.disconnect()


async def refused_unpaired(stack):
    try:
        await stack.write_control(b"\x05")
    except ProtocolError as error:
        return error.error_code in (0x05, 0x0F)  # authentication, encryption
    return False


def pairing_job(what):
    async def job(tap, central, radio):
        stack = await central.connect()
        tap.check(await refused_unpaired(stack), what + ": an open link may not write")
        await stack.connection.pair()
        tap.check(stack.connection.is_encrypted, what + ": bumble pairs")
        image = made("2.0.0", 40000)
        done = await Host(stack).update(read(image))
        tap.check(done[0] == 40000, what + ": and updates it", done)
        tap.check(await asyncio.wait_for(stack.gone, 30) is not None, what + ": it restarts")
        stack = await central.connect()
        await stack.connection.encrypt()
        info = await Host(stack).info()
        code = await Host(stack).command(0x06)
        tap.check(code == 0 and info["sha256"] == sha256_of(image),
                  what + ": the bond serves the next link, and it runs the image", info)
        await stack.connection.disconnect()
    return job


def wrong_job(what):
    async def job(tap, central, radio):
        stack = await central.connect()
        try:
            await stack.connection.pair()
            outcome = "paired"
        except Exception as error:
            outcome = repr(error)
        tap.check(outcome != "paired" and not stack.connection.is_encrypted,
                  what + ": another passkey does not pair", outcome)
        if not stack.gone.done():
            tap.check(await refused_unpaired(stack), what + ": and may not write")
            await stack.connection.disconnect()
    return job


async def jobs(tap):
    full = "dialect=full,flash=typical,deflate=14"
    running = [
        with_central(look_job, tap, full),
        with_central(full_job, tap, full),
        with_central(stream_job, tap, full),
        with_central(basic_job, tap, "dialect=basic,flash=typical"),
    ]
    for security in ("just-works", "legacy-just-works", "passkey", "legacy-passkey"):
        sim = "dialect=full,flash=typical,security=" + security
        secure = not security.startswith("legacy")
        keys = security.endswith("passkey")
        running.append(with_central(pairing_job(security), tap, sim, secure, 0 if keys else None))
        if keys:
            running.append(with_central(wrong_job(security), tap, sim, secure, 1))
    for error in await asyncio.gather(*running, return_exceptions=True):
        if error is not None:
            tap.check(False, "a job ran to its end", "".join(traceback.format_exception(error)))


def job(tap):
    asyncio.run(jobs(tap))


main(job)
