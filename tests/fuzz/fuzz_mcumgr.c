/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as SMP's answers: to the decoder, and to a session in the middle of an update.
 * fuzz_dialects.c has a device that answers well, or nearly; here the maps are the input's.
 *
 * Each notification is a length octet and so many octets behind it; where the first of these is ff
 * they are the map of an answer that fits the question which the session asked last.  Whatever
 * comes, the session's figures hold, and "confirmed" is told of nothing but the image's hash.
 */
#include "core/mcumgr.h"
#include "device.h"

#define IMAGE 5000u
#define MTU 185u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct peer *p, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		  size_t len)
{
	must(mode == GATT_COMMAND);
	device_smp.check((struct device *)p, chr, buf, len);
}

static void was_written(struct peer *p, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	device_smp.written((struct device *)p, chr, buf, len);
}

static const struct peer_ops ops = {.check = check, .written = was_written};

static void connect_it(struct device *d)
{
	static const uint8_t properties[GATT_CHRS] = {0x14, 0x14, 0, 0, 0, 0};
	struct peer *p = &d->peer;

	d->got = d->wanted = 0;
	peer_connected(p, MTU);
	session_discovered(&p->s, DIALECT_SMP, properties, p->now);
	session_subscribed(&p->s, 0, p->now);
}

static void wait_for(struct device *d)
{
	struct peer *p = &d->peer;

	peer_wait_for(p);
	if (p->s.closing)
		peer_lose_link(p, GATT_BY_HOST);
	if (p->s.step == SESSION_STEP_LINK_UP && p->s.connecting)
		connect_it(d);
}

static void run(struct device *d, const uint8_t *data, size_t size)
{
	while (size > 0 && !session_finished(&d->peer.s)) {
		size_t len = *data++;

		size--;
		len = len < size ? len : size;
		if (len == 0)
			wait_for(d);
		else if (data[0] == 0xff)
			device_smp_answer(d, data + 1, len - 1);
		else
			peer_tell(&d->peer, data, len);
		data += len;
		size -= len;
		peer_check(&d->peer);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device d = {.peer = {.ops = &ops}, .kind = &device_smp};
	struct session_config config;
	struct mcumgr_answer a;

	(void)mcumgr_answer_decode(data, size, &a);
	must(a.count <= MCUMGR_IMAGES);
	peer_config(&config, SESSION_UPDATE, IMAGE);
	memset(config.boot_sha256, 0xbb, OTA_SHA256_SIZE);
	peer_init(&d.peer, &config);
	connect_it(&d);
	run(&d, data, size);
	return 0;
}
