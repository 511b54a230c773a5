/* SPDX-License-Identifier: Apache-2.0 */
/* See recorder.h: the figures of a run, taken anew from the job with each sample. */
#include "history/recorder_priv.h"

#include "image/image.h"
#include "profile/profile_edit.h"

#include <string.h>

static void count_rssi(struct recorder *r, int8_t rssi)
{
	uint32_t passed = 0, half;

	if (rssi == 127 || rssi == 0)
		return;
	r->rssi_counts[rssi + 128]++;
	half = ++r->rssi_total / 2;
	if (r->run.rssi_min == 127 || rssi < r->run.rssi_min)
		r->run.rssi_min = rssi;
	for (int i = 0; i < 256; i++) {
		passed += r->rssi_counts[i];
		if (passed > half) {
			r->run.rssi_median = (int8_t)(i - 128);
			return;
		}
	}
}

static void take_identity(struct recorder *r, const struct job_snapshot *now)
{
	struct history_run *run = &r->run;

	(void)snprintf(run->device, sizeof(run->device), "%s", now->device);
	(void)snprintf(run->address, sizeof(run->address), "%s", now->address);
	run->result.dialect = now->dialect;
	run->pacing_us = now->pacing_us;
}

/*
 * Takes the circumstances of the device that receives; the one that is back after its reboot runs
 * something else.
 */
static void take_circumstances(struct recorder *r, const struct job_snapshot *now)
{
	struct history_run *run = &r->run;
	const struct image_chip *chip = now->have_info ? image_chip_by_id(now->info.chip_id) : NULL;

	(void)snprintf(run->chip, sizeof(run->chip), "%s", chip ? chip->title : "");
	(void)snprintf(run->device_version, sizeof(run->device_version), "%.63s", now->version);
	memcpy(run->adapter, now->link.adapter, sizeof(run->adapter));
	memcpy(run->bluetoothd, now->link.bluetoothd, sizeof(run->bluetoothd));
	memcpy(run->maker, now->link.maker, sizeof(run->maker));
	memcpy(run->firmware, now->link.firmware, sizeof(run->firmware));
}

/*
 * Takes the figures as the result will have them, so that a run without one still says how far it
 * came.
 */
static void take_figures(struct recorder *r, const struct job_snapshot *now)
{
	const struct session_stats *st = &now->stats;
	struct history_run *run = &r->run;
	struct job_result *to = &run->result;

	run->queued = st->queued;
	run->received = st->received;
	run->flushed = st->flushed;
	to->mtu = now->sent_known ? now->sent_mtu : now->mtu;
	to->chunk = now->chunk;
	to->mode = now->mode;
	to->window = job_window_in_force(now);
	to->ceiling = now->ceiling;
	to->link_known = now->air.interval_us > 0;
	to->link = now->air;
	to->retries = st->retries;
	to->gaps = st->gaps;
	to->resyncs = st->resyncs;
	to->stalls = st->stalls;
	to->longest_stall_ms = st->longest_stall_ms;
	to->resumed_from = st->resumed_from;
	to->sent_bytes = to->air_bytes = st->sent_bytes;
	to->stream = now->stream;
	to->rate_lowest = metrics_rate_lowest(&now->metrics);
	if (!now->metrics.started)
		return;
	run->start_us =
		now->metrics.start_us > r->start_us ? now->metrics.start_us - r->start_us : 0;
	to->seconds_us = now->now_us - now->metrics.start_us;
	to->bytes = st->received > st->resumed_from ? st->received - st->resumed_from : 0;
	to->goodput = metrics_rate_average(&now->metrics);
	if (to->ceiling > 0)
		to->ratio = (double)to->goodput / to->ceiling;
}

/* --- what came of the profile */

static void in_force(struct recorder *r, enum profile_key key, int32_t value)
{
	const struct setting *setting = &profile_settings()[key];
	struct history_key *to = &r->keys[r->key_count++];

	memset(to, 0, sizeof(*to));
	(void)snprintf(to->name, sizeof(to->name), "%s", setting->name);
	(void)setting_format(setting, value, to->in_force, sizeof(to->in_force));
}

static void take_keys(struct recorder *r, const struct job_snapshot *now)
{
	const struct ota_link *link = &now->link.link;
	const bool basic_pacing = !dialect_tells_received(dialect_get(now->dialect), now->mode);

	r->key_count = 0;
	in_force(r, PROFILE_KEY_CHUNK, now->chunk);
	in_force(r, PROFILE_KEY_WRITE_MODE, (int32_t)now->mode);
	in_force(r, PROFILE_KEY_WINDOW, (int32_t)now->window);
	in_force(r, basic_pacing ? PROFILE_KEY_BASIC_PACING : PROFILE_KEY_PACING,
		 (int32_t)now->pacing_us);
	in_force(r, PROFILE_KEY_MTU_MAX, now->mtu);
	if (r->no_confirm)
		in_force(r, PROFILE_KEY_CONFIRM, PROFILE_CONFIRM_NEVER);
	if (link->interval == 0)
		return;
	in_force(r, PROFILE_KEY_CONNECTION_INTERVAL, link->interval);
	in_force(r, PROFILE_KEY_PERIPHERAL_LATENCY, link->latency);
	in_force(r, PROFILE_KEY_SUPERVISION_TIMEOUT, link->supervision_timeout * 10);
	if (link->tx_phy == OTA_PHY_1M || link->tx_phy == OTA_PHY_2M)
		in_force(r, PROFILE_KEY_PHY, link->tx_phy);
	if (link->tx_octets > 0)
		in_force(r, PROFILE_KEY_DATA_LENGTH, link->tx_octets);
}

void recorder_take(struct recorder *r, const struct job_snapshot *now)
{
	take_identity(r, now);
	if (now->metrics.started)
		take_figures(r, now);
	/* The link of the rebooted device says nothing about how the image was sent. */
	if (now->state == SESSION_SENDING || now->state == SESSION_PAUSED) {
		count_rssi(r, now->link.rssi);
		take_keys(r, now);
		take_circumstances(r, now);
	}
}
