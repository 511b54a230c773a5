/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen of otabench serve, of a virtual device that a client really updates, in virtual
 * time: against text pictures, tests/tui/pictures/serve-*.txt, at several sizes, and against
 * docs/screens/serve.svg.  UPDATE_PICTURES=1 makes them anew.
 */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <locale.h>

#include "base/sha256.h"
#include "cli/serve_watch.h"
#include "image/image_build.h"
#include "picturelib.h"
#include "serveclient.h"
#include "view/svg.h"

#define IMAGE_MAX 90000u
#define FRAME_US 100000u
#define CHUNK 242u

static const struct {
	int width, height;
	bool ascii;
} sizes[] = {
	{200, 50, false}, {120, 40, false}, {80, 24, false}, {80, 24, true},
	{60, 16, false},  {38, 8, false},   {20, 5, false},  {12, 2, false},
};

static struct served {
	struct client c;
	struct serve_watch w;
	uint64_t looked_us;
	uint8_t image[IMAGE_MAX];
	size_t size;
	uint8_t sha256[OTA_SHA256_SIZE];
} served;

/* --- the client */

static void in_heard(void *ctx, const struct serve_news *news)
{
	struct served *s = ctx;

	s->w.serve = s->c.serve;
	serve_watch_news(&s->w, news);
}

/* As the frames of the screen do. */
static void look(struct served *s)
{
	const uint64_t now = s->c.t->ops->now_us(s->c.t);

	if (now - s->looked_us < FRAME_US)
		return;
	s->looked_us = now;
	serve_watch_look(&s->w);
}

static void begin(struct served *s, const char *fault)
{
	const struct sim_config sim = {.kind = {.flash_speed = FLASH_TYPICAL,
						.chip_id = 5,
						.project = "gateway",
						.version = "1.4.2"}};

	client_begin(&s->c, sim, NULL);
	s->looked_us = 0;
	s->c.name = "5A:00:00:00:00:01";
	s->c.heard = in_heard;
	s->c.heard_ctx = s;
	serve_watch_init(&s->w, s->c.t, "esp-sim-01", "hci0 02:0B:E0:00:00:01", "");
	if (fault)
		serve_watch_fault(&s->w, fault);
	assert_true(client_wait(&s->c, &s->c.published, 0, 20));
	while (!s->c.on_air)
		client_pass(&s->c, 10);
	serve_watch_look(&s->w);
}

static void start(struct served *s)
{
	struct ota_start m = {.version = OTA_PROTOCOL_VERSION,
			      .image_size = (uint32_t)s->size,
			      .stream_size = (uint32_t)s->size};
	uint8_t buf[OTA_START_SIZE];

	memcpy(m.sha256, s->sha256, sizeof(m.sha256));
	assert_true(ota_start_encode(&m, buf, sizeof(buf)) > 0);
	client_control(&s->c, buf, sizeof(buf));
}

/* The values up to an offset of the image, as far as the device gives credit. */
static void put_values(struct served *s, uint32_t until)
{
	struct client *c = &s->c;
	const unsigned int gaps = c->gaps;

	while (c->sent < until) {
		const size_t left = until - c->sent, n = left < CHUNK ? left : CHUNK;

		client_pass(c, 4);
		look(s);
		if (c->sent + n > c->limit)
			continue;
		client_value(c, c->next, s->image + c->sent, n);
		c->sent += (uint32_t)n;
		c->next = (uint16_t)(c->next + 1u);
	}
	assert_int_equal(c->gaps, gaps);
}

/* --- the pictures */

static void draw(struct served *s, struct cells *cells, const char *message, bool help)
{
	struct view_serve v;

	serve_watch_look(&s->w);
	serve_watch_view(&s->w, &v);
	v.message = message;
	v.message_style = CELLS_WARNING;
	v.help = help;
	view_serve_draw(&v, cells);
}

static void compare(struct served *s, const char *name, const char *message, bool help)
{
	char path[4096], *text = NULL;
	const char *srcdir = getenv("OTABENCH_SRCDIR");
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cells cells;

		assert_int_equal(
			cells_init(&cells, sizes[i].width, sizes[i].height, sizes[i].ascii), 0);
		draw(s, &cells, message, help);
		(void)fprintf(out, "=== %dx%d %s\n", sizes[i].width, sizes[i].height,
			      sizes[i].ascii ? "ASCII" : "UTF-8");
		cells_dump(&cells, out);
		cells_finish(&cells);
	}
	assert_int_equal(fclose(out), 0);
	(void)snprintf(path, sizeof(path), "%s/tests/tui/pictures/%s.txt", srcdir ? srcdir : ".",
		       name);
	picture_check(path, text);
	free(text);
}

static void compare_svg(struct served *s)
{
	char path[4096], *text = NULL;
	const char *srcdir = getenv("OTABENCH_SRCDIR");
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct cells cells;

	assert_non_null(out);
	assert_int_equal(cells_init(&cells, 100, 30, false), 0);
	draw(s, &cells, "", false);
	svg_write(&cells, out);
	cells_finish(&cells);
	assert_int_equal(fclose(out), 0);
	(void)snprintf(path, sizeof(path), "%s/docs/screens/serve.svg", srcdir ? srcdir : ".");
	picture_check(path, text);
	free(text);
}

static bool log_has(const struct served *s, const char *part)
{
	for (uint64_t i = 0; i < s->w.log.count; i++) {
		const struct loglist_line *line = loglist_at(&s->w.log, i);

		if (line && strstr(line->text, part))
			return true;
	}
	return false;
}

/* --- the tests */

static void test_waiting(void **state)
{
	struct served *s = *state;

	begin(s, "disconnect@50000");
	compare(s, "serve-waiting", "", false);
	compare(s, "serve-help", "", true);
	client_finish(&s->c);
}

/* A value before READY, then the first half, then the link is lost: then by the book. */
static void test_update(void **state)
{
	struct served *s = *state;
	struct client *c = &s->c;
	struct view_serve v;

	begin(s, NULL);
	client_connect(c);
	client_info(c);
	client_value(c, 0, s->image, CHUNK);
	client_pass(c, 50);
	start(s);
	assert_true(client_wait(c, &c->readies, 0, 20));
	put_values(s, (uint32_t)s->size / 2u);
	compare(s, "serve-sending", "", false);
	compare_svg(s);
	serve_watch_view(&s->w, &v);
	assert_true(v.rate > 0 && v.received > 0 && v.received <= s->size / 2u);
	assert_true(v.flushed <= v.received);
	assert_int_equal(v.mtu, 247);
	assert_true(log_has(s, "client sent data before READY (protocol.md 4.1): "));
	/* All values of a run are one line, the first of which stands alone. */
	assert_true(log_has(s, "values, "));

	assert_int_equal(c->t->ops->inject(c->t, TRANSPORT_FAULT_LINK_LOSS, 0), 0);
	while (c->lost == 0) {
		client_pass(c, 10);
		look(s);
	}
	compare(s, "serve-lost", "the link is dropped", false);
	client_connect(c);
	client_info(c);
	start(s);
	assert_true(client_wait(c, &c->readies, 1, 20));
	assert_true(c->ready.offset > 0);
	put_values(s, (uint32_t)s->size);
	client_command(c, OTA_CMD_END);
	assert_true(client_wait(c, &c->dones, 0, 30));
	assert_true(client_wait(c, &c->lost, 1, 30));
	client_connect(c);
	client_info(c);
	compare(s, "serve-trial", "", false);
	client_command(c, OTA_CMD_CONFIRM);
	assert_true(client_wait(c, &c->results, 0, 20));
	serve_client_left(c->serve);
	client_pass(c, 500);
	serve_watch_look(&s->w);
	serve_watch_view(&s->w, &v);
	assert_false(v.facts->on_trial);
	assert_int_equal(v.clients, 3);
	assert_int_equal(v.losses, 2);
	client_finish(c);
}

/* A name from the air, and a log that is longer than its ring, draw nothing outside of it. */
static void test_hostile(void **state)
{
	struct served *s = *state;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct cells cells;

	begin(s, NULL);
	serve_client_joined(s->c.serve, "\033[2J\xff\xfe\n5A");
	serve_client_subscribed(s->c.serve, client_handle(&s->c, OTA_UUID_CONTROL), true);
	for (unsigned int i = 0; i < 3000; i++)
		client_command(&s->c, (enum ota_command)(0x77 + i % 2));
	assert_int_equal(cells_init(&cells, 80, 24, true), 0);
	draw(s, &cells, "", false);
	cells_dump(&cells, out);
	assert_int_equal(fclose(out), 0);
	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
	assert_non_null(strstr(text, "client wrote a command that the device does not offer"));
	cells_finish(&cells);
	free(text);
	client_finish(&s->c);
}

static int setup(void **state)
{
	const struct image_build what = {
		.chip_id = 5, .project = "gateway", .version = "1.5.0", .size = 65536};

	*state = &served;
	if (image_build(&what, sha256_buffer, served.image, sizeof(served.image), &served.size) < 0)
		return -1;
	sha256_buffer(served.image, served.size, served.sha256);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_hostile),
	};

	(void)setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, setup, NULL);
}
