/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dialectlib.h"

#include "base/sha256.h"
#include "image/image_build.h"

uint8_t dialect_image[DIALECT_IMAGE];
size_t dialect_image_size;

int dialect_build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 50000, .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, dialect_image, sizeof(dialect_image),
			   &dialect_image_size);
}

void dialect_init(struct update *u, const struct dialect_case *c)
{
	update_init(u, c->image, *c->size);
	u->sim.kind.dialect = c->device;
	u->sim.kind.foreign = c->id;
	u->sim.kind.flash_mode = ESP_FLASH_LENIENT;
	(void)snprintf(u->session.version, sizeof(u->session.version), "2.0.0");
	if (c->prepare)
		c->prepare(u);
}

enum session_outcome dialect_run(const struct dialect_case *c, const char *fault)
{
	enum session_outcome outcome;
	struct update u;

	dialect_init(&u, c);
	if (fault[0])
		update_fault(&u, fault);
	outcome = update_run(&u, c->seconds);
	c->check(&u, c, fault);
	update_end(&u);
	return outcome;
}

static void expect(const struct dialect_case *c, const char *what, enum session_outcome outcome,
		   unsigned int outcomes)
{
	if (!(1u << outcome & outcomes))
		fail_msg("%s, %s: %s", dialect_get(c->id)->name, what,
			 session_outcome_name(outcome));
}

void dialect_each(const struct dialect_case *c, const char *format, uint32_t count, uint32_t step,
		  unsigned int outcomes)
{
	char fault[64];

	for (uint32_t i = 1; i <= count; i++) {
		(void)snprintf(fault, sizeof(fault), format, i * step);
		expect(c, fault, dialect_run(c, fault), outcomes);
	}
}

void dialect_each_loss(const struct dialect_case *c, unsigned int outcomes)
{
	const uint32_t step = (uint32_t)*c->size / DIALECT_PLACES;

	dialect_each(c, "disconnect@%u", DIALECT_PLACES, step, outcomes);
	dialect_each(c, "terminate@%u", DIALECT_PLACES / 4u, step * 4u, outcomes);
	dialect_each(c, "reboot@%u", DIALECT_PLACES / 4u, step * 4u, outcomes);
}

void dialect_each_notification(const struct dialect_case *c, uint32_t count, unsigned int lost,
			       unsigned int other)
{
	dialect_each(c, "drop-notify@%u", count, 1, lost);
	dialect_each(c, "dup-notify@%u", count, 1, other);
	dialect_each(c, "delay-notify@%u:700", count, 1, other);
}

void dialect_again(struct update *u, const struct dialect_case *c)
{
	update_wait(u, 5000000u);
	assert_int_equal(pump_init(&u->pump, &u->session), 0);
	session_start(&u->s, update_now(u));
	update_finish(u, c->seconds);
}

void dialect_each_cut(const struct dialect_case *c, unsigned int outcomes)
{
	for (unsigned int op = 1; op <= DIALECT_CUTS; op++) {
		struct update u;
		char fault[32];

		dialect_init(&u, c);
		u.sim.kind.seed = op;
		(void)snprintf(fault, sizeof(fault), "power-cut@%u", op);
		update_fault(&u, fault);
		update_run(&u, c->seconds);
		if (u.s.outcome == SESSION_ROLLED_BACK)
			dialect_again(&u, c);
		expect(c, fault, u.s.outcome, outcomes);
		c->check(&u, c, fault);
		update_end(&u);
	}
}

void dialect_check_delivered(struct update *u, const struct dialect_case *c, const char *what)
{
	if (!update_check_boots(u) && u->s.outcome == SESSION_DELIVERED &&
	    strncmp(what, "power-cut", 9) != 0)
		fail_msg("%s, %s: delivered, and it boots the old image", dialect_get(c->id)->name,
			 what);
}

void dialect_each_mtu(const struct dialect_case *c, uint16_t least)
{
	static const uint16_t mtus[] = {23, 185, 247, 517};

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct update u;

		if (mtus[i] < least)
			continue;
		dialect_init(&u, c);
		u.sim.kind.mtu = mtus[i];
		expect(c, "undisturbed", update_run(&u, c->seconds), 1u << c->good);
		assert_int_equal(u.s.stats.sent_bytes, *c->size);
		assert_int_equal(u.s.stats.gaps + u.s.stats.resyncs + u.s.stats.stalls, 0);
		c->check(&u, c, "undisturbed");
		update_end(&u);
	}
}

void dialect_each_cancel(const struct dialect_case *c, unsigned int outcomes)
{
	for (uint32_t i = 0; i < DIALECT_PLACES; i++) {
		const uint32_t at = (uint32_t)((uint64_t)*c->size * i / DIALECT_PLACES);
		struct update u;

		dialect_init(&u, c);
		update_begin(&u);
		while (u.s.state != SESSION_SENDING || u.s.stats.queued < at)
			assert_true(update_step(&u));
		session_cancel(&u.s, update_now(&u));
		update_finish(&u, c->seconds);
		assert_int_equal(u.s.outcome, SESSION_CANCELLED);
		/* The cancelled update is not in the way of the next one. */
		dialect_again(&u, c);
		expect(c, "cancelled before", u.s.outcome, outcomes);
		c->check(&u, c, "cancelled before");
		update_end(&u);
	}
}
