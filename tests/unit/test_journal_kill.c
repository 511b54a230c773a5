/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host is killed at 100 places between START and the end of an update: alone, while the
 * device goes on, and together with the device, whose power goes at the same moment.  What
 * the next program finds in the journal is enough to complete the update, and no more is
 * sent again than a block of flash and what was under way.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "host/job.h"
#include "host/journal.h"
#include "image/image_build.h"
#include "imagelib.h"
#include "keptfile.h"
#include "ota/device.h"
#include "sim/sim.h"

#define DEVICE "esp-sim-01"
#define SIZE 400000u
#define PLACES (getenv("OTABENCH_INSTRUMENTED") ? 10u : 100u)
#define TIME_MAX_US 600000000u /* of virtual time: no run stands for ever */

static char dir[] = "/tmp/otabench-kills-XXXXXX";
static char image_path[sizeof(dir) + 16], place[sizeof(dir) + 16];
static struct image image;
static struct lint_report report;

/* The host's knowledge of the device when it died: by memory that a child shares. */
static struct known {
	unsigned int events; /* of the run, since START */
	uint32_t received, window;
	enum session_state state;
} * known;

/* --- one host over one world */

struct host {
	sd_event *event;
	struct transport *t;
	struct job *job;
	struct job_result result;
	struct profile profile;
	bool finished;
	unsigned int events, die_at; /* since START; 0: never */
	unsigned int warnings;
	char warning[JOURNAL_TEXT_MAX];
	bool kills, dead; /* with the process, or only the job is left */
};

static void look(struct host *h)
{
	struct job_snapshot now;

	if (!h->job)
		return;
	job_snapshot(h->job, &now);
	if (now.stats.start_us == 0)
		return;
	*known = (struct known){
		.events = ++h->events,
		.received = now.stats.received,
		.window = job_window_in_force(&now),
		.state = now.state,
	};
	if (h->die_at == 0 || h->events < h->die_at)
		return;
	if (h->kills)
		(void)kill(getpid(), SIGKILL);
	h->dead = true;
}

static void on_progress(void *userdata)
{
	look(userdata);
}

static void on_warned(void *userdata, const char *text)
{
	struct host *h = userdata;

	h->warnings++;
	(void)snprintf(h->warning, sizeof(h->warning), "%s", text);
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct host *h = userdata;

	h->result = *result;
	h->finished = true;
}

/* state: a folder, or NULL. */
static void host_open(struct host *h, const char *state)
{
	const struct sim_config config = {
		.kind.devices = 1,
		.kind.seed = 7,
		.kind.chip_all = true,
		.kind.flash_speed = FLASH_TYPICAL,
		.kind.flash_mode = ESP_FLASH_USUAL,
		.kind.state = state,
	};
	char why[256] = "", met[sizeof(dir) + 32];

	(void)snprintf(met, sizeof(met), "%s/otabench/known", dir);
	if (!state) /* a new board, and none that was met */
		keptfile_remove(met);
	memset(h, 0, sizeof(*h));
	profile_defaults(&h->profile);
	assert_true(sd_event_new(&h->event) >= 0);
	if (sim_create(h->event, &config, &h->t, why, sizeof(why)) < 0)
		fail_msg("%s", why);
}

static void host_go(struct host *h)
{
	const uint64_t until = h->t->ops->now_us(h->t) + TIME_MAX_US;

	while (!h->finished && !h->dead) {
		assert_true(sd_event_run(h->event, UINT64_MAX) >= 0);
		assert_true(h->t->ops->now_us(h->t) < until);
	}
}

static void host_run(struct host *h, bool resume_only, unsigned int die_at, bool kills)
{
	const struct job_listener listener = {.userdata = h,
					      .warned = on_warned,
					      .progress = on_progress,
					      .finished = on_finished};
	const struct job_config config = {
		.goal = SESSION_UPDATE,
		.device = DEVICE,
		.profile = &h->profile,
		.image = &image,
		.report = &report,
		.image_name = image_path,
		.resume_only = resume_only,
		.place = place,
	};
	h->events = 0;
	h->die_at = die_at;
	h->kills = kills;
	h->finished = h->dead = false;
	assert_int_equal(job_create(h->t, &config, &listener, &h->job), 0);
	job_start(h->job);
	host_go(h);
}

static void host_close(struct host *h)
{
	job_destroy(h->job);
	h->t->ops->destroy(h->t);
	sd_event_unref(h->event);
}

/* --- the next program */

/* Does what 'otabench resume DEV' does; the device decides what there is to do. */
static void resume(struct host *h, const struct known *died, unsigned int at)
{
	struct journal j;
	char error[JOURNAL_TEXT_MAX] = "", path[PATH_MAX];
	const struct journal_image *i = &j.images[0];

	if (journal_find(place, DEVICE, &j, error, sizeof(error)) < 0)
		fail_msg("no journal after event %u: %s", at, error);
	assert_false(journal_is_claimed(place, j.address));
	assert_memory_equal(i->sha256, image.sha256, sizeof(i->sha256));
	assert_true(journal_find_image(i, path));
	assert_string_equal(path, image_path);
	host_run(h, journal_expects_part(i), 0, false);
	if (h->result.outcome != SESSION_CONFIRMED && h->result.outcome != SESSION_ALREADY_RUNNING)
		fail_msg("killed at event %u with %u received: %s", at, died->received,
			 h->result.what);
	if (h->result.sent_bytes > SIZE - died->received + OTA_BLOCK_SIZE + died->window)
		fail_msg("killed at event %u in %s with %u received, by the journal %u: %llu sent",
			 at, session_state_name(died->state), died->received, i->received,
			 (unsigned long long)h->result.sent_bytes);
	assert_int_equal(journal_find(place, DEVICE, &j, error, sizeof(error)), -OTA_ENOENT);
}

/* A whole run's events since START, of which places are an even part. */
static unsigned int count_events(void)
{
	struct host h;

	host_open(&h, NULL);
	host_run(&h, false, 0, false);
	assert_int_equal(h.result.outcome, SESSION_CONFIRMED);
	host_close(&h);
	return h.events;
}

static unsigned int event_of(unsigned int n, unsigned int events)
{
	return 1 + (unsigned int)((uint64_t)n * (events - 1) / PLACES);
}

/* --- the host alone */

static struct keptfile journal_bytes(char *folder, size_t size, char *name, size_t name_size)
{
	char path[PATH_MAX];
	char *slash;

	assert_int_equal(journal_path(place, "24:6F:28:AA:10:01", path, sizeof(path)), 0);
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)snprintf(folder, size, "%.*s", (int)size - 1, path);
	(void)snprintf(name, name_size, "%.*s", (int)name_size - 1, slash + 1);
	return keptfile_read(folder, name);
}

static void on_alarm(void *userdata, const struct transport_event *event)
{
	struct host *h = userdata;

	if (event->kind == TRANSPORT_ALARM)
		h->dead = true;
}

/* The job goes without a word, as with its process: what it wrote at its end is undone. */
static void die(struct host *h)
{
	char folder[PATH_MAX], name[256];
	struct keptfile kept = journal_bytes(folder, sizeof(folder), name, sizeof(name));

	job_destroy(h->job);
	h->job = NULL;
	keptfile_put_back(folder, name, &kept);
	free(kept.data);
	/* A dead host's stack hangs up for it. */
	(void)h->t->ops->disconnect(h->t);
	h->t->handler = on_alarm;
	h->t->userdata = h;
	h->dead = false;
	(void)h->t->ops->set_alarm(h->t, h->t->ops->now_us(h->t) + 1000000u);
	while (!h->dead)
		assert_true(sd_event_run(h->event, UINT64_MAX) >= 0);
}

static void test_host(void **state)
{
	const unsigned int events = count_events();
	struct known died;
	struct host h;

	(void)state;
	for (unsigned int n = 0; n < PLACES; n++) {
		host_open(&h, NULL);
		host_run(&h, false, event_of(n, events), false);
		assert_true(h.dead);
		die(&h);
		died = *known;
		resume(&h, &died, event_of(n, events));
		host_close(&h);
	}
}

/* --- the host and the device's power */

static void child(unsigned int at)
{
	struct host h;

	host_open(&h, place);
	host_run(&h, false, at, true);
	_exit(1);
}

static void test_both(void **state)
{
	const unsigned int events = count_events();
	struct known died;
	struct host h;
	int status;
	pid_t pid;

	(void)state;
	for (unsigned int n = 0; n < PLACES; n++) {
		keptfile_remove(place);
		(void)fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child(event_of(n, events));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		died = *known;
		host_open(&h, place);
		resume(&h, &died, event_of(n, events));
		host_close(&h);
	}
}

/* --- two programs at once, and no room for a journal */

/* The second is refused by name before it sends anything, and the first goes on. */
static void test_two(void **state)
{
	struct journal j;
	struct host first, second;
	char error[JOURNAL_TEXT_MAX];

	(void)state;
	host_open(&first, NULL);
	host_open(&second, NULL);
	host_run(&first, false, count_events() / 2, false);
	assert_true(first.dead);
	assert_true(journal_is_claimed(place, "24:6F:28:AA:10:01"));
	host_run(&second, false, 0, false);
	assert_int_equal(second.result.outcome, SESSION_IN_USE);
	assert_int_equal(second.result.sent_bytes, 0);
	assert_non_null(strstr(second.result.what, "Another otabench (process "));
	host_close(&second);
	assert_int_equal(journal_find(place, DEVICE, &j, error, sizeof(error)), 0);
	first.die_at = 0;
	first.dead = false;
	host_go(&first);
	assert_int_equal(first.result.outcome, SESSION_CONFIRMED);
	host_close(&first);
	assert_int_equal(journal_find(place, DEVICE, &j, error, sizeof(error)), -OTA_ENOENT);
}

/* The update does not need its journal: it is told once which file cannot be written. */
static void without_journal(const char *why)
{
	struct host h;

	host_open(&h, NULL);
	host_run(&h, false, 0, false);
	assert_int_equal(h.result.outcome, SESSION_CONFIRMED);
	assert_int_equal(h.warnings, 2); /* of the device that was met, and of the journal */
	assert_non_null(strstr(h.warning, why));
	assert_non_null(strstr(h.warning, ".journal: cannot be written: "));
	host_close(&h);
}

static void test_full(void **state)
{
	const struct rlimit none = {0, RLIM_INFINITY};
	struct rlimit before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	without_journal(strerror(EFBIG));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	/* No file is made below a device, whoever asks: as in a folder that may only be read. */
	(void)setenv("XDG_STATE_HOME", "/dev/null/state", 1);
	without_journal(strerror(ENOTDIR));
	(void)setenv("XDG_STATE_HOME", dir, 1);
}

static int setup(void **state)
{
	const struct image_build build = {.version = "2.0.0", .size = SIZE, .seed = 5};
	struct keptfile file;

	(void)state;
	known = mmap(NULL, sizeof(*known), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (known == MAP_FAILED || !mkdtemp(dir))
		return -1;
	(void)setenv("XDG_STATE_HOME", dir, 1);
	(void)setenv("HOME", dir, 1);
	(void)snprintf(image_path, sizeof(image_path), "%s/app.bin", dir);
	(void)snprintf(place, sizeof(place), "%s/boards", dir);
	file.data = imagelib_build(&build, &file.len);
	keptfile_put_back(dir, "app.bin", &file);
	(void)image_read(file.data, file.len, sha256_buffer, &image, &report);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	keptfile_remove(dir);
	free((uint8_t *)(uintptr_t)image.data);
	(void)munmap(known, sizeof(*known));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
