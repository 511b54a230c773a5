/* SPDX-License-Identifier: Apache-2.0 */
/* See screenlib.h. */
#include "screenlib_priv.h"

#include "view/layout.h"
#include "view/view_recover.h"

#include <string.h>

struct area screenlib_frame(struct cells *cells, enum view view, const char *message,
			    const char *keys)
{
	const struct view_frame f = {
		.view = view,
		.source = "virtual ESP32s",
		.message = message,
		.message_style = CELLS_WARNING,
		.keys = keys,
	};

	view_frame_draw(&f, cells);
	return layout_frame(cells_area(cells)).body;
}

/* --- device */

static struct session_stats stats;
static struct metrics metrics;
static struct loglist list;
static int32_t rssi[24];

static void feed_log(void)
{
	static const uint8_t start[] = {0x01, 0x01, 0x00, 0x00, 0x00, 0x04, 0x12, 0x00},
			     ready[] = {0x01, 0, 0, 0, 0, 0, 0x80, 0, 0, 0xf4, 0, 0, 0x10, 0},
			     ack[] = {0x07, 0, 0xb0, 0x09, 0, 0, 0xa0, 0x09, 0, 0, 0x30, 0x0a, 0};

	loglist_init(&list);
	loglist_add(&list, 1391000, LOGLIST_STATE, CELLS_TITLE, "connecting -> discovering", NULL,
		    0);
	loglist_add(&list, 2391000, LOGLIST_SENT, CELLS_NORMAL, "START 1181 kB, ack 4096", start,
		    sizeof(start));
	loglist_add(&list, 3203000, LOGLIST_RECEIVED, CELLS_NORMAL, "READY offset 0 limit 32768",
		    ready, sizeof(ready));
	for (unsigned int i = 0; i < 117; i++)
		loglist_add(&list, 3300000 + i * 200000, LOGLIST_ROUTINE, CELLS_NORMAL,
			    "ACK received 4096 flushed 4096 limit 36864", ack, sizeof(ack));
	loglist_add(&list, 28114000, LOGLIST_EVENT, CELLS_WARNING,
		    "stall: nothing received for 1.0 s, offset 634880", NULL, 0);
	loglist_add(&list, 29530000, LOGLIST_ROUTINE, CELLS_NORMAL,
		    "ACK received 634880 flushed 630784 limit 667648", ack, sizeof(ack));
	loglist_add(&list, 29531000, LOGLIST_TUNING, CELLS_TITLE, "pacing 0 -> 500 us", NULL, 0);
}

static void feed_metrics(void)
{
	uint32_t at = 0;

	metrics_init(&metrics);
	metrics_start(&metrics, 3203000, 0, 1180672);
	for (unsigned int i = 1; i <= 270; i++) {
		if (i < 200 || i > 214)
			at += i < 40 ? i * 60 : 2400 + i * 7 % 300;
		metrics_sample(&metrics, 3203000 + i * 100000ull, at);
		if (i == 210)
			metrics_mark(&metrics, 3203000 + i * 100000ull, METRICS_STALL, at);
		if (i == 250)
			metrics_mark(&metrics, 3203000 + i * 100000ull, METRICS_TUNING, 500);
	}
	stats.received = at;
	stats.flushed = at - 20000;
	stats.queued = at + 60000;
}

/* Of a transfer of ten seconds, with some of each kind of trouble. */
static const uint64_t spent[BUDGET_TRANSFER_SHARES] = {
	[BUDGET_AIR] = 6000000,	  [BUDGET_ACK] = 100000,  [BUDGET_ERASE] = 2000000,
	[BUDGET_WINDOW] = 900000, [BUDGET_LOSS] = 800000, [BUDGET_START] = 200000,
};

static struct view_device sending(void)
{
	struct view_device v = {
		.time = spent,
		.chosen = true,
		.name = "esp-gw-07",
		.address = SCREENLIB_ADDRESS,
		.profile = "default",
		.image = "gw-app 1.5.0",
		.linked = true,
		.linked_us = 41000000,
		.rssi = rssi,
		.rssi_count = 24,
		.run = true,
		.goal = SESSION_UPDATE,
		.state = SESSION_SENDING,
		.seen = 1u << SESSION_CONNECTING | 1u << SESSION_PREPARING | 1u << SESSION_SENDING,
		.in_state_us = 27000000,
		.elapsed_us = 41000000,
		.mtu = 256,
		.chunk = 244,
		.chunk_why = "",
		.mode = GATT_COMMAND,
		.window = 3904,
		.pacing_us = 500,
		.ceiling = 49000,
		.total = 1180672,
		.stats = &stats,
		.metrics = &metrics,
		.wait = "",
		.dialect = DIALECT_FULL,
		.version = "1.4.2",
		.chip = "esp32",
		.log = &list,
		.log_title = "Control",
		.tier = PLOT_BLOCKS,
	};

	memset(&stats, 0, sizeof(stats));
	stats.start_us = 1;
	stats.received_known = true;
	stats.stalls = 1;
	stats.longest_stall_ms = 1400;
	stats.telemetry_known = true;
	stats.telemetry = (struct ota_telemetry){
		.rssi = -61, .ring_fill = 4096, .erase_ms = 204, .write_ms = 3};
	feed_metrics();
	feed_log();
	for (size_t i = 0; i < 24; i++)
		rssi[i] = i == 3 ? PLOT_NONE : -58 - (int32_t)(i * 5 % 7);
	v.link.link = (struct ota_link){.interval = 12,
					.tx_phy = 2,
					.rx_phy = 2,
					.tx_octets = 251,
					.rx_octets = 251,
					.mtu = 256};
	v.link.mtu_source = v.link.rssi_source = TRANSPORT_SOURCE_MODEL;
	return v;
}

static void device(const struct view_device *v, const char *message, struct cells *cells)
{
	view_device_draw(
		v, cells,
		screenlib_frame(
			cells, VIEW_DEVICE, message,
			"p pause  x cancel  [ ] pacing  m mode  - + chunk  R recover  ? help"));
}

static void draw_sending(struct cells *cells)
{
	const struct view_device v = sending();

	device(&v, "", cells);
}

static void draw_erasing(struct cells *cells)
{
	struct view_device v = sending();

	metrics_init(&metrics);
	v.state = SESSION_PREPARING;
	v.chunk = 0;
	stats = (struct session_stats){.progress = {OTA_PHASE_ERASE, 262144, 1180672}};
	device(&v, "", cells);
}

static void draw_basic(struct cells *cells)
{
	struct view_device v = sending();

	v.dialect = DIALECT_BASIC;
	v.state = SESSION_PAUSED;
	v.mode = GATT_REQUEST;
	stats.received_known = false;
	stats.telemetry_known = false;
	stats.received = stats.flushed = 0;
	v.wait = "PAUSED 0:27: nothing is sent, the device waits";
	v.wait_style = CELLS_WARNING;
	device(&v, "", cells);
}

static void draw_failed(struct cells *cells)
{
	struct view_device v = sending();

	v.linked = false;
	v.state = SESSION_FAILED;
	v.stage = SESSION_SENDING;
	v.outcome = SESSION_LINK_LOST;
	v.goodput = 23600;
	device(&v, "link lost at 54 %: can be resumed (R)", cells);
}

/* The device runs the image already: the chain goes no further than the run did. */
static void draw_same(struct cells *cells)
{
	struct view_device v = sending();

	metrics_init(&metrics);
	stats = (struct session_stats){.received = 0};
	v.state = SESSION_DONE;
	v.stage = SESSION_DISCOVERING;
	v.seen = 1u << SESSION_CONNECTING | 1u << SESSION_DISCOVERING | 1u << SESSION_DONE;
	v.outcome = SESSION_ALREADY_RUNNING;
	v.linked = false;
	device(&v, "", cells);
}

/* The device's own facts, a second after a look; an update of ours is suspended in slot 1. */
static void draw_asked(struct cells *cells)
{
	struct view_device v = sending();
	const struct ota_info info = {.version = 1,
				      .features = OTA_FEATURE_RESUME | OTA_FEATURE_LINK |
						  OTA_FEATURE_TELEMETRY | OTA_FEATURE_ROLLBACK,
				      .chip_id = 5,
				      .chip_revision = 4,
				      .slot_count = 2,
				      .flags = OTA_INFO_RESUMABLE | OTA_INFO_SECURE_BOOT,
				      .phys = OTA_PHYS_1M | OTA_PHYS_2M,
				      .slot_size = 1310720,
				      .ring_size = 32768,
				      .running_size = 1100000,
				      .secure_version = 3,
				      .running_sha256 = {0x9a, 0x31, 0x45, 0x65},
				      .project = "gw-\033app",
				      .block_revision = OTA_REVISION_UNKNOWN,
				      .reset_reason = OTA_RESET_BROWN_OUT,
				      .resets = 2,
				      .panics = 1};
	const struct ota_status status = {.state = OTA_STATE_SUSPENDED,
					  .received = 634880,
					  .flushed = 634880,
					  .hash = {0x11, 0x22, 0x33, 0x44},
					  .last_error = OTA_ERR_WRITE,
					  .flags = OTA_INFO_RESUMABLE};

	metrics_init(&metrics);
	v.goal = SESSION_LOOK;
	v.state = SESSION_DONE;
	v.stage = SESSION_PREPARING;
	v.seen = 1u << SESSION_CONNECTING | 1u << SESSION_PREPARING | 1u << SESSION_DONE;
	v.outcome = SESSION_ANSWERED;
	v.chunk = 0;
	v.linked = false;
	v.info = &info;
	v.status = &status;
	v.partial_size = 1180672;
	device(&v, "answered: The device answered.", cells);
}

/* One of many slots, of another image than the one chosen, running from factory. */
static void draw_asked_factory(struct cells *cells)
{
	struct view_device v = sending();
	const struct ota_info info = {.version = 1,
				      .chip_id = 0xffee,
				      .slot_count = 200,
				      .running_slot = 0xff,
				      .flags = OTA_INFO_PENDING_VERIFY,
				      .abilities = OTA_ABILITY_NO_ROLLBACK,
				      .slot_size = 4194304};

	metrics_init(&metrics);
	v.goal = SESSION_LOOK;
	v.state = SESSION_DONE;
	v.outcome = SESSION_ANSWERED;
	v.chunk = 0;
	v.version = "";
	v.info = &info;
	device(&v, "", cells);
}

static void draw_none(struct cells *cells)
{
	const struct view_device v = {.chosen = false};

	view_device_draw(&v, cells, screenlib_frame(cells, VIEW_DEVICE, "", "? help  q back"));
}

static void draw_menu(struct cells *cells, const struct recover_known *known)
{
	static struct recover_menu is;
	struct view_menu menu = {.title = "Recover esp-gw-07", .choices = is.choices};

	view_recover_fill(known, &is);
	menu.count = is.list.count;
	menu.selected = 1;
	for (size_t i = 0; i < is.fact_count; i++)
		menu.facts[i] = is.facts[i];
	draw_failed(cells);
	view_menu_draw(&menu, cells, layout_frame(cells_area(cells)).body);
}

static struct recover_known lost(void)
{
	static const int32_t falling[] = {-58, -57, -59, -58, -60, -58, -66, -71, -75, -80, -83};

	return (struct recover_known){
		.address = SCREENLIB_ADDRESS,
		.options = "",
		.image = "app.bin",
		.stack_keeps = true,
		.have_update = true,
		.outcome = SESSION_LINK_LOST,
		.what = "The link was lost at 639000 of 1180672 bytes (3 retries).",
		.received = 639000,
		.flushed = 619000,
		.total = 1180672,
		.rssi = falling,
		.rssi_count = sizeof(falling) / sizeof(falling[0]),
		.rssi_ms = 1000,
	};
}

static void draw_recover(struct cells *cells)
{
	const struct recover_known known = lost();

	draw_menu(cells, &known);
}

/* Left by another host, looked at with --readonly. */
static void draw_recover_foreign(struct cells *cells)
{
	struct recover_known known = lost();

	known.have_update = false;
	known.readonly = known.status_known = true;
	known.flags_known = UINT8_MAX;
	known.status = (struct ota_status){.state = OTA_STATE_SUSPENDED,
					   .received = 131072,
					   .flushed = 131072,
					   .hash = {0x9a, 0x31, 0x45, 0x65},
					   .last_error = OTA_ERR_WRITE,
					   .flags = OTA_INFO_RESUMABLE,
					   .reset_reason = OTA_RESET_TASK_WATCHDOG,
					   .resets = 2,
					   .panics = 1};
	known.status_age_us = 12000000;
	draw_menu(cells, &known);
}

static void draw_recover_running(struct cells *cells)
{
	struct recover_known known = lost();

	known.running = "sending";
	known.state = SESSION_SENDING;
	known.linked = known.asked = true;
	known.asked_age_us = 4000000;
	draw_menu(cells, &known);
}

/* --- help, prompt */

static void draw_help(struct cells *cells)
{
	const struct area body = screenlib_frame(cells, VIEW_DEVICE, "", "j k scroll  q close");

	view_help_draw(PLACE_DEVICE, 0, "", cells, body);
}

static void draw_help_search(struct cells *cells)
{
	const struct area body =
		screenlib_frame(cells, VIEW_DEVICE, "", "j k scroll  / search  q close");

	view_help_draw(PLACE_DEVICE, view_help_find(PLACE_DEVICE, "PACING", SIZE_MAX, 1, body),
		       "PACING", cells, body);
}

static void draw_prompt(struct cells *cells)
{
	const struct view_frame f = {
		.view = VIEW_IMAGE,
		.source = "hci0",
		.prompt = "image file: ",
		.input = "/home/somebody/esp/gateway/build/gateway-application.bin",
		.input_cursor = 56,
		.keys = "Tab complete  Enter open  Esc cancel",
	};

	view_frame_draw(&f, cells);
}

const struct screen_case screen_cases[] = {
	{"scan", screenlib_scan},
	{"scan-empty", screenlib_scan_empty},
	{"device-none", draw_none},
	{"device-sending", draw_sending},
	{"device-erasing", draw_erasing},
	{"device-basic", draw_basic},
	{"device-failed", draw_failed},
	{"device-same", draw_same},
	{"device-asked", draw_asked},
	{"device-asked-factory", draw_asked_factory},
	{"recover", draw_recover},
	{"recover-foreign", draw_recover_foreign},
	{"recover-running", draw_recover_running},
	{"image", screenlib_image},
	{"image-alone", screenlib_image_alone},
	{"image-chooser", screenlib_image_chooser},
	{"image-compare", screenlib_image_compare},
	{"image-downgrade", screenlib_image_downgrade},
	{"image-error", screenlib_image_error},
	{"image-none", screenlib_image_none},
	{"image-refused", screenlib_image_refused},
	{"profile", screenlib_profile},
	{"profile-chooser", screenlib_profile_chooser},
	{"profile-diff", screenlib_profile_diff},
	{"profile-errors", screenlib_profile_errors},
	{"profile-forced", screenlib_profile_forced},
	{"history", screenlib_history},
	{"history-empty", screenlib_history_empty},
	{"history-compare", screenlib_history_compare},
	{"history-run", screenlib_history_run},
	{"history-killed", screenlib_history_killed},
	{"history-trend", screenlib_history_trend},
	{"history-trend-long", screenlib_history_trend_long},
	{"help", draw_help},
	{"help-search", draw_help_search},
	{"prompt", draw_prompt},
};
const size_t screen_case_count = sizeof(screen_cases) / sizeof(screen_cases[0]);
