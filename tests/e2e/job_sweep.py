#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: a sweep over bluetoothd, interrupted in the middle of a measurement and gone on
with, finds at least what the profile had, and flash uses the profile that it wrote."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import Bluez, Otabench, Radio, adapter_ready, main, sample_image

# Left open are PHY and interval alone, so that it is short.
FIXED = ["--set=write_mode=command", "--set=chunk=495", "--set=window=16384",
         "--set=ack_interval=4096", "--set=pacing_us=1"]
DEVICE = "esp-sim-01"


def measured(sweep):
    return [e for e in sweep.events if e.get("event") == "measured"]


def interrupted(tap):
    sweep = Otabench(*FIXED, "sweep", DEVICE)
    tap.check(sweep.wait(lambda e: e.get("event") == "measured", 300),
              "the link is measured over bluetoothd", sweep.story())
    sweep.interrupt()
    _, status = sweep.result()
    tap.check(status == 130, "Ctrl-C ends a sweep", "%d\n%s" % (status, sweep.story()))
    return len(measured(sweep))


def job(tap):
    os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = os.getcwd()
    Bluez()
    radio = Radio("--sim=devices=1,chip=esp32c3,flash=ideal", "--watch=0")
    tap.check(adapter_ready(), "bluetoothd takes the adapter and turns it on")
    kept = interrupted(tap)
    sweep = Otabench(*FIXED, "sweep", DEVICE)
    result, status = sweep.result(900)
    known = [e for e in sweep.events if e.get("event") == "known"]
    tap.check(known and known[0]["taken_up"] == kept and not known[0]["simulated"],
              "the same command goes on with what was measured", sweep.story())
    tap.check(status == 0 and result.get("outcome") == "swept", "and ends with the best",
              sweep.story())
    tap.check(result.get("runs", 0) == kept + len(measured(sweep)),
              "no measurement is made twice or lost", sweep.story())
    tap.check(result.get("goodput", 0) >= 0.95 * result.get("before", 0) > 0,
              "which is no slower than the profile was", result)
    tap.note("%s: %d B/s, before %d B/s, in %d runs" % (
        result.get("best"), result.get("goodput", 0), result.get("before", 0),
        result.get("runs", 0)))
    for e in measured(sweep):
        tap.note("%(goodput)7d B/s, %(gaps)d gaps, not had: %(not_had)s: %(settings)s" % e)
    with open(result.get("profile") or os.devnull) as profile:
        text = profile.read()
    tap.check("# Found by otabench sweep" in text and "SIMULATED" not in text,
              "the profile says how it was found", text[:1000])
    image = sample_image("app.bin", 60000, "2.0.0", "esp32c3")
    flash = Otabench("flash", DEVICE, image)
    done, status = flash.result()
    tap.check(status == 0 and done.get("outcome") == "confirmed", "flash is confirmed",
              flash.story())
    tap.check("using profile sweep-" in flash.story() and done.get("chunk") == 495,
              "with the profile that the sweep found, and says so", flash.story())
    radio.stop()


main(job)
