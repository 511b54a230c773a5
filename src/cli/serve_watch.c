/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_watch.h. */
#include "cli/serve_watch.h"

#include "cli/serve_tell.h"
#include "host/pdu_text.h"
#include "image/image.h"

#include <string.h>

#define SAMPLE_US 90000u /* apart, at least: the samples reach back further than RATE_US */
#define RATE_US 2000000u /* the rate of now is that of so long */

static uint64_t serve_watch_now(const struct serve_watch *w)
{
	return w->t->ops->now_us(w->t);
}

void serve_watch_init(struct serve_watch *w, struct transport *t, const char *name,
		      const char *front, const char *security)
{
	memset(w, 0, sizeof(*w));
	w->t = t;
	w->name = name;
	w->front = front;
	w->security = security;
	loglist_init(&w->log);
}

void serve_watch_fault(struct serve_watch *w, const char *text)
{
	const size_t len = strlen(w->faults);

	(void)snprintf(w->faults + len, sizeof(w->faults) - len, "%s%s", len > 0 ? " " : "", text);
}

void serve_watch_note(struct serve_watch *w, enum loglist_kind kind, enum cells_style style,
		      const char *text)
{
	loglist_add(&w->log, serve_watch_now(w), kind, style, text, NULL, 0);
	w->run_values = w->run_bytes = 0;
	w->changed = true;
}

/* --- the log */

/* Values that come one after the other are one line, which stays in its place while nothing but
 * routine notifications come between. */
static void log_value(struct serve_watch *w, const struct serve_news *n)
{
	char pdu[PDU_TEXT_SIZE], text[LOGLIST_TEXT];
	struct loglist_line *line;

	(void)pdu_text_data(n->data, n->len, n->dialect, pdu, sizeof(pdu));
	if (w->run_values == 0 || !loglist_at(&w->log, w->run_line)) {
		w->run_line = w->log.count;
		w->run_values = 1;
		w->run_bytes = n->len;
		loglist_add(&w->log, serve_watch_now(w), LOGLIST_SENT, CELLS_NORMAL, pdu, NULL, 0);
		return;
	}
	w->run_values++;
	w->run_bytes += n->len;
	(void)snprintf(text, sizeof(text), "%.140s: the last of %lu values, %lu bytes", pdu,
		       w->run_values, w->run_bytes);
	line = &w->log.lines[w->run_line % LOGLIST_LINES];
	(void)snprintf(line->text, sizeof(line->text), "%s", text);
}

/* As the workbench has it: a device repeats these while all goes well. */
static bool is_routine(const struct serve_news *n)
{
	const uint8_t opcode = n->len > 4 ? n->data[0] : 0; /* basic has shorter ones */

	return n->kind == SERVE_NOTIFIED && n->chr == GATT_CONTROL &&
	       n->dialect->family == DIALECT_OTABENCH &&
	       (opcode == OTA_EVT_ACK || opcode == OTA_EVT_PROGRESS ||
		opcode == OTA_EVT_TELEMETRY || opcode == OTA_EVT_TIMES);
}

static enum loglist_kind kind_of(const struct serve_news *n)
{
	switch (n->kind) {
	case SERVE_SUBSCRIBED:
	case SERVE_READ:
	case SERVE_COMMAND:
	case SERVE_VALUE:
		return LOGLIST_SENT;
	case SERVE_NOTIFIED:
		return is_routine(n) ? LOGLIST_ROUTINE : LOGLIST_RECEIVED;
	case SERVE_LOST:
	case SERVE_BROKEN:
	case SERVE_REFUSED:
		return LOGLIST_EVENT;
	case SERVE_PUBLISHED:
	case SERVE_ON_AIR:
	case SERVE_OFF_AIR:
	case SERVE_JOINED:
	case SERVE_MTU:
	case SERVE_LEFT:
		break;
	}
	return LOGLIST_STATE;
}

static enum cells_style style_of(const struct serve_news *n)
{
	if (n->kind == SERVE_BROKEN || n->kind == SERVE_REFUSED)
		return CELLS_BAD;
	if (n->kind == SERVE_LOST)
		return CELLS_WARNING;
	return kind_of(n) == LOGLIST_STATE ? CELLS_TITLE : CELLS_NORMAL;
}

static void log_news(struct serve_watch *w, const struct serve_news *n)
{
	const bool bytes = n->kind == SERVE_COMMAND || n->kind == SERVE_NOTIFIED;
	char text[SERVE_WORDS];
	const char *at = serve_tell_words(w->name, n, text, sizeof(text));

	if (n->kind == SERVE_VALUE) {
		log_value(w, n);
		return;
	}
	if (at[0] != '\0' && strchr("<>!", at[0]) && at[1] == ' ')
		at += 2; /* the log has a column for these */
	if (n->kind == SERVE_BROKEN && w->serve) {
		const size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, ": %s",
			       serve_grade(w->serve)->findings[n->rule].detail);
	}
	loglist_add(&w->log, serve_watch_now(w), kind_of(n), style_of(n), at,
		    bytes ? n->data : NULL, bytes ? n->len : 0);
	if (!is_routine(n))
		w->run_values = w->run_bytes = 0;
}

/* --- the update */

static void begin_update(struct serve_watch *w)
{
	w->received = w->flushed = w->first_received = 0;
	w->first_us = w->last_us = 0;
	w->sample_count = 0;
}

/* START announces it, in the dialect that has it announce anything. */
static void take_command(struct serve_watch *w, const struct serve_news *n)
{
	struct ota_start start;

	if (n->dialect->family != DIALECT_OTABENCH || n->len == 0 || n->data[0] != OTA_CMD_START)
		return;
	begin_update(w);
	w->total = n->len > 1 && ota_start_decode(n->data, n->len, &start) == 0 ? start.stream_size
										: 0;
}

void serve_watch_news(struct serve_watch *w, const struct serve_news *n)
{
	switch (n->kind) {
	case SERVE_ON_AIR:
	case SERVE_OFF_AIR:
		w->advertises = n->kind == SERVE_ON_AIR;
		break;
	case SERVE_JOINED:
		w->connected = true;
		w->subscribed = false;
		w->mtu = 0;
		w->clients++;
		w->since_us = serve_watch_now(w);
		(void)snprintf(w->client, sizeof(w->client), "%s", n->text);
		break;
	case SERVE_MTU:
		w->mtu = (uint16_t)n->number;
		break;
	case SERVE_LEFT:
	case SERVE_LOST:
		w->connected = false;
		w->losses += n->kind == SERVE_LOST;
		break;
	case SERVE_SUBSCRIBED:
		w->subscribed = n->number != 0;
		break;
	case SERVE_COMMAND:
		take_command(w, n);
		break;
	case SERVE_VALUE:
		w->values++;
		w->bytes += n->len;
		break;
	case SERVE_NOTIFIED: /* it may be the last before a reboot: no frame would see it */
		serve_watch_look(w);
		break;
	case SERVE_PUBLISHED:
	case SERVE_READ:
	case SERVE_BROKEN:
	case SERVE_REFUSED:
		break;
	}
	log_news(w, n);
	w->changed = true;
}

static bool is_due(const struct serve_watch *w, uint64_t now)
{
	return w->sample_count == 0 ||
	       now - w->samples[(w->sample_count - 1) % SERVE_WATCH_SAMPLES].at_us >= SAMPLE_US;
}

static void take_sample(struct serve_watch *w)
{
	const uint64_t now = serve_watch_now(w);
	const struct transport_facts *f = &w->facts;

	/* Its counts stay to be seen when it has rebooted. */
	if (!f->has_status || f->received == 0 || f->state == OTA_STATE_IDLE)
		return;
	if (w->first_us == 0) {
		w->first_us = w->last_us = now;
		w->first_received = f->received;
	}
	/* The silence before a link counts as lost is no time of the transfer. */
	if (f->received != w->received && f->state != OTA_STATE_SUSPENDED)
		w->last_us = now;
	w->received = f->received;
	w->flushed = f->flushed;
	if (!is_due(w, now))
		return;
	w->samples[w->sample_count % SERVE_WATCH_SAMPLES].at_us = now;
	w->samples[w->sample_count++ % SERVE_WATCH_SAMPLES].received = f->received;
}

/* The other facts change at a restart, which counts. */
static bool looks_same(const struct transport_facts *a, const struct transport_facts *b)
{
	return a->up == b->up && a->state == b->state && a->received == b->received &&
	       a->flushed == b->flushed && a->erasing == b->erasing && a->writing == b->writing &&
	       a->on_trial == b->on_trial && a->boots == b->boots &&
	       a->power_losses == b->power_losses;
}

void serve_watch_look(struct serve_watch *w)
{
	const struct transport_facts before = w->facts;
	const char *address = w->serve ? serve_address(w->serve) : "";

	w->facts_known = address[0] != '\0' && w->t->ops->facts &&
			 w->t->ops->facts(w->t, address, &w->facts) == 0;
	if (!w->facts_known)
		return;
	take_sample(w);
	if (!looks_same(&before, &w->facts))
		w->changed = true;
}

/* Bytes per second over the latest samples; 0 where it receives no more. */
static uint32_t rate_of(const struct serve_watch *w)
{
	const size_t kept =
		w->sample_count < SERVE_WATCH_SAMPLES ? w->sample_count : SERVE_WATCH_SAMPLES;
	const size_t last = w->sample_count - 1;
	size_t first = last;

	if (kept < 2 || w->facts.state != OTA_STATE_RECEIVING)
		return 0;
	while (first > w->sample_count - kept &&
	       w->samples[last % SERVE_WATCH_SAMPLES].at_us -
			       w->samples[(first - 1) % SERVE_WATCH_SAMPLES].at_us <=
		       RATE_US)
		first--;
	{
		const uint64_t us = w->samples[last % SERVE_WATCH_SAMPLES].at_us -
				    w->samples[first % SERVE_WATCH_SAMPLES].at_us;
		const uint32_t to = w->samples[last % SERVE_WATCH_SAMPLES].received,
			       from = w->samples[first % SERVE_WATCH_SAMPLES].received;

		return us > 0 && to > from ? (uint32_t)((to - from) * UINT64_C(1000000) / us) : 0;
	}
}

static uint32_t average_of(const struct serve_watch *w)
{
	const uint64_t us = w->last_us - w->first_us;

	if (us == 0 || w->received <= w->first_received)
		return 0;
	return (uint32_t)((w->received - w->first_received) * UINT64_C(1000000) / us);
}

/* --- what is to be seen */

static void take_rules(struct serve_watch *w)
{
	static const enum view_serve_mark marks[] = {[GRADE_UNSEEN] = VIEW_SERVE_UNSEEN,
						     [GRADE_KEPT] = VIEW_SERVE_KEPT,
						     [GRADE_BROKEN] = VIEW_SERVE_BROKEN};
	const struct grade *grade = serve_grade(w->serve);

	for (unsigned int i = 0; i < GRADE_RULES; i++) {
		const struct grade_finding *f = &grade->findings[i];
		const enum grade_rule rule = (enum grade_rule)i;

		w->rules[i] = (struct view_serve_rule){
			.mark = marks[f->mark],
			.section = grade_rule_section(rule),
			.name = grade_rule_name(rule),
			.text = grade_rule_text(rule),
			.fault = grade_rule_fault(rule),
			.detail = f->detail,
			.times = f->times,
			.first_us = f->first_us,
		};
	}
}

void serve_watch_view(struct serve_watch *w, struct view_serve *ret)
{
	const struct dialect *dialect = w->serve ? serve_dialect(w->serve) : NULL;
	const struct image_chip *chip = w->facts_known ? image_chip_by_id(w->facts.chip_id) : NULL;
	const bool judged = dialect && dialect->family == DIALECT_OTABENCH;

	if (judged)
		take_rules(w);
	*ret = (struct view_serve){
		.name = w->name,
		.front = w->front,
		.dialect = dialect && dialect->id != DIALECT_UNKNOWN ? dialect->name : "",
		.chip = chip ? chip->title : "",
		.security = w->security,
		.faults = w->faults,
		.advertises = w->advertises,
		.facts = w->facts_known ? &w->facts : NULL,
		.connected = w->connected,
		.client = w->client,
		.connected_us = serve_watch_now(w) - w->since_us,
		.mtu = w->mtu,
		.subscribed = w->subscribed,
		.clients = w->clients,
		.losses = w->losses,
		.total = w->total,
		.values = w->values,
		.bytes = w->bytes,
		.received = w->received,
		.flushed = w->flushed,
		.took_us = w->last_us - w->first_us,
		.rate = rate_of(w),
		.average = average_of(w),
		.rules = w->rules,
		.rule_count = judged ? GRADE_RULES : 0,
		.log = &w->log,
		.message = "",
	};
}

bool serve_watch_take_changed(struct serve_watch *w)
{
	const bool changed = w->changed;

	w->changed = false;
	return changed;
}
