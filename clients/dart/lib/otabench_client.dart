// SPDX-License-Identifier: Apache-2.0
/// Updates an ESP32 over Bluetooth LE and proves it: a client of docs/protocol.md that is small
/// enough to be read.  It knows no Bluetooth stack: see [Link] for what one has to do, and
/// flutter_blue_plus_link.dart for one that does it.
///
/// It ends with [Outcome.confirmed] where the device tells the hash of what it runs, and with
/// [Outcome.delivered] where it speaks the basic dialect alone.  A lost link is resumed where the
/// device says.  docs/clients.md explains each step; numbers in comments are sections of
/// docs/protocol.md.
library;

import 'dart:math';
import 'dart:typed_data';

import 'package:crypto/crypto.dart' as crypto;

const String otaService = 'fb1e4001-54ae-4a28-9f74-dfccb248601d';
const String otaControl = 'fb1e4002-54ae-4a28-9f74-dfccb248601d';
const String otaData = 'fb1e4003-54ae-4a28-9f74-dfccb248601d';
const String otaInfo = 'fb1e4004-54ae-4a28-9f74-dfccb248601d';

/// Section 4.
abstract final class Command {
  static const int start = 0x01, end = 0x04, confirm = 0x06, resync = 0x0b;
}

/// Section 5.
abstract final class Notification {
  static const int ready = 0x01, error = 0x02, done = 0x03, result = 0x06, ack = 0x07, gap = 0x08;
}

/// No attribute is longer, whatever the ATT MTU is: Core Vol 3 Part F 3.2.9.
const int valueMax = 512;

/// Values that may be under way, section 8.1.
const int underWayMax = 4096;

/// Links that may be lost before it gives up.
const int tries = 5;

/// Without an answer for so long, the device is asked where it is.
const Duration quiet = Duration(seconds: 2);

/// For what may take an erase or a verification.
const Duration patience = Duration(seconds: 60);

enum Outcome { confirmed, delivered }

/// The link has ended.
class Lost implements Exception {
  const Lost(this.why);

  final String why;

  @override
  String toString() => why;
}

/// The device said no, or what it said makes no sense.
class Refused implements Exception {
  const Refused(this.why);

  final String why;

  @override
  String toString() => why;
}

/// The part of a Bluetooth stack that an update needs.  Each method may throw [Lost].
abstract class Link {
  /// The ATT MTU, in octets, 23 to 517; known once [open] has returned.
  int get mtu;

  /// Connects, finds the service and has notifications of Control enabled.
  Future<void> open();

  /// Null: the device has no Info, so that it speaks the basic dialect alone.
  Future<Uint8List?> readInfo();

  /// With response; longer ones than the ATT MTU - 3 as a long write.
  Future<void> writeControl(Uint8List value);

  /// Without response, but for [answer].
  Future<void> writeData(Uint8List value, {bool answer = false});

  /// The next notification of Control; null: none came within [time].
  Future<Uint8List?> heard(Duration time);

  /// A notification that is there already, or null.
  Uint8List? heardAlready();

  /// Returns when the device has ended the link, or after [patience].
  Future<void> waitClosed();

  Future<void> close();
}

/// What decides of Info, section 3.3.
class Info {
  Info(Uint8List value)
      : pending = value.length >= 94 && value[12] & 0x01 != 0,
        sha256 = value.length >= 94
            ? Uint8List.sublistView(value, 30, 62)
            : throw const Refused('Info is too short');

  final bool pending;
  final Uint8List sha256;
}

bool sameBytes(List<int> a, List<int> b) {
  if (a.length != b.length) return false;
  for (var i = 0; i < a.length; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

/// One [image] to one device, over [link].
class Update {
  Update(this.link, this.image, {this.progress})
      : sha256 = Uint8List.fromList(crypto.sha256.convert(image).bytes);

  final Link link;
  final Uint8List image;
  final Uint8List sha256;

  /// Bytes that the device has acknowledged, of all.
  final void Function(int received, int size)? progress;

  /// Throws [Refused], after which the link may still be up, or [Lost] after as many links as [tries].
  Future<Outcome> run() async {
    var sent = false;
    for (var attempt = 1; attempt <= tries; attempt++) {
      try {
        await link.open();
        final value = await link.readInfo();
        if (value == null) return await _basic();
        final info = Info(value);
        if (sameBytes(info.sha256, sha256)) return await _confirm(info);
        if (sent) throw const Refused('the device came back with another image: it rolled back');
        await _transfer();
        sent = true; // it reboots now, and the next round finds the image or does not
        await link.waitClosed();
      } on Lost {
        if (attempt == tries) rethrow;
      }
    }
    throw const Refused('the device did not come back with the image');
  }

  /// The next notification of these; others are passed over, as section 5 asks for.
  Future<Uint8List> _expect(List<int> opcodes) async {
    while (true) {
      final value = await link.heard(patience);
      if (value == null) throw const Refused('the device is silent');
      if (value.isEmpty) continue;
      if (value[0] == Notification.error) throw _refusal(value);
      if (opcodes.contains(value[0])) return value;
    }
  }

  Refused _refusal(Uint8List value) =>
      Refused('error ${_at(value, 1)} of command ${_at(value, 2)}');

  int _at(Uint8List value, int index) => value.length > index ? value[index] : 0;

  // --- the full dialect

  /// Section 4.1, 46 bytes.
  Uint8List _startCommand() {
    final command = Uint8List(46);
    ByteData.sublistView(command)
      ..setUint8(0, Command.start)
      ..setUint8(1, 1)
      ..setUint32(4, image.length, Endian.little)
      ..setUint32(8, image.length, Endian.little);
    command.setRange(14, 46, sha256);
    return command;
  }

  Future<void> _transfer() async {
    await link.writeControl(_startCommand());
    final answer = await _expect([Notification.ready]);
    if (answer.length < 16) throw const Refused('the device offers no update of the full dialect');
    final fields = ByteData.sublistView(answer);
    // Not 0 where an update of this image was interrupted: section 9.
    final offset = fields.getUint32(1, Endian.little);
    final limit = fields.getUint32(5, Endian.little);
    final largest = fields.getUint16(9, Endian.little);
    final sequence = fields.getUint16(14, Endian.little);
    await _send(offset, limit, min(min(largest, link.mtu - 3), valueMax), sequence);
    await link.writeControl(Uint8List.fromList([Command.end]));
    final verified = await _expect([Notification.done]);
    if (verified.length < 16 || !sameBytes(verified.sublist(8, 16), sha256.sublist(0, 8))) {
      throw const Refused('the device verified another image');
    }
  }

  Uint8List _value(int sequence, int from, int to) {
    final value = Uint8List(2 + to - from);
    ByteData.sublistView(value).setUint16(0, sequence, Endian.little);
    value.setRange(2, value.length, image, from);
    return value;
  }

  /// Values as far as the device's limit lets them go (8.1); GAP tells where to go on (8.2).
  Future<void> _send(int at, int limit, int size, int sequence) async {
    var received = at;
    int? lastGap;
    while (received < image.length) {
      Uint8List? heard;
      if (at < limit && at - received < underWayMax * (size - 2)) {
        final to = min(at + size - 2, limit);
        await link.writeData(_value(sequence, at, to));
        at = to;
        sequence = (sequence + 1) & 0xffff;
        heard = link.heardAlready();
      } else {
        heard = await link.heard(quiet);
        if (heard == null) {
          // An ACK may be lost: ask, and wait for GAP (4.10).
          await link.writeControl(Uint8List.fromList([Command.resync]));
          heard = await _expect([Notification.gap]);
        }
      }
      if (heard == null || heard.isEmpty) continue;
      final fields = ByteData.sublistView(heard);
      if (heard[0] == Notification.error) throw _refusal(heard);
      if (heard[0] == Notification.ack && heard.length >= 13) {
        received = fields.getUint32(1, Endian.little);
        limit = fields.getUint32(9, Endian.little);
        progress?.call(received, image.length);
      } else if (heard[0] == Notification.gap && heard.length >= 8) {
        final number = fields.getUint16(1, Endian.little);
        if (number == lastGap) continue; // a repeated one has the same number
        lastGap = sequence = number;
        at = fields.getUint32(3, Endian.little);
      }
    }
  }

  /// The device runs the image: that is the proof.  It keeps it from now on (9.4).
  Future<Outcome> _confirm(Info info) async {
    if (info.pending) {
      await link.writeControl(Uint8List.fromList([Command.confirm]));
      final answer = await _expect([Notification.result]);
      if (answer.length < 3 || answer[1] != Command.confirm || answer[2] != 0) {
        throw const Refused('it does not confirm');
      }
    }
    await link.close();
    return Outcome.confirmed;
  }

  // --- the basic dialect, section 2.1

  Future<Outcome> _basic() async {
    await link.writeControl(Uint8List.fromList([Command.start]));
    await _expect([Notification.ready]); // its slot is erased now
    final size = min(link.mtu - 3, valueMax);
    for (var at = 0; at < image.length; at += size) {
      final to = min(at + size, image.length);
      // Each with an answer: nothing else tells that a value arrived.
      await link.writeData(Uint8List.sublistView(image, at, to), answer: true);
      progress?.call(to, image.length);
    }
    await link.writeControl(Uint8List.fromList([Command.end]));
    await _expect([Notification.done]);
    return Outcome.delivered;
  }
}
