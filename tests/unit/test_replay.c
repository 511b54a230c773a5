/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded run, played again by the same job, comes to the same in every figure. */
#include "config.h" /* system extensions: mkstemp(), open_memstream() */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "replay/replay.h"
#include "testlib.h"
#include "transport/fault.h"
#include "sim/sim.h"
#include "transport/trace.h"

static uint8_t image_bytes[120000];
static size_t image_size;
static char path[] = "/tmp/otabench-replay-XXXXXX";

static int setup(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 100000, .seed = 8};
	const int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return image_build(&b, sha256_buffer, image_bytes, sizeof(image_bytes), &image_size);
}

static int cleanup(void **state)
{
	(void)state;
	return unlink(path);
}

/* --- a run, live */

/* A user's action once so many bytes have been received. */
struct doing {
	uint32_t received;
	void (*act)(struct job *job);
};

struct live {
	const char *fault; /* of the transport; NULL: none */
	enum session_goal goal;
	const char *device;
	struct doing doings[6];
	uint32_t leave_at; /* the program ends at once when so much was received; 0: never */
	uint16_t chip; /* of the image's description, to be refused; 0: as it is */
};

/* All that can be seen of a job, as text. */
static char *describe(const struct job *job)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const struct job_result *r = job_result(job);
	uint32_t series[METRICS_BUCKETS];
	struct job_snapshot s;
	uint64_t span;
	size_t n;

	assert_non_null(out);
	job_snapshot(job, &s);
	fprintf(out, "%s %s %s %d %d\n", job_state_name(&s), s.device, s.address, s.hold,
		s.cancelling);
	fprintf(out, "state since %" PRIu64 " chunk %u window %u pacing %u mtu %u mode %d\n",
		s.state_us, s.chunk, s.window, s.pacing_us, s.mtu, s.mode);
	fprintf(out, "%u %u %u of %u, %" PRIu64 " sent, %u values, ceiling %u\n", s.stats.queued,
		s.stats.received, s.stats.flushed, s.size, s.stats.sent_bytes, s.stats.values,
		s.ceiling);
	n = metrics_series(&s.metrics, series, &span);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%u ", series[i]);
	for (size_t i = 0; metrics_mark_at(&s.metrics, i); i++) {
		const struct metrics_mark *m = metrics_mark_at(&s.metrics, i);

		fprintf(out, "[%" PRIu64 " %d %u]", m->at_us, m->kind, m->value);
	}
	fprintf(out, "\n");
	for (size_t i = 0; i < s.log_count; i++) {
		const struct job_log_entry *e = job_log(job, i);

		if (e)
			fprintf(out, "%" PRIu64 " %d %u %s\n", e->at_us, e->direction,
				e->data_bytes, e->text);
	}
	if (r)
		fprintf(out, "%s|%s|%u %u %u %d %" PRIu64 " %u %u %u %f %u %u %u %u %u %u %u %s\n",
			r->what, r->advice, r->code, r->opcode, r->detail, r->status, r->seconds_us,
			r->bytes, r->goodput, r->ceiling, r->ratio, r->rate_lowest, r->mtu,
			r->retries, r->gaps, r->stalls, r->longest_stall_ms, r->resumed_from,
			r->running_version);
	for (size_t i = 0; job_report(job) && i < job_report(job)->count; i++)
		fprintf(out, "%d %s\n", job_report(job)->findings[i].severity,
			job_report(job)->findings[i].text);
	fclose(out);
	return text;
}

static struct transport *record(sd_event *event, const struct live *l)
{
	const struct sim_config config = {.kind.devices = 2, .kind.seed = 3};
	struct transport *t = NULL, *wrapped = NULL;
	struct fault_spec spec;
	char why[200] = "";

	if (sim_create(event, &config, &t, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	if (l->fault) {
		assert_int_equal(fault_parse(l->fault, &spec, why, sizeof(why)), 0);
		assert_int_equal(fault_wrap(t, &spec, 1, 1, &wrapped), 0);
		t = wrapped;
	}
	assert_int_equal(trace_record(t, path, &t), 0);
	transport_note(t, "recorded 2026-11-25T03:11:08+0100 by otabench 9.9 on a test");
	return t;
}

static void run_loop(sd_event *event, struct job *job, const struct live *l)
{
	const struct doing *next = l->doings;
	struct job_snapshot s;

	while (!job_is_finished(job)) {
		assert_true(sd_event_run(event, UINT64_MAX) >= 0);
		job_snapshot(job, &s);
		if (l->leave_at > 0 && s.stats.received >= l->leave_at)
			return;
		if (next->act && s.stats.received >= next->received) {
			next->act(job);
			next++;
		}
	}
	assert_null(next->act);
}

/* Records it to path; what was seen in the end. */
static char *run_live(const struct live *l)
{
	struct lint_report report = {.count = 0};
	struct image image;
	struct profile profile;
	const struct job_config config = {
		.goal = l->goal,
		.device = l->device ? l->device : "esp-sim-01",
		.profile = &profile,
		.image = &image,
		.report = &report,
		.image_name = "some/image.bin",
		.bytes = 50000,
		.scan_timeout_ms = 4000,
	};
	struct transport *t;
	struct job *job = NULL;
	sd_event *event;
	char *seen;

	profile_defaults(&profile);
	profile.backoff_ms = 9000; /* over the default of backoff_max_ms */
	profile.backoff_max_ms = 20000;
	(void)snprintf(profile.name, sizeof(profile.name), "mine");
	(void)image_read(image_bytes, image_size, sha256_buffer, &image, &report);
	if (l->chip)
		image.chip_id = l->chip;
	assert_true(sd_event_new(&event) >= 0);
	t = record(event, l);
	assert_int_equal(job_create(t, &config, NULL, &job), 0);
	job_start(job);
	run_loop(event, job, l);
	seen = describe(job);
	assert_int_equal(trace_error(t), 0);
	job_destroy(job);
	t->ops->destroy(t);
	sd_event_unref(event);
	return seen;
}

/* --- and again */

static struct replay *open_replay(void)
{
	struct replay *r = NULL;
	char why[300] = "";

	if (replay_open(path, &r, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	return r;
}

static void check_same(const struct live *l)
{
	char *seen = run_live(l), *again;
	struct replay *r = open_replay();
	char why[256];

	assert_int_equal(replay_runs(r), 1);
	assert_true(replay_run(r, 0)->whole);
	assert_int_equal(replay_begin(r, 0, NULL), 0);
	replay_until(r, UINT64_MAX, 0);
	replay_explain(r, why, sizeof(why));
	if (replay_state(r) != REPLAY_FINISHED)
		fail_msg("%s", why);
	again = describe(replay_job(r));
	assert_string_equal(seen, again);
	free(seen);
	free(again);
	replay_close(r);
}

static void pause_it(struct job *job)
{
	job_pause(job);
}

static void go_on(struct job *job)
{
	job_resume(job);
}

static void cancel_it(struct job *job)
{
	job_cancel(job);
}

static void slower(struct job *job)
{
	assert_int_equal(job_tune_pacing(job, 3000), 0);
}

static void narrower(struct job *job)
{
	assert_int_equal(job_tune_window(job, 2048), 0);
}

static void shorter(struct job *job)
{
	assert_int_equal(job_tune_chunk(job, 100), 0);
}

static void by_request(struct job *job)
{
	assert_int_equal(job_tune_mode(job, GATT_REQUEST), 0);
}

static void test_same(void **state)
{
	static const struct live runs[] = {
		{.goal = SESSION_UPDATE},
		{.goal = SESSION_UPDATE, .fault = "disconnect@40000"},
		{.goal = SESSION_UPDATE, .fault = "drop-data@30"},
		{.goal = SESSION_UPDATE, .fault = "delay-notify@9:1500"},
		{.goal = SESSION_UPDATE, .fault = "power-cut@12"},
		{.goal = SESSION_UPDATE, .fault = "no-boot"},
		{.goal = SESSION_UPDATE, .device = "nobody"},
		{.goal = SESSION_UPDATE, .chip = 0x0d},
		{.goal = SESSION_UPDATE, .device = "esp-sim-02"},
		{.goal = SESSION_MEASURE},
		{.goal = SESSION_LOOK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		check_same(&runs[i]);
}

static void test_same_with_a_user(void **state)
{
	static const struct live runs[] = {
		{.goal = SESSION_UPDATE, .doings = {{0, cancel_it}}},
		{.goal = SESSION_UPDATE, .doings = {{30000, cancel_it}}},
		{.goal = SESSION_UPDATE, .doings = {{20000, pause_it}, {20000, go_on}}},
		{.goal = SESSION_UPDATE,
		 .doings = {{10000, slower},
			    {20000, narrower},
			    {30000, shorter},
			    {40000, by_request},
			    {50000, pause_it}}},
	};
	struct live tuned = runs[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		check_same(&runs[i]);
	tuned.doings[4] = (struct doing){50000, cancel_it};
	check_same(&tuned);
	tuned.doings[4] = (struct doing){0, NULL};
	check_same(&tuned);
}

/* --- what the file tells, and moving about in it */

static void test_head(void **state)
{
	const struct live l = {.goal = SESSION_UPDATE};
	const struct replay_run *run;
	struct replay *r;

	(void)state;
	free(run_live(&l));
	r = open_replay();
	run = replay_run(r, replay_main_run(r));
	assert_string_equal(replay_recorded(r), "2026-11-25 03:11:08");
	assert_string_equal(replay_program(r), "otabench 9.9");
	assert_string_equal(replay_source(r), "a test");
	assert_true(replay_simulated(r));
	assert_int_equal(replay_damaged_line(r), 0);
	assert_int_equal(run->config.goal, SESSION_UPDATE);
	assert_string_equal(run->device, "esp-sim-01");
	assert_string_equal(run->image_name, "some/image.bin");
	assert_string_equal(run->image.version, "2.0.0");
	assert_int_equal(run->image.size, image_size);
	assert_string_equal(run->profile.name, "mine");
	assert_int_equal(run->profile.backoff_ms, 9000);
	assert_int_equal(run->profile.backoff_max_ms, 20000);
	assert_string_equal(run->outcome, "confirmed");
	replay_close(r);
}

static uint32_t received_at(struct replay *r, uint64_t us)
{
	struct job_snapshot s;

	replay_until(r, us, 0);
	job_snapshot(replay_job(r), &s);
	return s.stats.received;
}

static void test_moving(void **state)
{
	const struct live l = {.goal = SESSION_UPDATE, .fault = "disconnect@40000"};
	uint32_t early, late;
	uint64_t middle, before;
	struct replay *r;
	bool lost = false;

	(void)state;
	free(run_live(&l));
	r = open_replay();
	assert_int_equal(replay_begin(r, 0, NULL), 0);
	assert_int_equal(replay_now(r), replay_run(r, 0)->start_us);
	middle = (replay_run(r, 0)->start_us + replay_run(r, 0)->end_us) / 2;
	assert_int_equal(replay_until(r, middle, 0), REPLAY_PLAYING);
	assert_int_equal(replay_now(r), middle);
	early = received_at(r, middle);
	late = received_at(r, UINT64_MAX);
	assert_true(early < late);
	/* Back, and to the same place. */
	assert_int_equal(replay_begin(r, 0, NULL), 0);
	assert_int_equal(received_at(r, middle), early);
	/* Line by line from there. */
	before = replay_now(r);
	assert_int_equal(replay_step(r), REPLAY_PLAYING);
	assert_true(replay_now(r) > before);
	for (size_t i = 0; replay_mark(r, i); i++) {
		const struct replay_mark *m = replay_mark(r, i);

		assert_true(i == 0 || m->at_us > replay_mark(r, i - 1)->at_us);
		lost |= strstr(m->text, "lost") != NULL;
	}
	assert_true(lost);
	replay_close(r);
}

/* Several runs in one file, as the workbench records them. */
static void test_several(void **state)
{
	const struct live look = {.goal = SESSION_LOOK}, update = {.goal = SESSION_UPDATE};
	char *first, *second, *both;
	size_t first_len, second_len;
	struct replay *r = NULL;
	char why[200] = "";
	FILE *in;

	(void)state;
	free(run_live(&update));
	first = (char *)test_load_file(path, &first_len);
	free(run_live(&look));
	second = (char *)test_load_file(path, &second_len);
	both = malloc(first_len + second_len + 1);
	assert_non_null(both);
	/* The second recording's times begin at 0 again: as a file of one program it is damaged
	 * there, and the first run is still whole. */
	memcpy(both, first, first_len);
	memcpy(both + first_len, second, second_len);
	in = fmemopen(both, first_len + second_len, "r");
	assert_non_null(in);
	assert_int_equal(replay_open_stream(in, "both", &r, why, sizeof(why)), 0);
	fclose(in);
	assert_int_equal(replay_runs(r), 1);
	assert_true(replay_damaged_line(r) > 0);
	assert_int_equal(replay_begin(r, 0, NULL), 0);
	assert_int_equal(replay_until(r, UINT64_MAX, 0), REPLAY_FINISHED);
	replay_close(r);
	free(first);
	free(second);
	free(both);
}

/* --- files that are not whole */

/* The program was killed: what was written by then is there. */
static void test_left(void **state)
{
	const struct live l = {.goal = SESSION_UPDATE, .leave_at = 30000};
	char *seen = run_live(&l), *again, why[256];
	struct replay *r = open_replay();

	(void)state;
	assert_false(replay_run(r, 0)->whole);
	assert_int_equal(replay_begin(r, 0, NULL), 0);
	assert_int_equal(replay_until(r, UINT64_MAX, 0), REPLAY_CUT);
	replay_explain(r, why, sizeof(why));
	assert_non_null(strstr(why, "the recording ends here"));
	again = describe(replay_job(r));
	assert_string_equal(seen, again);
	free(seen);
	free(again);
	replay_close(r);
}

/* Cut anywhere, it is shown up to there; and never as if the run had failed. */
static void test_cut_anywhere(void **state)
{
	const struct live l = {.goal = SESSION_UPDATE};
	size_t len;
	char *text;

	(void)state;
	free(run_live(&l));
	text = (char *)test_load_file(path, &len);
	for (size_t at = 40; at < len; at += at < 3000 ? 61 : 9973) {
		FILE *in = fmemopen(text, at, "r");
		struct replay *r = NULL;
		struct job_snapshot s;
		char why[300] = "";

		assert_non_null(in);
		if (replay_open_stream(in, "cut", &r, why, sizeof(why)) < 0) {
			assert_non_null(strstr(why, "cut"));
			assert_true(at < 3000);
			fclose(in);
			continue;
		}
		fclose(in);
		if (replay_begin(r, 0, NULL) == 0) {
			if (replay_until(r, UINT64_MAX, 0) != REPLAY_CUT)
				fail_msg("at %zu: state %d, line %u", at, replay_state(r),
					 replay_line(r));
			job_snapshot(replay_job(r), &s);
			assert_int_not_equal(s.state, SESSION_FAILED);
			assert_int_not_equal(s.state, SESSION_WAITING);
			replay_explain(r, why, sizeof(why));
			assert_int_equal(strncmp(why, "line ", 5), 0);
		}
		replay_close(r);
	}
	free(text);
}

/* "by on": one blank ends one word and begins the next. */
static void test_odd_head(void **state)
{
	const struct live l = {.goal = SESSION_UPDATE};
	struct replay *r = NULL;
	char why[300] = "", *text, *at;
	size_t len;
	FILE *in;

	(void)state;
	free(run_live(&l));
	text = (char *)test_load_file(path, &len);
	at = strstr(text, "otabench 9.9 on a test");
	assert_non_null(at);
	memcpy(at, "on  ", 4);
	in = fmemopen(text, len, "r");
	assert_non_null(in);
	assert_int_equal(replay_open_stream(in, "odd", &r, why, sizeof(why)), 0);
	fclose(in);
	assert_string_equal(replay_recorded(r), "2026-11-25 03:11:08");
	assert_string_equal(replay_program(r), "on  ench 9.9");
	assert_string_equal(replay_source(r), "a test");
	replay_close(r);
	free(text);
}

/* A program that does something else is told where. */
static void test_departed(void **state)
{
	const struct live l = {.goal = SESSION_UPDATE};
	struct replay *r = NULL;
	char why[300] = "", *text, *at;
	size_t len;
	FILE *in;

	(void)state;
	free(run_live(&l));
	text = (char *)test_load_file(path, &len);
	at = strstr(text, "set window=auto");
	assert_non_null(at);
	memcpy(at, "set window=1 24", 15);
	in = fmemopen(text, len, "r");
	assert_non_null(in);
	assert_int_equal(replay_open_stream(in, "other", &r, why, sizeof(why)), 0);
	fclose(in);
	assert_int_equal(replay_begin(r, 0, NULL), 0);
	replay_until(r, UINT64_MAX, 0);
	/* The value with the blank is refused, so that this is the recorded run still ... */
	assert_int_equal(replay_state(r), REPLAY_FINISHED);
	replay_close(r);
	memcpy(at, "set window=1024", 15);
	in = fmemopen(text, len, "r");
	assert_non_null(in);
	assert_int_equal(replay_open_stream(in, "other", &r, why, sizeof(why)), 0);
	fclose(in);
	assert_int_equal(replay_begin(r, 0, NULL), 0);
	/* ... and this is not. */
	assert_int_equal(replay_until(r, UINT64_MAX, 0), REPLAY_DEPARTED);
	replay_explain(r, why, sizeof(why));
	assert_non_null(strstr(why, "otabench 9.9"));
	assert_true(replay_line(r) > 30);
	replay_close(r);
	free(text);
}

static void test_no_recording(void **state)
{
	static const char *const texts[] = {
		"hello\n",
		"otabench-trace 1 virtual\n",
		"otabench-trace 1 virtual\n1 < alarm\n",
		"otabench-trace 1 virtual\n1 # run fly device=x\n",
		"otabench-trace 1 virtual\n1 # run update command=0\n",
		"otabench-trace 1 virtual\n1 # run update command=x device=y\n",
		"otabench-trace 1 virtual\n1 # run command command=1 device=y\n",
	};
	struct replay *r = NULL;
	char why[300];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *in = fmemopen((void *)texts[i], strlen(texts[i]), "r");

		assert_non_null(in);
		why[0] = '\0';
		if (replay_open_stream(in, "file", &r, why, sizeof(why)) != -OTA_EBADMSG)
			fail_msg("%s", texts[i]);
		assert_int_equal(strncmp(why, "file: ", 6), 0);
		fclose(in);
	}
	assert_int_equal(replay_open("/nonexistent/x", &r, why, sizeof(why)), -OTA_ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),	     cmocka_unit_test(test_same_with_a_user),
		cmocka_unit_test(test_head),	     cmocka_unit_test(test_moving),
		cmocka_unit_test(test_several),	     cmocka_unit_test(test_left),
		cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_odd_head),
		cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_departed),
		cmocka_unit_test(test_no_recording),
	};

	return cmocka_run_group_tests_name("replay", tests, setup, cleanup);
}
