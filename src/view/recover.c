/* SPDX-License-Identifier: Apache-2.0 */
/* See recover.h. */
#include "view/recover.h"

#include "base/command.h"
#include "base/output.h"
#include "view/view_history.h"

#include <string.h>

#define TREND_MS 4000u /* what counts as the end */
#define FALL_DB 8 /* more than a link that stands still changes by */
#define WEAK_DBM (-85) /* most receivers lose packets from about here on */

/* --- what happened */

static bool holds_session(const struct recover_known *k)
{
	return k->status_known && k->status.state != OTA_STATE_IDLE;
}

static bool same_image(const struct recover_known *k)
{
	return k->image_sha256 &&
	       memcmp(k->status.hash, k->image_sha256, sizeof(k->status.hash)) == 0;
}

bool recover_foreign(const struct recover_known *k)
{
	return holds_session(k) && !k->running &&
	       !(k->have_update && (same_image(k) || !k->image_sha256));
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

	if (k->running)
		(void)snprintf(fact, VIEW_TEXT, "Under way: %s%s", k->running,
			       k->hold ? ", paused by you" : "");
	else if (recover_foreign(k) && k->status.state == OTA_STATE_SUSPENDED)
		(void)snprintf(fact, VIEW_TEXT,
			       "Another host left an update of image %s here, unfinished",
			       hash_text(&k->status, hash, sizeof(hash)));
	else if (recover_foreign(k))
		(void)snprintf(fact, VIEW_TEXT, "Another host is updating it now: image %s, %s",
			       hash_text(&k->status, hash, sizeof(hash)),
			       ota_state_name(k->status.state));
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

static void say_status(const struct recover_known *k, struct recover_menu *m)
{
	const struct ota_status *s = &k->status;
	char age[40], received[OUTPUT_FIGURE_MAX], hash[16];

	if (!k->status_known) {
		if (!k->running)
			say_no_status(dialect_get(k->dialect), m);
		return;
	}
	(void)age_text(k->status_age_us, age, sizeof(age));
	if (s->state == OTA_STATE_IDLE)
		(void)snprintf(next_fact(m), VIEW_TEXT, "STATUS %s: idle, slot %u runs%s%s", age,
			       s->slot,
			       s->flags & OTA_INFO_PENDING_VERIFY ? ", image on trial" : "",
			       s->flags & OTA_INFO_RESUMABLE ? ", resumable" : "");
	else
		(void)snprintf(next_fact(m), VIEW_TEXT,
			       "STATUS %s: %s at %s of %s (%s), slot %u runs", age,
			       ota_state_name(s->state),
			       output_bytes(s->flushed, received, sizeof(received)),
			       hash_text(s, hash, sizeof(hash)),
			       same_image(k)	 ? "chosen"
			       : k->image_sha256 ? "not chosen"
						 : "none chosen",
			       s->slot);
	if (s->last_error != OTA_OK)
		(void)snprintf(next_fact(m), VIEW_TEXT, "last error: %s",
			       ota_code_text(s->last_error));
}

/* --- what can be done */

/* why is NULL where it is possible; verb is the command with what stands before DEV. */
static void add(const struct recover_known *k, struct recover_menu *m, enum recover_action action,
		const char *title, const char *effect, const char *why, const char *verb,
		bool device, bool image)
{
	const size_t i = m->count;
	struct command c;

	if (i == RECOVER_CHOICES_MAX)
		return;
	m->count++;
	command_begin(&c, m->commands[i], sizeof(m->commands[i]));
	command_add(&c, k->options);
	command_add(&c, image && k->sending ? k->sending : "");
	command_add(&c, verb);
	if (device)
		command_word(&c, k->address);
	if (image && k->image[0] != '\0')
		command_file(&c, k->image);
	else if (image)
		command_add(&c, "IMAGE");
	(void)command_end(&c);
	(void)snprintf(m->reasons[i], sizeof(m->reasons[i]), "%s", why ? why : effect);
	m->actions[i] = action;
	m->choices[i] = (struct view_choice){title, m->reasons[i], m->commands[i], why == NULL};
}

static bool flag_is(const struct recover_known *k, uint8_t flag)
{
	return !k->flags_known || (k->flags & flag) != 0; /* not known: the device may be asked */
}

static const char *why_not_write(const struct recover_known *k)
{
	return k->readonly ? "not with --readonly" : NULL;
}

#define NO_SERVICE "it has no service for this"

static const char *why_not_upload(const struct recover_known *k)
{
	if (k->readonly)
		return why_not_write(k);
	if (k->no_service)
		return NO_SERVICE;
	if (k->image[0] == '\0')
		return "no image chosen (4, then o)";
	return k->image_refused ? "this image is refused: 4 tells why" : NULL;
}

static const char *why_not_resume(const struct recover_known *k)
{
	const char *why = why_not_upload(k);

	if (why)
		return why;
	if (!dialect_get(k->dialect)->can_resume)
		return dialect_get(k->dialect)->not_offered;
	if (holds_session(k) && !same_image(k))
		return "it holds part of another image";
	return flag_is(k, OTA_INFO_RESUMABLE) || holds_session(k) ? NULL
								  : "it has nothing to resume";
}

static const char *why_not_command(const struct recover_known *k, bool fits, const char *why)
{
	if (k->readonly)
		return why_not_write(k);
	if (k->no_service)
		return NO_SERVICE;
	if (!dialect_get(k->dialect)->can_rollback)
		return dialect_get(k->dialect)->not_offered;
	return fits ? NULL : why;
}

static void add_stack(const struct recover_known *k, struct recover_menu *m)
{
	const char *why = !k->stack_keeps ? "not on this transport" : why_not_write(k);

	add(k, m, RECOVER_DISCONNECT, "Disconnect", "ends another program's link to it", why,
	    "disconnect", true, false);
	add(k, m, RECOVER_FORGET, "Forget its GATT cache", "services discovered again; bond lost",
	    why, "forget", true, false);
	add(k, m, RECOVER_POWER_CYCLE, "Power-cycle the adapter", "drops every link through it",
	    why, "adapter power-cycle", false, false);
}

static void add_idle(const struct recover_known *k, struct recover_menu *m)
{
	char effect[64] = "resumes where it stopped", at[OUTPUT_FIGURE_MAX];

	if (holds_session(k))
		(void)snprintf(effect, sizeof(effect), "resumes at %s",
			       output_bytes(k->status.flushed, at, sizeof(at)));
	add(k, m, RECOVER_RESUME, "Reconnect, resume", effect, why_not_resume(k), "resume", true,
	    true);
	add(k, m, RECOVER_RESTART, "Reconnect, restart from 0", "sends everything again",
	    why_not_upload(k), "flash --restart", true, true);
	add(k, m, RECOVER_ABORT, "Abort, wait for idle", "drops what was received",
	    k->no_service && !k->readonly ? NO_SERVICE : why_not_write(k), "cancel", true, false);
	add(k, m, RECOVER_LOOK, "Ask for its state", "changes nothing", NULL, "info", true, false);
	add(k, m, RECOVER_CONFIRM, "Confirm the running image", "ends its trial",
	    why_not_command(k, flag_is(k, OTA_INFO_PENDING_VERIFY), "it is not on trial"),
	    "confirm", true, false);
	add(k, m, RECOVER_ROLLBACK, "Roll back", "boots the image in the other slot",
	    why_not_command(k, flag_is(k, OTA_INFO_CAN_ROLLBACK), "no other image to boot"),
	    "rollback", true, false);
	add(k, m, RECOVER_REBOOT, "Reboot", "restarts, keeps what it has",
	    why_not_command(k, true, NULL), "reboot", true, false);
	add_stack(k, m);
	add(k, m, RECOVER_BUNDLE, "Save a bundle", "log, profile, link, in a folder", NULL,
	    "info --bundle=DIR", true, false);
}

void recover_fill(const struct recover_known *k, struct recover_menu *m)
{
	memset(m, 0, sizeof(*m));
	m->what = k->running	   ? CELLS_NORMAL
		  : k->have_update ? view_outcome_style(k->outcome)
				   : CELLS_NORMAL;
	say_what(k, m);
	if (k->have_update || k->running)
		say_figures(k, m);
	if ((k->have_update || k->running) && !replaced(k))
		say_signal(k, m);
	say_status(k, m);
	if (!k->running) {
		add_idle(k, m);
		return;
	}
	add(k, m, RECOVER_PAUSE, k->hold ? "Continue" : "Pause", "the link stays, nothing is lost",
	    NULL, "", false, false);
	/* A pause is of this program's own run: no other command line reaches it. */
	(void)snprintf(m->commands[0], sizeof(m->commands[0]), ":pause");
	add(k, m, RECOVER_CANCEL, "Cancel", "it becomes idle; its firmware stays", NULL, "cancel",
	    true, false);
	add(k, m, RECOVER_BUNDLE, "Save a bundle", "log, profile, link, in a folder", NULL,
	    "info --bundle=DIR", true, false);
}

bool recover_at_once(enum recover_action action)
{
	switch (action) {
	case RECOVER_RESUME:
	case RECOVER_LOOK:
	case RECOVER_BUNDLE:
	case RECOVER_PAUSE:
		return true;
	case RECOVER_RESTART:
	case RECOVER_ABORT:
	case RECOVER_CONFIRM:
	case RECOVER_ROLLBACK:
	case RECOVER_REBOOT:
	case RECOVER_DISCONNECT:
	case RECOVER_FORGET:
	case RECOVER_POWER_CYCLE:
	case RECOVER_CANCEL:
		break;
	}
	return false;
}
