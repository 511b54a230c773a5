/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialects of the protocol that devices speak: one row each, of what a device
 * of it can tell and do.  Whoever shows or decides something asks the row, never
 * which dialect it is, so that another one is a file in this folder and a row.
 */
#ifndef OTABENCH_CORE_DIALECT_H
#define OTABENCH_CORE_DIALECT_H

#include "core/gatt.h"

struct dialect_ops; /* session_priv.h */

enum dialect_id {
	DIALECT_UNKNOWN, /* not discovered yet: its row denies nothing */
	DIALECT_BASIC,
	DIALECT_FULL,
	DIALECTS
};

struct dialect {
	enum dialect_id id;
	const char *name; /* one word: in JSON, in the history's file, on the screen */
	const char *title; /* "full protocol" */
	const char *lacks; /* "no acknowledgements, no hash"; "": nothing */
	const char *not_offered; /* why a command of another dialect is not offered */
	uint16_t header; /* bytes of each Data value that are not payload */
	enum gatt_write write_mode; /* that suits it, where nobody asks for one */
	/* That mode's requests need not be for each value: one proves that all before it came. */
	bool bursts;
	bool one_byte; /* commands and notifications are their opcode alone */
	bool has_acknowledgements; /* credit, received and flushed are told; lost values show */
	bool has_status; /* can be asked what it is at */
	bool has_link; /* can be asked for link parameters */
	bool has_telemetry;
	bool has_hash; /* of the running image: an update can be proved */
	bool can_resume;
	bool can_rollback; /* trial boots: CONFIRM and ROLLBACK */
	/* Returns true if a device with these properties (GATT_PROP_*), by GATT_CHRS, speaks it. */
	bool (*spoken)(const uint8_t properties[GATT_CHRS]);
	const struct dialect_ops *ops; /* NULL: UNKNOWN */
};

/* Never NULL: of anything else the row of UNKNOWN. */
const struct dialect *dialect_get(enum dialect_id id);
/*
 * By characteristics and properties, before anything is written: a project that
 * shares the service UUID has its notifications on what is Data here.  NULL: none.
 */
const struct dialect *dialect_spoken(const uint8_t properties[GATT_CHRS]);
/* Returns true if anything tells that Data values arrived, when they are written so. */
bool dialect_tells_received(const struct dialect *dialect, enum gatt_write mode);

#endif
