# SPDX-License-Identifier: Apache-2.0
"""Results as TAP."""

import sys
import threading
import traceback


class Tap:
    """One line a result, so that a job which dies shows how far it came."""

    def __init__(self):
        self.count = 0
        self.failed = 0
        self.lock = threading.Lock()  # jobs of several threads tell their results at once

    def check(self, good, name, detail=""):
        with self.lock:
            self.count += 1
            if not good:
                self.failed += 1
                for line in str(detail).splitlines():
                    print("# " + line)
            print("%s %d - %s" % ("ok" if good else "not ok", self.count, name), flush=True)
        return good

    def skip(self, name, why):
        with self.lock:
            self.count += 1
            print("ok %d - %s # SKIP %s" % (self.count, name, why), flush=True)

    def note(self, text):
        with self.lock:
            for line in str(text).splitlines():
                print("# " + line, flush=True)

    def end(self):
        print("1..%d" % self.count, flush=True)
        return 1 if self.failed else 0


def main(job):
    """Runs job(tap), and makes what goes wrong in it a failed result."""
    tap = Tap()
    try:
        job(tap)
    except Exception as error:  # the results so far should not be lost
        tap.check(False, "the job ran to its end: %r" % error, traceback.format_exc())
    sys.exit(tap.end())
