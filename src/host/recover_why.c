/* SPDX-License-Identifier: Apache-2.0 */
/* The actions that recover a device, by what is known of it: the reason against each. */
#include "host/recover_priv.h"

#include <string.h>

bool recover_holds_session(const struct recover_known *k)
{
	return k->status_known && k->status.state != OTA_STATE_IDLE;
}

bool recover_same_image(const struct recover_known *k)
{
	return k->image_sha256 &&
	       memcmp(k->status.hash, k->image_sha256, sizeof(k->status.hash)) == 0;
}

bool recover_knows(const struct recover_known *k, uint8_t flag)
{
	return (k->flags_known & flag) != 0;
}

bool recover_has(const struct recover_known *k, uint8_t flag)
{
	return (k->flags_known & k->flags & flag) != 0;
}

#define NO_SERVICE "it has no service for this"
#define UNHEARD "it does not advertise"
#define ASK_FIRST "not known: ask for its state first"
#define ON_TRIAL "the running image is on trial"

/* The reason against anything that writes to the device over a link. */
static const char *why_not_write(const struct recover_known *k)
{
	if (k->readonly)
		return "not with --readonly";
	if (k->no_service)
		return NO_SERVICE;
	return k->unheard ? UNHEARD : NULL;
}

const char *recover_why_not_upload(const struct recover_known *k)
{
	const char *why = why_not_write(k);

	if (why)
		return why;
	if (k->image_why || k->image[0] == '\0')
		return k->image_why ? k->image_why : "no image chosen";
	return recover_has(k, OTA_INFO_PENDING_VERIFY) ? ON_TRIAL : NULL;
}

bool recover_interrupted(const struct recover_known *k)
{
	return k->have_update && !k->ended && k->received > 0 && k->outcome != SESSION_CANCELLED;
}

const char *recover_why_not_resume(const struct recover_known *k)
{
	const char *why = recover_why_not_upload(k);

	if (why)
		return why;
	if (!dialect_get(k->dialect)->can_resume)
		return dialect_get(k->dialect)->not_offered;
	if (recover_holds_session(k))
		return recover_same_image(k) ? NULL : "it holds part of another image";
	if (recover_knows(k, OTA_INFO_RESUMABLE))
		return recover_has(k, OTA_INFO_RESUMABLE) ? NULL : "it has nothing to resume";
	return recover_interrupted(k) ? NULL : ASK_FIRST;
}

const char *recover_why_not_command(const struct recover_known *k)
{
	const char *why = why_not_write(k);

	if (why)
		return why;
	if (k->dialect == DIALECT_UNKNOWN && k->flags_known == 0)
		return ASK_FIRST;
	return dialect_get(k->dialect)->can_rollback ? NULL : dialect_get(k->dialect)->not_offered;
}

const char *recover_why_not_flag(const struct recover_known *k, uint8_t flag, const char *without)
{
	const char *why = recover_why_not_command(k);

	if (why)
		return why;
	if (!recover_knows(k, flag))
		return ASK_FIRST;
	return recover_has(k, flag) ? NULL : without;
}

const char *recover_why_not_abort(const struct recover_known *k)
{
	const char *why = why_not_write(k);

	if (why || recover_holds_session(k))
		return why;
	if (k->dialect == DIALECT_UNKNOWN && k->flags_known == 0)
		return recover_interrupted(k) ? NULL : ASK_FIRST;
	return recover_knows(k, OTA_INFO_RESUMABLE) && !recover_has(k, OTA_INFO_RESUMABLE)
		       ? "no update is in progress on it"
		       : NULL;
}

const char *recover_why_not_prepare(const struct recover_known *k)
{
	const char *why = recover_why_not_command(k);

	if (why)
		return why;
	if (k->features_known && !(k->features & OTA_FEATURE_PREPARE))
		return "it does not offer this";
	if (!recover_knows(k, OTA_INFO_PENDING_VERIFY) || !recover_knows(k, OTA_INFO_RESUMABLE))
		return ASK_FIRST;
	if (recover_has(k, OTA_INFO_PENDING_VERIFY))
		return ON_TRIAL;
	return recover_has(k, OTA_INFO_RESUMABLE) || recover_holds_session(k)
		       ? "an update can be resumed"
		       : NULL;
}

#define CANCELLING "it is being cancelled"

const char *recover_why_not_pause(const struct recover_known *k)
{
	switch (k->state) {
	case SESSION_VERIFYING:
	case SESSION_REBOOTING:
	case SESSION_RECONNECTING:
	case SESSION_CONFIRMING:
		return "everything is sent";
	case SESSION_CANCELLING:
		return CANCELLING;
	default:
		return NULL;
	}
}

const char *recover_why_not_cancel(const struct recover_known *k)
{
	switch (k->state) {
	case SESSION_REBOOTING:
	case SESSION_CONFIRMING:
		return "too late: the new image boots next";
	case SESSION_RECONNECTING:
		return k->promised ? "too late: the new image boots next" : NULL;
	case SESSION_CANCELLING:
		return CANCELLING;
	default:
		return NULL;
	}
}
