# SPDX-License-Identifier: Apache-2.0
"""Updates an ESP32 as any program may that knows no more than the basic dialect:
subscribe to Control, write 01, wait for 01; write the image to Data in raw
chunks, each with a response; write 04, wait for 03.

usage: bleak_update.py NAME IMAGE        prints one JSON object"""

import asyncio
import json
import sys
import time

from bleak import BleakClient, BleakScanner

SERVICE = "fb1e4001-54ae-4a28-9f74-dfccb248601d"
CONTROL = "fb1e4002-54ae-4a28-9f74-dfccb248601d"
DATA = "fb1e4003-54ae-4a28-9f74-dfccb248601d"
READY, ERROR, DONE = 1, 2, 3


async def update(name, image):
    device = await BleakScanner.find_device_by_filter(
        lambda d, ad: d.name == name and SERVICE in ad.service_uuids, timeout=20)
    if device is None:
        return {"outcome": "not found"}
    told = asyncio.Queue()
    async with BleakClient(device) as client:
        await client.start_notify(CONTROL, lambda _, value: told.put_nowait(bytes(value)))
        # MTU - 3, but no value is longer than 512, Core Vol 3 Part F 3.2.9
        chunk = min(client.services.get_characteristic(DATA).max_write_without_response_size, 512)
        await client.write_gatt_char(CONTROL, b"\x01", response=True)
        while True:  # erasing may report itself first
            answer = await asyncio.wait_for(told.get(), 30)
            if answer[0] in (READY, ERROR):
                break
        if answer[0] == ERROR:
            return {"outcome": "refused", "answer": answer.hex()}
        start = time.monotonic()
        for at in range(0, len(image), chunk):
            await client.write_gatt_char(DATA, image[at:at + chunk], response=True)
        seconds = time.monotonic() - start
        await client.write_gatt_char(CONTROL, b"\x04", response=True)
        while answer[0] not in (DONE, ERROR):
            answer = await asyncio.wait_for(told.get(), 60)
    return {
        "outcome": "done" if answer[0] == DONE else "error",
        "answer": answer.hex(),
        "chunk": chunk,
        "goodput": round(len(image) / seconds),
    }


def main():
    with open(sys.argv[2], "rb") as file:
        image = file.read()
    print(json.dumps(asyncio.run(update(sys.argv[1], image))))


main()
