#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: flash --btsnoop over bluetoothd takes its packets from the kernel's monitor
channel.  The file and the image stay for look_btsnoop.py, which has tshark decode it."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import Bluez, Otabench, Radio, adapter_ready, main, sample_image


def job(tap):
    Bluez()
    radio = Radio("--sim=devices=1,flash=typical", "--watch=0")
    tap.check(adapter_ready(), "bluetoothd takes the adapter and turns it on")
    image = sample_image("app.bin", 40000, "2.0.0")
    flash = Otabench("--btsnoop=flash.btsnoop", "--set=write_mode=command",
                     "--set=connection_interval_ms=15", "flash", "esp-sim-01", image)
    result, status = flash.result()
    tap.check(status == 0 and result.get("outcome") == "confirmed",
              "an update with --btsnoop is confirmed", flash.story())
    mode = os.stat("flash.btsnoop").st_mode & 0o777
    tap.check(mode == 0o600, "the capture is its user's alone", "%o" % mode)
    radio.stop()


main(job)
