/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replaying half of trace.h.
 *
 * The file is parsed whole before anything plays, so that a damaged one is
 * refused with its line.  An event comes only after the calls that stand
 * before it were made; then the host, given the same times and bytes, must
 * make the same calls again, and where it does not, that line is the finding.
 */
#include "config.h" /* system extensions: strtok_r() */

#include "transport/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 2048

enum entry_kind { ENTRY_CALL, ENTRY_EVENT, ENTRY_STATE };

struct entry {
	enum entry_kind kind;
	unsigned int line;
	uint64_t at_us;
	char name[20];
	char address[40];
	int numbers[3];
	size_t len;
	uint8_t bytes[OTA_VALUE_MAX];
};

struct replay {
	struct transport base;
	sd_event_source *source;
	struct entry *entries;
	size_t count, next;
	unsigned int last_line;
	uint64_t now_us;
	unsigned int mismatch;
	bool ended;
	struct transport_link state;
};

static struct replay *replay_of(struct transport *t)
{
	return (struct replay *)t;
}

/* --- reading */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool parse_bytes(const char *text, struct entry *e)
{
	int high, low;

	e->len = 0;
	if (strcmp(text, "-") == 0)
		return true;
	for (; *text; text += 2) {
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || e->len == sizeof(e->bytes))
			return false;
		e->bytes[e->len++] = (uint8_t)(high * 16 + low);
	}
	return true;
}

/* Fields after the name: a = address, n = number, b = bytes. */
struct form {
	char direction;
	const char *name, *fields;
};

static const struct form forms[] = {
	{'>', "scan-start", ""},  {'>', "scan-stop", ""},    {'>', "connect", "a"},
	{'>', "disconnect", ""},  {'>', "discover", ""},     {'>', "subscribe", "n"},
	{'>', "read", "n"},	  {'>', "write", "nnb"},     {'<', "advertisement", "annnb"},
	{'<', "connected", "n"},  {'<', "mtu", "n"},	     {'<', "disconnected", "n"},
	{'<', "discovered", "b"}, {'<', "subscribed", "nn"}, {'<', "written", "nn"},
	{'<', "read", "nnb"},	  {'<', "notified", "nb"},   {'<', "writable", ""},
	{'<', "alarm", ""},	  {'<', "link", ""},	     {'<', "adapter", "n"},
	{'=', "state", "b"},
};

static const struct form *find_form(char direction, const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].direction == direction && strcmp(forms[i].name, name) == 0)
			return &forms[i];
	return NULL;
}

static bool parse_number(const char *text, int *ret)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < -100000 || value > 100000)
		return false;
	*ret = (int)value;
	return true;
}

static bool parse_fields(const char *fields, char **save, struct entry *e)
{
	size_t numbers = 0;
	const char *word;

	for (; *fields; fields++) {
		word = strtok_r(NULL, " \n", save);
		if (!word)
			return false;
		if (*fields == 'b' && !parse_bytes(word, e))
			return false;
		if (*fields == 'n' && (numbers == 3 || !parse_number(word, &e->numbers[numbers++])))
			return false;
		if (*fields == 'a') {
			if (strlen(word) >= sizeof(e->address))
				return false;
			memcpy(e->address, word, strlen(word) + 1);
		}
	}
	return !strtok_r(NULL, " \n", save);
}

static bool chr_valid(const struct form *form, const struct entry *e)
{
	const bool has_chr =
		strcmp(form->name, "read") == 0 || strcmp(form->name, "write") == 0 ||
		strcmp(form->name, "subscribe") == 0 || strcmp(form->name, "subscribed") == 0 ||
		strcmp(form->name, "written") == 0 || strcmp(form->name, "notified") == 0;

	if (form->direction == '=')
		return e->len == TRACE_STATE_SIZE;
	if (strcmp(form->name, "discovered") == 0)
		return e->len == GATT_CHRS;
	return !has_chr || (e->numbers[0] >= 0 && e->numbers[0] < (int)GATT_CHRS);
}

static bool parse_line(char *text, struct entry *e)
{
	char *save = NULL, *end;
	const char *time = strtok_r(text, " \n", &save);
	const char *direction = time ? strtok_r(NULL, " \n", &save) : NULL;
	const char *name = direction ? strtok_r(NULL, " \n", &save) : NULL;
	const struct form *form;

	if (!name || strlen(direction) != 1)
		return false;
	form = find_form(direction[0], name);
	if (!form)
		return false;
	errno = 0;
	e->at_us = strtoull(time, &end, 10);
	if (errno || *end || end == time)
		return false;
	e->kind = ENTRY_EVENT;
	if (direction[0] != '<')
		e->kind = direction[0] == '>' ? ENTRY_CALL : ENTRY_STATE;
	snprintf(e->name, sizeof(e->name), "%s", form->name);
	return parse_fields(form->fields, &save, e) && chr_valid(form, e);
}

static int append(struct replay *r, const struct entry *e)
{
	struct entry *more;

	if ((r->count & (r->count - 1)) == 0) { /* a power of two is full */
		more = realloc(r->entries, (r->count ? r->count * 2 : 1) * sizeof(*more));
		if (!more)
			return -OTA_ENOMEM;
		r->entries = more;
	}
	r->entries[r->count++] = *e;
	r->last_line = e->line;
	return 0;
}

static int read_file(struct replay *r, FILE *file, unsigned int *ret_line)
{
	char text[LINE_MAX_BYTES];
	struct entry e;
	int rc;

	*ret_line = 1;
	r->last_line = 1;
	if (!fgets(text, sizeof(text), file) || strncmp(text, "otabench-trace 1 ", 17) != 0)
		return -OTA_EBADMSG;
	while (fgets(text, sizeof(text), file)) {
		++*ret_line;
		memset(&e, 0, sizeof(e));
		e.line = *ret_line;
		if (!strchr(text, '\n') || !parse_line(text, &e) ||
		    (r->count > 0 && e.at_us < r->entries[r->count - 1].at_us))
			return -OTA_EBADMSG;
		rc = append(r, &e);
		if (rc < 0)
			return rc;
	}
	return ferror(file) ? -OTA_EIO : 0;
}

/* --- playing */

static void emit(struct replay *r, const struct transport_event *event)
{
	if (r->base.handler)
		r->base.handler(r->base.userdata, event);
}

static void replay_end(struct replay *r)
{
	const struct transport_event event = {
		.kind = TRANSPORT_DISCONNECTED,
		.reason = GATT_NO_ADAPTER,
	};

	r->ended = true;
	(void)sd_event_source_set_enabled(r->source, SD_EVENT_OFF);
	emit(r, &event);
}

static enum transport_event_kind kind_of(const char *name)
{
	enum transport_event_kind kind = TRANSPORT_ADVERTISEMENT;

	while (kind < TRANSPORT_LINK && strcmp(transport_event_name(kind), name) != 0)
		kind++;
	return kind;
}

static void play(struct replay *r, const struct entry *e)
{
	struct transport_event event = {.kind = kind_of(e->name), .data = e->bytes, .len = e->len};
	char name[OTA_VALUE_MAX + 1];
	const struct transport_advertisement adv = {
		.address = e->address,
		.name = name,
		.rssi = (int8_t)e->numbers[0],
		.ota_service = e->numbers[1] != 0,
		.connectable = e->numbers[2] != 0,
	};

	r->now_us = e->at_us;
	switch (event.kind) {
	case TRANSPORT_ADVERTISEMENT:
		memcpy(name, e->bytes, e->len);
		name[e->len] = '\0'; /* cppcheck-suppress unreadVariable ; by adv.name */
		event.adv = &adv;
		break;
	case TRANSPORT_CONNECTED:
	case TRANSPORT_MTU:
		event.mtu = (uint16_t)e->numbers[0];
		break;
	case TRANSPORT_DISCONNECTED:
		event.reason = (enum gatt_reason)e->numbers[0];
		break;
	case TRANSPORT_DISCOVERED:
		memcpy(event.properties, e->bytes, sizeof(event.properties));
		break;
	case TRANSPORT_SUBSCRIBED:
	case TRANSPORT_READ:
	case TRANSPORT_WRITTEN:
	case TRANSPORT_NOTIFIED:
		event.chr = (enum gatt_chr)e->numbers[0];
		event.status = event.kind == TRANSPORT_NOTIFIED ? 0 : e->numbers[1];
		break;
	case TRANSPORT_ADAPTER:
		event.status = e->numbers[0];
		break;
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_LINK:
	case TRANSPORT_UPKEEP:
		break;
	}
	emit(r, &event);
}

void trace_state_get(const uint8_t buf[TRACE_STATE_SIZE], struct transport_link *ret)
{
	const uint8_t *tail = buf + TRACE_STATE_SIZE - 10;

	memset(ret, 0, sizeof(*ret));
	(void)ota_link_decode(buf, TRACE_STATE_SIZE - 10, &ret->link);
	ret->rssi = (int8_t)tail[0];
	ret->mtu_source = (enum transport_source)tail[1];
	ret->link_source = (enum transport_source)tail[2];
	ret->rssi_source = (enum transport_source)tail[3];
	ret->buffer_source = (enum transport_source)tail[4];
	ret->buffers = (uint16_t)(tail[5] | (uint16_t)(tail[6] << 8));
	ret->buffer_octets = (uint16_t)(tail[7] | (uint16_t)(tail[8] << 8));
	ret->refill = (tail[9] & 1u) != 0;
	ret->encrypted = (tail[9] & 2u) != 0;
}

/* States are told where they were asked for: before the next call or event. */
static void take_states(struct replay *r)
{
	while (r->next < r->count && r->entries[r->next].kind == ENTRY_STATE)
		trace_state_get(r->entries[r->next++].bytes, &r->state);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	struct replay *r = userdata;
	const struct entry *e;

	(void)source;
	take_states(r);
	if (r->next == r->count) {
		replay_end(r);
		return 0;
	}
	e = &r->entries[r->next];
	if (e->kind == ENTRY_CALL) {
		/* Every event before it has been played and the host did not call. */
		r->mismatch = e->line;
		replay_end(r);
		return 0;
	}
	r->next++;
	play(r, e);
	return 0;
}

/* The call that the file has next, or the end of the replay. */
static int call(struct transport *t, const char *name, const char *address, int a, int b,
		const uint8_t *buf, size_t len)
{
	struct replay *r = replay_of(t);
	const struct entry *e;

	take_states(r);
	e = r->next < r->count ? &r->entries[r->next] : NULL;
	if (r->ended)
		return -OTA_ENODEV;
	if (e && e->kind == ENTRY_CALL && strcmp(e->name, name) == 0 &&
	    strcmp(e->address, address) == 0 && e->numbers[0] == a && e->numbers[1] == b &&
	    e->len == len && (len == 0 || memcmp(e->bytes, buf, len) == 0)) {
		r->next++;
		return 0;
	}
	/* Where calls were refused when recorded, the file goes on with an event. */
	if (e && e->kind == ENTRY_EVENT && strcmp(name, "write") == 0)
		return -OTA_EAGAIN;
	if (!r->mismatch)
		r->mismatch = e ? e->line : r->last_line;
	return -OTA_EPROTO;
}

static uint64_t replay_now(struct transport *t)
{
	return replay_of(t)->now_us;
}

static int replay_set_alarm(struct transport *t, uint64_t at_us)
{
	(void)t; /* the file's alarms are played */
	(void)at_us;
	return 0;
}

static int replay_scan_start(struct transport *t)
{
	return call(t, "scan-start", "", 0, 0, NULL, 0);
}

static int replay_scan_stop(struct transport *t)
{
	return call(t, "scan-stop", "", 0, 0, NULL, 0);
}

static int replay_connect(struct transport *t, const char *address)
{
	return call(t, "connect", address, 0, 0, NULL, 0);
}

static int replay_disconnect(struct transport *t)
{
	return call(t, "disconnect", "", 0, 0, NULL, 0);
}

static int replay_discover(struct transport *t)
{
	return call(t, "discover", "", 0, 0, NULL, 0);
}

static int replay_subscribe(struct transport *t, enum gatt_chr chr)
{
	return call(t, "subscribe", "", (int)chr, 0, NULL, 0);
}

static int replay_read(struct transport *t, enum gatt_chr chr)
{
	return call(t, "read", "", (int)chr, 0, NULL, 0);
}

static int replay_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			const uint8_t *buf, size_t len)
{
	return call(t, "write", "", (int)chr, (int)mode, buf, len);
}

static void replay_link_state(struct transport *t, struct transport_link *ret)
{
	take_states(replay_of(t));
	*ret = replay_of(t)->state;
}

static void replay_destroy(struct transport *t)
{
	struct replay *r = replay_of(t);

	sd_event_source_unref(r->source);
	free(r->entries);
	free(r);
}

static const struct transport_ops replay_ops = {
	.name = "replay",
	.now_us = replay_now,
	.set_alarm = replay_set_alarm,
	.scan_start = replay_scan_start,
	.scan_stop = replay_scan_stop,
	.connect = replay_connect,
	.disconnect = replay_disconnect,
	.discover = replay_discover,
	.subscribe = replay_subscribe,
	.read = replay_read,
	.write = replay_write,
	.link_state = replay_link_state,
	.destroy = replay_destroy,
};

int trace_replay_stream(sd_event *event, FILE *file, struct transport **ret, unsigned int *ret_line)
{
	struct replay *r = calloc(1, sizeof(*r));
	int rc;

	*ret_line = 0;
	if (!r)
		return -OTA_ENOMEM;
	r->base.ops = &replay_ops;
	r->base.virtual_clock = true;
	r->state.rssi = 127;
	rc = read_file(r, file, ret_line);
	if (rc == 0)
		rc = sd_event_add_defer(event, &r->source, on_turn, r);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(r->source, SD_EVENT_ON);
	if (rc >= 0)
		rc = sd_event_source_set_priority(r->source, SD_EVENT_PRIORITY_IDLE);
	if (rc < 0) {
		replay_destroy(&r->base);
		return rc;
	}
	*ret = &r->base;
	return 0;
}

int trace_replay(sd_event *event, const char *path, struct transport **ret, unsigned int *ret_line)
{
	FILE *file = fopen(path, "r");
	int rc;

	*ret_line = 0;
	if (!file)
		return errno == ENOENT ? -OTA_ENOENT : -OTA_EIO;
	rc = trace_replay_stream(event, file, ret, ret_line);
	(void)fclose(file);
	return rc;
}

unsigned int trace_mismatch(const struct transport *t)
{
	return t->ops == &replay_ops ? ((const struct replay *)t)->mismatch : 0;
}
