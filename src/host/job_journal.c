/* SPDX-License-Identifier: Apache-2.0 */
/* When a job writes its journal, and what its end makes of it. */
#include "config.h" /* system extensions: realpath() */

#include "host/job_priv.h"

#include "host/journal_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A state is written after such a share of the image: then the percentage that a start tells is
 * right within five, and no block that the device keeps a record of is missed. */
#define STEP_SHARE 20u
#define STEP_MAX 65536u

static void tell(struct job *job, const char *error)
{
	char text[JOURNAL_TEXT_MAX + 128];

	if (error[0] == '\0' || !job->listener.warned)
		return;
	(void)snprintf(text, sizeof(text),
		       "if this program dies, the next one does not know how far this update came: "
		       "%s",
		       error);
	job->listener.warned(job->listener.userdata, text);
}

static void describe(const struct job *job, struct journal *ret)
{
	const struct job_config *c = &job->config;
	struct journal_image *i = &ret->images[0];

	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->place, sizeof(ret->place), "%s", c->place);
	memcpy(ret->address, job->address, sizeof(ret->address));
	(void)snprintf(ret->name, sizeof(ret->name), "%s", job->name);
	memcpy(i->sha256, c->image->sha256, sizeof(i->sha256));
	i->size = (uint32_t)c->image->size;
	i->no_confirm = c->no_confirm;
	i->forced = c->forced;
	/* If the image has no file, as one from a pipe, its hash still says which image it was. */
	if (!c->image_name || !realpath(c->image_name, i->path))
		(void)snprintf(i->path, sizeof(i->path), "/");
	ret->count = 1;
}

int job_journal_claim(struct job *job)
{
	char error[JOURNAL_TEXT_MAX] = "";
	struct journal *first;
	int r;

	if (!job->config.place || job->config.recorded || job->config.goal != SESSION_UPDATE ||
	    job->journal)
		return 0;
	first = calloc(1, sizeof(*first));
	if (!first)
		return -OTA_ENOMEM;
	describe(job, first);
	r = journal_begin(first, &job->journal, error, sizeof(error));
	free(first);
	if (r == -OTA_EBUSY)
		(void)snprintf(job->claimed, sizeof(job->claimed), "%.200s", error);
	else
		tell(job, error);
	return r;
}

void job_journal_see(struct job *job)
{
	const struct session *s = &job->session;
	struct session_stats image = s->stats;
	const struct session_stats *st = &image;
	const uint32_t share = job->session_config.image_size / STEP_SHARE;
	const uint32_t step = share < STEP_MAX ? share : STEP_MAX;
	char error[JOURNAL_TEXT_MAX];

	if (!job->journal)
		return;
	job_stream_stats(job, &image);
	journal_warning(job->journal, error, sizeof(error));
	tell(job, error);
	if (!s->begun || (job->journal_ready && s->ended == job->journal_ended &&
			  st->received < job->journal_next && st->received >= job->journal_last))
		return;
	job->journal_ready = true;
	job->journal_ended = s->ended;
	job->journal_last = st->received;
	job->journal_next = st->received + step;
	journal_progress(job->journal, st->received, st->flushed, s->ended, true);
}

/* The journal's end, by what the device still holds for a later run. */
static enum journal_end left_of(const struct job *job)
{
	const enum job_rest rest = job_rest(&job->result);

	if (rest == JOB_REST_SETTLED || rest == JOB_REST_RUNS || rest == JOB_REST_NOTHING)
		return JOURNAL_OVER;
	/* The latest link may have ended before READY, and the journal of before it holds. */
	return job->session.begun ? JOURNAL_STOPPED : JOURNAL_UNTOUCHED;
}

static void finish(struct job *job, enum journal_end how)
{
	char error[JOURNAL_TEXT_MAX];

	journal_end(job->journal, how, job->result.outcome, error, sizeof(error));
	job->journal = NULL;
	tell(job, error);
}

void job_journal_end(struct job *job)
{
	struct session_stats st = job->session.stats;

	if (!job->journal)
		return;
	job_stream_stats(job, &st);
	if (job->session.begun)
		journal_progress(job->journal, st.received, st.flushed, job->session.ended, true);
	finish(job, left_of(job));
}

void job_journal_leave(struct job *job)
{
	if (job->journal)
		finish(job, job->session.begun ? JOURNAL_LEFT : JOURNAL_UNTOUCHED);
}

/* --- what devices say of themselves */

static bool contradicts(const struct job *job, const struct journal *j)
{
	const struct journal_image *i = &j->images[0];
	const struct session *s = &job->session;
	const struct ota_status *status = &s->stats.status;

	if (job->config.goal == SESSION_COMMAND && job->config.command == OTA_CMD_ABORT)
		return true; /* the user gave it up */
	if (!s->have_info || !s->stats.status_known)
		return false;
	if (status->state != OTA_STATE_IDLE)
		return status->state == OTA_STATE_SUSPENDED && !journal_image_of(j, status->hash);
	if ((status->flags & OTA_INFO_PENDING_VERIFY) != 0)
		return false;
	/* The device runs the image for good, or has lost the part that it must have had. */
	return memcmp(s->info.running_sha256, i->sha256, sizeof(i->sha256)) == 0 ||
	       (!(status->flags & OTA_INFO_RESUMABLE) && journal_expects_part(i));
}

void job_journal_heard(struct job *job)
{
	const struct job_config *c = &job->config;
	struct journal *j;
	char error[JOURNAL_TEXT_MAX];
	int claim;

	if (!c->place || c->recorded || job->result.outcome != SESSION_ANSWERED ||
	    (c->goal != SESSION_LOOK && c->goal != SESSION_COMMAND))
		return;
	j = calloc(1, sizeof(*j));
	if (j && journal_load(c->place, job->address, j, error, sizeof(error)) == 0 &&
	    contradicts(job, j) && (claim = journal_lock(c->place, job->address)) >= 0) {
		journal_drop(c->place, job->address);
		(void)close(claim);
	}
	free(j);
}
