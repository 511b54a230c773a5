/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialects of the protocol that devices speak: one row each, of how it is
 * recognised and of what a device of it can tell and do.  Whoever shows or decides
 * something asks the row, never which dialect it is, so that another one is a file in
 * this folder and a row.
 *
 * A dialect is recognised before anything is written: the services in an advertisement
 * leave a set of dialects, often of several, since projects share service UUIDs; the
 * characteristics and their properties, at connect, leave one.
 */
#ifndef OTABENCH_CORE_DIALECT_H
#define OTABENCH_CORE_DIALECT_H

#include "core/gatt.h"

struct dialect_ops; /* session_priv.h */

/* Recordings hold these numbers: new ones come last. */
enum dialect_id {
	DIALECT_UNKNOWN, /* not discovered yet: its row denies nothing */
	DIALECT_BASIC,
	DIALECT_FULL,
	DIALECT_FOREIGN, /* a known service's UUID, and none of the dialects known to have it */
	DIALECT_FBIEGO,
	DIALECT_FBIEGO_COMPACT,
	DIALECT_BLE_OTA,
	DIALECT_BLE_OTA_RAW,
	DIALECT_BLEOTA,
	DIALECT_NIMBLEOTA,
	DIALECT_ANGERER,
	DIALECT_ARDUINO_BLE_OTA,
	DIALECT_SMP,
	DIALECT_NORDIC_DFU,
	DIALECT_NORDIC_LEGACY_DFU,
	DIALECT_MESHTASTIC,
	DIALECT_MATTER,
	DIALECT_SILABS,
	DIALECT_TI_OAD,
	DIALECT_ARDUINO_BLE_OTA_1,
	DIALECTS
};

#define DIALECT_SERVICES 2u

/* Projects whose messages are of one kind, for those who put them into words. */
enum dialect_family {
	DIALECT_OTABENCH, /* docs/protocol.md */
	DIALECT_SECTORS, /* session_sectors.c */
	DIALECT_PARTS, /* session_parts.c */
	DIALECT_MCUMGR, /* session_mcumgr.c */
	DIALECT_PACKAGES, /* session_arduino.c */
};

/* A characteristic that a device must have to speak a dialect. */
struct dialect_chr {
	const char *uuid; /* NULL: the dialect has no such thing */
	uint8_t all, any, none; /* GATT_PROP_* that it must have, of which one, and must not */
};

struct dialect {
	enum dialect_id id;
	const char *name; /* one word: in JSON, in the history's file, on the screen */
	const char *title; /* "full protocol" */
	const char *lacks; /* "no acknowledgements, no hash"; "": nothing */
	const char *not_offered; /* why a command of another dialect is not offered */
	/* The tool that serves a dialect that this program leaves alone.  "": this program
	 * serves it. */
	const char *tool;

	/* UUIDs, as GATT_UUID_TEXT; the characteristics are in the first. */
	const char *services[DIALECT_SERVICES];
	bool advertised; /* an advertisement of the project's own examples has the first */
	/* The characteristics; if none has a UUID, the service alone decides. */
	struct dialect_chr chrs[GATT_CHRS];
	/* The one whose notifications are Control's; no UUID: Control's own. */
	struct dialect_chr events;
	/* Characteristics of the service that tell it from dialects that are else the same. */
	const char *with, *without;

	enum dialect_family family;
	uint16_t header; /* bytes of each Data value that are not payload */
	/* Bytes of the image that are acknowledged at once, so that no value goes beyond them, and
	 * the bytes behind the payload of the last value of each; 0: there are no sectors. */
	uint16_t sector, trailer;
	/* Bytes of the notification that answers the values under way, a few of which come at
	 * any moment; 0: there is none worth room in an event. */
	uint16_t answer;
	enum gatt_write write_mode; /* that suits it, unless one is asked for */
	/* If that mode is request, not each value needs one: a request proves that all before it
	 * came. */
	bool bursts;
	bool mcuboot; /* its devices' boot loader is MCUboot, for which images are others */
	bool fills; /* values are of one length: the last one is filled up with FF */
	bool paced; /* values that come too fast are lost without a word: basic_pacing counts */
	/* It keeps an update that stopped until it is reset, and takes no other before. */
	bool keeps_update;
	bool one_byte; /* commands and notifications are their opcode alone */
	bool has_acknowledgements; /* credit, received and flushed are told; lost values show */
	bool has_status; /* can be asked what it is at */
	bool has_link; /* can be asked for link parameters */
	bool has_telemetry;
	bool has_hash; /* of the running image: an update can be proved */
	bool can_resume;
	bool can_rollback; /* trial boots: CONFIRM and ROLLBACK */
	const struct dialect_ops *ops; /* NULL: UNKNOWN */
};

/* Never NULL: of anything else the row of UNKNOWN. */
const struct dialect *dialect_get(enum dialect_id id);
/* The dialect of a device with these characteristics.  NULL: no service known here. */
const struct dialect *dialect_find(const struct gatt_found *found, size_t count);
/* The one for chr in this dialect; count: there is none. */
size_t dialect_map(const struct dialect *dialect, enum gatt_chr chr, const struct gatt_found *found,
		   size_t count);
/* The one whose notifications are Control's, in the same way. */
size_t dialect_map_events(const struct dialect *dialect, const struct gatt_found *found,
			  size_t count);
/* Returns true if Control and Data are one characteristic. */
bool dialect_is_shared(const struct dialect *dialect);
/* Returns true if this program updates devices of it, and false where it writes nothing. */
bool dialect_is_driven(const struct dialect *dialect);
/* Returns true if anything tells that Data values arrived, when they are written so. */
bool dialect_tells_received(const struct dialect *dialect, enum gatt_write mode);

/*
 * Sets of dialects, by 1 << id: those that a device with a service of this UUID, in any
 * case of letters, may speak; 0: none is known.
 */
uint32_t dialects_of_service(const char *uuid);
/* The one dialect of a set; NULL: it has none, or several. */
const struct dialect *dialects_only(uint32_t set);
/* Returns true if the set has one that this program drives. */
bool dialects_driven(uint32_t set);

#endif
