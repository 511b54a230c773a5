/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world in real time: an event loop that sleeps until the host says something
 * or the world's next event is due, and before anything else brings the world up
 * to now.  CLOCK_MONOTONIC is the world's clock, so that in a virtual machine
 * with virtual time all of it is virtual.
 */
#include "config.h" /* system extensions: sched_setscheduler() */

#include "radiod/radio.h"
#include "cli/cli.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define BUFFERS_DEFAULT 8 /* what most adapters have: 3 to 10 of a PDU's length */
#define BUFFER_OCTETS_DEFAULT 251

static uint64_t monotonic_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void radio_now(struct radio *radio)
{
	sched_advance(&radio->sched, monotonic_us());
}

void radio_rearm(struct radio *radio)
{
	uint64_t at;

	if (!sched_next(&radio->sched, &at)) {
		(void)sd_event_source_set_enabled(radio->timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(radio->timer, at);
	(void)sd_event_source_set_enabled(radio->timer, SD_EVENT_ONESHOT);
}

static int radio_air_on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct radio *radio = userdata;

	(void)source;
	(void)usec;
	radio_now(radio);
	radio_watch_moved(radio);
	radio_rearm(radio);
	return 0;
}

/* --- the controller's side of the world */

static void radio_air_on_send(void *ctx, const uint8_t *packet, size_t len)
{
	radio_host_send(ctx, packet, len);
}

static void on_listen(void *ctx, bool on)
{
	struct radio *radio = ctx;

	if (radio->fleet)
		fleet_listen(radio->fleet, on);
}

int radio_device_index(struct radio *radio, const struct esp *esp)
{
	const struct esp *at;

	for (unsigned int i = 0; (at = fleet_device(radio->fleet, i)) != NULL; i++)
		if (at == esp)
			return (int)i;
	return -1;
}

static void radio_air_on_heard(void *ctx, struct esp *esp)
{
	struct radio *radio = ctx;
	const int index = radio_device_index(radio, esp);

	if (index >= 0 && !(radio->muted >> index & 1u))
		hci_heard(radio->hci, esp);
}

static void on_hci_log(void *ctx, const char *text)
{
	struct radio *radio = ctx;

	log_write(&radio->log, LOG_LEVEL_INFO, "adapter: %s", text);
}

static void radio_air_on_device_log(void *ctx, const char *text)
{
	struct radio *radio = ctx;

	log_write(&radio->log, LOG_LEVEL_INFO, "%s", text);
}

/* The passkey on the device's display. */
static void radio_air_on_passkey(void *ctx, struct esp *esp, int32_t passkey)
{
	struct radio *radio = ctx;
	json_t *event = radio_event(radio, "passkey");
	char digits[12];

	(void)snprintf(digits, sizeof(digits), "%06d", (int)passkey);
	(void)json_object_set_new(event, "device", json_string(esp_name(esp)));
	(void)json_object_set_new(event, "passkey", json_string(digits));
	radio_emit(radio, event);
}

static int make_fleet(struct radio *radio)
{
	const struct sim_options *o = &radio->options.sim;
	char why[256] = "", partitions[SLOTS_CSV_MAX];
	struct fleet_config config = {
		.sched = &radio->sched,
		.show = radio_air_on_passkey,
		.heard = radio_air_on_heard,
		.ctx = radio,
		.log = radio_air_on_device_log,
		.log_ctx = radio,
	};
	int rc;

	simopts_kind(o, partitions, &config.kind);
	rc = fleet_create(&config, &radio->fleet, why, sizeof(why));
	if (rc < 0)
		log_write(&radio->log, LOG_LEVEL_ERROR, "the virtual ESP32s: %s",
			  why[0] ? why : strerror(-rc));
	return rc;
}

static int make_controller(struct radio *radio)
{
	const struct sim_options *o = &radio->options.sim;
	const struct hci_config config = {
		.sched = &radio->sched,
		.version = radio->options.version,
		/* The address is locally administered, so that it is no maker's; and not that of
		 * another virtual adapter, which bluetoothd would not take beside it. */
		.address = {0x02, 0x0b, 0xe0, 0x00, (uint8_t)((radio->index + 1u) >> 8),
			    (uint8_t)(radio->index + 1u)},
		.buffers = o->buffers > 0 ? (uint16_t)o->buffers : BUFFERS_DEFAULT,
		.buffer_octets =
			o->buffers > 0 ? (uint16_t)o->buffer_octets : BUFFER_OCTETS_DEFAULT,
		.refill = o->refill,
		.late = o->late,
		.data_length = (uint16_t)o->data_length,
		.phys = simopts_given(o, SIM_PHY) && o->phy == (int)OTA_PHY_1M ? OTA_PHYS_1M : 0,
		.loss_ppm = (uint32_t)o->loss_ppm,
		.seed = o->seed,
		.send = radio_air_on_send,
		.listen = on_listen,
		.log = on_hci_log,
		.ctx = radio,
	};
	const int rc = hci_create(&config, &radio->hci);

	if (rc < 0)
		log_write(&radio->log, LOG_LEVEL_ERROR, "the adapter: %s", strerror(-rc));
	return rc;
}

/* --- life */

/* An adapter does not share the host's processor: what competes with others for
 * it here should at least come first.  Without the right to it, it does not. */
static void run_first(void)
{
	const struct sched_param param = {.sched_priority = 1};

	(void)sched_setscheduler(0, SCHED_FIFO, &param);
}

static int block_signals(struct radio *radio)
{
	static const int numbers[2] = {SIGINT, SIGTERM};
	sigset_t set;
	int rc = 0;

	sigemptyset(&set);
	for (unsigned int i = 0; i < 2; i++)
		sigaddset(&set, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (unsigned int i = 0; i < 2 && rc >= 0; i++)
		rc = sd_event_add_signal(radio->event, &radio->signals[i], numbers[i], NULL, NULL);
	return rc;
}

static int begin_loop(struct radio *radio)
{
	int rc = sd_event_new(&radio->event);

	if (rc >= 0)
		rc = block_signals(radio);
	if (rc >= 0)
		rc = sd_event_add_time(radio->event, &radio->timer, CLOCK_MONOTONIC, UINT64_MAX, 1,
				       radio_air_on_time, radio);
	if (rc >= 0)
		rc = radio_host_watch(radio);
	if (rc >= 0 && radio->options.control)
		rc = radio_control_begin(radio);
	if (rc < 0)
		log_write(&radio->log, LOG_LEVEL_ERROR, "the event loop: %s", strerror(-rc));
	return rc;
}

static void radio_air_finish(struct radio *radio)
{
	fleet_destroy(radio->fleet);
	hci_destroy(radio->hci);
	sched_finish(&radio->sched);
	for (unsigned int i = 0; i < 2; i++)
		sd_event_source_disable_unref(radio->signals[i]);
	sd_event_source_disable_unref(radio->timer);
	radio_host_close(radio);
	sd_event_source_disable_unref(radio->input);
	sd_event_unref(radio->event);
}

int radio_run(struct radio *radio)
{
	int code;

	radio->fd = radio->listener = -1;
	sched_init(&radio->sched, monotonic_us());
	code = make_fleet(radio) < 0 ? CLI_DEFECT : CLI_OK;
	if (code == CLI_OK)
		code = radio_host_open(radio);
	if (code == CLI_OK && (make_controller(radio) < 0 || begin_loop(radio) < 0))
		code = CLI_DEFECT;
	if (code == CLI_OK) {
		run_first();
		radio_faults_begin(radio);
		radio_watch_begin(radio);
		radio_host_tell_ready(radio);
		radio_rearm(radio);
		code = sd_event_loop(radio->event);
	}
	radio_air_finish(radio);
	return code < 0 ? CLI_DEFECT : code;
}
