/* SPDX-License-Identifier: Apache-2.0 */
/* See known.h. */
#include "config.h" /* system extensions: strnlen() */

#include "host/known.h"

#include "base/hex.h"
#include "base/output.h"
#include "image/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- the text */

static json_t *images_json(const uint8_t (*hashes)[OTA_SHA256_SIZE], size_t count)
{
	char digits[2 * OTA_SHA256_SIZE + 1];
	json_t *images = json_array();

	for (size_t i = 0; images && i < count; i++)
		(void)json_array_append_new(
			images, json_pack("{s:s}", "sha256",
					  hex_encode(hashes[i], OTA_SHA256_SIZE, digits)));
	return images;
}

static size_t images_from(struct device_reader *r, const json_t *images,
			  uint8_t (*ret)[OTA_SHA256_SIZE], size_t most)
{
	const size_t count = json_array_size(images);

	if (!json_is_array(images) || count > most)
		r->bad = "images";
	for (size_t i = 0; !r->bad && i < count; i++)
		device_reader_bytes(r, json_array_get(images, i), "sha256", ret[i],
				    OTA_SHA256_SIZE);
	return count;
}

char *known_format(const struct known *k, size_t *ret_len)
{
	json_t *json =
		json_pack("{s:o,s:s,s:o,s:I,s:b,s:b,s:b,s:I,s:o,s:o,s:o}", "place",
			  device_text_json(k->place), "address", k->address, "name",
			  device_text_json(k->name), "at", (json_int_t)k->at, "encrypted",
			  k->encrypted, "told", k->told, "signed_only", k->signed_only, "chip_id",
			  (json_int_t)k->chip_id, "project", device_text_json(k->project), "images",
			  images_json(k->images, k->image_count), "held",
			  images_json(k->held, k->held_count));
	char *text = device_file_format(&known_kind, json, ret_len);

	json_decref(json);
	return text;
}

static void known_from_json(struct device_reader *r, const json_t *from, void *item)
{
	struct known *ret = item;
	const json_t *held = json_object_get(from, "held");

	device_reader_device(r, from, ret->place, ret->address, ret->name);
	ret->at = device_reader_number(r, from, "at", INT64_MAX);
	ret->encrypted = device_reader_truth(r, from, "encrypted");
	ret->told = device_reader_truth(r, from, "told");
	ret->signed_only = device_reader_truth(r, from, "signed_only");
	ret->chip_id = (uint16_t)device_reader_number(r, from, "chip_id", UINT16_MAX);
	device_reader_text(r, from, "project", ret->project, sizeof(ret->project));
	ret->image_count =
		images_from(r, json_object_get(from, "images"), ret->images, KNOWN_IMAGES);
	if (held) /* files of earlier versions have none */
		ret->held_count = images_from(r, held, ret->held, KNOWN_HELD);
}

static const char *known_place(const void *item)
{
	return ((const struct known *)item)->place;
}

const struct device_file known_kind = {
	.folder = "known",
	.suffix = ".known",
	.head = "otabench-known ",
	.what = "a record of a known device",
	.version = '1',
	.size_max = KNOWN_FILE_MAX,
	.item_size = sizeof(struct known),
	.item_from = known_from_json,
	.item_place = known_place,
};

int known_parse(const char *text, size_t len, struct known *ret, char *why, size_t size)
{
	return device_file_item(&known_kind, text, len, ret, why, size);
}

/* --- files */

int known_load(const char *place, const char *address, struct known *ret, char *error, size_t size)
{
	return device_file_find(&known_kind, place, address, ret, error, size);
}

static void known_prune(void)
{
	struct known_list list;

	if (known_list(NULL, &list) < 0)
		return;
	for (size_t i = KNOWN_DEVICES_MAX; i < list.count; i++)
		known_drop(list.items[i].place, list.items[i].address);
	known_list_finish(&list);
}

int known_save(const struct known *k, char *error, size_t size)
{
	size_t len = 0;
	char *text = known_format(k, &len);
	const int r = device_file_write(&known_kind, k->place, k->address, text, len, error, size);

	free(text);
	if (r == 0)
		known_prune();
	return r;
}

void known_drop(const char *place, const char *address)
{
	device_file_drop(&known_kind, place, address);
}

static bool is_of_place(void *ctx, const void *item)
{
	const char *place = ctx;

	return !place || strcmp(((const struct known *)item)->place, place) == 0;
}

static int latest_first(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->at != y->at ? (x->at < y->at) - (x->at > y->at) : strcmp(x->address, y->address);
}

int known_list(const char *place, struct known_list *ret)
{
	void *items;
	const int r = device_file_list(&known_kind, is_of_place, (void *)(uintptr_t)place, &items,
				       &ret->count, ret->bad, sizeof(ret->bad));

	ret->items = items;
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), latest_first);
	return r;
}

void known_list_finish(struct known_list *list)
{
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

int known_by_name(const char *place, const char *name, const char *address, struct known *ret)
{
	struct known_list list;
	int r = known_list(place, &list);

	if (r < 0)
		return r;
	r = -OTA_ENOENT;
	for (size_t i = 0; r < 0 && name[0] != '\0' && i < list.count; i++) {
		if (strcmp(list.items[i].name, name) != 0 ||
		    strcasecmp(list.items[i].address, address) == 0)
			continue;
		*ret = list.items[i];
		r = 0;
	}
	known_list_finish(&list);
	return r;
}

void known_unbound(const char *place, const char *typed)
{
	const bool address = scan_is_address(typed);
	struct known_list list;
	char error[KNOWN_TEXT_MAX];

	if (known_list(place, &list) < 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct known *k = &list.items[i];

		if (!k->encrypted || strcasecmp(address ? k->address : k->name, typed) != 0)
			continue;
		k->encrypted = false;
		/* If the change cannot be written, the next run asks again. */
		(void)known_save(k, error, sizeof(error));
	}
	known_list_finish(&list);
}

/* --- what it is */

static void project_of(const struct ota_info *info, char ret[KNOWN_PROJECT])
{
	memcpy(ret, info->project, sizeof(info->project));
	ret[sizeof(info->project)] = '\0';
}

void known_take(struct known *k, const struct ota_info *info)
{
	k->told = info != NULL;
	k->signed_only = info && (info->abilities & OTA_ABILITY_SIGNED_ONLY);
	k->chip_id = info ? info->chip_id : 0;
	memset(k->project, 0, sizeof(k->project));
	if (info)
		project_of(info, k->project);
}

static bool has_image(const struct known *k, const uint8_t sha256[OTA_SHA256_SIZE])
{
	for (size_t i = 0; i < k->image_count; i++) {
		if (memcmp(k->images[i], sha256, OTA_SHA256_SIZE) == 0)
			return true;
	}
	return false;
}

/* Puts the hash at the front of a list, once; if the list is full, its last entry falls out. */
static void put_first(uint8_t (*list)[OTA_SHA256_SIZE], size_t *count, size_t most,
		      const uint8_t sha256[OTA_SHA256_SIZE])
{
	size_t at = 0;

	while (at < *count && memcmp(list[at], sha256, OTA_SHA256_SIZE) != 0)
		at++;
	if (at == *count && *count < most)
		++*count;
	if (at == most)
		at--;
	memmove(list[1], list[0], at * OTA_SHA256_SIZE);
	memcpy(list[0], sha256, OTA_SHA256_SIZE);
}

void known_runs(struct known *k, const uint8_t sha256[OTA_SHA256_SIZE])
{
	put_first(k->images, &k->image_count, KNOWN_IMAGES, sha256);
}

void known_holds(struct known *k, const uint8_t sha256[OTA_SHA256_SIZE])
{
	put_first(k->held, &k->held_count, KNOWN_HELD, sha256);
}

void known_may_run(struct known *k, const uint8_t sha256[OTA_SHA256_SIZE])
{
	uint8_t first[OTA_SHA256_SIZE];

	/* Without a first one any image is taken. */
	if (k->image_count == 0 || has_image(k, sha256))
		return;
	memcpy(first, k->images[0], sizeof(first));
	known_runs(k, sha256);
	known_runs(k, first);
}

unsigned int known_compare(const struct known *k, const struct ota_info *info, bool encrypted)
{
	char project[KNOWN_PROJECT];
	unsigned int changes = k->encrypted && !encrypted ? (unsigned int)KNOWN_ENCRYPTED : 0;
	bool hashed;

	if (k->told && !info)
		return changes | KNOWN_TOLD;
	/* A device that tells more than it did was given firmware that does. */
	if (!k->told)
		return changes;
	hashed = info->running_size > 0;
	project_of(info, project);
	if (info->chip_id != k->chip_id)
		changes |= KNOWN_CHIP;
	if (hashed && k->image_count == 0)
		return changes;
	if (hashed && !has_image(k, info->running_sha256))
		changes |= KNOWN_IMAGE;
	/* Another image that is known has its own project and demands. */
	if (hashed && !(changes & KNOWN_IMAGE) &&
	    memcmp(k->images[0], info->running_sha256, OTA_SHA256_SIZE) != 0)
		return changes;
	if (strcmp(project, k->project) != 0)
		changes |= KNOWN_PROJECT_NAME;
	if (k->signed_only && !(info->abilities & OTA_ABILITY_SIGNED_ONLY))
		changes |= KNOWN_SIGNED;
	return changes;
}

/* --- in words */

const char *known_change_name(enum known_change change)
{
	switch (change) {
	case KNOWN_TOLD:
		return "info";
	case KNOWN_CHIP:
		return "chip";
	case KNOWN_PROJECT_NAME:
		return "project";
	case KNOWN_IMAGE:
		return "image";
	case KNOWN_SIGNED:
		return "signed-only";
	case KNOWN_ENCRYPTED:
		return "encrypted";
	case KNOWN_ADDRESS:
		return "address";
	}
	return "unknown";
}

struct text {
	char *buf;
	size_t size, len;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
add(struct text *t, const char *format, ...)
{
	va_list ap;

	if (t->len > 0 && t->len < t->size)
		t->len += (size_t)snprintf(t->buf + t->len, t->size - t->len, "; ");
	if (t->len >= t->size)
		return;
	va_start(ap, format);
	t->len += (size_t)vsnprintf(t->buf + t->len, t->size - t->len, format, ap);
	va_end(ap);
}

static const char *chip_name(uint16_t id, char buf[16])
{
	const struct image_chip *chip = image_chip_by_id(id);

	(void)snprintf(buf, 16, "%.12s", chip ? chip->title : "unknown");
	if (!chip)
		(void)snprintf(buf, 16, "id %u", id);
	return buf;
}

char *known_changes_text(const struct known *k, const struct ota_info *info, unsigned int changes,
			 char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};
	char is[4 * KNOWN_PROJECT], was[4 * KNOWN_PROJECT], project[KNOWN_PROJECT];

	buf[0] = '\0';
	if (changes & KNOWN_ADDRESS)
		add(&t, "that was %s, and another one has its name now", k->address);
	if (changes & KNOWN_CHIP)
		add(&t, "it is an %s, and was an %s", chip_name(info->chip_id, is),
		    chip_name(k->chip_id, was));
	if (changes & KNOWN_PROJECT_NAME) {
		project_of(info, project);
		(void)output_safe_text(project, strlen(project), is, sizeof(is));
		(void)output_safe_text(k->project, strlen(k->project), was, sizeof(was));
		add(&t, "its project is \"%s\", and was \"%s\"", is, was);
	}
	if (changes & KNOWN_IMAGE)
		add(&t, "it runs image %s..., and ran %s...",
		    hex_encode(info->running_sha256, 4, is), hex_encode(k->images[0], 4, was));
	if (changes & KNOWN_SIGNED)
		add(&t, "it takes images without a signature, and took signed ones only");
	if (changes & KNOWN_TOLD)
		add(&t, "it does not tell what it is and runs any more");
	if (changes & KNOWN_ENCRYPTED)
		add(&t, "the link is not encrypted any more");
	return buf;
}
