#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""otabench-radio --listen: hosts that come, go, send nonsense or come second."""

import json
import os
import socket
import subprocess
import tempfile

RADIO = os.environ["OTABENCH_BUILDDIR"] + "/otabench-radio"
RESET = b"\x01\x03\x0c\x00"
RESET_DONE = b"\x04\x0e\x04\x01\x03\x0c\x00"  # Command Complete, Core Vol 4 Part E 7.7.14
count = 0


def check(good, name, detail=""):
    global count
    count += 1
    if not good:
        print("# %s" % (detail,))
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)


def host(path):
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(60)  # for what never comes
    link.connect(path)
    return link


def receive(link, length):
    """So many bytes, or what came before the end."""
    got = b""
    while len(got) < length:
        part = link.recv(length - len(got))
        if not part:
            break
        got += part
    return got


def serve(path):
    radio = subprocess.Popen([RADIO, "--listen=" + path, "--sim=devices=1"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return radio, json.loads(radio.stdout.readline())


def job(folder):
    path = folder + "/hci"
    radio, ready = serve(path)
    check(ready["event"] == "ready" and ready["socket"] == path, "it says where it listens", ready)
    first = host(path)
    first.sendall(RESET[:2])
    first.sendall(RESET[2:] + RESET)
    got = receive(first, 2 * len(RESET_DONE))
    check(got == 2 * RESET_DONE, "commands in pieces are answered", got.hex())
    second = host(path)
    check(receive(second, 1) == b"", "a second host is not let in")
    first.sendall(RESET)
    got = receive(first, len(RESET_DONE))
    check(got == RESET_DONE, "and the first has not noticed", got.hex())
    first.close()
    third = host(path)
    third.sendall(RESET + b"GET / HTTP/1.1\r\n")
    got = receive(third, len(RESET_DONE) + 1)
    check(got == RESET_DONE, "nonsense is answered by the end of the link", got.hex())
    fourth = host(path)
    fourth.sendall(RESET)
    got = receive(fourth, len(RESET_DONE))
    check(got == RESET_DONE, "and the next host is served", got.hex())
    other = subprocess.run([RADIO, "--listen=" + path], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    check(other.returncode == 69 and path in other.stdout, "a socket in use is not taken",
          other.stdout)
    radio.terminate()
    radio.wait()
    check(not os.path.exists(path) and radio.returncode == 0, "the socket is gone at the end",
          radio.returncode)
    long = subprocess.run([RADIO, "--listen=" + folder + "/" + "x" * 200], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    check(long.returncode == 69 and "too long" in long.stdout, "a name that is too long is refused",
          long.stdout)


def main():
    with tempfile.TemporaryDirectory() as folder:
        job(folder)
    print("1..%d" % count)


main()
