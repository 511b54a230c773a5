# SPDX-License-Identifier: Apache-2.0
"""Updates over bluetoothd that are measured: which, how, and as a table.  The job
that tests them and the one that prints the bench have the same rows."""

import collections
import json
import os
import time

from guest import Capture, Otabench, Radio, adapter_ready, run, sample_image, sha256_of

Row = collections.namedtuple("Row", "mode phy interval settings size ratio rate flash",
                             defaults=("usual",))
# ratio: of the link's ceiling, to be reached; rate: in bytes per second; 0: measured only;
# flash: --sim=flash_mode of the device

KEEP = ("connection_interval_ms=keep",)  # 50 ms: what Linux starts with
FAST = ("connection_interval_ms=15",)
ROWS = (
    Row("request", "1M", 15, FAST, 600000, 0, 0),
    Row("command", "1M", 15, FAST, 600000, 0.72, 0),
    Row("acquire", "1M", 15, FAST, 600000, 0.72, 0),
    Row("command", "2M", 15, FAST, 600000, 0, 102000),
    Row("acquire", "2M", 15, FAST, 600000, 0, 102000),
    Row("acquire", "1M", 15, FAST, 600000, 0.90, 0, "auto-suspend"),
    Row("acquire", "2M", 15, FAST, 600000, 0, 110000, "auto-suspend"),
    # An image of 150 kB: half a minute of the slowest.
    Row("request", "1M", 50, KEEP, 150000, 0, 0),
    Row("command", "1M", 50, KEEP, 600000, 0, 0),
    Row("acquire", "1M", 50, KEEP, 600000, 0, 0),
    Row("acquire", "1M", 15, FAST, 150000, 0, 0),
)


def title(row):
    return "%s, %s, %g ms, %d kB, flash %s" % (row.mode, row.phy, row.interval,
                                               row.size // 1000, row.flash)


def idle():
    """Seconds that the processor was idle, which is exact, and the time.  What it was
    busy with is not: the kernel samples that."""
    with open("/proc/stat") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return (ticks[3] + ticks[4]) / os.sysconf("SC_CLK_TCK"), time.monotonic()


def fresh_radio(bluez, *options):
    """As if no device had been met before, with an adapter that is on."""
    bluez.forget()
    radio = Radio(*options)
    if not adapter_ready():
        raise RuntimeError("bluetoothd has no adapter that is on")
    return radio


class Update:
    """One row, run: result, status, the radio's last status, and what it cost."""

    def __init__(self, bluez, row, options=(), watch=True):
        self.row = row
        version = "2.%d.%d" % (row.size // 1000, row.interval)
        self.image = sample_image("image.bin", row.size, version)
        self.sha256 = sha256_of(self.image)
        radio = fresh_radio(bluez, "--sim=devices=1,flash=typical,flash_mode=%s,phy=%s" % (
            row.flash, row.phy),
                            *(["--watch=0"] if watch else []))
        if row.phy == "2M":
            # Linux lets controllers use 1M only, unless it is told otherwise.
            run("btmgmt", "phy", "LE1MTX", "LE1MRX", "LE2MTX", "LE2MRX")
        before = bluez.usage()[0], radio.usage()[0]
        self.otabench = Otabench(
            "flash", "esp-sim-01", self.image, "--set=write_mode=" + row.mode,
            *["--set=" + setting for setting in row.settings], *options)
        self.otabench.wait(lambda e: e["event"] == "ready", 60)
        start = idle()
        self.otabench.wait(lambda e: e["event"] == "state" and e["from"] == "sending", 300)
        end = idle()
        self.result, self.status = self.otabench.result()
        self.busy = 1 - (end[0] - start[0]) / (end[1] - start[1])
        after = bluez.usage(), radio.usage()
        self.cpu = self.otabench.cpu, after[0][0] - before[0], after[1][0] - before[1]
        self.peak = self.otabench.peak, after[0][1], after[1][1]
        self.model, self.chunk = self.simulated()
        self.after = radio.status()
        self.told = [e for e in radio.events if e["event"] == "status"]
        radio.stop()

    def good(self):
        """Confirmed, as the row says, and by what the device itself holds."""
        r, row = self.result, self.row
        return (self.status == 0 and r.get("outcome") == "confirmed"
                and self.after["sha256"] == self.sha256 and not self.after["pending_verify"]
                and (r["mtu"], r["chunk"], r["write_mode"]) == (517, self.chunk, row.mode)
                and (r.get("interval_ms"), r.get("phy")) == (row.interval, row.phy))

    def simulated(self):
        """The same in otabench's own simulator: neither bluetoothd, kernel nor processor."""
        row = self.row
        twin = Otabench("flash", "esp-sim-01", self.image, "--set=write_mode=" + row.mode,
                        "--sim=devices=1,flash=typical,flash_mode=%s,buffers=8x251,"
                        "phy=%s,interval=%g" % (row.flash, row.phy, row.interval))
        result = twin.result()[0]
        return result.get("goodput", 0), result.get("chunk")

    def fast(self):
        return (self.result.get("ratio", 0) >= self.row.ratio
                and self.result.get("goodput", 0) >= self.row.rate)

    def story(self):
        return "%s\n%s" % (self.otabench.story(), json.dumps(self.after))

    def ahead(self, field="received"):
        """The progress events that told of more than the radio had counted by then,
        and how many there were.  Both have the guest's monotonic clock, and the radio
        tells a change before the host can have heard of it."""
        progress = [e for e in self.otabench.events if e["event"] == "progress"]
        first = [e for e in progress if e["state"] == "sending"]
        wrong, at, counted = [], 0, 0
        for event in first:
            while at < len(self.told) and self.told[at]["t"] <= event["t"]:
                counted = self.told[at]["received"]
                at += 1
            if (event[field] or 0) > counted:
                wrong.append("%s at %.6f s: %d of %d" % (field, event["t"], event[field], counted))
        return wrong, len(first)


ABOVE = "%-86s   %-34s   %s" % ("", "CPU seconds", "peak memory, MiB")
HEAD = "%-8s %-3s %4s %4s %-12s %7s %6s %7s %6s %8s %7s %6s   %8s %10s %6s %5s   %8s %10s %5s" % (
    "mode", "PHY", "ms", "kB", "flash", "s", "kB/s", "ceiling", "ratio", "target", "", "model",
    "otabench", "bluetoothd", "radio", "busy", "otabench", "bluetoothd", "radio")


def line(update):
    row, r = update.row, update.result
    start = "%-8s %-3s %4g %4d %-12s" % (row.mode, row.phy, row.interval, row.size // 1000,
                                         row.flash)
    if not update.good():
        return start + " FAILED: " + r.get("text", "no result")
    target = ("%.2f" % row.ratio if row.ratio
              else "%d kB/s" % (row.rate // 1000) if row.rate else "")
    met = "" if not target else "met" if update.fast() else "MISSED"
    return "%s %7.3f %6.1f %7.1f %6.3f %8s %7s %6.1f   %8.2f %10.2f %6.2f %4.0f%%   %8.1f %10.1f %5.1f" % (
        start, r["seconds"], r["goodput"] / 1000, r["ceiling"] / 1000, r["ratio"], target, met,
        update.model / 1000, *update.cpu, 100 * update.busy, *[kb / 1024 for kb in update.peak])


def captured(bluez):
    """One under btmon; whoever started the rig looks at update.btsnoop and keeps it."""
    capture = Capture("update.btsnoop")
    done = Update(bluez, Row("acquire", "1M", 15, FAST, 150000, 0, 0))
    capture.stop()
    return done
