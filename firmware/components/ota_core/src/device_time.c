/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's timers. None is kept running: each is worked out anew from what
 * the device waits for, so that no change of state has to start or stop one.
 */
#include "device_priv.h"
#include "device_stream.h"

enum timer {
	TIMER_NOTIFY,
	TIMER_IDLE,
	TIMER_GAP,
	TIMER_ACK,
	TIMER_LINK,
	TIMER_TELEMETRY,
	TIMER_CONFIRM,
	TIMER_REBOOT,
	TIMERS
};

struct timing {
	uint32_t since, wait; /* ms */
	bool runs;
};

static struct timing timing_of(const struct ota_device *dev, enum timer timer)
{
	const struct ota_receive *rx = &dev->rx;
	const bool receiving = dev->state == OTA_STATE_RECEIVING;
	struct timing t = {.since = dev->last_data, .runs = receiving};

	switch (timer) {
	case TIMER_NOTIFY:
		t.since = dev->notify_time;
		t.wait = NOTIFY_RETRY_MS;
		t.runs = dev->queue_count > 0 || dev->ack_due;
		break;
	case TIMER_IDLE:
		t.wait = dev->config.idle_timeout_ms;
		break;
	case TIMER_GAP:
		t.since = dev->gap_time;
		t.wait = dev->gap_wait;
		t.runs = receiving && dev->gap;
		break;
	case TIMER_ACK:
		t.wait = ACK_DELAY_MS;
		t.runs = receiving && rx->kind != OTA_KIND_BASIC && !dev->ack_due &&
			 (device_received(dev) != rx->acked_received ||
			  device_limit(dev) != rx->acked_limit);
		break;
	case TIMER_LINK:
		t.since = dev->link_time;
		t.wait = LINK_ANSWER_MS;
		t.runs = dev->link_waits && dev->link_conn != OTA_NO_CONN;
		break;
	case TIMER_TELEMETRY:
		t.since = dev->telemetry_time;
		t.wait = dev->telemetry_ms;
		t.runs = t.wait > 0 && dev->telemetry_conn != OTA_NO_CONN;
		break;
	case TIMER_CONFIRM:
		t.since = dev->boot_time;
		t.wait = dev->config.confirm_timeout_ms;
		t.runs = dev->confirm_waits && t.wait > 0 && dev->command == 0;
		break;
	case TIMER_REBOOT:
		t.since = dev->reboot_time;
		t.wait = REBOOT_WAIT_MS;
		t.runs = dev->reboot_due;
		break;
	case TIMERS:
		break;
	}
	return t;
}

/* Milliseconds until the timer fires; UINT32_MAX: it does not run. */
static uint32_t time_left(const struct ota_device *dev, enum timer timer)
{
	const struct timing t = timing_of(dev, timer);
	const uint32_t passed = dev->now - t.since;

	if (!t.runs)
		return UINT32_MAX;
	return passed < t.wait ? t.wait - passed : 0;
}

static void timer_fire(struct ota_device *dev, enum timer timer)
{
	switch (timer) {
	case TIMER_NOTIFY: /* ota_device_tick() tries on every call */
	case TIMER_REBOOT: /* device_work() looks at the time */
		break;
	case TIMER_IDLE:
		device_fail(dev, OTA_ERR_TIMEOUT, 0, device_received(dev));
		break;
	case TIMER_GAP:
		device_send_gap(dev, OTA_GAP_REPEAT);
		break;
	case TIMER_ACK:
		device_ack(dev, true);
		break;
	case TIMER_LINK:
		device_send_link(dev, dev->link_conn, OTA_ERR_LINK);
		break;
	case TIMER_TELEMETRY:
		dev->telemetry_time = dev->now;
		device_send_telemetry(dev);
		break;
	case TIMER_CONFIRM:
		dev->confirm_waits = false;
		dev->command = OTA_CMD_ROLLBACK;
		dev->command_conn = OTA_NO_CONN;
		break;
	case TIMERS:
		break;
	}
}

void ota_device_tick(struct ota_device *dev, uint32_t now_ms)
{
	device_pass(dev, now_ms);
	device_notify_flush(dev);
	for (enum timer t = TIMER_NOTIFY; t < TIMERS; t++)
		if (time_left(dev, t) == 0)
			timer_fire(dev, t);
	device_work(dev);
}

bool ota_device_deadline(const struct ota_device *dev, uint32_t *ret_ms)
{
	uint32_t least = device_counts_reset(dev) ? 0 : UINT32_MAX;

	for (enum timer t = TIMER_NOTIFY; t < TIMERS; t++)
		least = min_u32(least, time_left(dev, t));
	if (least == UINT32_MAX)
		return false;
	*ret_ms = dev->now + least;
	return true;
}
