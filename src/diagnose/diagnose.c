/* SPDX-License-Identifier: Apache-2.0 */
/* The causes in a table, and their order by certainty: see diagnose.h. */
#include "diagnose/diagnose_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SILENT_US 2000000u /* a device under way says something several times a second */
#define WEAK_DBM (-85) /* 10 dB above the sensitivity of common controllers on 1M, -95 dBm */

static const struct cause {
	const char *name, *text, *cure;
	enum diagnosis_verb verb;
	diagnosis_judge *judge;
	diagnosis_changer *change;
} causes[DIAGNOSIS_CAUSES] = {
	[DIAGNOSIS_NONE] = {"none", "nothing is known to be wrong", "", DIAGNOSIS_DO_NOTHING, NULL},
	[DIAGNOSIS_ERASING] =
		{"erasing", "the device is erasing its flash",
		 "Wait: it goes on by itself. Where READY does not come in time, raise "
		 "ready_timeout_ms (basic_ready_timeout_ms for the basic dialect) of the profile.",
		 DIAGNOSIS_DO_FLASH, diagnose_erasing, diagnose_more_patience},
	[DIAGNOSIS_PROGRAMMING] =
		{"programming", "the device is programming its flash more slowly than data comes",
		 "Wait: it goes on by itself.", DIAGNOSIS_DO_NOTHING, diagnose_programming},
	[DIAGNOSIS_DEVICE_TASK] =
		{"device-task", "the device's update task does not run: its ring stays full",
		 "Look in the firmware for what keeps that task from running: a task of higher "
		 "priority, a lock, a long critical section.",
		 DIAGNOSIS_DO_NOTHING, diagnose_device_task},
	[DIAGNOSIS_FLASH_FAULT] =
		{"flash-fault", "the device's flash failed",
		 "Send the image again; where the same offset fails again, the flash is worn.",
		 DIAGNOSIS_DO_FLASH, diagnose_flash_fault},
	[DIAGNOSIS_NOTIFICATIONS_LOST] =
		{"notifications-lost", "notifications of the device do not arrive",
		 "Where only some get lost, a larger ack_interval needs fewer of them; where none "
		 "arrives over a new link either, restart bluetoothd, then reset the device.",
		 DIAGNOSIS_DO_RESUME, diagnose_notifications_lost, diagnose_fewer_notifications},
	[DIAGNOSIS_VALUES_DROPPED] =
		{"values-dropped",
		 "the device's stack drops Data values before the update sees them",
		 "Send less at a time: a smaller window, or write_mode: request where hardly any "
		 "arrives; the device's firmware needs more buffers.",
		 DIAGNOSIS_DO_RESUME, diagnose_values_dropped, diagnose_less_at_a_time},
	[DIAGNOSIS_WRITES_UNSEEN] =
		{"writes-unseen",
		 "values written without response got lost, and this dialect tells nothing of it",
		 "Use write_mode: request, or raise basic_pacing_us, in the profile.",
		 DIAGNOSIS_DO_FLASH, diagnose_writes_unseen, diagnose_wait_for_each},
	[DIAGNOSIS_MTU] =
		{"mtu", "the value's length does not fit what the other side takes",
		 "Send shorter values: every link carries those of an mtu_max of 23, and every "
		 "device those of a chunk of 20.",
		 DIAGNOSIS_DO_FLASH, diagnose_mtu, diagnose_shorter_values},
	[DIAGNOSIS_HOST_QUEUE] =
		{"host-queue", "bluetoothd's queue is full, and it takes no more values",
		 "Another program may load the same adapter; restarting bluetoothd empties the "
		 "queue.",
		 DIAGNOSIS_DO_RESUME, diagnose_host_queue},
	[DIAGNOSIS_ADAPTER_BUFFERS] =
		{"adapter-buffers", "the adapter does not give its buffers back",
		 "Switch the adapter off and on; a firmware update of it may help.",
		 DIAGNOSIS_DO_RESUME, diagnose_adapter_buffers},
	[DIAGNOSIS_ADAPTER_OFF] = {"adapter-off", "the Bluetooth adapter is off",
				   "Switch it on: bluetoothctl power on.", DIAGNOSIS_DO_RESUME,
				   diagnose_adapter_off},
	[DIAGNOSIS_ADAPTER_BLOCKED] = {"adapter-blocked",
				       "a switch keeps the Bluetooth adapter off",
				       "Release it: rfkill unblock bluetooth.", DIAGNOSIS_DO_RESUME,
				       diagnose_adapter_blocked},
	[DIAGNOSIS_ADAPTER_GONE] =
		{"adapter-gone", "the Bluetooth adapter is gone",
		 "Plug it in again; dmesg tells where its driver or its firmware failed.",
		 DIAGNOSIS_DO_DOCTOR, diagnose_adapter_gone},
	[DIAGNOSIS_BLUETOOTHD_GONE] = {"bluetoothd-gone", "bluetoothd has ended",
				       "Start it again: systemctl start bluetooth.",
				       DIAGNOSIS_DO_RESUME, diagnose_daemon_gone},
	[DIAGNOSIS_BLUETOOTHD_SILENT] = {"bluetoothd-silent", "bluetoothd answers nothing",
					 "Restart it: systemctl restart bluetooth.",
					 DIAGNOSIS_DO_RESUME, diagnose_daemon_silent},
	[DIAGNOSIS_BLUETOOTHD_OLD] = {"bluetoothd-old",
				      "this release of bluetoothd is known for that fault",
				      "Update bluetoothd (package bluez), then restart it.",
				      DIAGNOSIS_DO_DOCTOR, diagnose_daemon_old},
	[DIAGNOSIS_BUS_POLICY] =
		{"dbus-policy", "the D-Bus policy does not let this user talk to bluetoothd",
		 "Run it as root, or as a user that /etc/dbus-1/system.d/bluetooth.conf allows.",
		 DIAGNOSIS_DO_DOCTOR, diagnose_bus_policy},
	[DIAGNOSIS_NO_BUS] = {"no-dbus", "there is no system D-Bus, and so no bluetoothd",
			      "Start it: systemctl start dbus bluetooth.", DIAGNOSIS_DO_DOCTOR,
			      diagnose_no_bus},
	[DIAGNOSIS_STALE_CACHE] = {"stale-cache",
				   "bluetoothd remembers other services than the device has",
				   "Delete what it remembers, and the bond with it.",
				   DIAGNOSIS_DO_FORGET, diagnose_stale_cache},
	[DIAGNOSIS_HELD_HERE] = {"held-here",
				 "another program of this computer holds the Data characteristic",
				 "End that program, or end its link.", DIAGNOSIS_DO_DISCONNECT,
				 diagnose_held_here},
	[DIAGNOSIS_SIGNAL_FADING] = {"signal-fading", "the signal has become weak",
				     "Move closer to the device, then go on.", DIAGNOSIS_DO_RESUME,
				     diagnose_fading},
	[DIAGNOSIS_OUT_OF_RANGE] =
		{"out-of-range", "the device cannot be heard any more",
		 "Move closer to the device, or see whether it has power; then go on.",
		 DIAGNOSIS_DO_RESUME, diagnose_out_of_range},
	[DIAGNOSIS_INTERFERENCE] =
		{"interference", "packets get lost on the air although the signal is not weak",
		 "Look for what disturbs 2.4 GHz nearby (Wi-Fi, USB 3), or give the adapter an "
		 "extension cable; 1M stands more than 2M.",
		 DIAGNOSIS_DO_RESUME, diagnose_interference},
	[DIAGNOSIS_SUPERVISION] = {"supervision-timeout",
				   "the supervision timeout is too short for this device",
				   "Raise supervision_timeout_ms of the profile: it has to be "
				   "longer than the device's erases.",
				   DIAGNOSIS_DO_RESUME, diagnose_supervision,
				   diagnose_longer_timeout},
	[DIAGNOSIS_TIMING] =
		{"supervision-interval",
		 "the supervision timeout cannot work with the connection interval",
		 "Links have to begin with a longer timeout or a shorter interval: main.conf of "
		 "bluetoothd, [LE], or the device's info, [ConnectionParameters]; of --sim: "
		 "supervision, interval.",
		 DIAGNOSIS_DO_RESUME, diagnose_timing},
	[DIAGNOSIS_INTERVAL] =
		{"interval", "the connection interval is too long for the time that is waited",
		 "Raise connect_timeout_ms of the profile, or let the adapter choose a shorter "
		 "interval.",
		 DIAGNOSIS_DO_FLASH, diagnose_interval, diagnose_longer_connect},
	[DIAGNOSIS_INTERVAL_CHANGED] =
		{"interval-changed", "the connection interval became longer on the way",
		 "The device, or another program here, asked for it: see which, and set "
		 "connection_interval_ms of the profile.",
		 DIAGNOSIS_DO_RESUME, diagnose_interval_changed, diagnose_same_interval},
	[DIAGNOSIS_CONNECT_FAILS] =
		{"connect-fails", "the device advertises, and no connection to it comes up",
		 "Another central may hold its only connection; else move closer, or reset it.",
		 DIAGNOSIS_DO_SCAN, diagnose_connect_fails},
	[DIAGNOSIS_NOT_ADVERTISING] =
		{"not-advertising", "the device does not advertise",
		 "See whether it has power, and whether another central is connected to it.",
		 DIAGNOSIS_DO_SCAN, diagnose_not_advertising},
	[DIAGNOSIS_NOT_CONNECTABLE] =
		{"not-connectable", "the device advertises that it takes no connection",
		 "Bring it into the mode in which it does, often by a button.",
		 DIAGNOSIS_DO_NOTHING, diagnose_not_connectable},
	[DIAGNOSIS_HUNG_UP] = {"hung-up", "the device ended the link, and said no reason",
			       "The device's own log may say why.", DIAGNOSIS_DO_RESUME,
			       diagnose_hung_up},
	[DIAGNOSIS_RESET] = {"device-reset", "the device was reset during the update",
			     "Mend the cause of the reset, then go on.", DIAGNOSIS_DO_RESUME,
			     diagnose_reset},
	[DIAGNOSIS_OTHER_SLOT] =
		{"other-slot", "the device rebooted into its other slot during the update",
		 "Confirm what runs now, where it is on trial, and start the update anew.",
		 DIAGNOSIS_DO_FLASH, diagnose_other_slot},
	[DIAGNOSIS_OTHER_CLIENT] = {"other-client", "another client is updating the device",
				    "Wait until it has finished, or end its connection.",
				    DIAGNOSIS_DO_INFO, diagnose_other_client},
	[DIAGNOSIS_PERMISSION] = {"permission", "the product does not allow an update now",
				  "Give it permission, often by a button on the device.",
				  DIAGNOSIS_DO_FLASH, diagnose_permission},
	[DIAGNOSIS_TOO_OFTEN] = {"too-often", "updates were begun too often lately",
				 "The device spares its flash: wait as long as it says.",
				 DIAGNOSIS_DO_FLASH, diagnose_too_often},
	[DIAGNOSIS_DIALECT] = {"dialect", "the device has no update service that otabench speaks",
			       "Use the tool of its maker; nothing was written.",
			       DIAGNOSIS_DO_NOTHING, diagnose_dialect},
	[DIAGNOSIS_SILENT] = {"silent", "the link stands, and the device answers nothing",
			      "Its Bluetooth task may hang: if it does not come back, reset it.",
			      DIAGNOSIS_DO_RESUME, diagnose_silent},
	[DIAGNOSIS_PROTOCOL] = {"protocol", "the device broke the protocol",
				"--trace=FILE records what it sent.", DIAGNOSIS_DO_NOTHING,
				diagnose_protocol},
	[DIAGNOSIS_NO_HEADWAY] = {"no-headway", "the device speaks, and receives almost nothing",
				  "Send less at a time: a smaller window and chunk.",
				  DIAGNOSIS_DO_RESUME, diagnose_no_headway,
				  diagnose_less_at_a_time},
	[DIAGNOSIS_PAIRING_NEEDED] = {"pairing-needed", "the device wants to be paired with",
				      "Pair, and type the passkey that the device shows.",
				      DIAGNOSIS_DO_NOTHING, diagnose_pairing_needed},
	[DIAGNOSIS_PAIRING_REFUSED] = {"pairing-refused", "pairing failed",
				       "Try again; one side may still have an old bond.",
				       DIAGNOSIS_DO_FORGET, diagnose_pairing_refused},
	[DIAGNOSIS_BOND_LOST] = {"bond-lost", "one side has lost the bond",
				 "Delete the bond here; the next run pairs again.",
				 DIAGNOSIS_DO_FORGET, diagnose_bond_lost},
	[DIAGNOSIS_NO_RETURN] =
		{"no-return", "the device has not come back since it was to reboot",
		 "See whether it has power; a reset makes it roll back where the new image is at "
		 "fault.",
		 DIAGNOSIS_DO_INFO, diagnose_no_return},
	[DIAGNOSIS_ON_TRIAL] = {"on-trial", "the running image is on trial, and not confirmed",
				"Confirm it, or roll back; a reset rolls back.",
				DIAGNOSIS_DO_CONFIRM, diagnose_on_trial},
	[DIAGNOSIS_ROLLED_BACK] = {"rolled-back",
				   "the new image did not stay: the boot loader rolled back",
				   "The device's own log tells why it did not start.",
				   DIAGNOSIS_DO_INFO, diagnose_rolled_back},
	[DIAGNOSIS_SAME_VERSION] =
		{"same-version", "the device still runs the version from before",
		 "It did not take the image, or did not start it: its own log tells.",
		 DIAGNOSIS_DO_INFO, diagnose_same_version},
	[DIAGNOSIS_IMAGE_REFUSED] = {"image-refused", "the device does not take this image",
				     "Send an image made for this device and newer than its own.",
				     DIAGNOSIS_DO_NOTHING, diagnose_image_refused},
	[DIAGNOSIS_LEFT_BEHIND] = {"left-behind",
				   "an update that was not finished is on the device",
				   "Go on with it, or cancel it.", DIAGNOSIS_DO_RESUME,
				   diagnose_left_behind},
};

void diagnose_say(char evidence[DIAGNOSIS_TEXT], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(evidence, DIAGNOSIS_TEXT, format, ap);
	va_end(ap);
}

bool diagnose_failed(const struct diagnosis_facts *f)
{
	switch (f->outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
	case SESSION_ALREADY_RUNNING:
	case SESSION_MEASURED:
	case SESSION_ANSWERED:
	case SESSION_DELIVERED:
		return false;
	default:
		return true;
	}
}

bool diagnose_stands(const struct diagnosis_facts *f)
{
	return f->outcome == SESSION_NO_OUTCOME
		       ? f->stalled || f->still_us >= SILENT_US
		       : f->outcome == SESSION_STALLED || f->outcome == SESSION_LINK_LOST ||
				 f->outcome == SESSION_NO_HEADWAY ||
				 f->outcome == SESSION_TIMED_OUT;
}

uint32_t diagnose_under_way(const struct diagnosis_facts *f)
{
	return f->stats->queued > f->stats->received ? f->stats->queued - f->stats->received : 0;
}

bool diagnose_is_silent(const struct diagnosis_facts *f)
{
	return f->silent_us >= SILENT_US;
}

unsigned int diagnose_losses(const struct diagnosis_facts *f)
{
	const uint16_t *by = f->losses.by;

	return (unsigned int)by[GATT_BY_DEVICE] + by[GATT_SUPERVISION] + by[GATT_UNKNOWN];
}

bool diagnose_is_weak(int8_t rssi)
{
	return rssi != 127 && rssi <= WEAK_DBM;
}

/* Stable: of equally certain causes the one that was there first comes first. */
void diagnosis_keep(struct diagnosis list[DIAGNOSES_MAX], size_t *count,
		    const struct diagnosis *diagnosis)
{
	const struct diagnosis d = *diagnosis; /* may be an element of list */
	size_t at = 0;

	while (at < *count && list[at].cause != d.cause)
		at++;
	if (at < *count && list[at].certainty > d.certainty)
		return;
	if (at < *count)
		memmove(list + at, list + at + 1, (--*count - at) * sizeof(*list));
	for (at = *count; at > 0 && list[at - 1].certainty < d.certainty;)
		at--;
	if (at >= DIAGNOSES_MAX)
		return;
	if (*count < DIAGNOSES_MAX)
		(*count)++;
	memmove(list + at + 1, list + at, (*count - at - 1) * sizeof(*list));
	list[at] = d;
}

size_t diagnose(const struct diagnosis_facts *facts, struct diagnosis ret[DIAGNOSES_MAX])
{
	size_t count = 0;

	for (unsigned int i = DIAGNOSIS_NONE + 1; i < DIAGNOSIS_CAUSES; i++) {
		struct diagnosis d = {.cause = (enum diagnosis_cause)i, .verb = causes[i].verb};

		d.certainty = causes[i].judge(facts, d.evidence);
		if (d.certainty < LEAST)
			continue;
		if (causes[i].change)
			causes[i].change(facts, d.change);
		diagnosis_keep(ret, &count, &d);
	}
	return count;
}

const char *diagnosis_name(enum diagnosis_cause cause)
{
	return (unsigned int)cause < DIAGNOSIS_CAUSES ? causes[cause].name : "none";
}

const char *diagnosis_text(enum diagnosis_cause cause)
{
	return (unsigned int)cause < DIAGNOSIS_CAUSES ? causes[cause].text : "";
}

const char *diagnosis_cure(enum diagnosis_cause cause)
{
	return (unsigned int)cause < DIAGNOSIS_CAUSES ? causes[cause].cure : "";
}

char *diagnosis_cure_text(const struct diagnosis *diagnosis, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s%s%s", diagnosis_cure(diagnosis->cause),
		       diagnosis->change[0] != '\0' ? " Here: " : "", diagnosis->change,
		       diagnosis->change[0] != '\0' ? "." : "");
	return buf;
}

char *diagnosis_line(const struct diagnosis *diagnosis, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s: %s (%s)",
		       diagnosis->certainty >= PROVED ? "cause" : "probable cause",
		       diagnosis_text(diagnosis->cause), diagnosis->evidence);
	return buf;
}

const char *diagnosis_verb_name(enum diagnosis_verb verb)
{
	static const char *const names[] = {
		[DIAGNOSIS_DO_RESUME] = "resume",
		[DIAGNOSIS_DO_FLASH] = "flash",
		[DIAGNOSIS_DO_CONFIRM] = "confirm",
		[DIAGNOSIS_DO_FORGET] = "forget",
		[DIAGNOSIS_DO_DISCONNECT] = "disconnect",
		[DIAGNOSIS_DO_INFO] = "info",
		[DIAGNOSIS_DO_SCAN] = "scan",
		[DIAGNOSIS_DO_DOCTOR] = "doctor",
	};

	return (size_t)verb < sizeof(names) / sizeof(names[0]) ? names[verb] : NULL;
}
