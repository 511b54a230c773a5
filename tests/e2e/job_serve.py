#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: 'otabench serve' over bluetoothd is a device to otabench, to bleak and to a client
with mistakes, each on the other one of two adapters that hear each other (btvirt's, of BlueZ)."""

import os
import re
import resource
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import OTABENCH, SOURCE, START_SECONDS, Bluez, Capture, Lines, Otabench
from guest import forget_devices, main, run, sample_image

NAME = "esp-sim-01"
CLIENTS, SERVER = "hci0", "hci1"
SIZE = 98304
CONFIG = "/etc/bluetooth/main.conf"


class Server(Lines):
    """otabench serve --grade on the second adapter; it is on the air when this returns."""

    def __init__(self, sim, *options):
        super().__init__([OTABENCH, "--json", "--adapter=" + SERVER, "serve", "--grade",
                          "--sim=" + sim, *options], "serve.log")
        if not self.wait(lambda e: e.get("what") == "on-air", START_SECONDS):
            raise RuntimeError("otabench serve did not start: %s" % self.events)

    def verdict(self):
        """Ends it as Ctrl-C does: its exit status, and what each rule was found to be."""
        self.process.send_signal(signal.SIGINT)
        self.wait_end(START_SECONDS)
        marks = {e["rule"]: e["mark"] for e in self.events if e["event"] == "rule"}
        return self.process.wait(), marks

    def story(self):
        return "\n".join(str(e) for e in self.events if e.get("what") != "data")


class Air:
    """Two adapters that hear each other, and a bluetoothd that knows nothing of before; it is
    another one each time, since 5.66 has died when both of its adapters went."""

    def __init__(self, bluez):
        forget_devices()
        bluez.stop()
        bluez.forget()
        bluez.start()
        with open("btvirt.log", "ab") as log:
            self.process = subprocess.Popen([os.environ["RIG_BTVIRT"], "-L", "-l2"],
                                            stdout=log, stderr=log)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def check_verdict(tap, server, what, status, seen):
    code, marks = server.verdict()
    broken = sorted(rule for rule in marks if marks[rule] == "broken")
    kept = {rule for rule in marks if marks[rule] == "kept"}
    tap.check(code == status and not broken and seen <= kept,
              "%s: the verdict finds no rule broken, and sees %s" % (what, ", ".join(sorted(seen))),
              "status %s, broken %s, kept %s\n%s" % (code, broken, sorted(kept), server.story()))


def flash_job(tap, what, sim, expected, seen):
    image = sample_image("flash.bin", SIZE, "2.0.0")
    server = Server(sim)
    client = Otabench("--adapter=" + CLIENTS, "flash", NAME, image)
    result, status = client.result()
    got = {key: result.get(key) for key in expected}
    tap.check(status == 0 and got == expected, "%s: otabench updates it" % what,
              "%s\n%s\n%s" % (got, client.story(), server.story()))
    check_verdict(tap, server, what, 0, seen)


def bleak_job(tap, what, sim, outcome, seen):
    image = sample_image("bleak.bin", SIZE, "3.0.0")
    server = Server(sim)
    text, status = run(sys.executable, SOURCE + "/clients/python/otabench_client.py", NAME, image,
                       CLIENTS)
    tap.check(status == 0 and text.split()[-1] == outcome, "%s: clients/python updates it" % what,
              "%s\n%s" % (text, server.story()))
    check_verdict(tap, server, what, 0, seen)


def configure(channels):
    """As docs/clients.md tells, but for the number of bearers; bluetoothd reads it when it starts.
    Else values of 511 and 512 bytes are refused."""
    os.makedirs(os.path.dirname(CONFIG), exist_ok=True)
    with open(CONFIG, "w", encoding="ascii") as file:
        file.write("[GATT]\nChannels = %d\nExchangeMTU = 513\n" % channels)


def bearers_of(path):
    """How often a channel was asked for on the PSM of EATT (0x27), by either kind of request."""
    with open(path, "rb") as file:
        return len(re.findall(rb"\x05\x00[\x14\x17].\x0a\x00\x27\x00", file.read(), re.S))


def bearers_job(tap):
    """Values overtake each other, and otabench brings them in order all the same.  What bluetoothd
    passes on has another order than what was sent, so that the verdict is not asked for."""
    image = sample_image("flash.bin", SIZE, "4.0.0")
    capture = Capture("bearers.btsnoop")
    server = Server("flash=typical")
    client = Otabench("--adapter=" + CLIENTS, "flash", NAME, image)
    result, status = client.result()
    server.verdict()
    capture.process.terminate()
    capture.process.wait()
    count = bearers_of("bearers.btsnoop")
    os.remove("bearers.btsnoop")  # the btmon that looks at captures crashes on it (5.66)
    tap.check(count > 0 and result.get("gaps", 0) > 0,
              "several bearers: bluetoothd opens them, and values overtake each other",
              "%d bearers asked for, %s" % (count, result))
    tap.check(status == 0 and result.get("outcome") == "confirmed",
              "several bearers: otabench updates it", client.story() + "\n" + server.story())


def mistakes_job(tap):
    server = Server("flash=ideal")
    text, status = run(sys.executable, SOURCE + "/tests/e2e/bleak_mistakes.py", NAME, CLIENTS)
    code, marks = server.verdict()
    broken = sorted(rule for rule in marks if marks[rule] == "broken")
    tap.check(status == 0 and code == 65 and broken == ["ready", "subscribe"],
              "a client's mistakes are named",
              "%s\nstatus %s, broken %s\n%s" % (text, code, broken, server.story()))


def job(tap):
    configure(1)  # else BlueZ's own clients open more bearers (EATT) to BlueZ
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with open("/proc/sys/kernel/core_pattern", "w", encoding="ascii") as file:
        file.write(os.getcwd() + "/core.%e")
    bluez = Bluez()
    full = {"subscribe", "info", "limit", "sequence", "end", "hash", "confirm"}
    basic = {"subscribe", "value", "end"}
    for attempt in (
            lambda: flash_job(tap, "full", "flash=typical",
                              {"outcome": "confirmed", "dialect": "full"}, full),
            lambda: bleak_job(tap, "full with a lost link", "flash=typical,fault=disconnect@50000",
                              "confirmed", full | {"resume"}),
            lambda: flash_job(tap, "basic", "dialect=basic,flash=ideal",
                              {"outcome": "delivered", "dialect": "basic"}, basic),
            lambda: bleak_job(tap, "basic with a lost link",
                              "dialect=basic,flash=ideal,fault=disconnect@50000", "delivered",
                              basic),
            lambda: mistakes_job(tap)):
        air = Air(bluez)
        attempt()
        air.stop()
        ended = bluez.daemon.poll()
        tap.check(ended is None, "bluetoothd goes on", "status %s" % ended)
    configure(3)
    air = Air(bluez)
    bearers_job(tap)
    air.stop()
    bluez.stop()


main(job)
