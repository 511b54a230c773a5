#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: what goes wrong in mid update, and what is done about it.  Each scenario
has a device of its own."""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import FIRST, SOURCE, Bluetoothctl, Bluez, Capture, Otabench, Radio, adapter_known
from guest import adapter_ready, device_known, main, run, sample_image, sha256_of

SIZE = 163840
DEVICE = "esp-sim-01"
SECOND = "24:6F:28:AA:10:02"


class Bench:
    """One scenario's radio, image and results."""

    def __init__(self, tap, bluez, name, *radio, sim="devices=1,flash=ideal"):
        self.tap, self.bluez, self.name = tap, bluez, name
        self.options = ["--sim=" + sim, "--watch=0", *radio]
        self.image = sample_image("%s.bin" % name, SIZE)
        self.sha256 = sha256_of(self.image)
        self.size = os.path.getsize(self.image)
        self.plug_in()
        self.before = self.radio.status()

    def plug_in(self):
        self.radio = Radio(*self.options)
        if not adapter_ready():
            raise RuntimeError("bluetoothd does not take the adapter")

    def end(self):
        run("bluetoothctl", "remove", FIRST)
        run("bluetoothctl", "remove", SECOND)
        self.radio.stop()

    def check(self, good, what, detail=""):
        return self.tap.check(good, "%s: %s" % (self.name, what), detail)

    def flash(self, *arguments, device=DEVICE, command="flash"):
        return Otabench(command, device, self.image, *arguments)

    def sent(self, share, **kw):
        """Waits until the device has that share of the image."""
        if not self.radio.received(int(self.size * share), **kw):
            raise RuntimeError("the transfer did not get to %d %%" % (100 * share))

    def ends(self, run, outcome, status, what=None):
        """The end of a run."""
        result, got = run.result()
        self.check(got == status and result.get("outcome") == outcome,
                   what or "ends %s, status %d" % (outcome, status),
                   "status %d\n%s" % (got, run.story()))
        return result

    def names(self, result, cause, cure=""):
        """The first cause that the result names, and words of its cure."""
        causes = result.get("diagnosis") or [{}]
        self.check(causes[0].get("id") == cause and cure in causes[0].get("cure", ""),
                   "names the cause: " + cause, json.dumps(causes))

    def proved(self, run, what="goes on, and is proved"):
        """The run ended well, and the device runs the image."""
        result = self.ends(run, "confirmed", 0, what)
        after = self.radio.status()
        self.check(after["sha256"] == self.sha256 and after["slot"] != self.before["slot"]
                   and not after["pending_verify"] and result.get("running_sha256") == self.sha256,
                   "the device runs what was sent", "%s\n%s" % (after, self.sha256))
        return result

    def untouched(self):
        after = self.radio.status()
        same = all(after[key] == self.before[key] for key in ("slot", "sha256", "version"))
        self.check(same, "what runs is untouched", "%s\n%s" % (self.before, after))

    def went_on(self, run, reason, least=1):
        """The loss has a name; each try after the first was resumed, and not from the start."""
        offsets = run.notes("resumed")
        told = [e["text"] for e in run.events if e["event"] == "note" and e["note"] == "link-lost"]
        # A daemon that starts ends what its forerunner left, which may cost a try.
        self.check(told and told[0] == "link lost: " + reason, "it is told as %s" % reason, told)
        self.check(offsets and min(offsets) >= least, "is resumed from %d or later" % least,
                   offsets)

    def adapter_told(self, run):
        """It went and came, whatever else was heard of the link."""
        self.check(run.notes("adapter")[:2] == [0, 1], "the adapter's going and coming are told",
                   run.story())

    def resume(self, least=1):
        """A second run that needs something to go on with."""
        result = self.proved(self.flash(command="resume"), "'otabench resume' ends confirmed")
        self.check(result.get("resumed_from", 0) >= least,
                   "it began where the device was", result)


def lost(bench, share):
    run = bench.flash()
    bench.sent(share)
    bench.radio.command("silent %s on" % DEVICE)
    bench.proved(run)
    bench.went_on(run, "supervision-timeout")


def lost_early(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    lost(bench, 0.1)
    bench.end()


def lost_middle(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    lost(bench, 0.5)
    bench.end()


def lost_late(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    lost(bench, 0.95)
    bench.end()


def given_up(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    run = bench.flash("--set=retries=0")
    bench.sent(0.4)
    bench.radio.command("silent %s on" % DEVICE)
    bench.ends(run, "link-lost", 75)
    bench.untouched()
    bench.resume()
    bench.end()


def out_of_reach(tap, bluez, name):
    """The device cannot be reached again until the run has given up."""
    bench = Bench(tap, bluez, name)
    run = bench.flash("--set=retries=2")
    bench.sent(0.4)
    bench.radio.command("mute %s on" % DEVICE)
    bench.radio.command("silent %s on" % DEVICE)
    bench.names(bench.ends(run, "not-found", 75), "out-of-range", "closer")
    bench.untouched()
    bench.radio.command("mute %s off" % DEVICE)
    bench.resume()
    bench.end()


def daemon(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    run = bench.flash()
    bench.sent(0.4)
    bluez.kill()
    bluez.start()
    bench.proved(run)
    bench.went_on(run, "no-adapter")
    bench.adapter_told(run)
    bench.end()


def daemon_away(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    run = bench.flash("--set=retries=2")
    bench.sent(0.4)
    bluez.kill()
    bench.names(bench.ends(run, "no-adapter", 75), "bluetoothd-gone", "systemctl start bluetooth")
    bluez.start()
    adapter_ready()
    bench.untouched()
    bench.resume()
    bench.end()


def daemon_stopped(tap, bluez, name):
    """It keeps its name and its sockets, and the device is silent for no fault of its own."""
    bench = Bench(tap, bluez, name)
    run = bench.flash()
    bench.sent(0.4)
    bluez.daemon.send_signal(signal.SIGSTOP)
    told = run.wait(lambda e: e["event"] == "diagnosis" and
                    e["diagnosis"]["id"] == "bluetoothd-silent", 60)
    bluez.daemon.send_signal(signal.SIGCONT)
    bench.check(told, "a daemon that is stopped is named", run.story())
    bench.proved(run)
    bench.end()


def adapter(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    run = bench.flash()
    bench.sent(0.4)
    bench.radio.command("unplug")
    if not run.wait(lambda e: e["event"] == "note" and e["note"] == "adapter", 60):
        raise RuntimeError("nothing was told of an adapter that is gone")
    bench.radio.command("plug")
    bench.proved(run)
    bench.adapter_told(run)
    bench.end()


def radio_dies(tap, bluez, name):
    """Adapter and devices are gone at once, and come back with what the flash kept."""
    bench = Bench(tap, bluez, name, sim="devices=1,flash=ideal,state=/tmp/" + name)
    run = bench.flash("--set=retries=1")
    bench.sent(0.6)
    bench.radio.process.kill()
    bench.radio.process.wait()
    bench.names(bench.ends(run, "no-adapter", 75), "adapter-gone", "Plug it in")
    bench.plug_in()
    bench.untouched()
    bench.resume(65536)
    bench.end()


def reboot(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    run = bench.flash()
    bench.sent(0.6)
    bench.radio.command("reset %s" % DEVICE)
    bench.names(bench.proved(run), "device-reset", "go on")
    bench.went_on(run, "supervision-timeout", 65536)
    bench.end()


def closed(tap, bluez, name):
    """By the device, while the write socket is held: the socket's end does not hide the reason."""
    bench = Bench(tap, bluez, name)
    run = bench.flash("--set=write_mode=acquire")
    bench.sent(0.4)
    bench.radio.command("terminate %s" % DEVICE)
    bench.names(bench.proved(run), "hung-up", "log")
    bench.went_on(run, "by-device")
    bench.end()


def twins(tap, bluez, name):
    bench = Bench(tap, bluez, name, "--sim=names=twins", sim="devices=2,flash=ideal")
    run = bench.flash()
    result = bench.ends(run, "not-found", 68, "a name of two devices is refused")
    bench.check(FIRST in result.get("text", "") and SECOND in result.get("text", ""),
                "both addresses are named", result)
    bench.untouched()
    bench.proved(bench.flash(device=FIRST), "by its address it is updated")
    bench.end()


def not_back(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    run = bench.flash("--set=reconnect_timeout_ms=15000")
    bench.sent(0.5)
    bench.radio.command("mute %s on" % DEVICE)
    result = bench.ends(run, "not-back", 75)
    bench.names(result, "no-return", "power")
    bench.check("did not come back" in result.get("text", ""), "the error says so", result)
    bench.radio.command("mute %s off" % DEVICE)
    bench.proved(bench.flash(), "the next run confirms it")
    bench.end()


def held_by_another(bench):
    """Another program that holds Data until its standard input ends."""
    holder = subprocess.Popen([sys.executable, SOURCE + "/tests/e2e/hold_data.py", FIRST],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if not bench.check(holder.stdout.readline() == "held\n", "another program holds Data"):
        raise RuntimeError("hold_data.py ends")
    return holder


def held(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    holder = held_by_another(bench)
    # As most firmwares do while they have a link: it does not advertise.
    bench.radio.command("mute %s on" % DEVICE)
    run = bench.flash()
    result = bench.ends(run, "in-use", 75)
    bench.names(result, "held-here", "End that program")
    bench.check("another program" in result.get("text", "").lower(), "the error says so", result)
    bench.untouched()
    bench.check(bench.radio.status()["connected"] and holder.poll() is None,
                "the other program keeps its link", bench.radio.status())
    holder.stdin.close()
    holder.wait()
    run = bench.flash()
    bench.sent(0.1)
    bench.radio.command("mute %s off" % DEVICE)
    bench.proved(run, "after it let go, it is updated over the link that is there")
    bench.end()


def table_moved(tap, bluez, name):
    bench = Bench(tap, bluez, name, "--sim=table=moved")
    bench.proved(bench.flash(), "the new handles are found")
    bench.end()


def table_shuffled(tap, bluez, name):
    bench = Bench(tap, bluez, name, "--sim=table=shuffled")
    bench.proved(bench.flash(), "the new handles are found")
    bench.end()


def recorded(tap, bluez, name):
    """With a link that is lost, so that there is something to tell."""
    bench = Bench(tap, bluez, name)
    flash = bench.flash("--trace=%s.trace" % name)
    bench.sent(0.5)
    bench.radio.command("silent %s on" % DEVICE)
    result = bench.proved(flash)
    bench.end()
    replay = Otabench("replay", name + ".trace")
    again = bench.ends(replay, "confirmed", 0, "'otabench replay' comes to the same end")
    bench.check(again == result and result["retries"] == 1, "with the same figures",
                json.dumps(result) + "\n" + json.dumps(again))
    told = [[e for e in events if e["event"] in ("state", "note", "link", "ready")]
            for events in (flash.events, replay.events)]
    bench.check(told[0] == told[1], "and tells the same on the way",
                "\n".join(json.dumps(e) for events in told for e in events))


def killed(tap, bluez, name):
    """The program itself, without a chance to say anything; bluetoothd keeps its link."""
    bench = Bench(tap, bluez, name)
    os.environ["OTABENCH_HISTORY"] = os.path.abspath(name + ".db")
    flash = bench.flash()
    bench.sent(0.6)
    flash.process.kill()
    flash.process.wait()
    story = flash.story()
    had = bench.radio.status()["received"]
    history = Otabench("history")
    _, status = history.result()
    runs = [e for e in history.events if e["event"] == "run"]
    bench.check(status == 0 and len(runs) == 1 and runs[0]["outcome"] == "killed"
                and runs[0]["sha256"] == bench.sha256 and 0 < runs[0]["received"] <= had,
                "'otabench history' tells that it was killed, and how far it was",
                "%d\n%s\n%s" % (had, history.story(), story))
    bench.untouched()
    bench.resume()
    history = Otabench("history")
    history.result()
    outcomes = [e["outcome"] for e in history.events if e["event"] == "run"]
    bench.check(outcomes == ["confirmed", "killed"], "the second run stands beside it",
                history.story())
    del os.environ["OTABENCH_HISTORY"]
    bench.end()


def does(bench, what, *arguments):
    """A command that ends well."""
    done = Otabench(*arguments)
    result, status = done.result()
    return bench.check(status == 0 and result.get("ok") is True, what, done.story())


def hang_up(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    holder = held_by_another(bench)
    bench.check(device_known()["Connected"] and bench.radio.status()["connected"],
                "there is a link", device_known())
    does(bench, "'otabench disconnect' ends the other program's link", "disconnect", DEVICE)
    bench.check(not device_known()["Connected"], "bluetoothd has none any more", device_known())
    bench.check(bench.radio.wait_status(lambda s: not s["connected"], 20),
                "nor has the device", bench.radio.status())
    does(bench, "without a link it is a success as well", "disconnect", FIRST)
    holder.stdin.close()
    holder.wait()
    bench.proved(bench.flash(), "then it can be updated")
    bench.end()


def power_cycle(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    control = Bluetoothctl()
    flash = bench.flash()
    bench.sent(0.4)
    start = len(control.events)
    does(bench, "'otabench adapter power-cycle' in mid transfer", "adapter", "power-cycle")
    bench.check(adapter_known()["Powered"], "the adapter is on when it ends", adapter_known())
    bench.proved(flash)
    bench.check(flash.notes("resumed"), "the other program's update was resumed", flash.story())
    told = [line.rsplit(" ", 1)[1] for line in control.events[start:]
            if "Controller" in line and "Powered: " in line]
    # 5.87 tells twice that it is off.
    turns = [turn for turn, before in zip(told, [None] + told) if turn != before]
    bench.check(turns == ["no", "yes"], "it was off and on, once", control.text())
    control.quit()
    bench.end()


def blocked(tap, bluez, name):
    """The device's Bluetooth task, longer than an ESP32's controller keeps what it has."""
    bench = Bench(tap, bluez, name, sim="devices=1,chip=esp32,flash=ideal,fault=block@60000:900")
    result = bench.proved(bench.flash())
    bench.check(result.get("gaps", 0) > 0 and result.get("retries") == 0,
                "what was lost is sent again over the same link", result)
    bench.end()


def unheard(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    bench.radio.command("mute %s on" % DEVICE)
    result = bench.ends(bench.flash("--device-timeout=3"), "not-found", 68)
    bench.names(result, "not-advertising", "power")
    bench.radio.command("mute %s off" % DEVICE)
    bench.proved(bench.flash(), "it is updated when it is heard again")
    bench.end()


def switched_off(tap, bluez, name):
    """The adapter, by another program, in mid transfer."""
    bench = Bench(tap, bluez, name)
    control = Bluetoothctl()
    run = bench.flash("--set=retries=1")
    bench.sent(0.4)
    control.say("power off")
    bench.names(bench.ends(run, "no-adapter", 75), "adapter-off", "power on")
    control.say("power on")
    adapter_ready()
    bench.resume()
    control.quit()
    bench.end()


def refusal(bench, status, cause, cure):
    """The device stays as it was."""
    run = bench.flash()
    result, got = run.result()
    bench.check(got == status, "ends with status %d" % status, run.story())
    bench.names(result, cause, cure)
    bench.untouched()
    bench.end()


def forbidden(tap, bluez, name):
    refusal(Bench(tap, bluez, name, "--sim=permit=no"), 77, "permission", "permission")


def foreign(tap, bluez, name):
    refusal(Bench(tap, bluez, name, "--sim=dialect=foreign"), 76, "dialect", "maker")


def no_boot(tap, bluez, name):
    refusal(Bench(tap, bluez, name, "--sim=fault=no-boot"), 76, "rolled-back", "log")


def on_trial(tap, bluez, name):
    bench = Bench(tap, bluez, name)
    bench.ends(bench.flash("--set=confirm=never"), "unconfirmed", 0, "one is left on trial")
    bench.image = sample_image("%s-3.bin" % name, SIZE, "3.0.0")
    bench.before = bench.radio.status()
    refusal(bench, 76, "on-trial", "Confirm")


def erases(tap, bluez, name):
    bench = Bench(tap, bluez, name, "--sim=fault=slow-erase:20", sim="devices=1,flash=typical")
    bench.names(bench.proved(bench.flash()), "erasing", "Wait")
    bench.end()


SCENARIOS = (lost_early, lost_middle, lost_late, given_up, out_of_reach, daemon, daemon_away,
             daemon_stopped, adapter, radio_dies, reboot, closed, twins, not_back, held,
             table_moved, table_shuffled, recorded, killed, hang_up, power_cycle, blocked,
             unheard, switched_off, forbidden, foreign, no_boot, on_trial, erases)


def job(tap):
    bluez = Bluez()
    capture = Capture("faults.btsnoop")
    for scenario in SCENARIOS:
        name = scenario.__name__.replace("_", "-")
        if any(map(name.startswith, os.environ.get("RIG_ONLY", "").split(","))):
            scenario(tap, bluez, name)
    capture.stop()


main(job)
