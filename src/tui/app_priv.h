/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the workbench share among themselves. */
#ifndef OTABENCH_TUI_APP_PRIV_H
#define OTABENCH_TUI_APP_PRIV_H

#include "host/image_file.h"
#include "host/job.h"
#include "profile/profile_edit.h"
#include "replay/replay.h"
#include "tui/app.h"
#include "tui/input.h"
#include "view/key.h"
#include "view/loglist.h"
#include "view/recover.h"
#include "view/view.h"

#include <sys/stat.h>

#define APP_STATUS_CANCELLED 130 /* as the command line has it */
#define APP_KNOWN_MAX 64u
#define APP_RSSI_MAX 256u /* samples of the dashboard's graph */
#define APP_SAMPLE_US 500000u
#define APP_PATH_MAX 1024u

/* What the line at the bottom is being typed for. */
enum app_ask {
	APP_ASK_NOTHING,
	APP_ASK_COMMAND,
	APP_ASK_IMAGE,
	APP_ASK_IMAGE_UPLOAD, /* and upload it then */
	APP_ASK_SEARCH,
	APP_ASK_FILTER,
	APP_ASK_VALUE, /* of the selected key of the profile */
	APP_ASK_PROFILE,
	APP_ASK_SAVE_AS, /* the profile */
	APP_ASK_EXPORT,
	APP_ASK_PASSKEY, /* that the device shows */
};

/* What y will do. */
enum app_confirm {
	APP_CONFIRM_NOTHING,
	APP_CONFIRM_UPLOAD,
	APP_CONFIRM_CANCEL,
	APP_CONFIRM_QUIT, /* while a job runs */
	APP_CONFIRM_CHOICE, /* of the recover menu */
	APP_CONFIRM_LOAD, /* another profile, over changes that are not written */
	APP_CONFIRM_OVERWRITE, /* the profile's text over another file */
	APP_CONFIRM_EDIT, /* write the changes, then open the editor */
	APP_CONFIRM_RERUN, /* of the selected run */
	APP_CONFIRM_DELETE,
};

struct app_menu {
	bool open, again; /* ... when the job under way has ended */
	size_t selected;
	struct recover_menu is;
};

#define APP_ENTERED_MAX 32u
/* Command lines entered, newest last. */
struct app_entered {
	char lines[APP_ENTERED_MAX][VIEW_TEXT];
	size_t count, at; /* the one shown; count: none */
};

/* What the device told of itself last, as far as it must still be so. */
struct app_told {
	bool flags_known, status_known;
	uint8_t flags; /* OTA_INFO_* */
	struct ota_status status;
	uint64_t status_us;
};

/* What stands over a view, to choose from or to read. */
enum app_panel_kind {
	APP_PANEL_NONE,
	APP_PANEL_PROFILES,
	APP_PANEL_DIFF,
	APP_PANEL_IMAGES, /* above the line in which a path is typed */
	APP_PANEL_COMPARE,
	APP_PANEL_TEXT,
};

struct app_row {
	char *left; /* owned */
	char right[VIEW_TEXT];
	enum cells_style style;
};

struct app_panel {
	enum app_panel_kind kind;
	char title[VIEW_TEXT];
	const char *empty;
	struct app_row *rows; /* owned */
	size_t count, selected;
	bool choose;
};

#define APP_UNDO_MAX 100u

/* The profile that is edited, where it came from, and what it was before. */
struct app_profile {
	struct profile saved; /* as the file has it */
	struct profile running; /* as the job under way, or the last one, was given it */
	struct profile_source source;
	char *text; /* of the file as it was read; owned; NULL: it could not be */
	size_t len;
	struct setting_errors errors; /* of the file as it is on the disk */
	bool overwrite; /* the file changed on the disk, and w was told so */
	char target[APP_PATH_MAX]; /* what a question is about: a path to write, a name to load */
	struct profile undo[APP_UNDO_MAX], redo[APP_UNDO_MAX]; /* the newest last */
	size_t undo_count, redo_count;
	size_t selected;
	bool edit_wanted, editing; /* $EDITOR: a file is to be opened; it runs */
	char edit_path[APP_PATH_MAX];
};

struct app_replay {
	struct replay *is; /* NULL: a device, and no recording; else the job is its */
	unsigned int speed; /* place in the table of app_replay.c */
	bool paused;
};

struct app {
	struct app_config config;
	struct transport *transport;
	enum view view;
	bool changed, redraw, suspend;
	bool mouse_off;
	int width, height; /* of the screen drawn last */
	bool ended, quitting;
	int status;
	bool help;
	size_t help_scroll;
	char message[VIEW_TEXT];
	enum cells_style message_style;

	struct app_replay replay;

	char copy[APP_PATH_MAX + 64]; /* for the terminal's clipboard */
	bool copy_wanted;

	enum app_ask ask;
	struct input input;
	char passkey_label[VIEW_TEXT];
	enum app_confirm confirm;
	struct app_menu menu;
	struct app_entered entered;

	struct scan scan;
	bool scanning;
	uint64_t scan_since;
	uint16_t order[SCAN_DEVICES_MAX];
	size_t order_count;
	char selected[SCAN_ADDRESS_SIZE]; /* the row, by what it stands for */
	enum view_scan_sort sort;
	bool frozen;
	char filter[64], search[64];
	struct view_scan_marks marks;
	struct view_known known[APP_KNOWN_MAX];
	size_t known_count;

	char name[SCAN_NAME_SIZE], address[SCAN_ADDRESS_SIZE]; /* the device chosen; "" none */
	struct job *job; /* under way; NULL: none */
	enum session_goal goal; /* of the job, or of the last one */
	enum ota_command command; /* of COMMAND */
	bool job_finished; /* told by the listener; app_settle() does the rest */
	struct job_snapshot snapshot; /* of the job, or as the last one ended */
	bool have_snapshot;
	enum session_state stage; /* the run's last state on the way to DONE */
	struct job_result result; /* of the last one */
	bool have_result;
	/* What the last update came to: a look or a command after it does not change that. */
	struct job_result last_update;
	bool have_update;
	uint32_t last_received, last_flushed, last_total;
	struct app_told told;
	bool maintenance; /* under way: */
	enum transport_maintenance maintenance_what;
	struct loglist log, calls; /* Control; the stack's, which @ shows */
	bool calls_shown;
	uint64_t linked_since; /* 0: not linked */
	/* As they were while there was a link: a run that ended is still to be understood. */
	struct transport_link last_link;
	uint16_t last_mtu;
	int32_t rssi[APP_RSSI_MAX];
	size_t rssi_count;
	uint64_t sampled_us;
	int64_t log_offset_us; /* from the transport's clock to the time of day */

	char image_path[APP_PATH_MAX], image_error[VIEW_TEXT];
	bool have_image;
	struct image_file file;
	struct image image;
	struct lint_report report; /* of the file alone */
	bool send_same; /* the next upload may send what the device runs already */
	struct lint_report shown; /* ... and against the device, where it is known */
	size_t image_scroll;
	struct stat image_stat; /* of the file as it was read */
	sd_event_source *image_watch; /* of the folder that it is in */
	bool image_stale; /* it changed while an update sends what was read */
	char image_estimate[VIEW_TEXT]; /* from the history ... */
	char image_estimated[VIEW_TEXT]; /* ... of this image, profile and device */

	struct profile profile; /* for the next upload */
	struct app_profile edit;
	struct app_panel panel;

	struct recorder *recorder; /* of the job; NULL: not recorded */
	struct app_history *history; /* the view's; made when it is first needed */
};

/* --- app.c */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void app_say(struct app *app, enum cells_style style, const char *format, ...);
/* Starts a job on the chosen device.  0; negative after app_say(). */
int app_start(struct app *app, const struct job_config *config);
/* A job that ended makes room; scanning goes on. */
void app_settle(struct app *app);
bool app_runs(const struct app *app);
/* The job's figures as they are now. */
void app_refresh(struct app *app);
/* From the transport's clock to the log's. */
uint64_t app_log_time(const struct app *app, uint64_t at_us);
/* A line of the operator's in the log. */
void app_note(struct app *app, const char *text);

struct job_listener app_listener(struct app *app);

/* --- app_replay.c */
int app_replay_open(struct app *app);
void app_replay_key(struct app *app, int32_t key);
/* Each returns buf: right of the tabs; where nothing else is said; the image. */
const char *app_replay_badge(const struct app *app, char *buf, size_t size);
const char *app_replay_text(const struct app *app, char *buf, size_t size);
const char *app_replay_image(const struct app *app, char *buf, size_t size);

/* --- app_log.c */
/* Keys that read the log; false: another one. */
bool app_log_key(struct app *app, int32_t key);
/* The one that is shown. */
struct loglist *app_log(struct app *app);
void app_log_search(struct app *app, const char *text);
void app_log_filter(struct app *app, const char *text);
/* Puts what the transport's stack is asked into the second log. */
void app_log_watch(struct app *app);

/* --- app_copy.c */
/* To the terminal's clipboard; says so. */
void app_copy(struct app *app, const char *text);

/* --- app_scan.c */
void app_scan_begin(struct app *app);
void app_scan_stop(struct app *app);
void app_scan_reorder(struct app *app);
size_t app_scan_row(const struct app *app); /* of the selection */
void app_scan_key(struct app *app, int32_t key);
void app_scan_search(struct app *app, int direction);
/* Makes it the device that everything acts on; false while another one is busy. */
bool app_choose(struct app *app, const struct scan_device *device);
struct view_known *app_known(struct app *app, const char *address);

void app_scan_select(struct app *app, size_t row);

/* --- app_draw.c */
/* The last line's entries now. */
const char *app_keys(const struct app *app);
/* The menu as it is drawn; title is the caller's memory. */
void app_menu_view(const struct app *app, struct view_menu *ret, char *title, size_t size);

/* --- app_device.c */
void app_device_key(struct app *app, int32_t key);
void app_look(struct app *app);
/* Asks before it sends; asks for an image where there is none. */
void app_upload(struct app *app);
void app_upload_now(struct app *app, bool restart, bool resume_only);
void app_pause(struct app *app);
void app_ask_cancel(struct app *app);
void app_command_device(struct app *app, enum ota_command command);
/* One "key=value" of the profile; while it sends, in force at once where that is possible. */
void app_set(struct app *app, const char *assignment);
/* A key of the profile changed: in force at once where a run under way can take it.  0, or
 * negative: with the next upload. */
int app_tune(struct app *app, enum profile_key key);

/* --- app_doctor.c */
void app_doctor(struct app *app);

/* --- app_recover.c */
void app_recover_open(struct app *app);
void app_recover_key(struct app *app, int32_t key);
void app_recover_run(struct app *app);
/* The entry of an open menu, as if its key were pressed. */
void app_recover_choose(struct app *app, enum recover_action action);
/* A job has ended: what it tells of the device; and the menu, where it is open. */
void app_recover_learn(struct app *app);
void app_recover_settled(struct app *app);
/* All that is known, into a folder. */
void app_bundle(struct app *app);
void app_maintenance(struct app *app, enum transport_maintenance what);
void app_maintenance_done(struct app *app, int status);

/* --- app_image.c */
void app_image_open(struct app *app, const char *typed);
void app_image_close(struct app *app);
/* The file is another one now: it is read again, or after the update that sends the old one. */
void app_image_reread(struct app *app);
/* Compares the image with what is known of the device. */
void app_image_compare(struct app *app);
bool app_image_refused(const struct app *app);
/* The device runs this very image already, as far as it was asked. */
bool app_image_same(const struct app *app);
void app_image_key(struct app *app, int32_t key);

/* --- app_image_draw.c */
void app_image_draw(struct app *app, struct cells *cells, struct area area);
/* A table of image and device over the view. */
void app_image_show_compare(struct app *app);

/* --- app_image_list.c */
/* Asks for a path, with the recent ones and those built here in sight. */
void app_image_ask(struct app *app, enum app_ask what);
/* The images in a folder to choose from; opens it where there is one. */
void app_image_open_folder(struct app *app, const char *folder);

/* --- app_image_watch.c */
void app_image_watch(struct app *app);
void app_image_unwatch(struct app *app);
/* Whether the file differs from what was read, where no event tells. */
bool app_image_outdated(const struct app *app);

/* --- app_panel.c */
void app_panel_open(struct app *app, enum app_panel_kind kind, const char *title, bool choose);
/* Copied; left is made harmless. */
void app_panel_add(struct app *app, enum cells_style style, const char *left, const char *right);
/* A label in so many columns, and a text in as many rows as it takes. */
void app_panel_add_text(struct app *app, enum cells_style style, int label_w, const char *label,
			const char *text);
void app_panel_close(struct app *app);
void app_panel_key(struct app *app, int32_t key);
void app_panel_draw(const struct app *app, struct cells *cells, struct area area);

/* --- app_profile.c */
void app_profile_key(struct app *app, int32_t key);
bool app_profile_modified(const struct app *app);
/* Before a change: what u comes back to. */
void app_profile_remember(struct app *app);
void app_profile_panel_chosen(struct app *app, const char *name);

/* --- app_profile_draw.c */
/* The last run's figures, with the link as it was; false: none yet. */
bool app_profile_run(const struct app *app, struct job_snapshot *ret);
void app_profile_draw(struct app *app, struct cells *cells, struct area area);

/* --- app_profile_file.c */
void app_profile_begin(struct app *app);
void app_profile_finish(struct app *app);
/* Asks first where changes would be lost. */
void app_profile_load(struct app *app, const char *name);
void app_profile_load_now(struct app *app, const char *name);
void app_profile_write(struct app *app);
void app_profile_write_as(struct app *app, const char *typed);
/* What was asked for with APP_CONFIRM_OVERWRITE. */
void app_profile_overwrite(struct app *app);
/* Whether the profile is in a file of its own now. */
bool app_profile_save_to(struct app *app, const char *path);
void app_profile_reread(struct app *app, struct profile *ret_before);
void app_profile_diff(struct app *app);

/* --- app_editor.c: the profile in $EDITOR; app_take_edit() and app_edited() are in app.h */
void app_editor_open(struct app *app);
void app_editor_open_now(struct app *app);

/* --- app_export.c */
void app_export(struct app *app, const char *path);
/* The lines that pass the filter; returns how many. */
uint64_t app_log_write(struct app *app, FILE *out);
uint64_t app_calls_write(struct app *app, FILE *out);

/* --- app_ask.c: the line at the bottom */
void app_ask(struct app *app, enum app_ask ask, const char *text);
const char *app_ask_label(const struct app *app);
void app_ask_key(struct app *app, int32_t key);
/* The job waits for the passkey that the device shows; shown: as in its snapshot. */
void app_ask_passkey(struct app *app, int32_t shown);
/* The question goes when nobody waits for the answer any more. */
void app_ask_settle(struct app *app);
void app_confirm(struct app *app, enum app_confirm confirm);
void app_confirm_text(const struct app *app, char *buf, size_t size);
void app_confirm_key(struct app *app, int32_t key);
/* --- app_command.c: what follows ":" */
void app_command(struct app *app, const char *line);
void app_command_complete(struct app *app);
/* Tab in a value of a setting, which begins at start of the line typed. */
void app_complete_value(struct app *app, const struct setting *setting, size_t start);
/* Up and Down: an earlier line, or a later one. */
void app_command_recall(struct app *app, int direction);

#endif
