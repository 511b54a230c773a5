# SPDX-License-Identifier: Apache-2.0
"""clients/web updates virtual ESP32s: its page runs in node, where navigator.bluetooth stands for
bumble, which is at otabench-radio's socket.  test_chromium.py tries it in a browser."""

import asyncio
import json
import os
import shutil
import traceback

from bumble_host import fresh, with_central
from guest import SOURCE, sample_image, sha256_of
from results import main

PAGE = os.path.join(SOURCE, "clients/web/index.html")
PLAYER = os.path.join(SOURCE, "tests/interop/web_bluetooth.js")


class Browser:
    """One run of the page; what it calls is done by bumble."""

    def __init__(self, central):
        self.central, self.stack, self.connects = central, None, 0

    def say(self, **fields):
        self.process.stdin.write(json.dumps(fields).encode() + b"\n")

    async def notified(self, stack):
        while True:
            value = await stack.told.get()
            self.say(event="notified", uuid=self.control, value=value.hex())

    async def watch(self, stack):
        notifying = asyncio.create_task(self.notified(stack))
        await stack.gone
        notifying.cancel()
        self.say(event="disconnected")

    async def done(self, call, uuid="", value="", **_):
        if call == "connect":
            self.connects += 1
            self.stack = await self.central.connect(247)
            self.watching = asyncio.create_task(self.watch(self.stack))
        elif call == "disconnect":
            await self.stack.connection.disconnect()
        elif call == "find" and self.stack.find(uuid) is None:
            raise LookupError("no such characteristic")
        elif call == "subscribe":
            self.control = uuid  # bumble's Stack has done so
        elif call == "read":
            return bytes(await self.stack.find(uuid).read_value()).hex()
        elif call == "command" and uuid:
            await self.stack.find(uuid).write_value(bytes.fromhex(value), with_response=False)
        elif call == "request" and uuid.startswith("fb1e4002"):
            await self.stack.write_control(bytes.fromhex(value))
        elif call == "request":
            await self.stack.write_data_request(bytes.fromhex(value))
        return ""

    async def answer(self, id, **fields):
        try:
            self.say(id=id, value=await self.done(**fields))
        except LookupError as error:
            self.say(id=id, error=str(error), name="NotFoundError")
        except Exception as error:  # whatever a stack may say, a browser tells it so
            self.say(id=id, error=repr(error), name="NetworkError")

    async def run(self, image):
        """The page's message at the end."""
        self.process = await asyncio.create_subprocess_exec(
            "node", PLAYER, PAGE, image, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE)
        result, answers = None, []
        async for line in self.process.stdout:
            said = json.loads(line)
            if "result" in said:
                result = said["result"]
            else:  # in their order, as browsers do one after the other
                await self.answer(**said)
        await self.process.wait()
        return result


def update_job(size, version, wanted, connects, what):
    async def job(tap, central, radio):
        image = sample_image(fresh(".bin"), size, version)
        before = radio.status()
        browser = Browser(central)
        result = await browser.run(image)
        tap.check(result == wanted, what + ": the page ends with " + wanted, result)
        tap.check(browser.connects == connects, what + ": %d links" % connects, browser.connects)
        after = await asyncio.to_thread(
            radio.wait_status, lambda s: s["boots"] > before["boots"] and s["sha256"], 30)
        tap.check(after and after["sha256"] == sha256_of(image),
                  what + ": the device runs the image", after)
    return job


async def jobs(tap):
    running = [
        with_central(update_job(100000, "2.0.0", "confirmed", 2, "full"), tap,
                     "dialect=full,flash=typical"),
        with_central(update_job(100000, "2.0.0", "confirmed", 3, "full, its link lost"), tap,
                     "dialect=full,flash=typical,fault=disconnect@50000"),
        with_central(update_job(20000, "2.0.0", "delivered", 1, "basic"), tap,
                     "dialect=basic,flash=typical"),
    ]
    for error in await asyncio.gather(*running, return_exceptions=True):
        if error is not None:
            tap.check(False, "a job ran to its end", "".join(traceback.format_exception(error)))


def job(tap):
    if shutil.which("node") is None:
        tap.skip("clients/web", "node is not installed")
    else:
        asyncio.run(jobs(tap))


main(job)
