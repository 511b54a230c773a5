/* SPDX-License-Identifier: Apache-2.0 */
/* The link in the Device view: the signal with its trend, and the parameters. */
#include "view/view.h"

#include "base/output.h"
#include "view/layout.h"

#define RSSI_STEP 10 /* dB: the scale's ends are multiples */
#define RSSI_SPAN 20 /* dB from end to end at least, or noise would look like a mountain */

/* From red to green as a radio's user reads it: below -85 dBm packets are lost. */
static enum cells_style rssi_style(int32_t dbm)
{
	return dbm >= -70 ? CELLS_GOOD : dbm >= -85 ? CELLS_WARNING : CELLS_BAD;
}

void view_radio_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	const int width = area.w / 4;
	int32_t low = 0, high = PLOT_NONE, from, to, latest = PLOT_NONE;
	int x;

	for (size_t i = 0; i < v->rssi_count; i++) {
		if (v->rssi[i] == PLOT_NONE)
			continue;
		latest = v->rssi[i];
		low = v->rssi[i] < low ? v->rssi[i] : low;
		high = v->rssi[i] > high ? v->rssi[i] : high;
	}
	if (high == PLOT_NONE) {
		(void)cells_text(cells, area, 0, 0, CELLS_DIM, "RSSI n/a");
		return;
	}
	from = (low - RSSI_STEP + 1) / RSSI_STEP * RSSI_STEP;
	to = high / RSSI_STEP * RSSI_STEP;
	if (to - from < RSSI_SPAN)
		from = to - RSSI_SPAN;
	/* Without a link there are no new measurements: the last ones stay on the screen. */
	if (!v->linked)
		x = cells_printf(cells, area, 0, 0, CELLS_DIM, "last RSSI %4d dBm ", latest);
	else if (v->rssi[v->rssi_count - 1] == PLOT_NONE)
		x = cells_text(cells, area, 0, 0, CELLS_DIM, "RSSI      n/a      ");
	else
		x = cells_printf(cells, area, 0, 0, rssi_style(latest), "RSSI %4d dBm      ",
				 latest);
	plot_trend(cells, area, x, 0, width, rssi_style(latest), v->rssi, v->rssi_count, from, to);
	x = cells_printf(cells, area, x + width + 2, 0, CELLS_DIM, "min %d max %d dBm", low, high);
	(void)cells_printf(cells, area, x + 2, 0, CELLS_DIM, "source: %s",
			   transport_source_name(v->link.rssi_source));
}

static const char *phy_name(uint8_t phy)
{
	static const char *const names[] = {"n/a", "1M", "2M", "coded"};

	return names[phy < sizeof(names) / sizeof(names[0]) ? phy : 0];
}

/* "15 ms", "7.5 ms"; units of 1.25 ms. */
static char *interval_text(uint16_t interval, char *buf, size_t size)
{
	const unsigned int hundredths = interval * 125u;

	if (interval == 0)
		(void)snprintf(buf, size, "n/a");
	else if (hundredths % 100 == 0)
		(void)snprintf(buf, size, "%u ms", hundredths / 100);
	else
		(void)snprintf(buf, size, "%u.%.*u ms", hundredths / 100,
			       hundredths % 10 == 0 ? 1 : 2,
			       hundredths % 10 == 0 ? hundredths % 100 / 10 : hundredths % 100);
	return buf;
}

void view_link_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct ota_link *l = &v->link.link;
	char interval[24], window[OUTPUT_FIGURE_MAX];
	int x;

	x = cells_printf(cells, area, 0, 0, CELLS_NORMAL, "MTU %u", v->mtu);
	if (area.w >= LAYOUT_FULL_W)
		x = cells_printf(cells, area, x, 0, CELLS_DIM, " (%s)",
				 transport_source_name(v->link.mtu_source));
	if (v->chunk > 0)
		x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "chunk %u", v->chunk);
	if (v->chunk > 0 && area.w >= LAYOUT_FULL_W)
		x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL,
				 area.w >= 100 ? "window %s  %s" : "win %s  %s",
				 output_bytes(v->window, window, sizeof(window)),
				 gatt_write_name(v->mode));
	x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, area.w >= 100 ? "interval %s" : "%s",
			 interval_text(l->interval, interval, sizeof(interval)));
	x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "PHY %s/%s", phy_name(l->tx_phy),
			 phy_name(l->rx_phy));
	x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "DLE %u/%u", l->tx_octets,
			 l->rx_octets);
	if (v->link.encrypted)
		(void)cells_printf(cells, area, x + 2, 0, CELLS_GOOD,
				   area.w >= 100 ? "encrypted" : "enc");
}
