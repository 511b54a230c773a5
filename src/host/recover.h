/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choices about a device and its update, reasoned from what is known: facts in, choices out, so
 * that every case can be tested without a device, and that the screen and the command line offer
 * the same.
 *
 * The first choice is what to do next.  Doing what comes first again and again ends: a choice that
 * was tried is not advised once more before an update got further, and CLOSE comes first if nothing
 * is left.
 */
#ifndef OTABENCH_HOST_RECOVER_H
#define OTABENCH_HOST_RECOVER_H

#include "core/session.h"
#include "diagnose/diagnose.h"

#define RECOVER_CHOICES_MAX 12u
#define RECOVER_COMMAND 4096u
#define RECOVER_TEXT 256u

enum recover_action {
	RECOVER_RESUME,
	RECOVER_RESTART,
	RECOVER_ABORT,
	RECOVER_LOOK,
	RECOVER_CONFIRM,
	RECOVER_ROLLBACK,
	RECOVER_REBOOT,
	RECOVER_PREPARE,
	RECOVER_DISCONNECT,
	RECOVER_FORGET,
	RECOVER_POWER_CYCLE,
	RECOVER_BUNDLE,
	/* while a job runs */
	RECOVER_PAUSE,
	RECOVER_CANCEL,
	/* nothing is left to do, or nothing more can be done from here */
	RECOVER_CLOSE,
	RECOVER_ACTIONS
};

/* The choices tried on a device, and what came of them; all 0: nothing yet. */
struct recover_tries {
	uint32_t tried, refused; /* 1u << enum recover_action */
	uint32_t most; /* bytes of the image that the device received at most */
};

/* The known facts; all others are zero. */
struct recover_known {
	const char *address; /* for command lines */
	const char *options; /* global options for command lines: "--sim", "" */
	const char *sending; /* ... that say how an image is sent: "-s retries=0"; NULL: none */
	const char *image; /* its path; "" none chosen */
	const uint8_t *image_sha256; /* of the image chosen, or NULL */
	const char *image_why; /* why it cannot be sent; NULL: it can */
	bool readonly;
	const char *running; /* the state of the job under way; NULL: none */
	enum session_goal goal; /* ... its goal, */
	enum session_state state; /* ... its state, */
	bool promised; /* ... and whether the device said that the new image boots next */
	bool linked; /* ... over a link */
	bool asked; /* ... STATUS was asked for beside it, and is not answered ... */
	uint64_t asked_age_us; /* ... for so long */
	bool hold; /* ... is paused */
	bool asking; /* ... asks the device for the facts that are not known here */
	bool stack_keeps; /* the host's stack can be told to hang up, forget, power-cycle */
	bool on_screen; /* a bundle can be saved, and the menu be closed */

	const char *own; /* STATUS tells of an update that this user's journal knows: a sentence; or
			  * NULL */
	bool have_update; /* an update was tried from here */
	enum session_outcome outcome;
	bool ended; /* it was sent whole: what runs may be the image */
	const char *what; /* how it ended, a sentence */
	uint32_t received, flushed, total;
	const int32_t *rssi; /* dBm, INT32_MIN where unknown; newest last */
	size_t rssi_count;
	uint32_t rssi_ms; /* between two of them */
	const struct diagnosis *cause; /* of what is wrong; NULL: nothing known */
	enum diagnosis_verb cure; /* of what the last run found */

	bool no_service; /* the device has none that otabench speaks */
	enum dialect_id dialect; /* the device's, where it is known */
	bool unheard; /* it was looked for in vain, and did not advertise since */
	uint8_t flags_known; /* bits of OTA_INFO_* that are known ... */
	uint8_t flags; /* ... as they must be now */
	bool features_known;
	uint32_t features; /* OTA_FEATURE_* */
	const uint8_t *running_sha256; /* of the image that runs, or NULL */
	bool status_known;
	struct ota_status status;
	uint64_t status_age_us;
	struct recover_tries tries;
};

struct recover_choice {
	enum recover_action action;
	char key; /* its letter */
	const char *title;
	bool possible, refused; /* refused: a moment ago */
	char effect[RECOVER_TEXT]; /* what it will do, or why it is not possible */
	char command[RECOVER_COMMAND]; /* the equivalent command line; "": there is none */
};

/* Possible ones first, and among these the refused ones last. */
struct recover_list {
	size_t count;
	bool advised; /* the first is what to do; false: it is CLOSE, or harmless */
	struct recover_choice at[RECOVER_CHOICES_MAX + 1];
};

void recover_list(const struct recover_known *k, struct recover_list *l);
/* "resume": in JSON. */
const char *recover_action_name(enum recover_action action);
/* Returns true if the action needs no question: it changes nothing on the device. */
bool recover_at_once(enum recover_action action);
/* Returns true if nothing can be lost by it, so that it may be done without a question. */
bool recover_is_safe(const struct recover_known *known, enum recover_action action);
/* An action ended; received: bytes of the image that the device has now, as far as known. */
void recover_tried(struct recover_tries *tries, enum recover_action action, bool accepted,
		   uint32_t received);
/* Returns true if the device is to be asked before anything is offered: it can be, and its state
 * is not known since the last event. */
bool recover_wants_answer(const struct recover_known *known);
/* An update that this host did not leave there: its STATUS tells of one, and nothing was sent
 * from here, or something else was. */
bool recover_foreign(const struct recover_known *known);
/* Returns true if the device runs the image that is chosen, by its hash. */
bool recover_runs_image(const struct recover_known *known);

#endif
