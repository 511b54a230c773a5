/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock, the clock, and the task that works on flash and wakes up on time.
 *
 * One task does both, because nothing of this firmware runs while flash is
 * erased anyway, and because a telemetry tick talks to the controller, which
 * must not happen in the timer task: a sleeping controller needs that task to
 * wake up.  What is due is looked up under the lock each time somebody lets it
 * go, so that the task sleeps as long as it may.
 */
#include "ota_esp_priv.h"

#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_system.h"
#ifdef CONFIG_OTA_ESP_TASK_WDT
#include "esp_task_wdt.h"
#endif

#define FEED_MS 1000u /* CONFIG_ESP_TASK_WDT_TIMEOUT_S is at least 1, 5 by default */
#define CONFIRM_RETRY_MS 1000u
#define LINGER_POLL_MS 20u
#define DISCONNECT_POLLS 50

void ota_esp_enter(void)
{
	struct ota_esp *s = &ota_esp;
	uint32_t elapsed;

	xSemaphoreTake(s->lock, portMAX_DELAY);
	/* 32-bit arithmetic: a 64-bit division here would be paid by every value.
	 * Should nobody call for 71 minutes, the clock loses them; nothing that is
	 * due then is measured over them. */
	elapsed = ((uint32_t)esp_timer_get_time() - s->last_us) / 1000u;
	s->now += elapsed;
	s->last_us += elapsed * 1000u;
}

static uint32_t left(const struct ota_esp *s, uint32_t at)
{
	return (int32_t)(at - s->now) > 0 ? at - s->now : 0;
}

static uint32_t sooner(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool confirm_due(const struct ota_esp *s)
{
	return s->confirm_wanted && s->inspected && (s->info.flags & OTA_INFO_PENDING_VERIFY) != 0;
}

/* Milliseconds until the task has something to do; UINT32_MAX: until it is told. */
static uint32_t due_in(struct ota_esp *s)
{
	uint32_t due, in = UINT32_MAX;

	if (s->job.kind != OTA_ESP_JOB_NONE)
		return 0;
	if (ota_device_deadline(&s->device, &due))
		in = left(s, due);
#ifdef CONFIG_OTA_ESP_SIGNED
	if (s->signature_due)
		return 0;
	if (ota_signed_deadline(&s->gate, &due))
		in = sooner(in, left(s, due));
#endif
	if (s->notify_blocked || s->notify_kept)
		in = sooner(in, left(s, s->notify_retry));
	if (s->start.conn != BLE_HS_CONN_HANDLE_NONE)
		in = sooner(in, left(s, s->start.until));
	if (confirm_due(s))
		in = sooner(in, left(s, s->confirm_at));
	if (!s->session) { /* within one the task wakes for the watchdog, and looks then */
		in = sooner(in, ota_esp_idle_in(s));
		if (ota_esp_gap_wanted(s) || ota_esp_conn_unsure(s))
			in = sooner(in, left(s, s->looked + OTA_ESP_LOOK_MS));
	}
	if (s->reboot)
		in = sooner(in, left(s, s->reboot_at));
	return in;
}

void ota_esp_unlock(void)
{
	struct ota_esp *s = &ota_esp;
	const uint32_t slept = s->now - s->asleep_since;
	bool wake = false;

	if (s->asleep && (s->wake_in == UINT32_MAX || slept < s->wake_in))
		wake = due_in(s) < (s->wake_in == UINT32_MAX ? UINT32_MAX : s->wake_in - slept);
	if (wake)
		s->asleep = false;
	xSemaphoreGive(s->lock);
	if (wake)
		xSemaphoreGive(s->wake);
}

void ota_esp_leave_quickly(void)
{
	struct ota_esp *s = &ota_esp;
	const bool send = ota_esp_gatt_can_send(s);

	s->sending = s->sending || send;
	ota_esp_unlock();
	if (send)
		ota_esp_gatt_send();
}

static bool session_active(struct ota_esp *s)
{
	struct ota_status status;

	ota_device_status(&s->device, &status);
	return status.state != OTA_STATE_IDLE && status.state != OTA_STATE_SUSPENDED;
}

void ota_esp_leave(void)
{
	struct ota_esp *s = &ota_esp;
	const bool active = session_active(s);
	const bool changed = active != s->session;

	s->session = active;
	ota_esp_leave_quickly();
	if (changed && s->config.session)
		s->config.session(active, s->config.arg);
	if (changed && !active)
		ota_esp_link_relax();
	ota_esp_link_run();
}

/* The watchdog sees the task only while there is an update, so that an idle
 * device need not wake up for it. */
static void watch(struct ota_esp *s, bool on)
{
#ifdef CONFIG_OTA_ESP_TASK_WDT
	if (on && !s->watched && !s->watch_refused) {
		s->watched = esp_task_wdt_add(NULL) == ESP_OK;
		s->watch_refused = !s->watched; /* not initialized, which each call would log */
	} else if (!on) {
		s->watched = s->watched && esp_task_wdt_delete(NULL) != ESP_OK;
		s->watch_refused = false;
	}
#else
	(void)s;
	(void)on;
#endif
}

/* FreeRTOS looks how much of the stack was never written; ESP-IDF's unit is bytes.  It is
 * told when it became less by what TELEMETRY tells. */
static void measure_stack(struct ota_esp *s)
{
	const uint32_t unused = uxTaskGetStackHighWaterMark(NULL);
	const uint32_t units = unused / OTA_STACK_UNIT;
	const uint8_t now = units < UINT8_MAX ? (uint8_t)units : UINT8_MAX;
	bool less;

	ota_esp_enter();
	less = s->stack_left == 0 || now < s->stack_left;
	s->stack_left = now;
	ota_esp_leave_quickly();
	if (less)
		ESP_LOGI("ota_esp", "stack: %u of %u bytes were never used", (unsigned int)unused,
			 (unsigned int)sizeof(s->stack));
}

void ota_esp_feed(void)
{
#ifdef CONFIG_OTA_ESP_TASK_WDT
	if (ota_esp.watched)
		esp_task_wdt_reset();
#endif
}

bool ota_esp_tick_due(const struct ota_esp *s)
{
	uint32_t due;

	return ota_device_deadline(&s->device, &due) && left(s, due) == 0;
}

static void tick(struct ota_esp *s)
{
	if (!ota_esp_tick_due(s) &&
	    !((s->notify_blocked || s->notify_kept) && left(s, s->notify_retry) == 0))
		return;
	s->notify_blocked = s->notify_kept = false; /* unless it fails again */
	ota_device_tick(&s->device, s->now);
}

/* Values that were accepted and have not gone to the controller hold mbufs. */
static bool drained(const struct ota_esp *s)
{
	return !s->notify_blocked && !s->notify_kept && s->outbox_count == 0 &&
	       (!s->synced || os_msys_num_free() >= s->msys_idle);
}

/* Does what is due; true when the device shall restart now. */
static bool serve(struct ota_esp *s)
{
	static const uint8_t confirm = OTA_CMD_CONFIRM;

	if (s->start.conn != BLE_HS_CONN_HANDLE_NONE && left(s, s->start.until) == 0)
		ota_esp_release_start();
	if (confirm_due(s) && left(s, s->confirm_at) == 0) {
		s->confirm_at = s->now + CONFIRM_RETRY_MS;
		ota_device_control(&s->device, OTA_NO_CONN, &confirm, 1, s->now);
	}
#ifdef CONFIG_OTA_ESP_SIGNED
	ota_signed_tick(&s->gate, s->now);
#endif
	tick(s);
	if (!s->reboot || left(s, s->reboot_at) > 0)
		return false;
	if (drained(s) || left(s, s->reboot_limit) == 0)
		return true;
	s->reboot_at = s->now + LINGER_POLL_MS;
	return false;
}

static void restart(struct ota_esp *s)
{
	/* Said, not left to the supervision timeout: the host gets on at once. */
	ota_esp_gap_stop();
	for (int i = 0; i < DISCONNECT_POLLS && ota_esp_conn_any(); i++)
		vTaskDelay(pdMS_TO_TICKS(20));
	if (s->rollback) /* returns where it cannot */
		ota_esp_error("roll back", esp_ota_mark_app_invalid_rollback_and_reboot());
	esp_restart();
}

static void fall_asleep(struct ota_esp *s)
{
	s->asleep = true;
	s->asleep_since = s->now;
	s->wake_in = due_in(s);
	if (s->session)
		s->wake_in = sooner(s->wake_in, FEED_MS);
}

static void sleep_until_due(const struct ota_esp *s)
{
	/* One tick more: rounding down would wake too soon, again and again. */
	xSemaphoreTake(s->wake,
		       s->wake_in == UINT32_MAX ? portMAX_DELAY : pdMS_TO_TICKS(s->wake_in) + 1);
}

/* Under the lock.  No slot is so large that a hundred times its size is too much. */
static unsigned int percent_of(const struct ota_receive *rx)
{
	return rx->image_size > 0 ? rx->flushed * 100u / rx->image_size : 0;
}

/* Without the lock, as all hooks are called. */
static void tell_progress(struct ota_esp *s, unsigned int percent)
{
	if (s->config.progress && percent != s->percent) {
		s->percent = (uint8_t)percent;
		s->config.progress(percent, s->config.arg);
	}
}

static void step(struct ota_esp *s)
{
	struct ota_esp_job job;
	unsigned int percent;
	uint16_t idle;
	bool restarts, look, session;
#ifdef CONFIG_OTA_ESP_SIGNED
	bool signature;
#endif
	int rc;

	ota_esp_link_measure();
	ota_esp_enter();
	s->asleep = false;
	look = s->now - s->looked >= OTA_ESP_LOOK_MS;
	if (look)
		s->looked = s->now;
	restarts = serve(s);
	idle = ota_esp_idle_take(s);
	session = s->session;
	job = s->job;
	s->job.kind = OTA_ESP_JOB_NONE;
	if (job.kind == OTA_ESP_JOB_NONE) {
#ifdef CONFIG_OTA_ESP_DEFLATE
		if (!session_active(s))
			ota_esp_stream_rest(s);
#endif
		fall_asleep(s);
	}
#ifdef CONFIG_OTA_ESP_SIGNED
	signature = s->signature_due;
#endif
	ota_esp_leave();
	if (idle != BLE_HS_CONN_HANDLE_NONE)
		ble_gap_terminate(idle, BLE_ERR_REM_USER_CONN_TERM);
	if (restarts)
		restart(s);
	if (look) {
		ota_esp_conn_sweep();
		ota_esp_gap_advertise();
	}
	watch(s, job.kind != OTA_ESP_JOB_NONE || session);
	ota_esp_feed();
#ifdef CONFIG_OTA_ESP_SIGNED
	if (signature) {
		ota_esp_signed_check();
		measure_stack(s);
	}
#endif
	if (job.kind == OTA_ESP_JOB_NONE) {
		sleep_until_due(s);
		return;
	}
	rc = ota_esp_flash_run(&job);
	measure_stack(s);
	ota_esp_enter();
	ota_device_op_done(&s->device, rc, s->now);
	percent = percent_of(&s->device.rx);
	ota_esp_leave();
	tell_progress(s, percent);
}

void ota_esp_task(void *arg)
{
	(void)arg;
	ota_esp_image_inspect();
	ota_esp_gap_advertise();
	for (;;)
		step(&ota_esp);
}
