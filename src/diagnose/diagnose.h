/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cause of a stall, a failure or an update that was left behind: what a host sees goes
 * in, named causes with their evidence and their cure come out, the most certain first.
 *
 * Nothing but what is seen from outside counts: notifications, how and when links ended, what
 * bluetoothd answered, what was found in the air.  The same rules so judge a real device, a
 * simulated one, a recording and a capture.  Freestanding: no clock, heap or file.
 */
#ifndef OTABENCH_DIAGNOSE_DIAGNOSE_H
#define OTABENCH_DIAGNOSE_DIAGNOSE_H

#include "core/session.h"

/* Names in JSON and in the manual: diagnosis_name(). */
enum diagnosis_cause {
	DIAGNOSIS_NONE,
	/* The device is at it. */
	DIAGNOSIS_ERASING,
	DIAGNOSIS_PROGRAMMING,
	DIAGNOSIS_DEVICE_TASK, /* its ring is full, and nothing leaves it */
	DIAGNOSIS_FLASH_FAULT, /* erase, write or read failed, or the hash differs */
	/* Something gets lost. */
	DIAGNOSIS_NOTIFICATIONS_LOST,
	DIAGNOSIS_VALUES_DROPPED, /* between the host's stack and the device's task */
	DIAGNOSIS_WRITES_UNSEEN, /* written without response, and nothing tells of them */
	DIAGNOSIS_MTU, /* ATT MTU or chunk too small to get on */
	/* The host. */
	DIAGNOSIS_HOST_QUEUE, /* bluetoothd takes no value */
	DIAGNOSIS_ADAPTER_BUFFERS, /* taken by bluetoothd, and never acknowledged */
	DIAGNOSIS_ADAPTER_OFF,
	DIAGNOSIS_ADAPTER_BLOCKED,
	DIAGNOSIS_ADAPTER_GONE,
	DIAGNOSIS_BLUETOOTHD_GONE,
	DIAGNOSIS_BLUETOOTHD_SILENT,
	DIAGNOSIS_BLUETOOTHD_OLD, /* a fault that its release is known for */
	DIAGNOSIS_BUS_POLICY,
	DIAGNOSIS_NO_BUS,
	DIAGNOSIS_STALE_CACHE,
	DIAGNOSIS_HELD_HERE, /* another program of this host has the Data characteristic */
	/* The link. */
	DIAGNOSIS_SIGNAL_FADING,
	DIAGNOSIS_OUT_OF_RANGE,
	DIAGNOSIS_INTERFERENCE, /* packets get lost at a good signal */
	DIAGNOSIS_SUPERVISION, /* the timeout is shorter than what the device needs */
	DIAGNOSIS_TIMING, /* ... than the interval needs: no such link can stand */
	DIAGNOSIS_INTERVAL, /* long connection events: answers come too late */
	DIAGNOSIS_INTERVAL_CHANGED, /* ... since the parameters changed on the way */
	DIAGNOSIS_CONNECT_FAILS,
	DIAGNOSIS_NOT_ADVERTISING,
	DIAGNOSIS_NOT_CONNECTABLE,
	DIAGNOSIS_HUNG_UP, /* the device ends the link, and nothing tells why */
	/* The device's doing. */
	DIAGNOSIS_RESET,
	DIAGNOSIS_OTHER_SLOT, /* rebooted into the other slot in mid update */
	DIAGNOSIS_OTHER_CLIENT,
	DIAGNOSIS_PERMISSION,
	DIAGNOSIS_TOO_OFTEN, /* it spares its flash */
	DIAGNOSIS_DIALECT,
	DIAGNOSIS_SILENT, /* linked, and no answer to anything */
	DIAGNOSIS_PROTOCOL,
	DIAGNOSIS_NO_HEADWAY, /* it speaks, and the update gets nowhere */
	/* Pairing. */
	DIAGNOSIS_PAIRING_NEEDED,
	DIAGNOSIS_PAIRING_REFUSED,
	DIAGNOSIS_BOND_LOST,
	/* After the transfer. */
	DIAGNOSIS_NO_RETURN,
	DIAGNOSIS_ON_TRIAL,
	DIAGNOSIS_ROLLED_BACK,
	DIAGNOSIS_SAME_VERSION,
	DIAGNOSIS_IMAGE_REFUSED,
	DIAGNOSIS_LEFT_BEHIND, /* an update waits on the device */
	DIAGNOSIS_CAUSES
};

/* Links of a run that ended, by how they did. */
struct diagnosis_losses {
	uint16_t by[GATT_REASONS];
	uint16_t erasing; /* of them by supervision timeout: an erase had been announced */
	uint16_t brief; /* ... the timeout was shorter than what an erase may take */
	uint16_t weak; /* ... the signal was weak */
	uint32_t silent_ms; /* nothing was heard of the device before the latest; 0: unknown */
	int8_t rssi; /* dBm before the latest; 127: unknown */
};

/* All known facts; an unknown one is 0, NULL, or as stated. */
struct diagnosis_facts {
	enum session_goal goal;
	enum session_state state;
	enum session_outcome outcome; /* NO_OUTCOME: under way */
	bool scanning; /* the device is looked for */
	bool heard; /* it advertised, in this run */
	bool not_connectable; /* ... saying that it takes no connection */
	enum dialect_id dialect;

	/* The transfer. */
	const struct session_stats *stats; /* never NULL */
	uint32_t size; /* bytes of the image */
	bool begun; /* READY came */
	bool ended; /* END was written */
	bool proved;
	enum session_verdict verdict;
	bool stalled; /* a stall is under way, or was when the run ended */
	bool stack_full; /* the host's stack takes no value */
	uint64_t still_us; /* received stands still; 0: it moves, or nothing is sent */
	uint64_t silent_us; /* nothing was heard of the device; 0: no link */
	uint64_t state_us; /* in the present state */
	bool erase_last; /* the last that the device said was that it erases */
	uint32_t unheard; /* bytes that STATUS told of, and no ACK had */
	uint32_t missing; /* bytes written before a question whose answer did not have them */
	uint32_t written; /* writes to Control answered by its stack since it was heard */
	bool unanswered; /* a write to Control was not answered by its stack for long */
	uint32_t forgot; /* bytes in its flash that READY after a loss did not count any more */
	uint16_t
		silences; /* of a second and more, which the link outlived, each soon after another */
	uint16_t erase_ms; /* the longest erase of this run that telemetry told of */
	uint16_t write_ms; /* the longest write, as it told last, on an earlier link, too */
	uint32_t queries; /* questions (STATUS, RESYNC) that the silence led to */
	uint32_t answers; /* of them that were answered */
	uint16_t mtu, chunk;
	enum gatt_write mode;
	uint32_t window; /* bytes, in force */
	uint16_t ack_interval; /* bytes, as READY has it; 0: unknown */
	uint16_t timeout_asked; /* 10 ms, of the profile */
	uint32_t ready_timeout_ms, connect_timeout_ms;

	/* The link. */
	struct ota_link link; /* of now, or the last that was known; 0: unknown */
	uint16_t interval_first; /* 1.25 ms; of this run's transfer; 0: unknown */
	int8_t rssi, rssi_most; /* dBm: the latest, the strongest of this run; 127 unknown */
	struct diagnosis_losses losses;

	/* The device. */
	const struct ota_info *info; /* the latest; NULL: none */
	const struct ota_info *info_first; /* of the first connection; NULL: none */
	uint8_t resets, reset_reason; /* of Info, when the transfer moved last */
	uint8_t code, opcode; /* DEVICE_ERROR; or the last that the device sent */
	bool erred; /* ERROR came since it moved last */
	uint32_t detail;

	/* The host's stack. */
	int status; /* negative OTA_E*: what it said last */
	bool misremembered, data_held, key_missing;
	bool passkey_asked, passkey_given;
	bool adapter_gone; /* ... without a word on why; else host tells */
	enum gatt_host host;
	enum gatt_pairing pairing;
	unsigned int release; /* of bluetoothd, major << 8 | minor; 0: unknown */
};

enum diagnosis_verb { /* the command that cures, where one does */
		      DIAGNOSIS_DO_NOTHING,
		      DIAGNOSIS_DO_RESUME,
		      DIAGNOSIS_DO_FLASH, /* once more, from the start where that is wanted */
		      DIAGNOSIS_DO_CONFIRM,
		      DIAGNOSIS_DO_FORGET,
		      DIAGNOSIS_DO_DISCONNECT,
		      DIAGNOSIS_DO_INFO,
		      DIAGNOSIS_DO_SCAN,
		      DIAGNOSIS_DO_DOCTOR,
};

#define DIAGNOSIS_TEXT 200u
#define DIAGNOSIS_CHANGE 48u

struct diagnosis {
	enum diagnosis_cause cause;
	uint8_t certainty; /* percent: 90 and more is proved by what was seen */
	char evidence[DIAGNOSIS_TEXT]; /* the evidence: figures, no advice */
	enum diagnosis_verb verb;
	char change[DIAGNOSIS_CHANGE]; /* key=value of a profile, that cures; "" none does */
};

#define DIAGNOSES_MAX 4u

/*
 * Returns how many causes are at least likely, the most certain first; 0: nothing is wrong, or
 * nothing tells what.
 */
size_t diagnose(const struct diagnosis_facts *facts, struct diagnosis ret[DIAGNOSES_MAX]);

/* Adds one to a list in that order, which keeps one of each cause, and the most certain. */
void diagnosis_keep(struct diagnosis list[DIAGNOSES_MAX], size_t *count,
		    const struct diagnosis *diagnosis);

/* A fault that bluetoothd has from one release on, and before another. */
struct diagnosis_release {
	unsigned int from, before; /* major << 8 | minor */
	const char *text; /* "keeps ...": what the release does */
	const char *advice;
};
/* NULL: there are no more. */
const struct diagnosis_release *diagnosis_release_fault(size_t index);
bool diagnosis_release_has(const struct diagnosis_release *fault, unsigned int release);

/* "erasing": in JSON, the log and the manual. */
const char *diagnosis_name(enum diagnosis_cause cause);
/* One clause: "the device is erasing its flash". */
const char *diagnosis_text(enum diagnosis_cause cause);
/* One sentence: what to do; "" where waiting is all. */
const char *diagnosis_cure(enum diagnosis_cause cause);
/* The same with the change that does it here.  Returns buf. */
char *diagnosis_cure_text(const struct diagnosis *diagnosis, char *buf, size_t size);
/* "cause: the device is erasing its flash (ERASE at 3 of 16)": the same in the log, on the
 * dashboard and in Recover.  Returns buf. */
char *diagnosis_line(const struct diagnosis *diagnosis, char *buf, size_t size);
/* "resume": the subcommand; NULL: none. */
const char *diagnosis_verb_name(enum diagnosis_verb verb);

#endif
