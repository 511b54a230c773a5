#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: any BLE client sees the virtual ESP32s, connects, and updates one."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import FIRST, SOURCE, Bluetoothctl, Bluez, Capture, Radio, adapter_ready, main, run
from guest import sample_image, sha256_of
from with_bleak import bleak_job

OTA_SERVICE = "fb1e4001-54ae-4a28-9f74-dfccb248601d"
NAMES = ["esp-sim-01", "esp-sim-02", "esp-sim-03"]


def scan(tap, control, version):
    """With a filter bluetoothd tells of every change of RSSI, else of large ones."""
    for line in ("menu scan", "rssi -120", "back"):
        control.say(line)
    start = len(control.events)
    control.say("scan on")
    found = [bool(control.wait_for(r"NEW.* Device \S+ " + name, 20)) for name in NAMES]
    tap.check(all(found), "%s: bluetoothctl finds the devices by name" % version, control.text())
    first = control.wait_for(FIRST + r" RSSI: (-\d+)", 20, start)
    tap.check(first and control.wait_for(FIRST + r" RSSI: (?!%s\b)-\d+" % first[1], 20, start),
              "%s: RSSI moves while scanning" % version, control.text())
    control.say("scan off")
    control.wait_for("Discovery stopped")
    info, _ = run("bluetoothctl", "info", FIRST)
    tap.check(OTA_SERVICE in info, "%s: the advertisement has the OTA service" % version, info)


def bluez_property(path, interface, name):
    text, _ = run("busctl", "get-property", "org.bluez", path, interface, name)
    return text.split()[-1] if text.split() else ""


def connect(tap, control, version):
    device = "/org/bluez/hci0/dev_" + FIRST.replace(":", "_")
    control.say("connect " + FIRST)
    good = control.wait_for(r"Connection successful|Failed to connect", 60)
    resolved = control.wait_for(FIRST + " ServicesResolved: yes")
    tap.check(good and "successful" in good[0] and resolved,
              "%s: bluetoothctl connects, services are resolved" % version, control.text())
    mtu = bluez_property(device + "/service0013/char0017", "org.bluez.GattCharacteristic1", "MTU")
    tap.check(mtu == "517", "%s: MTU 517 is negotiated" % version, mtu)


def link(tap, radio, version, expected):
    status = radio.status()
    got = {key: status.get(key) for key in expected}
    tap.check(got == expected, "%s: the link is as Linux wants it" % version,
              "%s instead of %s" % (got, expected))


def disconnect(tap, radio, control, version):
    control.say("disconnect " + FIRST)
    tap.check(radio.wait_status(lambda s: not s["connected"], 20),
              "%s: bluetoothctl disconnects" % version, radio.status())


def version_job(tap, version, expected):
    radio = Radio("--sim=devices=3", "--controller=" + version, "--watch=0")
    if not tap.check(adapter_ready(), version + ": bluetoothd takes the adapter and turns it on",
                     run("bluetoothctl", "show")[0]):
        radio.stop()
        return
    control = Bluetoothctl()
    scan(tap, control, version)
    connect(tap, control, version)
    link(tap, radio, version, expected)
    disconnect(tap, radio, control, version)
    control.say("remove " + FIRST)
    control.wait_for("Device has been removed|Failed to remove")
    control.quit()
    radio.stop()


def kit_job(tap, dialect, fault, outcome):
    """The reference client as anybody runs it; its link is lost in the middle."""
    image = sample_image("kit.bin", 98304, "4.0.0")
    radio = Radio("--sim=devices=1,dialect=%s%s" % (dialect, fault), "--watch=0")
    adapter_ready()
    before = radio.status()
    text, status = run(sys.executable, SOURCE + "/clients/python/otabench_client.py",
                       "esp-sim-01", image, timeout=600)
    after = radio.wait_status(lambda s: s["boots"] > before["boots"], 20) or radio.status()
    tap.check(status == 0 and text.split()[-1] == outcome and after["version"] == "4.0.0"
              and after["sha256"] == sha256_of(image),
              "clients/python updates a %s device%s" % (dialect, " whose link is lost" * bool(fault)),
              "%s\n%s\n%s" % (text, before, after))
    radio.stop()


def job(tap):
    Bluez()
    capture = Capture("clients.btsnoop")
    common = {"phy": 1, "interval_us": 50000, "supervision_ms": 420}
    version_job(tap, "5.2", {**common, "data_length": 251})
    version_job(tap, "4.2", {**common, "data_length": 251})
    version_job(tap, "4.0", {**common, "data_length": 27})
    bleak_job(tap, "bleak", "full")
    bleak_job(tap, "bleak", "basic")
    kit_job(tap, "full", ",fault=disconnect@50000", "confirmed")
    kit_job(tap, "basic", "", "delivered")
    capture.stop()


main(job)
