#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig, with the kernel and bluetoothd of another Debian: that these run; a scan, an
update, one whose link is lost, and one of a device that wants an encrypted link."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import FIRST, GENERATION, Bluez, Capture, Otabench, Radio, adapter_ready, main, run
from guest import sample_image, sha256_of

SIZE = 131072


def generation(tap):
    with open(GENERATION + "/versions", encoding="utf-8") as file:
        wanted = dict(line.split() for line in file)
    doctor = Otabench("doctor")
    _, status = doctor.result()
    found = [e["found"] for e in doctor.events if e["event"] == "finding"]
    tap.check(status == 0 and os.uname().release == wanted["kernel"]
              and "answers; release " + wanted["bluetoothd"] in found,
              "Linux %(kernel)s with bluetoothd %(bluetoothd)s: doctor finds it well" % wanted,
              doctor.story())
    for event in doctor.events:
        if event.get("level") == "note":
            tap.note("doctor: %(check)s: %(found)s" % event)


def scan(tap):
    found = Otabench("scan")
    _, status = found.result()
    devices = [e for e in found.events if e["event"] == "device"]
    tap.check(status == 0 and [(e["name"], e["address"]) for e in devices if e["ota"]]
              == [("esp-sim-01", FIRST)], "scan lists the device", found.story())


def update(tap, what, during=None):
    """A whole update of a new device; during(radio) when half of it has arrived."""
    radio = Radio("--sim=devices=1,flash=typical", "--watch=0")
    adapter_ready()
    image = sample_image("app.bin", SIZE, "2.0.0")
    before = radio.status()
    flash = Otabench("flash", "esp-sim-01", image)
    if during and radio.received(SIZE // 2):
        during(radio)
    result, status = flash.result()
    now = radio.status()
    tap.check(status == 0 and result.get("outcome") == "confirmed"
              and now["sha256"] == sha256_of(image) and now["slot"] != before["slot"]
              and not now["pending_verify"], "%s: confirmed" % what,
              "%s\n%s" % (now, flash.story()))
    run("bluetoothctl", "remove", FIRST)
    radio.stop()
    return flash


def lost(tap):
    flash = update(tap, "an update whose link is lost",
                   lambda radio: radio.command("silent esp-sim-01 on"))
    told = [e["text"] for e in flash.events if e["event"] == "note" and e["note"] == "link-lost"]
    tap.check(told == ["link lost: supervision-timeout"] and min(flash.notes("resumed"), default=0),
              "it is told as that, and resumed from where it was", flash.story())


def paired(tap):
    radio = Radio("--sim=devices=1,flash=ideal,security=passkey,passkey=012345", "--watch=0")
    adapter_ready()
    image = sample_image("paired.bin", SIZE, "2.0.0")
    flash = Otabench("--passkey=012345", "flash", "esp-sim-01", image)
    result, status = flash.result()
    tap.check(status == 0 and result.get("outcome") == "confirmed" and result.get("encrypted")
              and radio.status()["bonds"] == 1,
              "an update over an encrypted link, paired by a passkey: confirmed", flash.story())
    radio.stop()


def job(tap):
    Bluez()
    capture = Capture("generation.btsnoop")
    radio = Radio("--sim=devices=1", "--watch=0")
    tap.check(adapter_ready(), "bluetoothd takes the adapter and turns it on")
    generation(tap)
    scan(tap)
    radio.stop()
    update(tap, "an update")
    lost(tap)
    paired(tap)
    capture.stop()


main(job)
