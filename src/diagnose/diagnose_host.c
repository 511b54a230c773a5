/* SPDX-License-Identifier: Apache-2.0 */
/* The causes on this side: stack, adapter, what they remember, pairing. */
#include "diagnose/diagnose_priv.h"

uint8_t diagnose_host_queue(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->stack_full || !diagnose_stands(f))
		return 0;
	diagnose_say(evidence, "it takes no value, with %u bytes under way", diagnose_under_way(f));
	return f->unanswered || diagnose_is_silent(f) ? POSSIBLE : PROVED - 5u;
}

/*
 * If the adapter lost its buffers, all that it took is under way for ever: a request, too, which
 * any device's stack would answer.
 */
uint8_t diagnose_adapter_buffers(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->stack_full || !diagnose_stands(f) || (!f->unanswered && !diagnose_is_silent(f)))
		return 0;
	diagnose_say(evidence, "the queue above it is full, and %s",
		     f->unanswered ? "no request gets an answer any more"
				   : "the device has said nothing since");
	return f->unanswered ? PROVED - 3u : POSSIBLE + 5u;
}

uint8_t diagnose_adapter_off(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->host != GATT_HOST_ADAPTER_OFF)
		return 0;
	diagnose_say(evidence, "bluetoothd says that it is not powered");
	return CERTAIN;
}

uint8_t diagnose_adapter_blocked(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->host != GATT_HOST_ADAPTER_BLOCKED)
		return 0;
	diagnose_say(evidence, "rfkill blocks it");
	return CERTAIN;
}

uint8_t diagnose_adapter_gone(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->host == GATT_HOST_ADAPTER_GONE) {
		diagnose_say(evidence, "bluetoothd has it no longer");
		return CERTAIN;
	}
	if (f->host != GATT_HOST_UNTOLD || (!f->adapter_gone && f->outcome != SESSION_NO_ADAPTER))
		return 0;
	diagnose_say(evidence, "the stack has it no longer");
	return PROVED;
}

uint8_t diagnose_daemon_gone(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->host != GATT_HOST_DAEMON_GONE)
		return 0;
	diagnose_say(evidence, "the name org.bluez has no owner");
	return CERTAIN;
}

uint8_t diagnose_daemon_silent(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->host != GATT_HOST_DAEMON_SILENT)
		return 0;
	diagnose_say(evidence, "it is on the bus, and owes even the answer to a ping");
	return CERTAIN;
}

uint8_t diagnose_bus_policy(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->host != GATT_HOST_REFUSED)
		return 0;
	diagnose_say(evidence, "the bus answered AccessDenied in place of bluetoothd");
	return CERTAIN + 1u; /* what it looks like otherwise follows from it */
}

uint8_t diagnose_no_bus(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->host != GATT_HOST_NO_BUS)
		return 0;
	diagnose_say(evidence, "no connection to the system bus could be made");
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

static bool bond_lost(const struct diagnosis_facts *f)
{
	return f->key_missing || f->losses.by[GATT_KEY_MISSING] > 0 ||
	       (f->pairing == GATT_PAIRING_BOND_LOST && unpaired(f));
}

uint8_t diagnose_pairing_needed(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!unpaired(f) || f->passkey_given || bond_lost(f) || f->host == GATT_HOST_REFUSED ||
	    f->pairing == GATT_PAIRING_UNAUTHORIZED)
		return 0;
	if (f->outcome == SESSION_NOT_PAIRED && !f->passkey_asked &&
	    f->pairing != GATT_PAIRING_WANTED)
		return 0;
	diagnose_say(evidence, "%s",
		     f->passkey_asked ? "it shows a passkey, and none was typed"
				      : "it asks for an encrypted link");
	return CERTAIN;
}

uint8_t diagnose_pairing_refused(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome != SESSION_NOT_PAIRED || bond_lost(f) ||
	    (f->passkey_asked && !f->passkey_given) ||
	    (!f->passkey_asked && f->pairing == GATT_PAIRING_WANTED))
		return 0;
	diagnose_say(evidence, "%s",
		     f->passkey_given ? "the passkey was not the one that it shows"
				      : "the device asked for an encrypted link, and refused it");
	return f->passkey_given ? CERTAIN : LIKELY;
}

uint8_t diagnose_bond_lost(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!bond_lost(f))
		return 0;
	diagnose_say(evidence, "%s",
		     f->key_missing || f->losses.by[GATT_KEY_MISSING] > 0
			     ? "encryption failed: the key is missing"
			     : "there is a bond, and the device asks for a pairing all the same");
	return CERTAIN;
}
