#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: a device that takes signed images only takes one over bluetoothd, and refuses others
by name before it takes anything; a device that is not the one that was met is sent nothing.  An
update that goes compressed, one as a patch, and one that the slot holds already."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import FIRST, OTABENCH, Bluez, Otabench, Radio, adapter_ready, main, run
from guest import sample_image, sha256_of

SIZE = 65536
STREAM_SIZE = 3 * SIZE + 1000

os.environ["XDG_CACHE_HOME"] = os.getcwd()  # what is sent is kept, for the patch
os.environ.pop("OTABENCH_IMAGE_STORE", None)


def radio_with(options, kept=False):
    radio = Radio("--sim=devices=1,flash=ideal" + options, "--watch=0", kept=kept)
    adapter_ready()
    return radio


def signed(key, name, version):
    image = sample_image(name, SIZE, version)
    if key:
        run(OTABENCH, "-q", "sign", "--key=" + key, image)
    return image


def untouched(radio, before):
    now = radio.status()
    return now["sha256"] == before["sha256"] and now["received"] == now["flushed"] == 0


def refused(tap, radio, image, what, outcome, status, words):
    before = radio.status()
    flash = Otabench("flash", "esp-sim-01", image)
    result, code = flash.result()
    tap.check(code == status and result.get("outcome") == outcome and words in flash.story(),
              what + ": refused by name", flash.story())
    tap.check(untouched(radio, before), what + ": nothing was taken",
              "%s\n%s" % (before, radio.status()))


def signatures(tap):
    for key in ("right.pem", "wrong.pem"):
        run(OTABENCH, "-q", "key", "new", key, "--no-passphrase")
    radio = radio_with(",public_key=right.pem")
    refused(tap, radio, signed(None, "plain.bin", "2.0.0"), "no signature", "refused", 65,
            "signed images only")
    refused(tap, radio, signed("wrong.pem", "wrong.bin", "2.0.1"), "another key", "device-error",
            76, "signature")
    image = signed("right.pem", "right.bin", "2.0.2")
    flash = Otabench("flash", "esp-sim-01", image)
    result, code = flash.result()
    now = radio.status()
    tap.check(code == 0 and result.get("outcome") == "confirmed" and result.get("signed") is True,
              "a signed image is confirmed", flash.story())
    tap.check(now["sha256"] == sha256_of(image) and not now["pending_verify"],
              "the device runs it", now)
    radio.stop()


def changes(tap):
    """The device that was met last is gone, and another one is at its address."""
    image = sample_image("other.bin", SIZE, "3.0.0")
    radio = radio_with(",chip=esp32c3", kept=True)
    before = radio.status()
    flash = Otabench("flash", "esp-sim-01", image)
    result, code = flash.result()
    tap.check(code == 78 and result.get("outcome") == "device-changed"
              and "chip" in result.get("changed", []),
              "another chip at the address is refused, and named", flash.story())
    tap.check(untouched(radio, before), "another chip: nothing was sent to it", radio.status())
    look = Otabench("--trust-change", "info", "esp-sim-01")
    _, code = look.result()
    reboot = Otabench("reboot", "esp-sim-01")
    _, again = reboot.result()
    tap.check(code == 0 and again == 0, "with trust it is the known one", reboot.story())
    radio.stop()


def bond(tap):
    """A device that was met over an encrypted link, and now has no bond."""
    radio = radio_with(",security=just-works")
    first, code = Otabench("confirm", "esp-sim-01").result()
    tap.check(code == 0 and first.get("encrypted") is True and not first.get("authenticated"),
              "just works pairing encrypts the link and authenticates nobody", first)
    info, code = Otabench("confirm", "esp-sim-01").result()
    tap.check(code == 0 and info.get("authenticated") is True,
              "a bond from before is told as authenticated", info)
    run("bluetoothctl", "remove", FIRST)
    lost, code = Otabench("confirm", "esp-sim-01").result()
    tap.check(code == 78 and lost.get("changed") == ["encrypted"],
              "without the bond it is asked about", lost)
    radio.stop()


def sends(tap, radio, what, image, options, holds):
    flash = Otabench(*options, "flash", "esp-sim-01", image)
    result, code = flash.result()
    tap.check(code == 0 and result.get("outcome") == "confirmed" and holds(result),
              what + ": confirmed", "%s\n%s" % (result, flash.story()))
    now = radio.status()
    tap.check(now["sha256"] == sha256_of(image), what + ": the device runs it", now)


def streams(tap):
    radio = radio_with("")
    first = sample_image("first.bin", STREAM_SIZE, "4.0.0")
    run(OTABENCH, "sample-image", "next.bin", "--like=" + first, "--edit=1")
    sends(tap, radio, "compressed", first, ["-s", "stream=deflate"],
          lambda r: r.get("stream") == "deflate" and r.get("air_bytes", 0) > 0)
    sends(tap, radio, "a patch", "next.bin", ["-s", "stream=delta"],
          lambda r: r.get("stream") == "delta" and r.get("air_bytes") < STREAM_SIZE / 5)
    back = Otabench("rollback", "esp-sim-01")
    _, code = back.result()
    tap.check(code == 0, "rolled back", back.story())
    sends(tap, radio, "what the slot holds", "next.bin", ["-s", "stream=raw", "-s", "skip=yes"],
          lambda r: r.get("skipped_bytes") == os.path.getsize("next.bin"))
    radio.stop()


def job(tap):
    Bluez()
    signatures(tap)
    changes(tap)
    bond(tap)
    streams(tap)


main(job)
