#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig, with packages of the laboratory (RIG_LAB): otabench over bluetoothd against a
device, a controller and an adapter that are bumble's, and the newest bleak against a
virtual ESP32."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import OTABENCH, SOURCE, Bluez, Lines, Otabench, adapter_ready, forget_devices, main
from guest import run, sample_image, sha256_of
from with_bleak import bleak_job

INTEROP = SOURCE + "/tests/interop"
NAME = "lab"
PASSKEY = "314159"  # bumble_peripheral.py shows it
SIZE = 100000
os.environ["PYTHONPATH"] = os.environ["RIG_LAB"] + ":" + INTEROP
os.environ.pop("OTABENCH_IMAGE_STORE", None)  # what is sent is kept, for the patch


class Bumble(Lines):
    """A device of bumble's, with the kernel's adapter; see bumble_peripheral.py."""

    def __init__(self, kind, image, *options):
        forget_devices()
        super().__init__([sys.executable, INTEROP + "/bumble_peripheral.py", kind, image, *options],
                         "bumble.log")
        if not self.wait(lambda e: e["event"] == "ready", 600):
            raise RuntimeError("bumble did not start; see bumble.log")
        if not adapter_ready():
            raise RuntimeError("bluetoothd takes no adapter of bumble's")

    def boots(self):
        return [e for e in self.events if e["event"] == "boot"]

    def stop(self):
        run("bluetoothctl", "remove", self.events[0]["address"])
        self.process.kill()
        self.process.wait()


def flash(tap, device, image, what, expected, *options):
    """Updates the device, which runs the image then; the result."""
    run_of = Otabench(*options, "flash", NAME, image)
    result, status = run_of.result()
    got = {key: result.get(key) for key in expected}
    boots = device.boots()
    tap.check(status == 0 and got == expected, "%s: flash ends as it should" % what,
              "%s\n%s" % (got, run_of.story()))
    tap.check(boots and boots[-1]["sha256"] == sha256_of(image),
              "%s: the device runs the image" % what, boots)
    return result


def full_job(tap):
    old = sample_image("old.bin", SIZE, "1.0.0")
    device = Bumble("full", old, "drop=40,41,90")
    info = Otabench("info", NAME)
    result, status = info.result()
    tap.check(status == 0 and result.get("dialect") == "full" and result.get("version") == "1.0.0",
              "full: info reads it", info.story())
    new = sample_image("new.bin", SIZE, "2.0.0")
    result = flash(tap, device, new, "full, three values lost",
                   {"outcome": "confirmed", "stream": "raw"}, "--set=stream=raw")
    tap.check(result.get("gaps") == device.boots()[-1]["gaps"] > 0,
              "full, three values lost: each GAP was heard", result)
    third = sample_image("third.bin", SIZE, "3.0.0")
    result = flash(tap, device, third, "full, deflate",
                   {"outcome": "confirmed", "stream": "deflate"}, "--set=stream=deflate")
    text, _ = run(OTABENCH, "sample-image", "fourth.bin", "--like=" + third)
    result = flash(tap, device, "fourth.bin", "full, delta",
                   {"outcome": "confirmed", "stream": "delta"}, "--set=stream=delta")
    tap.check(result.get("sent_bytes", SIZE) < SIZE / 4, "full, delta: a fraction goes over the air",
              "%s\n%s" % (text, result))
    device.stop()


def basic_job(tap):
    device = Bumble("basic", sample_image("old.bin", 40000, "1.0.0"))
    new = sample_image("new.bin", 40000, "2.0.0")
    flash(tap, device, new, "basic", {"outcome": "delivered", "dialect": "basic"})
    device.stop()


def pairing_job(tap, pairing, authenticated):
    device = Bumble("full", sample_image("old.bin", 40000, "1.0.0"), "pairing=" + pairing)
    new = sample_image("new.bin", 40000, "2.0.0")
    flash(tap, device, new, "pairing, " + pairing,
          {"outcome": "confirmed", "encrypted": True, "authenticated": authenticated},
          "--passkey=" + PASSKEY)
    device.stop()


def job(tap):
    bluez = Bluez()
    full_job(tap)
    basic_job(tap)
    pairing_job(tap, "just-works", False)
    pairing_job(tap, "passkey", True)
    pairing_job(tap, "yes-no", True)
    bleak_job(tap, "the newest bleak", "full")
    bleak_job(tap, "the newest bleak", "basic")
    bluez.stop()


main(job)
