#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The screen of 'otabench serve' in a pseudo-terminal, over an org.bluez of the test's own: a
client that sends data before READY and then updates the virtual ESP32, keys that drop its link,
terminals of other sizes, and each way to end it.  TAP on standard output."""

import asyncio
import os
import sys

from serve_daemon import (BUILD, PATIENCE, PROGRAM, Bluetoothd, BusLink, private_bus,
                          sample_image)
from serve_daemon import otabench_client

PLAYER = BUILD + "/pty_play"
SIM = "--sim=flash=ideal,seed=3,chip=esp32c3,project=gateway,version=1.4.2"
if not os.path.exists(PLAYER):
    print("1..0 # SKIP pty_play is not built: libvterm is not installed")
    sys.exit(0)

count = 0


def check(good, name, detail=""):
    global count
    count += 1
    if not good:
        for line in str(detail).splitlines():
            print("# " + line[:300])
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)
    return good


class Screen:
    """otabench serve in an emulated terminal, which pty_play is."""

    def __init__(self, process):
        self.process = process

    @classmethod
    async def start(cls, *arguments, term="tmux-256color", cwd=None):
        return cls(await asyncio.create_subprocess_exec(
            PLAYER, "/usr/bin/env", "TERM=" + term, PROGRAM, "serve", "--name=bench", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, cwd=cwd))

    async def do(self, command):
        """What was printed, and whether pty_play could do it."""
        self.process.stdin.write((command + "\n").encode())
        await self.process.stdin.drain()
        told = []
        while True:
            line = (await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)).decode()
            if not line:
                return False, "".join(told)
            if line.startswith("done"):
                return line.rstrip("\n"), "".join(told)
            told.append(line)

    async def keys(self, text):
        await self.do("keys " + text)

    async def shows(self, text, what):
        answer, told = await self.do("until " + text)
        if not check(answer == "done", what, told):
            raise RuntimeError("the screen does not show " + text)

    async def text(self):
        return (await self.do("screen"))[1]

    async def end(self, status, what):
        """pty_play looks whether the terminal is as before."""
        answer, told = await self.do("end")
        check(answer == "done %d" % status, what, "%s\n%s" % (answer, told))
        self.process.stdin.close()
        await self.process.wait()

    def kill(self):
        if self.process.returncode is None:
            self.process.kill()


class Hasty(otabench_client.Update):
    """Sends a value before START, at the first try."""

    def __init__(self, link, image):
        super().__init__(link, image)
        self.hasty = True

    async def transfer(self):
        if self.hasty:
            self.hasty = False
            await self.link.write_data(bytes(2) + self.image[:100])
            await self.link.heard(PATIENCE)  # the device's ERROR
        await super().transfer()


class HeldLink(BusLink):
    """Stops each time that so many bytes were written, until it may go on, so that keys come in
    time."""

    def __init__(self, daemon, step, holds):
        super().__init__(daemon)
        self.step, self.holds = step, holds
        self.left, self.held, self.may_go = step, asyncio.Event(), asyncio.Event()

    async def write_data(self, value, answer=False):
        self.left -= len(value)
        if self.left < 0 and self.holds > 0:
            self.holds -= 1
            self.left = self.step
            self.held.set()
            await self.may_go.wait()
            self.may_go.clear()
        await super().write_data(value, answer)

    async def wait_held(self):
        await asyncio.wait_for(self.held.wait(), PATIENCE)
        self.held.clear()

    def go_on(self):
        self.may_go.set()


async def whole(address, image, screens):
    daemon = await Bluetoothd.create(address)
    screen = await Screen.start("--grade", SIM)
    screens.append(screen)
    await screen.shows("otabench serve: bench", "the screen tells the device's name")
    await screen.shows("hci0 02:0B:E0:00:00:01: advertises", "... adapter, address and state")
    await screen.shows("simulated ESP32-C3, dialect full, gateway 1.4.2, slot 0",
                       "... what is simulated")
    await screen.keys("d")
    await screen.shows("no client has a link", "a key without a client says that there is none")
    link = HeldLink(daemon, len(image) // 2, 1)
    outcome = asyncio.create_task(Hasty(link, image).run())
    await screen.shows("client sent data before READY (4.1): START was not written",
                       "a client that sends data before READY is named")
    await screen.shows("5A:00:00:00:00:01 for", "... its address is there")
    await screen.shows("ATT MTU 247, notifications on", "... its MTU and what it subscribed to")
    await screen.shows("received", "... and the device's progress")
    await screen.keys("d")
    await screen.shows("~ the link is dropped", "d drops the link, and the log says so")
    await screen.shows("link lost: supervision-timeout", "... which is lost then")
    link.go_on()
    check(await asyncio.wait_for(outcome, PATIENCE) == "confirmed",
          "the client resumes and ends confirmed")
    await screen.shows("gateway 2.0.0, slot 1", "the screen has the version that runs now")
    await screen.shows("100 %", "... and the end of the update")
    await screen.keys("q")
    await screen.shows("rules:", "q ends it without a client, and the verdict is printed")
    text = await screen.text()
    check("client sent data before READY" in text and "1 broken" in text, "... with the fault", text)
    await screen.end(65, "... status 65, and the terminal is as before")
    check(daemon.calls[-1] == "UnregisterApplication", "all of it is taken back", daemon.calls)
    daemon.bus.disconnect()


async def befalls(address, image, screens):
    """Each key that causes something, in one update."""
    daemon = await Bluetoothd.create(address)
    screen = await Screen.start(SIM)
    screens.append(screen)
    await screen.shows("advertises", "a screen whose keys are pressed")
    link = HeldLink(daemon, len(image) // 5, 3)
    outcome = asyncio.create_task(otabench_client.Update(link, image).run())
    await link.wait_held()
    for key, told in (("b", "~ the Bluetooth task stands still for 2 s"),
                      ("e", "~ erases take ten times as long"),
                      ("n", "~ the next new image will not come up"),
                      ("h", "~ the device ends the link")):
        await screen.keys(key)
        await screen.shows(told, "%s: %s" % (key, told[2:]))
    await screen.shows("link lost: by-device", "... which it does")
    link.go_on()
    await link.wait_held()
    await screen.keys("r")
    await screen.shows("2 starts", "r resets the device")
    link.go_on()
    await link.wait_held()
    await screen.keys("p")
    await screen.shows("the power goes in the next flash operation", "p tells what it will do")
    link.go_on()
    await screen.shows("1 power cut", "... and it does so when the flash works again")
    try:
        refused = await asyncio.wait_for(outcome, PATIENCE)
    except otabench_client.Refused as error:
        refused = str(error)
    check("rolled back" in refused, "the image that does not come up is rolled back", refused)
    await screen.shows("1 roll-back", "... which the screen counts")
    await screen.shows("gateway 1.4.2, slot 0", "... with the version that runs")
    await screen.keys("\x03")
    await screen.end(0, "Ctrl-C ends it, with a client or without")
    daemon.bus.disconnect()


async def sizes(address, screens, folder):
    daemon = await Bluetoothd.create(address)
    screen = await Screen.start(SIM, cwd=folder)
    screens.append(screen)
    await screen.shows("none is connected", "a screen without a client")
    await screen.do("size 200 50")
    await screen.shows("Rules of the protocol", "a large terminal has the list of rules")
    await screen.do("size 20 5")
    await screen.shows("nothing was written", "a small one has the figures")
    await screen.do("size 10 2")
    await screen.shows("too small", "a smaller one says that it is too small")
    await screen.do("size 80 24")
    await screen.shows("Log ──", "... and gets its screen back")
    await screen.keys("?")
    await screen.shows("cut the device's power", "? lists the keys")
    await screen.keys("q")
    await screen.shows("none is connected", "q closes the list, and ends nothing")
    await BusLink(daemon).open()
    await screen.shows("notifications on", "a client")
    for name in ("otabench-serve.log", "otabench-serve-2.log"):
        await screen.keys("E")
        await screen.shows("written to " + name, "E writes the log to " + name)
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        check("> notifications on" in text, "... all of it", text)
    await screen.keys("q")
    await screen.shows("q again ends", "q asks while there is one")
    await screen.keys("q")
    await screen.shows("1 connection, 0 values", "q again ends, and a line remains")
    await screen.end(0, "... status 0, and the terminal is as before")
    check("Disconnect" in daemon.calls, "... the client's link is ended", daemon.calls)
    daemon.bus.disconnect()


async def ends(address, screens):
    for what, command, status in (("Ctrl-C", "keys \x03", 0), ("SIGTERM", "signal 15", 0),
                                  ("SIGINT", "signal 2", 0)):
        daemon = await Bluetoothd.create(address)
        screen = await Screen.start("--grade", SIM)
        screens.append(screen)
        await screen.shows("advertises", "a screen for " + what)
        await screen.do(command)
        await screen.shows("rules: 0 kept, 0 broken, 23 unseen", what + " prints the verdict")
        await screen.end(status, "... with the terminal as before")
        daemon.bus.disconnect()
    daemon = await Bluetoothd.create(address)
    screen = await Screen.start("--grade", SIM)
    screens.append(screen)
    await screen.shows("advertises", "a screen whose bluetoothd ends")
    daemon.bus.disconnect()
    await screen.shows("bluetoothd is gone", "... says so on the shell's screen")
    await screen.end(69, "... status 69, and the terminal is as before")
    daemon = await Bluetoothd.create(address)
    screen = await Screen.start(SIM)
    screens.append(screen)
    await screen.shows("advertises", "a screen whose terminal goes away")
    screen.kill()
    await asyncio.wait_for(daemon.given_up.wait(), PATIENCE)
    check(True, "... takes all of it back")
    daemon.bus.disconnect()


async def lines(address, screens):
    for what, arguments, term in (("--lines", ["--lines"], "tmux-256color"),
                                  ("a terminal that cannot place its cursor", [], "dumb")):
        daemon = await Bluetoothd.create(address)
        screen = await Screen.start(*arguments, SIM, term=term)
        screens.append(screen)
        await screen.shows("bench on hci0 (02:0B:E0:00:00:01); Ctrl-C ends it",
                           what + " has lines")
        await screen.shows("advertises as bench", "... of what happens")
        await asyncio.wait_for(daemon.on_air.wait(), PATIENCE)
        await screen.do("signal 2")
        await screen.end(0, "... and ends")
        daemon.bus.disconnect()


def main():
    with private_bus() as (folder, address):
        image = sample_image(folder, 131072, "--chip=esp32c3", "--project=gateway",
                             "--version-text=2.0.0")
        screens = []
        try:
            asyncio.run(whole(address, image, screens))
            asyncio.run(befalls(address, image, screens))
            asyncio.run(sizes(address, screens, folder))
            asyncio.run(ends(address, screens))
            asyncio.run(lines(address, screens))
        finally:
            for screen in screens:
                screen.kill()
    print("1..%d" % count)


main()
