/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells what a file is that was given instead of an application image.
 *
 * A build leaves half a dozen files with similar names, and "invalid magic
 * byte" helps nobody: so each of them is named, with the file to take instead.
 */
#include "image/image_parse.h"

#include <string.h>

#include "image/image_format.h"

#define APPLICATION "Give the application's .bin (ESP-IDF: build/PROJECT.bin)."

#define CIPHERTEXT                                                                                 \
	"The bytes look like ciphertext. Give the image as it was before encryption: the device "  \
	"encrypts its flash itself."
#define ESP8266 "This is an image for the ESP8266, which has no Bluetooth. Build for an ESP32 chip."

#define PARTITION_SECTOR 0x1000u
#define PARTITION_FIRST 0x8000u /* CONFIG_PARTITION_TABLE_OFFSET's default */
#define PARTITION_CUT 0x2000u /* the largest offset of a boot loader */
#define PARTITION_LAST 0x20000u /* beyond it nobody moves the table */
#define PARTITION_ENTRY 32u /* esp_partition_info_t */
#define PARTITION_COUNT 96u /* ESP_PARTITION_TABLE_MAX_ENTRIES and room */

/* Formats that bytes at a fixed place give away. */
#define MAGIC_AT(at, kind, magic, text)                                                            \
	{                                                                                          \
		at, sizeof(magic) - 1, kind, magic, text                                           \
	}
#define MAGIC(magic, text) MAGIC_AT(0, IMAGE_OTHER, magic, text)
static const struct {
	uint8_t at, len;
	enum image_kind kind;
	char magic[9];
	const char *text;
} formats[] = {
	MAGIC("\177ELF", "This is an ELF file, for debuggers. Give the .bin beside it, or make "
			 "one with esptool elf2image."),
	MAGIC("UF2\n", "This is a UF2 file for a USB boot loader. " APPLICATION),
	MAGIC("\x1f\x8b", "This file is gzip-compressed. Unpack it first (gunzip)."),
	MAGIC("PK\3\4",
	      "This is a zip archive. Unpack it first, and give the application's .bin in it."),
	MAGIC("\3757zXZ\0", "This file is xz-compressed. Unpack it first."),
	MAGIC("BZh", "This file is bzip2-compressed. Unpack it first."),
	MAGIC("\x28\xb5\x2f\xfd", "This file is zstd-compressed. Unpack it first."),
	MAGIC("\x04\x22\x4d\x18", "This file is lz4-compressed. Unpack it first."),
	MAGIC("\x02\x21\x4c\x18", "This file is lz4-compressed. Unpack it first."),
	MAGIC("LZIP", "This file is lzip-compressed. Unpack it first."),
	/* connectedhomeip's OTAImageHeader.h, kOTAImageFileIdentifier. */
	MAGIC("\x1e\xf1\xee\x1b", "This is a Matter OTA file, which has the application inside. "
				  "Give that: the .bin of which it was made."),
	MAGIC("7z\xbc\xaf\x27\x1c",
	      "This is a 7z archive. Unpack it first, and give the application's .bin in it."),
	MAGIC_AT(8, IMAGE_OTHER, "littlefs", "This is a LittleFS file system. " APPLICATION),
	/* esp_encrypted_img's magic, 0x0788b6cf. */
	MAGIC_AT(0, IMAGE_CIPHERTEXT, "\xcf\xb6\x88\x07",
		 "This image is encrypted for esp_encrypted_img. Give the .bin as it was before: "
		 "the device encrypts its flash itself."),
	/* The first entry of an otadata partition with sequence number 1. */
	MAGIC_AT(24, IMAGE_OTHER, "\xff\xff\xff\xff\x9a\x98\x43\x47",
		 "This is boot_app0.bin, which chooses the slot that boots. " APPLICATION),
	MAGIC_AT(0, IMAGE_ESP8266, "\xea\4", ESP8266),
};

static enum lint_check check_of(enum image_kind kind)
{
	return kind == IMAGE_CIPHERTEXT ? LINT_ENCRYPTED : LINT_FORMAT;
}

static bool all_bytes(const uint8_t *p, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != value)
			return false;
	}
	return true;
}

/*
 * Returns true if the bytes are spread as evenly as chance spreads them.  The sum of squared counts
 * of n random bytes is n + n(n-1)/256 on average; machine code comes to several times that.
 */
static bool looks_random(const uint8_t *p, size_t len)
{
	uint64_t n = len < 65536 ? len : 65536, sum = 0;
	uint32_t counts[256] = {0};

	if (n < 1024)
		return false;
	for (size_t i = 0; i < n; i++)
		counts[p[i]]++;
	for (unsigned int i = 0; i < 256; i++)
		sum += (uint64_t)counts[i] * counts[i];
	return sum * 10 < (n + n * (n - 1) / 256) * 11;
}

/* One ciphertext in 256 starts with an image's magic byte. */
static bool is_ciphertext(const uint8_t *p, size_t len)
{
	return len >= 36 && image_chip_by_id(bytes_get16(p + IMAGE_AT_CHIP)) == NULL &&
	       bytes_get32(p + 32) != IMAGE_DESC_MAGIC && looks_random(p, len);
}

/* RFC 1950: deflate with a window up to 32 KiB, and a check over the two bytes. */
static bool is_zlib(const uint8_t *p, size_t len)
{
	return len > 6 && (p[0] & 0x0f) == 8 && p[0] >> 4 <= 7 && (p[0] << 8 | p[1]) % 31 == 0;
}

/* .lzma has no magic: its usual properties, a dictionary of a power of two, and a size that is
 * either not told or below 4 GiB. */
static bool is_lzma(const uint8_t *p, size_t len)
{
	uint32_t dictionary;

	if (len < 14 || p[0] != 0x5d)
		return false;
	dictionary = bytes_get32(p + 1);
	return dictionary >= 4096 && (dictionary & (dictionary - 1)) == 0 &&
	       (bytes_get32(p + 9) == 0 ||
		(bytes_get32(p + 5) == UINT32_MAX && bytes_get32(p + 9) == UINT32_MAX));
}

/* The first characters, without byte order mark, blanks and the zeros of UTF-16. */
static bool is_markup(const uint8_t *p, size_t len)
{
	static const char *const heads[] = {"<!doctype", "<html", "<?xml",
					    "<head",	 "<body", "<!--"};
	const size_t n = len < 256 ? len : 256;
	char head[16] = "";
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof(head) - 1; i++) {
		if (i < 3 && (p[i] >= 0xbb || p[i] == 0))
			continue;
		if (p[i] == 0 || (used == 0 && strchr(" \t\r\n", p[i]) != NULL))
			continue;
		if (p[i] < 0x20 || p[i] >= 0x7f)
			break;
		head[used++] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] - 'A' + 'a') : (char)p[i];
	}
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (strncmp(head, heads[i], strlen(heads[i])) == 0)
			return true;
	}
	return false;
}

static bool is_text(const uint8_t *p, size_t len)
{
	size_t n = len < 512 ? len : 512;

	for (size_t i = 0; i < n; i++) {
		if ((p[i] < 0x20 && p[i] != '\n' && p[i] != '\r' && p[i] != '\t') || p[i] >= 0x7f)
			return false;
	}
	return true;
}

static bool is_intel_hex(const uint8_t *p, size_t len)
{
	if (len < 11 || p[0] != ':')
		return false;
	for (unsigned int i = 1; i < 11; i++) {
		if (strchr("0123456789ABCDEFabcdef", p[i]) == NULL || p[i] == 0)
			return false;
	}
	return true;
}

/* An ESP8266 header has 8 bytes, so its first segment's address stands where an ESP32
 * header has the write-protect pin; esptool's ESP8266 MEMORY_MAP. */
static bool is_esp8266(const uint8_t *p, size_t len)
{
	uint32_t entry, address;

	if (len < 16 || p[0] != IMAGE_MAGIC)
		return false;
	entry = bytes_get32(p + IMAGE_AT_ENTRY);
	address = bytes_get32(p + 8);
	return entry >= 0x40100000 && entry < 0x40300000 &&
	       ((address >= 0x3ffe8000 && address < 0x40000000) ||
		(address >= 0x40100000 && address < 0x40300000));
}

static bool is_partition_entry(const uint8_t *p, size_t len)
{
	return len >= PARTITION_ENTRY && p[0] == 0xaa && p[1] == 0x50;
}

/* The offset of the first application partition, or 0. */
static uint32_t first_application(const uint8_t *table, size_t len)
{
	for (size_t i = 0; i < PARTITION_COUNT; i++) {
		const uint8_t *entry = table + i * PARTITION_ENTRY;

		if (!is_partition_entry(entry, len - i * PARTITION_ENTRY))
			break;
		if (entry[2] == 0)
			return bytes_get32(entry + 4);
	}
	return 0;
}

/* A partition table on a sector of its own, where a merged image has one, also one that begins at
 * the boot loader; NULL when none. */
static const uint8_t *find_table(const struct image *image)
{
	for (size_t at = PARTITION_FIRST - PARTITION_CUT; at <= PARTITION_LAST;
	     at += PARTITION_SECTOR) {
		if (at < image->size && is_partition_entry(image->data + at, image->size - at))
			return image->data + at;
	}
	return NULL;
}

static bool name_it(struct image *image, struct lint_report *report, enum image_kind kind,
		    const char *text)
{
	image->kind = kind;
	lint_add(report, check_of(kind), LINT_ERROR, false, "%s", text);
	return true;
}

static bool name_merged(struct image *image, struct lint_report *report)
{
	const uint8_t *table = find_table(image);
	const struct image_chip *chip = image_chip_by_id(image->chip_id);
	uint32_t at = 0, cut = 0;

	image->kind = IMAGE_MERGED;
	if (table != NULL)
		at = first_application(table, image->size - (size_t)(table - image->data));
	/* Addresses in the table count from the flash's start, which such a file lacks. */
	if (image->data[0] == IMAGE_MAGIC && chip != NULL && at > chip->loader_offset)
		cut = chip->loader_offset;
	at -= cut;
	if (cut != 0)
		lint_add(
			report, LINT_FORMAT, LINT_ERROR, false,
			"This is a merged flash image without the first 0x%x bytes: it begins with "
			"the boot loader, and its application at 0x%x of the file. " APPLICATION,
			cut, at);
	else if (at != 0)
		lint_add(
			report, LINT_FORMAT, LINT_ERROR, false,
			"This is a whole flash: boot loader, partition table and, from 0x%x on, an "
			"application. " APPLICATION,
			at);
	else
		lint_add(report, LINT_FORMAT, LINT_ERROR, false,
			 "This is a merged flash image with a boot loader in front. " APPLICATION);
	return true;
}

static bool name_unknown(struct image *image, struct lint_report *report)
{
	const uint8_t *p = image->data;
	size_t size = image->size;

	image->kind = IMAGE_OTHER;
	if (is_zlib(p, size))
		return name_it(
			image, report, IMAGE_OTHER,
			"This file is zlib-compressed. Unpack it first (zlib-flate -uncompress).");
	if (is_lzma(p, size))
		return name_it(image, report, IMAGE_OTHER,
			       "This file is lzma-compressed. Unpack it first (unlzma).");
	if (is_markup(p, size))
		return name_it(
			image, report, IMAGE_OTHER,
			"This is text, a web page: a download has brought an error or a log-in "
			"page in place of the file. " APPLICATION);
	if (is_intel_hex(p, size))
		return name_it(image, report, IMAGE_OTHER,
			       "This is an Intel HEX file. " APPLICATION);
	if (is_text(p, size))
		return name_it(
			image, report, IMAGE_OTHER,
			"This is a text file; a download may have brought an error page or a "
			"Git LFS pointer. " APPLICATION);
	if (looks_random(p, size))
		return name_it(image, report, IMAGE_CIPHERTEXT, CIPHERTEXT);
	lint_add(report, LINT_FORMAT, LINT_ERROR, false,
		 "Not an ESP32 application image: it starts with 0x%02x, not 0xe9. " APPLICATION,
		 p[0]);
	return true;
}

/* The magic byte is wrong, but what follows is an application's. */
static bool name_damaged(struct image *image, struct lint_report *report)
{
	if (image->size < 36 || bytes_get32(image->data + 32) != IMAGE_DESC_MAGIC)
		return false;
	lint_add(report, LINT_FORMAT, LINT_ERROR, false,
		 "The first byte is 0x%02x, not 0xe9, but an application's descriptor follows: the "
		 "file is damaged. Build or download it again.",
		 image->data[0]);
	return true;
}

bool image_recognise(struct image *image, struct lint_report *report)
{
	const uint8_t *p = image->data;
	size_t size = image->size;

	if (size == 0)
		return name_it(image, report, IMAGE_EMPTY, "The file is empty. " APPLICATION);
	if (size > IMAGE_MAX_BYTES)
		return name_it(image, report, IMAGE_OTHER,
			       "The file is larger than 16 MiB, the most that an ESP32 chip "
			       "maps. " APPLICATION);
	if (all_bytes(p, size, 0xff) || all_bytes(p, size, 0))
		return name_it(image, report, IMAGE_EMPTY,
			       "The file holds nothing but one byte value, like erased "
			       "flash. " APPLICATION);
	if (is_esp8266(p, size))
		return name_it(image, report, IMAGE_ESP8266, ESP8266);
	if (p[0] == IMAGE_MAGIC)
		return is_ciphertext(p, size) &&
		       name_it(image, report, IMAGE_CIPHERTEXT, CIPHERTEXT);
	if (name_damaged(image, report))
		return true;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (size >= (size_t)formats[i].at + formats[i].len &&
		    memcmp(p + formats[i].at, formats[i].magic, formats[i].len) == 0)
			return name_it(image, report, formats[i].kind, formats[i].text);
	}
	if (is_partition_entry(p, size))
		return name_it(image, report, IMAGE_PARTITION_TABLE,
			       "This is a partition table. " APPLICATION);
	/* If the boot loader is not at 0, erased flash precedes it. */
	for (size_t at = 0x1000; at <= 0x2000; at += 0x1000) {
		if (size > at && p[at] == IMAGE_MAGIC &&
		    (all_bytes(p, at, 0xff) || all_bytes(p, at, 0)))
			return name_merged(image, report);
	}
	return name_unknown(image, report);
}

/* A boot loader loads into RAM only; ESP-IDF since 5.1 also gives it a descriptor. */
static bool is_loader(const struct image *image)
{
	const struct image_chip *chip = image_chip_by_id(image->chip_id);
	const struct image_segment *first = &image->segments[0];
	unsigned int loaded = 0;

	if (image->has_descriptor || image->segment_count == 0 ||
	    image->segment_count != image->segments_claimed)
		return false;
	for (unsigned int i = 0; chip != NULL && i < image->segment_count; i++) {
		const struct image_region *r = image_chip_region(chip, image->segments[i].address);

		if (r != NULL && r->use == IMAGE_USE_MAP)
			return false;
		loaded += r != NULL && r->use == IMAGE_USE_LOAD;
	}
	if (chip != NULL)
		return loaded > 0;
	return image->size - first->offset > IMAGE_LOADER_IDF &&
	       image->data[first->offset] == IMAGE_LOADER_MAGIC &&
	       image->data[first->offset + IMAGE_LOADER_IDF] == 'v';
}

bool image_recognise_loader(struct image *image, struct lint_report *report)
{
	if (image->size < IMAGE_HEADER_SIZE || !is_loader(image))
		return false;
	if (find_table(image) != NULL)
		return name_merged(image, report);
	image->kind = IMAGE_BOOT_LOADER;
	lint_add(report, LINT_FORMAT, LINT_ERROR, false,
		 "This is a boot loader: it loads into RAM only. An update slot takes an "
		 "application. " APPLICATION);
	return true;
}

const char *image_kind_name(enum image_kind kind)
{
	switch (kind) {
	case IMAGE_APPLICATION:
		return "application";
	case IMAGE_BOOT_LOADER:
		return "boot loader";
	case IMAGE_MERGED:
		return "merged flash image";
	case IMAGE_PARTITION_TABLE:
		return "partition table";
	case IMAGE_ESP8266:
		return "ESP8266 image";
	case IMAGE_CIPHERTEXT:
		return "encrypted image";
	case IMAGE_EMPTY:
		return "empty file";
	case IMAGE_OTHER:
		return "no image";
	case IMAGE_MCUBOOT:
		return "MCUboot image";
	}
	return "unknown";
}
