/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An update by otabench is as fast as one by the project's own client, at least: the same virtual
 * device over the same link, once with each, in virtual time.
 *
 * Pauses that a client makes by the clock before and after the transfer are left out, and no time
 * passes in it, which it would on a computer: each is taken for as fast as its pattern allows.
 * CLIENTS_TELL=1 prints the table of docs/bench.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "clientlib.h"
#include "image/lint.h"
#include "image/image_build.h"
#include "image/mcuboot.h"

#define SIZE 300000u
#define MINUTES 10u /* of virtual time, at most */
/* Seconds: two events, for commands that are not the transfer's, as the STOP before START. */
#define HANDSHAKE 0.03

static uint8_t esp_image[SIZE + 1000u], boot_image[SIZE];
static size_t esp_image_size, boot_image_size = SIZE;
static uint8_t boot_hash[OTA_SHA256_SIZE];

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = SIZE, .seed = 3};
	const struct mcuboot_build m = {.major = 2, .size = SIZE, .seed = 3};
	struct lint_report report;
	struct image read;

	(void)state;
	if (mcuboot_build(&m, sha256_buffer, boot_image, sizeof(boot_image)) < 0 ||
	    image_read(boot_image, sizeof(boot_image), sha256_buffer, &read, &report) < 0)
		return -1;
	memcpy(boot_hash, read.mcuboot.hash, sizeof(boot_hash));
	return image_build(&b, sha256_buffer, esp_image, sizeof(esp_image), &esp_image_size);
}

static void prepare(struct update *u, const struct client_pattern *p)
{
	const bool boot = p->id == DIALECT_SMP;

	update_init(u, boot ? boot_image : esp_image, boot ? boot_image_size : esp_image_size);
	memcpy(u->session.boot_sha256, boot_hash, sizeof(boot_hash));
	u->sim.kind.dialect = p->device;
	u->sim.kind.foreign = p->id;
	u->sim.kind.flash_speed = FLASH_IDEAL;
}

static void client_go(struct client *c)
{
	struct transport *t = c->u.transport;
	int rc;

	while (c->answered && c->ended == 0 && (c->value_len > 0 || !c->waits)) {
		if (c->value_len == 0)
			c->value_len = c->pattern->next(c);
		rc = t->ops->write(t, c->chr, c->mode, c->value, c->value_len);
		if (rc == -OTA_EAGAIN)
			return;
		assert_int_equal(rc, 0);
		c->value_len = 0;
		c->answered = c->mode != GATT_REQUEST;
	}
}

static void on_event(void *userdata, const struct transport_event *e)
{
	struct client *c = userdata;
	struct transport *t = c->u.transport;

	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		c->mtu = e->mtu;
		assert_int_equal(t->ops->discover(t), 0);
		break;
	case TRANSPORT_MTU:
		c->mtu = e->mtu;
		break;
	case TRANSPORT_DISCOVERED:
		assert_int_equal(e->dialect, c->pattern->id);
		assert_int_equal(t->ops->subscribe(t, GATT_CONTROL), 0);
		break;
	case TRANSPORT_SUBSCRIBED:
		if (c->pattern->data_tells && e->chr == GATT_CONTROL) {
			assert_int_equal(t->ops->subscribe(t, GATT_DATA), 0);
			break;
		}
		c->began = t->ops->now_us(t);
		c->answered = true;
		break;
	case TRANSPORT_WRITTEN:
		assert_int_equal(e->status, 0);
		c->answered = true;
		break;
	case TRANSPORT_NOTIFIED:
		c->pattern->told(c, e->chr, e->data, e->len);
		break;
	case TRANSPORT_DISCONNECTED:
		assert_true(c->ended > 0);
		break;
	default:
		break;
	}
	client_go(c);
}

/* Seconds from the first write to the device's last answer. */
static double client_seconds(const struct client_pattern *p, uint16_t mtu)
{
	static struct client c;
	struct transport *t;

	memset(&c, 0, sizeof(c));
	c.pattern = p;
	prepare(&c.u, p);
	c.u.sim.kind.mtu = mtu;
	update_open(&c.u);
	t = c.u.transport = c.u.simulator;
	t->handler = on_event;
	t->userdata = &c;
	assert_int_equal(t->ops->connect(t, UPDATE_DEVICE), 0);
	while (c.ended == 0) {
		sim_wait(t);
		assert_true(sched_step(sim_sched(t)));
		assert_true(sched_now(sim_sched(t)) < MINUTES * 60000000ull);
	}
	update_end(&c.u);
	return (double)(c.ended - c.began) / 1e6;
}

static double otabench_seconds(const struct client_pattern *p, uint16_t mtu)
{
	struct update u;
	double seconds;

	prepare(&u, p);
	u.sim.kind.mtu = mtu;
	(void)update_run(&u, MINUTES * 60u);
	assert_true(u.s.outcome == SESSION_DELIVERED || u.s.outcome == SESSION_CONFIRMED);
	seconds = (double)(u.s.stats.done_us - u.s.stats.start_us) / 1e6;
	update_end(&u);
	return seconds;
}

static void test_not_slower_than_its_own(void **state)
{
	/* At 247 NimBLEOta's script divides a sector's CRC between two values, and never ends. */
	static const uint16_t mtus[] = {517, 251, 185};
	bool slower = false;

	(void)state;
	if (getenv("CLIENTS_TELL"))
		print_message("other projects' clients: dialect, MTU, client kB/s, otabench kB/s, "
			      "ratio\n");
	for (size_t i = 0; i < CLIENT_PATTERNS; i++) {
		for (size_t m = 0; m < sizeof(mtus) / sizeof(mtus[0]); m++) {
			const struct client_pattern *p = &client_patterns[i];
			double theirs, ours;

			if (p->id == DIALECT_FBIEGO_COMPACT && mtus[m] < CLIENT_PART_VALUE + 3u)
				continue; /* its values are of one length */
			theirs = client_seconds(p, mtus[m]);
			ours = otabench_seconds(p, mtus[m]);
			if (getenv("CLIENTS_TELL"))
				print_message("| %s | %u | %.1f | %.1f | %.3f | %s |\n",
					      dialect_get(p->id)->name, mtus[m],
					      SIZE / theirs / 1e3, SIZE / ours / 1e3, theirs / ours,
					      p->source);
			slower |= ours > theirs + HANDSHAKE;
		}
	}
	assert_false(slower);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_slower_than_its_own),
	};

	return cmocka_run_group_tests_name("clients", tests, build, NULL);
}
