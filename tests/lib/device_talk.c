/* SPDX-License-Identifier: Apache-2.0 */
/* See device_talk.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <stdio.h>
#include <string.h>

static void fail_at(const char *file, int line, const char *text)
{
	print_error("%s\n", text);
	_fail(file, line);
}

static int nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

size_t talk_hex_at(const char *text, uint8_t *buf, const char *file, int line)
{
	size_t len = 0;
	int high, low;

	while (*text != '\0' && *text != ';') {
		if (*text == ' ' || *text == '\t' || *text == '\n') {
			text++;
			continue;
		}
		high = nibble(text[0]);
		low = high < 0 ? -1 : nibble(text[1]);
		if (low < 0 || len == TALK_MAX)
			fail_at(file, line, text);
		buf[len++] = (uint8_t)(high * 16 + low);
		text += 2;
	}
	return len;
}

static void print_bytes(const char *what, const uint8_t *buf, size_t len)
{
	char text[3 * TALK_MAX + 1];

	for (size_t i = 0; i < len; i++)
		snprintf(text + 3 * i, 4, " %02x", buf[i]);
	print_error("%s:%s\n", what, len > 0 ? text : " (nothing)");
}

void talk_says_at(struct dut *dut, uint16_t conn, const char *text, const char *file, int line)
{
	uint8_t wanted[TALK_MAX];
	const size_t len = talk_hex_at(text, wanted, file, line);
	struct dut_note note = {.conn = OTA_NO_CONN};

	dut_take(dut, &note);
	if (note.conn == conn && note.len == len && memcmp(note.bytes, wanted, len) == 0)
		return;
	print_bytes("expected", wanted, len);
	print_bytes("got     ", note.bytes, note.len);
	if (note.len > 0 && note.conn != conn)
		print_error("to connection %u instead of %u\n", note.conn, conn);
	_fail(file, line);
}

void talk_silent_at(struct dut *dut, const char *file, int line)
{
	struct dut_note note;

	if (!dut_take(dut, &note))
		return;
	print_bytes("expected nothing, got", note.bytes, note.len);
	_fail(file, line);
}

void talk_sound_at(const struct dut *dut, const char *file, int line)
{
	if (dut->violation != NULL)
		fail_at(file, line, dut->violation);
}

int talk_set_up(struct dut *dut, const struct dut_options *options, uint16_t conn,
		uint8_t *ret_image, uint32_t size, uint64_t seed)
{
	dut_image(ret_image, size, seed);
	if (dut_init(dut, options) < 0)
		return -1;
	dut_connect(dut, conn);
	return 0;
}

int talk_tear_down(struct dut *dut)
{
	sound(dut);
	dut_finish(dut);
	return 0;
}

void tell(struct dut *dut, uint16_t conn, const char *text)
{
	uint8_t buf[TALK_MAX];

	dut_control(dut, conn, buf, talk_hex(text, buf));
}

int value(struct dut *dut, uint16_t conn, const char *text)
{
	uint8_t buf[TALK_MAX];

	return dut_data(dut, conn, buf, talk_hex(text, buf), false);
}

int send_value(struct dut *dut, uint16_t conn, uint16_t sequence, const uint8_t *image,
	       uint32_t offset, uint32_t len)
{
	uint8_t buf[OTA_VALUE_MAX] = {(uint8_t)sequence, (uint8_t)(sequence >> 8)};

	memcpy(buf + OTA_DATA_HEADER, image + offset, len);
	return dut_data(dut, conn, buf, OTA_DATA_HEADER + len, false);
}

uint16_t send_rest(struct dut *dut, uint16_t conn, uint16_t sequence, const uint8_t *image,
		   uint32_t offset, uint32_t size)
{
	while (offset < size) {
		const uint32_t len = size - offset < 240u ? size - offset : 240u;

		assert_int_equal(send_value(dut, conn, sequence++, image, offset, len), 0);
		dut_settle(dut);
		offset += len;
	}
	return sequence;
}

void start_full(struct dut *dut, uint16_t conn, const uint8_t *image, uint32_t size, uint16_t flags)
{
	struct ota_start m;
	uint8_t buf[OTA_CONTROL_MAX];

	dut_start(&m, image, size);
	m.flags = flags;
	dut_control(dut, conn, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
}

void talk_receive(struct dut *dut, uint16_t conn, const uint8_t *image, uint32_t size,
		  uint32_t sent)
{
	start_full(dut, conn, image, size, 0);
	dut_settle(dut);
	send_rest(dut, conn, 0, image, 0, sent);
	dut_forget_notes(dut);
}

void talk_lose_link(struct dut *dut, uint16_t conn)
{
	dut_disconnect(dut, conn);
	dut_connect(dut, conn);
	dut_forget_notes(dut);
}

void talk_lose_power(struct dut *dut, uint16_t conn)
{
	dut_boot(dut);
	dut_connect(dut, conn);
	dut_forget_notes(dut);
}

struct ota_status talk_status(struct dut *dut)
{
	struct ota_status s;

	ota_device_status(&dut->dev, &s);
	return s;
}
