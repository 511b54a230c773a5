#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clients/vectors.json is the worked exchanges of docs/protocol.md, which the device's core is
held to as well (test_device_doc); and the reference clients write what stands there, byte by
byte, when they hear what stands there.  TAP on standard output.

usage: client_vectors.py            the test
       client_vectors.py --write    clients/vectors.json from the specification
"""
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys

SOURCE = os.path.abspath(os.environ["OTABENCH_SRCDIR"])
VECTORS = os.path.join(SOURCE, "clients", "vectors.json")
NAMES = ("basic", "full", "resume")
sys.path.insert(0, os.path.join(SOURCE, "clients", "python"))
sys.dont_write_bytecode = True


def bytes_of(text):
    return "".join(re.findall(r"\b[0-9a-f]{2}\b", text))


def steps_of(block):
    """A line a step; a line without a sign goes on with the one before it."""
    steps = []
    for line in block.splitlines():
        line = line.split(";")[0].rstrip()
        if line[:1] == "*":
            if "did not hear" in line:
                steps.pop()  # of no concern to a client: it never came
            elif "reboot" in line or "link lost" in line:
                steps.append({"event": "disconnected"})
        elif line[:1] in ("<", ">", "x") and line:
            steps.append({"from": "device" if line[0] == "<" else "host",
                          "on": line.split()[1].lower(), "hex": bytes_of(line[10:])})
            if line[0] == "x":
                steps[-1]["lost"] = True
        elif line.strip():
            steps[-1]["hex"] += bytes_of(line)
    return steps


def from_specification():
    with open(os.path.join(SOURCE, "docs", "protocol.md"), encoding="utf-8") as file:
        text = file.read()
    blocks = dict(re.findall(r"^```(image|sha256|exchange \w+)\n(.*?)^```", text, re.M | re.S))
    steps = {name: steps_of(blocks["exchange " + name]) for name in NAMES}
    # That one ends with DONE: it goes on as the other does.
    reboot = steps["full"].index({"event": "disconnected"})
    steps["resume"] += steps["full"][reboot:]
    return {
        "source": "docs/protocol.md, section 13",
        "mtu": 23,
        "image": bytes_of(blocks["image"]),
        "sha256": bytes_of(blocks["sha256"]),
        "exchanges": [{"name": name, "steps": steps[name]} for name in NAMES],
    }


def as_text(vectors):
    return json.dumps(vectors, indent=1) + "\n"


class Wrong(Exception):
    """The client does not do what the exchange has."""


class Script:
    """A link for clients/python that is an exchange: what the client writes has to be the next
    that the host writes there, and what the device says follows."""

    def __init__(self, vectors, exchange):
        self.mtu = vectors["mtu"]
        self.steps = list(exchange["steps"])
        self.basic = exchange["name"] == "basic"
        self.queue = []

    def next(self, kinds):
        return bool(self.steps) and (self.steps[0].get("from") or "event") in kinds

    async def open(self):
        if self.next(["event"]):
            self.steps.pop(0)
        # A question that the client need not ask, with its answer.
        if self.next(["host"]) and self.steps[0]["hex"] == "05":
            del self.steps[:2]

    async def read_info(self):
        if self.basic:
            return None
        if self.next(["device"]) and self.steps[0]["on"] == "info":
            return bytes.fromhex(self.steps.pop(0)["hex"])
        return bytes(94)  # an exchange in mid life does not show it

    def wrote(self, on, value):
        if on == "data" and self.next(["event"]):
            return  # it never arrives
        if not self.next(["host"]) or (self.steps[0]["on"], self.steps[0]["hex"]) != (on,
                                                                                   value.hex()):
            raise Wrong("%s %s in place of %s" % (on, value.hex(), self.steps[:1]))
        self.steps.pop(0)
        while self.next(["device"]) and self.steps[0]["on"] == "control":
            self.queue.append(bytes.fromhex(self.steps.pop(0)["hex"]))

    async def write_control(self, value):
        self.wrote("control", value)

    async def write_data(self, value, answer=False):
        if answer != self.basic:
            raise Wrong("the wrong kind of write")
        self.wrote("data", value)

    def heard_already(self):
        return self.queue.pop(0) if self.queue else None

    async def heard(self, _seconds):
        if not self.queue and self.next(["event"]):
            import otabench_client
            raise otabench_client.Lost("the link has ended")
        return self.heard_already()

    async def wait_closed(self):
        if not self.next(["event"]):
            raise Wrong("it waits for a reboot that is not there")

    async def close(self):
        pass


async def play(vectors, exchange):
    """The outcome of clients/python, and what it left of the exchange."""
    import otabench_client
    script = Script(vectors, exchange)
    try:
        outcome = await otabench_client.Update(script, bytes.fromhex(vectors["image"])).run()
    except (Wrong, otabench_client.Refused, otabench_client.Lost) as error:
        outcome = "%s: %s" % (type(error).__name__, error)
    left = [step for step in script.steps if step.get("from") == "host"]
    return outcome, left


def main():
    vectors = from_specification()
    if sys.argv[1:] == ["--write"]:
        with open(VECTORS, "w", encoding="ascii") as file:
            file.write(as_text(vectors))
        return 0
    results = []
    with open(VECTORS, encoding="ascii") as file:
        results.append((file.read() == as_text(vectors),
                        "clients/vectors.json is the specification's (make client-vectors)", ""))
    wanted = {"basic": "delivered", "full": "confirmed", "resume": "confirmed"}
    for exchange in vectors["exchanges"]:
        outcome, left = asyncio.run(play(vectors, exchange))
        results.append((outcome == wanted[exchange["name"]] and not left,
                        "clients/python writes the exchange '%s'" % exchange["name"],
                        "%s, not written: %s" % (outcome, left)))
    player = os.path.join(SOURCE, "tests", "unit", "web_vectors.js")
    if shutil.which("node"):
        run = subprocess.run(["node", player, SOURCE], capture_output=True, text=True, check=False)
        lines = run.stdout.splitlines()
        for name in NAMES:
            results.append(("ok " + name in lines, "clients/web writes the exchange '%s'" % name,
                            run.stdout + run.stderr))
    for number, (good, title, said) in enumerate(results, 1):
        if not good:
            print("".join("# " + line[:300] + "\n" for line in said.splitlines()), end="")
        print("%sok %d - %s" % ("" if good else "not ", number, title))
    if not shutil.which("node"):
        print("ok %d - clients/web # SKIP node is not installed" % (len(results) + 1))
    print("1..%d" % (len(results) + (0 if shutil.which("node") else 1)))
    return 0


sys.exit(main())
