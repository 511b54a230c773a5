/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a device's update and what can be done about it, reasoned
 * from what is known: facts in, sentences and choices out, so that every case
 * can be tested without a device.
 */
#ifndef OTABENCH_VIEW_RECOVER_H
#define OTABENCH_VIEW_RECOVER_H

#include "core/session.h"
#include "view/view.h"

#define RECOVER_CHOICES_MAX 12u
#define RECOVER_FACTS_MAX 6u
#define RECOVER_COMMAND 4096u

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
};

/* The known facts; all others are zero. */
struct recover_known {
	const char *address; /* for command lines */
	const char *options; /* global options for command lines: "--sim", "" */
	const char *sending; /* ... that say how an image is sent: "-s retries=0"; NULL: none */
	const char *image; /* its path; "" none chosen */
	bool image_refused;
	const uint8_t *image_sha256; /* of the image chosen, or NULL */
	bool readonly;
	const char *running; /* the state of the job under way; NULL: none */
	bool hold; /* ... is paused by the operator */
	bool stack_keeps; /* the host's stack can be told to hang up, forget, power-cycle */

	const char *own; /* STATUS tells of an update that this user's journal knows: a sentence; or
			  * NULL */
	bool have_update; /* an update was tried from here */
	enum session_outcome outcome;
	bool ended; /* it was sent whole: what runs may be the image */
	const char *what; /* how it ended, a sentence */
	uint32_t received, flushed, total;
	const int32_t *rssi; /* dBm, PLOT_NONE where unknown; newest last */
	size_t rssi_count;
	uint32_t rssi_ms; /* between two of them */

	bool no_service; /* the device has none that otabench speaks */
	enum dialect_id dialect; /* the device's, where it is known */
	bool unheard; /* it was looked for in vain, and did not advertise since */
	uint8_t flags_known; /* bits of OTA_INFO_* that are known ... */
	uint8_t flags; /* ... as they must be now */
	bool status_known;
	struct ota_status status;
	uint64_t status_age_us;
};

/* The strings of choices are menu's own: it must stay where it is. */
struct recover_menu {
	size_t count, fact_count;
	enum recover_action actions[RECOVER_CHOICES_MAX];
	struct view_choice choices[RECOVER_CHOICES_MAX];
	enum cells_style what; /* of the first fact, what happened */
	char commands[RECOVER_CHOICES_MAX][RECOVER_COMMAND];
	char reasons[RECOVER_CHOICES_MAX][VIEW_TEXT];
	char facts[RECOVER_FACTS_MAX][VIEW_TEXT];
};

void recover_fill(const struct recover_known *known, struct recover_menu *menu);
/* The choice to begin with: what is most likely wanted, else the first that is possible. */
size_t recover_first(const struct recover_known *known, const struct recover_menu *menu);
/* Returns true if the action needs no question: it changes nothing on the device. */
bool recover_at_once(enum recover_action action);
/* An update that this host did not leave there: its STATUS tells of one, and nothing was sent
 * from here, or something else was. */
bool recover_foreign(const struct recover_known *known);

#endif
