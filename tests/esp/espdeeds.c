/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a stranger's connection can bring. */
#include "espstates.h"

#include <string.h>

static void control(const void *buf, size_t len)
{
	fake_write(stranger.conn, CONTROL, buf, len);
}

static void opcode(uint8_t value)
{
	control(&value, 1);
}

static void start_image(void)
{
	esphost_write_start(&stranger, 0);
}

static void start_sink(void)
{
	esphost_write_start(&stranger, OTA_START_SINK);
}

static void start_pattern(void)
{
	esphost_write_start(&stranger, OTA_START_PATTERN);
}

/* The owner's own image, which could be resumed. */
static void start_alike(void)
{
	stranger.image = image.bytes;
	stranger.size = image.size;
	esphost_write_start(&stranger, 0);
}

static void start_basic(void)
{
	opcode(OTA_CMD_START);
}

static void abort_it(void)
{
	opcode(OTA_CMD_ABORT);
}

static void end(void)
{
	opcode(OTA_CMD_END);
}

static void resync(void)
{
	opcode(OTA_CMD_RESYNC);
}

static void status(void)
{
	opcode(OTA_CMD_STATUS);
}

static void confirm(void)
{
	opcode(OTA_CMD_CONFIRM);
}

static void roll_back(void)
{
	opcode(OTA_CMD_ROLLBACK);
}

static void reboot(void)
{
	opcode(OTA_CMD_REBOOT);
}

static void prepare(void)
{
	uint8_t buf[OTA_CONTROL_MAX];

	control(buf, (size_t)ota_prepare_encode(0, buf, sizeof(buf)));
}

static void ask_link(void)
{
	const struct ota_link_request request = {
		.interval_min = 6, .interval_max = 6, .supervision_timeout = 100, .phys = 1};
	uint8_t buf[OTA_CONTROL_MAX];

	control(buf, (size_t)ota_link_request_encode(&request, buf, sizeof(buf)));
}

static void ask_telemetry(void)
{
	uint8_t buf[OTA_CONTROL_MAX];

	control(buf, (size_t)ota_telemetry_request_encode(100, buf, sizeof(buf)));
}

static void stop_telemetry(void)
{
	uint8_t buf[OTA_CONTROL_MAX];

	control(buf, (size_t)ota_telemetry_request_encode(0, buf, sizeof(buf)));
}

/* Every opcode with every length that is not its own, and opcodes that are none's. */
static void malformed(void)
{
	uint8_t buf[OTA_CONTROL_MAX + 1] = {0};

	control(buf, 0);
	control(buf, sizeof(buf));
	for (uint8_t i = 0; i < 20; i++) {
		static const size_t lengths[] = {2, 3, 6, 9, 20, OTA_CONTROL_MAX};

		for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
			memset(buf, 0xff, sizeof(buf));
			buf[0] = i;
			control(buf, lengths[n]);
		}
	}
	opcode(0);
	opcode(0xff);
}

static void data(void)
{
	uint8_t buf[OTA_VALUE_MAX + 1] = {0};
	static const size_t lengths[] = {0, 1, 2, 3, 20, 495, OTA_VALUE_MAX, OTA_VALUE_MAX + 1};

	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		fake_write(stranger.conn, DATA, buf, lengths[n]);
		fake_write_command(stranger.conn, DATA, buf, lengths[n]);
		buf[0]++;
	}
}

static void flood(void)
{
	static const uint8_t buf[OTA_VALUE_MAX] = {OTA_CMD_STATUS};

	for (int i = 0; i < 300; i++) {
		fake_write_command(stranger.conn, CONTROL, buf, 1);
		fake_write_command(stranger.conn, DATA, buf, sizeof(buf));
	}
}

static void subscribe(void)
{
	for (int i = 0; i < 5; i++)
		fake_subscribe(stranger.conn, i % 2 != 0);
}

static void gap_events(void)
{
	for (int i = 0; i < FAKE_EVENTS; i++)
		fake_event(stranger.conn, (enum fake_event)i);
}

/* With the address of a bonded peer, and no key. */
static void pair(void)
{
	fake_pair_event(stranger.conn, true);
	fake_pair_event(stranger.conn, false);
	fake_pairing_ends(stranger.conn, 0);
}

static void pair_and_leave(void)
{
	fake_pair_event(stranger.conn, true);
	stranger_leaves();
}

static void die(void)
{
	ask_link();
	fake_die(stranger.conn);
	here = false;
}

static void come_and_go(void)
{
	for (int i = 0; i < 5 && here; i++) {
		stranger_leaves();
		stranger_comes();
	}
}

const struct action actions[] = {
	{"START of another image", start_image, STARTS},
	{"START of the same image", start_alike, STARTS},
	{"START of a sink", start_sink, STARTS},
	{"START of a pattern", start_pattern, STARTS},
	{"a basic START", start_basic, STARTS},
	{"PREPARE", prepare, PREPARES},
	{"ABORT", abort_it, ABORTS},
	{"CONFIRM", confirm, CONFIRMS},
	{"ROLLBACK", roll_back, ROLLS_BACK},
	{"REBOOT", reboot, REBOOTS},
	{"END", end, 0},
	{"RESYNC", resync, 0},
	{"STATUS", status, 0},
	{"LINK", ask_link, 0},
	{"TELEMETRY", ask_telemetry, 0},
	{"TELEMETRY 0", stop_telemetry, 0},
	{"malformed commands", malformed, ANY},
	{"values", data, 0},
	{"a flood", flood, 0},
	{"subscriptions", subscribe, 0},
	{"events", gap_events, 0},
	{"pairing that fails", pair, 0},
	{"pairing, and leaving", pair_and_leave, 0},
	{"leaving", stranger_leaves, 0},
	{"a link that dies", die, 0},
	{"coming and going", come_and_go, 0},
	{.name = NULL},
};
