#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: any BLE client sees the virtual ESP32s, connects, and updates one."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import FIRST, SOURCE, Bluez, Capture, Radio, adapter_ready, main, run, sample_image
from guest import wait_for

OTA_SERVICE = "fb1e4001-54ae-4a28-9f74-dfccb248601d"


def bluetoothctl(*lines):
    """What it prints; lines are commands, or seconds to wait."""
    with open("bluetoothctl.log", "w+") as log:
        process = subprocess.Popen(["bluetoothctl"], stdin=subprocess.PIPE, stdout=log, text=True)
        # Commands before it has found bluetoothd are lost.
        wait_for(lambda: "Agent registered" in open("bluetoothctl.log").read(), 20)
        for line in lines + (1, "quit"):
            if isinstance(line, str):
                process.stdin.write(line + "\n")
                process.stdin.flush()
            else:
                time.sleep(line)
        process.wait(60)
        log.seek(0)
        return re.sub(r"\x1b\[[0-9;]*m|[\x01\x02\r]", "", log.read())


def scan(tap, version):
    # With a filter bluetoothd tells of every change of RSSI, else of large ones.
    text = bluetoothctl("menu scan", "rssi -120", "back", "scan on", 6, "scan off", 1)
    devices, _ = run("bluetoothctl", "devices")
    names = sorted(set(re.findall(r"esp-sim-0\d", devices)))
    tap.check(names == ["esp-sim-01", "esp-sim-02", "esp-sim-03"],
              "%s: bluetoothctl finds the devices by name" % version, text + devices)
    info, _ = run("bluetoothctl", "info", FIRST)
    tap.check(OTA_SERVICE in info, "%s: the advertisement has the OTA service" % version, info)
    rssi = set(re.findall(FIRST + r" RSSI: (-\d+)", text))
    tap.check(len(rssi) > 1, "%s: RSSI moves while scanning" % version, text)


def bluez_property(path, interface, name):
    text, _ = run("busctl", "get-property", "org.bluez", path, interface, name)
    return text.split()[-1] if text.split() else ""


def connect(tap, version):
    device = "/org/bluez/hci0/dev_" + FIRST.replace(":", "_")
    text, _ = run("bluetoothctl", "connect", FIRST, timeout=60)
    resolved = wait_for(
        lambda: bluez_property(device, "org.bluez.Device1", "ServicesResolved") == "true", 20)
    tap.check("Connection successful" in text and resolved,
              "%s: bluetoothctl connects, services are resolved" % version, text)
    mtu = bluez_property(device + "/service0013/char0017", "org.bluez.GattCharacteristic1", "MTU")
    tap.check(mtu == "517", "%s: MTU 517 is negotiated" % version, mtu)


def link(tap, radio, version, expected):
    status = radio.status()
    got = {key: status.get(key) for key in expected}
    tap.check(got == expected, "%s: the link is as Linux wants it" % version,
              "%s instead of %s" % (got, expected))


def disconnect(tap, radio, version):
    run("bluetoothctl", "disconnect", FIRST, timeout=60)
    tap.check(wait_for(lambda: not radio.status()["connected"], 10),
              "%s: bluetoothctl disconnects" % version, radio.status())


def version_job(tap, version, expected):
    radio = Radio("--sim=devices=3", "--controller=" + version)
    if not tap.check(adapter_ready(), version + ": bluetoothd takes the adapter and turns it on",
                     run("bluetoothctl", "show")[0]):
        radio.stop()
        return
    scan(tap, version)
    connect(tap, version)
    link(tap, radio, version, expected)
    disconnect(tap, radio, version)
    run("bluetoothctl", "remove", FIRST)
    radio.stop()


def bleak_job(tap, dialect, flash):
    """The second device of the radio would do as well; the first can be chosen."""
    image = sample_image("bleak.bin", 98304, "3.0.0")
    radio = Radio("--sim=devices=1,flash=%s,dialect=%s" % (flash, dialect))
    adapter_ready()
    before = radio.status()
    text, status = run(sys.executable, SOURCE + "/tests/e2e/bleak_update.py", "esp-sim-01", image,
                       timeout=300)
    try:
        result = json.loads(text.splitlines()[-1])
    except (ValueError, IndexError):
        result = {"outcome": "exit status %d" % status}
    what = "a %s device" % dialect
    tap.check(result["outcome"] == "done" and result.get("chunk") == 512,
              "bleak updates %s by the basic dialect" % what, text)
    after = wait_for(lambda: (lambda s: s["boots"] > before["boots"] and s["version"] == "3.0.0"
                              and s)(radio.status()), 20) or radio.status()
    with open(image, "rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    tap.check(after["version"] == "3.0.0" and after["slot"] != before["slot"]
              and after["sha256"] == sha256,
              "%s runs what bleak sent" % what, "%s\n%s\n%s" % (before, after, sha256))
    tap.note("bleak, %s: %s" % (dialect, result))
    radio.stop()


def job(tap):
    Bluez()
    capture = Capture("clients.btsnoop")
    common = {"phy": 1, "interval_us": 50000, "supervision_ms": 420}
    version_job(tap, "5.2", {**common, "data_length": 251})
    version_job(tap, "4.2", {**common, "data_length": 251})
    version_job(tap, "4.0", {**common, "data_length": 27})
    bleak_job(tap, "full", "typical")
    bleak_job(tap, "basic", "typical")
    capture.stop()


main(job)
