/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures, judged afterwards: those of this program, and those in a phone's form, which a
 * test builds octet by octet.
 */
#include "config.h" /* system extensions: mkdtemp(), fmemopen() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "air/att_proto.h"
#include "base/bytes.h"
#include "cli/diagnose_capture.h"
#include "programlib.h"

/* --- a phone's file */

#define CONTROL 0x2au
#define DATA 0x2du
#define INFO 0x2fu
#define CONNECTION 0x0003u
#define LE_PACKET 27u /* an ACL packet of a small controller: frames come in pieces */

struct phone {
	uint8_t bytes[65536];
	size_t len;
	uint64_t at_us;
	uint32_t link; /* 1001 or 1002 */
};

static void put_be(struct phone *p, uint64_t value, unsigned int octets)
{
	assert_true(p->len + octets <= sizeof(p->bytes));
	for (unsigned int i = octets; i-- > 0;)
		p->bytes[p->len++] = (uint8_t)(value >> (8 * i));
}

static void phone_begin(struct phone *p, uint32_t link)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->bytes, "btsnoop", 8);
	p->len = 8;
	p->link = link;
	p->at_us = 1000;
	put_be(p, 1, 4);
	put_be(p, link, 4);
}

static void phone_record(struct phone *p, uint8_t type, bool sent, const uint8_t *data, size_t len)
{
	const size_t whole = len + (p->link == 1002);

	put_be(p, whole, 4);
	put_be(p, whole, 4);
	put_be(p, (sent ? 0u : 1u) | (type != 2 ? 2u : 0u), 4);
	put_be(p, 0, 4);
	put_be(p, p->at_us, 8);
	if (p->link == 1002)
		put_be(p, type, 1);
	assert_true(p->len + len <= sizeof(p->bytes));
	memcpy(p->bytes + p->len, data, len);
	p->len += len;
}

static void phone_att(struct phone *p, bool sent, const uint8_t *pdu, size_t len)
{
	uint8_t frame[600], piece[4 + LE_PACKET];

	assert_true(len + 4 <= sizeof(frame));
	bytes_put16(frame, (uint16_t)len);
	bytes_put16(frame + 2, 4);
	memcpy(frame + 4, pdu, len);
	len += 4;
	for (size_t at = 0; at < len; at += LE_PACKET) {
		const size_t n = len - at < LE_PACKET ? len - at : LE_PACKET;

		bytes_put16(piece, (uint16_t)(CONNECTION | (at > 0 ? 0x1000u
							    : sent ? 0x0000u
								   : 0x2000u)));
		bytes_put16(piece + 2, (uint16_t)n);
		memcpy(piece + 4, frame + at, n);
		phone_record(p, 2, sent, piece, 4 + n);
	}
}

static void phone_value(struct phone *p, uint8_t opcode, uint16_t handle, const uint8_t *value,
			size_t len)
{
	uint8_t pdu[600] = {opcode};

	bytes_put16(pdu + 1, handle);
	memcpy(pdu + 3, value, len);
	phone_att(p, opcode != ATT_NOTIFICATION, pdu, 3 + len);
}

static void phone_connected(struct phone *p)
{
	/* LE Meta, Connection Complete: 15 ms, latency 0, supervision timeout 5 s. */
	static const uint8_t event[] = {0x3e, 19, 0x01, 0,    CONNECTION, 0, 0, 0,    1,    2, 3,
					4,    5,  6,	0x0c, 0,	  0, 0, 0xf4, 0x01, 0};

	phone_record(p, 4, false, event, sizeof(event));
}

static void phone_disconnected(struct phone *p, uint8_t reason)
{
	const uint8_t event[] = {0x05, 4, 0, CONNECTION, 0, reason};

	phone_record(p, 4, false, event, sizeof(event));
}

static void phone_notify(struct phone *p, enum ota_event event, const void *m)
{
	uint8_t value[64];
	const int n = ota_event_encode(event, m, value, sizeof(value));

	assert_true(n > 0);
	phone_value(p, ATT_NOTIFICATION, CONTROL, value, (size_t)n);
}

static void phone_start(struct phone *p)
{
	const struct ota_start start = {.version = 1, .image_size = 20000, .stream_size = 20000};
	uint8_t value[64];
	const int n = ota_start_encode(&start, value, sizeof(value));

	assert_true(n > 0);
	phone_value(p, ATT_WRITE_REQ, CONTROL, value, (size_t)n);
}

/* START, READY and some values, of which the device has the first half. */
static void phone_transfer(struct phone *p)
{
	const struct ota_ready ready = {.limit = 8192, .max_value = 244, .ack_interval = 1024};
	const struct ota_ack ack = {.received = 1210, .flushed = 0, .limit = 8192};
	uint8_t value[244] = {0};

	phone_connected(p);
	phone_start(p);
	phone_notify(p, OTA_EVT_READY, &ready);
	for (unsigned int i = 0; i < 10; i++) {
		bytes_put16(value, (uint16_t)i);
		phone_value(p, ATT_WRITE_CMD, DATA, value, sizeof(value));
		p->at_us += 10000;
		if (i == 4)
			phone_notify(p, OTA_EVT_ACK, &ack);
	}
}

static struct diagnose_capture *judged(struct phone *p, size_t len)
{
	static struct diagnose_capture d;
	FILE *in = fmemopen(p->bytes, len, "r");

	assert_non_null(in);
	assert_int_equal(diagnose_capture(in, &d), 0);
	(void)fclose(in);
	return &d;
}

static void expect(struct phone *p, enum diagnosis_cause cause)
{
	const struct diagnose_capture *d = judged(p, p->len);

	assert_false(d->damaged);
	if ((cause == DIAGNOSIS_NONE ? d->count != 0 : d->count == 0) ||
	    (d->count > 0 && d->found[0].cause != cause))
		fail_msg("%s, not %s", d->count > 0 ? diagnosis_name(d->found[0].cause) : "none",
			 diagnosis_name(cause));
}

static const uint32_t links[] = {1002, 1001};

/* Whatever the data link, and without a list of characteristics. */
static void test_transfer(void **state)
{
	struct phone p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct ota_done done = {.size = 20000};
		const struct diagnose_capture *d;

		phone_begin(&p, links[i]);
		phone_transfer(&p);
		d = judged(&p, p.len);
		assert_int_equal(d->snoop.chrs[GATT_CONTROL], CONTROL);
		assert_int_equal(d->snoop.chrs[GATT_DATA], DATA);
		assert_int_equal(d->snoop.dialect, DIALECT_FULL);
		assert_int_equal(d->snoop.size, 20000);
		assert_int_equal(d->snoop.stats.values, 10);
		assert_int_equal(d->snoop.stats.queued, 2420);
		assert_int_equal(d->snoop.stats.received, 1210);
		assert_int_equal(d->snoop.link.interval, 12);
		assert_int_equal(d->snoop.link.supervision_timeout, 500);
		phone_notify(&p, OTA_EVT_DONE, &done);
		phone_disconnected(&p, 0x13);
		expect(&p, DIAGNOSIS_NONE);
	}
}

static void test_causes(void **state)
{
	static const struct ota_gap gap = {.offset = 1210, .reason = OTA_GAP_MISSING};
	static const struct ota_progress erase = {OTA_PHASE_ERASE, 4096, 20000};
	static const struct ota_error_event written = {OTA_ERR_WRITE, 0, 4096};
	static const uint8_t wants[] = {ATT_ERROR_RSP, ATT_WRITE_REQ, CONTROL, 0, 0x05};
	static const uint8_t moved[] = {ATT_ERROR_RSP, ATT_WRITE_REQ, CONTROL, 0, 0x01};
	struct phone p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		phone_begin(&p, links[i]);
		phone_transfer(&p);
		for (unsigned int n = 0; n < 4; n++)
			phone_notify(&p, OTA_EVT_GAP, &gap);
		phone_disconnected(&p, 0x13);
		expect(&p, DIAGNOSIS_VALUES_DROPPED);

		/* An erase that is announced, and three seconds of silence; then it goes on. */
		phone_begin(&p, links[i]);
		phone_transfer(&p);
		phone_notify(&p, OTA_EVT_PROGRESS, &erase);
		p.at_us += 3000000;
		phone_notify(&p, OTA_EVT_DONE, &(struct ota_done){.size = 20000});
		expect(&p, DIAGNOSIS_ERASING);

		phone_begin(&p, links[i]);
		phone_transfer(&p);
		phone_notify(&p, OTA_EVT_ERROR, &written);
		expect(&p, DIAGNOSIS_FLASH_FAULT);

		phone_begin(&p, links[i]);
		phone_transfer(&p);
		phone_disconnected(&p, 0x3d);
		expect(&p, DIAGNOSIS_BOND_LOST);

		phone_begin(&p, links[i]);
		phone_transfer(&p);
		phone_att(&p, false, wants, sizeof(wants));
		phone_disconnected(&p, 0x13);
		expect(&p, DIAGNOSIS_PAIRING_NEEDED);

		phone_begin(&p, links[i]);
		phone_transfer(&p);
		phone_att(&p, false, moved, sizeof(moved));
		phone_disconnected(&p, 0x13);
		expect(&p, DIAGNOSIS_STALE_CACHE);
	}
}

static void test_reset(void **state)
{
	struct ota_info info = {.version = 1, .chip_id = 5, .slot_count = 2};
	const uint8_t request[] = {ATT_READ_REQ, INFO, 0};
	uint8_t answer[256] = {ATT_READ_RSP};
	struct phone p;

	(void)state;
	phone_begin(&p, 1002);
	phone_connected(&p);
	for (unsigned int turn = 0; turn < 2; turn++) {
		int n;

		info.resets = (uint8_t)turn;
		info.reset_reason = turn ? OTA_RESET_BROWN_OUT : 0;
		n = ota_info_encode(&info, answer + 1, sizeof(answer) - 1);
		assert_true(n > 0);
		phone_att(&p, true, request, sizeof(request));
		phone_att(&p, false, answer, 1u + (size_t)n);
		if (turn == 0) {
			phone_transfer(&p);
			phone_disconnected(&p, 0x08);
			phone_connected(&p);
		}
	}
	expect(&p, DIAGNOSIS_RESET);
}

/* Cut anywhere, and with each octet changed: told, and never worse. */
static void test_damage(void **state)
{
	struct phone p;
	size_t whole;

	(void)state;
	phone_begin(&p, 1002);
	phone_transfer(&p);
	phone_disconnected(&p, 0x08);
	whole = p.len;
	for (size_t len = 16; len < whole; len += 11)
		(void)judged(&p, len);
	assert_true(judged(&p, whole - 1)->damaged);
	for (size_t at = 16; at < whole; at += 3) {
		p.bytes[at] ^= 0xff;
		(void)judged(&p, whole);
		p.bytes[at] ^= 0xff;
	}
	p.bytes[0] = 'x';
	{
		static struct diagnose_capture d;
		FILE *in = fmemopen(p.bytes, whole, "r");

		assert_non_null(in);
		assert_int_equal(diagnose_capture(in, &d), -OTA_EBADMSG);
		(void)fclose(in);
	}
}

/* --- this program's own */

static char folder[] = "/tmp/test_snoop.XXXXXX";

static int make_folder(void **state)
{
	struct program_ran r;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	r = program_run("sample-image %s/a.bin --quiet", folder);
	program_done(&r);
	return r.exit;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command); /* NOLINT(cert-env33-c): a directory of our own */
}

static const char *first_cause(const json_t *result)
{
	return json_string_value(
		json_object_get(json_array_get(json_object_get(result, "diagnosis"), 0), "id"));
}

static void test_own(void **state)
{
	static const struct {
		const char *sim, *set, *cause; /* NULL: nothing is wrong */
	} runs[] = {
		{"flash=ideal", "", NULL},
		{"flash=ideal,dialect=basic", "", NULL},
		{"flash_mode=usual,fault=slow-erase:40", "", "erasing"},
		{"flash=ideal,fault=drop-data%40", "", "values-dropped"},
		{"flash=ideal,fault=reboot@100000", "", "device-reset"},
		{"flash=ideal,permit=no", "", "permission"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct program_ran r = program_run(
			"--json --no-history --force --sim=devices=1,%s %s --btsnoop=%s/c flash "
			"esp-sim-01 %s/a.bin",
			runs[i].sim, runs[i].set, folder, folder);
		const char *cause;

		program_done(&r);
		r = program_run("--json diagnose --btsnoop %s/c", folder);
		assert_int_equal(r.exit, 0);
		cause = first_cause(r.last);
		if (runs[i].cause ? !cause || strcmp(cause, runs[i].cause) != 0 : cause != NULL)
			fail_msg("%s: %s, not %s", runs[i].sim, cause ? cause : "nothing",
				 runs[i].cause ? runs[i].cause : "nothing");
		program_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer), cmocka_unit_test(test_causes),
		cmocka_unit_test(test_reset),	 cmocka_unit_test(test_damage),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests_name("snoop", tests, make_folder, remove_folder);
}
