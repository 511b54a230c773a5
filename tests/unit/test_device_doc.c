/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/protocol.md against the code: its worked exchanges are replayed byte for
 * byte, and its tables must add up to the codec's lengths.
 */
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"
#include "testlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONN 1
#define LINE_MAX_CHARS 512u
#define INFO_FEATURES 2u /* where Info has them */
#define INFO_WINDOW 100u

static char *doc;
static struct dut dut;
static bool newer; /* the device has features that the host of the document knows nothing of */

static int load(void **state)
{
	char *path = test_source_path("docs/protocol.md");
	uint8_t *bytes;
	size_t size = 0;

	(void)state;
	bytes = path != NULL ? test_load_file(path, &size) : NULL;
	free(path);
	if (bytes == NULL)
		return -1;
	doc = (char *)realloc(bytes, size + 1);
	if (doc == NULL) {
		free(bytes);
		return -1;
	}
	doc[size] = '\0';
	return 0;
}

static int unload(void **state)
{
	(void)state;
	free(doc);
	return 0;
}

/* The line at text without its end; where the next one begins. */
static const char *read_line(const char *text, char line[LINE_MAX_CHARS])
{
	const size_t len = strcspn(text, "\n");
	const size_t keep = len < LINE_MAX_CHARS - 1 ? len : LINE_MAX_CHARS - 1;

	memcpy(line, text, keep);
	line[keep] = '\0';
	return text[len] == '\n' ? text + len + 1 : text + len;
}

/* The first line inside the fenced block whose info string is name. */
static const char *block(const char *name)
{
	char fence[64];
	const char *at;

	snprintf(fence, sizeof(fence), "```%s\n", name);
	at = strstr(doc, fence);
	if (at == NULL)
		fail_msg("docs/protocol.md has no block \"%s\"", name);
	return at + strlen(fence);
}

static size_t block_bytes(const char *name, uint8_t buf[TALK_MAX])
{
	const char *at = block(name);
	char text[TALK_MAX * 3 + 1];
	const size_t len = (size_t)(strstr(at, "```") - at);

	assert_true(len < sizeof(text));
	memcpy(text, at, len);
	text[len] = '\0';
	return talk_hex(text, buf);
}

static void check_info(const uint8_t *wanted, size_t len)
{
	uint8_t buf[OTA_INFO_SIZE];

	assert_int_equal(len, OTA_INFO_SIZE);
	assert_int_equal(ota_device_read_info(&dut.dev, buf, sizeof(buf)), OTA_INFO_SIZE);
	if (newer) { /* it says so in the bits and in bytes that the document's host ignores */
		assert_memory_not_equal(buf, wanted, len);
		memcpy(buf + INFO_FEATURES, wanted + INFO_FEATURES, 4);
		buf[INFO_WINDOW] = wanted[INFO_WINDOW];
	}
	assert_memory_equal(buf, wanted, len);
}

static void check_notified(const uint8_t *wanted, size_t len, const char *line)
{
	struct dut_note note = {.len = 0};

	if (dut_take(&dut, &note) && note.len == len && memcmp(note.bytes, wanted, len) == 0)
		return;
	print_error("the document says: %s\nthe device says:  ", line);
	for (uint8_t i = 0; i < note.len; i++)
		print_error(" %02x", note.bytes[i]);
	print_error("\n");
	fail();
}

static void happens(const char *what)
{
	if (strncmp(what, "link lost", 9) == 0)
		dut_disconnect(&dut, CONN);
	else if (strncmp(what, "link back", 9) == 0)
		dut_connect(&dut, CONN);
	else if (strncmp(what, "reboot", 6) == 0 && dut.reboots == 1)
		dut_boot(&dut);
	else if (what[0] >= '1' && what[0] <= '9')
		dut_wait(&dut, (uint32_t)strtoul(what, NULL, 10));
	else
		fail_msg("\"* %s\" is nothing that can happen", what);
	if (strncmp(what, "reboot", 6) == 0)
		dut_connect(&dut, CONN);
}

/* One line with its continuations: direction, characteristic, bytes. */
static void replay(const char *line, const char *hex)
{
	uint8_t buf[TALK_MAX] = {0};
	const size_t len = line[0] == '*' ? 0 : talk_hex(hex, buf);
	const bool data = strncmp(line + 2, "Data", 4) == 0;

	if (line[0] == '*')
		happens(line + 2);
	else if (line[0] == '<' && strncmp(line + 2, "Info", 4) == 0)
		check_info(buf, len);
	else if (line[0] == '<')
		check_notified(buf, len, line);
	else if (line[0] == '>' && data)
		dut_data(&dut, CONN, buf, len, false);
	else if (line[0] == '>')
		dut_control(&dut, CONN, buf, len);
	else if (line[0] != 'x')
		fail_msg("no direction: %s", line);
}

/* Returns the number of its lines. */
static uint32_t exchange(const char *name)
{
	char line[LINE_MAX_CHARS], next[LINE_MAX_CHARS], hex[4 * LINE_MAX_CHARS];
	const char *at = block(name);
	uint32_t lines = 0;

	dut_connect(&dut, CONN);
	at = read_line(at, line);
	while (strncmp(line, "```", 3) != 0) {
		line[strcspn(line, ";")] = '\0';
		snprintf(hex, sizeof(hex), "%s", strlen(line) > 11 ? line + 11 : "");
		at = read_line(at, next);
		while (next[0] == ' ') {
			strncat(hex, next, sizeof(hex) - strlen(hex) - 1);
			at = read_line(at, next);
		}
		replay(line, hex);
		memcpy(line, next, sizeof(line));
		lines++;
	}
	silent(&dut);
	sound(&dut);
	return lines;
}

static void exchange_updates(const char *name)
{
	uint8_t image[TALK_MAX];
	const size_t size = block_bytes("image", image);

	assert_true(exchange(name) >= 8);
	assert_memory_equal(dut.slots[1], image, size);
	assert_int_equal(dut.reboots, 1);
}

static int set_up_with(const struct dut_options *options)
{
	if (dut_init(&dut, options) < 0)
		return -1;
	dut.info.features = newer ? 0x1fu | dut.info.features : 0x1fu;
	dut.info.chip_revision = 4;
	dut.info.block_revision = 103;
	dut.info.phys = OTA_PHYS_1M | OTA_PHYS_2M;
	memset(dut.info.project, 0, sizeof(dut.info.project));
	memcpy(dut.info.project, "demo", 4);
	dut.image_size[0] = 1000000;
	memset(dut.image_hash[0], 0x11, sizeof(dut.image_hash[0]));
	dut_boot(&dut);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	newer = false;
	return set_up_with(&(struct dut_options){.ring_size = 32768});
}

/* A device that takes compressed streams and patches, and keeps blocks that it has. */
static int set_up_newer(void **state)
{
	static const uint8_t base[OTA_SECTOR_SIZE];

	(void)state;
	newer = true;
	if (set_up_with(&(struct dut_options){.ring_size = 32768,
					      .window = 12,
					      .base = base,
					      .base_size = sizeof(base),
					      .skip = true}) < 0)
		return -1;
	dut.info.deflate_window = 12;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dut_finish(&dut);
	return 0;
}

static void test_image(void **state)
{
	uint8_t image[TALK_MAX], wanted[TALK_MAX], hash[OTA_SHA256_SIZE];
	const size_t size = block_bytes("image", image);

	(void)state;
	assert_int_equal(block_bytes("sha256", wanted), OTA_SHA256_SIZE);
	sha256_buffer(image, size, hash);
	assert_memory_equal(hash, wanted, sizeof(hash));
}

static void test_basic(void **state)
{
	(void)state;
	exchange_updates("exchange basic");
}

static void test_full(void **state)
{
	(void)state;
	exchange_updates("exchange full");
}

static void test_resume(void **state)
{
	(void)state;
	exchange_updates("exchange resume");
}

static void test_pattern(void **state)
{
	(void)state;
	assert_true(exchange("exchange pattern") >= 6);
	assert_int_equal(dut.writes, 1);
	assert_int_equal(dut.reboots, 0);
}

/* The slot holds the image: it is read, and neither erased nor written. */
static void test_blocks(void **state)
{
	uint8_t image[TALK_MAX];
	const size_t size = block_bytes("image", image);

	(void)state;
	memcpy(dut.slots[1], image, size);
	assert_true(exchange("exchange blocks") >= 8);
	assert_memory_equal(dut.slots[1], image, size);
	assert_int_equal(dut.erases + dut.writes, 0);
	assert_int_equal(dut.boot_slot, 1);
}

/* Adds up the table below a heading: each row begins where the last one ended. */
static uint32_t table_length(const char *heading)
{
	char line[LINE_MAX_CHARS];
	const char *at = strstr(doc, heading);
	uint32_t length = 0;

	if (at == NULL)
		print_error("docs/protocol.md has no section \"%s\"\n", heading);
	at = at != NULL ? strstr(at, "| offset | size |") : NULL;
	if (at == NULL) {
		fail();
		return 0;
	}
	at = read_line(at, line); /* head */
	at = read_line(at, line); /* rule */
	for (at = read_line(at, line); line[0] == '|'; at = read_line(at, line)) {
		char *end;

		if (strtoul(line + 1, &end, 10) != length)
			fail_msg("%s: hole before: %s", heading, line);
		length += (uint32_t)strtoul(end + strspn(end, " |"), &end, 10);
	}
	return length;
}

static void test_tables(void **state)
{
	static const struct {
		const char *heading;
		uint32_t length;
	} tables[] = {
		{"### 3.3 Info", OTA_INFO_SIZE},
		{"### 4.1 START", 46},
		{"### 4.8 LINK", 12},
		{"### 4.11 PREPARE", 5},
		{"### 5.1 READY", OTA_READY_STREAM_SIZE},
		{"### 5.2 ERROR", 7},
		{"### 5.3 DONE", 16},
		{"### 5.4 PROGRESS", 10},
		{"### 5.5 STATUS", 20},
		{"### 5.7 ACK", 13},
		{"### 5.8 GAP", 8},
		{"### 5.9 LINK", 16},
		{"### 5.10 TELEMETRY", 20},
		{"### 5.11 TIMES", 11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char text[16];
		const char *at = strstr(doc, tables[i].heading);

		assert_int_equal(table_length(tables[i].heading), tables[i].length);
		/* The prose says the same. */
		snprintf(text, sizeof(text), "%u bytes", tables[i].length);
		assert_non_null(strstr(at, text));
		assert_true(strstr(at, text) < strstr(at, "| offset | size |"));
	}
}

/* Every error code stands in section 7, under its number and with its reason. */
static void test_error_codes(void **state)
{
	const char *const section = strstr(doc, "## 7. Error codes");

	(void)state;
	assert_non_null(section);
	for (unsigned int code = OTA_OK; code <= OTA_ERR_INTERNAL; code++) {
		char row[16];

		snprintf(row, sizeof(row), "\n| %u | ", code);
		if (strstr(section, row) == NULL)
			fail_msg("error code %u is not in the document", code);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
/* Byte for byte the same: a host of this conversation updates a device that offers more. */
#define TEST_NEWER(name)                                                                           \
	{                                                                                          \
#name "_of_a_newer_device", name, set_up_newer, tear_down, NULL                    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_image),
		TEST(test_basic),
		TEST(test_full),
		TEST(test_resume),
		TEST(test_pattern),
		TEST_NEWER(test_basic),
		TEST_NEWER(test_full),
		TEST_NEWER(test_resume),
		TEST_NEWER(test_pattern),
		TEST_NEWER(test_blocks),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_error_codes),
	};

	return cmocka_run_group_tests_name("device_doc", tests, load, unload);
}
