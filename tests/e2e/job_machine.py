#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: what a machine can lack for Bluetooth, each told in words that say what
to do, and by exit status; and which adapter is used where there are two."""

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import FIRST, OTABENCH, Bluetoothctl, Bluez, Radio, adapter_ready, main, run

NO_ADAPTER = 69
# struct rfkill_event of linux/rfkill.h: index, type, operation, soft, hard
BLUETOOTH, CHANGE_ALL = 2, 3


def told(tap, name, status, words, *command):
    text, got = run(OTABENCH, *command)
    tap.check(got == status and re.search(words, text), "%s: otabench %s says %s" % (
        name, " ".join(command), words.replace("\\", "")), "status %d\n%s" % (got, text))


def lacking(tap, name, scan, doctor):
    """A machine on which nothing can be done, whatever is asked for."""
    told(tap, name, NO_ADAPTER, scan, "scan")
    told(tap, name, NO_ADAPTER, scan, "info", "esp-sim-01")
    told(tap, name, NO_ADAPTER, doctor, "doctor")


def block(on):
    with open("/dev/rfkill", "wb", buffering=0) as file:
        file.write(struct.pack("=IBBBB", 0, BLUETOOTH, CHANGE_ALL, on, 0))


def powered_off(tap, radio):
    """Commands turn an adapter on; doctor only looks."""
    control = Bluetoothctl()
    control.say("power off")
    tap.check(control.wait_for("Controller .* Powered: no"), "the adapter is turned off",
              control.text())
    told(tap, "off", NO_ADAPTER, "hci0 .* is off", "doctor")
    block(1)
    lacking(tap, "rfkill", "blocked by rfkill: 'rfkill unblock", "rfkill unblock bluetooth")
    block(0)
    told(tap, "off", 0, "esp-sim-01", "scan", "--time=2")
    told(tap, "turned on", 0, "hci0 .* is on", "doctor")
    control.quit()


def allow_2m(tap):
    """The kernel takes the command that doctor advises."""
    text, _ = run(OTABENCH, "doctor")
    advice = re.search(r"allows 1M only.*\n *-> as root: (btmgmt --index 0 phy .*)", text)
    if tap.check(advice, "doctor says that the kernel allows 1M only", text):
        said, status = run(*advice.group(1).split())
        told(tap, "2M allowed", 0, "hci0 may use the 2M PHY", "doctor")
        tap.check(status == 0, "the kernel takes the advice", said)


def two(tap):
    second = Radio("--sim=devices=1,version=7.0.0", "--watch=0")
    control = Bluetoothctl()
    control.wait_for(r"Controller 02:0B:E0:00:00:02")
    control.quit()
    told(tap, "two adapters", 0, "1\\.0\\.0", "info", FIRST)
    told(tap, "two adapters", 0, "7\\.0\\.0", "--adapter=hci1", "info", FIRST)
    told(tap, "two adapters", NO_ADAPTER, "no adapter of that name", "--adapter=hci7", "scan")
    second.stop()


def job(tap):
    lacking(tap, "no bus", "no system D-Bus", "no system bus")
    bluez = Bluez(start=False)
    lacking(tap, "no bluetoothd", "bluetoothd is not running", "systemctl start bluetooth")
    radio = Radio("--sim=devices=1", "--watch=0")
    lacking(tap, "no bluetoothd, an adapter", "bluetoothd is not running", "1 Bluetooth adapter")
    bluez.start()
    tap.check(adapter_ready(), "bluetoothd takes the adapter and turns it on")
    told(tap, "all there", 0, "hci0 .* is on", "doctor")
    allow_2m(tap)
    powered_off(tap, radio)
    two(tap)
    radio.stop()
    lacking(tap, "no adapter", "there is no Bluetooth adapter", "bluetoothd has no adapter")


main(job)
