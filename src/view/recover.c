/* SPDX-License-Identifier: Apache-2.0 */
/* See recover.h. */
#include "view/recover.h"

#include "base/command.h"
#include "base/output.h"
#include "host/pdu_text.h"
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
	return holds_session(k) && !k->running && !k->own &&
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
	else if (k->own && holds_session(k) && !(k->have_update && same_image(k)))
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
	char age[40], received[OUTPUT_FIGURE_MAX], hash[16], slot[16];

	if (!k->status_known) {
		if (!k->running)
			say_no_status(dialect_get(k->dialect), m);
		return;
	}
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
}

/* --- what can be done */

/* Letters that move, copy, search or close a menu are taken: g G j k n q y. */
static const struct entry {
	char key;
	const char *title, *verb; /* verb: the command, with what stands before DEV */
	bool device, image; /* what follows the verb */
} entries[] = {
	[RECOVER_RESUME] = {'r', "Reconnect, resume", "resume", true, true},
	[RECOVER_RESTART] = {'s', "Reconnect, restart from 0", "flash --restart", true, true},
	[RECOVER_ABORT] = {'a', "Abort, wait for idle", "cancel", true, false},
	[RECOVER_LOOK] = {'i', "Ask for its state", "info", true, false},
	[RECOVER_CONFIRM] = {'c', "Confirm the running image", "confirm", true, false},
	[RECOVER_ROLLBACK] = {'b', "Roll back", "rollback", true, false},
	[RECOVER_REBOOT] = {'t', "Reboot", "reboot", true, false},
	[RECOVER_PREPARE] = {'e', "Erase the other slot", "prepare", true, false},
	[RECOVER_DISCONNECT] = {'d', "Disconnect", "disconnect", true, false},
	[RECOVER_FORGET] = {'f', "Forget its GATT cache", "forget", true, false},
	[RECOVER_POWER_CYCLE] = {'o', "Power-cycle the adapter", "adapter power-cycle", false,
				 false},
	[RECOVER_BUNDLE] = {'v', "Save a bundle", "info --bundle=DIR", true, false},
	[RECOVER_PAUSE] = {'p', "Pause", NULL, false, false},
	[RECOVER_CANCEL] = {'x', "Cancel", "cancel", true, false},
};

/* A pause is of this program's own run: no other command line reaches it. */
static void put_command(const struct recover_known *k, const struct entry *entry,
			char buf[RECOVER_COMMAND])
{
	struct command c;

	if (!entry->verb) {
		(void)snprintf(buf, RECOVER_COMMAND, ":pause");
		return;
	}
	command_begin(&c, buf, RECOVER_COMMAND);
	command_add(&c, k->options);
	command_add(&c, entry->image && k->sending ? k->sending : "");
	command_add(&c, entry->verb);
	if (entry->device)
		command_word(&c, k->address);
	if (entry->image && k->image[0] != '\0')
		command_file(&c, k->image);
	else if (entry->image)
		command_add(&c, "IMAGE");
	(void)command_end(&c);
}

/* why is NULL where it is possible. */
static void add(const struct recover_known *k, struct recover_menu *m, enum recover_action action,
		const char *effect, const char *why)
{
	const struct entry *entry = &entries[action];
	const size_t i = m->count;

	if (i == RECOVER_CHOICES_MAX)
		return;
	m->count++;
	put_command(k, entry, m->commands[i]);
	(void)snprintf(m->reasons[i], sizeof(m->reasons[i]), "%s", why ? why : effect);
	m->actions[i] = action;
	m->choices[i] = (struct view_choice){entry->key, entry->title, m->reasons[i],
					     m->commands[i], why == NULL};
}

static bool is_known(const struct recover_known *k, uint8_t flag)
{
	return (k->flags_known & flag) != 0;
}

static bool is_set(const struct recover_known *k, uint8_t flag)
{
	return (k->flags_known & k->flags & flag) != 0;
}

#define NO_SERVICE "it has no service for this"
#define UNHEARD "it does not advertise"
#define ASK_FIRST "not known: ask for its state first"

/* Of everything that writes to the device over a link. */
static const char *why_not_write(const struct recover_known *k)
{
	if (k->readonly)
		return "not with --readonly";
	if (k->no_service)
		return NO_SERVICE;
	return k->unheard ? UNHEARD : NULL;
}

static const char *why_not_upload(const struct recover_known *k)
{
	const char *why = why_not_write(k);

	if (why)
		return why;
	if (k->image[0] == '\0')
		return "no image chosen (4, then o)";
	return k->image_refused ? "this image is refused: 4 tells why" : NULL;
}

/* An update from here stopped halfway: the device keeps what it has, unless it lost it since. */
static bool interrupted(const struct recover_known *k)
{
	return k->have_update && !k->ended && k->received > 0 && k->outcome != SESSION_CANCELLED;
}

static const char *why_not_resume(const struct recover_known *k)
{
	const char *why = why_not_upload(k);

	if (why)
		return why;
	if (!dialect_get(k->dialect)->can_resume)
		return dialect_get(k->dialect)->not_offered;
	if (holds_session(k))
		return same_image(k) ? NULL : "it holds part of another image";
	if (is_known(k, OTA_INFO_RESUMABLE))
		return is_set(k, OTA_INFO_RESUMABLE) ? NULL : "it has nothing to resume";
	return interrupted(k) ? NULL : ASK_FIRST;
}

static const char *why_not_command(const struct recover_known *k)
{
	const char *why = why_not_write(k);

	if (why)
		return why;
	return dialect_get(k->dialect)->can_rollback ? NULL : dialect_get(k->dialect)->not_offered;
}

/* Of a command that needs a flag; without: what its absence means. */
static const char *why_not_flag(const struct recover_known *k, uint8_t flag, const char *without)
{
	const char *why = why_not_command(k);

	if (why)
		return why;
	if (!is_known(k, flag))
		return ASK_FIRST;
	return is_set(k, flag) ? NULL : without;
}

static const char *why_not_abort(const struct recover_known *k)
{
	const char *why = why_not_write(k);

	if (why || holds_session(k))
		return why;
	return is_known(k, OTA_INFO_RESUMABLE) && !is_set(k, OTA_INFO_RESUMABLE)
		       ? "no update is in progress on it"
		       : NULL;
}

/* Where the device would refuse it: its other slot is needed. */
static const char *why_not_prepare(const struct recover_known *k)
{
	const char *why = why_not_command(k);

	if (why)
		return why;
	if (is_set(k, OTA_INFO_PENDING_VERIFY))
		return "the running image is on trial";
	return is_set(k, OTA_INFO_RESUMABLE) || holds_session(k) ? "an update can be resumed"
								 : NULL;
}

static void add_stack(const struct recover_known *k, struct recover_menu *m)
{
	const char *why = !k->stack_keeps ? "not on this transport"
			  : k->readonly	  ? "not with --readonly"
					  : NULL;

	add(k, m, RECOVER_DISCONNECT, "ends another program's link to it", why);
	add(k, m, RECOVER_FORGET, "services discovered again; bond lost", why);
	add(k, m, RECOVER_POWER_CYCLE, "drops every link through it", why);
}

static void add_idle(const struct recover_known *k, struct recover_menu *m)
{
	char effect[64] = "resumes where it stopped", at[OUTPUT_FIGURE_MAX];

	if (holds_session(k))
		(void)snprintf(effect, sizeof(effect), "resumes at %s",
			       output_bytes(k->status.flushed, at, sizeof(at)));
	add(k, m, RECOVER_RESUME, effect, why_not_resume(k));
	add(k, m, RECOVER_RESTART, "sends everything again", why_not_upload(k));
	add(k, m, RECOVER_ABORT, "drops what was received", why_not_abort(k));
	add(k, m, RECOVER_LOOK, k->unheard ? "waits until it advertises" : "changes nothing", NULL);
	add(k, m, RECOVER_CONFIRM, "ends its trial",
	    why_not_flag(k, OTA_INFO_PENDING_VERIFY, "it is not on trial"));
	add(k, m, RECOVER_ROLLBACK, "boots the image in the other slot",
	    why_not_flag(k, OTA_INFO_CAN_ROLLBACK, "no other image to boot"));
	add(k, m, RECOVER_REBOOT, "restarts, keeps what it has", why_not_command(k));
	add(k, m, RECOVER_PREPARE, "nothing is left to roll back to", why_not_prepare(k));
	add_stack(k, m);
	add(k, m, RECOVER_BUNDLE, "log, profile, link, in a folder", NULL);
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
	add(k, m, RECOVER_PAUSE, "the link stays, nothing is lost", NULL);
	if (k->hold)
		m->choices[0].title = "Continue";
	add(k, m, RECOVER_CANCEL, "it becomes idle; its firmware stays", NULL);
	add(k, m, RECOVER_BUNDLE, "log, profile, link, in a folder", NULL);
}

/* If all was sent, or nothing is known, the device tells more than this program knows. */
static enum recover_action first_action(const struct recover_known *k)
{
	if (k->running)
		return RECOVER_PAUSE;
	if (is_set(k, OTA_INFO_PENDING_VERIFY))
		return RECOVER_CONFIRM;
	if (k->have_update ? k->outcome == SESSION_CONFIRMED || k->ended : !k->status_known)
		return RECOVER_LOOK;
	return RECOVER_RESUME;
}

size_t recover_first(const struct recover_known *k, const struct recover_menu *m)
{
	const enum recover_action wanted = first_action(k);
	size_t first = 0;

	for (size_t i = 0; i < m->count; i++) {
		if (m->actions[i] == wanted && m->choices[i].possible)
			return i;
	}
	while (first + 1 < m->count && !m->choices[first].possible)
		first++;
	return first;
}

bool recover_at_once(enum recover_action action)
{
	switch (action) {
	case RECOVER_LOOK:
	case RECOVER_BUNDLE:
	case RECOVER_PAUSE:
		return true;
	case RECOVER_RESUME:
	case RECOVER_RESTART:
	case RECOVER_ABORT:
	case RECOVER_CONFIRM:
	case RECOVER_ROLLBACK:
	case RECOVER_REBOOT:
	case RECOVER_PREPARE:
	case RECOVER_DISCONNECT:
	case RECOVER_FORGET:
	case RECOVER_POWER_CYCLE:
	case RECOVER_CANCEL:
		break;
	}
	return false;
}
