/* SPDX-License-Identifier: Apache-2.0 */
/* See historylib.h. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "historylib.h"
#include "imagelib.h"
#include "testlib.h"
#include "transport/fault.h"
#include "base/sha256.h"
#include "sim/sim.h"

#include <stdlib.h>

#include <sqlite3.h>

static void on_warning(void *userdata, const char *text)
{
	struct play *play = userdata;

	play->warnings++;
	(void)snprintf(play->warning, sizeof(play->warning), "%s", text);
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct play *play = userdata;

	play->heard_finished++;
	play->finished = true;
	play->result = *result;
}

static void on_state(void *userdata, enum session_state from, enum session_state to)
{
	(void)from;
	(void)to;
	((struct play *)userdata)->heard_states++;
}

static void on_tuned(void *userdata, enum job_tunable what, uint32_t value)
{
	(void)what;
	(void)value;
	((struct play *)userdata)->heard_tuned++;
}

static void on_progress(void *userdata)
{
	((struct play *)userdata)->heard_progress++;
}

/* The world; faults around *t where there are any, inside is then the simulator. */
static struct transport *open_world(const struct play *play, sd_event *event,
				    struct transport **ret_inside)
{
	const struct sim_config config = {
		.kind.devices = 1,
		.kind.chip_all = true,
		.kind.chip_id = play->chip_id,
		.kind.flash_mode = play->flash_mode,
		.kind.dialect = ESP_FULL,
		.kind.dialect_all = true,
		.kind.rssi = play->rssi,
		.kind.seed = 1,
	};
	struct fault_spec fault;
	struct transport *t;
	char why[256];

	assert_int_equal(sim_create(event, &config, &t, why, sizeof(why)), 0);
	*ret_inside = t;
	if (!play->fault)
		return t;
	assert_int_equal(fault_parse(play->fault, &fault, why, sizeof(why)), 0);
	assert_int_equal(fault_wrap(t, &fault, 1, 1, &t), 0);
	return t;
}

static void drive(struct play *play, struct job *job, struct transport *world)
{
	bool due = play->then != NULL;
	struct job_snapshot now;

	job_start(job);
	while (!play->finished) {
		sim_wait(world);
		assert_true(sched_step(sim_sched(world)));
		if (!due)
			continue;
		job_snapshot(job, &now);
		if (now.stats.received < play->at)
			continue;
		due = false;
		if (!play->then(play, job))
			return;
	}
}

void play_settings(const char *set, struct profile *profile)
{
	struct setting_errors errors;
	const char *one[16];
	char *words, *rest;
	size_t n = 0;

	if (!set)
		return;
	words = strdup(set);
	assert_non_null(words);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(n < sizeof(one) / sizeof(one[0]));
		one[n++] = word;
	}
	if (profile_set(profile, one, n, "test", &errors))
		fail_msg("%s", set);
	free(words);
}

void play_run(struct play *play)
{
	const struct job_listener listener = {
		.userdata = play,
		.state = on_state,
		.finished = on_finished,
		.tuned = on_tuned,
		.progress = on_progress,
	};
	struct profile saved;
	const struct recorder_config record = {
		.off = play->off,
		.path = play->path,
		.options = play->options,
		.image_path = play->image_path,
		.saved = &saved,
		.warn = on_warning,
		.userdata = play,
	};
	const struct image_build build = {.size = play->size ? play->size : 60000,
					  .version = play->version,
					  .chip_id = play->chip_id};
	struct job_config config = {.device = PLAY_DEVICE};
	struct transport *t, *inside;
	struct lint_report report;
	struct recorder *recorder;
	struct profile profile;
	struct image image;
	struct job *job;
	sd_event *event;
	uint8_t *bytes;
	size_t size;

	play->finished = false;
	profile_defaults(&profile);
	profile_defaults(&saved);
	play_settings(play->set, &profile);
	bytes = imagelib_build(&build, &size);
	(void)image_read(bytes, size, sha256_buffer, &image, &report);
	config.profile = &profile;
	config.goal = play->measure ? SESSION_MEASURE : SESSION_UPDATE;
	config.image = play->measure ? NULL : &image;
	config.report = &report;
	config.bytes = play->measure ? build.size : 0;
	assert_true(sd_event_new(&event) >= 0);
	t = open_world(play, event, &inside);
	assert_int_equal(recorder_job_create(&record, t, &config, &listener, &job, &recorder), 0);
	drive(play, job, inside);
	job_destroy(job);
	recorder_finish(recorder);
	t->ops->destroy(t);
	sd_event_unref(event);
	free(bytes);
}

pid_t play_fork(struct play *play)
{
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child > 0)
		return child;
	play_run(play);
	_exit(0);
}

/* --- a folder for a history */

int history_place_make(struct history_place *place, const char *file)
{
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/otabench-history-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	(void)snprintf(place->path, sizeof(place->path), "%s/%s", place->folder, file);
	return 0;
}

int history_place_remove(const struct history_place *place)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", place->folder,
		       place->folder);
	return system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c): our own words */
}

struct history *history_place_open(const struct history_place *place)
{
	struct history *history = NULL;
	char why[512] = "";

	if (history_open(place->path, &history, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	return history;
}

size_t history_place_runs(const struct history_place *place, struct history_run *ret_newest)
{
	struct history *h = history_place_open(place);
	struct history_run *runs;
	size_t count;

	memset(ret_newest, 0, sizeof(*ret_newest));
	assert_int_equal(history_list(h, 1000, &runs, &count), 0);
	if (count > 0)
		*ret_newest = runs[0];
	free(runs);
	history_close(h);
	return count;
}

void history_place_sql(const struct history_place *place, const char *text)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
