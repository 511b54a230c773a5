/* SPDX-License-Identifier: Apache-2.0 */
/* A file that plays by itself, under an event loop. */
#include "transport/trace_priv.h"
#include "base/file_read.h"
#include "base/os_error.h"

#include <errno.h>

static void replay_end(struct trace_replay *r)
{
	const struct transport_event event = {
		.kind = TRANSPORT_DISCONNECTED,
		.reason = GATT_NO_ADAPTER,
	};

	r->ended = true;
	(void)sd_event_source_set_enabled(r->source, SD_EVENT_OFF);
	trace_replay_emit(r, &event);
}

static int trace_replay_on_turn(sd_event_source *source, void *userdata)
{
	struct trace_replay *r = userdata;
	enum trace_step step;

	(void)source;
	do
		step = trace_step(&r->base);
	while (step == TRACE_PASSED);
	if (step == TRACE_ENDED || step == TRACE_DEPARTED)
		replay_end(r);
	return 0;
}

int trace_replay_stream(sd_event *event, FILE *file, struct transport **ret, unsigned int *ret_line)
{
	struct trace_file *f = NULL;
	struct transport *t = NULL;
	struct trace_replay *r;
	int rc = trace_file_read(file, &f, ret_line);

	if (rc < 0)
		return rc;
	rc = *ret_line > 0 ? -OTA_EBADMSG : trace_play(f, 0, f->count, &t);
	if (rc < 0) {
		trace_file_free(f);
		return rc;
	}
	r = trace_replay_of(t);
	r->own = f;
	r->base.virtual_clock = true;
	r->by_hand = false;
	r->now_us = 0;
	rc = sd_event_add_defer(event, &r->source, trace_replay_on_turn, r);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(r->source, SD_EVENT_ON);
	if (rc >= 0)
		rc = sd_event_source_set_priority(r->source, SD_EVENT_PRIORITY_IDLE);
	if (rc < 0) {
		trace_replay_destroy(t);
		return rc;
	}
	*ret = t;
	return 0;
}

int trace_replay(sd_event *event, const char *path, struct transport **ret, unsigned int *ret_line)
{
	FILE *file = file_read_stream(path);
	int rc;

	*ret_line = 0;
	if (!file)
		return os_error_code(errno);
	rc = trace_replay_stream(event, file, ret, ret_line);
	(void)fclose(file);
	return rc;
}
