/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_tell.h. */
#include "cli/serve_tell.h"
#include "base/hex.h"

#include "cli/run.h"
#include "host/pdu_text.h"

#include <string.h>

static const char *kind_name(enum serve_news_kind kind)
{
	switch (kind) {
	case SERVE_PUBLISHED:
		return "published";
	case SERVE_ON_AIR:
		return "on-air";
	case SERVE_OFF_AIR:
		return "off-air";
	case SERVE_JOINED:
		return "joined";
	case SERVE_MTU:
		return "mtu";
	case SERVE_LEFT:
		return "left";
	case SERVE_LOST:
		return "lost";
	case SERVE_SUBSCRIBED:
		return "subscribed";
	case SERVE_READ:
		return "read";
	case SERVE_COMMAND:
		return "command";
	case SERVE_VALUE:
		return "data";
	case SERVE_NOTIFIED:
		return "notified";
	case SERVE_BROKEN:
		return "broken";
	case SERVE_REFUSED:
		return "refused";
	}
	return "";
}

static const char *chr_name(enum gatt_chr chr)
{
	switch (chr) {
	case GATT_CONTROL:
		return "Control";
	case GATT_DATA:
		return "Data";
	case GATT_INFO:
		return "Info";
	case GATT_FIRMWARE_REVISION:
		return "firmware revision";
	case GATT_MODEL:
		return "model";
	case GATT_MANUFACTURER:
		return "manufacturer";
	case GATT_CHRS:
		break;
	}
	return "a characteristic that is not offered";
}

const char *serve_tell_words(const char *device, const struct serve_news *n, char *buf, size_t size)
{
	char pdu[PDU_TEXT_SIZE], safe[SERVE_CLIENT];

	buf[0] = '\0';
	switch (n->kind) {
	case SERVE_PUBLISHED:
		(void)snprintf(buf, size, "a simulated ESP32, %s", n->dialect->title);
		break;
	case SERVE_ON_AIR:
		(void)snprintf(buf, size, "advertises as %s", device);
		break;
	case SERVE_OFF_AIR:
		(void)snprintf(buf, size, "does not advertise");
		break;
	case SERVE_JOINED:
		(void)output_safe_text(n->text, strlen(n->text), safe, sizeof(safe));
		(void)snprintf(buf, size, "client %s", safe);
		break;
	case SERVE_MTU:
		(void)snprintf(buf, size, "ATT MTU %u", n->number);
		break;
	case SERVE_LEFT:
		(void)snprintf(buf, size, "client disconnected");
		break;
	case SERVE_LOST:
		(void)snprintf(buf, size, "link lost: %s", gatt_reason_name(n->reason));
		break;
	case SERVE_SUBSCRIBED:
		(void)snprintf(buf, size, "> notifications %s", n->number ? "on" : "off");
		break;
	case SERVE_READ:
		(void)snprintf(buf, size, "> reads %s", chr_name(n->chr));
		break;
	case SERVE_COMMAND:
		(void)snprintf(buf, size, "> %s",
			       pdu_text_command(n->data, n->len, n->dialect, pdu, sizeof(pdu)));
		break;
	case SERVE_NOTIFIED:
		(void)snprintf(
			buf, size, "< %s",
			pdu_text_notification(n->data, n->len, n->dialect, pdu, sizeof(pdu)));
		break;
	case SERVE_BROKEN:
		(void)snprintf(buf, size, "! %s (protocol.md %s)", grade_rule_fault(n->rule),
			       grade_rule_section(n->rule));
		break;
	case SERVE_REFUSED:
		(void)snprintf(buf, size, "! %s", n->text);
		break;
	case SERVE_VALUE:
		break;
	}
	return buf;
}

static void put_line(const struct serve_tell *tell, const char *text)
{
	const double t = (double)(tell->since_us) / 1e6;

	(void)fprintf(tell->cli->out, "%9.3f  %s\n", t, text);
	(void)fflush(tell->cli->out);
}

static void set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static void emit_data(struct serve_tell *tell)
{
	json_t *o = cli_event(tell->cli, "served");

	set(o, "what", json_string("data"));
	set(o, "values", json_integer((json_int_t)tell->values));
	set(o, "bytes", json_integer((json_int_t)tell->bytes));
	cli_emit(tell->cli, o);
}

void serve_tell_rest(struct serve_tell *tell)
{
	char text[80];

	if (tell->values == 0)
		return;
	(void)snprintf(text, sizeof(text), "> %lu values of Data, %lu bytes", tell->values,
		       tell->bytes);
	if (tell->cli->json)
		emit_data(tell);
	else
		put_line(tell, text);
	tell->values = tell->bytes = 0;
}

static void emit_news(struct serve_tell *tell, const struct serve_news *n)
{
	json_t *o = cli_event(tell->cli, "served");

	set(o, "what", json_string(kind_name(n->kind)));
	if (n->kind == SERVE_PUBLISHED)
		run_json_dialect(o, n->dialect->id);
	if (n->kind == SERVE_ON_AIR)
		set(o, "device", json_string(tell->device));
	if (n->kind == SERVE_JOINED)
		set(o, "client", output_json_text(n->text, strlen(n->text)));
	if (n->kind == SERVE_REFUSED)
		set(o, "text", json_string(n->text));
	if (n->kind == SERVE_MTU)
		set(o, "mtu", json_integer(n->number));
	if (n->kind == SERVE_LOST)
		set(o, "reason", json_string(gatt_reason_name(n->reason)));
	if (n->kind == SERVE_SUBSCRIBED)
		set(o, "on", json_boolean(n->number));
	if (n->kind == SERVE_READ || n->kind == SERVE_NOTIFIED)
		set(o, "characteristic", json_string(chr_name(n->chr)));
	if (n->kind == SERVE_COMMAND || n->kind == SERVE_NOTIFIED)
		set(o, "hex", run_json_hex(n->data, n->len));
	if (n->kind == SERVE_BROKEN) {
		set(o, "rule", json_string(grade_rule_name(n->rule)));
		set(o, "section", json_string(grade_rule_section(n->rule)));
		set(o, "text", json_string(grade_rule_fault(n->rule)));
	}
	cli_emit(tell->cli, o);
}

/* Hundreds a second come of these; with -v each is told. */
static bool is_frequent(const struct serve_tell *tell, const struct serve_news *n)
{
	return n->kind == SERVE_NOTIFIED && !tell->cli->verbose && !tell->cli->json &&
	       n->dialect->family == DIALECT_OTABENCH && n->len > 0 && n->data[0] == OTA_EVT_ACK;
}

void serve_tell_news(struct serve_tell *tell, const struct serve_news *n)
{
	char text[SERVE_WORDS];

	if (n->kind == SERVE_VALUE) {
		tell->values++;
		tell->bytes += n->len;
		return;
	}
	if (is_frequent(tell, n))
		return;
	serve_tell_rest(tell);
	if (tell->cli->json)
		emit_news(tell, n);
	else
		put_line(tell, serve_tell_words(tell->device, n, text, sizeof(text)));
}

static void emit_rule(const struct serve_tell *tell, const struct grade *grade, enum grade_rule i)
{
	const struct grade_finding *f = &grade->findings[i];
	json_t *o = cli_event(tell->cli, "rule");

	set(o, "rule", json_string(grade_rule_name(i)));
	set(o, "section", json_string(grade_rule_section(i)));
	set(o, "text", json_string(grade_rule_text(i)));
	set(o, "mark", json_string(grade_mark_name(f->mark)));
	set(o, "times", json_integer(f->times));
	if (f->mark == GRADE_BROKEN) {
		set(o, "first", output_json_seconds(f->first_us));
		set(o, "fault", json_string(grade_rule_fault(i)));
		set(o, "detail", json_string(f->detail));
	}
	cli_emit(tell->cli, o);
}

static void put_rule(const struct serve_tell *tell, const struct grade *grade, enum grade_rule i)
{
	const struct grade_finding *f = &grade->findings[i];
	FILE *out = tell->cli->out;

	(void)fprintf(out, "%-7s %-5s %s\n", grade_mark_name(f->mark), grade_rule_section(i),
		      grade_rule_text(i));
	if (f->mark == GRADE_BROKEN)
		(void)fprintf(out, "%13s %s: %s; first at %.3f s, %lu times\n", "",
			      grade_rule_fault(i), f->detail, (double)f->first_us / 1e6,
			      (unsigned long)f->times);
}

void serve_tell_grade(struct serve_tell *tell, const struct grade *grade)
{
	unsigned int marks[3] = {0, 0, 0};

	for (unsigned int i = 0; i < GRADE_RULES; i++) {
		marks[grade->findings[i].mark]++;
		if (tell->cli->json)
			emit_rule(tell, grade, (enum grade_rule)i);
		else
			put_rule(tell, grade, (enum grade_rule)i);
	}
	if (!tell->cli->json)
		(void)fprintf(tell->cli->out, "rules: %u kept, %u broken, %u unseen\n",
			      marks[GRADE_KEPT], marks[GRADE_BROKEN], marks[GRADE_UNSEEN]);
}
