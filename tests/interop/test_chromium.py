# SPDX-License-Identifier: Apache-2.0
"""clients/web updates virtual ESP32s in Chromium: a mouse presses the page's button, and its
device is one that Chromium emulates, behind which bumble is at otabench-radio's socket.  What
notifications do not show of a real browser, chromium.py says."""

import asyncio
import os
import traceback

import chromium
from bumble_host import fresh, with_central
from guest import SOURCE, sample_image, sha256_of
from results import main

PAGE = os.path.join(SOURCE, "clients/web/index.html")
WRONG_CHIP = "error 16 while sending"  # INVALID_IMAGE, section 6


async def page_result(tap, central, image, what):
    async with chromium.DevTools(chromium.program()) as browser:
        page = chromium.Page(browser, central)
        result = await page.run(PAGE, image)
        tap.check(not page.problems, what + ": Chromium did all that it was asked", page.problems)
    return result, page.connects


def update_job(size, wanted, connects, what):
    async def job(tap, central, radio):
        image = sample_image(fresh(".bin"), size)
        before = radio.status()
        result, links = await page_result(tap, central, image, what)
        tap.check(result == wanted, what + ": the page ends with " + wanted, result)
        tap.check(links == connects, what + ": %d links" % connects, links)
        after = await asyncio.to_thread(
            radio.wait_status, lambda s: s["boots"] > before["boots"] and s["sha256"], 30)
        tap.check(after and after["sha256"] == sha256_of(image),
                  what + ": the device runs the image", after)
    return job


async def wrong_job(tap, central, radio):
    """An image for another chip."""
    image = sample_image(fresh(".bin"), 30000, chip="esp32c3")
    before = radio.status()
    result, _ = await page_result(tap, central, image, "wrong image")
    tap.check(result == WRONG_CHIP, "wrong image: the page tells the device's error", result)
    after = radio.status()
    tap.check(after["boots"] == before["boots"] and after["sha256"] == before["sha256"],
              "wrong image: the device keeps what it runs", after)


async def jobs(tap):
    """One after the other: a browser is some processes, each with threads of its own."""
    for job, sim in (
            (update_job(100000, "confirmed", 2, "full"), "dialect=full,flash=typical"),
            (update_job(100000, "confirmed", 3, "full, its link lost"),
             "dialect=full,flash=typical,fault=disconnect@50000"),
            (update_job(2000, "delivered", 1, "basic"), "dialect=basic,flash=typical"),
            (wrong_job, "dialect=full,flash=typical")):
        try:
            await with_central(job, tap, sim)
        except Exception:
            tap.check(False, "a job ran to its end", traceback.format_exc())


def job(tap):
    if chromium.program() is None:
        tap.skip("clients/web in a browser", "chromium is not installed")
    else:
        asyncio.run(jobs(tap))


main(job)
