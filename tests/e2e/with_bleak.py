# SPDX-License-Identifier: Apache-2.0
"""In the rig: bleak updates a virtual ESP32."""

import json
import sys

from guest import SOURCE, Radio, adapter_ready, run, sample_image, sha256_of


def bleak_job(tap, bleak, dialect):
    """A plain script on bleak; what PYTHONPATH names comes before the system's."""
    image = sample_image("bleak.bin", 98304, "3.0.0")
    radio = Radio("--sim=devices=1,flash=typical,dialect=" + dialect, "--watch=0")
    adapter_ready()
    before = radio.status()
    text, status = run(sys.executable, SOURCE + "/tests/e2e/bleak_update.py", "esp-sim-01", image,
                       timeout=300)
    try:
        result = json.loads(text.splitlines()[-1])
    except (ValueError, IndexError):
        result = {"outcome": "exit status %d" % status}
    what = "a %s device" % dialect
    tap.check(result["outcome"] == "done" and result.get("chunk") == 512,
              "%s updates %s by the basic dialect" % (bleak, what), text)
    radio.wait_status(lambda s: s["boots"] > before["boots"], 20)
    after, sha256 = radio.status(), sha256_of(image)
    tap.check(after["version"] == "3.0.0" and after["slot"] != before["slot"]
              and after["sha256"] == sha256,
              "%s runs what %s sent" % (what, bleak), "%s\n%s\n%s" % (before, after, sha256))
    tap.note("%s, %s: %s" % (bleak, dialect, result))
    radio.stop()
