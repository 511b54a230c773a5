/* SPDX-License-Identifier: Apache-2.0 */
/* See fault_spec.h: reads and writes fault specifications. */
#include "transport/fault_spec.h"

#include "base/text.h"
#include "ota/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SHARE_DECIMALS 4 /* percent with four decimals is parts per million */

struct form {
	const char *name;
	const char *usage, *help;
	const char *at; /* what stands after '@'; NULL: nothing may */
	uint32_t at_min;
	bool share; /* '%P' instead of '@N' */
	const char *arg; /* what stands after ':'; NULL: nothing may */
	uint32_t arg_min, arg_max;
	uint32_t arg_default; /* 0: it must be given */
	unsigned int arg_decimals;
};

#define VALUES(word) .name = (word), .at = "N", .at_min = 1, .share = true
#define FROM_THERE(usage_text) .at = "BYTE", .usage = (usage_text)
#define PERCENT                                                                                    \
	.arg = "a share in percent", .arg_max = FAULT_SHARE_ALL, .arg_decimals = SHARE_DECIMALS
#define DELAY .arg = "MS", .arg_min = 1, .arg_max = 60000

/* clang-format off */
static const struct form forms[FAULT_KINDS] = {
	[FAULT_DROP_DATA] = {
		VALUES("drop-data"), .usage = "drop-data@N or drop-data%P",
		.help = "The Nth Data value, or this share of them, never arrives.",
	},
	[FAULT_DROP_NOTIFY] = {
		VALUES("drop-notify"), .usage = "drop-notify@N or drop-notify%P",
		.help = "The Nth notification, or this share, never arrives.",
	},
	[FAULT_DUP_DATA] = {
		VALUES("dup-data"), .usage = "dup-data@N or dup-data%P",
		.help = "A Data value arrives twice.",
	},
	[FAULT_DUP_NOTIFY] = {
		VALUES("dup-notify"), .usage = "dup-notify@N or dup-notify%P",
		.help = "A notification arrives twice.",
	},
	[FAULT_DELAY_DATA] = {
		VALUES("delay-data"), DELAY, .usage = "delay-data@N:MS or delay-data%P:MS",
		.help = "A Data value, and what follows it, arrives MS milliseconds later.",
	},
	[FAULT_DELAY_NOTIFY] = {
		VALUES("delay-notify"), DELAY, .usage = "delay-notify@N:MS or delay-notify%P:MS",
		.help = "A notification, and what follows it, arrives MS milliseconds later.",
	},
	[FAULT_DISCONNECT] = {
		.name = "disconnect", .at = "BYTE", .usage = "disconnect@BYTE",
		.help = "The link is lost when BYTE bytes were written.",
	},
	[FAULT_TERMINATE] = {
		.name = "terminate", .at = "BYTE", .usage = "terminate@BYTE",
		.help = "The device ends the link there.",
	},
	[FAULT_REBOOT] = {
		.name = "reboot", .at = "BYTE", .usage = "reboot@BYTE",
		.help = "The device resets there.",
	},
	[FAULT_POWER_CUT] = {
		.name = "power-cut", .at = "OP", .at_min = 1, .usage = "power-cut@OP",
		.help = "The device loses power at its flash operation OP.",
	},
	[FAULT_WRITE_FAIL] = {
		.name = "write-fail", .at = "OFFSET", .usage = "write-fail@OFFSET",
		.help = "The flash write that covers that offset of the slot fails, once.",
	},
	[FAULT_SLOW_ERASE] = {
		.name = "slow-erase", .usage = "slow-erase or slow-erase:FACTOR",
		.arg = "FACTOR", .arg_min = 2, .arg_max = 1000, .arg_default = 10,
		.help = "Every erase takes FACTOR (10) times as long.",
	},
	[FAULT_NO_BOOT] = {
		.name = "no-boot", .usage = "no-boot",
		.help = "The new image does not come up, until it is rolled back.",
	},
	[FAULT_BLOCK] = {
		.name = "block", .at = "BYTE", DELAY, .usage = "block@BYTE:MS",
		.help = "The device's Bluetooth task stands still there for MS milliseconds.",
	},
	[FAULT_STALE_CACHE] = {
		.name = "stale-cache", .usage = "stale-cache",
		.help = "The host's stack remembers services of another firmware.",
	},
	[FAULT_GARBLE_NOTIFY] = {
		VALUES("garble-notify"), .usage = "garble-notify@N or garble-notify%P",
		.help = "A notification arrives with other figures, as of a device that lies.",
	},
	[FAULT_FLOOD_NOTIFY] = {
		.name = "flood-notify", .usage = "flood-notify:TIMES",
		.arg = "TIMES", .arg_min = 2, .arg_max = 10000,
		.help = "Each notification arrives TIMES times.",
	},
	[FAULT_LOSS] = {
		.name = "loss", FROM_THERE("loss@BYTE:P"), PERCENT,
		.help = "From there on, this share of link-layer packets is lost.",
	},
	[FAULT_DROPS] = {
		.name = "drops", FROM_THERE("drops@BYTE:P"), PERCENT,
		.help = "From there on, this share of Data values never arrives.",
	},
	[FAULT_BUFFERS] = {
		.name = "buffers", FROM_THERE("buffers@BYTE:N"), .arg = "N", .arg_max = 255,
		.help = "From there on, the adapter sends at most N buffers an event; 0: as before.",
	},
};
/* clang-format on */

struct reader {
	const char *at; /* the rest of the text */
	char *why;
	size_t why_size;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static int
refuse(const struct reader *reader, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(reader->why, reader->why_size, format, ap);
	va_end(ap);
	return -OTA_EINVAL;
}

/* The digits (and points) at the reader, up to what cannot be part of a number. */
static int read_number(struct reader *reader, const char *what, unsigned int decimals, uint32_t min,
		       uint32_t max, uint32_t *ret)
{
	size_t len = strspn(reader->at, "0123456789.");
	char min_text[24], max_text[24];
	int64_t value;
	int r;

	r = text_parse_decimal(reader->at, len, decimals, &value);
	if (r < 0 || value < min || value > max)
		return refuse(reader, "expected %s from %s to %s, found %s%.*s", what,
			      text_format_decimal(min, decimals, min_text, sizeof(min_text)),
			      text_format_decimal(max, decimals, max_text, sizeof(max_text)),
			      len == 0 ? "no number" : "", (int)(len > 40 ? 40 : len), reader->at);
	*ret = (uint32_t)value;
	reader->at += len;
	return 0;
}

static int find_kind(const struct reader *reader, size_t len, enum fault_kind *ret)
{
	char word[TEXT_WORD_MAX + 1] = "";
	struct text_nearest nearest = {.word = word};

	if (len < sizeof(word))
		memcpy(word, reader->at, len);
	for (int kind = 0; kind < FAULT_KINDS; kind++) {
		if (strcmp(forms[kind].name, word) == 0) {
			*ret = (enum fault_kind)kind;
			return 0;
		}
		text_nearest_offer(&nearest, forms[kind].name);
	}
	if (nearest.best)
		return refuse(reader, "unknown fault (did you mean %s?)", nearest.best);
	return refuse(reader, "unknown fault, expected drop-data, drop-notify, dup-data, "
			      "dup-notify, delay-data, delay-notify, disconnect, terminate, "
			      "reboot, power-cut, write-fail, slow-erase, no-boot, block, "
			      "stale-cache, garble-notify, flood-notify, loss, drops or buffers");
}

/* "@N" or "%P", where the kind has one. */
static int read_where(struct reader *reader, const struct form *form, struct fault_spec *spec)
{
	char what[16];

	if (form->share && *reader->at == '%') {
		reader->at++;
		return read_number(reader, "a share in percent", SHARE_DECIMALS, 1, FAULT_SHARE_ALL,
				   &spec->share_ppm);
	}
	if (!form->at)
		return 0;
	if (*reader->at != '@')
		return refuse(reader, "expected %s", form->usage);
	reader->at++;
	(void)snprintf(what, sizeof(what), "%s", form->at);
	return read_number(reader, what, 0, form->at_min, UINT32_MAX, &spec->at);
}

static int read_arg(struct reader *reader, const struct form *form, struct fault_spec *spec)
{
	spec->arg = form->arg_default;
	if (!form->arg)
		return 0;
	if (*reader->at == ':') {
		reader->at++;
		return read_number(reader, form->arg, form->arg_decimals, form->arg_min,
				   form->arg_max, &spec->arg);
	}
	return form->arg_default > 0 ? 0 : refuse(reader, "expected %s", form->usage);
}

int fault_parse(const char *text, struct fault_spec *ret, char *why, size_t why_size)
{
	struct reader reader = {.at = text, .why = why, .why_size = why_size};
	size_t len = strcspn(text, "@%:");
	struct fault_spec spec = {.kind = FAULT_KINDS};
	int r;

	r = find_kind(&reader, len, &spec.kind);
	if (r < 0)
		return r;
	reader.at += len;
	r = read_where(&reader, &forms[spec.kind], &spec);
	if (r < 0)
		return r;
	r = read_arg(&reader, &forms[spec.kind], &spec);
	if (r < 0)
		return r;
	if (*reader.at != '\0')
		return refuse(&reader, "expected %s and nothing after it", forms[spec.kind].usage);
	*ret = spec;
	return 0;
}

char *fault_format(const struct fault_spec *spec, char *buf, size_t size)
{
	const struct form *form = &forms[spec->kind];
	char where[32] = "", arg[32] = "";
	char share[24];

	if (spec->share_ppm > 0)
		(void)snprintf(
			where, sizeof(where), "%%%s",
			text_format_decimal(spec->share_ppm, SHARE_DECIMALS, share, sizeof(share)));
	else if (form->at)
		(void)snprintf(where, sizeof(where), "@%u", (unsigned int)spec->at);
	if (form->arg)
		(void)snprintf(
			arg, sizeof(arg), ":%s",
			text_format_decimal(spec->arg, form->arg_decimals, share, sizeof(share)));
	(void)snprintf(buf, size, "%s%s%s", form->name, where, arg);
	return buf;
}

const char *fault_kind_name(enum fault_kind kind)
{
	return forms[kind].name;
}

const char *fault_kind_usage(enum fault_kind kind)
{
	return forms[kind].usage;
}

const char *fault_kind_help(enum fault_kind kind)
{
	return forms[kind].help;
}
