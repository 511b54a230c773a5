# SPDX-License-Identifier: Apache-2.0
"""Functions shared by the jobs inside the rig: the bus, bluetoothd, otabench-radio and its
control channel, and otabench itself."""

import asyncio
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import bus
from results import main  # for the jobs

BUILD = os.environ["OTABENCH_BUILDDIR"]
SOURCE = os.environ["OTABENCH_SRCDIR"]
GENERATION = "/generation"  # another Debian's kernel and bluetoothd, if these run
BLUETOOTHD = next(path for path in (
    GENERATION + "/bin/bluetoothd", "/usr/libexec/bluetooth/bluetoothd") if os.path.exists(path))
FIRST = "24:6F:28:AA:10:01"  # esp-sim-01
STORAGE = "/var/lib/bluetooth"  # what bluetoothd remembers
OTABENCH = BUILD + "/otabench"
OTABENCH_RADIO = BUILD + "/otabench-radio"
# A limit only for what never comes: idle seconds of virtual time cost nothing, and
# the rig's own limit is on real ones.
START_SECONDS = 600


class Lines:
    """A process that prints JSON objects, or what else parse makes of a line; what it
    said is in events, and each can be waited for."""

    def __init__(self, command, log=None, parse=json.loads):
        with open(log or os.devnull, "ab") as file:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=file if log else subprocess.STDOUT, text=True, errors="replace")
        self.events = []
        self.ended = False  # it will say no more
        self.changed = threading.Condition()
        threading.Thread(target=self._read, args=(parse,), daemon=True).start()

    def _read(self, parse):
        for line in self.process.stdout:
            event = parse(line)
            self.heard(event)
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def heard(self, event):
        """Called with every event, by the thread that reads."""

    def wait(self, wanted, seconds, start=0):
        """The first event from start on that is wanted, or None."""
        until = time.monotonic() + seconds
        with self.changed:
            while True:
                while start < len(self.events):
                    if wanted(self.events[start]):
                        return self.events[start]
                    start += 1
                left = until - time.monotonic()
                if left <= 0 or self.ended:
                    return None
                self.changed.wait(left)

    def wait_end(self, seconds):
        """True if it closes its output within that time."""
        with self.changed:
            return self.changed.wait_for(lambda: self.ended, seconds)

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def usage(self):
        """Seconds of processor so far, and kB of resident memory at its peak."""
        return process_usage(self.process.pid)


def process_usage(pid):
    """Seconds of processor so far, and kB of resident memory at its peak."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(") ", 1)[1].split()
    ticks = int(fields[11]) + int(fields[12])
    peak = 0
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1])
    return ticks / os.sysconf("SC_CLK_TCK"), peak


class Bluez:
    """dbus-daemon, once, and a bluetoothd that can be killed and started again."""

    def __init__(self, start=True):
        os.makedirs("/run/dbus", exist_ok=True)
        subprocess.run(["dbus-uuidgen", "--ensure"], check=True)
        os.makedirs(STORAGE, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "bluetooth", STORAGE], check=True)
        subprocess.run(["dbus-daemon", "--system", "--fork", "--nopidfile"], check=True)
        self.daemon = None
        if start:
            self.start()

    def start(self):
        log = open("bluetoothd.log", "ab")
        self.daemon = subprocess.Popen([BLUETOOTHD, "-n"], stdout=log, stderr=log)

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def stop(self):
        """As systemctl does: it may write what it has to."""
        self.daemon.terminate()
        self.daemon.wait()

    def forget(self):
        """While there is no adapter: the next one knows no device, its attributes, or
        the connection interval that it asked for last."""
        for name in os.listdir(STORAGE):
            shutil.rmtree(STORAGE + "/" + name)

    def usage(self):
        return process_usage(self.daemon.pid)


class Capture(Lines):
    """btmon's capture of everything, for the host to look at afterwards."""

    def __init__(self, path):
        super().__init__(["stdbuf", "-oL", "btmon", "-w", path], parse=str.rstrip)
        # The kernel's greeting: from here on nothing is missed.
        if not self.wait(lambda line: "Note: Bluetooth subsystem" in line, START_SECONDS):
            raise RuntimeError("btmon did not start: %s" % self.events)

    def stop(self):
        """After the last adapter went, whose end is in the capture when this returns."""
        gone = sum("= Delete Index" in line for line in self.events)
        come = sum("= New Index" in line for line in self.events)
        if come > gone:
            self.wait(lambda line: "= Delete Index" in line, 20, len(self.events) - 1)
        self.process.terminate()
        self.process.wait()


def forget_devices():
    """Removes otabench's memory of devices: those that are made anew have the same addresses."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    shutil.rmtree(state + "/otabench/known", ignore_errors=True)


class Radio(Lines):
    """An otabench-radio; its devices are new ones unless they have a folder (state=).

    kept: otabench takes them for those that it has met."""

    def __init__(self, *options, kept=False):
        if not kept and not any("state=" in option for option in options):
            forget_devices()
        super().__init__([OTABENCH_RADIO, "--control", "-v", *options], "radio.log")
        if not self.wait(lambda e: e["event"] == "ready", START_SECONDS):
            raise RuntimeError("otabench-radio did not start; see radio.log")

    def command(self, text):
        start = len(self.events)
        self.say(text)
        answer = self.wait(lambda e: e["event"] == "answer", 10, start)
        if not answer or not answer["ok"]:
            raise RuntimeError("otabench-radio refuses: " + text)
        return self.events[start:]

    def status(self, device="esp-sim-01"):
        return [e for e in self.command("status " + device) if e["event"] == "status"][-1]

    def wait_status(self, wanted, seconds, device="esp-sim-01"):
        """The status that is wanted, now or when it comes about, or None; needs --watch=0."""
        start = len(self.events)
        self.status(device)
        return self.wait(
            lambda e: e["event"] == "status" and e["device"] == device and wanted(e),
            seconds, start)

    def received(self, count, seconds=START_SECONDS, address=FIRST):
        """Waits until a device has that many bytes of an image; wants --watch=MS."""
        return self.wait(lambda e: e["event"] == "status" and e["address"] == address
                         and e["received"] >= count, seconds, len(self.events))

    def stop(self):
        """The adapter is gone when this returns."""
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()


class Otabench(Lines):
    """otabench --json ARGUMENT...; the last event is the result."""

    peak = 0  # kB of resident memory

    def __init__(self, *arguments):
        with open("otabench.log", "a") as log:
            log.write("--- otabench %s\n" % " ".join(arguments))
        self.words_at = os.path.getsize("otabench.log")
        super().__init__([OTABENCH, "--json", *arguments], "otabench.log")

    def heard(self, event):
        """wait4()'s figure of memory counts this program's, too, which it was before exec."""
        if event["event"] == "state":
            try:
                self.peak = max(self.peak, self.usage()[1])
            except OSError:  # killed meanwhile
                pass

    def interrupt(self):
        """As Ctrl-C; returns when that was, on the clock of every event's "t"."""
        at = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return at

    def result(self, seconds=START_SECONDS):
        """The result ({} when there was none) and the exit status; then what it used
        is known: cpu in seconds, and peak in kB of memory when its state changed last."""
        if not self.wait_end(seconds):
            self.process.kill()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        last = self.events[-1] if self.events else {}
        return (last if last.get("event") == "result" else {}), self.process.returncode

    def notes(self, name):
        """The values of the notes of that name, in order."""
        return [e["value"] for e in self.events if e["event"] == "note" and e["note"] == name]

    def story(self):
        """For a failed check: how it went, without the many events of a transfer."""
        with open("otabench.log") as log:
            log.seek(self.words_at)
            words = log.read()
        return "\n".join([json.dumps(e) for e in self.events
                          if e["event"] not in ("progress", "log")] + [words])


class Bluetoothctl(Lines):
    """An interactive bluetoothctl; its lines without colour."""

    def __init__(self):
        super().__init__(["bluetoothctl"], parse=lambda line: re.sub(
            r"\x1b\[[0-9;]*[mK]|[\x01\x02\r\n]", "", line))
        # Commands before it has found bluetoothd are lost.
        if not self.wait(lambda line: "Agent registered" in line, START_SECONDS):
            raise RuntimeError("bluetoothctl did not start: %s" % self.events)

    def wait_for(self, pattern, seconds=20, start=0):
        """The match of the first line that has one, or None."""
        line = self.wait(lambda line: re.search(pattern, line), seconds, start)
        return re.search(pattern, line) if line is not None else None

    def text(self):
        return "\n".join(self.events)

    def quit(self):
        self.say("quit")
        self.wait_end(20)
        self.process.wait()


def run(*command, timeout=START_SECONDS):
    """Standard output and error in one, and the exit status."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=timeout)
    return done.stdout, done.returncode


def adapter_ready(seconds=START_SECONDS):
    """True if bluetoothd has an adapter that is on, or gets one in that time."""
    return asyncio.run(bus.wait_powered(seconds))


def device_known(address=FIRST):
    """Device1's properties in bluetoothd now; None: there is no such object."""
    found = asyncio.run(bus.look(lambda path, has: bus.DEVICE in has
                                 and has[bus.DEVICE]["Address"].value == address))
    return found[bus.DEVICE] if found else None


def adapter_known():
    """Adapter1's properties in bluetoothd now, or None."""
    found = asyncio.run(bus.look(lambda path, has: bus.ADAPTER in has))
    return found[bus.ADAPTER] if found else None


def sample_image(path, size=65536, version="2.0.0", chip="esp32", kind="esp"):
    text, status = run(OTABENCH, "sample-image", path, "--size=%d" % size,
                       "--version-text=" + version, "--force",
                       "--kind=mcuboot" if kind == "mcuboot" else "--chip=" + chip)
    if status != 0:
        raise RuntimeError(text)
    return path


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
