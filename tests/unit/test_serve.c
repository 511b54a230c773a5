/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A served virtual ESP32, a client that updates it by the book, and the same client with one
 * fault each: the verdict names the rule that the fault breaks, and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "image/image_build.h"
#include "serveclient.h"

#define MTU_LONGEST 517u
#define IMAGE_MAX 90000u

/* The client's faults. */
enum fault {
	NONE,
	DATA_BEFORE_READY,
	DATA_WITHOUT_START,
	CHUNK_TOO_LONG,
	CHUNK_ABOVE_512,
	NO_SUBSCRIPTION,
	END_EARLY,
	DATA_AFTER_END,
	RESUME_IGNORED,
	SEQUENCE_SKIPS,
	SEQUENCE_RESTARTS,
	START_TOO_LARGE,
	START_SIZES_DIFFER,
	START_SHORT,
	START_TWICE,
	START_VERSION,
	START_FLAGS,
	CONTROL_COMMAND,
	LIMIT_IGNORED,
	MORE_THAN_ANNOUNCED,
	WRONG_HASH,
	GAP_IGNORED,
	RESYNC_TWICE,
	OPCODE_UNKNOWN,
	END_WITHOUT_START,
	INFO_CACHED,
	LINK_RANGE,
	LEFT_BEFORE_DONE,
	NEVER_CONFIRMED,
	WENT_IDLE,
	FAULTS
};

static const struct {
	enum grade_rule rule;
	const char *detail; /* part of it */
} expected[FAULTS] = {
	[DATA_BEFORE_READY] = {GRADE_READY, "not answered"},
	[DATA_WITHOUT_START] = {GRADE_READY, "not written"},
	[CHUNK_TOO_LONG] = {GRADE_VALUE, "245 bytes, where 244"},
	[CHUNK_ABOVE_512] = {GRADE_VALUE, "514 bytes, where 512"},
	[NO_SUBSCRIPTION] = {GRADE_SUBSCRIBE, ""},
	[END_EARLY] = {GRADE_END, "at 242 of"},
	[DATA_AFTER_END] = {GRADE_END, "after END"},
	[RESUME_IGNORED] = {GRADE_RESUME, "first bytes"},
	[SEQUENCE_SKIPS] = {GRADE_SEQUENCE, "number 2 where 1"},
	[SEQUENCE_RESTARTS] = {GRADE_SEQUENCE, "number 0 where"},
	[START_TOO_LARGE] = {GRADE_SIZE, "for a slot of"},
	[START_SIZES_DIFFER] = {GRADE_SIZE, "stream size"},
	[START_SHORT] = {GRADE_LENGTH, "of 14 bytes"},
	[START_TWICE] = {GRADE_ONE_START, ""},
	[START_VERSION] = {GRADE_VERSION, "version 9"},
	[START_FLAGS] = {GRADE_VERSION, "is offered"},
	[CONTROL_COMMAND] = {GRADE_REQUESTS, ""},
	[LIMIT_IGNORED] = {GRADE_LIMIT, "is the limit"},
	[MORE_THAN_ANNOUNCED] = {GRADE_END_OF_IMAGE, "beyond"},
	[WRONG_HASH] = {GRADE_HASH, ""},
	[GAP_IGNORED] = {GRADE_GAP, ""},
	[RESYNC_TWICE] = {GRADE_RESYNC, "again"},
	[OPCODE_UNKNOWN] = {GRADE_OPCODE, "0x77"},
	[END_WITHOUT_START] = {GRADE_STATE, "without"},
	[INFO_CACHED] = {GRADE_INFO, ""},
	[LINK_RANGE] = {GRADE_LINK, "intervals 1"},
	[LEFT_BEFORE_DONE] = {GRADE_STAY, ""},
	[NEVER_CONFIRMED] = {GRADE_CONFIRM, "no CONFIRM"},
	[WENT_IDLE] = {GRADE_ALIVE, "at 242"},
};

static enum fault fault_now;
static uint8_t image[IMAGE_MAX];
static size_t image_size;
static uint8_t image_sha256[OTA_SHA256_SIZE];

/* --- the client */

static void start(struct client *c)
{
	struct ota_start m = {
		.version = fault_now == START_VERSION ? 9 : OTA_PROTOCOL_VERSION,
		.flags = fault_now == START_FLAGS ? 0x4000 : 0,
		.image_size = (uint32_t)image_size,
		.stream_size = (uint32_t)image_size,
	};
	uint8_t buf[OTA_START_SIZE];

	if (fault_now == START_TOO_LARGE)
		m.image_size = m.stream_size = 0x7fffffff;
	if (fault_now == START_SIZES_DIFFER)
		m.stream_size--;
	memcpy(m.sha256, image_sha256, sizeof(m.sha256));
	if (fault_now == WRONG_HASH)
		m.sha256[0] ^= 1;
	assert_true(ota_start_encode(&m, buf, sizeof(buf)) > 0);
	if (fault_now == DATA_BEFORE_READY)
		serve_client_wrote(c->serve, client_handle(c, OTA_UUID_CONTROL), c->mtu,
				   GRADE_REQUEST, buf, sizeof(buf), NULL);
	else
		client_control(c, buf, fault_now == START_SHORT ? 14 : sizeof(buf));
	if (fault_now == START_TWICE)
		client_control(c, buf, sizeof(buf));
}

static size_t chunk_of(const struct client *c)
{
	size_t most = c->mtu - OTA_ATT_HEADER;

	if (fault_now == CHUNK_TOO_LONG)
		return most + 1u - OTA_DATA_HEADER;
	if (c->ready.max_value < most && fault_now != CHUNK_ABOVE_512)
		most = c->ready.max_value;
	return most - OTA_DATA_HEADER;
}

/* The number of the value that goes next; the fault is in one of them. */
static uint16_t number(struct client *c)
{
	if (fault_now == SEQUENCE_SKIPS && c->next == 1)
		return (uint16_t)(c->next + 1u);
	if (fault_now == SEQUENCE_RESTARTS && c->sent > image_size / 2u)
		return 0;
	return c->next;
}

static void go_back(struct client *c)
{
	c->next = c->gap.sequence;
	c->sent = c->gap.offset;
}

/* Sends up to offset, as far as the device goes along. */
static void send(struct client *c, uint32_t until)
{
	const unsigned int errors = c->errors;
	unsigned int gaps = c->gaps;
	const uint64_t late = c->t->ops->now_us(c->t) + 120 * UINT64_C(1000000);

	while (c->sent < until && c->errors == errors && c->connected) {
		const size_t left = until - c->sent, most = chunk_of(c);
		const size_t n = left < most ? left : most;
		const uint16_t now = number(c);

		if (c->sent + n > c->limit && fault_now == GAP_IGNORED)
			return; /* nothing will move it again */
		if (c->sent + n > c->limit && fault_now != LIMIT_IGNORED) {
			client_pass(c, 1);
			if (c->t->ops->now_us(c->t) > late)
				fail_msg("fault %u: no credit at %u", fault_now, c->sent);
			continue;
		}
		client_value(c, now, image + c->sent, n);
		c->sent += (uint32_t)n;
		c->next = (uint16_t)(c->next + 1u);
		if (fault_now == LIMIT_IGNORED)
			continue;
		client_pass(c, fault_now == GAP_IGNORED ? 100 : 2);
		if (c->gaps == gaps || fault_now == GAP_IGNORED)
			continue;
		gaps = c->gaps;
		if (fault_now == SEQUENCE_SKIPS || fault_now == SEQUENCE_RESTARTS)
			fault_now = NONE; /* once */
		go_back(c);
	}
}

static void before_start(struct client *c)
{
	static const uint8_t unknown[] = {0x77}, link[12] = {OTA_CMD_LINK, 1, 0, 1};

	if (fault_now != INFO_CACHED)
		client_info(c);
	if (fault_now == OPCODE_UNKNOWN)
		client_control(c, unknown, sizeof(unknown));
	if (fault_now == LINK_RANGE)
		client_control(c, link, sizeof(link));
	if (fault_now == CONTROL_COMMAND)
		client_command(c, OTA_CMD_STATUS);
	if (fault_now == END_WITHOUT_START)
		client_command(c, OTA_CMD_END);
	if (fault_now == DATA_WITHOUT_START) {
		client_value(c, 0, image, 100);
		client_pass(c, 100);
	}
}

/* A link that is lost in the middle, and what the client makes of READY's offset. */
static void resume(struct client *c)
{
	send(c, (uint32_t)image_size / 2u);
	client_pass(c, 500);
	serve_client_left(c->serve);
	c->connected = false;
	client_pass(c, 500);
	client_connect(c);
	client_info(c);
	start(c);
	assert_true(client_wait(c, &c->readies, 1, 20));
	assert_true(c->ready.offset > 0);
	if (fault_now == RESUME_IGNORED)
		c->sent = 0;
}

static void in_the_middle(struct client *c)
{
	if (fault_now == NONE || fault_now == RESUME_IGNORED)
		resume(c);
	if (fault_now == END_EARLY || fault_now == WENT_IDLE)
		send(c, chunk_of(c) > image_size ? 0 : (uint32_t)chunk_of(c));
	if (fault_now == WENT_IDLE)
		assert_true(client_wait(c, &c->errors, c->errors, 90));
	if (fault_now == RESYNC_TWICE) {
		const uint8_t opcode = OTA_CMD_RESYNC;

		for (int i = 0; i < 2; i++)
			serve_client_wrote(c->serve, client_handle(c, OTA_UUID_CONTROL), c->mtu,
					   GRADE_REQUEST, &opcode, 1, NULL);
		client_pass(c, 200);
		go_back(c);
	}
}

/* Comes back after the reboot, and proves and confirms what runs. */
static void prove(struct client *c)
{
	struct ota_info info;

	assert_true(client_wait(c, &c->lost, 0, 30));
	if (fault_now == NEVER_CONFIRMED)
		return;
	client_connect(c);
	client_info(c);
	assert_int_equal(ota_info_decode(c->value, c->value_len, &info), 0);
	assert_memory_equal(info.running_sha256, image_sha256, OTA_SHA256_SIZE);
	client_command(c, OTA_CMD_CONFIRM);
	assert_true(client_wait(c, &c->results, 0, 20));
}

static void update(struct client *c)
{
	assert_true(client_wait(c, &c->published, 0, 20));
	client_connect(c);
	before_start(c);
	start(c);
	if (fault_now == DATA_BEFORE_READY) {
		client_value(c, 0, image, 242);
		client_pass(c, 200);
	}
	if (fault_now == NO_SUBSCRIPTION || !client_wait(c, &c->readies, 0, 20))
		return;
	in_the_middle(c);
	if (fault_now == CHUNK_TOO_LONG ||
	    fault_now == CHUNK_ABOVE_512) { /* nothing of it reaches the device */
		send(c, (uint32_t)chunk_of(c));
		return;
	}
	if (c->errors > 0)
		return;
	if (fault_now != END_EARLY)
		send(c, (uint32_t)image_size);
	if (fault_now == MORE_THAN_ANNOUNCED)
		client_value(c, c->next, image, 1);
	if (fault_now == LEFT_BEFORE_DONE) {
		client_command(c, OTA_CMD_END);
		serve_client_left(c->serve);
		c->connected = false;
		return;
	}
	if (c->errors > 0 || !c->connected || fault_now == GAP_IGNORED)
		return;
	client_command(c, OTA_CMD_END);
	if (fault_now == DATA_AFTER_END)
		client_value(c, c->next, image, 1);
	if (client_wait(c, &c->dones, 0, 30))
		prove(c);
}

/* --- the verdicts */

static void run(struct client *c, enum fault fault, const char *spec)
{
	const struct sim_config sim = {
		.kind = {.flash_speed = FLASH_TYPICAL, .flash_mode = ESP_FLASH_LENIENT}};

	client_begin(c, sim, spec);
	fault_now = fault;
	c->mtu = fault == CHUNK_ABOVE_512 ? MTU_LONGEST : c->mtu;
	c->deaf = fault == NO_SUBSCRIPTION;
	c->hasty = fault == START_TWICE;
	c->status_as_command = fault == CONTROL_COMMAND;
	update(c);
	if (c->connected)
		serve_client_left(c->serve);
	client_pass(c, 1000);
	grade_end(serve_grade(c->serve));
}

static void good(void **state)
{
	struct client c;

	(void)state;
	run(&c, NONE, NULL);
	assert_int_equal(c.dones, 1);
	assert_int_equal(c.readies, 2);
	assert_string_equal(c.told, "");
	assert_true(grade_good(serve_grade(c.serve)));
	assert_int_equal(serve_grade(c.serve)->findings[GRADE_RESUME].mark, GRADE_KEPT);
	assert_int_equal(serve_grade(c.serve)->findings[GRADE_CONFIRM].mark, GRADE_KEPT);
	assert_int_equal(serve_grade(c.serve)->findings[GRADE_GAP].mark, GRADE_UNSEEN);
	client_finish(&c);
}

/* A value that was lost in the air, after the verdict saw it, is sent again. */
static void good_with_loss(void **state)
{
	struct client c;

	(void)state;
	run(&c, NONE, "drop-data@3");
	assert_int_equal(c.dones, 1);
	assert_true(c.gaps > 0);
	assert_string_equal(c.told, "");
	assert_int_equal(serve_grade(c.serve)->findings[GRADE_GAP].mark, GRADE_KEPT);
	client_finish(&c);
}

static void each_fault(void **state)
{
	(void)state;
	for (unsigned int f = NONE + 1; f < FAULTS; f++) {
		const struct grade *g;
		struct client c;

		run(&c, (enum fault)f, f == GAP_IGNORED ? "drop-data@3" : NULL);
		g = serve_grade(c.serve);
		for (unsigned int i = 0; i < GRADE_RULES; i++) {
			const struct grade_finding *found = &g->findings[i];
			const bool is = found->mark == GRADE_BROKEN;

			if (is != (i == expected[f].rule))
				fail_msg("fault %u: %s %s: %s", f, grade_rule_fault(i),
					 is ? "was told" : "was not told", found->detail);
			if (is && !strstr(found->detail, expected[f].detail))
				fail_msg("fault %u: \"%s\" lacks \"%s\"", f, found->detail,
					 expected[f].detail);
		}
		assert_true(f == NEVER_CONFIRMED ||
			    strstr(c.told, grade_rule_fault(expected[f].rule)));
		client_finish(&c);
	}
}

/* A device of the basic dialect: the same verdict, by the rules that it has. */
static void basic_sends(struct client *c, enum grade_mode mode, const uint8_t *buf, size_t len)
{
	serve_client_wrote(c->serve, client_handle(c, OTA_UUID_DATA), c->mtu, mode, buf, len, c);
	client_pass(c, 50);
}

static void basic(void **state)
{
	const struct sim_config sim = {
		.kind = {.flash_speed = FLASH_IDEAL, .dialect = ESP_BASIC, .dialect_all = true}};
	const uint8_t status = OTA_CMD_STATUS;
	const struct grade *g;
	struct client c;

	(void)state;
	client_begin(&c, sim, NULL);
	c.mtu = MTU_LONGEST;
	assert_true(client_wait(&c, &c.published, 0, 20));
	g = serve_grade(c.serve);
	client_connect(&c);
	client_command(&c, OTA_CMD_START);
	client_pass(&c, 2000);
	for (size_t at = 0; at < image_size; at += 500)
		basic_sends(&c, GRADE_REQUEST, image + at,
			    image_size - at < 500 ? image_size - at : 500);
	client_command(&c, OTA_CMD_END);
	assert_true(client_wait(&c, &c.dones, 0, 30));
	assert_true(client_wait(&c, &c.lost, 0, 30));
	assert_string_equal(c.told, "");
	assert_int_equal(g->findings[GRADE_STAY].mark, GRADE_KEPT);
	assert_int_equal(g->findings[GRADE_SEQUENCE].mark, GRADE_UNSEEN);
	/* A basic device knows no STATUS, and takes nothing before START. */
	client_connect(&c);
	basic_sends(&c, GRADE_COMMAND, image, 100);
	assert_string_equal(g->findings[GRADE_READY].detail, "START was not written");
	client_control(&c, &status, 1);
	assert_int_equal(g->findings[GRADE_OPCODE].mark, GRADE_BROKEN);
	client_finish(&c);
}

/* The words of each rule name what a client did. */
static void words(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < GRADE_RULES; i++) {
		assert_true(strncmp(grade_rule_fault(i), "client ", 7) == 0);
		assert_true(grade_rule_text(i)[0] && grade_rule_name(i)[0]);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(grade_rule_name(i), grade_rule_name(k));
	}
	assert_string_equal(grade_rule_fault(GRADE_READY), "client sent data before READY");
}

static int build(void **state)
{
	const struct image_build like = {
		.chip_id = 0, .size = 65536, .version = "2.0.0", .project = "otabench-sim"};

	(void)state;
	image_size = 0;
	if (image_build(&like, sha256_buffer, image, sizeof(image), &image_size) < 0)
		return -1;
	sha256_buffer(image, image_size, image_sha256);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),	  cmocka_unit_test(good),
		cmocka_unit_test(good_with_loss), cmocka_unit_test(each_fault),
		cmocka_unit_test(basic),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
