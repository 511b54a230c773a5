#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: a session in the workbench by keys alone, over bluetoothd, from the list
of devices to runs compared and exported.  What the screen and the files say is compared
with what the device says."""

import csv
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import BUILD, FIRST, OTABENCH, Bluez, Lines, Otabench, Radio, adapter_ready
from guest import main, run, sample_image, sha256_of

SIZE = 300000
DEVICE = "esp-sim-01"
VERSION = "3.0.0"
# Seconds for a whole transfer, and more than pty_play is patient, so that it is the one
# to end it, with the screen.
LONG = 600


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
        """Waits for a text that must come; nothing that follows makes sense without it."""
        answer, told = self._do("until " + text, LONG)
        if not self.tap.check(answer is not None, what, told):
            raise RuntimeError("the screen does not show " + text)

    def gone(self, text, what):
        answer, told = self._do("gone " + text, LONG)
        if not self.tap.check(answer is not None, what, told):
            raise RuntimeError("the screen still shows " + text)

    def text(self):
        answer, told = self._do("screen", LONG)
        if answer is None:
            raise RuntimeError(told)
        return told

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


def choose(screen):
    screen.keys("4")
    screen.shows("no image chosen", "there is no image to begin with")
    screen.keys("o")
    screen.shows("image file:", "o asks for the image's file")
    screen.keys("im\\t")
    screen.shows("image.bin", "Tab completes its name")
    screen.keys("\\r")
    screen.shows("may be sent", "the image is looked at")
    screen.shows(VERSION, "its version is shown")


def upload(screen):
    screen.keys("2u")
    screen.shows("y/n", "u asks before it uploads")
    screen.keys("y")
    screen.shows("[DATA]", "y begins the update")


def tune(tap, screen, radio):
    radio.received(20000, LONG)
    screen.keys("]")
    screen.shows("pacing_us=100: in force now", "the pacing is changed while it sends")
    screen.keys("}")
    screen.shows("window=", "and the window")
    screen.keys("p")
    screen.shows("paused 0", "p pauses")
    had = radio.status()["received"]
    screen.keys("p")
    screen.gone("paused 0", "p goes on")
    tap.check(radio.received(had + 40000, LONG), "the device receives more", radio.status())


def cancel(tap, screen, radio, before):
    screen.keys("x")
    screen.shows("y/n", "x asks before it cancels")
    screen.keys("y")
    screen.shows("cancelled:", "y cancels")
    now = radio.status()
    tap.check(now["state"] == "idle" and now["sha256"] == before["sha256"],
              "the device is idle and runs what it ran", now)


def counted(radio):
    """The most that the device has had of an image so far."""
    return max(e["received"] for e in radio.events if e["event"] == "status")


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
    screen.shows(">r Reconnect, resume", "Recover offers to resume")
    screen.shows("$ otabench", "with its command line")
    screen.keys("r")
    screen.shows("y/n", "r asks before it resumes")
    screen.keys("y")
    screen.shows("confirmed:", "it resumes, and is proved")
    now = radio.status()
    tap.check(now["sha256"] == sha256 and not now["pending_verify"],
              "the device runs what was sent", now)
    screen.keys("\\\\resumed\\r")
    screen.shows("! resumed", "the Control log says that it was resumed")


def history(*arguments):
    """The events of 'otabench history', without the result."""
    told = Otabench("history", *arguments)
    _, status = told.result()
    if status != 0:
        raise RuntimeError(told.story())
    return told.events[:-1]


def compare(tap, screen):
    """The run that ended well with the one that was cancelled: newest first, of three."""
    screen.keys("5")
    screen.shows("3 runs", "History lists the runs")
    screen.keys(" j ")  # a mark goes down a line
    screen.keys("c")
    screen.shows("compare 3 vs 1", "two that are marked are compared")
    screen.shows("changed keys:", "what was changed between them is shown")
    seen = screen.text()
    tap.check("confirmed" in seen and "cancelled" in seen and "#1 " in seen and "#3 " in seen,
              "the screen shows both runs", seen)
    keys = history("compare", "3", "1")[0]["keys"]
    changes = ["%s %s->%s" % (name, key["b"], key["a"]) for name, key in keys.items()]
    tap.check("retries 5->0" in changes and all(change in seen for change in changes),
              "and the key that was set, with all that 'otabench history compare' finds",
              "%s\n%s" % (changes, seen))
    screen.keys("c")
    screen.gone("compare 3 vs 1", "c closes the comparison")


def export(screen, name):
    screen.keys("E")
    screen.shows("write the runs to:", "E asks for the file")
    screen.keys("\x15%s\\r" % name)
    screen.shows("2 runs written to " + name, "the two runs are written to " + name)


def course(path):
    """The samples and the marks of each run in an exported series."""
    samples, marks = {}, {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["mark"]:
                marks.setdefault(int(row["run"]), []).append(
                    (float(row["t"]), row["mark"], int(row["value"]), row["text"]))
            else:
                samples.setdefault(int(row["run"]), []).append(tuple(
                    float(row[name]) if row[name] else None for name in
                    ("t", "queued", "received", "flushed", "rate", "rssi", "ring")))
    return samples, marks


def course_of_json(lines):
    samples, marks = {}, {}
    for line in lines:
        if line["event"] == "mark":
            marks.setdefault(line["run"], []).append(
                (line["t"], line["mark"], line["value"], line["text"]))
        elif line["event"] == "sample":
            samples.setdefault(line["run"], []).append(tuple(
                line[name] for name in
                ("t", "queued", "received", "flushed", "rate", "rssi", "ring")))
    return samples, marks


def exported(tap, image, before, cancelled_at, resumed_at):
    """The files hold the known contents of the device and of the image's file."""
    with open("runs.ndjson", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    runs = {line["run"]: line for line in lines if line["event"] == "run"}
    size, sha256 = os.path.getsize(image), sha256_of(image)
    tap.check(sorted(runs) == [1, 3] and all(
        r["address"] == FIRST and r["device"] == DEVICE and r["image"] == os.path.realpath(image)
        and r["size"] == size and r["sha256"] == sha256 and r["version"] == VERSION
        and r["mtu"] == 517 and not r["virtual_clock"] for r in runs.values()),
              "NDJSON: both runs, of that device and that image", runs)
    one, three = runs[1], runs[3]
    tap.check(one["outcome"] == "cancelled" and one["keys"]["retries"]["asked"] == "5"
              and one["running_sha256"] == before["sha256"]
              and 20000 <= one["received"] <= cancelled_at,
              "NDJSON: the first was cancelled at what the device had then",
              "%s\n%d" % (one, cancelled_at))
    tap.check(three["outcome"] == "confirmed" and three["keys"]["retries"]["asked"] == "0"
              and three["running_sha256"] == sha256 and three["running_version"] == VERSION
              and three["received"] == size and three["resumed_from"] == resumed_at
              and three["bytes"] == size - resumed_at,
              "NDJSON: the last went on where the device was, and all of it was received",
              "%s\n%d" % (three, resumed_at))
    samples, marks = course("runs.csv")
    tap.check((samples, marks) == course_of_json(lines), "CSV: the same course as NDJSON",
              open("runs.csv", encoding="utf-8").read())
    tap.check(samples[3][-1][2] == size and samples[1][-1][2] == one["received"]
              and all(a[2] <= b[2] for series in samples.values()
                      for a, b in zip(series, series[1:])),
              "CSV: the count of received bytes only grows, to what was received", samples)
    return runs


def listed(tap, runs):
    """The same on the command line."""
    told = {r["run"]: r for r in history("list")}
    apart = ("t", "event", "keys", "schema")
    same = {number: {name: told[number].get(name) for name in r if name not in apart}
            == {name: r[name] for name in r if name not in apart}
            for number, r in runs.items() if number in told}
    tap.check(sorted(told) == [1, 2, 3] and same == {1: True, 3: True}
              and told[2]["outcome"] == "link-lost",
              "'otabench history' lists the same runs", told)
    text, status = run(OTABENCH, "history")
    rows = [line.split() for line in text.splitlines()[1:]]
    tap.check(status == 0 and [row[0] for row in rows] == ["3", "2", "1"]
              and all(DEVICE in row and VERSION in row for row in rows)
              and ["ok" in rows[0], "LINK" in rows[1], "cancel" in rows[2]] == [True] * 3,
              "and in words", text)


def job(tap):
    if not os.path.exists(BUILD + "/pty_play"):
        tap.skip("the workbench by keys alone", "there is no terminal: libvterm is not installed")
        return
    os.environ["OTABENCH_HISTORY"] = os.path.abspath("history.db")
    Bluez()
    image = sample_image("image.bin", SIZE, VERSION)
    radio = Radio("--sim=devices=2,flash=ideal", "--watch=0")
    tap.check(adapter_ready(), "bluetoothd takes the adapter and turns it on")
    before = radio.status()
    screen = Screen(tap, "workbench")
    look(screen)
    choose(screen)
    upload(screen)
    tune(tap, screen, radio)
    cancel(tap, screen, radio, before)
    cancelled_at = counted(radio)
    lose(screen, radio)
    resumed_at = radio.status()["received"]
    resume(tap, screen, radio, sha256_of(image))
    compare(tap, screen)
    export(screen, "runs.csv")
    export(screen, "runs.ndjson")
    listed(tap, exported(tap, image, before, cancelled_at, resumed_at))
    screen.keys("1")
    screen.shows("updated", "the list says what became of it")
    screen.keys("q")
    screen.shows("not written", "it asks before what :set changed is lost")
    screen.keys("y")
    screen.end()
    radio.stop()


main(job)
