#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: devices that want an encrypted link are paired with over bluetoothd and
updated; the bond outlives their reboot, until it is forgotten; a passkey is asked for on
the terminal, and a wrong one is told as that."""

import os
import pty
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import FIRST, OTABENCH, Bluetoothctl, Bluez, Capture, Otabench, Radio
from guest import STORAGE, adapter_ready, device_known, main, run, sample_image, sha256_of

FIXED = "012345"
SIZE = 65536


class Terminal:
    """otabench ARGUMENT... on a terminal; what stands on it is in text."""

    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(OTABENCH, [OTABENCH, *arguments])
        self.text = ""
        self.ended = False
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = os.read(self.fd, 4096)
            except OSError:  # how a terminal ends
                data = b""
            with self.changed:
                self.text += data.decode(errors="replace")
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def wait(self, pattern, seconds):
        with self.changed:
            return self.changed.wait_for(
                lambda: re.search(pattern, self.text) or self.ended, seconds)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=120):
        """The exit status."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended, seconds)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def radio_with(security, *options):
    radio = Radio("--sim=devices=1,flash=ideal,security=" + security, "--watch=0", *options)
    adapter_ready()
    return radio


def end(radio):
    """Nobody remembers anything of the device, and the adapter is gone."""
    run("bluetoothctl", "remove", FIRST)
    radio.stop()


def said(text):
    """The number of times that the devices' log has it."""
    with open("radio.log") as log:
        return log.read().count(text)


def updated(tap, radio, image, before, what, story):
    now = radio.status()
    tap.check(now["sha256"] == sha256_of(image) and now["slot"] != before["slot"]
              and not now["pending_verify"] and now["boots"] == before["boots"] + 1,
              what + ": the device runs the image, confirmed", "%s\n%s" % (now, story))


def sent_encrypted(radio):
    """True if no byte of the image came over a link that was not."""
    moving = [e for e in radio.events if e["event"] == "status" and e["received"] > 0]
    return bool(moving) and all(e["encrypted"] for e in moving if e["connected"])


def just_works(tap, security):
    radio = radio_with(security)
    image = sample_image("%s.bin" % security, SIZE, "2.0.0")
    before, paired, encrypted = radio.status(), said("paired and bonded"), said("link encrypted")
    flash = Otabench("flash", "esp-sim-01", image)
    result, status = flash.result()
    tap.check(status == 0 and result.get("outcome") == "confirmed",
              security + ": flash pairs without a question, and ends confirmed", flash.story())
    tap.check(result.get("encrypted") is True and sent_encrypted(radio),
              security + ": the link was encrypted, and is shown as that", flash.story())
    updated(tap, radio, image, before, security, flash.story())
    tap.check(said("paired and bonded") == paired + 1 and said("link encrypted") >= encrypted + 2
              and radio.status()["bonds"] == 1,
              security + ": after the reboot the bond encrypts the link, nobody pairs again",
              open("radio.log").read())
    end(radio)


def shown(radio, start):
    event = radio.wait(lambda e: e["event"] == "passkey", 60, start)
    return event["passkey"] if event else None


def at_the_terminal(tap):
    """The number is another one each time: somebody reads it and types it."""
    radio = radio_with("passkey")
    image = sample_image("passkey.bin", SIZE, "2.0.0")
    before, start = radio.status(), len(radio.events)
    flash = Terminal("flash", "esp-sim-01", image)
    passkey = shown(radio, start)
    asked = flash.wait(r"Passkey that esp-sim-01 shows: ", 60)
    flash.type("%s\n" % passkey)
    status = flash.end()
    tap.check(asked and status == 0 and "has confirmed it" in flash.text,
              "passkey: asked for on the terminal, typed, the update ends confirmed", flash.text)
    tap.check(flash.text.count("Passkey that") == 1 and sent_encrypted(radio)
              and "encrypted" in flash.text,
              "passkey: asked once, for both connections, which are encrypted", flash.text)
    updated(tap, radio, image, before, "passkey", flash.text)
    end(radio)


def removed_for_kept(flash):
    """1 if bluetoothd had kept a write of an earlier link, whose pairing had failed, and refused
    all others: from 5.67 on it does so.  otabench removes the device then, once, and tries again."""
    return int("still waits for a write" in flash.story())


def wrong(tap, security):
    """Nothing is written to a device that is not paired with."""
    radio = radio_with(security + ",passkey=" + FIXED)
    before = radio.status()
    image = sample_image("wrong.bin", SIZE, "2.0.0")
    for what, options in (("a wrong passkey", ["--passkey=012344"]), ("no passkey", [])):
        flash = Otabench("-vv", *options, "flash", "esp-sim-01", image)
        result, status = flash.result()
        kept = removed_for_kept(flash)
        tap.check(status == 77 and result.get("outcome") == "not-paired"
                  and result.get("retries") == kept and "asskey" in result.get("text", ""),
                  "%s: %s with --json is a named error, exit status 77" % (security, what),
                  flash.story())
    now = radio.status()
    tap.check(now["sha256"] == before["sha256"] and now["received"] == 0 and now["bonds"] == 0,
              security + ": the device has nothing of it", now)
    info = Otabench("--passkey=" + FIXED, "info", "esp-sim-01")
    result, status = info.result()
    tap.check(status == 0 and result.get("encrypted") is True and radio.status()["bonds"] == 1,
              security + ": the right one with --passkey pairs", info.story())
    end(radio)


def other_client(tap):
    radio = radio_with("passkey")
    control = Bluetoothctl()
    control.say("agent KeyboardDisplay")
    control.say("default-agent")
    control.say("scan on")
    control.wait_for(r"Device %s .*esp-sim-01" % FIRST)
    control.say("scan off")
    start, heard = len(control.events), len(radio.events)
    control.say("pair " + FIRST)
    passkey = shown(radio, heard)
    control.wait_for(r"Request passkey", 60, start)  # the prompt that follows ends no line
    control.say(passkey or "")
    paired = control.wait_for(r"Pairing successful|Failed to pair", 60, start)
    tap.check(paired and paired.group() == "Pairing successful" and radio.status()["encrypted"],
              "bluetoothctl pairs with the passkey that the device shows", control.text())
    control.say("disconnect " + FIRST)
    control.wait_for(r"Successful disconnected|Connected: no", 20, start)
    control.quit()
    info = Otabench("info", "esp-sim-01")
    result, status = info.result()
    tap.check(status == 0 and result.get("encrypted") is True,
              "otabench uses the bond that bluetoothctl made", info.story())
    end(radio)


def kept(address):
    """True if bluetoothd has a key of the device in its storage."""
    for folder, _, names in os.walk(STORAGE):
        if os.path.basename(folder) == address and "info" in names:
            with open(folder + "/info", encoding="utf-8") as file:
                return "LongTermKey" in file.read()
    return False


def forgotten(tap):
    radio = radio_with("just-works")
    for _ in range(2):
        info = Otabench("info", "esp-sim-01")
        info.result()
    paired = said("paired and bonded")
    tap.check((device_known() or {}).get("Paired") and kept(FIRST),
              "bluetoothd knows the device, and keeps its key", "%s\n%s" % (
                  device_known(), info.story()))
    forget = Otabench("forget", "esp-sim-01")
    _, status = forget.result()
    tap.check(status == 0 and device_known() is None and not kept(FIRST),
              "'otabench forget' leaves neither device nor key in bluetoothd",
              "%s\n%s" % (device_known(), forget.story()))
    # bluetoothd tells of a link's end when the kernel is asked for it, which is sooner.
    tap.check(radio.wait_status(lambda s: not s["connected"], 20), "and no link", radio.status())
    forget = Otabench("forget", FIRST)
    _, status = forget.result()
    tap.check(status == 0, "an address of which nothing is remembered is well", forget.story())
    forget = Otabench("forget", "esp-sim-01")
    _, status = forget.result()
    tap.check(status == 68, "a name that this host does not know is not", forget.story())
    info = Otabench("info", "esp-sim-01")
    result, status = info.result()
    tap.check(status == 0 and result.get("encrypted") is True
              and said("paired and bonded") == paired + 1,
              "the next connection pairs again", info.story() + open("radio.log").read())
    end(radio)


def updates_table(tap, table):
    """A radio whose device has other attributes in the image that it got, the run, and how
    often it was paired with before."""
    radio = radio_with("just-works", "--sim=table=" + table)
    before, paired = radio.status(), said("paired and bonded")
    image = sample_image("%s.bin" % table, SIZE, "2.0.0")
    told = said("the central has confirmed that its services changed")
    flash = Otabench("flash", "esp-sim-01", image)
    result, status = flash.result()
    tap.check(said("the central has confirmed that its services changed") == told + 1,
              table + ": bluetoothd confirms that the services changed", open("radio.log").read())
    return radio, image, before, paired, flash, result, status


def table_moved(tap):
    """bluetoothd finds the services where they are now; the bond stays."""
    radio, image, before, paired, flash, result, status = updates_table(tap, "moved")
    tap.check(status == 0 and result.get("outcome") == "confirmed" and result.get("encrypted"),
              "moved: a bonded device with another table ends confirmed", flash.story())
    updated(tap, radio, image, before, "moved", flash.story())
    tap.check(said("paired and bonded") == paired + 1 and device_known()["Paired"],
              "moved: nobody pairs again", open("radio.log").read())
    end(radio)


def table_shuffled(tap):
    """bluetoothd 5.66 looks only at services that came or moved: where a service has other
    characteristics in the same place it keeps the old ones, although it was told."""
    radio, image, before, paired, flash, result, status = updates_table(tap, "shuffled")
    now = radio.status()
    if status == 0:  # a later one
        updated(tap, radio, image, before, "shuffled", flash.story())
        end(radio)
        return
    tap.check(status == 75 and result.get("outcome") == "not-back"
              and "otabench forget esp-sim-01" in result.get("advice", ""),
              "shuffled: the error says what bluetoothd remembers, and what helps", flash.story())
    tap.check(now["sha256"] == sha256_of(image) and now["pending_verify"],
              "shuffled: the device runs the image, on trial", now)
    forget = Otabench("forget", FIRST)
    _, status = forget.result()
    flash = Otabench("flash", "esp-sim-01", image)
    result, again = flash.result()
    now = radio.status()
    tap.check(status == 0 and again == 0 and not now["pending_verify"]
              and now["sha256"] == sha256_of(image) and now["boots"] == before["boots"] + 1,
              "shuffled: after it the image is confirmed, without being sent again",
              "%s\n%s" % (now, flash.story()))
    tap.check(said("paired and bonded") == paired + 2, "shuffled: with a new bond",
              open("radio.log").read())
    end(radio)


def doctor(tap, name, status, level, found):
    """The finding of 'otabench doctor DEV' about the GATT cache."""
    run_of = Otabench("doctor", "esp-sim-01")
    _, got = run_of.result()
    # Checks that need no device come first.
    cache = [e for e in run_of.events
             if e["event"] == "finding" and e["check"] == "GATT cache"][-1:] or [{}]
    tap.check(got == status and cache[0].get("level") == level
              and re.search(found, cache[0].get("found", "")), name, run_of.story())
    return cache[0].get("advice", "")


def do_as_told(tap, bluez, advice):
    """The steps of the command, with systemctl's done by the rig, which has no systemd."""
    told = re.match(r"sudo sh -c '(systemctl stop bluetooth); (rm %s/\S+/cache/%s); "
                    r"(systemctl start bluetooth)' \(keeps the bond\)$" % (STORAGE, FIRST), advice)
    if not tap.check(told, "refreshed: the command that keeps the bond is named", advice):
        raise RuntimeError(advice)
    bluez.stop()
    text, status = run("sh", "-c", told.group(2))
    bluez.start()
    adapter_ready()
    tap.check(status == 0, "refreshed: it can be done", text)


def table_refreshed(tap, bluez):
    """The same device, and the bond outlives the cure that 'otabench doctor' names."""
    radio, image, before, paired, flash, result, status = updates_table(tap, "shuffled")
    if status == 0:  # a later bluetoothd: it is not stale there
        doctor(tap, "refreshed: nothing is stale", 0, "good", "fits: all")
        end(radio)
        return
    tap.check("otabench doctor esp-sim-01" in result.get("advice", ""),
              "refreshed: the error names what keeps the bond", flash.story())
    told = said("the central has confirmed that its services changed")
    advice = doctor(tap, "refreshed: doctor names what is stale", 76, "bad",
                    r"stale: at 0x[0-9a-f]{4} the stack remembers \S+ and the device has ")
    now = radio.status()
    tap.check(now["bonds"] == 1 and not now["connected"]
              and said("the central has confirmed that its services changed") == told,
              "refreshed: the look took nothing from the bond, and left no link", now)
    do_as_told(tap, bluez, advice)
    again = Otabench("flash", "esp-sim-01", image)
    result, status = again.result()
    now = radio.status()
    tap.check(status == 0 and result.get("encrypted") is True and not now["pending_verify"]
              and now["sha256"] == sha256_of(image) and now["boots"] == before["boots"] + 1,
              "refreshed: the image is confirmed, without being sent again", again.story())
    tap.check(said("paired and bonded") == paired + 1 and now["bonds"] == 1
              and device_known()["Paired"] and kept(FIRST),
              "refreshed: nobody paired again", open("radio.log").read())
    doctor(tap, "refreshed: nothing is stale any more", 0, "good", "fits: all")
    end(radio)


def job(tap):
    bluez = Bluez()
    capture = Capture("pairing.btsnoop")
    just_works(tap, "just-works")
    just_works(tap, "legacy-just-works")
    at_the_terminal(tap)
    wrong(tap, "passkey")
    wrong(tap, "legacy-passkey")
    other_client(tap)
    forgotten(tap)
    table_moved(tap)
    table_shuffled(tap)
    table_refreshed(tap, bluez)
    capture.stop()


main(job)
