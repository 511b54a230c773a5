/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates of a virtual ESP32 with one to four random faults each, in virtual time: how
 * a run ends, its exit status, what is told of it and what the board runs agree in every
 * one, and none takes longer than a bound.  A seed gives the same run each time.
 *
 *   SOAK_RUNS   how many (100); `make soak` takes 5000
 *   SOAK_FIRST  the first seed (1), to repeat one that failed
 *   SOAK_TELL   a line for each run
 *   SOAK_KEPT   updates of the four boards that are kept (500)
 */
#include <inttypes.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "cli/run.h"
#include "codelike.h"
#include "drawfault.h"
#include "host/job_priv.h"
#include "image/image_build.h"
#include "sim/sim.h"
#include "base/sha256.h"
#include "transport/fault.h"

#define DEVICE "esp-sim-01"
#define OLD_VERSION "1.0.0"
#define LONGEST_S 3600u /* of virtual time */
#define SIZE_MAX_BYTES 200000u
#define FAULTS_MAX 4u
#define S 1000000ull

struct soak {
	uint64_t seed;
	struct rng rng;
	/* what is to happen */
	bool basic, same_version, cancels;
	uint64_t cancel_us;
	struct sim_config sim;
	struct fault_spec faults[FAULTS_MAX];
	size_t fault_count;
	uint8_t image[SIZE_MAX_BYTES];
	size_t size;
	char about[400];
	/* the run */
	struct image read;
	struct lint_report report;
	struct job *job;
	bool finished;
	struct job_result result;
	bool ended; /* END was written */
	enum session_verdict verdict;
	uint64_t seconds;
	bool deflated;
};

static struct soak soak;

static uint32_t below(struct rng *rng, size_t n)
{
	return (uint32_t)rng_below(rng, n);
}

/* Between them, both included. */
static uint32_t between(struct rng *rng, uint32_t least, uint32_t most)
{
	return least + below(rng, most - least + 1);
}

static uint32_t number_of(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

/* --- what is to happen */

/* Every third image goes compressed. */
static int choose_stream(struct soak *k, int at)
{
	if (k->basic || k->seed % 3u != 0)
		return 0;
	k->size = code_like(k->image, k->size);
	k->sim.kind.deflate_window = (unsigned int)(12u + k->seed / 3u % 4u);
	return snprintf(k->about + at, sizeof(k->about) - (size_t)at, ", deflated for %u",
			k->sim.kind.deflate_window);
}

static void choose(struct soak *k)
{
	struct image_build build = {.version = "2.0.0", .seed = (unsigned int)k->seed};
	struct rng *rng = &k->rng;
	char text[64];
	int len;

	k->basic = below(rng, 4) == 0;
	k->same_version = below(rng, 5) == 0;
	k->cancels = below(rng, 8) == 0;
	k->cancel_us = between(rng, 1, 40000) * 1000ull;
	build.size = between(rng, 20000, SIZE_MAX_BYTES);
	if (k->same_version)
		build.version = OLD_VERSION;
	assert_int_equal(image_build(&build, sha256_buffer, k->image, sizeof(k->image), &k->size),
			 0);
	k->sim.kind = (struct fleet_kind){
		.devices = 1,
		.chip_all = true,
		.dialect = k->basic ? ESP_BASIC : ESP_FULL,
		.dialect_all = true,
		.seed = k->seed,
		.flash_speed = (enum flash_speed)below(rng, 3),
		.loss_ppm = below(rng, 3) ? 0 : below(rng, 60000),
		.boot_delay_ms = below(rng, 5) ? 0 : below(rng, 50000),
	};
	len = snprintf(k->about, sizeof(k->about),
		       "%s, %zu bytes, version %s, loss %u ppm, boot %u ms",
		       k->basic ? "basic" : "full", k->size, build.version, k->sim.kind.loss_ppm,
		       k->sim.kind.boot_delay_ms);
	len += choose_stream(k, len);
	k->fault_count = between(rng, 1, FAULTS_MAX);
	for (size_t i = 0; i < k->fault_count; i++) {
		draw_fault(&k->rng, (uint32_t)k->size, &k->faults[i]);
		fault_format(&k->faults[i], text, sizeof(text));
		len += snprintf(k->about + len, sizeof(k->about) - (size_t)len, ", %s", text);
	}
	if (k->cancels)
		(void)snprintf(k->about + len, sizeof(k->about) - (size_t)len, ", cancel at %u ms",
			       (unsigned int)(k->cancel_us / 1000u));
}

/* --- the run */

static void on_finished(void *userdata, const struct job_result *result)
{
	struct soak *k = userdata;

	k->finished = true;
	k->result = *result;
}

#define WRONG(k, ...)                                                                              \
	do {                                                                                       \
		print_error("seed %" PRIu64 ": %s\n  %s (exit %d) after %" PRIu64 " s: %s\n",      \
			    (k)->seed, (k)->about, session_outcome_name((k)->result.outcome),      \
			    run_exit(&(k)->result), (k)->seconds, (k)->result.what);               \
		fail_msg(__VA_ARGS__);                                                             \
	} while (0)

static void drive(struct soak *k, struct transport *world)
{
	bool to_cancel = k->cancels;

	job_start(k->job);
	while (!k->finished) {
		sim_wait(world);
		if (!sched_step(sim_sched(world)))
			WRONG(k, "nothing happens any more");
		k->seconds = world->ops->now_us(world) / S;
		if (k->seconds > LONGEST_S)
			WRONG(k, "it does not end: %s", session_state_name(k->job->session.state));
		if (to_cancel && world->ops->now_us(world) >= k->cancel_us) {
			to_cancel = false;
			job_cancel(k->job);
		}
	}
}

/* --- whether all agrees */

enum runs { RUNS_OLD, RUNS_NEW, RUNS_NOTHING };

static enum runs board_runs(const struct soak *k, struct transport *world, bool *ret_pending)
{
	struct esp *esp = sim_device(world, DEVICE);
	const struct board_running *running = board_running(esp_board(esp));
	uint8_t hash[OTA_SHA256_SIZE];
	const uint8_t *flash;

	*ret_pending = running->pending_verify;
	if (board_state(esp_board(esp)) != BOARD_RUNNING)
		return RUNS_NOTHING;
	/* NULL: an operation that a power cut tears has not ended; until then it runs. */
	flash = board_slot_map(esp_board(esp), running->slot, running->size);
	if (flash) {
		sha256_buffer(flash, running->size, hash);
		if (memcmp(hash, running->sha256, sizeof(hash)) != 0)
			WRONG(k, "the board runs what it does not say");
	}
	return memcmp(running->sha256, k->read.sha256, sizeof(hash)) == 0 ? RUNS_NEW : RUNS_OLD;
}

static bool says(const struct soak *k, const char *words)
{
	return strstr(k->result.what, words) != NULL;
}

/* A good end is one, on the board as well, now and after a reset. */
static void check_good(struct soak *k, struct transport *world)
{
	bool pending;
	enum runs runs = board_runs(k, world, &pending);

	switch (k->result.outcome) {
	case SESSION_CONFIRMED:
		if (runs != RUNS_NEW || pending || !says(k, "has confirmed it"))
			WRONG(k, "not confirmed on the board");
		break;
	case SESSION_DELIVERED:
		if (k->verdict == SESSION_VERDICT_UNKNOWN && says(k, "does not show"))
			return; /* nothing is claimed */
		if (runs != RUNS_NEW || !says(k, "the image's"))
			WRONG(k, "not delivered to the board");
		break;
	default:
		WRONG(k, "no end of an update");
	}
	if (strcmp(k->result.running_version, k->same_version ? OLD_VERSION : "2.0.0") != 0)
		WRONG(k, "told version %s", k->result.running_version);
	esp_reset(sim_device(world, DEVICE));
	sched_advance(sim_sched(world), world->ops->now_us(world) + 120 * S);
	if (board_runs(k, world, &pending) != RUNS_NEW)
		WRONG(k, "not after a reset");
}

/* Of a failure: whatever was told is so, and an image that runs for good was no failure. */
static void check_bad(struct soak *k, struct transport *world)
{
	bool pending;
	enum runs runs = board_runs(k, world, &pending);

	if (k->result.what[0] == '\0')
		WRONG(k, "nothing is told");
	if (k->result.outcome == SESSION_ROLLED_BACK && runs != RUNS_OLD)
		WRONG(k, "it was not rolled back");
	if (k->job->session.proved && !says(k, "new image on trial") &&
	    k->result.outcome != SESSION_ROLLED_BACK)
		WRONG(k, "it is not told that the image ran");
	if (k->ended && !k->job->session.proved && !says(k, "whole image was sent") &&
	    !says(k, "did not come back") &&
	    (k->result.outcome == SESSION_LINK_LOST || k->result.outcome == SESSION_STALLED ||
	     k->result.outcome == SESSION_NOT_BACK ||
	     (k->result.outcome == SESSION_CANCELLED && k->result.status < 0)))
		WRONG(k, "it is not told that all was sent");
	/* The device's own actions take time. */
	sched_advance(sim_sched(world), world->ops->now_us(world) + 120 * S);
	runs = board_runs(k, world, &pending);
	if (runs == RUNS_NOTHING)
		WRONG(k, "the board runs nothing");
	if (!k->ended && runs != RUNS_OLD)
		WRONG(k, "it runs an image that was not sent whole");
	if (k->result.outcome == SESSION_CANCELLED && k->result.status == 0 && runs != RUNS_OLD)
		WRONG(k, "cancelled, and it runs the image");
	if (k->result.outcome == SESSION_ROLLED_BACK && runs != RUNS_OLD)
		WRONG(k, "it was not rolled back for good");
	if (runs == RUNS_NEW && !k->basic && !pending && !k->job->session.proved)
		WRONG(k, "told as failed, and it runs the image for good");
}

static void check(struct soak *k, struct transport *world)
{
	const struct job_result *r = &k->result;
	const enum cli_exit code = run_exit(r);

	if (getenv("SOAK_TELL"))
		print_message("%" PRIu64 "\t%u s\t%s\t%d\t%s\t%s\n", k->seed,
			      (unsigned int)k->seconds, session_outcome_name(r->outcome), code,
			      r->what, k->about);
	if (r->sent_bytes > 34ull * k->size + (1u << 20) + OTA_VALUE_MAX)
		WRONG(k, "%" PRIu64 " bytes sent", r->sent_bytes);
	if (r->bytes > k->size)
		WRONG(k, "%u bytes received", r->bytes);
	if (code == CLI_DEFECT)
		WRONG(k, "a defect");
	if (r->outcome == SESSION_PROTOCOL)
		WRONG(k, "the device breaks no protocol");
	if (code == CLI_OK)
		check_good(k, world);
	else
		check_bad(k, world);
}

/*
 * However bytes are told, in no second more of them count than the link can carry.  With write
 * requests the ceiling is no bound: where PDUs are lost, an event goes on for longer, and an
 * answer may come in the event of its request.
 */
static void on_progress(void *userdata)
{
	const struct soak *k = userdata;
	const struct job *job = k->job;

	if (job->session.mode != GATT_REQUEST && metrics_rate_now(&job->metrics) > job->ceiling)
		fail_msg("seed %" PRIu64 ": %" PRIu32 " B/s now, with a ceiling of %" PRIu32,
			 k->seed, metrics_rate_now(&job->metrics), job->ceiling);
}

static void run_seed(struct soak *k, uint64_t seed)
{
	const struct job_listener listener = {
		.userdata = k, .progress = on_progress, .finished = on_finished};
	struct job_config config = {.goal = SESSION_UPDATE, .device = DEVICE};
	struct transport *world, *transport;
	struct profile profile;
	sd_event *event;
	char why[200];

	memset(k, 0, sizeof(*k));
	k->seed = seed;
	rng_init(&k->rng, seed);
	choose(k);
	(void)image_read(k->image, k->size, sha256_buffer, &k->read, &k->report);
	profile_defaults(&profile);
	config.profile = &profile;
	config.image = &k->read;
	config.report = &k->report;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(sim_create(event, &k->sim, &world, why, sizeof(why)), 0);
	assert_int_equal(fault_wrap(world, k->faults, k->fault_count, seed, &transport), 0);
	assert_int_equal(job_create(transport, &config, &listener, &k->job), 0);
	drive(k, world);
	k->ended = k->job->session.ended;
	k->verdict = k->job->session.verdict;
	k->deflated = session_stream_kind(&k->job->session) == STREAM_DEFLATE;
	check(k, world);
	job_destroy(k->job);
	transport->ops->destroy(transport);
	sd_event_unref(event);
}

static void test_soak(void **state)
{
	const uint32_t first = number_of("SOAK_FIRST", 1), runs = number_of("SOAK_RUNS", 100);
	uint32_t outcomes[SESSION_OUTCOMES] = {0};
	uint64_t longest = 0;
	uint32_t deflated = 0;

	(void)state;
	for (uint32_t seed = first; seed < first + runs; seed++) {
		run_seed(&soak, seed);
		deflated += soak.deflated;
		outcomes[soak.result.outcome]++;
		longest = soak.seconds > longest ? soak.seconds : longest;
	}
	for (int i = 0; i < SESSION_OUTCOMES; i++)
		if (outcomes[i] > 0)
			print_message("# %5u %s\n", outcomes[i],
				      session_outcome_name((enum session_outcome)i));
	print_message("# %u deflated; the longest took %u s of virtual time\n", deflated,
		      (unsigned int)longest);
	assert_true(runs < 100 || deflated >= runs / 6u);
}

/* --- the same boards, again and again */

#define BOARDS 4u
#define IMAGES 2u
#define KEPT_RUNS 500u
#define LEAK_BYTES 262144u /* caches of libraries, at most */

static const char *const chip_names[BOARDS] = {"esp32", "esp32c3", "esp32s3", "esp32c6"};
static struct kept {
	char folder[64];
	uint8_t bytes[IMAGES][SIZE_MAX_BYTES];
	struct image images[IMAGES];
	struct lint_report reports[IMAGES];
} kept[BOARDS];

static void make_boards(const char *root)
{
	for (size_t b = 0; b < BOARDS; b++) {
		(void)snprintf(kept[b].folder, sizeof(kept[b].folder), "%s/%s", root,
			       chip_names[b]);
		for (size_t i = 0; i < IMAGES; i++) {
			const struct image_build build = {
				.chip_id = image_chip_by_name(chip_names[b])->id,
				.version = i == 0 ? "2.0.0" : "2.1.0",
				.size = i == 0 ? 60000 : 150000,
				.seed = (unsigned int)(b * IMAGES + i),
			};
			size_t size;

			assert_int_equal(image_build(&build, sha256_buffer, kept[b].bytes[i],
						     SIZE_MAX_BYTES, &size),
					 0);
			assert_int_equal(image_read(kept[b].bytes[i], size, sha256_buffer,
						    &kept[b].images[i], &kept[b].reports[i]),
					 0);
		}
	}
}

/* Whatever happens: the board runs a whole image, now and at a moment of the run. */
static void drive_kept(struct soak *k, struct transport *world, uint64_t look_us)
{
	bool pending;

	job_start(k->job);
	while (!k->finished) {
		sim_wait(world);
		if (!sched_step(sim_sched(world)))
			WRONG(k, "nothing happens any more");
		k->seconds = world->ops->now_us(world) / S;
		if (k->seconds > LONGEST_S)
			WRONG(k, "it does not end: %s", session_state_name(k->job->session.state));
		if (look_us > 0 && world->ops->now_us(world) >= look_us) {
			look_us = 0;
			(void)board_runs(k, world, &pending);
		}
	}
	/* A trial that nobody confirms ends by then. */
	sched_advance(sim_sched(world), world->ops->now_us(world) + 400 * S);
	if (board_runs(k, world, &pending) == RUNS_NOTHING)
		WRONG(k, "the board runs nothing");
	if (pending)
		WRONG(k, "the trial does not end");
}

/* An update of a board that is as the one before left it; the flash lies in a file meanwhile. */
static void run_kept(struct soak *k, uint32_t n)
{
	const struct job_listener listener = {.userdata = k, .finished = on_finished};
	struct kept *board = &kept[n % BOARDS];
	const bool clean = n / BOARDS % 8u == 7u;
	struct job_config config = {.goal = SESSION_UPDATE, .device = DEVICE, .forced = UINT32_MAX};
	struct transport *world, *transport;
	struct profile profile;
	sd_event *event;
	char why[200], text[64];
	size_t image, len;

	memset(k, 0, sizeof(*k));
	k->seed = n;
	rng_init(&k->rng, 90001u + n);
	image = below(&k->rng, IMAGES);
	k->read = board->images[image];
	k->size = k->read.size;
	len = (size_t)snprintf(k->about, sizeof(k->about), "%s, image %zu", chip_names[n % BOARDS],
			       image);
	k->fault_count = clean ? 0 : between(&k->rng, 1, FAULTS_MAX);
	for (size_t i = 0; i < k->fault_count; i++) {
		draw_fault(&k->rng, (uint32_t)k->size, &k->faults[i]);
		fault_format(&k->faults[i], text, sizeof(text));
		len += (size_t)snprintf(k->about + len, sizeof(k->about) - len, ", %s", text);
	}
	k->sim.kind = (struct fleet_kind){
		.devices = 1,
		.chip_id = k->read.chip_id,
		.chip_all = true,
		.dialect_all = true,
		.seed = 1u + n % BOARDS,
		.state = board->folder,
	};
	profile_defaults(&profile);
	config.profile = &profile;
	config.image = &k->read;
	config.report = &board->reports[image];
	assert_true(sd_event_new(&event) >= 0);
	if (sim_create(event, &k->sim, &world, why, sizeof(why)) < 0)
		WRONG(k, "%s", why);
	assert_int_equal(fault_wrap(world, k->faults, k->fault_count, n, &transport), 0);
	assert_int_equal(job_create(transport, &config, &listener, &k->job), 0);
	drive_kept(k, world, between(&k->rng, 1, 20000) * 1000ull);
	if (clean && k->result.outcome != SESSION_CONFIRMED)
		WRONG(k, "without a fault it is confirmed");
	job_destroy(k->job);
	transport->ops->destroy(transport);
	sd_event_unref(event);
}

static void test_kept_boards(void **state)
{
	const uint32_t runs = number_of("SOAK_KEPT", KEPT_RUNS);
	uint32_t outcomes[SESSION_OUTCOMES] = {0};
	char root[] = "/tmp/otabench-soak-XXXXXX", command[80];
	size_t held = 0;

	(void)state;
	assert_non_null(mkdtemp(root));
	make_boards(root);
	for (uint32_t n = 0; n < runs; n++) {
		run_kept(&soak, n);
		outcomes[soak.result.outcome]++;
		if (n == runs / 5u)
			held = mallinfo2().uordblks;
	}
	for (int i = 0; i < SESSION_OUTCOMES; i++)
		if (outcomes[i] > 0)
			print_message("# %5u %s\n", outcomes[i],
				      session_outcome_name((enum session_outcome)i));
	print_message("# %zu bytes held after a fifth of the runs, %zu at the end\n", held,
		      mallinfo2().uordblks);
	assert_true(mallinfo2().uordblks <= held + LEAK_BYTES);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): the test's own folder */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soak),
		cmocka_unit_test(test_kept_boards),
	};

	return cmocka_run_group_tests_name("soak", tests, NULL, NULL);
}
