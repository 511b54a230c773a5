/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the job. */
#ifndef OTABENCH_HOST_JOB_PRIV_H
#define OTABENCH_HOST_JOB_PRIV_H

#include "host/job.h"
#include "host/job_stream.h"
#include "host/known.h"
#include "host/pump.h"
#include "host/stream_maker.h"
#include "base/worker.h"
#include "diagnose/diagnose.h"
#include "explain/budget.h"

#define JOB_NEVER UINT64_MAX

enum job_stage {
	JOB_IDLE,
	JOB_SCANNING,
	JOB_RUNNING, /* the session is */
	JOB_CLOSING, /* it has ended, its link not yet */
	JOB_FINISHED,
};

/* The device's passkey, since the link came up. */
enum job_passkey {
	JOB_PASSKEY_NONE, /* not asked for */
	JOB_PASSKEY_WANTED,
	JOB_PASSKEY_GIVEN,
	JOB_PASSKEY_REFUSED,
};

/* Facts for the diagnosis that the session does not keep. */
struct job_seen {
	bool not_connectable;
	struct diagnosis_losses losses;
	struct ota_info info_first; /* of the first connection of this run */
	bool info_known;
	int8_t rssi, rssi_most; /* dBm; 127 unknown */
	uint16_t interval; /* 1.25 ms; of the latest link */
	uint16_t interval_first; /* ... while this link's sending began; 0: not yet */
	uint16_t timeout; /* 10 ms; of the latest link */
	uint16_t latency;
	bool erase_last; /* of notifications */
	uint32_t unheard; /* bytes that STATUS told of, and no ACK */
	uint32_t queries, answers;
	bool query; /* one is unanswered */
	uint32_t asked_at; /* bytes that were queued when it was asked */
	uint32_t missing; /* of them, that the answer did not have */
	uint32_t written; /* writes to Control that were answered since it was heard */
	uint64_t control_us; /* a write to Control that its stack has not answered; 0: none */
	bool unanswered; /* ... for long, since it moved */
	uint32_t forgot; /* bytes that were in flash, and that READY did not count any more */
	uint16_t erase_ms; /* the longest erase that telemetry told of */
	uint16_t write_ms; /* the latest that it told of the longest write */
	uint64_t heard_us; /* when this link's device, or its stack, was heard last; 0: not yet */
	uint64_t silence_us; /* end of the latest silence that a link outlived */
	uint16_t silences; /* of them, one soon after the other */
	uint64_t link_us; /* when the link was looked at last */
	bool erred, gap; /* an ERROR, a GAP came, since it moved */
	uint8_t resets, reset_reason; /* of Info, when it moved last */
	uint32_t received; /* then */
	bool stood, stack_full; /* when it was last looked at while running */
	uint64_t silent_us;
	bool troubled; /* since trouble_us, and it has not moved since */
	uint64_t trouble_us, suspect_us;
	struct diagnosis suspect; /* the likeliest cause of it so far */
	struct diagnosis found[DIAGNOSES_MAX]; /* of the run, what took the most time first */
	uint64_t found_us[DIAGNOSES_MAX];
	size_t found_count;
	uint64_t told; /* 1 << enum diagnosis_cause, of those told in this run */
};

/* State of a pause; job_hold.c. */
struct job_hold {
	enum job_held by;
	bool overruled; /* the user went on although the signal is weak */
	unsigned int weak, strong; /* readings in a row */
	uint64_t next_us; /* no reading before this */
};

struct job {
	struct transport *transport;
	struct job_config config; /* device, profile: copied to the members below */
	struct job_listener listener;
	char device[SCAN_NAME_SIZE], image_name[JOB_TEXT_MAX / 4];
	char image_word[JOB_TEXT_MAX / 4]; /* the image's file in a command line */
	struct profile profile;
	struct session_config session_config;
	enum job_stage stage;
	uint64_t start_us, state_us;
	uint64_t deadline; /* of the stage; the session has its own */
	uint64_t expires; /* the whole run */
	uint64_t settled; /* not before this does a name count as the only one */
	struct scan scan;
	char adapter[18]; /* of the host, where it is worth remembering; else "" */
	char name[SCAN_NAME_SIZE], address[SCAN_ADDRESS_SIZE]; /* of the device found */
	bool session_begun;
	struct session session;
	struct pump pump;
	struct job_stream stream;
	struct stream_maker *maker; /* of what may be it; NULL: none */
	struct worker *worker; /* NULL: maker has no thread */
	bool stream_told; /* it is made, after it was waited for */
	char history[JOB_PATH_MAX], reach[JOB_TEXT_MAX]; /* of config */
	uint32_t digest
		[OTA_SKIP_BLOCKS]; /* CRC-32 of the image's blocks, where they are asked for */
	struct lint_report report;
	char signature_error[LINT_TEXT_SIZE]; /* why IMAGE.sig cannot be used; "" */
	bool linted; /* told once */
	bool cancelling;
	enum job_passkey passkey;
	int32_t passkey_shown; /* as the device's display reads, where that can be seen; -1 */

	/* The link as it was while sending: it is gone when the result is made. */
	bool encrypted;
	struct ota_link last_link; /* of any state, where its interval was known */
	bool link_known;
	struct airtime_link air;
	struct transport_link link;
	uint16_t mtu;
	uint32_t ceiling, link_best;
	uint32_t window, pacing_us; /* the latest while sending */
	struct budget budget;
	uint64_t heard_us; /* the latest event */
	uint32_t probes; /* since START */
	uint64_t probe_us; /* an alarm that tells how late this program gets its turn; or NEVER */
	struct job_seen seen;
	struct job_hold hold;
	uint32_t notifications;
	uint32_t link_told; /* notifications up to which the link was looked at */

	struct metrics metrics;
	struct job_log_entry *entries; /* JOB_LOG_MAX, a ring */
	size_t log_count;
	uint64_t data_values;
	uint32_t data_values_since, data_bytes_since; /* the last entry */
	uint32_t received_most;
	bool has_result; /* result was told */
	uint64_t end_us; /* the session ended */
	enum dialect_id dialect; /* spoken last */

	struct journal_writer *journal; /* NULL: none is kept */
	bool journal_ready, journal_ended; /* as it was told last */
	uint32_t journal_last, journal_next; /* bytes received: told, and to be told at */
	/* The device's Info before anything was sent, beside that of the last time it was met. */
	bool met, met_told, keeps_bonds;
	struct ota_info met_info;
	bool encrypted_first, encrypted_last; /* the link: then, and when the session ended */
	bool passkey_given; /* in this run */
	bool known_begun; /* an update that nothing refused */
	bool known_unsaved; /* what was met cannot be read or written, which was told */
	unsigned int known_changes; /* KNOWN_* */
	char known_text[JOB_TEXT_MAX / 2]; /* "2026-11-28: it is ...", of these changes */

	bool tuned; /* in mid transfer, of which the rate is a mixture then */
	char limit_now[JOB_TEXT_MAX]; /* the verdict so far ... */
	uint64_t limit_now_us; /* ... as of */
	char claimed[JOB_TEXT_MAX / 4]; /* IN_USE: by another program; "" not so */
	struct job_result result;
};

/* job.c */
uint64_t job_now(const struct job *job);
void job_scan_event(struct job *job, const struct transport_event *event);
/* After every event and command: arms the alarm, and ends what has ended. */
void job_settle(struct job *job);

/* job_events.c */
extern const struct pump_owner job_pump_owner;
void job_handle(void *userdata, const struct transport_event *event);

/* job_log.c */
void job_log_write(struct job *job, enum gatt_chr chr, enum gatt_write mode, const uint8_t *bytes,
		   size_t len);
void job_log_receive(struct job *job, enum gatt_chr chr, const uint8_t *bytes, size_t len);
void job_log_state(struct job *job, enum session_state state);
void job_log_note(struct job *job, const char *text);

/* job_events.c: takes the link's state down, which the result needs when it is gone. */
void job_take_link(struct job *job);

/* job_limit.c: the session after an event; an event; the link of now; the verdict at the end. */
void job_limit_see(struct job *job);
uint32_t job_limit_probe_ms(const struct job *job);
void job_limit_heard(struct job *job, const struct transport_event *event);
void job_limit_link(struct job *job);
/*
 * The rate that the device's flash can take, by its TIMES until now, bytes per second; 0: not
 * measured.
 */
uint32_t job_limit_flash(const struct job *job);
void job_limit_result(struct job *job);
/* The transfer so far as predict.h plays it; value 0: none. */
void job_limit_play(const struct job *job, struct predict *ret);
/* Packets that a device's controller keeps while its flash stops the code; 0: it stops nothing. */
uint16_t job_limit_held_pdus(const struct session *session);
/* job_limit_text.c: fills in the words for r->limit. */
void job_limit_say(const struct job *job, struct job_result *r);

/* job_pattern.c: the same of a measurement of the flash. */
void job_pattern_result(struct job *job);
/* Bytes that the device has written so far, by blocks: nothing is received in such a run. */
uint32_t job_pattern_written(const struct job *job);
/* Puts the transfer's time so far where the device says that it was spent. */
void job_pattern_divide(const struct job *job, uint64_t transfer[BUDGET_TRANSFER_SHARES]);

/* job_diagnose.c: before the session gets an event or a value; after it, when it may stand. */
/* A trouble is over: its suspect gets the time that it took.  What cost the most comes first. */
void job_suspect_keep(struct job_seen *seen);
void job_diagnose_event(struct job *job, const struct transport_event *event);
void job_diagnose_received(struct job *job, const uint8_t *bytes, size_t len);
/* A write request to Control was taken. */
void job_diagnose_sent(struct job *job);
void job_diagnose_note(struct job *job, enum session_note note);
/* Adds the likeliest cause of a stall to its note. */
void job_diagnose_stall(const struct job *job, char *text, size_t size);
void job_diagnose_see(struct job *job);
size_t job_diagnose(const struct job *job, struct diagnosis ret[DIAGNOSES_MAX]);
void job_diagnose_result(struct job *job, struct job_result *result);

/* job_journal.c: before START, 0 or -OTA_EBUSY, -OTA_ENOMEM; after each event; with the
 * result; and where the program ends before there is one. */
int job_journal_claim(struct job *job);
void job_journal_see(struct job *job);
void job_journal_end(struct job *job);
/*
 * Removes a journal that the device's answer contradicts; called with the result of a look or a
 * command.
 */
void job_journal_heard(struct job *job);
void job_journal_leave(struct job *job);

/* job_known.c: before START, 0 or -OTA_ESTALE, -OTA_ENOMEM; with the result. */
int job_known_approve(struct job *job, const struct ota_info *info);
/* Before START, and with the result: what this run has shown, and what the device may run by it. */
void job_known_remember(struct job *job);

/* job_signed.c: IMAGE.sig, read when the job is made; and what to say of it beside the device */
void job_signed_read(struct job *job, const char *image_path);
void job_signed_lint(const struct job *job, const struct ota_info *info,
		     struct lint_report *report);

/* job_stream.c: as struct session_ops' stream; figures in bytes of the stream as those of the image,
 * and the other way round, as if all of it were equally compressible; offsets as they are. */
int job_stream_choose(struct job *job, const struct ota_info *info, const struct stream **ret);
/* Adds findings on a patch that is all there is, checked against the device. */
void job_stream_lint(const struct job *job, const struct ota_info *info,
		     struct lint_report *report);
uint32_t job_stream_image(const struct job *job, uint64_t air);
uint64_t job_stream_air(const struct job *job, uint64_t image);
void job_stream_stats(const struct job *job, struct session_stats *st);

/* job_stream_work.c: has the streams made; 0: they are; -OTA_EAGAIN: job_stream_choose() is called
 * again; -OTA_ENOMEM. */
int job_stream_make(struct job *job, const struct stream_order *order);
/* Gives the streams up: they are not wanted any more. */
void job_stream_leave(struct job *job);

/* job_stream_time.c: what is expected of an update of this device, whose flash takes so many bytes
 * per second (0: as usual); false: it cannot be told.  Then the microseconds of one that takes so
 * many bytes on air, and the rates that it rests on, in bytes per second. */
bool job_stream_expect(const struct job *job, const struct ota_info *info, uint32_t flash,
		       struct predict *ret);
uint64_t job_stream_us(const struct predict *expected, uint32_t image, uint32_t air);
uint32_t job_stream_link_rate(const struct predict *p);
uint32_t job_stream_flash_rate(const struct predict *p);

/* On the screen and, where a command runs, in its log. */
void job_stream_tell(struct job *job, const char *text);

/* job_skip.c: as struct session_ops' digests */
const uint32_t *job_skip_digests(struct job *job, const struct ota_info *info);

/* job_hold.c: after each event; the user paused, or went on. */
void job_hold_see(struct job *job);
void job_hold_overrule(struct job *job, bool pause);
int job_hold_continue_dbm(const struct job *job);

/* job_record.c: for a recording, where there is one */
void job_record_start(struct job *job);
/* Connection intervals that were learned with this adapter. */
void job_record_adapter(struct job *job, uint16_t on_1m, uint16_t on_2m);
void job_record_stream(struct job *job);
/* Records that the stream is being made: the action "stream made" follows. */
void job_record_stream_later(struct job *job);
void job_record_digests(struct job *job, const uint32_t *digest, uint32_t count);
void job_record_stream_text(struct job *job, const char *text);
void job_record_approve(struct job *job, bool refused);
/* The device is not what it was when it was met before. */
void job_record_known(struct job *job);
void job_record_end(struct job *job);
/* The user's doing begins, and is done. */
void job_act(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
void job_acted(struct job *job);

/* job_result.c */
void job_make_result(struct job *job);
/* job_text.c: what happened, and what to do. */
void job_explain(const struct job *job, struct job_result *result);

#endif
