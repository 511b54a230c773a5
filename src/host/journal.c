/* SPDX-License-Identifier: Apache-2.0 */
/* See journal.h: a journal as text. */
#include "host/journal.h"

#include "base/hex.h"
#include "base/output.h"
#include "ota/device.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_TEXT (2u * OTA_SHA256_SIZE)

/* --- writing */

static json_t *image_to_json(const struct journal_image *i)
{
	char hash[HASH_TEXT + 1];

	return json_pack("{s:s,s:I,s:I,s:I,s:b,s:b,s:I,s:s,s:o}", "sha256",
			 hex_encode(i->sha256, sizeof(i->sha256), hash), "size",
			 (json_int_t)i->size, "received", (json_int_t)i->received, "flushed",
			 (json_int_t)i->flushed, "ended", i->ended, "no_confirm", i->no_confirm,
			 "forced", (json_int_t)i->forced, "outcome",
			 session_outcome_name(i->outcome), "path", device_text_json(i->path));
}

char *journal_format(const struct journal *j, size_t *ret_len)
{
	json_t *images = json_array(), *json;
	char *text;

	for (size_t i = 0; images && i < j->count; i++)
		(void)json_array_append_new(images, image_to_json(&j->images[i]));
	json = json_pack("{s:o,s:s,s:o,s:I,s:I,s:I,s:o}", "place", device_text_json(j->place),
			 "address", j->address, "name", device_text_json(j->name), "process",
			 (json_int_t)j->process, "at", (json_int_t)j->at, "order",
			 (json_int_t)j->order, "images", images);
	text = device_file_format(&journal_kind, json, ret_len);
	json_decref(json);
	return text;
}

/* --- reading */

static void image_from_json(struct device_reader *r, const json_t *from, struct journal_image *ret)
{
	const char *outcome = json_string_value(json_object_get(from, "outcome"));
	int o = 0;

	device_reader_bytes(r, from, "sha256", ret->sha256, OTA_SHA256_SIZE);
	ret->size = (uint32_t)device_reader_number(r, from, "size", UINT32_MAX);
	if (ret->size == 0)
		r->bad = "size";
	ret->received = (uint32_t)device_reader_number(r, from, "received", ret->size);
	ret->flushed = (uint32_t)device_reader_number(r, from, "flushed", ret->size);
	ret->ended = device_reader_truth(r, from, "ended");
	ret->no_confirm = device_reader_truth(r, from, "no_confirm");
	ret->forced = (uint32_t)device_reader_number(r, from, "forced", UINT32_MAX);
	while (o < SESSION_OUTCOMES && outcome &&
	       strcmp(outcome, session_outcome_name((enum session_outcome)o)) != 0)
		o++;
	if (!outcome || o == SESSION_OUTCOMES)
		r->bad = "outcome";
	else
		ret->outcome = (enum session_outcome)o;
	device_reader_text(r, from, "path", ret->path, sizeof(ret->path));
	if (ret->path[0] != '/')
		r->bad = "path";
}

static void journal_from_json(struct device_reader *r, const json_t *from, void *item)
{
	struct journal *ret = item;
	const json_t *images = json_object_get(from, "images");

	device_reader_device(r, from, ret->place, ret->address, ret->name);
	ret->process = device_reader_number(r, from, "process", INT64_MAX);
	ret->at = device_reader_number(r, from, "at", INT64_MAX);
	ret->order = (uint64_t)device_reader_number(r, from, "order", INT64_MAX - 1);
	ret->count = json_array_size(images);
	if (ret->count == 0 || ret->count > JOURNAL_IMAGES)
		r->bad = "images";
	for (size_t i = 0; !r->bad && i < ret->count; i++)
		image_from_json(r, json_array_get(images, i), &ret->images[i]);
}

static const char *journal_place(const void *item)
{
	return ((const struct journal *)item)->place;
}

const struct device_file journal_kind = {
	.folder = "journals",
	.suffix = ".journal",
	.head = "otabench-journal ",
	.what = "a journal",
	.version = '1',
	.size_max = JOURNAL_FILE_MAX,
	.item_size = sizeof(struct journal),
	.item_from = journal_from_json,
	.item_place = journal_place,
};

int journal_parse(const char *text, size_t len, struct journal *ret, char *why, size_t size)
{
	return device_file_item(&journal_kind, text, len, ret, why, size);
}

/* --- in words */

const struct journal_image *journal_image_of(const struct journal *j,
					     const uint8_t prefix[OTA_HASH_PREFIX])
{
	for (size_t i = 0; i < j->count; i++) {
		if (memcmp(j->images[i].sha256, prefix, OTA_HASH_PREFIX) == 0)
			return &j->images[i];
	}
	return NULL;
}

unsigned int journal_percent(const struct journal_image *i)
{
	return (unsigned int)((uint64_t)i->received * 100u / i->size);
}

char *journal_stopped_at(const struct journal_image *i, char *buf, size_t size)
{
	if (i->ended)
		(void)snprintf(buf, size, "100 %%, not proven");
	else
		(void)snprintf(buf, size, "%u %%", journal_percent(i));
	return buf;
}

char *journal_age(const struct journal *j, int64_t now, char *buf, size_t size)
{
	const int64_t s = now - j->at;

	if (s < 0)
		(void)snprintf(buf, size, "the computer's clock was set back since");
	else if (s < 120)
		(void)snprintf(buf, size, "%" PRId64 " s ago", s);
	else if (s < 7200)
		(void)snprintf(buf, size, "%" PRId64 " min ago", s / 60);
	else if (s < 172800)
		(void)snprintf(buf, size, "%" PRId64 " h ago", s / 3600);
	else
		(void)snprintf(buf, size, "%" PRId64 " days ago", s / 86400);
	return buf;
}

char *journal_image_name(const struct journal_image *i, char *buf, size_t size)
{
	const char *slash = strrchr(i->path, '/');
	const char *name = slash ? slash + 1 : i->path;

	(void)output_safe_text(name, strlen(name), buf, size);
	return buf;
}

/* A record follows each block of flash, so two of them leave one behind whatever happened. */
bool journal_expects_part(const struct journal_image *i)
{
	return i->ended || i->flushed >= 2u * OTA_BLOCK_SIZE;
}
