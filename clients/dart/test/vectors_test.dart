// SPDX-License-Identifier: Apache-2.0
// The client writes what the worked exchanges of docs/protocol.md have (clients/vectors.json),
// byte by byte, when it hears what stands there:  flutter test
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:flutter_test/flutter_test.dart';
import 'package:otabench_client/otabench_client.dart';

Uint8List bytesOf(String hex) => Uint8List.fromList([
      for (var i = 0; i < hex.length; i += 2) int.parse(hex.substring(i, i + 2), radix: 16),
    ]);

String hexOf(List<int> bytes) =>
    bytes.map((byte) => byte.toRadixString(16).padLeft(2, '0')).join();

/// A link that is an exchange: what the client writes has to be the next that the host writes
/// there, and what the device says follows.
class Script implements Link {
  Script(Map<String, dynamic> exchange, this.mtu)
      : steps = List<Map<String, dynamic>>.from(exchange['steps'] as List),
        basic = exchange['name'] == 'basic';

  @override
  final int mtu;
  final List<Map<String, dynamic>> steps;
  final bool basic;
  final List<Uint8List> queue = [];

  bool next(String kind) => steps.isNotEmpty && (steps.first['from'] ?? 'event') == kind;

  @override
  Future<void> open() async {
    if (next('event')) steps.removeAt(0);
    // A question that the client need not ask, with its answer.
    if (next('host') && steps.first['hex'] == '05') steps.removeRange(0, 2);
  }

  @override
  Future<Uint8List?> readInfo() async {
    if (basic) return null;
    if (next('device') && steps.first['on'] == 'info') {
      return bytesOf(steps.removeAt(0)['hex'] as String);
    }
    return Uint8List(94); // an exchange in mid life does not show it
  }

  void wrote(String on, Uint8List value) {
    if (on == 'data' && next('event')) return; // it never arrives
    expect('$on ${hexOf(value)}', next('host') ? '${steps.first['on']} ${steps.first['hex']}' : '');
    steps.removeAt(0);
    while (next('device') && steps.first['on'] == 'control') {
      queue.add(bytesOf(steps.removeAt(0)['hex'] as String));
    }
  }

  @override
  Future<void> writeControl(Uint8List value) async => wrote('control', value);

  @override
  Future<void> writeData(Uint8List value, {bool answer = false}) async {
    expect(answer, basic);
    wrote('data', value);
  }

  @override
  Uint8List? heardAlready() => queue.isEmpty ? null : queue.removeAt(0);

  @override
  Future<Uint8List?> heard(Duration time) async {
    if (queue.isEmpty && next('event')) throw const Lost('the link has ended');
    return heardAlready();
  }

  @override
  Future<void> waitClosed() async => expect(next('event'), isTrue);

  @override
  Future<void> close() async {}
}

void main() {
  final vectors =
      jsonDecode(File('../vectors.json').readAsStringSync()) as Map<String, dynamic>;

  for (final each in vectors['exchanges'] as List) {
    final exchange = each as Map<String, dynamic>;
    test('the exchange ${exchange['name']}', () async {
      final script = Script(exchange, vectors['mtu'] as int);
      final outcome = await Update(script, bytesOf(vectors['image'] as String)).run();
      expect(outcome, script.basic ? Outcome.delivered : Outcome.confirmed);
      expect(script.steps.where((step) => step['from'] == 'host'), isEmpty);
    });
  }
}
