/* SPDX-License-Identifier: Apache-2.0 */
/* fbiego's parts. */
#include "device.h"

#define BUFFER 16384u
#define FORMAT 0xefu /* deletes all files of the device */

enum {
	RESULT = 0x0f,
	MODE = 0xaa,
	WANT = 0xf1,
	INSTALLING = 0xf2,
	VALUE = 0xfb,
	PART_END = 0xfc,
	PARTS = 0xff,
};

static uint32_t get16(const uint8_t *buf)
{
	return (uint32_t)buf[0] << 8 | buf[1];
}

static uint32_t part_size(const struct device *d)
{
	const uint32_t values = BUFFER / d->told;

	return (values < 256u ? values : 256u) * d->told;
}

/* A part's number and its length are of what was sent since the last one. */
static void check_part_end(const struct device *d, const uint8_t *buf, size_t len)
{
	const uint32_t at = d->peer.s.stats.queued, part = (at - 1u) / part_size(d);

	must(len == 5 && at > 0);
	must(get16(buf + 3) == part && get16(buf + 1) == at - part * part_size(d));
}

static void check(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	const uint32_t at = d->peer.s.stats.queued, payload = (uint32_t)len - 2u;

	if (chr == GATT_CONTROL) {
		must(buf[0] != FORMAT && buf[0] != VALUE);
		if (buf[0] == PARTS)
			must(len == 5 && get16(buf + 3) > 0);
		if (buf[0] == PART_END)
			check_part_end(d, buf, len);
		return;
	}
	must(len > 2 && buf[0] == VALUE && d->told > 0 && payload <= d->told);
	must(at % part_size(d) % d->told == 0 && buf[1] == at % part_size(d) / d->told);
	must(at % part_size(d) + payload <= part_size(d));
	must(payload == d->told || at + payload == d->peer.s.config.image_size);
	peer_check_payload(&d->peer, buf + 2, payload);
}

static void written(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)len;
	if (chr == GATT_CONTROL && buf[0] == PARTS)
		d->told = (uint16_t)get16(buf + 3);
}

static void tell_words(struct device *d, const char *words)
{
	uint8_t buf[32] = {RESULT};
	const size_t len = strlen(words);

	memcpy(buf + 1, words, len);
	peer_tell(&d->peer, buf, len + 1u);
}

static void tell_want(struct device *d, uint32_t part)
{
	const uint8_t buf[] = {WANT, (uint8_t)(part >> 8), (uint8_t)part};

	peer_tell(&d->peer, buf, sizeof(buf));
}

static void tell_mode(struct device *d, uint8_t mode)
{
	const uint8_t buf[] = {MODE, mode};

	d->mode = mode;
	peer_tell(&d->peer, buf, sizeof(buf));
}

static uint32_t part_next(const struct device *d)
{
	return d->told ? d->peer.s.stats.queued / part_size(d) : 0;
}

static void nearly(struct device *d)
{
	static const char *const words[] = {"Success", "Error", "Not enough", "Failed", "."};
	const uint8_t kind = peer_take(&d->peer), installing = INSTALLING;

	switch (kind % 4u) {
	case 0:
		tell_mode(d, kind / 4u % 3u);
		break;
	case 1:
		tell_want(d, part_next(d) + kind / 4u % 3u - 1u);
		break;
	case 2:
		tell_words(d, words[kind / 4u % 5u]);
		break;
	default:
		peer_tell(&d->peer, &installing, 1);
		break;
	}
}

static void ready(struct device *d)
{
	if (d->peer.s.parts.mode_known)
		peer_wait_for(&d->peer);
	else
		tell_mode(d, d->mode);
}

static void sending(struct device *d)
{
	if (d->peer.s.dialect && d->peer.s.parts.waiting && d->mode == 0)
		tell_want(d, part_next(d));
	else
		peer_wait_for(&d->peer);
}

static void done(struct device *d)
{
	d->peer.boots = d->peer.s.ended;
	tell_words(d, "Success");
}

#define TALKS                                                                                      \
	.check = check, .written = written, .nearly = nearly, .ready = ready, .sending = sending,  \
	.done = done, .answer = done

const struct device_kind device_parts = {.dialect = DIALECT_FBIEGO, TALKS};
const struct device_kind device_compact = {.dialect = DIALECT_FBIEGO_COMPACT, TALKS};
