/* SPDX-License-Identifier: Apache-2.0 */
/* Espressif's sectors, as ble_ota, ble_ota_raw, BLEOTA and NimBLEOta have them. */
#include "base/bytes.h"
#include "device.h"

#define SECTOR 4096u
#define MESSAGE 20u
#define NO_SECTOR 0xfffeu /* of a question without payload */

enum { START = 1, STOP = 2, ANSWER = 3 };

static uint16_t crc16(const uint8_t *buf, size_t len)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < len * 8u; i++) {
		const uint32_t bit = (uint32_t)buf[i / 8u] >> (7u - i % 8u) & 1u;

		crc = crc << 1 ^ ((crc >> 15 & 1u) != bit ? 0x1021u : 0);
		crc &= 0xffffu;
	}
	return (uint16_t)crc;
}

static void check_command(const uint8_t *buf, size_t len)
{
	must(len == MESSAGE && bytes_get16(buf + 18) == crc16(buf, 18));
	must(bytes_get16(buf) == START || bytes_get16(buf) == STOP);
}

static void check(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	const struct session_stats *st = &d->peer.s.stats;
	const uint32_t sector = st->queued / SECTOR, size = d->peer.s.config.image_size;
	const uint32_t end = size - sector * SECTOR < SECTOR ? size : (sector + 1u) * SECTOR;
	uint32_t payload = (uint32_t)len - 3u;

	if (chr == GATT_CONTROL) {
		check_command(buf, len);
		return;
	}
	if (d->kind == &device_ble_ota && len == 3 && bytes_get16(buf) == NO_SECTOR) {
		must(buf[2] == 0 && !d->peer.s.data_busy);
		must(d->peer.s.state == SESSION_PREPARING || d->peer.s.sectors.awaiting);
		return;
	}
	must(len >= 3 && len <= d->peer.s.chunk && bytes_get16(buf) == sector);
	must(st->received / SECTOR == sector);
	if (buf[2] == 0xff) {
		must(len >= 5);
		payload -= 2u;
		must(st->queued + payload == end);
		must(bytes_get16(buf + len - 2) ==
		     crc16(peer_image + sector * SECTOR, end - sector * SECTOR));
	} else {
		must(payload > 0 && st->queued + payload < end);
	}
	peer_check_payload(&d->peer, buf + 3, payload);
}

static void written(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)d;
	(void)chr;
	(void)buf;
	(void)len;
}

static void seal(uint8_t buf[MESSAGE])
{
	bytes_put16(buf + 18, crc16(buf, 18));
}

static void tell_command(struct device *d, uint16_t command, uint16_t status)
{
	uint8_t buf[MESSAGE] = {ANSWER};

	bytes_put16(buf + 2, command);
	bytes_put16(buf + 4, status);
	seal(buf);
	peer_tell(&d->peer, buf, sizeof(buf));
}

static void tell_sector(struct device *d, uint16_t sector, uint16_t status, uint16_t expected)
{
	uint8_t buf[MESSAGE] = {0};

	bytes_put16(buf, sector);
	bytes_put16(buf + 2, status);
	bytes_put16(buf + 4, expected);
	seal(buf);
	session_rx_data(&d->peer.s, buf, sizeof(buf), d->peer.now);
}

static uint16_t sector_now(const struct device *d)
{
	return (uint16_t)(d->peer.s.stats.received / SECTOR);
}

static void nearly(struct device *d)
{
	const uint8_t kind = peer_take(&d->peer), status = peer_take(&d->peer) % 7u;
	const uint16_t sector = (uint16_t)(sector_now(d) + kind / 4u % 4u - 1u);

	if (kind == 0xffu)
		tell_sector(d, NO_SECTOR, 2, status);
	else if (kind & 1u)
		tell_sector(d, kind & 2u ? sector_now(d) : sector, status, sector);
	else
		tell_command(d, (uint16_t)(kind / 2u % 4u), status);
}

static void ready(struct device *d)
{
	if (d->peer.s.dialect && d->peer.s.sectors.question == SESSION_ASKED_FIRST)
		tell_sector(d, NO_SECTOR, 2, 0);
	else
		tell_command(d, START, 0);
}

static void stopped(struct device *d)
{
	d->peer.boots = d->peer.s.ended;
	tell_command(d, STOP, 0);
}

static void sending(struct device *d)
{
	if (!d->peer.s.dialect || !d->peer.s.sectors.awaiting) {
		peer_wait_for(&d->peer);
		return;
	}
	/* The update of two of them is over with the last sector. */
	d->peer.boots = (d->kind == &device_nimbleota || d->kind == &device_ble_ota) &&
			d->peer.s.stats.queued == d->peer.s.config.image_size;
	if (d->peer.s.sectors.question == SESSION_ASKED_REACHED)
		tell_sector(d, NO_SECTOR, 2, (uint16_t)(sector_now(d) + 1u));
	else
		tell_sector(d, sector_now(d), 0, (uint16_t)(sector_now(d) + 1u));
}

#define SECTORS                                                                                    \
	.check = check, .written = written, .nearly = nearly, .ready = ready, .sending = sending,  \
	.done = stopped, .answer = stopped

const struct device_kind device_ble_ota = {.dialect = DIALECT_BLE_OTA, SECTORS};
const struct device_kind device_raw = {.dialect = DIALECT_BLE_OTA_RAW, SECTORS};
const struct device_kind device_bleota = {.dialect = DIALECT_BLEOTA, SECTORS};
const struct device_kind device_nimbleota = {.dialect = DIALECT_NIMBLEOTA, SECTORS};
