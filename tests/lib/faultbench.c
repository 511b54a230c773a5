/* SPDX-License-Identifier: Apache-2.0 */
/* See faultbench.h. */
#include "faultbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "air/link_priv.h"
#include "base/sha256.h"
#include "cli/run.h"
#include "esp/esp_priv.h"
#include "image/image_build.h"

#define S 1000000ull
#define LONGEST_S 7200u /* of virtual time, of one run */
#define IMAGES 2u

/* The first erase and the last sector, both dialects' buffers, slow and fast links. */
const struct bench_place bench_places[BENCH_PLACES] = {
	{"ESP32, 2M, ATT MTU 517, at the first value", 0, OTA_PHY_2M, 517, 0},
	{"ESP32, 1M, ATT MTU 247, at 4 %", 0, OTA_PHY_1M, 247, 4},
	{"ESP32-C3, 2M, ATT MTU 517, at 10 %", 5, OTA_PHY_2M, 517, 10},
	{"ESP32-C3, 1M, ATT MTU 185, at 18 %", 5, OTA_PHY_1M, 185, 18},
	{"ESP32-S3, 2M, ATT MTU 247, at 25 %", 9, OTA_PHY_2M, 247, 25},
	{"ESP32-S3, 1M, ATT MTU 517, at 33 %", 9, OTA_PHY_1M, 517, 33},
	{"ESP32-C6, 2M, ATT MTU 517, at 42 %", 13, OTA_PHY_2M, 517, 42},
	{"ESP32-C6, 1M, ATT MTU 100, at 50 %", 13, OTA_PHY_1M, 100, 50},
	{"ESP32-H2, 2M, ATT MTU 247, at 60 %", 16, OTA_PHY_2M, 247, 60},
	{"ESP32-C2, 1M, ATT MTU 517, at 70 %", 12, OTA_PHY_1M, 517, 70},
};

static struct material {
	uint16_t chip;
	uint8_t bytes[BENCH_IMAGE + 4096u];
	size_t size;
	struct image read;
	struct lint_report report;
} images[IMAGES];

static void build(uint16_t chip)
{
	static const char *const versions[IMAGES] = {"2.0.0", "3.0.0"};

	for (unsigned int i = 0; i < IMAGES; i++) {
		struct material *m = &images[i];
		const struct image_build how = {.chip_id = chip,
						.version = versions[i],
						.size = BENCH_IMAGE,
						.seed = 7u + i};

		if (m->size > 0 && m->chip == chip)
			continue;
		memset(&m->report, 0, sizeof(m->report));
		m->chip = chip;
		assert_int_equal(
			image_build(&how, sha256_buffer, m->bytes, sizeof(m->bytes), &m->size), 0);
		(void)image_read(m->bytes, m->size, sha256_buffer, &m->read, &m->report);
	}
}

#define WRONG(b, ...)                                                                              \
	do {                                                                                       \
		if ((b)->why[0] == '\0')                                                           \
			(void)snprintf((b)->why, sizeof((b)->why), __VA_ARGS__);                   \
	} while (0)

/* --- what the job tells */

static void on_note(void *userdata, enum session_note note, uint32_t value, const char *text)
{
	struct bench *b = userdata;

	(void)value;
	if (note == SESSION_NOTE_STALL && !strchr(text, ':'))
		b->silent_stalls++;
}

static void on_passkey(void *userdata, int32_t shown)
{
	struct bench *b = userdata;

	b->asked = true;
	b->shown = shown;
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct bench *b = userdata;

	b->finished = true;
	b->result = *result;
}

static void answer(struct bench *b)
{
	const int32_t right = b->shown;

	b->asked = false;
	if (b->passkey == BENCH_PASSKEY_NONE)
		(void)job_passkey(b->job, -1);
	else
		(void)job_passkey(
			b->job, b->passkey == BENCH_PASSKEY_RIGHT ? right : (right + 1) % 1000000);
}

/* --- running */

static bool there(const struct bench *b, uint32_t percent)
{
	const struct session *s = &b->job->session;

	const uint32_t at = s->stats.received_known ? s->stats.received : s->stats.queued;

	return b->job->session_begun && (s->state == SESSION_SENDING || s->begun) &&
	       (uint64_t)at * 100u >= (uint64_t)percent * images[b->image].size;
}

static void begin(struct bench *b, enum session_goal goal, enum ota_command command)
{
	const struct job_listener listener = {
		.userdata = b, .note = on_note, .passkey = on_passkey, .finished = on_finished};
	const struct job_config config = {
		.goal = goal,
		.command = command,
		.device = BENCH_DEVICE,
		.profile = &b->profile,
		.image = goal == SESSION_UPDATE ? &images[b->image].read : NULL,
		.report = goal == SESSION_UPDATE ? &images[b->image].report : NULL,
		.no_confirm = b->no_confirm,
	};

	b->finished = b->asked = false;
	assert_int_equal(job_create(&b->stack->wrap.base, &config, &listener, &b->job), 0);
	job_start(b->job);
}

static bool step(struct bench *b, uint64_t until)
{
	sim_wait(b->world);
	if (!sched_step(sim_sched(b->world)) || sched_now(sim_sched(b->world)) > until) {
		WRONG(b, "it does not end: %s", session_state_name(b->job->session.state));
		return false;
	}
	if (b->asked)
		answer(b);
	return true;
}

/* With the fault, where watched. */
static void run_to_end(struct bench *b, bool watched)
{
	const uint64_t until = sched_now(sim_sched(b->world)) + LONGEST_S * S;

	while (!b->finished && step(b, until)) {
		if (!watched || b->finished)
			continue;
		if (!b->struck && there(b, b->place->percent)) {
			b->struck = true;
			b->struck_us = sched_now(sim_sched(b->world));
			if (b->kind->strike)
				b->kind->strike(b);
		}
		if (b->struck && b->kind->moment)
			b->kind->moment(b);
	}
}

static void end(struct bench *b)
{
	job_destroy(b->job);
	b->job = NULL;
}

void bench_job(struct bench *b, enum session_goal goal, enum ota_command command)
{
	begin(b, goal, command);
	run_to_end(b, false);
	end(b);
}

void bench_wait(struct bench *b, uint64_t us)
{
	sched_advance(sim_sched(b->world), sched_now(sim_sched(b->world)) + us);
}

void bench_leave(struct bench *b, uint32_t percent)
{
	const uint64_t until = sched_now(sim_sched(b->world)) + LONGEST_S * S;

	begin(b, SESSION_UPDATE, (enum ota_command)0);
	while (!b->finished && !there(b, percent) && step(b, until))
		;
	end(b);
	(void)b->world->ops->disconnect(b->world);
	sched_advance(sim_sched(b->world), sched_now(sim_sched(b->world)) + 2 * S);
}

struct board *bench_board(struct bench *b)
{
	return esp_board(b->esp);
}

struct link *bench_link(struct bench *b)
{
	return ((struct sim *)b->world)->link;
}

void bench_air(struct bench *b, int8_t rssi, uint32_t loss_ppm)
{
	struct link *link = bench_link(b);

	b->esp->config.rssi = rssi;
	b->esp->config.loss_ppm = loss_ppm;
	((struct sim *)b->world)->config.kind.loss_ppm = loss_ppm;
	for (enum link_role role = LINK_CENTRAL; link && role < LINK_ROLES; role++) {
		link->sides[role].config.rssi = rssi;
		link->sides[role].rssi = rssi;
		link_set_loss(link, role, loss_ppm);
	}
}

void bench_set(struct bench *b, const char *assignment)
{
	struct setting_errors errors;

	if (profile_set(&b->profile, &assignment, 1, "--set", &errors) < 0)
		fail_msg("%s is no setting", assignment);
}

/* --- other centrals */

void bench_stranger(struct bench *b, unsigned int i, int opcode)
{
	static const uint8_t peer[ESP_PEER] = {1, 2, 3, 4, 5, 6, 0};
	struct link_config config = {
		.params = {.interval_min = 24, .interval_max = 24, .supervision_timeout = 500},
		.phy = OTA_PHY_1M,
		.data_length = 27,
		.first_anchor_us = 1250,
		.sides[LINK_CENTRAL] = {.phys = OTA_PHYS_1M, .data_length = 27},
	};
	const uint8_t pdu[] = {0x12, 21, 0, (uint8_t)opcode}; /* Write Request to Control */
	struct sched *sched = sim_sched(b->world);
	uint16_t conn;

	sched_advance(sched, sched_now(sched) + 2 * S); /* its firmware starts */
	assert_int_equal(esp_accept(b->esp, &config.sides[LINK_PERIPHERAL], &conn), 0);
	assert_int_equal(link_create(sched, &config, &b->strangers[i]), 0);
	esp_connected(b->esp, conn, peer, b->strangers[i], NULL, NULL);
	if (opcode >= 0)
		assert_int_equal(
			link_send(b->strangers[i], LINK_CENTRAL, LINK_CID_ATT, pdu, sizeof(pdu)),
			0);
	sched_advance(sched, sched_now(sched) + S);
}

void bench_strangers_go(struct bench *b)
{
	struct sched *sched = sim_sched(b->world);

	for (unsigned int i = 0; i < 2; i++)
		if (b->strangers[i] && link_connected(b->strangers[i], LINK_CENTRAL))
			(void)link_terminate(b->strangers[i], LINK_CENTRAL,
					     LINK_REASON_REMOTE_USER);
	sched_advance(sched, sched_now(sched) + 10 * S);
}

/* --- whether all is as it should be */

static bool runs(struct bench *b, bool updated)
{
	const struct board_running *r;

	sched_advance(sim_sched(b->world), sched_now(sim_sched(b->world)) + 5 * S);
	r = board_running(bench_board(b));
	return board_state(bench_board(b)) == BOARD_RUNNING &&
	       (memcmp(r->sha256, images[b->image].read.sha256, OTA_SHA256_SIZE) == 0) == updated &&
	       (!updated || !r->pending_verify);
}

static bool good(const struct bench *b)
{
	return b->result.outcome == SESSION_CONFIRMED || b->result.outcome == SESSION_DELIVERED ||
	       b->result.outcome == SESSION_ALREADY_RUNNING;
}

static void check_cause(struct bench *b)
{
	const struct bench_kind *k = b->kind;
	const struct diagnosis *d = b->result.diagnoses;

	if (b->result.diagnosis_count == 0) {
		WRONG(b, "no cause is told; %s", session_outcome_name(b->result.outcome));
		return;
	}
	if (d->cause != k->cause)
		WRONG(b, "first comes %s (%s, %u %%); %s", diagnosis_name(d->cause), d->evidence,
		      d->certainty, session_outcome_name(b->result.outcome));
	if (k->evidence && !strstr(d->evidence, k->evidence))
		WRONG(b, "the evidence is: %s", d->evidence);
	if (!strstr(diagnosis_cure(d->cause), k->cure))
		WRONG(b, "the cure is: %s", diagnosis_cure(d->cause));
	if (b->silent_stalls > 0)
		WRONG(b, "a stall without a reason");
}

static void check_end(struct bench *b)
{
	const struct bench_kind *k = b->kind;
	const char *uncured;

	if (k->end == BENCH_GOES_ON) {
		if (!good(b) || !runs(b, true))
			WRONG(b, "it does not complete: %s: %s",
			      session_outcome_name(b->result.outcome), b->result.what);
		return;
	}
	if (k->goal == SESSION_UPDATE && good(b))
		WRONG(b, "it completes by itself");
	if (k->cause != DIAGNOSIS_NO_RETURN && !k->runs_new && !runs(b, false))
		WRONG(b, "the device does not keep its image");
	if (k->end == BENCH_KEPT)
		return;
	b->cured = b->result.diagnoses[0];
	uncured = bench_cure(b, &b->cured);
	if (uncured)
		WRONG(b, "nobody does what the cure says: %s", uncured);
	bench_job(b, SESSION_UPDATE, (enum ota_command)0);
	if (!good(b) || !runs(b, true))
		WRONG(b, "the cure (%s) does not help: %s: %s", b->cured.change,
		      session_outcome_name(b->result.outcome), b->result.what);
}

/* --- one kind at one place */

static void set_up(struct bench *b, const struct bench_kind *kind, unsigned int place)
{
	char why[200];
	struct transport *stack;

	memset(b, 0, sizeof(*b));
	b->kind = kind;
	b->place = &bench_places[place];
	b->seed = 1000u + place;
	profile_defaults(&b->profile);
	b->sim.phy = b->place->phy;
	b->sim.kind = (struct fleet_kind){
		.devices = 1,
		.chip_id = b->place->chip,
		.chip_all = true,
		.version = BENCH_OLD,
		.dialect = ESP_FULL,
		.dialect_all = true,
		.flash_mode = ESP_FLASH_USUAL,
		.mtu = b->place->mtu,
		.rssi = -60,
		.passkey = -1,
		.seed = b->seed,
	};
	if (kind->prepare)
		kind->prepare(b);
	build(b->place->chip);
	assert_true(sd_event_new(&b->event) >= 0);
	if (sim_create(b->event, &b->sim, &b->world, why, sizeof(why)) < 0)
		fail_msg("%s: %s", kind->name, why);
	stack = bench_stack_create(b->world, b->seed, &b->stack);
	assert_non_null(stack);
	b->esp = sim_device(b->world, BENCH_DEVICE);
}

static void tear_down(struct bench *b)
{
	if (b->job)
		job_destroy(b->job);
	b->stack->wrap.base.ops->destroy(&b->stack->wrap.base);
	for (unsigned int i = 0; i < 2; i++)
		if (b->strangers[i])
			link_destroy(b->strangers[i]);
	sd_event_unref(b->event);
}

/* The fault meets a run that has the change which the diagnosis says. */
static void run_again(struct bench *b, unsigned int place)
{
	const struct bench_kind *kind = b->kind;
	const struct diagnosis first = b->result.diagnoses[0];

	if (first.change[0] == '\0') {
		WRONG(b, "no change is told");
		return;
	}
	tear_down(b);
	set_up(b, kind, place);
	bench_set(b, first.change);
	if (kind->before)
		kind->before(b);
	begin(b, kind->goal, (enum ota_command)0);
	run_to_end(b, true);
	if (!b->finished || !good(b))
		WRONG(b, "with %s it does not complete", first.change);
	else if (b->result.diagnosis_count > 0 && b->result.diagnoses[0].cause == kind->cause)
		WRONG(b, "%s does not help: %s", first.change, b->result.diagnoses[0].evidence);
	end(b);
}

bool bench_run(struct bench *b, const struct bench_kind *kind, unsigned int place)
{
	set_up(b, kind, place);
	if (kind->before)
		kind->before(b);
	begin(b, kind->goal, (enum ota_command)0);
	run_to_end(b, true);
	if (b->finished) {
		check_cause(b);
		end(b);
		check_end(b);
	}
	if (kind->again && b->why[0] == '\0')
		run_again(b, place);
	tear_down(b);
	return b->why[0] == '\0';
}
