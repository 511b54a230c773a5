/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: how an update is to be sent, as a small YAML file that a user can
 * name, share and compare.  A profile changes how fast and how patiently bytes
 * go over the air; it never changes what is proved at the end.
 *
 * profile_settings() is the one table of keys: defaults, ranges, messages and
 * the comments of a written profile come from it.
 */
#ifndef OTABENCH_PROFILE_PROFILE_H
#define OTABENCH_PROFILE_PROFILE_H

#include "base/setting.h"
#include "core/gatt.h"

#include <stdio.h>

/* Values of a member that may be "auto" or "keep": less than any number it may hold. */
#define PROFILE_AUTO (-1) /* otabench or the device chooses; the run says what and why */
#define PROFILE_KEEP (-2) /* leave the link as it came up, ask for nothing */

enum profile_stall_action { PROFILE_STALL_WARN, PROFILE_STALL_PAUSE, PROFILE_STALL_ABORT };
enum profile_confirm { PROFILE_CONFIRM_AUTO, PROFILE_CONFIRM_NEVER };
enum profile_skip {
	PROFILE_SKIP_AUTO, /* asks if the known facts make it worth while */
	PROFILE_SKIP_NO,
	PROFILE_SKIP_YES,
};

enum profile_stream {
	PROFILE_STREAM_AUTO,
	PROFILE_STREAM_RAW,
	PROFILE_STREAM_DEFLATE,
	PROFILE_STREAM_DELTA
};
enum profile_signature { PROFILE_SIGNATURE_AUTO, PROFILE_SIGNATURE_NO, PROFILE_SIGNATURE_REQUIRED };
enum profile_prepare { PROFILE_PREPARE_NO, PROFILE_PREPARE_YES };
enum profile_phy {
	PROFILE_PHY_KEEP = PROFILE_KEEP,
	PROFILE_PHY_AUTO = PROFILE_AUTO,
	PROFILE_PHY_1M = 1, /* OTA_PHY_1M */
	PROFILE_PHY_2M = 2,
};

#define PROFILE_NAME_MAX 64u
#define PROFILE_DESCRIPTION_MAX 200u

struct profile {
	char name[PROFILE_NAME_MAX]; /* of the file, without .yaml */
	char description[PROFILE_DESCRIPTION_MAX];

	/* Sending */
	int32_t chunk; /* bytes of a Data value, header included; 20..512 or AUTO */
	int32_t write_mode; /* enum gatt_write; or AUTO: as suits the device's dialect */
	int32_t window; /* bytes unacknowledged at most; 512..1048576 or AUTO */
	int32_t pacing_us; /* least time between Data values; 0..1000000 */
	int32_t ack_interval; /* bytes between ACKs; 256..65535 or AUTO */
	int32_t basic_pacing_us; /* like pacing_us, for commands in the basic dialect */
	int32_t mtu_max; /* ATT MTU never used beyond this; 23..517 */
	enum profile_prepare prepare;
	enum profile_signature signature;
	enum profile_stream stream;
	enum profile_skip skip;

	/* Patience */
	int32_t ack_timeout_ms;
	int32_t retries; /* new attempts in a row that get no further; 0..100 */
	int32_t backoff_ms; /* before the first retry; doubles up to backoff_max_ms */
	int32_t backoff_max_ms;
	int32_t connect_timeout_ms;
	int32_t ready_timeout_ms; /* since the last PROGRESS, or START */
	int32_t basic_ready_timeout_ms; /* the basic dialect has no PROGRESS */
	int32_t verify_timeout_ms; /* since the last PROGRESS, or END */
	int32_t reconnect_timeout_ms; /* from DONE to the rebooted device's connection */
	int32_t stall_ms; /* this long without progress is a stall */
	enum profile_stall_action stall_action;
	int32_t pause_below_dbm; /* 0: off */
	int32_t continue_above_dbm; /* AUTO: somewhat above pause_below_dbm */

	/* Link: what the device is asked to request (LINK) */
	int32_t connection_interval; /* units of 1.25 ms, 6..3200; AUTO or KEEP */
	int32_t peripheral_latency; /* connection events, 0..499 */
	int32_t supervision_timeout_ms; /* a multiple of 10 */
	enum profile_phy phy;
	int32_t data_length; /* octets, 27..251; AUTO or KEEP */

	/* The rest */
	int32_t telemetry_ms; /* 0 = off, else 100..60000 */
	enum profile_confirm confirm;
};

enum profile_key {
	PROFILE_KEY_DESCRIPTION,
	PROFILE_KEY_CHUNK,
	PROFILE_KEY_WRITE_MODE,
	PROFILE_KEY_WINDOW,
	PROFILE_KEY_PACING,
	PROFILE_KEY_ACK_INTERVAL,
	PROFILE_KEY_MTU_MAX,
	PROFILE_KEY_BASIC_PACING,
	PROFILE_KEY_PREPARE,
	PROFILE_KEY_SIGNATURE,
	PROFILE_KEY_STREAM,
	PROFILE_KEY_SKIP,
	PROFILE_KEY_ACK_TIMEOUT,
	PROFILE_KEY_RETRIES,
	PROFILE_KEY_BACKOFF,
	PROFILE_KEY_BACKOFF_MAX,
	PROFILE_KEY_CONNECT_TIMEOUT,
	PROFILE_KEY_READY_TIMEOUT,
	PROFILE_KEY_BASIC_READY_TIMEOUT,
	PROFILE_KEY_VERIFY_TIMEOUT,
	PROFILE_KEY_RECONNECT_TIMEOUT,
	PROFILE_KEY_STALL,
	PROFILE_KEY_STALL_ACTION,
	PROFILE_KEY_PAUSE_BELOW,
	PROFILE_KEY_CONTINUE_ABOVE,
	PROFILE_KEY_CONNECTION_INTERVAL,
	PROFILE_KEY_PERIPHERAL_LATENCY,
	PROFILE_KEY_SUPERVISION_TIMEOUT,
	PROFILE_KEY_PHY,
	PROFILE_KEY_DATA_LENGTH,
	PROFILE_KEY_TELEMETRY,
	PROFILE_KEY_CONFIRM,
	PROFILE_KEYS
};

/* PROFILE_KEYS descriptions, indexed by enum profile_key. */
const struct setting *profile_settings(void);

/* The write mode asked for; of AUTO the one that most devices get. */
enum gatt_write profile_write_mode(const struct profile *profile);

/* Every key at its default; name "default". */
void profile_defaults(struct profile *profile);

/*
 * Read a profile: defaults, then what the text says.  name is what messages
 * call it; its base name without .yaml becomes the profile's.  0, or
 * -OTA_EINVAL with all that is wrong in *errors (initialised here) and *ret
 * untouched.  A file may have at most PROFILE_FILE_MAX bytes.
 */
#define PROFILE_FILE_MAX 65536u
int profile_load_text(const char *name, const char *text, size_t len, struct profile *ret,
		      struct setting_errors *errors);
/* Loads a file.  Also -OTA_ENOENT, -OTA_EPERM, -OTA_EIO, -OTA_ENOMEM; with one error in *errors. */
int profile_load_file(const char *path, struct profile *ret, struct setting_errors *errors);

/*
 * "key=value", as --set takes it; same checks, name is the option's for
 * messages.  All are applied before the keys are checked against one another,
 * and either all or none are kept.  0, or -OTA_EINVAL with *errors.
 */
int profile_set(struct profile *profile, const char *const *assignments, size_t count,
		const char *name, struct setting_errors *errors);
/* A key's value as one would type it.  Returns buf; SETTING_TEXT_MAX bytes are enough. */
char *profile_get(const struct profile *profile, enum profile_key key, char *buf, size_t size);
/* Writes a YAML file with the reason of each key; it reads back as the same profile.  0,
 * -OTA_EIO, -OTA_ENOMEM. */
int profile_write(const struct profile *profile, FILE *out);

/*
 * Finds a profile: by path if name holds a '/' or ends in .yaml; else
 * NAME.yaml in $XDG_CONFIG_HOME/otabench/profiles (default ~/.config), in the
 * installation's data directory, and last the shipped ones in the program, so
 * that it works uninstalled.
 */
enum profile_origin { PROFILE_PATH, PROFILE_USER, PROFILE_SYSTEM, PROFILE_BUILTIN };
struct profile_source {
	enum profile_origin origin;
	char path[4096]; /* to show; of a BUILTIN "NAME.yaml (built in)" */
	const char *text; /* of a BUILTIN, else NULL */
	size_t len;
};
/* 0; -OTA_EINVAL: not a possible name; -OTA_ENOENT: none of that name (a path is not tried). */
int profile_find(const char *name, struct profile_source *ret);
/* profile_find() and load; failures to find are in *errors too. */
int profile_open(const char *name, struct profile *ret, struct profile_source *ret_source,
		 struct setting_errors *errors);
const char *profile_origin_name(enum profile_origin origin);

/* Calls fn for every profile that a plain name finds, each name once, sorted.  0 or -OTA_ENOMEM. */
int profile_each(void (*fn)(void *userdata, const char *name, const struct profile_source *source),
		 void *userdata);

/*
 * Warns of settings that work, and are slower than they look: a window that in whole values is
 * below the ACK interval, behind which the device waits for more until its patience ends
 * (docs/protocol.md).  "" if there is nothing to say.  Returns buf.
 */
char *profile_warning(const struct profile *profile, char *buf, size_t size);

#endif
