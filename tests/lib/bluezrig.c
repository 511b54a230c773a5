/* SPDX-License-Identifier: Apache-2.0 */
/* See bluezrig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bluezrig.h"

#define PATIENCE_S 20

static const char *name_of(enum gatt_chr chr)
{
	static const char *const names[GATT_CHRS] = {"control", "data",	 "info",
						     "version", "model", "manufacturer"};

	return chr < GATT_CHRS ? names[chr] : "?";
}

static void put_bytes(struct fake_text *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fake_add(out, "%s%02x", i ? "" : " ", bytes[i]);
}

static void put_event(struct fake_text *out, const struct transport_event *e)
{
	fake_add(out, "%s", transport_event_name(e->kind));
	switch (e->kind) {
	case TRANSPORT_ADVERTISEMENT:
		fake_add(out, " %s '%s' %d%s", e->adv->address, e->adv->name, e->adv->rssi,
			 dialects_driven(e->adv->dialects) ? " ota" : "");
		break;
	case TRANSPORT_CONNECTED:
	case TRANSPORT_MTU:
		fake_add(out, " %u", e->mtu);
		break;
	case TRANSPORT_DISCONNECTED:
		fake_add(out, " %s", gatt_reason_name(e->reason));
		break;
	case TRANSPORT_DISCOVERED:
		for (size_t i = 0; i < GATT_CHRS; i++)
			fake_add(out, " %02x", e->properties[i]);
		break;
	case TRANSPORT_SUBSCRIBED:
	case TRANSPORT_READ:
	case TRANSPORT_WRITTEN:
	case TRANSPORT_NOTIFIED:
		fake_add(out, " %s %d", name_of(e->chr), e->status);
		put_bytes(out, e->data, e->len);
		break;
	case TRANSPORT_ADAPTER:
		fake_add(out, " %d", e->status);
		break;
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_LINK:
		break;
	case TRANSPORT_PASSKEY:
		fake_add(out, " %d", (int)e->passkey);
		break;
	case TRANSPORT_PAIRED:
	case TRANSPORT_MAINTENANCE:
		fake_add(out, " %d", e->status);
		break;
	}
	fake_add(out, "\n");
}

static void on_event(void *userdata, const struct transport_event *e)
{
	put_event(&((struct rig *)userdata)->events, e);
}

static void on_log(void *ctx, const char *text)
{
	struct rig *r = ctx;

	fake_add(&r->log, "%s\n", text);
}

void rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	assert_true(sd_event_new(&r->event) >= 0);
	fake_init(&r->fake, r->event);
}

void rig_finish(struct rig *r)
{
	if (r->t)
		r->t->ops->destroy(r->t);
	fake_settle(&r->fake); /* answers to calls of a transport that is no more */
	fake_finish(&r->fake);
	sd_event_unref(r->event);
}

int bluez_rig_setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	*state = &rig;
	return 0;
}

int bluez_rig_teardown(void **state)
{
	rig_finish(*state);
	return 0;
}

int rig_open(struct rig *r, const struct bluez_config *config)
{
	struct bluez_config c = *config;
	char why[200] = "";
	int rc;

	c.bus = r->fake.client;
	c.log = on_log;
	c.log_ctx = r;
	rc = bluez_create(r->event, &c, &r->t, why, sizeof(why));
	if (rc < 0)
		fail_msg("bluez_create: %s", why);
	r->t->handler = on_event;
	r->t->userdata = r;
	fake_settle(&r->fake);
	return bluez_ready(r->t, NULL, 0);
}

void rig_ready(struct rig *r)
{
	const struct bluez_config config = {.find_ms = 300};

	assert_int_equal(rig_open(r, &config), 0);
	rig_expect(r, "adapter 0\n");
	(void)fake_calls(&r->fake);
}

void rig_connect(struct rig *r)
{
	rig_ready(r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	(void)rig_events(r);
	assert_int_equal(r->t->ops->subscribe(r->t, GATT_CONTROL), 0);
	rig_expect(r, "subscribed control 0\n");
	(void)fake_calls(&r->fake);
}

const char *rig_events(struct rig *r)
{
	fake_settle(&r->fake);
	return fake_take(&r->events);
}

void rig_until(struct rig *r, const char *text)
{
	const time_t until = time(NULL) + PATIENCE_S;

	while (!strstr(r->events.text, text)) {
		if (time(NULL) > until)
			fail_msg("no '%s' came, only: %s", text, r->events.text);
		assert_true(sd_event_run(r->event, 1000000u) >= 0);
	}
}

const char *rig_log(struct rig *r)
{
	return r->log.text;
}
