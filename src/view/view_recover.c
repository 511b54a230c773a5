/* SPDX-License-Identifier: Apache-2.0 */
/* See view_recover.h. */
#include "view/view_recover.h"

#include "base/output.h"
#include "host/pdu_text.h"
#include "view/view_history.h"

#include <string.h>

#define TREND_MS 4000u /* what counts as the end */
#define FALL_DB 8 /* more than a link that stands still changes by */
#define WEAK_DBM (-85) /* most receivers lose packets from about here on */

/* --- what happened */

static bool same_image(const struct recover_known *k)
{
	return k->image_sha256 &&
	       memcmp(k->status.hash, k->image_sha256, sizeof(k->status.hash)) == 0;
}

static char *hash_text(const struct ota_status *s, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%02x%02x%02x%02x", s->hash[0], s->hash[1], s->hash[2],
		       s->hash[3]);
	return buf;
}

static char *next_fact(struct recover_menu *m)
{
	return m->facts[m->fact_count < RECOVER_FACTS_MAX - 1 ? m->fact_count++
							      : RECOVER_FACTS_MAX - 1];
}

static void say_what(const struct recover_known *k, struct recover_menu *m)
{
	char *fact = next_fact(m);
	char hash[16];

	if (k->asking)
		(void)snprintf(fact, VIEW_TEXT, "Asking the device what it is at: %s", k->running);
	else if (k->running)
		(void)snprintf(fact, VIEW_TEXT, "Under way: %s%s", k->running,
			       k->hold ? ", paused" : "");
	else if (recover_foreign(k) && k->status.state == OTA_STATE_SUSPENDED)
		(void)snprintf(fact, VIEW_TEXT,
			       "Another host left an update of image %s here, unfinished",
			       hash_text(&k->status, hash, sizeof(hash)));
	else if (recover_foreign(k))
		(void)snprintf(fact, VIEW_TEXT, "Another host is updating it now: image %s, %s",
			       hash_text(&k->status, hash, sizeof(hash)),
			       ota_state_name(k->status.state));
	else if (k->own && k->status.state != OTA_STATE_IDLE && !(k->have_update && same_image(k)))
		(void)snprintf(fact, VIEW_TEXT, "%s", k->own);
	else if (k->have_update)
		(void)snprintf(fact, VIEW_TEXT, "%s: %.200s", session_outcome_name(k->outcome),
			       k->what);
	else if (k->no_service)
		(void)snprintf(fact, VIEW_TEXT, "It has no update service that otabench speaks");
	else
		(void)snprintf(fact, VIEW_TEXT, "No update was attempted from here");
}

/* The mean of the samples from one up to another that are known; false: there are none. */
static bool mean_of(const struct recover_known *k, size_t from, size_t to, int *ret)
{
	int sum = 0, n = 0;

	for (size_t i = from; i < to; i++) {
		if (k->rssi[i] == PLOT_NONE)
			continue;
		sum += k->rssi[i];
		n++;
	}
	if (n == 0)
		return false;
	*ret = (sum - n / 2) / n;
	return true;
}

static void say_signal(const struct recover_known *k, struct recover_menu *m)
{
	const size_t recent = k->rssi_ms > 0 ? TREND_MS / k->rssi_ms : 0;
	size_t end = k->rssi_count, last;
	int before, now;

	while (end > 0 && k->rssi[end - 1] == PLOT_NONE)
		end--;
	if (end == 0)
		return;
	last = end - 1;
	now = k->rssi[last];
	if (end <= recent || !mean_of(k, 0, end - recent, &before)) {
		(void)snprintf(next_fact(m), VIEW_TEXT, "signal: %d dBm at the end%s", now,
			       now <= WEAK_DBM ? ", which is weak" : "");
		return;
	}
	if (now <= before - FALL_DB)
		(void)snprintf(next_fact(m), VIEW_TEXT,
			       "signal: fell from %d to %d dBm in the last %u s", before, now,
			       TREND_MS / 1000u);
	else
		(void)snprintf(next_fact(m), VIEW_TEXT, "signal: %s at %d dBm%s",
			       now >= before + FALL_DB ? "rising" : "steady", now,
			       now <= WEAK_DBM ? ", which is weak" : ": not the distance");
}

/* True if the new image got to the device: whatever came of it, nobody may call what runs
 * untouched. */
static bool replaced(const struct recover_known *k)
{
	return k->have_update && k->ended;
}

static void say_figures(const struct recover_known *k, struct recover_menu *m)
{
	char received[OUTPUT_FIGURE_MAX], flushed[OUTPUT_FIGURE_MAX], total[OUTPUT_FIGURE_MAX];

	if (!k->have_update || k->total == 0)
		return;
	(void)snprintf(next_fact(m), VIEW_TEXT, "received %s, flushed %s of %s%s",
		       output_bytes(k->received, received, sizeof(received)),
		       output_bytes(k->flushed, flushed, sizeof(flushed)),
		       output_bytes(k->total, total, sizeof(total)),
		       replaced(k) ? "" : "; running slot untouched");
}

static char *age_text(uint64_t age_us, char *buf, size_t size)
{
	char time[24];

	if (age_us < 2000000u)
		(void)snprintf(buf, size, "just now");
	else
		(void)snprintf(buf, size, "%s ago", view_duration(age_us, time, sizeof(time)));
	return buf;
}

static void say_no_status(const struct dialect *dialect, struct recover_menu *m)
{
	if (dialect->has_status)
		(void)snprintf(next_fact(m), VIEW_TEXT, "STATUS: not read since");
	else
		(void)snprintf(next_fact(m), VIEW_TEXT, "STATUS: not in the %s dialect",
			       dialect->name);
}

/* Says what is known of a question that was asked while a job is under way. */
static void say_question(const struct recover_known *k, struct recover_menu *m)
{
	const struct dialect *dialect = dialect_get(k->dialect);
	char age[40];

	if (k->asked)
		(void)snprintf(next_fact(m), VIEW_TEXT, "STATUS: asked %s, no answer yet",
			       age_text(k->asked_age_us, age, sizeof(age)));
	else if (!k->linked)
		(void)snprintf(next_fact(m), VIEW_TEXT, "STATUS: there is no link to ask over");
	else if (!dialect->has_status)
		say_no_status(dialect, m);
}

/* "slot 1", "factory" */
static char *slot_text(uint8_t slot, char *buf, size_t size)
{
	char name[8];

	(void)pdu_text_slot(slot, name, sizeof(name));
	(void)snprintf(buf, size, "%s%s", slot == PDU_TEXT_FACTORY ? "" : "slot ", name);
	return buf;
}

static void say_status(const struct recover_known *k, struct recover_menu *m)
{
	const struct ota_status *s = &k->status;
	char age[40], received[OUTPUT_FIGURE_MAX], hash[16], slot[16], resets[80];

	if (k->running)
		say_question(k, m);
	else if (!k->status_known)
		say_no_status(dialect_get(k->dialect), m);
	if (!k->status_known)
		return;
	(void)age_text(k->status_age_us, age, sizeof(age));
	if (s->state == OTA_STATE_IDLE)
		(void)snprintf(next_fact(m), VIEW_TEXT, "STATUS %s: idle, %s runs%s%s", age,
			       slot_text(s->slot, slot, sizeof(slot)),
			       s->flags & OTA_INFO_PENDING_VERIFY ? ", image on trial" : "",
			       s->flags & OTA_INFO_RESUMABLE ? ", resumable" : "");
	else
		(void)snprintf(next_fact(m), VIEW_TEXT, "STATUS %s: %s at %s of %s (%s), %s runs",
			       age, ota_state_name(s->state),
			       output_bytes(s->flushed, received, sizeof(received)),
			       hash_text(s, hash, sizeof(hash)),
			       same_image(k)	 ? "chosen"
			       : k->image_sha256 ? "not chosen"
						 : "none chosen",
			       slot_text(s->slot, slot, sizeof(slot)));
	if (s->last_error != OTA_OK)
		(void)snprintf(next_fact(m), VIEW_TEXT, "last error: %s",
			       ota_code_text(s->last_error));
	(void)pdu_text_resets(s->reset_reason, s->resets, s->panics, resets, sizeof(resets));
	if (s->resets > 0)
		(void)snprintf(next_fact(m), VIEW_TEXT, "last reset: %s", resets);
}

/* The same words as in a log and in JSON. */
static void say_cause(const struct recover_known *k, struct recover_menu *m)
{
	const struct diagnosis *d = k->cause;

	if (!d || d->cause == DIAGNOSIS_NONE)
		return;
	(void)diagnosis_line(d, next_fact(m), VIEW_TEXT);
	if (diagnosis_cure(d->cause)[0] != '\0') {
		char cure[VIEW_TEXT - 8u];

		(void)snprintf(next_fact(m), VIEW_TEXT, "cure: %s",
			       diagnosis_cure_text(d, cure, sizeof(cure)));
	}
}

/* --- what can be done */

void view_recover_fill(const struct recover_known *k, struct recover_menu *m)
{
	memset(m, 0, sizeof(*m));
	m->what = k->running	   ? CELLS_NORMAL
		  : k->have_update ? view_outcome_style(k->outcome)
				   : CELLS_NORMAL;
	say_what(k, m);
	if (!k->asking)
		say_status(k, m);
	if (k->have_update || (k->running && !k->asking))
		say_figures(k, m);
	if (!k->asking)
		say_cause(k, m);
	if (k->have_update && !replaced(k))
		say_signal(k, m);
	recover_list(k, &m->list);
	for (size_t i = 0; i < m->list.count; i++) {
		const struct recover_choice *c = &m->list.at[i];

		m->choices[i] =
			(struct view_choice){c->key, c->title, c->effect, c->command, c->possible};
	}
}
