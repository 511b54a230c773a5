/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time budget against the model's own account.  The budget is told what a host sees; the
 * account looks into the link, the board and the session before each step of the virtual world
 * and says where the time until that step went.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "air/link_priv.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "board/board_priv.h"
#include "esp/esp_priv.h"
#include "host/image_file.h"
#include "host/job_priv.h"
#include "programlib.h"
#include "sim/sim_priv.h"
#include "sim/simopts.h"
#include "transport/fault.h"

#define DEVICE "esp-sim-01"
#define POINTS 5.0 /* of the transfer's time */
#define ORDERS 2000u

static char folder[] = "/tmp/test_budget.XXXXXX";
static const char *const chips[] = {"esp32", "esp32c3"}; /* 1M, and 2M */
#define CHIPS (sizeof(chips) / sizeof(chips[0]))
static struct image_file files[CHIPS];
static struct image images[CHIPS];
static struct lint_report reports[CHIPS];

/* --- the account */

#define IDLE BUDGET_TRANSFER_SHARES

/* A pair of packets under way: what it was is known when it has ended. */
struct pair {
	bool open, data, nesn; /* nesn: the device's before it */
	uint16_t octets;
	uint64_t refused;
	uint64_t us, ack_us;
};

struct account {
	struct sim *sim;
	struct esp *esp;
	struct job *job;
	uint64_t at_us, sent[LINK_ROLES], acks_us; /* acks_us: of this event */
	struct pair pair;
	enum budget_share rest; /* of an event that is over; or IDLE */
	enum budget_share idle; /* the latest reason */
	uint64_t octets; /* that got through */
	uint64_t us[BUDGET_TRANSFER_SHARES];
};

static const struct link_side *central(const struct account *a)
{
	return &a->sim->link->sides[LINK_CENTRAL];
}

static const struct link_side *peripheral(const struct account *a)
{
	return &a->sim->link->sides[LINK_PERIPHERAL];
}

static enum budget_share device_share(const struct account *a)
{
	switch (a->esp->board->activity) {
	case BOARD_ERASING:
		return BUDGET_ERASE;
	case BOARD_PROGRAMMING:
		return BUDGET_PROGRAM;
	case BOARD_READING:
		return BUDGET_READ;
	case BOARD_IDLE:
		break;
	}
	return BUDGET_TASK;
}

static bool is_device(enum budget_share share)
{
	return share >= BUDGET_ERASE && share <= BUDGET_TASK;
}

/* Why there is nothing on the air. */
static enum budget_share idle_share(const struct account *a)
{
	const enum session_hindrance h = session_hindrance(&a->job->session);

	if (a->sim->link->silent)
		return BUDGET_DOWN;
	if (a->sim->waiting_count > 0)
		return BUDGET_HOST;
	if (h == SESSION_HINDERED_CREDIT)
		return device_share(a);
	if (a->esp->held && h != SESSION_HINDERED_PACING && h != SESSION_HINDERED_STACK)
		return device_share(a);
	switch (h) {
	case SESSION_HINDERED_NOT:
		return BUDGET_HOST;
	case SESSION_HINDERED_STACK:
		return BUDGET_STACK;
	case SESSION_HINDERED_RESPONSE:
		return BUDGET_RESPONSE;
	case SESSION_HINDERED_PACING:
		return BUDGET_PACING;
	case SESSION_HINDERED_WINDOW:
		return BUDGET_WINDOW;
	case SESSION_HINDERED_CREDIT:
	case SESSION_HINDERED_END:
		break;
	}
	return BUDGET_END;
}

static bool has_data(const struct account *a)
{
	const struct link_side *c = central(a);

	return c->out.kind == LINK_PDU_DATA || c->buffers.len > 0 || c->host.len > 0;
}

/* The device takes nothing; but what is paced has time. */
static enum budget_share refused_share(const struct account *a)
{
	const enum session_hindrance h = session_hindrance(&a->job->session);

	if (a->sim->waiting_count > 0 && !a->esp->held)
		return BUDGET_HOST;
	if (h == SESSION_HINDERED_PACING)
		return BUDGET_PACING;
	return h == SESSION_HINDERED_STACK ? BUDGET_STACK : device_share(a);
}

/* The share that the rest of an event belongs to, until the next anchor. */
static enum budget_share rest_share(const struct account *a, enum budget_share last)
{
	const struct link *link = a->sim->link;
	const struct link_side *c = central(a);
	const uint64_t left = link->next_anchor_us - a->at_us;
	struct airtime_link air;
	uint64_t pair_us;

	if (!has_data(a))
		return IDLE;
	if (link->silent)
		return BUDGET_DOWN;
	if (is_device(last) || last == BUDGET_LOSS || last == BUDGET_PACING)
		return last;
	link_get_airtime(link, LINK_CENTRAL, &air);
	pair_us = airtime_pair_us(&air, airtime_fragment(&air), 0);
	/* Room for no packet more, or for none because of acknowledgements. */
	if (left < pair_us)
		return left + a->acks_us < pair_us ? BUDGET_AIR : BUDGET_ACK;
	if (air.buffers > 0 && !air.refill)
		return BUDGET_BUFFERS;
	/* The answer was lost, or data came when the adapter had said that it has none. */
	return c->out.kind == LINK_PDU_DATA ? BUDGET_LOSS : IDLE;
}

static void pair_ends(struct account *a)
{
	struct pair *p = &a->pair;
	enum budget_share share = a->idle == IDLE ? idle_share(a) : a->idle;

	if (!p->open)
		return;
	if (p->data && peripheral(a)->nesn != p->nesn) {
		share = BUDGET_AIR;
		a->octets += p->octets;
	} else if (p->data) {
		/* Packets lost while the device takes nothing anyway are not the air's. */
		const bool refused = peripheral(a)->stats.refused > p->refused ||
				     (a->esp->held && peripheral(a)->news_pdus >=
							      peripheral(a)->config.receive_pdus);

		share = a->sim->link->silent ? BUDGET_DOWN
			: refused	     ? refused_share(a)
					     : BUDGET_LOSS;
	}
	if (p->ack_us > p->us)
		p->ack_us = p->us;
	a->us[BUDGET_ACK] += p->ack_us;
	a->acks_us += p->ack_us;
	a->us[share] += p->us - p->ack_us;
	p->open = false;
	if (a->sim->link->event_open)
		return;
	a->rest = rest_share(a, share);
	if (a->rest == IDLE)
		a->idle = idle_share(a);
	a->acks_us = 0;
}

/* After a step: what the link does now. */
static void look(struct account *a)
{
	const struct link *link = a->sim->link;
	const struct link_side *c, *p;

	if (!link) {
		a->pair.open = false;
		return;
	}
	c = central(a);
	p = peripheral(a);
	if (c->stats.sent != a->sent[LINK_CENTRAL] || !link->event_open)
		pair_ends(a);
	if (c->stats.sent != a->sent[LINK_CENTRAL] && link->event_open)
		a->pair = (struct pair){
			.open = true,
			.data = c->out.kind == LINK_PDU_DATA,
			.nesn = p->nesn,
			.octets = c->out.len,
			.refused = p->stats.refused,
		};
	else if (p->stats.sent != a->sent[LINK_PERIPHERAL] && p->out.kind == LINK_PDU_DATA)
		a->pair.ack_us =
			airtime_pdu_us(link->state.phy, p->out.len, link->state.encrypted) -
			airtime_pdu_us(link->state.phy, 0, link->state.encrypted);
	a->sent[LINK_CENTRAL] = c->stats.sent;
	a->sent[LINK_PERIPHERAL] = p->stats.sent;
}

static bool in_transfer(const struct account *a)
{
	const struct session_stats *st = &a->job->session.stats;

	return a->job->session_begun && st->start_us > 0 && st->done_us == 0;
}

/* The time of a step, by what there was before it. */
static void spend(struct account *a, uint64_t us)
{
	enum session_state state = a->job->session.state;

	if (!in_transfer(a))
		return;
	if (state == SESSION_PREPARING) {
		a->us[BUDGET_START] += us;
	} else if (state == SESSION_VERIFYING) {
		a->us[BUDGET_END] += us;
	} else if (state != SESSION_SENDING || !a->sim->link) {
		a->us[BUDGET_DOWN] += us;
	} else if (a->pair.open) {
		a->pair.us += us;
		if (!a->pair.data)
			a->idle = idle_share(a);
	} else if (a->rest != IDLE) {
		a->us[a->rest] += us;
	} else {
		/* Data that comes behind an event waits for the next for the same reason. */
		if (!has_data(a) || a->idle == IDLE || (is_device(a->idle) && !a->esp->held))
			a->idle = idle_share(a);
		a->us[a->idle] += us;
	}
}

static void account_steps(struct account *a)
{
	struct sched *sched = &a->sim->sched;
	enum session_state state;
	uint64_t next;

	a->rest = a->idle = IDLE;
	while (!job_is_finished(a->job) && sched_next(sched, &next)) {
		state = a->job->session.state;
		spend(a, next > a->at_us ? next - a->at_us : 0);
		a->at_us = next > a->at_us ? next : a->at_us;
		(void)sched_step(sched);
		if (a->job->session.state != state) {
			a->pair.open = false;
			a->rest = a->idle = IDLE;
		}
		look(a);
	}
}

/* Bytes that went over the air for nothing are the gaps'. */
static void account_gaps(struct account *a, const struct job_result *r)
{
	const uint64_t payload = (uint64_t)r->chunk - OTA_DATA_HEADER;
	const uint64_t useful = (uint64_t)r->bytes * (r->chunk + OTA_ATT_HEADER + 4u) / payload;
	uint64_t us;

	if (r->gaps == 0 || a->octets <= useful)
		return;
	us = a->us[BUDGET_AIR] * (a->octets - useful) / a->octets;
	a->us[BUDGET_AIR] -= us;
	a->us[BUDGET_GAPS] += us;
}

/* --- set-ups */

struct setup {
	const char *sim, *set; /* as --sim= and --set= have them; set: one or none */
	/* At 2M two shares cannot be told from others: credit that is on its way for 50 ms from
	 * a device at work, and a window of two values from its acknowledgements. */
	bool at_1m;
	/* Points that may be off, where it is known to be more than POINTS; 0: no more. */
	double known;
};

/* PROGRESS tells of an erase when it is over, and so little is under way beside it that the window
 * seems to be what holds the values up. */
#define LATE_PROGRESS 15.0
/* Of repeats and of what waits behind them, when each tenth packet is lost. */
#define MANY_REPEATS 9.0

static struct transport *world(const char *text, struct sim_options *o)
{
	char partitions[SLOTS_CSV_MAX], why[256] = "";
	struct setting_errors errors;
	struct sim_config config;
	struct transport *t;
	sd_event *event;

	simopts_defaults(o);
	assert_int_equal(simopts_parse(o, text, &errors), 0);
	simopts_config(o, partitions, &config);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(sim_create(event, &config, &t, why, sizeof(why)), 0);
	sd_event_unref(event);
	return t;
}

/* Returns the worst difference in points, with the share that it is of. */
static double compare(const struct account *a, const struct job_result *r, enum budget_share *ret)
{
	double worst = 0, points;
	uint64_t sum = 0;

	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++) {
		sum += r->transfer_time[i];
		points = ((double)r->transfer_time[i] - (double)a->us[i]) * 100 /
			 (double)r->seconds_us;
		if (points < 0)
			points = -points;
		if (points > worst) {
			worst = points;
			*ret = (enum budget_share)i;
		}
	}
	assert_true(sum == r->seconds_us);
	return worst;
}

static double points_off(const struct setup *s, size_t chip, enum budget_share *ret,
			 double *ret_told, double *ret_true)
{
	const struct job_listener listener = {0};
	struct account a = {0};
	struct profile profile;
	struct job_config config = {
		.goal = SESSION_UPDATE,
		.device = DEVICE,
		.profile = &profile,
		.image = &images[chip],
		.report = &reports[chip],
	};
	struct setting_errors errors;
	const struct job_result *r;
	struct sim_options o;
	struct transport *inner = world(s->sim, &o), *t = inner;
	double worst;

	profile_defaults(&profile);
	if (s->set)
		assert_int_equal(profile_set(&profile, &s->set, 1, "test", &errors), 0);
	if (o.fault_count > 0)
		assert_int_equal(fault_wrap(inner, o.faults, o.fault_count, o.seed, &t), 0);
	assert_int_equal(job_create(t, &config, &listener, &a.job), 0);
	a.sim = (struct sim *)inner;
	a.esp = sim_device(inner, DEVICE);
	job_start(a.job);
	account_steps(&a);
	r = job_result(a.job);
	assert_non_null(r);
	if (r->outcome != SESSION_CONFIRMED)
		fail_msg("%s %s: %s", s->sim, s->set ? s->set : "", "not confirmed");
	account_gaps(&a, r);
	worst = compare(&a, r, ret);
	*ret_told = (double)r->transfer_time[*ret] * 100 / (double)r->seconds_us;
	*ret_true = (double)a.us[*ret] * 100 / (double)r->seconds_us;
	if (getenv("BUDGET_TELL")) {
		print_message("%s %s:", s->sim, s->set ? s->set : "");
		for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
			if (a.us[i] * 100 > r->seconds_us ||
			    r->transfer_time[i] * 100 > r->seconds_us)
				print_message(
					" %s %.1f/%.1f", budget_share_name((enum budget_share)i),
					(double)r->transfer_time[i] * 100 / (double)r->seconds_us,
					(double)a.us[i] * 100 / (double)r->seconds_us);
		print_message("\n");
	}
	job_destroy(a.job);
	t->ops->destroy(t);
	return worst;
}

static const struct setup setups[] = {
	{"flash=ideal", NULL, false, 0},
	{"buffers=3x251/event", "connection_interval_ms=30", false, 0},
	{"buffers=1x251/event", "connection_interval_ms=15", false, 0},
	{"buffers=20x27", NULL, false, 0},
	{"data_length=27", NULL, false, 0},
	{"rssi=-50", "connection_interval_ms=50", true, 0},
	{"rssi=-50", "connection_interval_ms=400", true, LATE_PROGRESS},
	{"rssi=-50", "mtu_max=23", false, 0},
	{"rssi=-50", "mtu_max=185", false, 0},
	{"rssi=-50", "chunk=512", false, 0},
	{"rssi=-50", "chunk=100", false, 0},
	{"rssi=-50", "write_mode=request", false, 0},
	{"rssi=-50", "pacing_us=15000", false, 0},
	{"rssi=-50", "window=1500", true, 0},
	{"rssi=-50", "window=3000", false, 0},
	{"ring=256", NULL, false, 0},
	{"ring=8", NULL, false, 0},
	{"flash=slow", NULL, false, 0},
	{"fault=slow-erase:8", NULL, false, 0},
	{"loss=5", NULL, false, 0},
	{"loss=10", NULL, false, MANY_REPEATS},
	{"fault=drop-data%10", NULL, false, 0},
	{"fault=drop-data%10", "window=32768", false, 0},
	{"host_delay=400", NULL, false, 0},
	{"host_delay=150", "window=8192", false, 0},
	{"stack_delay=20000", NULL, false, 0},
	{"task_delay=60", NULL, false, 0},
	{"fault=disconnect@300000", NULL, false, 0},
	{"encrypted=yes", NULL, false, 0},
};

static void test_account(void **state)
{
	static const char *const modes[] = {"usual", "auto-suspend"};
	enum budget_share share = BUDGET_AIR;
	double told, true_points, worst;
	unsigned int bad = 0;
	char sim[160];

	(void)state;
	for (size_t i = 0; i < 2u * CHIPS * sizeof(setups) / sizeof(setups[0]); i++) {
		const size_t chip = i / 2u % CHIPS;
		struct setup s = setups[i / 4u];

		if (s.at_1m && chip > 0)
			continue;
		(void)snprintf(sim, sizeof(sim), "devices=1,chip=%s,seed=%zu,flash_mode=%s,%s",
			       chips[chip], i + 1u, modes[i % 2u], s.sim);
		s.sim = sim;
		worst = points_off(&s, chip, &share, &told, &true_points);
		if (worst <= (s.known > 0 ? s.known : POINTS))
			continue;
		bad++;
		print_error("%s %s: %s is told as %.1f %%, and is %.1f %%\n", s.sim,
			    s.set ? s.set : "", budget_share_name(share), told, true_points);
	}
	assert_int_equal(bad, 0);
}

/* --- any order of events */

static struct budget_view any_view(struct rng *rng, const struct ota_times *times)
{
	return (struct budget_view){
		.phase = (enum budget_share)rng_below(rng, BUDGET_SHARES),
		.wait = (enum budget_wait)rng_below(rng, BUDGET_WAITS),
		.sent = rng_below(rng, 1u << 20),
		.queued = (uint32_t)rng_below(rng, 1u << 20),
		.received = (uint32_t)rng_below(rng, 1u << 20),
		.flushed = (uint32_t)rng_below(rng, 1u << 20),
		.received_known = rng_chance(rng, 700000),
		.gaps = (uint32_t)rng_below(rng, 3),
		.notifications = (uint32_t)rng_u64(rng),
		.erasing = rng_chance(rng, 300000),
		.write_ms = (uint16_t)rng_below(rng, 100),
		.times = rng_chance(rng, 300000) ? times : NULL,
	};
}

/* Whatever a device says, and in whatever order: the shares are the time that passed. */
static void one_order(uint64_t seed)
{
	uint64_t now, run[BUDGET_SHARES], transfer[BUDGET_TRANSFER_SHARES], sum = 0, in = 0;
	uint64_t start = 0, done = 0;
	struct budget b;
	struct rng rng;

	rng_init(&rng, seed);
	now = rng_below(&rng, 1000);
	budget_init(&b, now);
	const uint64_t from = now;

	for (unsigned int i = 0; i < 60; i++) {
		const struct airtime_link link = {
			.phy = rng_chance(&rng, 500000) ? OTA_PHY_1M : OTA_PHY_2M,
			.data_length = (uint16_t)(27u + rng_below(&rng, 225)),
			.interval_us = (uint32_t)(6u + rng_below(&rng, 300)) * 1250u,
			.buffers = (uint16_t)rng_below(&rng, 4),
			.refill = rng_chance(&rng, 500000),
		};
		const struct ota_times times = {
			.erase_ms = (uint16_t)rng_u64(&rng),
			.write_ms = (uint16_t)rng_u64(&rng),
			.read_ms = (uint16_t)rng_u64(&rng),
			.store_ms = (uint16_t)rng_u64(&rng),
		};
		struct budget_view view = any_view(&rng, &times);

		if (rng_chance(&rng, 200000))
			budget_link(&b, &link, (uint16_t)rng_below(&rng, 513),
				    (uint16_t)rng_below(&rng, 3), rng_chance(&rng, 200000),
				    (uint16_t)rng_below(&rng, 25));
		if (rng_chance(&rng, 200000))
			budget_late(&b, rng_below(&rng, 300000));
		now += rng_chance(&rng, 300000) ? 0 : rng_below(&rng, 500000);
		if (start == 0 && rng_chance(&rng, 100000))
			start = now + 1u;
		if (start > 0 && done == 0 && now > start && rng_chance(&rng, 30000))
			done = now;
		view.start_us = start;
		view.done_us = done;
		budget_see(&b, &view, now);
	}
	budget_shares(&b, run, transfer);
	for (int i = 0; i < BUDGET_SHARES; i++) {
		assert_true(run[i] <= now - from);
		sum += run[i];
	}
	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++) {
		assert_true(transfer[i] <= run[i]);
		in += transfer[i];
	}
	if (sum != now - from || (start > 0 && in != (done > 0 ? done : now) - start))
		fail_msg("seed %llu: %llu of %llu us, %llu in the transfer",
			 (unsigned long long)seed, (unsigned long long)sum,
			 (unsigned long long)(now - from), (unsigned long long)in);
}

static void test_any_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ORDERS; seed++)
		one_order(seed);
}

static int set_up(void **state)
{
	struct program_ran r;
	char path[64];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)setenv("XDG_STATE_HOME", folder, 1);
	for (size_t i = 0; i < CHIPS; i++) {
		r = program_run("--json sample-image --chip=%s '%s/%s.bin'", chips[i], folder,
				chips[i]);
		program_done(&r);
		(void)snprintf(path, sizeof(path), "%s/%s.bin", folder, chips[i]);
		if (r.exit != 0 || image_file_init(&files[i], path, NULL, 0) < 0)
			return -1;
		(void)image_read(files[i].data, files[i].size, sha256_buffer, &images[i],
				 &reports[i]);
	}
	return 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	for (size_t i = 0; i < CHIPS; i++)
		image_file_finish(&files[i]);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c): a folder made by mkdtemp() */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests_name("budget", tests, set_up, tear_down);
}
