/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of bluetoothd that an update meets, by release.  Which one brought or mended what was
 * read in BlueZ's ChangeLog and history; a comment names the place.
 */
#include "diagnose/diagnose_priv.h"

#define RELEASE(major, minor) ((major) << 8 | (minor))

static bool ended(const struct diagnosis_facts *f)
{
	return f->host == GATT_HOST_DAEMON_GONE;
}

static bool is_stale(const struct diagnosis_facts *f)
{
	return f->misremembered && diagnose_failed(f);
}

static const struct fault {
	struct diagnosis_release known;
	bool (*shows)(
		const struct diagnosis_facts *f); /* NULL: nothing that is seen here proves it */
} faults[] = {
	/* "Fix issue with disconnecting due to GattCharacteristic1.MTU", 5.63 */
	{{RELEASE(5, 62), RELEASE(5, 63), "can crash when a device's MTU is read", "update it"},
	 ended},
	/* GattCharacteristic1.MTU came with 5.62. */
	{{0, RELEASE(5, 62), "does not report the MTU until a write socket is acquired",
	  "nothing to do: otabench acquires one"},
	 NULL},
	/* device_remove_stored() of src/device.c has deleted the cache's file since 5.62. */
	{{0, RELEASE(5, 62), "keeps a removed device's GATT cache",
	  "if a firmware's GATT table has changed, delete the device's file in the folder "
	  "cache of the adapter's below /var/lib/bluetooth, then restart bluetoothd"},
	 is_stale},
	/* Device1.Disconnected came with 5.83. */
	{{0, RELEASE(5, 83), "does not report why a link ended",
	  "'btmon' as root shows it; or update bluetoothd"},
	 NULL},
	/* "shared/att: Fix not requeueing in the same channel", 5.67: the channel's queue is not told of
	 * the link's end. */
	{{RELEASE(5, 67), UINT16_MAX,
	  "keeps a write that waited for a pairing which failed, and refuses all later ones",
	  "nothing to do: otabench has bluetoothd forget the device, which costs one try"},
	 NULL},
	/* "Add support for Enhanced ATT bearer (EATT)", 5.54; "main: Disable EATT by default", 5.67 */
	{{RELEASE(5, 54), RELEASE(5, 67),
	  "opens several bearers to a device that offers them (EATT), where values overtake each "
	  "other",
	  "if a run says so: Channels = 1 below [GATT] in /etc/bluetooth/main.conf, then restart "
	  "bluetoothd"},
	 NULL},
	/* "Fix issue with GATT database and out of sync errors", 5.87 */
	{{0, RELEASE(5, 87),
	  "does not repeat what a device refuses because its GATT table has changed (ATT error "
	  "0x12)",
	  "where a device with a Database Hash refuses once after an update: try again"},
	 NULL},
};

const struct diagnosis_release *diagnosis_release_fault(size_t index)
{
	return index < sizeof(faults) / sizeof(faults[0]) ? &faults[index].known : NULL;
}

bool diagnosis_release_has(const struct diagnosis_release *fault, unsigned int release)
{
	return release != 0 && release >= fault->from && release < fault->before;
}

uint8_t diagnose_daemon_old(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *fault = &faults[i];

		if (!fault->shows || !diagnosis_release_has(&fault->known, f->release) ||
		    !fault->shows(f))
			continue;
		diagnose_say(evidence, "release %u.%u %s", f->release >> 8, f->release & 0xffu,
			     fault->known.text);
		return CERTAIN + 1u; /* it explains what is certain otherwise */
	}
	return 0;
}
