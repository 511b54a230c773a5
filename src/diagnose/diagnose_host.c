/* SPDX-License-Identifier: Apache-2.0 */
/* The causes on this side: stack, adapter, what they remember, pairing. */
#include "diagnose/diagnose_priv.h"

uint8_t diagnose_host_queue(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->stack_full || !diagnose_stands(f))
		return 0;
	diagnose_say(evidence, "it takes no value, with %u bytes under way", diagnose_under_way(f));
	return diagnose_is_silent(f) ? POSSIBLE : PROVED - 5u;
}

uint8_t diagnose_adapter_buffers(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->stack_full || !diagnose_stands(f) || !diagnose_is_silent(f))
		return 0;
	diagnose_say(evidence, "the queue above it is full, and the device has said nothing since");
	return POSSIBLE + 5u;
}

uint8_t diagnose_adapter_off(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->adapter_off || f->adapter_blocked)
		return 0;
	diagnose_say(evidence, "bluetoothd says that it is not powered");
	return CERTAIN;
}

uint8_t diagnose_adapter_blocked(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->adapter_blocked)
		return 0;
	diagnose_say(evidence, "rfkill blocks it");
	return CERTAIN;
}

uint8_t diagnose_adapter_gone(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->daemon_gone || f->adapter_off || f->adapter_blocked ||
	    (!f->adapter_gone && f->outcome != SESSION_NO_ADAPTER))
		return 0;
	diagnose_say(evidence, "the stack no longer has it");
	return PROVED;
}

uint8_t diagnose_daemon_gone(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->daemon_gone)
		return 0;
	diagnose_say(evidence, "the name org.bluez has no owner");
	return CERTAIN;
}

uint8_t diagnose_stale_cache(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->misremembered || !diagnose_failed(f))
		return 0;
	diagnose_say(evidence, "its list of services is not the device's");
	return CERTAIN;
}

uint8_t diagnose_held_here(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome != SESSION_IN_USE && !(f->data_held && diagnose_failed(f)))
		return 0;
	diagnose_say(evidence, "bluetoothd has given out the characteristic's write socket");
	return CERTAIN;
}

static bool unpaired(const struct diagnosis_facts *f)
{
	return f->outcome == SESSION_NOT_PAIRED ||
	       (f->code == OTA_ERR_PERMISSION && f->opcode == 0);
}

uint8_t diagnose_pairing_needed(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!unpaired(f) || f->key_missing || f->passkey_given)
		return 0;
	if (f->outcome == SESSION_NOT_PAIRED && !f->passkey_asked)
		return 0;
	diagnose_say(evidence, "%s",
		     f->passkey_asked ? "it shows a passkey, and none was typed"
				      : "it asks for an encrypted link");
	return CERTAIN;
}

uint8_t diagnose_pairing_refused(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome != SESSION_NOT_PAIRED || f->key_missing ||
	    (f->passkey_asked && !f->passkey_given))
		return 0;
	diagnose_say(evidence, "%s",
		     f->passkey_given ? "the passkey was not the one that it shows"
				      : "the device asked for an encrypted link, and refused it");
	return f->passkey_given ? CERTAIN : LIKELY;
}

uint8_t diagnose_bond_lost(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->key_missing && f->losses.by[GATT_KEY_MISSING] == 0)
		return 0;
	diagnose_say(evidence, "encryption failed: the key is missing");
	return CERTAIN;
}
