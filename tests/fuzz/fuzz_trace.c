/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace reader: any file is played or refused with a line; and then run to its end, by
 * an event loop and, where it holds a run, by the job that it describes.
 */
#include "config.h" /* system extensions: fmemopen() */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/replay.h"
#include "transport/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *userdata, const struct transport_event *event)
{
	volatile uint8_t sink = 0;

	(void)userdata;
	for (size_t i = 0; event->data && i < event->len; i++)
		sink ^= event->data[i];
	if (event->adv)
		for (const char *c = event->adv->name; *c; c++)
			sink ^= (uint8_t)*c;
}

static void replay_runs_of(FILE *file)
{
	struct job_snapshot now;
	struct replay *r = NULL;
	char text[300];

	rewind(file);
	if (replay_open_stream(file, "fuzz", &r, text, sizeof(text)) < 0)
		return;
	for (size_t i = 0; i < replay_runs(r) && i < 4; i++) {
		if (replay_begin(r, i, NULL) < 0)
			continue;
		while (replay_step(r) == REPLAY_PLAYING)
			;
		job_snapshot(replay_job(r), &now);
		replay_explain(r, text, sizeof(text));
	}
	replay_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)data, size, "r") : NULL;
	struct transport *t = NULL;
	sd_event *event = NULL;
	unsigned int line;

	if (!file)
		return 0;
	if (sd_event_new(&event) >= 0 && trace_replay_stream(event, file, &t, &line) == 0) {
		t->handler = ignore;
		while (sd_event_run(event, 0) > 0)
			;
		t->ops->destroy(t);
	}
	sd_event_unref(event);
	replay_runs_of(file);
	fclose(file);
	return 0;
}
