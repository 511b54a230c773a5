/* SPDX-License-Identifier: Apache-2.0 */
/* The list of devices of the test screens. */
#include "screenlib_priv.h"

static void hear(struct scan *scan, const char *address, const char *name, int rssi, bool ota,
		 uint64_t at)
{
	for (int i = 0; i < 12; i++) {
		const struct transport_advertisement adv = {
			.address = address,
			.name = name,
			.rssi = (int8_t)(rssi + (i * 7 + rssi) % 5),
			.dialects = ota ? dialects_of_service(OTA_UUID_SERVICE) : 0,
			.connectable = true,
		};

		(void)scan_add(scan, &adv, at + (uint64_t)i * 100000u);
	}
}

static void draw_scan_with(struct cells *cells, const char *filter)
{
	static struct scan scan;
	static const struct view_known known[] = {
		{SCREENLIB_ADDRESS, DIALECT_FULL, false, "1.4.2", SESSION_CONFIRMED, 100},
		{"24:6F:28:AA:11:40", DIALECT_BASIC, false, "1.4.1", SESSION_LINK_LOST, 54},
		{"24:6F:28:AA:10:9C", DIALECT_UNKNOWN, true, "", SESSION_NO_OUTCOME, 0},
		{"24:6F:28:AA:12:01", DIALECT_UNKNOWN, false, "", SESSION_NO_OUTCOME, 0},
	};
	static const struct view_scan_marks marks = {{"24:6F:28:AA:12:01"}, 1};
	uint16_t order[SCAN_DEVICES_MAX];
	struct view_scan v = {
		.scan = &scan,
		.known = known,
		.known_count = 4,
		.busy = "24:6F:28:AA:12:01",
		.busy_text = "sending 54%",
		.order = order,
		.selected = 1,
		.filter = filter,
		.search = "",
		.marks = &marks,
		.last = "last: 54% esp-gw-11 -> R",
		.sort = VIEW_SORT_RSSI,
		.scanning = true,
		.now_us = 12700000,
	};

	scan_init(&scan);
	hear(&scan, "C4:4F:33:0B:77:E1", "", -90, false, 1000000);
	hear(&scan, "24:6F:28:AA:10:9C", "esp-gw-09", -81, true, 11000000);
	hear(&scan, SCREENLIB_ADDRESS, "esp-gw-07", -58, true, 11500000);
	hear(&scan, "24:6F:28:AA:11:40", "esp-gw-11", -66, true, 8000000);
	hear(&scan, "24:6F:28:AA:12:00", "\033[2J\ntrap", -71, false, 11300000);
	hear(&scan, "24:6F:28:AA:12:01", "温室の温度計と湿度計・三号機", -75, true, 11200000);
	v.count = view_scan_order(&(struct view_scan_order){.scan = &scan,
							    .known = known,
							    .known_count = 4,
							    .marks = &marks,
							    .filter = filter,
							    .sort = v.sort},
				  order, 0);
	view_scan_draw(&v, cells,
		       screenlib_frame(cells, VIEW_SCAN, "",
				       "Enter connect  R recover  / search  \\ filter  s sort  "
				       "Space mark  ? help  q "
				       "quit"));
}

void screenlib_scan(struct cells *cells)
{
	draw_scan_with(cells, "");
}

void screenlib_scan_empty(struct cells *cells)
{
	draw_scan_with(cells, "no such");
}
