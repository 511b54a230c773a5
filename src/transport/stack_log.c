/* SPDX-License-Identifier: Apache-2.0 */
/* See stack_log.h. */
#include "transport/stack_log.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define SUM_US 1000000u

static uint64_t now_of(struct transport *t)
{
	return t->ops->now_us(t);
}

/* One line that a terminal can take: what a stack says may hold anything. */
static void stack_log_tell(struct transport *t, struct transport_call *call, char *text)
{
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	call->text = text;
	t->watcher(t->watcher_userdata, call);
}

static void tell_sum(struct transport *t, struct stack_log *c, uint64_t now)
{
	struct transport_call call = {.at_us = now, .kind = TRANSPORT_CALL};
	char text[TRANSPORT_CALL_TEXT], slowest[64] = "", errors[48] = "", values[TEXT_COUNT_MAX],
					bytes[TEXT_COUNT_MAX];

	if (c->values == 0 && c->errors == 0)
		return;
	if (c->slowest_us > 0)
		(void)snprintf(slowest, sizeof(slowest),
			       ", slowest answer %" PRIu64 ".%" PRIu64 " ms", c->slowest_us / 1000u,
			       c->slowest_us % 1000u / 100u);
	if (c->errors > 0) {
		call.kind = TRANSPORT_ERROR;
		(void)snprintf(errors, sizeof(errors), ", %" PRIu32 " refused", c->errors);
	}
	(void)snprintf(text, sizeof(text), "Data: %s, %s%s%s",
		       text_count(c->values, "value", values, sizeof(values)),
		       text_count(c->bytes, "byte", bytes, sizeof(bytes)), slowest, errors);
	c->values = c->errors = 0;
	c->bytes = c->slowest_us = 0;
	stack_log_tell(t, &call, text);
}

static void say(struct transport *t, struct stack_log *c, struct transport_call *call,
		const char *format, va_list ap)
{
	char text[TRANSPORT_CALL_TEXT];

	call->at_us = now_of(t);
	tell_sum(t, c, call->at_us);
	(void)vsnprintf(text, sizeof(text), format, ap);
	stack_log_tell(t, call, text);
}

void stack_log_made(struct transport *t, struct stack_log *c, struct stack_log_tag *ret,
		    const char *format, ...)
{
	struct transport_call call = {.kind = TRANSPORT_CALL};
	va_list ap;

	*ret = (struct stack_log_tag){.id = 0};
	if (!t->watcher)
		return;
	call.id = ++c->last_id;
	*ret = (struct stack_log_tag){.id = call.id, .at_us = now_of(t)};
	va_start(ap, format);
	say(t, c, &call, format, ap);
	va_end(ap);
}

void stack_log_done(struct transport *t, struct stack_log *c, struct stack_log_tag *tag, bool error,
		    const char *format, ...)
{
	struct transport_call call = {
		.kind = error ? TRANSPORT_ERROR : TRANSPORT_REPLY,
		.id = tag->id,
	};
	va_list ap;

	tag->id = 0;
	if (!t->watcher || call.id == 0)
		return;
	call.took_us = now_of(t) - tag->at_us;
	va_start(ap, format);
	say(t, c, &call, format, ap);
	va_end(ap);
}

void stack_log_refused(struct transport *t, struct stack_log *c, const char *format, ...)
{
	struct transport_call call = {.kind = TRANSPORT_ERROR};
	va_list ap;

	if (!t->watcher)
		return;
	va_start(ap, format);
	say(t, c, &call, format, ap);
	va_end(ap);
}

void stack_log_signal(struct transport *t, struct stack_log *c, const char *format, ...)
{
	struct transport_call call = {.kind = TRANSPORT_SIGNAL};
	va_list ap;

	if (!t->watcher)
		return;
	va_start(ap, format);
	say(t, c, &call, format, ap);
	va_end(ap);
}

void stack_log_data(struct transport *t, struct stack_log *c, size_t len)
{
	uint64_t now;

	if (!t->watcher)
		return;
	now = now_of(t);
	if (c->values == 0)
		c->since_us = now;
	c->values++;
	c->bytes += len;
	if (now - c->since_us >= SUM_US)
		tell_sum(t, c, now);
}

void stack_log_data_done(struct transport *t, struct stack_log *c, uint64_t took_us, bool error)
{
	if (!t->watcher)
		return;
	if (took_us > c->slowest_us)
		c->slowest_us = took_us;
	c->errors += error;
}

const char *stack_log_chr(enum gatt_chr chr)
{
	static const char *const names[GATT_CHRS] = {
		[GATT_CONTROL] = "Control", [GATT_DATA] = "Data",
		[GATT_INFO] = "Info",	    [GATT_FIRMWARE_REVISION] = "FirmwareRevision",
		[GATT_MODEL] = "Model",	    [GATT_MANUFACTURER] = "Manufacturer",
	};

	return chr < GATT_CHRS ? names[chr] : "unknown";
}

char *stack_log_hex(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (at + 7 > size) {
			(void)snprintf(buf + at, size - at, "...");
			break;
		}
		at += (size_t)snprintf(buf + at, size - at, "%s%02x", i > 0 ? " " : "", bytes[i]);
	}
	return buf;
}
