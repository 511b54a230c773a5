/* SPDX-License-Identifier: Apache-2.0 */
/* An inspected image as JSON: see image_report.h.  Addresses are strings in hexadecimal. */
#include "host/image_report.h"

#include "base/hex.h"

static json_t *hex_string(uint32_t value)
{
	return json_sprintf("0x%08x", value);
}

static json_t *hash_string(const uint8_t *hash)
{
	char hex[2 * OTA_SHA256_SIZE + 1];

	hex_encode(hash, OTA_SHA256_SIZE, hex);
	return json_string(hex);
}

static json_t *chip_json(const struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);

	if (chip == NULL)
		return json_pack("{s:i, s:n, s:n}", "id", image->chip_id, "name", "title");
	return json_pack("{s:i, s:s, s:s, s:b, s:b}", "id", chip->id, "name", chip->name, "title",
			 chip->title, "bluetooth_le", chip->bluetooth_le, "phy_2m", chip->phy_2m);
}

static json_t *segments_json(const struct image *image)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];

		json_array_append_new(array, json_pack("{s:s, s:o, s:I, s:I}", "memory", s->memory,
						       "address", hex_string(s->address), "bytes",
						       (json_int_t)s->size, "offset",
						       (json_int_t)s->offset));
	}
	return array;
}

static json_t *signature_json(const struct image *image)
{
	switch (image->signature) {
	case IMAGE_SIGNATURE_NONE:
		return json_null();
	case IMAGE_SIGNATURE_V1:
	case IMAGE_SIGNATURE_V2:
		return json_pack("{s:i, s:I, s:I, s:i}", "version",
				 image->signature == IMAGE_SIGNATURE_V1 ? 1 : 2, "offset",
				 (json_int_t)image->signature_offset, "bytes",
				 (json_int_t)image->signature_size, "keys",
				 image->signature_blocks);
	}
	return json_null();
}

static json_t *header_json(const struct image *image)
{
	unsigned int mhz = image_report_flash_mhz(image);
	unsigned int megabytes = image_report_flash_megabytes(image);
	json_t *flash = json_pack("{s:s, s:o, s:o, s:i}", "mode", image_report_flash_mode(image),
				  "mhz", mhz != 0 ? json_integer(mhz) : json_null(), "megabytes",
				  megabytes != 0 ? json_integer(megabytes) : json_null(),
				  "page_bytes", (int)image->page_size);

	return json_pack("{s:o, s:i, s:o, s:o, s:o, s:o}", "chip", chip_json(image), "min_revision",
			 image->min_revision, "max_revision",
			 image->max_revision != 0xffff ? json_integer(image->max_revision)
						       : json_null(),
			 "entry", hex_string(image->entry), "flash", flash, "segments",
			 segments_json(image));
}

static json_t *integrity_json(const struct image *image)
{
	return json_pack("{s:I, s:b, s:i, s:i, s:b, s:o, s:o, s:I}", "image_bytes",
			 (json_int_t)image->image_size, "checksum_ok", image->checksum_ok,
			 "checksum", image->checksum, "checksum_stored", image->checksum_stored,
			 "hash_appended", image->has_hash, "hash_ok",
			 image->has_hash ? json_boolean(image->hash_ok) : json_null(), "signature",
			 signature_json(image), "trailing_bytes", (json_int_t)image->trailing);
}

static json_t *descriptor_json(const struct image *image)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o}", "project", image->project,
			 "version", image->version, "idf", image->idf, "date", image->date, "time",
			 image->time, "secure_version", (json_int_t)image->secure_version,
			 "elf_sha256", hash_string(image->elf_sha256));
}

static json_t *mcuboot_json(const struct image *image)
{
	const struct image_mcuboot *m = &image->mcuboot;

	return json_pack("{s:s, s:i, s:I, s:i, s:o, s:o, s:i, s:o, s:o, s:o}", "version",
			 image->version, "header_bytes", m->header_size, "body_bytes",
			 (json_int_t)m->body_size, "protected_bytes", m->protected_size, "flags",
			 hex_string(m->flags), "load_address", hex_string(m->load_address), "tlvs",
			 (int)m->tlvs, "image_hash",
			 m->hashes > 0 ? hash_string(m->hash) : json_null(), "signed_with",
			 m->signature ? json_string(m->signature) : json_null(), "security_counter",
			 m->has_counter ? json_integer(m->counter) : json_null());
}

/* Moves the members of part over, which is used up. */
static void merge(json_t *object, json_t *part)
{
	json_object_update(object, part);
	json_decref(part);
}

json_t *image_report_checks_json(const struct lint_report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->count; i++) {
		const struct lint_finding *f = &report->findings[i];

		json_array_append_new(array, json_pack("{s:s, s:s, s:b, s:s}", "check",
						       lint_check_name(f->check), "severity",
						       lint_severity_name(f->severity), "can_force",
						       f->can_force, "text", f->text));
	}
	return array;
}

json_t *image_report_json(const struct image *image, const struct lint_report *report)
{
	json_t *object = json_pack("{s:s, s:I, s:o}", "kind", image_kind_name(image->kind), "bytes",
				   (json_int_t)image->size, "sha256", hash_string(image->sha256));

	if (object == NULL)
		return NULL;
	if (image->segments_claimed > 0)
		merge(object, header_json(image));
	if (image->kind == IMAGE_MCUBOOT && image->mcuboot.header_size > 0)
		merge(object, mcuboot_json(image));
	if (image->image_size > 0)
		merge(object, integrity_json(image));
	if (image->has_descriptor)
		merge(object, descriptor_json(image));
	json_object_set_new(object, "checks", image_report_checks_json(report));
	json_object_set_new(object, "ok", json_boolean(lint_worst(report) != LINT_ERROR));
	return object;
}
