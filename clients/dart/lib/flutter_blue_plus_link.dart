// SPDX-License-Identifier: Apache-2.0
/// A [Link] over flutter_blue_plus 2.x.
///
///     final link = FlutterBluePlusLink(device, license: License.nonprofit);
///     final outcome = await Update(link, image, progress: show).run();
library;

import 'dart:async';
import 'dart:collection';
import 'dart:typed_data';

import 'package:flutter_blue_plus/flutter_blue_plus.dart';

import 'otabench_client.dart';

class FlutterBluePlusLink implements Link {
  /// [device]: one of a scan with `withServices: [Guid(otaService)]`.
  FlutterBluePlusLink(this.device, {required this.license});

  final BluetoothDevice device;
  final License license;

  final Queue<Uint8List> _heard = Queue<Uint8List>();
  final List<StreamSubscription<Object?>> _listening = [];
  late BluetoothCharacteristic _control, _data;
  BluetoothCharacteristic? _info;
  Completer<void>? _more; // who waits for a notification, or for the end of the link
  bool _closed = true;

  @override
  int get mtu => device.mtuNow;

  /// A device that reboots is not there for a while: tried again until [patience] is over.
  @override
  Future<void> open() async {
    final given = Stopwatch()..start();
    while (true) {
      try {
        return await _open();
      } on Lost {
        if (given.elapsed > patience) rethrow;
        await Future<void>.delayed(const Duration(seconds: 1));
      }
    }
  }

  Future<void> _open() => _guarded(() async {
        await _forget();
        await device.connect(license: license, mtu: 517);
        _closed = false;
        _listening.add(device.connectionState.listen((state) {
          if (state == BluetoothConnectionState.disconnected) _ended();
        }));
        BluetoothService? service;
        for (final each in await device.discoverServices()) {
          if (each.uuid == Guid(otaService)) service = each;
        }
        if (service == null) throw const Refused('it has no service for updates');
        _control = _find(service, otaControl) ?? _missing();
        _data = _find(service, otaData) ?? _missing();
        _info = _find(service, otaInfo);
        _listening.add(_control.onValueReceived.listen((value) {
          _heard.add(Uint8List.fromList(value));
          _wake();
        }));
        await _control.setNotifyValue(true);
      });

  BluetoothCharacteristic? _find(BluetoothService service, String uuid) {
    for (final each in service.characteristics) {
      if (each.uuid == Guid(uuid)) return each;
    }
    return null;
  }

  Never _missing() => throw const Refused('its service lacks Control or Data');

  /// Notifications of an earlier link are of no concern to this one.
  Future<void> _forget() async {
    for (final each in _listening) {
      await each.cancel();
    }
    _listening.clear();
    _heard.clear();
  }

  void _wake() {
    _more?.complete();
    _more = null;
  }

  void _ended() {
    _closed = true;
    _wake();
  }

  /// Returns when something was heard or the link has ended, or after [time].
  Future<void> _wait(Duration time) {
    final more = _more = Completer<void>();
    return more.future.timeout(time, onTimeout: () => _more = null);
  }

  Future<T> _guarded<T>(Future<T> Function() call) async {
    try {
      return await call();
    } on Refused {
      rethrow;
    } on Exception catch (e) {
      throw Lost('$e'); // whatever the platform calls it
    }
  }

  @override
  Future<Uint8List?> readInfo() async {
    final info = _info;
    if (info == null) return null;
    return _guarded(() async => Uint8List.fromList(await info.read()));
  }

  @override
  Future<void> writeControl(Uint8List value) =>
      _guarded(() => _control.write(value, allowLongWrite: value.length > mtu - 3));

  /// The plugin returns when the system has taken the value, so that no queue runs over.
  @override
  Future<void> writeData(Uint8List value, {bool answer = false}) =>
      _guarded(() => _data.write(value, withoutResponse: !answer));

  @override
  Future<Uint8List?> heard(Duration time) async {
    if (_heard.isEmpty && !_closed) await _wait(time);
    return heardAlready();
  }

  @override
  Uint8List? heardAlready() {
    if (_heard.isNotEmpty) return _heard.removeFirst();
    if (_closed) throw const Lost('the link has ended');
    return null;
  }

  @override
  Future<void> waitClosed() async {
    final given = Stopwatch()..start();
    while (!_closed && given.elapsed < patience) {
      await _wait(patience - given.elapsed);
    }
    await close();
  }

  @override
  Future<void> close() => _guarded(() async {
        await _forget();
        _closed = true;
        await device.disconnect();
      });
}
