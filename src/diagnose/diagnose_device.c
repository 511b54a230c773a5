/* SPDX-License-Identifier: Apache-2.0 */
/* The device's doing: resets, refusals, and what runs after the transfer. */
#include "diagnose/diagnose_priv.h"

/* Counted since the update began (Info, protocol.md 3.3), or another reason than before. */
uint8_t diagnose_reset(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const struct ota_info *i = f->info;
	const uint8_t before = f->begun ? f->resets : 0;
	const bool other = i && f->begun && i->reset_reason != f->reset_reason;

	if (!i || f->ended || (i->resets <= before && !other && f->forgot == 0) ||
	    (f->goal != SESSION_UPDATE && !(i->flags & OTA_INFO_RESUMABLE)) ||
	    (f->goal == SESSION_UPDATE && !f->begun))
		return 0;
	if (i->resets <= before && !other) {
		diagnose_say(evidence,
			     "it forgot %u bytes that it had in flash; its latest reset: %s",
			     f->forgot, ota_reset_name(i->reset_reason));
		return PROVED;
	}
	if (i->resets <= before)
		diagnose_say(evidence, "its latest reset is another than before: by %s",
			     ota_reset_name(i->reset_reason));
	else if (i->panics > 0)
		diagnose_say(evidence,
			     "it panicked %u time%s since the update began (resets: %u, the latest "
			     "by %s)",
			     i->panics, i->panics == 1 ? "" : "s", i->resets,
			     ota_reset_name(i->reset_reason));
	else if (i->reset_reason == OTA_RESET_UNKNOWN)
		diagnose_say(evidence, "resets since the update began: %u", i->resets);
	else
		diagnose_say(evidence, "resets since the update began: %u, the latest by %s",
			     i->resets, ota_reset_name(i->reset_reason));
	return CERTAIN;
}

uint8_t diagnose_other_slot(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->info || !f->info_first || f->ended || !f->begun ||
	    f->info->running_slot == f->info_first->running_slot)
		return 0;
	diagnose_say(evidence, "slot %u ran when the update began, and slot %u does now",
		     f->info_first->running_slot, f->info->running_slot);
	return CERTAIN + 1u;
}

uint8_t diagnose_other_client(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->code != OTA_ERR_BUSY || f->detail != 0 || dialect_get(f->dialect)->keeps_update)
		return 0;
	diagnose_say(evidence, "it answered %s with %s", ota_command_name(f->opcode),
		     ota_code_name(f->code));
	return CERTAIN;
}

uint8_t diagnose_too_often(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->code != OTA_ERR_BUSY || f->detail == 0)
		return 0;
	diagnose_say(evidence, "it takes no START for another %u s", f->detail);
	return CERTAIN;
}

uint8_t diagnose_permission(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->code == OTA_ERR_PERMISSION && f->pairing == GATT_PAIRING_UNAUTHORIZED) {
		diagnose_say(evidence, "it refuses this computer the access, paired or not");
		return CERTAIN;
	}
	if (f->code != OTA_ERR_PERMISSION || f->opcode == 0)
		return 0;
	diagnose_say(evidence, "it answered %s with %s", ota_command_name(f->opcode),
		     ota_code_name(f->code));
	return CERTAIN;
}

uint8_t diagnose_dialect(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome == SESSION_OTHER_DIALECT) {
		diagnose_say(evidence, "its services are those of the %s",
			     dialect_get(f->dialect)->title);
		return PROVED;
	}
	if (f->outcome != SESSION_NO_SERVICE)
		return 0;
	diagnose_say(evidence, "none of its characteristics are those of a dialect known here");
	return PROVED;
}

uint8_t diagnose_protocol(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome != SESSION_PROTOCOL)
		return 0;
	diagnose_say(evidence, "what it sent is not possible there");
	return PROVED;
}

uint8_t diagnose_no_return(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome != SESSION_NOT_BACK)
		return 0;
	diagnose_say(evidence, "it was looked for %u times", f->losses.by[GATT_NOT_FOUND] + 1u);
	return PROVED;
}

uint8_t diagnose_on_trial(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const bool refused = f->code == OTA_ERR_STATE && (f->detail & OTA_DETAIL_PENDING);
	const bool pending = f->info && (f->info->flags & OTA_INFO_PENDING_VERIFY);

	if (refused) {
		diagnose_say(evidence, "it takes no other image before that is decided");
		return CERTAIN;
	}
	if (!pending || f->outcome == SESSION_NO_OUTCOME || f->outcome == SESSION_UNCONFIRMED ||
	    f->outcome == SESSION_CONFIRMED)
		return 0;
	diagnose_say(evidence, "Info says that it is pending verify");
	return f->proved || f->goal != SESSION_UPDATE ? CERTAIN : LIKELY;
}

uint8_t diagnose_rolled_back(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const uint8_t reason = f->info ? f->info->reset_reason : OTA_RESET_UNKNOWN;

	if (f->outcome != SESSION_ROLLED_BACK || f->verdict == SESSION_VERDICT_OLD)
		return 0;
	if (reason != OTA_RESET_UNKNOWN)
		diagnose_say(evidence, "it came back with another image; its latest reset: %s",
			     ota_reset_name(reason));
	else
		diagnose_say(evidence, "it came back with another image than was sent");
	return CERTAIN;
}

uint8_t diagnose_same_version(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->verdict != SESSION_VERDICT_OLD)
		return 0;
	diagnose_say(evidence, "it reports the version that it had before, and no hash");
	return f->erred ? LIKELY : CERTAIN; /* it did not take the image: that has a cause */
}

uint8_t diagnose_image_refused(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome == SESSION_REFUSED && f->status == -OTA_EPERM) {
		diagnose_say(evidence, "it does not go with what the device says of itself");
		return CERTAIN;
	}
	if (f->code != OTA_ERR_IMAGE && f->code != OTA_ERR_CHIP && f->code != OTA_ERR_VERSION &&
	    f->code != OTA_ERR_SIZE)
		return 0;
	diagnose_say(evidence, "%s (%s, detail %u)", ota_code_text(f->code), ota_code_name(f->code),
		     f->detail);
	return CERTAIN;
}

uint8_t diagnose_left_behind(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const struct session_stats *st = f->stats;

	if (f->goal == SESSION_UPDATE || f->outcome != SESSION_ANSWERED || !f->info ||
	    !(f->info->flags & OTA_INFO_RESUMABLE))
		return 0;
	if (st->status_known)
		diagnose_say(evidence, "%u bytes were received, %u of them are in flash",
			     st->status.received, st->status.flushed);
	else
		diagnose_say(evidence, "Info says that an update can be resumed");
	return PROVED + 3u;
}
