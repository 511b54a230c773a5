# SPDX-License-Identifier: Apache-2.0
"""A page in Chromium, driven by the DevTools protocol over a pipe, whose Bluetooth adapter is the
one that Chromium emulates (its domain BluetoothEmulation); bumble does what the page asks of it.

Chromium 156 emulates connections, discovery, reads, writes and subscriptions, but no notifications:
nothing in the domain sends one.  What a device notifies reaches the page as the answer to a read of
the same characteristic, since the end of a read fires the same event as a notification does."""

import asyncio
import base64
import json
import os
import shutil
import tempfile

ADDRESS = "24:6F:28:AA:10:01"
NAME = "esp-sim-01"
SERVICE = "fb1e4001-54ae-4a28-9f74-dfccb248601d"
CLIENT_CONFIGURATION = "00002902-0000-1000-8000-00805f9b34fb"
OK, UNLIKELY = 0x00, 0x0E  # ATT
TIMEOUT = 0x08  # HCI's connection timeout
PATIENCE = 60  # s for one answer of a browser on a machine with much else to do
UPDATE_SECONDS = 180  # for a whole update

# Keeps hold of the characteristic, so that NOTIFY can read it.
WATCH = """
const start = BluetoothRemoteGATTCharacteristic.prototype.startNotifications;
BluetoothRemoteGATTCharacteristic.prototype.startNotifications = function () {
	globalThis.notifying = this;
	return start.call(this);
};
"""
NOTIFY = "notifying.readValue().then(() => true, (error) => error.message)"
ENDED = """new Promise((resolve) => {
	const result = document.getElementById("result");
	const look = () => result.textContent !== "" && resolve(result.textContent);

	new MutationObserver(look).observe(result, { childList: true });
	look();
})"""


def program():
    return shutil.which("chromium") or shutil.which("google-chrome")


class DevTools:
    """Chromium without a window, and its protocol: JSON with a NUL behind each message."""

    def __init__(self, program):
        self.program, self.number, self.waiting, self.heard = program, 0, {}, {}

    async def __aenter__(self):
        self.folder = os.path.abspath(tempfile.mkdtemp(dir="."))
        to_browser, self.to = os.pipe()
        self.came, from_browser = os.pipe()
        with open(self.folder + "/log", "w") as log:
            await self.launch(to_browser, from_browser, log)
        os.close(to_browser)
        os.close(from_browser)
        self.lines = asyncio.StreamReader(limit=1 << 24)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self.lines), os.fdopen(self.came, "rb"))
        self.reading = asyncio.create_task(self.read())
        return self

    async def launch(self, to_browser, from_browser, log):
        """It takes its pipe from the descriptors 3 and 4.  No sandbox: root may have none."""
        self.process = await asyncio.create_subprocess_exec(
            "bash", "-c", 'exec "$@" 3<&%d 4>&%d' % (to_browser, from_browser), "bash",
            self.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--enable-blink-features=WebBluetooth",  # off by default on Linux
            "--user-data-dir=" + self.folder, "--remote-debugging-pipe",
            "about:blank", pass_fds=(to_browser, from_browser),
            stdout=log, stderr=log)

    async def __aexit__(self, *_):
        try:
            await self.call("Browser.close")
        except (RuntimeError, OSError, TimeoutError):
            if self.process.returncode is None:
                self.process.kill()
        await self.process.wait()
        self.reading.cancel()
        os.close(self.to)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def read(self):
        try:
            while True:
                said = json.loads((await self.lines.readuntil(b"\0"))[:-1])
                if "id" in said:
                    waiting = self.waiting.pop(said["id"])
                    if not waiting.done():
                        waiting.set_result(said)
                elif said["method"] in self.heard:
                    self.heard[said["method"]](said["params"])
        except asyncio.IncompleteReadError:
            with open(self.folder + "/log") as log:
                why = [line for line in log if "Check failed" in line or "FATAL" in line]
            for waiting in self.waiting.values():
                if not waiting.done():
                    waiting.set_result({"error": {"message": "Chromium ended %s" % why}})

    async def call(self, method, session=None, seconds=PATIENCE, **params):
        self.number += 1
        answer = self.waiting[self.number] = asyncio.get_running_loop().create_future()
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(seconds):
            said = await answer
        if "error" in said:
            raise RuntimeError("%s: %s" % (method, said["error"]["message"]))
        return said["result"]


class Page:
    """One page, its emulated adapter and the link of bumble's behind that."""

    def __init__(self, browser, central):
        self.browser, self.central = browser, central
        self.stack, self.connects, self.problems, self.tasks = None, 0, [], set()
        self.chosen = set()

    async def call(self, method, **params):
        # The adapter is the whole browser's.
        session = None if method.startswith("BluetoothEmulation") else self.session
        return await self.browser.call(method, session, **params)

    async def evaluate(self, expression, seconds=PATIENCE):
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True,
                               returnByValue=True, seconds=seconds)
        return told["result"].get("value", told["result"].get("description"))

    def spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.problems.append(repr(task.exception()))

    async def open(self, path):
        created = await self.browser.call("Target.createTarget", url="about:blank")
        self.session = (await self.browser.call(
            "Target.attachToTarget", targetId=created["targetId"], flatten=True))["sessionId"]
        operations = asyncio.Queue()
        self.browser.heard = {
            "DeviceAccess.deviceRequestPrompted": lambda p: self.prompted(**p),
            "BluetoothEmulation.gattOperationReceived": operations.put_nowait,
            "BluetoothEmulation.characteristicOperationReceived": operations.put_nowait,
        }
        self.spawn(self.serve(operations))
        await self.call("Page.enable")
        await self.call("DeviceAccess.enable")
        await self.call("BluetoothEmulation.enable", state="powered-on", leSupported=True)
        await self.call("BluetoothEmulation.simulatePreconnectedPeripheral", address=ADDRESS,
                        name=NAME, manufacturerData=[], knownServiceUuids=[SERVICE])
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        loaded = asyncio.get_running_loop().create_future()
        self.browser.heard["Page.loadEventFired"] = loaded.set_result
        await self.call("Page.navigate", url="file://" + path)
        await asyncio.wait_for(loaded, PATIENCE)

    async def node(self, selector):
        root = (await self.call("DOM.getDocument"))["root"]["nodeId"]
        return (await self.call("DOM.querySelector", nodeId=root, selector=selector))["nodeId"]

    async def click(self, selector):
        """With the mouse: a browser lets a page ask for a device only after a user did that."""
        box = (await self.call("DOM.getBoxModel", nodeId=await self.node(selector)))["model"]
        x, y = box["content"][0] + box["width"] / 4, box["content"][1] + box["height"] / 4
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                            clickCount=1)

    def prompted(self, id, devices):
        """Told at each change of the list; Chromium ends itself if one is chosen twice."""
        if devices and id not in self.chosen:
            self.chosen.add(id)
            self.spawn(self.call("DeviceAccess.selectPrompt", id=id, deviceId=devices[0]["id"]))

    # --- what the page does with its device

    async def serve(self, operations):
        """In their order, as browsers do one after the other."""
        while True:
            operation = await operations.get()
            if "characteristicId" in operation:
                await self.characteristic(**operation)
            else:
                await self.gatt(operation["type"])

    async def gatt(self, type):
        code = OK
        if type == "connection":
            self.connects += 1
            try:
                await self.connect()
            except Exception as error:  # whatever a stack may say, a browser tells it so
                self.problems.append(repr(error))
                code = TIMEOUT
        await self.call("BluetoothEmulation.simulateGATTOperationResponse", address=ADDRESS,
                        type=type, code=code)

    async def connect(self):
        self.stack = await self.central.connect(247)
        self.spawn(self.notify(self.stack))
        self.spawn(self.watch(self.stack))
        self.found, self.owed = {}, None
        for service in self.stack.peer.services:
            if service.uuid.to_hex_str("-").lower() != SERVICE:
                continue
            added = await self.call("BluetoothEmulation.addService", address=ADDRESS,
                                    serviceUuid=SERVICE)
            for characteristic in service.characteristics:
                await self.add(added["serviceId"], characteristic)

    async def add(self, service, characteristic):
        has = characteristic.properties
        added = await self.call(
            "BluetoothEmulation.addCharacteristic", serviceId=service,
            characteristicUuid=characteristic.uuid.to_hex_str("-").lower(),
            properties={"read": bool(has & has.READ), "write": bool(has & has.WRITE),
                        "writeWithoutResponse": bool(has & has.WRITE_WITHOUT_RESPONSE),
                        "notify": bool(has & has.NOTIFY)})
        self.found[added["characteristicId"]] = characteristic
        if has & has.NOTIFY:
            await self.call("BluetoothEmulation.addDescriptor", descriptorUuid=CLIENT_CONFIGURATION,
                            characteristicId=added["characteristicId"])

    async def characteristic(self, characteristicId, type, data="", writeType="", **_):
        answer, code = {}, OK
        try:
            value = await self.operate(self.found[characteristicId], type, base64.b64decode(data),
                                       writeType)
            if value is not None:
                answer["data"] = base64.b64encode(value).decode()
        except Exception:  # of a link that has ended
            code = UNLIKELY
        if writeType != "write-without-response":
            await self.call("BluetoothEmulation.simulateCharacteristicOperationResponse",
                            characteristicId=characteristicId, type=type, code=code, **answer)

    async def operate(self, characteristic, type, value, kind):
        if type == "read" and self.owed is not None:
            notified, self.owed = self.owed, None
            return notified
        if type == "read":
            return bytes(await characteristic.read_value())
        if type == "write":
            await characteristic.write_value(value, with_response=kind == "write-with-response")
        return None  # central.connect() has subscribed

    async def notify(self, stack):
        while True:
            self.owed = await stack.told.get()
            await self.evaluate(NOTIFY)

    async def watch(self, stack):
        await asyncio.shield(stack.gone)
        await self.call("BluetoothEmulation.simulateGATTDisconnection", address=ADDRESS)

    async def run(self, path, image):
        """What the page tells at the end."""
        await self.open(path)
        await self.call("DOM.setFileInputFiles", files=[os.path.abspath(image)],
                        nodeId=await self.node("#image"))
        await self.click("#go")
        result = await self.evaluate(ENDED, UPDATE_SECONDS)
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return result
