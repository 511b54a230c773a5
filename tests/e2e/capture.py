#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for errors of controller or host in captures of btmon (btsnoop of the
monitor channel; BlueZ monitor/bt.h and src/shared/btsnoop.h), since btmon itself
stops at a capture in which an adapter comes back.

usage: capture.py FILE...     prints what is wrong; status 1 when anything is"""

import collections
import struct
import sys

COMMAND, EVENT, ACL_TX, ACL_RX = 2, 3, 4, 5
COMMAND_COMPLETE, COMMAND_STATUS, HARDWARE_ERROR, DISCONNECTED, OVERFLOW = 0x0E, 0x0F, 0x10, 0x05, 0x1A
LE_META, CONNECTED = 0x3E, (0x01, 0x0A)  # LE Connection Complete, and the enhanced one
READ_RSSI, UNKNOWN_CONNECTION = 0x1405, 0x02


def records(path):
    """(kind, packet), as the monitor channel told them."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"btsnoop\0":
        raise ValueError("%s is no capture" % path)
    at = 16
    while at + 24 <= len(data):
        length, flags = struct.unpack(">4xII", data[at:at + 12])
        yield flags & 0xFFFF, data[at + 24:at + 24 + length]
        at += 24 + length


def error_of(packet):
    """The fault that an event tells of, or None."""
    code, params = packet[0], packet[2:]
    if code == HARDWARE_ERROR:
        return "hardware error 0x%02x" % params[0]
    if code == OVERFLOW:
        return "the host sent more data than the controller has buffers"
    if code == COMMAND_COMPLETE and len(params) > 3 and params[3] != 0:
        return "command 0x%04x failed: 0x%02x" % (params[1] | params[2] << 8, params[3])
    if code == COMMAND_STATUS and params[0] != 0:
        return "command 0x%04x refused: 0x%02x" % (params[2] | params[3] << 8, params[0])
    return None


def crossed(packet, ended):
    """True if an RSSI was asked for while the link's end was on its way; ended holds the
    handles of links that are over."""
    code, params = packet[0], packet[2:]
    if code == DISCONNECTED and params[0] == 0:
        ended.add(params[1] | params[2] << 8)
    elif code == LE_META and params[0] in CONNECTED and params[1] == 0:
        ended.discard(params[2] | params[3] << 8)
    return (code == COMMAND_COMPLETE and len(params) >= 6 and
            params[1] | params[2] << 8 == READ_RSSI and params[3] == UNKNOWN_CONNECTION and
            params[4] | params[5] << 8 in ended)


def look(path):
    count = collections.Counter()
    wrong = []
    ended = set()
    for kind, packet in records(path):
        count[kind] += 1
        late = kind == EVENT and len(packet) > 5 and crossed(packet, ended)
        error = error_of(packet) if kind == EVENT and len(packet) > 2 else None
        if error and not late:
            wrong.append("%s: record %d: %s" % (path, sum(count.values()), error))
    if count[COMMAND] == 0 or count[EVENT] == 0:
        wrong.append("%s: nothing was captured" % path)
    print("# %s: %d commands, %d events, %d packets of data sent, %d received" % (
        path, count[COMMAND], count[EVENT], count[ACL_TX], count[ACL_RX]))
    return wrong


def main():
    wrong = [line for path in sys.argv[1:] for line in look(path)]
    for line in wrong[:20]:
        print("# " + line)
    return 1 if wrong else 0


sys.exit(main())
