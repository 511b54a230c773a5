#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""'otabench serve' on a bus of the test's own, behind an org.bluez that does what bluetoothd does:
the services and the advertisement are registered, the Python client of clients/ updates the
virtual ESP32 with a lost link in the middle, everything is taken back at the end, and strangers
on the bus are refused.  TAP on standard output."""

import asyncio
import json
import signal

from serve_daemon import (CHR, DEVICE, OTA, PATIENCE, PROGRAM, SERVICE, Bluetoothd, BusLink,
                          private_bus, sample_image)
from serve_daemon import otabench_client
from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

count = 0


def check(good, name, detail=""):
    global count
    count += 1
    if not good:
        for line in str(detail).splitlines():
            print("# " + line[:300])
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)


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
    daemon.bus.disconnect()


async def lost(address, program):
    """bluetoothd ends a link two seconds after it is asked to, and crashes if a request is open
    then; a write without response has no answer to wait for."""
    daemon = await Bluetoothd.create(address)
    daemon.lasts = True
    served = await asyncio.create_subprocess_exec(
        PROGRAM, "--json", "serve", "--sim=flash=ideal,seed=3,fault=disconnect@0",
        stdout=asyncio.subprocess.DEVNULL)
    program.append(served)
    link = BusLink(daemon)
    await link.open()
    await link.read_info()
    await link.write_control(otabench_client.start_command(bytes(131072)))
    await link.heard(PATIENCE)
    await link.write_data(bytes(2 + 100))
    await asyncio.wait_for(daemon.asked_to_end.wait(), PATIENCE)
    await link.write_data(bytes(2 + 100))
    for _ in range(2):  # in the silence, and after it
        await link.write_control(b"\x05")
    try:
        told = await link.read_info()
    except otabench_client.Lost as error:
        told = str(error)
    check("org.bluez.Error.Failed" in str(told),
          "requests over a lost link are answered before the link ends", told)
    await daemon.connected(False)
    served.send_signal(signal.SIGINT)
    check(await served.wait() == 0, "... and the device goes on without that client")
    daemon.bus.disconnect()


def main():
    with private_bus() as (folder, address):
        image, program = sample_image(folder, 131072), []
        try:
            asyncio.run(update(address, image, program))
            asyncio.run(lost(address, program))
        finally:
            for served in program:
                if served.returncode is None:
                    served.kill()
    print("1..%d" % count)


main()
