/* SPDX-License-Identifier: Apache-2.0 */
/* The profile that is edited, its file, and its values in that file. */
#ifndef OTABENCH_TUI_APP_PROFILE_H
#define OTABENCH_TUI_APP_PROFILE_H

#include "profile/profile_edit.h"
#include "tui/app_core.h"

#define PROFILE_UNDO_MAX 100u

struct app_profile {
	struct profile now; /* for the next upload */
	struct profile saved; /* as the file has it */
	struct profile running; /* as the job under way, or the last one, was given it */
	struct profile_source source;
	char *text; /* of the file as it was read; owned; NULL: it could not be */
	size_t len;
	struct setting_errors errors; /* of the file as it is on the disk */
	bool overwrite; /* the file changed on the disk, and w was told so */
	char target[APP_PATH_MAX]; /* what a question is about: a path to write, a name to load */
	struct profile undo[PROFILE_UNDO_MAX], redo[PROFILE_UNDO_MAX]; /* the newest last */
	size_t undo_count, redo_count;
	bool editing; /* $EDITOR has the file */
	bool named; /* the operator asked for this one */
	bool swept; /* a sweep's, taken by itself; then ... */
	struct profile base; /* ... what stood here before, as its file has it ... */
	struct profile_source base_source; /* ... and that file */
	struct profile bounds; /* see app_profile_bounds() */
};
const struct app_profile *app_profile(const struct app *app);

/* --- app_profile_edit.c: values */
bool app_profile_is_modified(const struct app *app);
/* ... and not by --set alone: something was changed here. */
bool app_profile_is_unsaved(const struct app *app);
/* Sets "key=value"; false after app_say(). */
bool app_profile_assign(struct app *app, const char *assignment);
/* Takes another profile's values, which undo takes back. */
void app_profile_take(struct app *app, const struct profile *profile);
/* A step of undo, or redo; false after app_say(): there is none. */
bool app_profile_step(struct app *app, bool redo, struct profile *ret_before);
void app_profile_on(struct app *app, enum app_event event);
/* The job under way took this key. */
void app_profile_took(struct app *app, enum profile_key key);
/* The profile is a recording's, which must not be changed. */
void app_profile_replay(struct app *app, const struct profile *profile);

/* --- app_profile_file.c */
/* Asks first where changes would be lost. */
void app_profile_load(struct app *app, const char *name);
void app_profile_load_now(struct app *app, const char *name);
/* If the operator named no profile, the one that a sweep found for this device takes the place
 * of the one that stands there, under the changes that were made to it.  Another device's goes. */
void app_profile_take_swept(struct app *app, const char *device);
/* The bounds of a sweep: the profile without what an earlier sweep has found. */
const struct profile *app_profile_bounds(struct app *app);
/* Writes the profile to its file, or to one whose name is asked for if it is built in or the
 * system's; to another one if a name is given. */
void app_profile_write(struct app *app, const char *name);
void app_profile_ask_name(struct app *app); /* ... which is asked for */
void app_profile_diff(struct app *app);
void app_profile_open_editor(struct app *app);
/* The editor ended well, or failed; false after app_say(): nothing was read. */
bool app_profile_edited(struct app *app, bool ok, struct profile *ret_before);

/* --- app_profile.c: ":profile", which loads one where a name is given */
void app_profile_show(struct app *app, const char *name);

#endif
