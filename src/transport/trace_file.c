/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading half of trace.h: lines into entries.  A file may come from anybody
 * and may have been cut off: what cannot be read is told by its line's number, and
 * nothing before it is lost.
 */
#include "transport/trace_priv.h"
#include "base/hex.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct trace_form forms[] = {
	{'>', "scan-start", ""},
	{'>', "scan-stop", ""},
	{'>', "connect", "a"},
	{'>', "disconnect", ""},
	{'>', "discover", ""},
	{'>', "subscribe", "n"},
	{'>', "read", "n"},
	{'>', "write", "nnb"},
	{'<', "advertisement", "annnb"},
	{'<', "connected", "n"},
	{'<', "mtu", "n"},
	{'<', "disconnected", "n"},
	{'<', "discovered", "b"},
	{'<', "subscribed", "nn"},
	{'<', "written", "nn"},
	{'<', "read", "nnb"},
	{'<', "notified", "nb"},
	{'<', "writable", ""},
	{'<', "alarm", ""},
	{'<', "link", ""},
	{'<', "adapter", "n"},
	{'<', "passkey", ""},
	{'<', "paired", "n"},
	{'~', "scan-start", "n"},
	{'~', "scan-stop", "n"},
	{'~', "connect", "n"},
	{'~', "disconnect", "n"},
	{'~', "discover", "n"},
	{'~', "subscribe", "n"},
	{'~', "read", "n"},
	{'~', "write", "n"},
	{'=', "state", "b"},
	{'=', "seen", "b"},
	{'!', "", "t"},
	{'#', "", "t"},
};

const struct trace_form *trace_form(char direction, const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].direction == direction &&
		    (forms[i].name[0] == '\0' || strcmp(forms[i].name, name) == 0))
			return &forms[i];
	return NULL;
}

/* Each line that is read has room for all that it can hold. */
static bool trace_file_make_room(struct trace_file *f)
{
	size_t room;
	void *more;

	if (f->count == f->room) {
		room = f->room ? f->room * 2 : 64;
		more = realloc(f->entries, room * sizeof(*f->entries));
		if (!more)
			return false;
		f->entries = more;
		f->room = room;
	}
	if (f->pool_len + TRACE_LINE_MAX > f->pool_room) {
		room = f->pool_room ? f->pool_room * 2 : 16 * TRACE_LINE_MAX;
		more = realloc(f->pool, room);
		if (!more)
			return false;
		f->pool = more;
		f->pool_room = room;
	}
	return true;
}

static size_t trace_file_keep(struct trace_file *f, const char *text, size_t len)
{
	const size_t at = f->pool_len;

	memcpy(f->pool + at, text, len);
	f->pool[at + len] = '\0';
	f->pool_len += len + 1;
	return at;
}

static bool parse_bytes(struct trace_file *f, const char *text, struct trace_entry *e)
{
	const size_t digits = strlen(text);

	e->bytes = f->pool_len;
	if (strcmp(text, "-") == 0)
		return true;
	if (digits % 2 != 0 || digits > 2 * OTA_VALUE_MAX ||
	    hex_decode(text, (uint8_t *)f->pool + f->pool_len, digits / 2) < 0)
		return false;
	e->len = (uint16_t)(digits / 2);
	f->pool_len += e->len;
	return true;
}

static bool parse_number(const char *text, int *ret)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < -100000 || value > INT32_MAX)
		return false;
	*ret = (int)value;
	return true;
}

/* The rest of the line, which must be fit to be shown. */
static bool parse_text(struct trace_file *f, const char *text, struct trace_entry *e)
{
	const size_t len = strcspn(text, "\n");

	if (len == 0 || len > TRACE_TEXT_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	e->bytes = trace_file_keep(f, text, len);
	e->len = len;
	return true;
}

/* A word of the line, which ends it there; *at is left behind the blank. */
static char *word_of(char **at)
{
	char *word = *at + strspn(*at, " "), *end = word + strcspn(word, " \n");

	if (end == word)
		return NULL;
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool parse_fields(struct trace_file *f, const char *fields, char *rest,
			 struct trace_entry *e)
{
	size_t numbers = 0;
	const char *word;

	if (*fields == 't')
		return parse_text(f, rest, e);
	for (; *fields; fields++) {
		word = word_of(&rest);
		if (!word)
			return false;
		if (*fields == 'b' && !parse_bytes(f, word, e))
			return false;
		if (*fields == 'n' && (numbers == 3 || !parse_number(word, &e->numbers[numbers++])))
			return false;
		if (*fields == 'a') {
			if (strlen(word) >= 40)
				return false;
			e->address = trace_file_keep(f, word, strlen(word));
		}
	}
	return !word_of(&rest);
}

static bool chr_valid(const struct trace_form *form, const struct trace_entry *e)
{
	static const char *const with_chr[] = {"read",	     "write",	"subscribe",
					       "subscribed", "written", "notified"};
	bool has_chr = false;

	if (form->direction == '=')
		return e->len == TRACE_STATE_SIZE || e->len == TRACE_STATE_LEAST;
	if (form->direction == '~')
		return e->numbers[0] < 0;
	if (strcmp(form->name, "discovered") == 0)
		return e->len >= TRACE_CHRS_BEFORE && e->len <= 1u + GATT_CHRS;
	for (size_t i = 0; i < sizeof(with_chr) / sizeof(with_chr[0]); i++)
		has_chr |= strcmp(form->name, with_chr[i]) == 0;
	return !has_chr || (e->numbers[0] >= 0 && e->numbers[0] < (int)GATT_CHRS);
}

static bool parse_line(struct trace_file *f, char *text, struct trace_entry *e)
{
	const char *time = word_of(&text), *direction = time ? word_of(&text) : NULL;
	const char *name = "";
	char *end;

	if (!direction || strlen(direction) != 1)
		return false;
	if (!strchr("!#", direction[0]))
		name = word_of(&text);
	e->form = name ? trace_form(direction[0], name) : NULL;
	if (!e->form || time[0] < '0' || time[0] > '9')
		return false;
	errno = 0;
	e->at_us = strtoull(time, &end, 10);
	if (errno || *end || e->at_us > INT64_MAX)
		return false;
	return parse_fields(f, e->form->fields, text, e) && chr_valid(e->form, e);
}

static bool parse_head(FILE *file, struct trace_file *f)
{
	char text[TRACE_LINE_MAX];

	if (!fgets(text, sizeof(text), file) || strncmp(text, "otabench-trace 1 ", 17) != 0)
		return false;
	f->virtual_clock = strcmp(text + 17, "virtual\n") == 0;
	return f->virtual_clock || strcmp(text + 17, "real\n") == 0;
}

static int read_lines(FILE *file, struct trace_file *f, unsigned int *ret_line)
{
	char text[TRACE_LINE_MAX];
	unsigned int line = 1;

	while (fgets(text, sizeof(text), file)) {
		struct trace_entry e = {.line = line + 1};
		size_t used;

		line++;
		if (!trace_file_make_room(f))
			return -OTA_ENOMEM;
		used = f->pool_len;
		if (!strchr(text, '\n') || !parse_line(f, text, &e) ||
		    (f->count > 0 && e.at_us < f->entries[f->count - 1].at_us)) {
			f->pool_len = used;
			*ret_line = line;
			return 0;
		}
		f->entries[f->count++] = e;
	}
	return ferror(file) ? -OTA_EIO : 0;
}

int trace_file_read(FILE *file, struct trace_file **ret, unsigned int *ret_line)
{
	struct trace_file *f = calloc(1, sizeof(*f));
	int rc = -OTA_EBADMSG;

	*ret_line = 0;
	if (!f)
		return -OTA_ENOMEM;
	if (parse_head(file, f))
		rc = read_lines(file, f, ret_line);
	else
		*ret_line = 1;
	if (rc < 0) {
		trace_file_free(f);
		return rc;
	}
	*ret = f;
	return 0;
}

void trace_file_free(struct trace_file *f)
{
	if (!f)
		return;
	free(f->entries);
	free(f->pool);
	free(f);
}

bool trace_file_virtual(const struct trace_file *f)
{
	return f->virtual_clock;
}

size_t trace_file_count(const struct trace_file *f)
{
	return f->count;
}

struct trace_line trace_file_line(const struct trace_file *f, size_t index)
{
	const struct trace_entry *e = &f->entries[index];
	const bool text = e->form->fields[0] == 't';

	return (struct trace_line){
		.at_us = e->at_us,
		.number = e->line,
		.kind = e->form->direction,
		.text = text ? (const char *)f->pool + e->bytes : NULL,
	};
}
