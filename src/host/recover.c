/* SPDX-License-Identifier: Apache-2.0 */
/* See recover.h. */
#include "host/recover_priv.h"

#include "base/command.h"
#include "base/output.h"

#include <stdio.h>
#include <string.h>

/* Letters that move, copy, search or close a menu are taken: g G j k n y; q closes. */
static const struct entry {
	char key;
	const char *name, *title, *verb; /* verb: the command, with what stands before DEV */
	bool device, image; /* what follows the verb */
} entries[RECOVER_ACTIONS] = {
	[RECOVER_RESUME] = {'r', "resume", "Reconnect, resume", "resume", true, true},
	[RECOVER_RESTART] = {'s', "restart", "Reconnect, restart from 0", "flash --restart", true,
			     true},
	[RECOVER_ABORT] = {'a', "cancel", "Abort, wait for idle", "cancel", true, false},
	[RECOVER_LOOK] = {'i', "info", "Ask for its state", "info", true, false},
	[RECOVER_CONFIRM] = {'c', "confirm", "Confirm the running image", "confirm", true, false},
	[RECOVER_ROLLBACK] = {'b', "rollback", "Roll back", "rollback", true, false},
	[RECOVER_REBOOT] = {'t', "reboot", "Reboot", "reboot", true, false},
	[RECOVER_PREPARE] = {'e', "prepare", "Erase the other slot", "prepare", true, false},
	[RECOVER_DISCONNECT] = {'d', "disconnect", "Disconnect", "disconnect", true, false},
	[RECOVER_FORGET] = {'f', "forget", "Forget its GATT cache", "forget", true, false},
	[RECOVER_POWER_CYCLE] = {'o', "power-cycle", "Power-cycle the adapter",
				 "adapter power-cycle", false, false},
	[RECOVER_BUNDLE] = {'v', "bundle", "Save a bundle", "info --bundle=DIR", true, false},
	[RECOVER_PAUSE] = {'p', "pause", "Pause", NULL, false, false},
	[RECOVER_CANCEL] = {'x', "cancel", "Cancel", "cancel", true, false},
	[RECOVER_CLOSE] = {'q', "close", "Close", NULL, false, false},
};

const char *recover_action_name(enum recover_action action)
{
	return (unsigned int)action < RECOVER_ACTIONS ? entries[action].name : "";
}

/* --- what is known */

static uint32_t bit(enum recover_action action)
{
	return 1u << (unsigned int)action;
}

bool recover_foreign(const struct recover_known *k)
{
	return recover_holds_session(k) && !k->running && !k->own &&
	       !(k->have_update && (recover_same_image(k) || !k->image_sha256));
}

bool recover_runs_image(const struct recover_known *k)
{
	return k->image_sha256 && k->running_sha256 &&
	       memcmp(k->image_sha256, k->running_sha256, OTA_SHA256_SIZE) == 0;
}

bool recover_wants_answer(const struct recover_known *k)
{
	/* A device whose dialect has no STATUS takes a connection for a sign that its new image
	 * works (docs/protocol.md section 2.1): so one that is not known is not asked by itself. */
	return !k->running && !k->unheard && !k->no_service && !k->status_known &&
	       k->dialect != DIALECT_UNKNOWN && dialect_get(k->dialect)->has_status;
}

/* --- the choices */

static bool is_sending(const struct recover_known *k)
{
	return k->goal == SESSION_UPDATE || k->goal == SESSION_MEASURE;
}

/* A pause, or a question that is ended, is of this program's own run: no other command line
 * reaches it. */
static void put_command(const struct recover_known *k, const struct entry *entry,
			char buf[RECOVER_COMMAND])
{
	struct command c;

	if (!entry->verb || (entry == &entries[RECOVER_CANCEL] && !is_sending(k))) {
		(void)snprintf(buf, RECOVER_COMMAND, "%s", entry->key == 'p' ? ":pause" : "");
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
static void add(const struct recover_known *k, struct recover_list *l, enum recover_action action,
		const char *effect, const char *why)
{
	struct recover_choice *c = &l->at[l->count++];

	c->action = action;
	c->key = entries[action].key;
	c->title = entries[action].title;
	c->possible = why == NULL;
	c->refused = c->possible && (k->tries.refused & bit(action));
	put_command(k, &entries[action], c->command);
	(void)snprintf(c->effect, sizeof(c->effect), "%s%s", c->refused ? "failed just now: " : "",
		       why ? why : effect);
}

static void add_stack(const struct recover_known *k, struct recover_list *l)
{
	const char *why = !k->stack_keeps ? "not on this transport"
			  : k->readonly	  ? "not with --readonly"
					  : NULL;

	add(k, l, RECOVER_DISCONNECT, "ends another program's link to it", why);
	add(k, l, RECOVER_FORGET, "services discovered again; bond lost", why);
	add(k, l, RECOVER_POWER_CYCLE, "drops every link through it", why);
}

static void add_idle(const struct recover_known *k, struct recover_list *l)
{
	char effect[64] = "resumes where it stopped", at[OUTPUT_FIGURE_MAX];

	if (recover_holds_session(k))
		(void)snprintf(effect, sizeof(effect), "resumes at %s",
			       output_bytes(k->status.flushed, at, sizeof(at)));
	add(k, l, RECOVER_RESUME, effect, recover_why_not_resume(k));
	add(k, l, RECOVER_RESTART, "sends everything again", recover_why_not_upload(k));
	add(k, l, RECOVER_ABORT, "drops what was received", recover_why_not_abort(k));
	add(k, l, RECOVER_LOOK, k->unheard ? "waits until it advertises" : "changes nothing", NULL);
	add(k, l, RECOVER_CONFIRM, "ends its trial",
	    recover_why_not_flag(k, OTA_INFO_PENDING_VERIFY, "it is not on trial"));
	add(k, l, RECOVER_ROLLBACK, "boots the image in the other slot",
	    recover_why_not_flag(k, OTA_INFO_CAN_ROLLBACK, "no other image to boot"));
	add(k, l, RECOVER_REBOOT, "restarts, keeps what it has", recover_why_not_command(k));
	add(k, l, RECOVER_PREPARE, "nothing is left to roll back to", recover_why_not_prepare(k));
	add_stack(k, l);
}

static const char *cancel_effect(const struct recover_known *k)
{
	if (k->asking || k->goal == SESSION_LOOK)
		return "ends the question";
	return is_sending(k) ? "it becomes idle; its firmware stays"
			     : "what was written to it is not taken back";
}

static void add_running(const struct recover_known *k, struct recover_list *l)
{
	if (!k->asking && is_sending(k)) {
		add(k, l, RECOVER_PAUSE,
		    k->hold ? "sends again" : "the link stays, nothing is lost",
		    recover_why_not_pause(k));
		if (k->hold)
			l->at[l->count - 1].title = "Continue";
	}
	add(k, l, RECOVER_CANCEL, cancel_effect(k), recover_why_not_cancel(k));
}

/* --- what comes first */

static const struct recover_choice *choice_of(const struct recover_list *l,
					      enum recover_action action)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->at[i].action == action)
			return &l->at[i];
	}
	return NULL;
}

static bool may_advise(const struct recover_known *k, const struct recover_list *l,
		       enum recover_action action)
{
	const struct recover_choice *c = choice_of(l, action);

	return c && c->possible && !(k->tries.tried & bit(action));
}

/* The host's own step that is needed before the device can be reached, or written to, at all. */
static enum recover_action of_cure(enum diagnosis_verb cure)
{
	switch (cure) {
	case DIAGNOSIS_DO_FORGET:
		return RECOVER_FORGET;
	case DIAGNOSIS_DO_DISCONNECT:
		return RECOVER_DISCONNECT;
	case DIAGNOSIS_DO_NOTHING:
	case DIAGNOSIS_DO_RESUME:
	case DIAGNOSIS_DO_FLASH:
	case DIAGNOSIS_DO_CONFIRM:
	case DIAGNOSIS_DO_INFO:
	case DIAGNOSIS_DO_SCAN:
	case DIAGNOSIS_DO_DOCTOR:
		break;
	}
	return RECOVER_CLOSE;
}

/* An update from here that did not do what was wanted: the image does not run. */
static bool failed(const struct recover_known *k)
{
	if (!k->have_update || recover_runs_image(k))
		return false;
	switch (k->outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
	case SESSION_DELIVERED:
	case SESSION_ALREADY_RUNNING:
	case SESSION_REFUSED:
	case SESSION_CANCELLED:
	case SESSION_ROLLED_BACK: /* sent once more it would not start either */
		return false;
	default:
		return true;
	}
}

/* Most of what the device knows is worth more than what this program remembers of it. */
static bool wants_look(const struct recover_known *k)
{
	if (k->no_service)
		return false;
	return k->dialect == DIALECT_UNKNOWN || k->unheard ||
	       (!k->status_known && dialect_get(k->dialect)->has_status);
}

/* CLOSE: nothing. */
static enum recover_action advised(const struct recover_known *k, const struct recover_list *l)
{
	const enum recover_action cure = of_cure(k->cure);
	const bool part = recover_holds_session(k)
				  ? k->status.state == OTA_STATE_SUSPENDED
				  : recover_has(k, OTA_INFO_RESUMABLE) || recover_interrupted(k);

	if (cure != RECOVER_CLOSE && may_advise(k, l, cure))
		return cure;
	if (recover_has(k, OTA_INFO_PENDING_VERIFY) && may_advise(k, l, RECOVER_CONFIRM))
		return RECOVER_CONFIRM;
	if (part && !wants_look(k) && may_advise(k, l, RECOVER_RESUME))
		return RECOVER_RESUME;
	if (wants_look(k) && may_advise(k, l, RECOVER_LOOK))
		return RECOVER_LOOK;
	if (part && may_advise(k, l, RECOVER_RESUME))
		return RECOVER_RESUME;
	/* This menu drops no part that another host left, or this user with another image. */
	if (part && (recover_foreign(k) || k->own) && !recover_same_image(k))
		return RECOVER_CLOSE;
	if (wants_look(k)) /* it did not answer: nothing tells that a part of it is at fault */
		return RECOVER_CLOSE;
	if ((failed(k) || part) && may_advise(k, l, RECOVER_RESTART))
		return RECOVER_RESTART;
	return part && may_advise(k, l, RECOVER_ABORT) ? RECOVER_ABORT : RECOVER_CLOSE;
}

static const char *why_close(const struct recover_known *k)
{
	if (k->unheard || wants_look(k))
		return "nothing more can be done from here";
	if (k->no_service)
		return "nothing can be done from here";
	if ((recover_foreign(k) || (k->own && !recover_same_image(k))) &&
	    k->status.state == OTA_STATE_SUSPENDED)
		return "choose its image to resume it, or abort it";
	if (recover_holds_session(k) && k->status.state != OTA_STATE_SUSPENDED)
		return "it is busy: ask again later";
	return failed(k) ? "what fits was tried" : "nothing is left to do";
}

/* Lower comes first. */
static int rank(const struct recover_choice *c, enum recover_action first)
{
	if (c->action == first)
		return 0;
	return !c->possible ? 3 : c->refused ? 2 : 1;
}

/* Stable, so that what stays possible stays where it was. */
static void put_in_order(struct recover_list *l, enum recover_action first)
{
	for (size_t i = 1; i < l->count; i++) {
		for (size_t at = i; at > 0 && rank(&l->at[at], first) < rank(&l->at[at - 1], first);
		     at--) {
			const struct recover_choice c = l->at[at];

			l->at[at] = l->at[at - 1];
			l->at[at - 1] = c;
		}
	}
}

void recover_list(const struct recover_known *k, struct recover_list *l)
{
	enum recover_action first;

	memset(l, 0, sizeof(*l));
	if (k->running)
		add_running(k, l);
	else
		add_idle(k, l);
	if (k->on_screen)
		add(k, l, RECOVER_BUNDLE, "log, profile, link, in a folder", NULL);
	first = k->running ? RECOVER_CLOSE : advised(k, l);
	l->advised = first != RECOVER_CLOSE;
	if (!l->advised && !k->running)
		add(k, l, RECOVER_CLOSE, why_close(k), NULL);
	put_in_order(l, first);
}

bool recover_at_once(enum recover_action action)
{
	return (bit(action) & (bit(RECOVER_LOOK) | bit(RECOVER_BUNDLE) | bit(RECOVER_PAUSE) |
			       bit(RECOVER_CLOSE))) != 0;
}

bool recover_is_safe(const struct recover_known *k, enum recover_action action)
{
	if (action == RECOVER_CONFIRM)
		return recover_runs_image(k);
	/* The image in the other slot is a way back, until something is written over it. */
	if (action == RECOVER_RESTART)
		return recover_knows(k, OTA_INFO_CAN_ROLLBACK) &&
		       !recover_has(k, OTA_INFO_CAN_ROLLBACK) && !recover_foreign(k);
	return action == RECOVER_RESUME || (recover_at_once(action) && action != RECOVER_PAUSE);
}

void recover_tried(struct recover_tries *t, enum recover_action action, bool accepted,
		   uint32_t received)
{
	const uint32_t sends = bit(RECOVER_RESUME) | bit(RECOVER_RESTART);

	t->tried |= bit(action);
	t->refused &= ~bit(action);
	if (!accepted)
		t->refused |= bit(action);
	if (action != RECOVER_LOOK) /* it may have changed what a look would tell */
		t->tried &= ~bit(RECOVER_LOOK);
	if ((bit(action) & sends) && received > t->most) {
		t->most = received;
		t->tried &= ~sends;
		t->refused &= ~sends;
	}
}
