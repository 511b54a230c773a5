#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: over bluetoothd, otabench names the dialect of a device by its advertisement
and by its services, writes nothing to one that it leaves alone, and updates devices with
Espressif's sectors, by commands and by requests alone, whose answers come from two
characteristics, with fbiego's parts, whose commands and values go to one, with ArduinoBleOTA,
which takes no requests, and with SMP, whose answers come from there, too."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import Bluez, Otabench, Radio, adapter_ready, main, sample_image

# In the order of --sim=dialect=each; whether its advertisement tells.
EACH = [("full", False), ("basic", False), ("foreign", False), ("fbiego", False),
        ("fbiego-compact", True), ("ble-ota", False), ("ble-ota-raw", False), ("bleota", False),
        ("nimbleota", False), ("angerer", False), ("arduino-ble-ota", True), ("smp", True),
        ("nordic-dfu", True), ("nordic-legacy-dfu", True), ("meshtastic", True),
        ("matter", True), ("silabs", True), ("ti-oad", True)]
LOOKED_AT = ("foreign", "fbiego", "ble-ota", "angerer", "arduino-ble-ota", "smp", "matter",
             "nimbleota")
DRIVEN = ("fbiego", "ble-ota", "nimbleota", "angerer", "arduino-ble-ota", "smp")
TELLS_NO_VERSION = ("fbiego", "fbiego-compact", "ble-ota", "angerer", "arduino-ble-ota")


def look(tap):
    radio = Radio("--sim=devices=%d,dialect=each" % len(EACH))
    tap.check(adapter_ready(), "bluetoothd takes the adapter and turns it on")
    scan = Otabench("scan")
    _, status = scan.result()
    found = {e["name"]: e for e in scan.events if e["event"] == "device"}
    wrong = [name for i, (name, told) in enumerate(EACH)
             if found.get("esp-sim-%02d" % (i + 1), {}).get("dialect") != (name if told else None)]
    tap.check(status == 0 and not wrong, "scan names those whose advertisement tells",
              "%s\n%s" % (wrong, scan.story()))
    for i, (name, _) in enumerate(EACH):
        if name not in LOOKED_AT:
            continue
        info = Otabench("info", "esp-sim-%02d" % (i + 1))
        result, status = info.result()
        alone = name not in DRIVEN
        tap.check(status == (76 if alone else 0) and result.get("dialect") == name
                  and ("tool" in result) == alone, "info names %s" % name, info.story())
    radio.stop()


def update(tap, bluez, name):
    bluez.forget()
    radio = Radio("--sim=devices=1,dialect=" + name)
    adapter_ready()
    kind = "mcuboot" if name == "smp" else "esp"
    flash = Otabench("flash", "esp-sim-01",
                     sample_image(name + ".bin", 60000, "2.0.0", kind=kind))
    result, status = flash.result()
    version = None if name in TELLS_NO_VERSION else "2.0.0"
    outcome = "confirmed" if name == "smp" else "delivered"
    tap.check(status == 0 and result.get("outcome") == outcome
              and (result.get("running_version") or None) == version
              and result.get("dialect") == name
              and result.get("sent_bytes") == 60000,
              "flash of %s: %s, each byte sent once" % (name, outcome), flash.story())
    radio.stop()


def refuse(tap, bluez):
    bluez.forget()
    radio = Radio("--sim=devices=1,dialect=nordic-legacy-dfu")
    adapter_ready()
    flash = Otabench("flash", "esp-sim-01", sample_image("alone.bin", 60000, "2.0.0"))
    result, status = flash.result()
    tap.check(status == 76 and result.get("outcome") == "other-dialect" and "tool" in result,
              "flash of one that is left alone ends with its name and tool", flash.story())
    radio.stop()


def job(tap):
    bluez = Bluez()
    look(tap)
    for name in ("nimbleota", "bleota", "ble-ota", "ble-ota-raw", "fbiego", "fbiego-compact",
                 "angerer", "arduino-ble-ota", "smp"):
        update(tap, bluez, name)
    refuse(tap, bluez)
    bluez.stop()


main(job)
