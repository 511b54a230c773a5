#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In the rig: the table of `make bench` over bluetoothd, and a capture of one update."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["OTABENCH_SRCDIR"], "tests/e2e"))
from guest import Bluez, main
from measure import ABOVE, HEAD, ROWS, Update, captured, line


def job(tap):
    bluez = Bluez()
    print(ABOVE + "\n" + HEAD, flush=True)
    for row in ROWS:
        done = Update(bluez, row, watch=False)
        print(line(done), flush=True)
        tap.failed += not done.good() or not done.fast()
    tap.failed += not captured(bluez).good()


main(job)
