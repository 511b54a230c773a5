# SPDX-License-Identifier: Apache-2.0
"""What the jobs inside the rig share: the bus, bluetoothd, otabench-radio and its
control channel, otabench itself, and results as TAP."""

import json
import os
import subprocess
import sys
import threading
import time

BUILD = os.environ["OTABENCH_BUILDDIR"]
SOURCE = os.environ["OTABENCH_SRCDIR"]
BLUETOOTHD = "/usr/libexec/bluetooth/bluetoothd"
FIRST = "24:6F:28:AA:10:01"  # esp-sim-01


class Tap:
    """One line a result, so that a job which dies shows how far it came."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, good, name, detail=""):
        self.count += 1
        if not good:
            self.failed += 1
            for line in str(detail).splitlines():
                print("# " + line)
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name), flush=True)
        return good

    def skip(self, name, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, name, why), flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print("# " + line, flush=True)

    def end(self):
        print("1..%d" % self.count, flush=True)
        return 1 if self.failed else 0


def wait_for(condition, seconds):
    """The condition's value once it is true, or its last one."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > until:
            return value
        time.sleep(0.05)


class Bluez:
    """dbus-daemon, once, and a bluetoothd that can be killed and started again."""

    def __init__(self):
        os.makedirs("/run/dbus", exist_ok=True)
        subprocess.run(["dbus-uuidgen", "--ensure"], check=True)
        subprocess.run(["dbus-daemon", "--system", "--fork", "--nopidfile"], check=True)
        self.daemon = None
        self.start()

    def start(self):
        log = open("bluetoothd.log", "ab")
        self.daemon = subprocess.Popen([BLUETOOTHD, "-n"], stdout=log, stderr=log)

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def cpu_and_memory(self):
        """Seconds of processor, and kB of resident memory at its peak."""
        return process_usage(self.daemon.pid)


def process_usage(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(") ", 1)[1].split()
    ticks = int(fields[11]) + int(fields[12])
    peak = 0
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1])
    return ticks / os.sysconf("SC_CLK_TCK"), peak


class Capture:
    """btmon's capture of everything, for the host to look at afterwards."""

    def __init__(self, path):
        self.process = subprocess.Popen(["btmon", "-w", path], stdout=subprocess.DEVNULL)
        time.sleep(0.5)

    def stop(self):
        time.sleep(0.3)
        self.process.terminate()
        self.process.wait()


class Lines:
    """A process that prints JSON objects, one a line; what it said is in events."""

    def __init__(self, command, log):
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True)
        self.events = []
        self.ended = False
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.events.append(json.loads(line))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, wanted, seconds, start=0):
        """The first event from start on that is wanted, or None."""
        until = time.monotonic() + seconds
        with self.changed:
            while True:
                for event in self.events[start:]:
                    if wanted(event):
                        return event
                start = len(self.events)
                left = until - time.monotonic()
                if left <= 0 or self.ended:
                    return None
                self.changed.wait(left)


class Radio(Lines):
    """An otabench-radio."""

    def __init__(self, *options):
        super().__init__([BUILD + "/otabench-radio", "--control", "-v", *options], "radio.log")
        if not self.wait(lambda e: e["event"] == "ready", 20):
            raise RuntimeError("otabench-radio did not start; see radio.log")

    def command(self, text):
        start = len(self.events)
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        answer = self.wait(lambda e: e["event"] == "answer", 10, start)
        if not answer or not answer["ok"]:
            raise RuntimeError("otabench-radio refuses: " + text)
        return self.events[start:]

    def status(self, device="esp-sim-01"):
        return [e for e in self.command("status " + device) if e["event"] == "status"][0]

    def received(self, count, seconds=60, address=FIRST):
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

    def __init__(self, *arguments):
        super().__init__([BUILD + "/otabench", "--json", *arguments], "otabench.log")

    def result(self, seconds=300):
        """The result ({} when there was none) and the exit status."""
        self.wait(lambda e: False, seconds)
        status = self.process.wait(10)
        last = self.events[-1] if self.events else {}
        return (last if last.get("event") == "result" else {}), status

    def notes(self, name):
        """The values of the notes of that name, in order."""
        return [e["value"] for e in self.events if e["event"] == "note" and e["note"] == name]


def run(*command, timeout=120):
    """Standard output and error in one, and the exit status."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=timeout)
    return done.stdout, done.returncode


def adapter_ready(seconds=20):
    """Whether bluetoothd has an adapter that is on."""
    def powered():
        text, _ = run("bluetoothctl", "show")
        return "Powered: yes" in text
    return wait_for(powered, seconds)


def sample_image(path, size=65536, version="2.0.0", chip="esp32"):
    text, status = run(BUILD + "/otabench", "sample-image", path, "--size=%d" % size,
                       "--version-text=" + version, "--chip=" + chip)
    if status != 0:
        raise RuntimeError(text)
    return path


def main(job):
    """Runs job(tap), and makes what goes wrong in it a failed result."""
    tap = Tap()
    try:
        job(tap)
    except Exception as error:  # the results so far should not be lost
        import traceback
        tap.check(False, "the job ran to its end: %r" % error, traceback.format_exc())
    sys.exit(tap.end())
