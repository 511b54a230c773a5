/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wrapper sits between the job and a transport and counts what passes.
 *
 * Late values keep their order: whatever follows a late one waits behind it,
 * as on a real link.  Times are the inner transport's, so the one alarm it
 * offers is shared between the job's alarm and the late values.
 */
#include "transport/fault.h"
#include "transport/wrap.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

struct late {
	struct late *next;
	uint64_t at_us;
	enum gatt_write mode; /* a write */
	enum transport_event_kind kind; /* an event */
	int status;
	enum gatt_chr chr;
	size_t len;
	uint8_t bytes[OTA_VALUE_MAX];
};

struct queue {
	struct late *first, **last;
	uint64_t free_at; /* nothing leaves before, so that order is kept */
};

struct fault {
	struct wrap wrap; /* a watcher is told what the inner transport is asked, and when */
	struct fault_spec *specs;
	bool *spent; /* one-shot faults that have happened */
	size_t count;
	struct rng rng;
	uint32_t values, notifications; /* seen so far, from 1 */
	uint64_t stream; /* payload bytes written so far */
	uint32_t drops_ppm; /* of the values that come now */
	uint8_t header; /* bytes of a value that are not payload */
	bool armed; /* the faults of board and stack were set */
	struct queue writes, events;
	uint64_t alarm_at; /* the job's */
};

static struct fault *fault_of(struct transport *t)
{
	return (struct fault *)t;
}

static uint64_t fault_now(const struct fault *f)
{
	struct transport *inner = f->wrap.inner;

	return inner->ops->now_us(inner);
}

static void fault_arm(struct fault *f)
{
	uint64_t at = f->alarm_at;

	if (f->writes.first && f->writes.first->at_us < at)
		at = f->writes.first->at_us;
	if (f->events.first && f->events.first->at_us < at)
		at = f->events.first->at_us;
	(void)f->wrap.inner->ops->set_alarm(f->wrap.inner, at);
}

/* --- late values */

static void queue_clear(struct queue *q)
{
	struct late *next;

	for (struct late *l = q->first; l; l = next) {
		next = l->next;
		free(l);
	}
	*q = (struct queue){.first = NULL};
	q->last = &q->first;
}

static struct late *queue_add(struct queue *q, uint64_t at_us, const uint8_t *buf, size_t len)
{
	struct late *l;

	if (len > sizeof(l->bytes))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	if (at_us < q->free_at)
		at_us = q->free_at;
	q->free_at = at_us;
	l->at_us = at_us;
	l->len = len;
	if (len > 0)
		memcpy(l->bytes, buf, len);
	*q->last = l;
	q->last = &l->next;
	return l;
}

static struct late *queue_take(struct queue *q, uint64_t now_us)
{
	struct late *l = q->first;

	if (!l || l->at_us > now_us)
		return NULL;
	q->first = l->next;
	if (!q->first)
		q->last = &q->first;
	return l;
}

static void fault_release(struct fault *f)
{
	const uint64_t now = fault_now(f);
	struct late *l;

	while ((l = queue_take(&f->writes, now))) {
		(void)f->wrap.inner->ops->write(f->wrap.inner, l->chr, l->mode, l->bytes, l->len);
		free(l);
	}
	while ((l = queue_take(&f->events, now))) {
		const struct transport_event event = {
			.kind = l->kind,
			.chr = l->chr,
			.status = l->status,
			.data = l->bytes,
			.len = l->len,
		};

		wrap_emit(&f->wrap, &event);
		free(l);
	}
}

/* --- which fault strikes */

static bool strikes(struct fault *f, size_t i, uint64_t position)
{
	const struct fault_spec *spec = &f->specs[i];

	if (spec->share_ppm > 0)
		return rng_chance(&f->rng, spec->share_ppm);
	return spec->at == position;
}

struct fate {
	bool drop, twice;
	uint64_t late_us;
};

static struct fate decide(struct fault *f, enum fault_kind drop, enum fault_kind dup,
			  enum fault_kind delay, uint64_t position)
{
	struct fate fate = {.drop = false};

	if (drop == FAULT_DROP_DATA)
		fate.drop = f->drops_ppm > 0 && rng_chance(&f->rng, f->drops_ppm);
	for (size_t i = 0; i < f->count; i++) {
		const enum fault_kind kind = f->specs[i].kind;

		if ((kind != drop && kind != dup && kind != delay) || !strikes(f, i, position))
			continue;
		if (kind == drop)
			fate.drop = true;
		else if (kind == dup)
			fate.twice = true;
		else
			fate.late_us += f->specs[i].arg * 1000ull;
	}
	return fate;
}

static enum transport_fault_kind injected(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_TERMINATE:
		return TRANSPORT_FAULT_TERMINATE;
	case FAULT_REBOOT:
		return TRANSPORT_FAULT_REBOOT;
	case FAULT_POWER_CUT:
		return TRANSPORT_FAULT_POWER_CUT;
	case FAULT_WRITE_FAIL:
		return TRANSPORT_FAULT_WRITE_FAIL;
	case FAULT_SLOW_ERASE:
		return TRANSPORT_FAULT_ERASE_SLOW;
	case FAULT_NO_BOOT:
		return TRANSPORT_FAULT_NO_BOOT;
	case FAULT_BLOCK:
		return TRANSPORT_FAULT_BLOCK;
	case FAULT_STALE_CACHE:
		return TRANSPORT_FAULT_STALE_CACHE;
	case FAULT_LOSS:
		return TRANSPORT_FAULT_LOSS;
	case FAULT_BUFFERS:
		return TRANSPORT_FAULT_BUFFERS;
	case FAULT_DISCONNECT:
	case FAULT_DROPS:
	case FAULT_DROP_DATA:
	case FAULT_DROP_NOTIFY:
	case FAULT_DUP_DATA:
	case FAULT_DUP_NOTIFY:
	case FAULT_DELAY_DATA:
	case FAULT_DELAY_NOTIFY:
	case FAULT_GARBLE_NOTIFY:
	case FAULT_FLOOD_NOTIFY:
	case FAULT_KINDS:
		break;
	}
	return TRANSPORT_FAULT_LINK_LOSS;
}

static bool by_stream(enum fault_kind kind)
{
	return kind == FAULT_DISCONNECT || kind == FAULT_TERMINATE || kind == FAULT_REBOOT ||
	       kind == FAULT_BLOCK || kind == FAULT_LOSS || kind == FAULT_BUFFERS;
}

/* Set once, when the first link is up. */
static bool by_nature(enum fault_kind kind)
{
	return kind == FAULT_POWER_CUT || kind == FAULT_WRITE_FAIL || kind == FAULT_SLOW_ERASE ||
	       kind == FAULT_NO_BOOT || kind == FAULT_STALE_CACHE;
}

static void inject(struct fault *f, size_t i)
{
	const struct fault_spec *spec = &f->specs[i];
	const bool other = spec->kind == FAULT_SLOW_ERASE || spec->kind == FAULT_BLOCK ||
			   spec->kind == FAULT_LOSS || spec->kind == FAULT_BUFFERS;
	const uint64_t arg = other ? spec->arg : spec->at;

	f->spent[i] = true;
	(void)f->wrap.inner->ops->inject(f->wrap.inner, injected(spec->kind), arg);
}

static void count_stream(struct fault *f, size_t len)
{
	f->stream += len > f->header ? len - f->header : 0;
	for (size_t i = 0; i < f->count; i++) {
		if (f->spent[i] || f->stream < f->specs[i].at)
			continue;
		if (by_stream(f->specs[i].kind)) {
			inject(f, i);
		} else if (f->specs[i].kind == FAULT_DROPS) {
			f->spent[i] = true;
			f->drops_ppm = f->specs[i].arg;
		}
	}
}

/* --- the transport */

static int write_late(struct fault *f, enum gatt_chr chr, enum gatt_write mode, uint64_t at_us,
		      const uint8_t *buf, size_t len)
{
	struct late *l = queue_add(&f->writes, at_us, buf, len);

	if (!l)
		return -OTA_ENOMEM;
	l->chr = chr;
	l->mode = mode;
	fault_arm(f);
	return 0;
}

/* Now, or behind what is late already. */
static int write_value(struct fault *f, enum gatt_chr chr, enum gatt_write mode, uint64_t late_us,
		       const uint8_t *buf, size_t len)
{
	if (late_us > 0 || f->writes.first)
		return write_late(f, chr, mode, fault_now(f) + late_us, buf, len);
	return f->wrap.inner->ops->write(f->wrap.inner, chr, mode, buf, len);
}

/* The device's stack took it and answered; its application never saw it. */
static int write_lost(struct fault *f, enum gatt_chr chr, enum gatt_write mode)
{
	struct late *l;

	if (mode != GATT_REQUEST)
		return 0;
	l = queue_add(&f->events, fault_now(f), NULL, 0);
	if (!l)
		return -OTA_ENOMEM;
	l->kind = TRANSPORT_WRITTEN;
	l->chr = chr;
	fault_arm(f);
	return 0;
}

static int fault_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		       const uint8_t *buf, size_t len)
{
	struct fault *f = fault_of(t);
	struct fate fate;
	int rc;

	/* Later values wait behind a late one, commands included. */
	if (chr != GATT_DATA)
		return f->writes.first
			       ? write_late(f, chr, mode, 0, buf, len)
			       : f->wrap.inner->ops->write(f->wrap.inner, chr, mode, buf, len);
	fate = decide(f, FAULT_DROP_DATA, FAULT_DUP_DATA, FAULT_DELAY_DATA, f->values + 1ull);
	if (fate.drop)
		rc = write_lost(f, chr, mode);
	else
		rc = write_value(f, chr, mode, fate.late_us, buf, len);
	if (rc < 0)
		return rc; /* not taken: it comes again, and its fate with it */
	f->values++;
	/* The repetition follows the value; it must not overtake what waits. */
	if (fate.twice && !fate.drop && mode != GATT_REQUEST)
		(void)write_value(f, chr, mode, 0, buf, len);
	count_stream(f, len);
	return 0;
}

/* Other figures behind the same opcode, sometimes fewer of them. */
static size_t garble(struct fault *f, const struct transport_event *event,
		     uint8_t bytes[OTA_VALUE_MAX])
{
	const size_t len = event->len < OTA_VALUE_MAX ? event->len : OTA_VALUE_MAX;

	memcpy(bytes, event->data, len);
	for (size_t i = 0; i < f->count; i++) {
		if (f->specs[i].kind != FAULT_GARBLE_NOTIFY || !strikes(f, i, f->notifications))
			continue;
		for (size_t at = 1; at < len; at++)
			bytes[at] = (uint8_t)rng_u64(&f->rng);
		return rng_below(&f->rng, 4) > 0 || len == 0 ? len : rng_below(&f->rng, len);
	}
	return len;
}

static uint32_t times(const struct fault *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->specs[i].kind == FAULT_FLOOD_NOTIFY)
			return f->specs[i].arg;
	return 1;
}

static void notified(struct fault *f, const struct transport_event *told)
{
	uint8_t bytes[OTA_VALUE_MAX];
	struct transport_event other = *told, *event = &other;
	const struct fate fate = decide(f, FAULT_DROP_NOTIFY, FAULT_DUP_NOTIFY, FAULT_DELAY_NOTIFY,
					++f->notifications);
	struct late *l;

	if (fate.drop)
		return;
	other.len = garble(f, told, bytes);
	other.data = bytes;
	for (uint32_t i = 0; i < times(f) + (fate.twice ? 1u : 0u); i++) {
		if (fate.late_us == 0 && !f->events.first) {
			wrap_emit(&f->wrap, event);
			continue;
		}
		l = queue_add(&f->events, fault_now(f) + fate.late_us, event->data, event->len);
		if (!l)
			continue;
		l->kind = event->kind;
		l->chr = event->chr;
		l->status = event->status;
		fault_arm(f);
	}
}

static void fault_event(void *userdata, const struct transport_event *event)
{
	struct fault *f = userdata;

	switch (event->kind) {
	case TRANSPORT_ALARM:
		fault_release(f);
		if (f->alarm_at <= fault_now(f)) {
			f->alarm_at = UINT64_MAX;
			wrap_emit(&f->wrap, event);
		}
		fault_arm(f);
		return;
	case TRANSPORT_NOTIFIED:
		notified(f, event);
		return;
	case TRANSPORT_DISCONNECTED:
		queue_clear(&f->writes);
		queue_clear(&f->events);
		break;
	case TRANSPORT_CONNECTED:
		for (size_t i = 0; !f->armed && i < f->count; i++)
			if (by_nature(f->specs[i].kind))
				inject(f, i);
		f->armed = true;
		break;
	case TRANSPORT_DISCOVERED:
		f->header = (uint8_t)dialect_get(event->dialect)->header;
		break;
	case TRANSPORT_ADVERTISEMENT:
	case TRANSPORT_MTU:
	case TRANSPORT_SUBSCRIBED:
	case TRANSPORT_READ:
	case TRANSPORT_WRITTEN:
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_LINK:
	case TRANSPORT_MAINTENANCE:
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		break;
	}
	wrap_emit(&f->wrap, event);
}

static int fault_set_alarm(struct transport *t, uint64_t at_us)
{
	fault_of(t)->alarm_at = at_us;
	fault_arm(fault_of(t));
	return 0;
}

static void fault_destroy(struct transport *t)
{
	struct fault *f = fault_of(t);

	f->wrap.inner->ops->destroy(f->wrap.inner);
	queue_clear(&f->writes);
	queue_clear(&f->events);
	free(f->specs);
	free(f->spent);
	free(f);
}

static const struct transport_ops fault_ops = {
	.name = "fault",
	.set_alarm = fault_set_alarm,
	.write = fault_write,
	.destroy = fault_destroy,
};

int fault_wrap(struct transport *inner, const struct fault_spec *specs, size_t count, uint64_t seed,
	       struct transport **ret)
{
	struct fault *f;

	for (size_t i = 0; i < count; i++)
		if ((by_stream(specs[i].kind) || by_nature(specs[i].kind)) && !inner->ops->inject)
			return -OTA_ENOTSUP;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -OTA_ENOMEM;
	f->specs = calloc(count ? count : 1, sizeof(*f->specs));
	f->spent = calloc(count ? count : 1, sizeof(*f->spent));
	if (!f->specs || !f->spent) {
		free(f->specs);
		free(f->spent);
		free(f);
		return -OTA_ENOMEM;
	}
	if (count > 0)
		memcpy(f->specs, specs, count * sizeof(*specs));
	f->count = count;
	f->alarm_at = UINT64_MAX;
	rng_init(&f->rng, seed);
	queue_clear(&f->writes);
	queue_clear(&f->events);
	wrap_init(&f->wrap, inner, &fault_ops, fault_event);
	*ret = &f->wrap.base;
	return 0;
}
