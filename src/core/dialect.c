/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the dialects; each row is in the file that speaks it. */
#include "core/session_priv.h"

static const struct dialect unknown = {
	.id = DIALECT_UNKNOWN,
	.name = "unknown",
	.title = "unknown dialect",
	.not_offered = "not offered: nobody knows what it speaks",
	DIALECT_WHOLE,
};

static const struct dialect *const rows[DIALECTS] = {
	[DIALECT_UNKNOWN] = &unknown,
	[DIALECT_BASIC] = &session_basic,
	[DIALECT_FULL] = &session_full,
};

const struct dialect *dialect_get(enum dialect_id id)
{
	return (unsigned int)id < DIALECTS ? rows[id] : &unknown;
}

const struct dialect *dialect_spoken(const uint8_t p[GATT_CHRS])
{
	const bool control =
		(p[GATT_CONTROL] & GATT_PROP_WRITE) && (p[GATT_CONTROL] & GATT_PROP_NOTIFY);
	const bool data = (p[GATT_DATA] & (GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND)) &&
			  !(p[GATT_DATA] & GATT_PROP_NOTIFY);

	for (unsigned int i = DIALECT_UNKNOWN + 1; control && data && i < DIALECTS; i++) {
		if (rows[i]->spoken(p))
			return rows[i];
	}
	return NULL;
}

bool dialect_tells_received(const struct dialect *dialect, enum gatt_write mode)
{
	return dialect->has_acknowledgements || mode == GATT_REQUEST;
}
