/* SPDX-License-Identifier: Apache-2.0 */
/* Protocols with no more than values in order: Angerer's, ArduinoBleOTA's, and basic. */
#include "base/bytes.h"
#include "device.h"

static void written(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)d;
	(void)chr;
	(void)buf;
	(void)len;
}

static void wait_for(struct device *d)
{
	peer_wait_for(&d->peer);
}

static void tell_byte(struct device *d, uint8_t byte)
{
	peer_tell(&d->peer, &byte, 1);
}

static void tell_end(struct device *d, uint8_t byte)
{
	d->peer.boots = d->peer.s.ended;
	tell_byte(d, byte);
}

static void tell_any_byte(struct device *d)
{
	tell_byte(d, peer_take(&d->peer) % 8u);
}

/* --- Angerer's: the length of the values, and values of just that length */

static void angerer_check(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	const uint32_t left = d->peer.s.config.image_size - d->peer.s.stats.queued;
	const uint32_t payload = left < d->told ? left : d->told;

	if (chr == GATT_CONTROL) {
		must(len == 1 && (buf[0] == 1 || buf[0] == 4));
		return;
	}
	if (d->peer.s.state == SESSION_PREPARING) {
		must(len == 2 && bytes_get16(buf) > 0);
		must(bytes_get16(buf) <= d->peer.s.mtu - OTA_ATT_HEADER);
		return;
	}
	must(len == d->told);
	for (size_t i = payload; i < len; i++)
		must(buf[i] == 0xff);
	peer_check_payload(&d->peer, buf, payload);
}

static void angerer_written(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)len;
	if (chr == GATT_DATA && d->peer.s.state == SESSION_PREPARING)
		d->told = bytes_get16(buf);
}

static void angerer_ready(struct device *d)
{
	tell_byte(d, 2);
}

static void angerer_done(struct device *d)
{
	tell_end(d, 5);
}

const struct device_kind device_angerer = {
	.dialect = DIALECT_ANGERER,
	.check = angerer_check,
	.written = angerer_written,
	.nearly = tell_any_byte,
	.ready = angerer_ready,
	.sending = wait_for,
	.done = angerer_done,
	.answer = angerer_done,
};

/* --- ArduinoBleOTA's */

enum {
	INIT_ANSWER = 2,
	BEGIN = 3,
	BEGIN_ANSWER = 4,
	VALUE_ANSWER = 7,
	END_ANSWER = 9,
	FAILED = 16
};

static void arduino_check(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	if (chr == GATT_CONTROL) {
		must(buf[0] == 1 || buf[0] == BEGIN || buf[0] == 8);
		must(buf[0] != BEGIN || (len == 18 && bytes_get32(buf + 5) > 0));
		return;
	}
	must(len > 1 && (buf[0] == 5 || buf[0] == 6) && len - 1u <= d->told);
	/* One that asks is answered before anything else is heard. */
	must(!d->peer.s.packages.awaiting);
	peer_check_payload(&d->peer, buf + 1, (uint32_t)len - 1u);
}

static void arduino_written(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)len;
	if (chr == GATT_CONTROL && buf[0] == BEGIN)
		d->told = (uint16_t)bytes_get32(buf + 5);
}

static void tell_init(struct device *d, uint8_t has)
{
	const uint8_t buf[] = {INIT_ANSWER, has};

	peer_tell(&d->peer, buf, sizeof(buf));
}

static void tell_begun(struct device *d, uint32_t value, uint32_t buffer)
{
	uint8_t buf[9] = {BEGIN_ANSWER};

	bytes_put32(buf + 1, value);
	bytes_put32(buf + 5, buffer);
	if (value > 0 && value < d->told && d->peer.s.state == SESSION_PREPARING)
		d->told = (uint16_t)value;
	peer_tell(&d->peer, buf, sizeof(buf));
}

static void arduino_nearly(struct device *d)
{
	const uint8_t kind = peer_take(&d->peer);
	const uint8_t refused[] = {FAILED, peer_take(&d->peer)};
	const uint32_t some = peer_take16(&d->peer);

	switch (kind % 5u) {
	case 0:
		tell_init(d, refused[1]);
		break;
	case 1:
		tell_begun(d, kind & 0x80u ? some % (d->told + 2u) : some, refused[1] * some / 16u);
		break;
	case 2:
		tell_byte(d, VALUE_ANSWER);
		break;
	case 3:
		tell_byte(d, END_ANSWER);
		break;
	default:
		peer_tell(&d->peer, refused, sizeof(refused));
		break;
	}
}

static void arduino_ready(struct device *d)
{
	if (d->peer.s.packages.asked)
		tell_begun(d, d->told, d->mode ? d->told * 3u : 0);
	else
		tell_init(d, 0x06);
}

static void arduino_sending(struct device *d)
{
	if (!d->peer.s.dialect || !d->peer.s.packages.awaiting) {
		wait_for(d);
		return;
	}
	d->peer.now += 1000; /* at the same time it would be a copy of the last one's */
	tell_byte(d, VALUE_ANSWER);
}

static void arduino_done(struct device *d)
{
	tell_end(d, END_ANSWER);
}

const struct device_kind device_arduino = {
	.dialect = DIALECT_ARDUINO_BLE_OTA,
	.check = arduino_check,
	.written = arduino_written,
	.nearly = arduino_nearly,
	.ready = arduino_ready,
	.sending = arduino_sending,
	.done = arduino_done,
	.answer = arduino_done,
};

/* --- basic; and full, for a device that was something else before: fuzz_session has it */

static void plain_check(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	const uint32_t header = d->peer.s.dialect->header;

	if (chr != GATT_DATA)
		return;
	must(len > header && len <= d->peer.s.chunk);
	peer_check_payload(&d->peer, buf + header, (uint32_t)len - header);
}

static void basic_ready(struct device *d)
{
	tell_byte(d, OTA_EVT_READY);
}

static void basic_done(struct device *d)
{
	tell_end(d, OTA_EVT_DONE);
}

const struct device_kind device_basic = {
	.dialect = DIALECT_BASIC,
	.check = plain_check,
	.written = written,
	.nearly = tell_any_byte,
	.ready = basic_ready,
	.sending = wait_for,
	.done = basic_done,
	.answer = basic_done,
};

static void full_info(struct device *d)
{
	const struct ota_info info = {.version = 1, .features = 0x1f, .phys = 3};
	uint8_t buf[OTA_INFO_SIZE];

	(void)ota_info_encode(&info, buf, sizeof(buf));
	session_read(&d->peer.s, GATT_INFO, 0, buf, sizeof(buf), d->peer.now);
}

static void full_ready(struct device *d)
{
	const struct ota_ready ready = {.limit = d->peer.s.config.image_size, .max_value = 512};
	uint8_t buf[OTA_NOTIFY_MAX];

	peer_tell(&d->peer, buf, (size_t)ota_ready_encode(&ready, buf, sizeof(buf)));
}

const struct device_kind device_full = {
	.dialect = DIALECT_FULL,
	.check = plain_check,
	.written = written,
	.nearly = tell_any_byte,
	.info = full_info,
	.ready = full_ready,
	.sending = wait_for,
	.done = wait_for,
	.answer = wait_for,
};
