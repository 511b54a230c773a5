/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a served device: it is looked at once for its services, advertised, joined by a
 * client, lost, and advertised again.  What the client does waits in one queue, in its order, and
 * one thing after the other is done to the device (serve_ops.c).
 */
#include "serve/serve_priv.h"

#include <stdlib.h>
#include <string.h>

void serve_tell(struct serve *s, struct serve_news news)
{
	news.dialect = s->dialect;
	if (s->config.told)
		s->config.told(s->config.told_ctx, &news);
}

/* Tells of rules that are broken for the first time. */
void serve_judge(struct serve *s)
{
	for (unsigned int i = 0; i < GRADE_RULES; i++) {
		if (s->grade.findings[i].times == 0 || s->broken & 1u << i)
			continue;
		s->broken |= 1u << i;
		serve_tell(s,
			   (struct serve_news){.kind = SERVE_BROKEN, .rule = (enum grade_rule)i});
	}
}

static void put_on_air(struct serve *s, bool on)
{
	if (s->advertised == on)
		return;
	s->advertised = on;
	s->config.front->advertise(s->config.front_ctx, on);
	serve_tell(s, (struct serve_news){.kind = on ? SERVE_ON_AIR : SERVE_OFF_AIR});
}

static void look(struct serve *s)
{
	s->phase = SERVE_DARK;
	(void)s->config.t->ops->scan_start(s->config.t);
}

/* --- the services */

static bool same_table(const struct gatt_table *a, const struct gatt_table *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->entries[i].handle != b->entries[i].handle ||
		    a->entries[i].service != b->entries[i].service ||
		    a->entries[i].properties != b->entries[i].properties ||
		    strcmp(a->entries[i].uuid, b->entries[i].uuid) != 0)
			return false;
	return true;
}

/* A front that cannot tell how Data was written can offer one way alone. */
static void narrow(const struct serve *s, struct gatt_table *table, uint16_t data)
{
	const uint8_t both = GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND;

	for (size_t i = 0; i < table->count; i++) {
		struct gatt_entry *e = &table->entries[i];

		if (e->service || e->handle != data || (e->properties & both) != both)
			continue;
		if (s->config.data == SERVE_DATA_REQUEST)
			e->properties &= (uint8_t)~GATT_PROP_WRITE_COMMAND;
		else if (s->config.data == SERVE_DATA_COMMAND)
			e->properties &= (uint8_t)~GATT_PROP_WRITE;
	}
}

static void map(struct serve *s, const struct gatt_table *table)
{
	struct gatt_found found[GATT_TABLE_MAX];
	uint16_t handles[GATT_TABLE_MAX];
	const char *service = NULL;
	size_t count = 0, at;

	for (size_t i = 0; i < table->count; i++) {
		const struct gatt_entry *e = &table->entries[i];

		if (e->service)
			service = e->uuid;
		else {
			handles[count] = e->handle;
			found[count++] = (struct gatt_found){service, e->uuid, e->properties};
		}
	}
	s->dialect = dialect_find(found, count);
	if (!s->dialect)
		s->dialect = dialect_get(DIALECT_UNKNOWN);
	for (unsigned int i = 0; i < GATT_CHRS; i++) {
		at = dialect_map(s->dialect, (enum gatt_chr)i, found, count);
		s->handles[i] = at < count ? handles[at] : 0;
	}
	at = dialect_map_events(s->dialect, found, count);
	s->events = at < count ? handles[at] : s->handles[GATT_CONTROL];
}

int serve_learn(struct serve *s, enum transport_table which)
{
	struct gatt_table table = {.count = 0};
	int rc;

	rc = s->config.t->ops->table(s->config.t, s->address, which, &table);
	if (rc < 0 || (s->known && same_table(&table, &s->own)))
		return rc;
	s->own = table;
	s->known = true;
	map(s, &table);
	narrow(s, &table, s->handles[GATT_DATA]);
	rc = s->config.front->publish(s->config.front_ctx, &table);
	if (rc == 0)
		serve_tell(s, (struct serve_news){.kind = SERVE_PUBLISHED});
	return rc;
}

static void refuse(struct serve *s, const char *why)
{
	serve_tell(s, (struct serve_news){.kind = SERVE_REFUSED, .text = why});
}

/* --- the transport */

static void heard(struct serve *s, const struct transport_advertisement *adv)
{
	struct transport *t = s->config.t;

	if (s->phase != SERVE_DARK)
		return;
	if (s->config.device[0] && strcmp(adv->name, s->config.device) != 0 &&
	    strcmp(adv->address, s->config.device) != 0)
		return;
	(void)strncpy(s->address, adv->address, sizeof(s->address) - 1u);
	(void)t->ops->scan_stop(t);
	if (!s->known) {
		s->phase = SERVE_LOOKING;
		if (t->ops->maintenance(t, TRANSPORT_READ_TABLE, s->address) < 0)
			look(s);
		return;
	}
	s->phase = SERVE_AIR;
	put_on_air(s, true);
	serve_ops_pump(s);
}

static void looked(struct serve *s, int status)
{
	if (s->phase != SERVE_LOOKING)
		return;
	if (status == 0 && serve_learn(s, TRANSPORT_TABLE_DEVICE) < 0)
		refuse(s, "its services cannot be published");
	look(s);
}

static void lost(struct serve *s, enum gatt_reason reason)
{
	const enum serve_phase was = s->phase;

	serve_ops_drop(s);
	if (was == SERVE_JOINING || was == SERVE_UP) {
		grade_disconnected(&s->grade, false);
		put_on_air(s, false);
		serve_tell(s, (struct serve_news){.kind = SERVE_LOST, .reason = reason});
		s->client = false;
		s->config.front->hang_up(s->config.front_ctx);
	}
	look(s);
}

static void discovered(struct serve *s, int status)
{
	if (s->phase != SERVE_JOINING)
		return;
	if (status < 0 || serve_learn(s, TRANSPORT_TABLE_STACK) < 0) {
		refuse(s, "its services cannot be read");
		(void)s->config.t->ops->disconnect(s->config.t);
		return;
	}
	s->phase = SERVE_UP;
	serve_ops_pump(s);
}

static void serve_on_event(void *userdata, const struct transport_event *e)
{
	struct serve *s = userdata;

	grade_at(&s->grade, s->config.t->ops->now_us(s->config.t));
	switch (e->kind) {
	case TRANSPORT_ADVERTISEMENT:
		heard(s, e->adv);
		break;
	case TRANSPORT_MAINTENANCE:
		looked(s, e->status);
		break;
	case TRANSPORT_CONNECTED:
		if (s->phase == SERVE_JOINING)
			(void)s->config.t->ops->discover(s->config.t);
		break;
	case TRANSPORT_DISCOVERED:
		discovered(s, e->status);
		break;
	case TRANSPORT_DISCONNECTED:
		lost(s, e->reason);
		break;
	case TRANSPORT_SUBSCRIBED:
	case TRANSPORT_READ:
	case TRANSPORT_WRITTEN:
	case TRANSPORT_NOTIFIED:
	case TRANSPORT_WRITABLE:
		serve_ops_event(s, e);
		break;
	case TRANSPORT_MTU:
	case TRANSPORT_ALARM:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_LINK:
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		break;
	}
	serve_judge(s);
}

/* --- the client */

void serve_client_joined(struct serve *s, const char *name)
{
	if (s->client)
		return;
	s->client = true;
	s->mtu = 0;
	grade_connected(&s->grade, OTA_ATT_MTU_MIN, s->dialect->id == DIALECT_BASIC);
	serve_tell(s, (struct serve_news){.kind = SERVE_JOINED, .text = name});
}

void serve_client_left(struct serve *s)
{
	if (!s->client)
		return;
	s->client = false;
	serve_ops_drop(s);
	grade_at(&s->grade, s->config.t->ops->now_us(s->config.t));
	grade_disconnected(&s->grade, true);
	serve_tell(s, (struct serve_news){.kind = SERVE_LEFT});
	serve_judge(s);
	if (s->phase != SERVE_JOINING && s->phase != SERVE_UP)
		return;
	s->phase = SERVE_LEAVING;
	put_on_air(s, false);
	if (s->config.t->ops->disconnect(s->config.t) < 0)
		look(s);
}

int serve_create(const struct serve_config *config, struct serve **ret)
{
	struct serve *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -OTA_ENOMEM;
	if (!config->t->ops->table || !config->t->ops->maintenance) {
		free(s);
		return -OTA_ENOTSUP;
	}
	s->config = *config;
	s->dialect = dialect_get(DIALECT_UNKNOWN);
	s->last = &s->ops;
	grade_init(&s->grade);
	config->t->handler = serve_on_event;
	config->t->userdata = s;
	s->phase = SERVE_DARK;
	rc = config->t->ops->scan_start(config->t);
	if (rc < 0) {
		serve_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void serve_destroy(struct serve *s)
{
	if (!s)
		return;
	serve_ops_drop(s);
	s->config.t->handler = NULL;
	free(s);
}

struct grade *serve_grade(struct serve *s)
{
	return &s->grade;
}

bool serve_busy(const struct serve *s)
{
	return s->ops != NULL;
}

const struct dialect *serve_dialect(const struct serve *s)
{
	return s->dialect;
}

const char *serve_address(const struct serve *s)
{
	return s->address;
}
