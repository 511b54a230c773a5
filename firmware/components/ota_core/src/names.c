/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for the protocol's numbers, for logs and messages.  Apart from the
 * codecs so that firmware, which does not call them, does not carry the text.
 */
#include "ota/proto.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *pick(const char *const *names, size_t count, unsigned int value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

const char *ota_command_name(unsigned int cmd)
{
	static const char *const names[] = {
		[OTA_CMD_START] = "START",
		[OTA_CMD_ABORT] = "ABORT",
		[OTA_CMD_END] = "END",
		[OTA_CMD_STATUS] = "STATUS",
		[OTA_CMD_CONFIRM] = "CONFIRM",
		[OTA_CMD_ROLLBACK] = "ROLLBACK",
		[OTA_CMD_REBOOT] = "REBOOT",
		[OTA_CMD_LINK] = "LINK",
		[OTA_CMD_TELEMETRY] = "TELEMETRY",
		[OTA_CMD_RESYNC] = "RESYNC",
		[OTA_CMD_PREPARE] = "PREPARE",
		[OTA_CMD_BLOCKS] = "BLOCKS",
	};

	return pick(names, COUNT(names), cmd);
}

const char *ota_event_name(unsigned int evt)
{
	static const char *const names[] = {
		[OTA_EVT_READY] = "READY",   [OTA_EVT_ERROR] = "ERROR",
		[OTA_EVT_DONE] = "DONE",     [OTA_EVT_PROGRESS] = "PROGRESS",
		[OTA_EVT_STATUS] = "STATUS", [OTA_EVT_RESULT] = "RESULT",
		[OTA_EVT_ACK] = "ACK",	     [OTA_EVT_GAP] = "GAP",
		[OTA_EVT_LINK] = "LINK",     [OTA_EVT_TELEMETRY] = "TELEMETRY",
		[OTA_EVT_TIMES] = "TIMES",   [OTA_EVT_BLOCKS] = "BLOCKS",
	};

	return pick(names, COUNT(names), evt);
}

const char *ota_state_name(unsigned int state)
{
	static const char *const names[] = {
		[OTA_STATE_IDLE] = "idle",	     [OTA_STATE_PREPARING] = "preparing",
		[OTA_STATE_RECEIVING] = "receiving", [OTA_STATE_VERIFYING] = "verifying",
		[OTA_STATE_REBOOTING] = "rebooting", [OTA_STATE_SUSPENDED] = "suspended",
		[OTA_STATE_ABORTING] = "aborting",
	};

	return pick(names, COUNT(names), state);
}

struct code {
	const char *name, *text;
};

static const struct code codes[] = {
	[OTA_OK] = {"ok", "no error"},
	[OTA_ERR_OPCODE] = {"unknown-opcode", "the device does not know this command"},
	[OTA_ERR_LENGTH] = {"bad-length", "the device got a message that is too short"},
	[OTA_ERR_STATE] = {"bad-state", "the device cannot do this in its present state"},
	[OTA_ERR_BUSY] = {"busy", "another connection has an update under way on the device"},
	[OTA_ERR_UNSUPPORTED] = {"unsupported", "the device does not offer what was asked"},
	[OTA_ERR_SIZE] = {"bad-size", "the image is empty or does not fit the slot"},
	[OTA_ERR_ERASE] = {"flash-erase", "erasing the device's flash failed"},
	[OTA_ERR_WRITE] = {"flash-write", "writing the device's flash failed"},
	[OTA_ERR_READ] = {"flash-read", "reading the device's flash back failed"},
	[OTA_ERR_HASH] = {"hash-mismatch", "what is in the device's flash is not what was sent"},
	[OTA_ERR_IMAGE] = {"image-invalid", "the device's boot loader would refuse the image"},
	[OTA_ERR_BOOT_SLOT] = {"boot-slot", "the device could not change its boot slot"},
	[OTA_ERR_PERSIST] = {"persist", "the device could not store its update record"},
	[OTA_ERR_OVERFLOW] = {"overflow", "more data was sent than the device had room for"},
	[OTA_ERR_NO_ROLLBACK] = {"no-rollback", "the device's other slot holds no bootable image"},
	[OTA_ERR_CHIP] = {"wrong-chip", "the image is for another chip"},
	[OTA_ERR_TIMEOUT] = {"session-timeout", "the device gave up waiting for data"},
	[OTA_ERR_PERMISSION] = {"not-permitted", "the device does not permit it now"},
	[OTA_ERR_LINK] = {"link-refused", "the link parameters asked for were refused"},
	[OTA_ERR_INCOMPLETE] = {"incomplete", "the update was ended before all bytes had arrived"},
	[OTA_ERR_VERSION] = {"secure-version", "the image is older than anti-rollback allows"},
	[OTA_ERR_SIGNATURE] = {"bad-signature", "the device takes images signed by its key only"},
	[OTA_ERR_STREAM] = {"stream-damaged",
			    "the compressed stream is damaged, or of another length"},
	[OTA_ERR_BASE] = {"other-base", "the patch is of another image than the device runs"},
	[OTA_ERR_INTERNAL] = {"internal", "the device's firmware found a defect in itself"},
};

const char *ota_code_name(unsigned int code)
{
	return code < COUNT(codes) && codes[code].name ? codes[code].name : "unknown";
}

const char *ota_code_text(unsigned int code)
{
	return code < COUNT(codes) && codes[code].text ? codes[code].text
						       : "an error this program does not know";
}

const char *ota_phase_name(unsigned int phase)
{
	static const char *const names[] = {
		[OTA_PHASE_ERASE] = "erasing",	     [OTA_PHASE_REHASH] = "re-hashing",
		[OTA_PHASE_DRAIN] = "writing",	     [OTA_PHASE_VERIFY] = "verifying",
		[OTA_PHASE_VALIDATE] = "validating",
	};

	return pick(names, COUNT(names), phase);
}

const char *ota_reset_name(unsigned int reason)
{
	static const char *const names[] = {
		[OTA_RESET_UNKNOWN] = "unknown",
		[OTA_RESET_POWER_ON] = "power-on",
		[OTA_RESET_PIN] = "pin",
		[OTA_RESET_SOFTWARE] = "software",
		[OTA_RESET_PANIC] = "panic",
		[OTA_RESET_INTERRUPT_WATCHDOG] = "interrupt-watchdog",
		[OTA_RESET_TASK_WATCHDOG] = "task-watchdog",
		[OTA_RESET_WATCHDOG] = "watchdog",
		[OTA_RESET_DEEP_SLEEP] = "deep-sleep",
		[OTA_RESET_BROWN_OUT] = "brown-out",
		[OTA_RESET_SDIO] = "sdio",
		[OTA_RESET_USB] = "usb",
		[OTA_RESET_JTAG] = "jtag",
		[OTA_RESET_EFUSE] = "efuse",
		[OTA_RESET_POWER_GLITCH] = "power-glitch",
		[OTA_RESET_CPU_LOCKUP] = "cpu-lockup",
	};

	return pick(names, COUNT(names), reason);
}
