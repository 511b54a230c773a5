/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine against devices of other projects' protocols, as fuzz_session.c does so
 * for this project's own: any sequence of events, with an update that goes well among them.  Each
 * value is checked as the device's firmware reads it.  A device may come back as one of another
 * protocol, or over a link of another length.
 */
#include "device.h"

#define STEPS 32u /* of an update that goes well, by one octet */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct device_kind *const kinds[] = {
	&device_raw,	 &device_bleota, &device_nimbleota, &device_parts,
	&device_compact, &device_smp,	 &device_angerer,   &device_arduino,
	&device_basic,	 &device_full,	 &device_ble_ota,
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct device *device_of(struct peer *p)
{
	return (struct device *)p;
}

static void check(struct peer *p, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		  size_t len)
{
	(void)mode;
	must(p->s.dialect->id == device_of(p)->kind->dialect);
	device_of(p)->kind->check(device_of(p), chr, buf, len);
}

static void was_written(struct peer *p, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	device_of(p)->kind->written(device_of(p), chr, buf, len);
}

static const struct peer_ops ops = {.check = check, .written = was_written};

/* --- the next step of an update that goes well */

/* The characteristics as they must be, with the properties of which one is enough or all. */
static void discovered(struct device *d, const struct device_kind *kind, uint8_t some)
{
	const struct dialect *dialect = dialect_get(kind->dialect);
	uint8_t properties[GATT_CHRS] = {[GATT_FIRMWARE_REVISION] = some & 1u ? 0 : GATT_PROP_READ};

	for (int chr = 0; chr < GATT_CHRS; chr++) {
		const struct dialect_chr *c = &dialect->chrs[chr];

		if (c->uuid)
			properties[chr] |= c->all | c->any;
		if (c->uuid && some & 2u && c->any & GATT_PROP_WRITE_COMMAND)
			properties[chr] &= (uint8_t)~GATT_PROP_WRITE;
	}
	/* A session waits for this once; else nothing becomes of it. */
	if (d->peer.s.step == SESSION_STEP_DISCOVER && session_live(&d->peer.s)) {
		d->kind = kind;
		d->told = d->buffer = 0;
		d->got = d->wanted = 0;
	}
	session_discovered(&d->peer.s, kind->dialect, properties, d->peer.now);
}

static void tell_discovered(struct peer *p)
{
	discovered(device_of(p), device_of(p)->kind, 0);
}

static void tell_info(struct peer *p)
{
	if (device_of(p)->kind->info)
		device_of(p)->kind->info(device_of(p));
	else
		peer_wait_for(p);
}

static void tell_ready(struct peer *p)
{
	device_of(p)->kind->ready(device_of(p));
}

static void go_on_sending(struct peer *p)
{
	device_of(p)->kind->sending(device_of(p));
}

static void tell_done(struct peer *p)
{
	device_of(p)->kind->done(device_of(p));
}

static void tell_answer(struct peer *p)
{
	device_of(p)->kind->answer(device_of(p));
}

static const struct peer_talk talk = {
	.discovered = tell_discovered,
	.info = tell_info,
	.ready = tell_ready,
	.sending = go_on_sending,
	.done = tell_done,
	.answer = tell_answer,
};

static void go_on(struct device *d, unsigned int steps)
{
	while (steps-- > 0) {
		peer_go_on(&d->peer, &talk);
		peer_check(&d->peer);
	}
}

/* --- events */

static void discovered_any(struct device *d)
{
	const uint8_t some = peer_take(&d->peer);
	const uint8_t others[] = {DIALECT_FOREIGN, DIALECT_NORDIC_DFU, DIALECT_UNKNOWN,
				  DIALECT_MATTER};
	const uint8_t none[GATT_CHRS] = {0};

	if (some / 4u % 16u < KINDS)
		discovered(d, kinds[some / 4u % 16u], some);
	else
		session_discovered(&d->peer.s, (enum dialect_id)others[some & 3u], none,
				   d->peer.now);
}

static void event(struct device *d)
{
	struct peer *p = &d->peer;
	const uint8_t which = peer_take(p) % PEER_EVENTS;

	switch (which) {
	case PEER_DISCOVERED:
		discovered_any(d);
		break;
	case PEER_READ:
		peer_tell_version(p);
		break;
	case PEER_SENSIBLE:
	case PEER_SENSIBLE_TOO:
		d->kind->nearly(d);
		break;
	case PEER_TOLD_ANY:
		peer_tell_any(p, peer_take(p) & 1u);
		break;
	case PEER_GOES_ON:
		go_on(d, 1);
		break;
	case PEER_GOES_ON_TOO:
		go_on(d, peer_take(p) % STEPS);
		break;
	default:
		peer_event(p, which);
		break;
	}
}

/* No protocol but SMP and this project's own tells the hash of what runs. */
static void check_proof(const struct device *d)
{
	const struct session *s = &d->peer.s;

	must(s->outcome != SESSION_MEASURED);
	if (s->outcome == SESSION_CONFIRMED || s->outcome == SESSION_UNCONFIRMED)
		must(d->kind == &device_smp || d->kind == &device_full);
	if (s->outcome == SESSION_DELIVERED)
		must(s->ended && s->queued_most == s->config.image_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t sizes[] = {5000, 1, 4096, PEER_IMAGE_MAX};
	static const uint16_t mtus[] = {247, 23, 517, 185};
	struct device d = {.peer = {.ops = &ops, .data = data, .left = size}};
	const uint8_t goal = peer_take(&d.peer), kind = peer_take(&d.peer),
		      more = peer_take(&d.peer);
	struct session_config config;

	peer_config(&config, goal, sizes[kind / 16u % 4u]);
	memcpy(config.version, "2.0", 4);
	config.basic_pacing_us = more & 1u ? 2000 : 0;
	config.mode_auto = !(more & 2u);
	config.mode = (enum gatt_write)(more / 4u % 3u);
	d.mode = more / 16u % 2u;
	d.old = more / 32u % 2u;
	d.buffers = more / 64u;
	d.kind = kinds[kind % 16u % KINDS];
	d.peer.mtu = mtus[kind / 64u % 4u];
	peer_init(&d.peer, &config);
	while (d.peer.left > 0) {
		event(&d);
		peer_check(&d.peer);
		check_proof(&d);
	}
	return 0;
}
