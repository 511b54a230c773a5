#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: a session in the workbench by keys alone, over bluetoothd.  What the
screen says is compared with what the device says."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import BUILD, OTABENCH, Bluez, Lines, Radio, adapter_ready, main
from guest import sample_image, sha256_of

SIZE = 300000
DEVICE = "esp-sim-01"
LONG = 200  # seconds for a whole transfer


class Screen(Lines):
    """The workbench in an emulated terminal."""

    def __init__(self, tap, *arguments):
        self.tap = tap
        super().__init__([BUILD + "/pty_play", OTABENCH, *arguments], "workbench.log",
                         parse=lambda line: line.rstrip("\n"))

    def _do(self, command, seconds):
        start = len(self.events)
        self.say(command)
        answer = self.wait(lambda line: line.startswith("done"), seconds, start)
        return answer, "\n".join(self.events[start:])

    def keys(self, text):
        answer, told = self._do("keys " + text, LONG)
        if answer is None:
            raise RuntimeError(told)

    def shows(self, text, what):
        """What must come to be seen; nothing that follows makes sense without it."""
        answer, told = self._do("until " + text, LONG)
        if not self.tap.check(answer is not None, what, told):
            raise RuntimeError("the screen does not show " + text)

    def end(self):
        answer, told = self._do("end", LONG)
        self.tap.check(answer == "done 0", "the program ends, and the terminal is as before", told)
        self.process.wait()


def look(screen):
    screen.shows(DEVICE, "the list shows the device")
    screen.keys("/sim-01\\r")
    screen.keys("\\r")
    screen.shows("answered:", "Enter connects, and the device answers")
    screen.shows("MTU 517", "the dashboard shows the MTU")


def upload(screen):
    screen.keys("2u")
    screen.shows("y/n", "u asks before it uploads")
    screen.keys("y")
    screen.shows("[DATA]", "y begins the update")


def tune(screen, radio):
    radio.received(20000, LONG)
    screen.keys("]")
    screen.shows("pacing_us=100: in force now", "the pacing is changed while it sends")
    screen.keys("}")
    screen.shows("window=", "and the window")
    screen.keys("p")
    screen.shows("paused", "p pauses")
    screen.keys("p")
    screen.shows("sending", "p goes on")


def cancel(tap, screen, radio, before):
    screen.keys("x")
    screen.shows("y/n", "x asks before it cancels")
    screen.keys("y")
    screen.shows("cancelled:", "y cancels")
    now = radio.status()
    tap.check(now["state"] == "idle" and now["sha256"] == before["sha256"],
              "the device is idle and runs what it ran", now)


def lose(screen, radio):
    """Nothing is tried again, so that it is for the operator to go on."""
    screen.keys(":set retries=0\\r")
    screen.shows("retries", "a key of the profile is set")
    upload(screen)
    radio.received(SIZE // 3, LONG)
    radio.command("silent %s on" % DEVICE)
    screen.shows("link-lost", "a link that is lost is told as one")


def resume(tap, screen, radio, sha256):
    screen.keys("R")
    screen.shows("otabench resume", "Recover offers to resume, with its command line")
    screen.keys("1")
    screen.shows("confirmed:", "it resumes, and is proved")
    now = radio.status()
    tap.check(now["sha256"] == sha256 and not now["pending_verify"],
              "the device runs what was sent", now)
    screen.keys("\\\\resumed\\r")
    screen.shows("! resumed", "the Control log says that it was resumed")


def job(tap):
    if not os.path.exists(BUILD + "/pty_play"):
        tap.skip("the workbench by keys alone", "there is no terminal: libvterm is not installed")
        return
    Bluez()
    image = sample_image("image.bin", SIZE, "3.0.0")
    radio = Radio("--sim=devices=2,flash=ideal", "--watch=0")
    tap.check(adapter_ready(), "bluetoothd takes the adapter and turns it on")
    before = radio.status()
    screen = Screen(tap, "workbench", image)
    look(screen)
    upload(screen)
    tune(screen, radio)
    cancel(tap, screen, radio, before)
    lose(screen, radio)
    resume(tap, screen, radio, sha256_of(image))
    screen.keys("1")
    screen.shows("updated", "the list says what became of it")
    screen.keys("q")
    screen.end()
    radio.stop()


main(job)
