/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a profile's keys; apart from the code because people read and tune it. */
#include "profile/profile.h"

#define AT(member) .offset = offsetof(struct profile, member)

static const struct setting_word word_auto[] = {{"auto", PROFILE_AUTO}, {NULL, 0}};
static const struct setting_word word_auto_keep[] = {
	{"auto", PROFILE_AUTO},
	{"keep", PROFILE_KEEP},
	{NULL, 0},
};
static const struct setting_word word_off[] = {{"off", 0}, {"0", 0}, {NULL, 0}};
static const struct setting_word words_write_mode[] = {
	{"auto", PROFILE_AUTO},
	{"request", GATT_REQUEST},
	{"command", GATT_COMMAND},
	{"acquire", GATT_ACQUIRE},
	{NULL, 0},
};
static const struct setting_word words_stall_action[] = {
	{"warn", PROFILE_STALL_WARN},
	{"pause", PROFILE_STALL_PAUSE},
	{"abort", PROFILE_STALL_ABORT},
	{NULL, 0},
};
static const struct setting_word words_phy[] = {
	{"auto", PROFILE_PHY_AUTO},
	{"keep", PROFILE_PHY_KEEP},
	{"1M", PROFILE_PHY_1M},
	{"2M", PROFILE_PHY_2M},
	{NULL, 0},
};
static const struct setting_word words_signature[] = {
	{"auto", PROFILE_SIGNATURE_AUTO},
	{"no", PROFILE_SIGNATURE_NO},
	{"required", PROFILE_SIGNATURE_REQUIRED},
	{NULL, 0},
};

static const struct setting_word words_stream[] = {
	{"auto", PROFILE_STREAM_AUTO},
	{"raw", PROFILE_STREAM_RAW},
	{"deflate", PROFILE_STREAM_DEFLATE},
	{"delta", PROFILE_STREAM_DELTA},
	{NULL, 0},
};

static const struct setting_word words_skip[] = {
	{"auto", PROFILE_SKIP_AUTO},
	{"no", PROFILE_SKIP_NO},
	{"yes", PROFILE_SKIP_YES},
	{NULL, 0},
};

static const struct setting_word words_prepare[] = {
	{"no", PROFILE_PREPARE_NO},
	{"yes", PROFILE_PREPARE_YES},
	{NULL, 0},
};
static const struct setting_word words_confirm[] = {
	{"auto", PROFILE_CONFIRM_AUTO},
	{"never", PROFILE_CONFIRM_NEVER},
	{NULL, 0},
};

/* One key, one block: clang-format would give each member a line and tear the texts. */
/* clang-format off */
static const struct setting settings[PROFILE_KEYS] = {
	[PROFILE_KEY_DESCRIPTION] = {
		.name = "description", .kind = SETTING_TEXT, AT(description),
		.size = PROFILE_DESCRIPTION_MAX,
		.help = "One line for 'profile list': what this profile is for.",
	},
	[PROFILE_KEY_CHUNK] = {
		.name = "chunk", .kind = SETTING_NUMBER, AT(chunk), .words = word_auto,
		.min = 20, .max = 512, .unit = "bytes", .initial = PROFILE_AUTO,
		.help = "Attribute value of one Data write, its 2-byte header included. auto: the size of which connection events carry most, which fills link-layer packets exactly (244 or 495 if the MTU allows) or the event.",
	},
	[PROFILE_KEY_WRITE_MODE] = {
		.name = "write_mode", .kind = SETTING_CHOICE, AT(write_mode),
		.words = words_write_mode, .initial = PROFILE_AUTO,
		.help = "request waits for the answer to each value: slow but safe. command does not wait. acquire is command through a socket of bluetoothd, which saves a D-Bus call per value. auto: command; for devices of the basic dialect, which cannot report a lost value, bursts of commands that a request closes.",
	},
	[PROFILE_KEY_WINDOW] = {
		.name = "window", .kind = SETTING_NUMBER, AT(window), .words = word_auto,
		.min = 512, .max = 1048576, .unit = "bytes", .initial = PROFILE_AUTO,
		.help = "Bytes that may be under way without an acknowledgement. auto: follows the measured rate, is small while values get lost, and never more than the device's free buffer. A smaller window makes cancel faster and repeats less after a lost link.",
	},
	[PROFILE_KEY_PACING] = {
		.name = "pacing_us", .kind = SETTING_NUMBER, AT(pacing_us),
		.max = 1000000, .unit = "us", .initial = 0,
		.help = "Shortest time between two Data values, for an adapter or a device that loses values sent faster.",
	},
	[PROFILE_KEY_ACK_INTERVAL] = {
		.name = "ack_interval", .kind = SETTING_NUMBER, AT(ack_interval),
		.words = word_auto, .min = 256, .max = 65535, .unit = "bytes",
		.initial = PROFILE_AUTO,
		.help = "How often the device should acknowledge. Each acknowledgement takes air time from the data; rare ones make progress coarse and delay new credit. auto: a "
			"quarter of the window or of the device's buffer, the less of both.",
	},
	[PROFILE_KEY_MTU_MAX] = {
		.name = "mtu_max", .kind = SETTING_NUMBER, AT(mtu_max),
		.min = 23, .max = 517, .unit = "bytes", .initial = 517,
		.help = "Largest ATT MTU to use, for example to imitate a phone.",
	},
	[PROFILE_KEY_BASIC_PACING] = {
		.name = "basic_pacing_us", .kind = SETTING_NUMBER, AT(basic_pacing_us),
		.max = 1000000, .unit = "us", .initial = 20000,
		.help = "Shortest time between commands to a device of the basic dialect. It has no acknowledgements, so only time keeps its buffer from overflowing; where it does, the time is doubled for the rest of the run.",
	},
	[PROFILE_KEY_PREPARE] = {
		.name = "prepare", .kind = SETTING_CHOICE, AT(prepare), .words = words_prepare,
		.initial = PROFILE_PREPARE_NO,
		.help = "yes has the device erase its other slot as soon as it is known, while the link is being made better and before it has seen the image: the image to roll back to is lost even if the device refuses the new one. A device that stands still for an erase is not asked: it could miss the change of the link. no: the slot is erased once the image's first bytes were accepted.",
	},
	[PROFILE_KEY_SIGNATURE] = {
		.name = "signature", .kind = SETTING_CHOICE, AT(signature), .words = words_signature,
		.initial = PROFILE_SIGNATURE_AUTO,
		.help = "auto: where IMAGE.sig lies beside the image, it goes with it to devices that check signatures. no: it stays here. required: nothing is sent unless there is a signature and the device checks it.",
	},
	[PROFILE_KEY_STREAM] = {
		.name = "stream", .kind = SETTING_CHOICE, AT(stream), .words = words_stream,
		.initial = PROFILE_STREAM_AUTO,
		.help = "What goes over the air to a device that takes compressed streams. auto: what takes the least time: delta, deflate, or raw where the image hardly shrinks. raw: the image as it is. deflate: compressed. delta: only what differs from the image that runs, which must be kept ('otabench images list'); else deflate. Other devices get the image as it is.",
	},
	[PROFILE_KEY_SKIP] = {
		.name = "skip", .kind = SETTING_CHOICE, AT(skip), .words = words_skip,
		.initial = PROFILE_SKIP_AUTO,
		.help = "Blocks of 64 KiB that the device's free slot holds already are not sent again. auto: the device is asked what it holds where that is likely to save time: it ran or was sent this image before, or one that is kept here and has blocks in common with it. yes: it is always asked. no: all is sent. What is left out is read back and hashed as all else.",
	},
	[PROFILE_KEY_ACK_TIMEOUT] = {
		.name = "ack_timeout_ms", .kind = SETTING_NUMBER, AT(ack_timeout_ms),
		.min = 100, .max = 60000, .unit = "ms", .initial = 2000,
		.help = "Ask the device for its position after this time without an acknowledgement. A value below the device's longest erase only adds traffic.",
	},
	[PROFILE_KEY_RETRIES] = {
		.name = "retries", .kind = SETTING_NUMBER, AT(retries), .max = 100, .initial = 5,
		.help = "Attempts in a row without progress, after a lost link or a time-out, before the update fails. 0 fails at the first, for an investigation.",
	},
	[PROFILE_KEY_BACKOFF] = {
		.name = "backoff_ms", .kind = SETTING_NUMBER, AT(backoff_ms),
		.max = 60000, .unit = "ms", .initial = 500,
		.help = "Wait before the first new attempt; it doubles with each attempt.",
	},
	[PROFILE_KEY_BACKOFF_MAX] = {
		.name = "backoff_max_ms", .kind = SETTING_NUMBER, AT(backoff_max_ms),
		.max = 300000, .unit = "ms", .initial = 8000,
		.help = "Longest wait between attempts.",
	},
	[PROFILE_KEY_CONNECT_TIMEOUT] = {
		.name = "connect_timeout_ms", .kind = SETTING_NUMBER, AT(connect_timeout_ms),
		.min = 1000, .max = 120000, .unit = "ms", .initial = 15000,
		.help = "Longest time to connect. Increase it for a device that advertises rarely.",
	},
	[PROFILE_KEY_READY_TIMEOUT] = {
		.name = "ready_timeout_ms", .kind = SETTING_NUMBER, AT(ready_timeout_ms),
		.min = 1000, .max = 300000, .unit = "ms", .initial = 20000,
		.help = "Longest silence while the device prepares (erases, or hashes the bytes it has); each progress report restarts the time.",
	},
	[PROFILE_KEY_BASIC_READY_TIMEOUT] = {
		.name = "basic_ready_timeout_ms", .kind = SETTING_NUMBER,
		AT(basic_ready_timeout_ms), .min = 1000, .max = 300000, .unit = "ms",
		.initial = 60000,
		.help = "The same for a device of the basic dialect, which reports no progress and may first erase its whole slot.",
	},
	[PROFILE_KEY_VERIFY_TIMEOUT] = {
		.name = "verify_timeout_ms", .kind = SETTING_NUMBER, AT(verify_timeout_ms),
		.min = 1000, .max = 300000, .unit = "ms", .initial = 30000,
		.help = "Longest silence while the device verifies the image in its flash.",
	},
	[PROFILE_KEY_RECONNECT_TIMEOUT] = {
		.name = "reconnect_timeout_ms", .kind = SETTING_NUMBER, AT(reconnect_timeout_ms),
		.min = 1000, .max = 600000, .unit = "ms", .initial = 60000,
		.help = "Longest time for the device to come back after its reboot. Increase it for firmware that starts slowly; a roll-back takes two boots.",
	},
	[PROFILE_KEY_STALL] = {
		.name = "stall_ms", .kind = SETTING_NUMBER, AT(stall_ms),
		.min = 200, .max = 60000, .unit = "ms", .initial = 1000,
		.help = "Time without a byte received by the device that counts as a stall.",
	},
	[PROFILE_KEY_STALL_ACTION] = {
		.name = "stall_action", .kind = SETTING_CHOICE, AT(stall_action),
		.words = words_stall_action, .initial = PROFILE_STALL_WARN,
		.help = "warn reports the stall and continues; pause holds the transfer until you continue it, for an investigation; abort ends the update, for unattended runs.",
	},
	[PROFILE_KEY_PAUSE_BELOW] = {
		.name = "pause_below_dbm", .kind = SETTING_NUMBER, AT(pause_below_dbm),
		.words = word_off, .min = -110, .max = -30, .unit = "dBm", .initial = 0,
		.help = "Holds the transfer while the signal is weaker than this, instead of sending what does not get through; the device keeps what it has, also over a lost link. off: it sends as long as there is a link.",
	},
	[PROFILE_KEY_CONTINUE_ABOVE] = {
		.name = "continue_above_dbm", .kind = SETTING_NUMBER, AT(continue_above_dbm),
		.words = word_auto, .min = -110, .max = -20, .unit = "dBm", .initial = PROFILE_AUTO,
		.help = "Goes on from here. auto: 6 dB above pause_below_dbm, so that a signal that wavers does not pause and continue by turns.",
	},
	[PROFILE_KEY_CONNECTION_INTERVAL] = {
		.name = "connection_interval_ms", .kind = SETTING_NUMBER, AT(connection_interval),
		.words = word_auto_keep, .min = 750, .max = 400000, .step = 125, .divisor = 125,
		.decimals = 2, .unit = "ms", .initial = PROFILE_AUTO,
		.help = "Connection interval that the device requests. auto: the one that suits the PHY and the adapter's buffers; where far less gets through than it should, another is tried. keep: the adapter's initial one. A short interval loses less to lost packets and to adapters with few buffers, a long one saves battery.",
	},
	[PROFILE_KEY_PERIPHERAL_LATENCY] = {
		.name = "peripheral_latency", .kind = SETTING_NUMBER, AT(peripheral_latency),
		.max = 499, .unit = "connection events", .initial = 0,
		.help = "Connection events that the device may skip. More saves power and delays every answer of the device.",
	},
	[PROFILE_KEY_SUPERVISION_TIMEOUT] = {
		.name = "supervision_timeout_ms", .kind = SETTING_NUMBER,
		AT(supervision_timeout_ms), .min = 100, .max = 32000, .step = 10, .unit = "ms",
		.initial = 5000,
		.help = "Silence after which the link counts as lost. Linux starts with 420 ms, which a "
			"flash erase can exceed; a longer time also detects a real loss later.",
	},
	[PROFILE_KEY_PHY] = {
		.name = "phy", .kind = SETTING_CHOICE, AT(phy), .words = words_phy,
		.initial = PROFILE_PHY_AUTO,
		.help = "2M is faster, 1M has more range. auto: 2M if the device supports it; keep: request nothing.",
	},
	[PROFILE_KEY_DATA_LENGTH] = {
		.name = "data_length", .kind = SETTING_NUMBER, AT(data_length),
		.words = word_auto_keep, .min = 27, .max = 251, .unit = "bytes",
		.initial = PROFILE_AUTO,
		.help = "Link-layer payload to request. auto: the largest; 27 imitates a link "
			"without Data Length Extension.",
	},
	[PROFILE_KEY_TELEMETRY] = {
		.name = "telemetry_ms", .kind = SETTING_NUMBER, AT(telemetry_ms),
		.words = word_off, .min = 100, .max = 60000, .unit = "ms", .initial = 1000,
		.help = "How often the device reports its side of the link (RSSI, buffer, erase times). A short period shows more and costs air time.",
	},
	[PROFILE_KEY_CONFIRM] = {
		.name = "confirm", .kind = SETTING_CHOICE, AT(confirm), .words = words_confirm,
		.initial = PROFILE_CONFIRM_AUTO,
		.help = "auto confirms the new image once it is proved to run; never leaves it on trial, so that the device rolls back at its next reset unless another program confirms it.",
	},
};
/* clang-format on */

enum gatt_write profile_write_mode(const struct profile *profile)
{
	return profile->write_mode == PROFILE_AUTO ? GATT_COMMAND
						   : (enum gatt_write)profile->write_mode;
}

const struct setting *profile_settings(void)
{
	return settings;
}
