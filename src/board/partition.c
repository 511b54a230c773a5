/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to table, in gen_esp32part.py's order of steps: read all lines, fill in
 * offsets, then verify.
 */
#include "board/partition.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELDS 6
#define FIELD_MAX 64u
#define OTADATA_SIZE 0x2000u
#define NVS_SIZE_MIN 0x3000u /* NVS_RW_MIN_PARTITION_SIZE */
#define APP_ALIGN 0x10000u
#define DATA_ALIGN 0x1000u

#define TYPE_BOOTLOADER 0x02u
#define TYPE_PARTITION_TABLE 0x03u

#define SUBTYPE_TEE_0 0x30u
#define SUBTYPE_UNDEFINED 0x06u
#define SUBTYPE_COREDUMP 0x03u
#define SUBTYPE_TEE_OTA 0x90u

struct keyword {
	const char *word;
	uint8_t value;
};

static const struct keyword types[] = {
	{"app", PARTITION_APP},
	{"data", PARTITION_DATA},
	{"bootloader", TYPE_BOOTLOADER},
	{"partition_table", TYPE_PARTITION_TABLE},
	{NULL, 0},
};

static const struct keyword app_subtypes[] = {
	{"factory", PARTITION_APP_FACTORY}, {"test", 0x20}, {"tee_0", SUBTYPE_TEE_0},
	{"tee_1", SUBTYPE_TEE_0 + 1},	    {NULL, 0},
};

static const struct keyword data_subtypes[] = {
	{"ota", PARTITION_DATA_OTA},
	{"phy", 0x01},
	{"nvs", PARTITION_DATA_NVS},
	{"coredump", 0x03},
	{"nvs_keys", 0x04},
	{"efuse", 0x05},
	{"undefined", 0x06},
	{"esphttpd", 0x80},
	{"fat", 0x81},
	{"spiffs", 0x82},
	{"littlefs", 0x83},
	{"tee_ota", 0x90},
	{NULL, 0},
};

#define SUBTYPE_UNDEFINED 0x06u
#define SUBTYPE_COREDUMP 0x03u
#define SUBTYPE_TEE_OTA 0x90u

struct parser {
	const char *name;
	unsigned int line;
	char *text; /* for the message; NULL: not wanted */
	size_t text_size;
};

/* One row before offsets are filled in. */
struct row {
	bool has_offset;
	int64_t size; /* negative: up to this offset */
};

static int refuse(const struct parser *p, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(const struct parser *p, unsigned int line, const char *format, ...)
{
	va_list args;
	int n;

	if (!p->text)
		return -OTA_EBADMSG;
	n = snprintf(p->text, p->text_size, "%s:%u: ", p->name, line);
	if (n >= 0 && (size_t)n < p->text_size) {
		va_start(args, format);
		vsnprintf(p->text + n, p->text_size - (size_t)n, format, args);
		va_end(args);
	}
	return -OTA_EBADMSG;
}

static bool same_word(const char *a, const char *b)
{
	while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
		a++;
		b++;
	}
	return tolower((unsigned char)*a) == tolower((unsigned char)*b);
}

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10u : 99u;
}

/*
 * Python's int(text, 0) as far as a table needs it - decimal, 0x, 0o, 0b, with a
 * sign - and the suffixes K and M of parse_int().  Within +-2^32.
 */
static bool parse_number(const char *text, int64_t *ret)
{
	size_t len = strlen(text);
	bool negative = *text == '-';
	unsigned int base = 10;
	int64_t value = 0, factor = 1;

	if (len > 0 && strchr("kKmM", text[len - 1])) {
		len--;
		factor = tolower((unsigned char)text[len]) == 'k' ? 1024 : 1024 * 1024;
	}
	if (len > 0 && (*text == '-' || *text == '+')) {
		text++;
		len--;
	}
	if (len > 2 && text[0] == '0' && strchr("xXoObB", text[1])) {
		base = strchr("xX", text[1]) ? 16 : strchr("oO", text[1]) ? 8 : 2;
		text += 2;
		len -= 2;
	} else if (len > 1 && text[0] == '0' && strspn(text, "0") < len) {
		return false; /* Python refuses 010 as ambiguous */
	}
	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = digit_value(text[i]);

		if (digit >= base)
			return false;
		value = value * base + digit;
		if (value > UINT32_MAX)
			return false;
	}
	value *= factor;
	if (value > (int64_t)UINT32_MAX + 1)
		return false;
	*ret = negative ? -value : value;
	return true;
}

static bool find_keyword(const struct keyword *words, const char *text, uint8_t *ret)
{
	int64_t number;

	if (parse_number(text, &number) && number >= 0 && number <= 0xff) {
		*ret = (uint8_t)number;
		return true;
	}
	for (; words->word; words++) {
		if (same_word(words->word, text)) {
			*ret = words->value;
			return true;
		}
	}
	return false;
}

static bool find_app_subtype(const char *text, uint8_t *ret)
{
	int64_t slot;

	if (find_keyword(app_subtypes, text, ret))
		return true;
	if (strlen(text) < 5 || strchr("+-", text[4]) || tolower((unsigned char)text[0]) != 'o' ||
	    tolower((unsigned char)text[1]) != 't' || tolower((unsigned char)text[2]) != 'a' ||
	    text[3] != '_' || !parse_number(text + 4, &slot) || slot >= PARTITION_OTA_SLOTS)
		return false;
	*ret = (uint8_t)(PARTITION_APP_OTA_0 + slot);
	return true;
}

static int parse_kind(const struct parser *p, const char *type, const char *subtype,
		      struct partition *ret)
{
	static const struct keyword none[] = {{NULL, 0}};
	bool ok;

	if (*type == '\0')
		return refuse(p, p->line, "type is empty: give app or data");
	if (!find_keyword(types, type, &ret->type))
		return refuse(p, p->line, "type '%s' is unknown: give app, data or 0..255", type);
	if (ret->type == TYPE_BOOTLOADER || ret->type == TYPE_PARTITION_TABLE)
		return refuse(p, p->line, "type '%s' is not supported here", type);
	if (*subtype == '\0') {
		if (ret->type == PARTITION_APP)
			return refuse(p, p->line, "an app partition needs a subtype");
		ret->subtype = SUBTYPE_UNDEFINED;
		return 0;
	}
	if (ret->type == PARTITION_APP)
		ok = find_app_subtype(subtype, &ret->subtype);
	else
		ok = find_keyword(ret->type == PARTITION_DATA ? data_subtypes : none, subtype,
				  &ret->subtype);
	return ok ? 0 : refuse(p, p->line, "subtype '%s' is unknown for type '%s'", subtype, type);
}

static int parse_place(const struct parser *p, const char *offset, const char *size,
		       struct partition *ret, struct row *row)
{
	int64_t number;

	row->has_offset = *offset != '\0';
	if (row->has_offset) {
		if (!parse_number(offset, &number) || number < 0 || number > UINT32_MAX)
			return refuse(p, p->line, "offset '%s' is not a number of bytes", offset);
		ret->offset = (uint32_t)number;
	}
	if (*size == '\0')
		return refuse(p, p->line, "size is empty");
	if (!parse_number(size, &row->size))
		return refuse(p, p->line, "size '%s' is not a number of bytes", size);
	return 0;
}

static int parse_flags(const struct parser *p, char *text, struct partition *ret)
{
	while (text) {
		char *colon = strchr(text, ':');

		if (colon)
			*colon++ = '\0';
		if (strcmp(text, "encrypted") == 0)
			ret->flags |= PARTITION_ENCRYPTED;
		else if (strcmp(text, "readonly") == 0)
			ret->flags |= PARTITION_READONLY;
		else if (*text)
			return refuse(p, p->line, "flag '%s' is unknown: encrypted or readonly",
				      text);
		text = colon;
	}
	return 0;
}

/* Copies the field from *text on, blanks trimmed, and moves *text behind its comma. */
static bool next_field(const char **text, const char *end, char ret[FIELD_MAX])
{
	const char *start = *text, *comma = start;
	const char *stop;
	size_t len;

	while (comma < end && *comma != ',')
		comma++;
	*text = comma < end ? comma + 1 : end;
	stop = comma;
	while (start < stop && isspace((unsigned char)*start))
		start++;
	while (stop > start && isspace((unsigned char)stop[-1]))
		stop--;
	len = (size_t)(stop - start);
	if (len >= FIELD_MAX)
		return false;
	memcpy(ret, start, len);
	ret[len] = '\0';
	return true;
}

static int parse_line(const struct parser *p, const char *text, const char *end,
		      struct partition *ret, struct row *row)
{
	char field[FIELDS][FIELD_MAX];
	int r;

	for (unsigned int i = 0; i < FIELDS; i++) {
		if (!next_field(&text, end, field[i]))
			return refuse(p, p->line, "a field is longer than %u characters",
				      FIELD_MAX - 1);
	}
	*ret = (struct partition){.line = p->line};
	if (strlen(field[0]) >= sizeof(ret->label))
		return refuse(p, p->line, "name '%s' is longer than 16 characters", field[0]);
	memcpy(ret->label, field[0], strlen(field[0]) + 1);
	r = parse_kind(p, field[1], field[2], ret);
	if (r == 0)
		r = parse_place(p, field[3], field[4], ret, row);
	if (r == 0)
		r = parse_flags(p, field[5], ret);
	return r;
}

/* PartitionTable.from_csv()'s second half. */
static int fill_places(const struct parser *p, struct partition_table *table,
		       const struct row *rows)
{
	uint64_t end = PARTITION_TABLE_OFFSET + PARTITION_TABLE_SIZE;

	for (size_t i = 0; i < table->count; i++) {
		struct partition *e = &table->entries[i];
		uint32_t align = e->type == PARTITION_APP ? APP_ALIGN : DATA_ALIGN;
		int64_t size = rows[i].size;

		if (rows[i].has_offset && e->offset < end)
			return refuse(p, e->line, "offset 0x%x: %s ends at 0x%llx",
				      (unsigned int)e->offset,
				      i ? "the previous partition" : "the partition table itself",
				      (unsigned long long)end);
		if (!rows[i].has_offset) {
			end = (end + align - 1) / align * align;
			if (end > UINT32_MAX)
				return refuse(p, e->line, "ends beyond 4 GiB");
			e->offset = (uint32_t)end;
		}
		if (size < 0)
			size = -size - (int64_t)e->offset;
		if (size < 0)
			return refuse(p, e->line, "ends before it begins");
		if (size > (int64_t)(UINT32_MAX - e->offset))
			return refuse(p, e->line, "ends beyond 4 GiB");
		e->size = (uint32_t)size;
		end = (uint64_t)e->offset + e->size;
	}
	return 0;
}

/* PartitionDefinition.verify(). */
static int verify_entry(const struct parser *p, const struct partition *e)
{
	uint32_t align = e->type == PARTITION_APP ? APP_ALIGN : DATA_ALIGN;
	bool readonly = e->flags & PARTITION_READONLY;

	if (e->offset % align)
		return refuse(p, e->line, "offset 0x%x is not a multiple of 0x%x",
			      (unsigned int)e->offset, (unsigned int)align);
	if (e->type == PARTITION_APP && e->size % DATA_ALIGN)
		return refuse(p, e->line,
			      "size 0x%x of an app partition is not a multiple of 0x1000",
			      (unsigned int)e->size);
	if (e->type != PARTITION_DATA)
		return 0;
	if (readonly && (e->subtype == PARTITION_DATA_OTA || e->subtype == SUBTYPE_COREDUMP))
		return refuse(p, e->line, "a partition of this subtype cannot be readonly");
	if (!readonly && e->subtype == PARTITION_DATA_NVS && e->size < NVS_SIZE_MIN)
		return refuse(p, e->line, "nvs of 0x%x bytes must be readonly or have 0x%x",
			      (unsigned int)e->size, NVS_SIZE_MIN);
	if ((e->subtype == PARTITION_DATA_OTA || e->subtype == SUBTYPE_TEE_OTA) &&
	    e->size != OTADATA_SIZE)
		return refuse(p, e->line, "otadata must have a size of 0x%x", OTADATA_SIZE);
	return 0;
}

/*
 * PartitionTable.verify().  Two slots of one subtype are beyond it, but no
 * program could tell them apart.
 */
static int verify_pair(const struct parser *p, const struct partition *a, const struct partition *b)
{
	if (strcmp(a->label, b->label) == 0)
		return refuse(p, b->line, "name '%s' is already taken in line %u", b->label,
			      a->line);
	if (a->type == b->type && a->subtype == b->subtype &&
	    ((a->type == PARTITION_DATA &&
	      (a->subtype == PARTITION_DATA_OTA || a->subtype == SUBTYPE_TEE_OTA)) ||
	     a->type == PARTITION_APP))
		return refuse(p, b->line,
			      "a partition of this type and subtype is already in line %u",
			      a->line);
	return 0;
}

static int verify(const struct parser *p, const struct partition_table *table)
{
	int r;

	for (size_t i = 0; i < table->count; i++) {
		r = verify_entry(p, &table->entries[i]);
		for (size_t j = 0; j < i && r == 0; j++)
			r = verify_pair(p, &table->entries[j], &table->entries[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *line_end(const char *text)
{
	return text + strcspn(text, "\r\n");
}

int partition_parse(const char *text, const char *name, struct partition_table *ret, char *ret_text,
		    size_t text_size)
{
	struct parser p = {.name = name, .text = ret_text, .text_size = text_size};
	struct partition_table table = {.count = 0};
	struct row rows[PARTITIONS_MAX] = {0};
	int r;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* byte order mark of Windows editors */
		text += 3;
	while (*text) {
		const char *end = line_end(text);

		p.line++;
		while (text < end && isspace((unsigned char)*text))
			text++;
		if (text < end && *text != '#') {
			if (table.count == PARTITIONS_MAX)
				return refuse(&p, p.line, "more than %u partitions",
					      PARTITIONS_MAX);
			r = parse_line(&p, text, end, &table.entries[table.count],
				       &rows[table.count]);
			if (r < 0)
				return r;
			table.count++;
		}
		text = end + (end[0] == '\r' && end[1] == '\n');
		text += *text != '\0';
	}
	r = fill_places(&p, &table, rows);
	if (r == 0)
		r = verify(&p, &table);
	if (r == 0)
		*ret = table;
	return r;
}

const struct partition *partition_find(const struct partition_table *table, uint8_t type,
				       uint8_t subtype)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->entries[i].type == type && table->entries[i].subtype == subtype)
			return &table->entries[i];
	}
	return NULL;
}

unsigned int partition_ota_count(const struct partition_table *table)
{
	unsigned int count = 0;

	while (count < PARTITION_OTA_SLOTS &&
	       partition_find(table, PARTITION_APP, (uint8_t)(PARTITION_APP_OTA_0 + count)))
		count++;
	return count;
}

uint32_t partition_end(const struct partition_table *table)
{
	uint32_t end = PARTITION_TABLE_OFFSET + PARTITION_TABLE_SIZE;

	for (size_t i = 0; i < table->count; i++) {
		const struct partition *e = &table->entries[i];

		if (e->offset + e->size > end)
			end = e->offset + e->size;
	}
	return end;
}
