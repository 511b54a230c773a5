/* SPDX-License-Identifier: Apache-2.0 */
/* The device chosen, and the job that runs on it or ran last. */
#ifndef OTABENCH_TUI_APP_DEVICE_H
#define OTABENCH_TUI_APP_DEVICE_H

#include "host/job.h"
#include "tui/app_core.h"
#include "host/told.h"

#define DEVICE_RSSI_MAX 256u /* samples of the dashboard's graph */
#define DEVICE_SAMPLE_US 500000u
#define DEVICE_KNOWN_MAX 64u

struct app_device {
	char name[SCAN_NAME_SIZE], address[SCAN_ADDRESS_SIZE]; /* "" none chosen */
	struct job *job; /* under way; NULL: none */
	struct recorder *recorder; /* of the job; NULL: not recorded */
	struct job_config config; /* of the job, or of the last one */
	enum session_goal goal; /* of the job, or of the last one */
	enum ota_command command; /* of COMMAND */
	/* The image that the job sends, or the last one sent. */
	char sent_path[APP_PATH_MAX];
	uint8_t sent_sha256[OTA_SHA256_SIZE];
	bool job_finished; /* told by the listener; app_device_settle() does the rest */
	struct job_snapshot snapshot; /* of the job, or as the last one ended */
	bool have_snapshot;
	enum session_state stage; /* the run's last state on the way to DONE */
	uint32_t seen; /* 1u << enum session_state: those that the run was in */
	struct job_result result; /* of the last one */
	bool have_result;
	/* The likeliest cause of trouble, during the run and as it ended; NONE: there is none. */
	struct diagnosis cause;
	char cure_line[JOB_COMMAND_MAX]; /* its command, as it is typed here; "": it has none */
	uint64_t ended_us; /* when that was */
	uint64_t heard_us; /* when the device advertised last; 0: not since it was chosen */
	/* Result of the last update: a look or a command after it does not change this. */
	struct job_result last_update;
	bool have_update;
	uint32_t last_received, last_flushed, last_total;
	uint64_t linked_since; /* 0: not linked */
	/* The link as it was while it was up: a run that ended is still to be understood. */
	struct transport_link last_link;
	uint16_t last_mtu;
	int32_t rssi[DEVICE_RSSI_MAX];
	size_t rssi_count;
	uint64_t sampled_us;
	char passkey_label[VIEW_TEXT];
	struct device_told told;
	struct view_known known[DEVICE_KNOWN_MAX];
	size_t known_count;
	bool maintenance_ok; /* how the last one ended */
	bool maintenance; /* under way: */
	enum transport_maintenance maintenance_what;
};
const struct app_device *app_device(const struct app *app);

/* --- app_device.c */
/* "sending 54%" */
char *app_device_progress(const struct app *app, char *buf, size_t size);
/* The device's name, or else its address. */
const char *app_device_title(const struct app *app);
bool app_device_is_chosen(struct app *app); /* false after app_say() */
/* Makes it the one that everything acts on; false after app_say() while another is busy. */
bool app_device_choose(struct app *app, const char *address, const char *name);
bool app_device_runs(const struct app *app);
/* A device advertised. */
void app_device_heard(struct app *app, const char *address);
/* The last run looked for it in vain, and it was not heard since. */
bool app_device_is_unheard(const struct app *app);
/* The job's figures as they are now. */
void app_device_refresh(struct app *app);
/* The last run's figures, with the link as it was; false: none yet. */
bool app_device_last_run(const struct app *app, struct job_snapshot *ret);
const struct view_known *app_device_known(struct app *app, const char *address);
/* Starts a job on the chosen device; image_path: of what it sends, NULL: nothing.  0;
 * negative after app_say(). */
int app_device_start(struct app *app, const struct job_config *config, const char *image_path);
/* The same without an image; the history does not get it. */
int app_device_start_unrecorded(struct app *app, const struct job_config *config);
/* A job that has ended makes room; false: none had. */
bool app_device_settle(struct app *app);
/* Takes a sample for graphs when it is time; false: not yet. */
bool app_device_sample(struct app *app);
/* A run of a recording takes the place of a job: replay_begin() with the listener, then its
 * job.  app_device_replay_end() before. */
struct job_listener app_device_listener(struct app *app);
void app_device_replay_end(struct app *app);
void app_device_replay_begin(struct app *app, struct job *job, const struct job_config *config);
void app_device_replay_found(struct app *app); /* its name and address, once known */

/* --- app_device_log.c: for the job's listener */
void app_device_on_log(void *userdata, const struct job_log_entry *entry);
void app_device_on_diagnosed(void *userdata, const struct diagnosis *diagnosis);

/* --- app_device_act.c */
struct job_config app_device_config(const struct app *app, enum session_goal goal);
void app_device_look(struct app *app);
void app_device_command(struct app *app, enum ota_command command);
void app_device_pause(struct app *app);
void app_device_ask_cancel(struct app *app);
void app_device_cancel(struct app *app);
void app_device_maintenance(struct app *app, enum transport_maintenance what);
void app_device_maintenance_done(struct app *app, int status);

/* --- app_tune.c: keys of the profile, in force at once where that is possible */
/* ":set", which takes one "key=value". */
void app_tune_command(struct app *app, const char *argument);
/* Tab in what follows ":set ", and in a value of a key. */
size_t app_tune_complete(struct app *app, struct input *input, size_t start, char *list,
			 size_t size);
size_t app_tune_complete_value(struct input *input, size_t start, const struct setting *setting,
			       char *list, size_t size);
/* One "key=value". */
void app_tune_set(struct app *app, const char *assignment);
/* A step of undo, or redo; returns the last key that changed, negative: none. */
int app_tune_step(struct app *app, bool redo);
/* The editor of the profile's file ended well, or failed. */
void app_tune_edited(struct app *app, bool ok);
/* false: this action tunes nothing. */
bool app_tune_act(struct app *app, enum action action);

#endif
