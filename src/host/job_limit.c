/* SPDX-License-Identifier: Apache-2.0 */
/* The time of a run, and what limits it: the facts that explain is told, and its words. */
#include "host/job_priv.h"

#include "base/output.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 65536u
#define SECTOR 4096u
#define MS 1000u
#define ACK_RING 4u /* a device's own choice: so many in its ring */

static enum budget_share phase(const struct session *s)
{
	const bool back = s->stats.done_us > 0;

	switch (s->state) {
	case SESSION_IDLE:
	case SESSION_CONNECTING:
		return back ? BUDGET_RECONNECT : BUDGET_CONNECT;
	case SESSION_DISCOVERING:
		return back ? BUDGET_RECONNECT : BUDGET_DISCOVER;
	case SESSION_PREPARING:
		return s->stats.start_us > 0 ? BUDGET_START : BUDGET_PREPARE;
	case SESSION_SENDING:
		return BUDGET_AIR;
	case SESSION_PAUSED:
		return BUDGET_PAUSED;
	case SESSION_VERIFYING:
	case SESSION_CANCELLING:
		return BUDGET_END;
	case SESSION_REBOOTING:
		return BUDGET_REBOOT;
	case SESSION_RECONNECTING:
		return BUDGET_RECONNECT;
	case SESSION_CONFIRMING:
	case SESSION_DONE:
	case SESSION_FAILED:
		return BUDGET_CONFIRM;
	case SESSION_WAITING:
		return BUDGET_DOWN;
	case SESSION_STATES:
		break;
	}
	return BUDGET_CONFIRM;
}

static enum budget_wait hindrance(const struct session *s)
{
	static const enum budget_wait waits[] = {
		[SESSION_HINDERED_NOT] = BUDGET_WAIT_NONE,
		[SESSION_HINDERED_STACK] = BUDGET_WAIT_STACK,
		[SESSION_HINDERED_RESPONSE] = BUDGET_WAIT_RESPONSE,
		[SESSION_HINDERED_PACING] = BUDGET_WAIT_PACING,
		[SESSION_HINDERED_WINDOW] = BUDGET_WAIT_WINDOW,
		[SESSION_HINDERED_CREDIT] = BUDGET_WAIT_CREDIT,
		[SESSION_HINDERED_END] = BUDGET_WAIT_LAST,
	};

	return waits[session_hindrance(s)];
}

#define PROBE_MS 100u
#define PROBE_OFTEN_MS 10u /* while something is to be seen */
#define PROBES_AT_FIRST 20u
#define NEARLY_ALL 94u /* percent of what is possible */
#define TURN_MS 5u /* what comes in one turn of a busy program has times as far apart */

/* The time until the next alarm that is to tell how late it comes. */
uint32_t job_limit_probe_ms(const struct job *job)
{
	return job->probes < PROBES_AT_FIRST || job->budget.late_us > 0 ? PROBE_OFTEN_MS : PROBE_MS;
}

/* An alarm that comes late tells how long this program waits for its turn. */
void job_limit_heard(struct job *job, const struct transport_event *event)
{
	const uint64_t now = job_now(job);
	const bool others = job->heard_us > job->probe_us && now > job->heard_us + TURN_MS * MS;

	/* Where others came in between, none was set: an older program's recording. */
	if (event->kind == TRANSPORT_ALARM && job->probe_us <= now) {
		if (!others)
			budget_late(&job->budget, now - job->probe_us);
		job->probes++;
		job->probe_us = JOB_NEVER;
	}
	job->heard_us = now;
}

/* An erase is announced by its offset in the image. */
static uint32_t erase_at(const struct session *s)
{
	const uint32_t done = s->stats.progress.done;

	return s->stream && done < s->config.image_size ? stream_place_of(s->stream, done) : done;
}

void job_limit_see(struct job *job)
{
	const struct session *s = &job->session;
	const struct session_stats *st = &s->stats;
	const struct budget_view view = {
		.phase = phase(s),
		.wait = hindrance(s),
		.sent = st->sent_bytes,
		.queued = st->queued,
		.received = st->received_known ? st->received : st->queued,
		.flushed = st->flushed,
		.received_known = st->received_known,
		.gaps = st->gaps,
		.notifications = job->notifications,
		.erasing = st->progress.phase == OTA_PHASE_ERASE,
		.erase_at = erase_at(s),
		.start_us = st->start_us,
		.done_us = st->done_us,
		.write_ms = st->telemetry_known ? st->telemetry.write_ms : 0,
		.times = st->times_known ? &st->times : NULL,
	};

	if (!job->budget.begun) {
		budget_init(&job->budget, job->start_us);
		job->budget.begun = true;
	}
	budget_see(&job->budget, &view, job_now(job));
}

/*
 * Code runs from the flash unless the device says otherwise, so that it stands still while that
 * erases or writes.  What its controller keeps then is not told: 8 packets is what the licensees
 * of the Riviera Waves link layer publish, which the ESP32, C3 and S3 have
 * (linker_rw_bt_controller.lf), and 24 is DEFAULT_BT_LE_ACL_BUF_COUNT of Espressif's own.
 */
static uint16_t held_pdus(const struct session *s)
{
	static const uint16_t early[] = {0x0000, 0x0005, 0x0009}; /* ESP32, C3, S3 */

	if (!s->have_info ||
	    (s->info.abilities & (OTA_ABILITY_AUTO_SUSPEND | OTA_ABILITY_XIP_PSRAM)))
		return 0;
	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		if (s->info.chip_id == early[i])
			return 8;
	return 24;
}

/* A setting that was asked for and refused will be refused next time, too. */
static bool open_to(uint32_t asked, uint32_t now)
{
	return asked == 0 || asked == now;
}

static void may_change(const struct job *job, struct limit_input *in)
{
	const struct session *s = &job->session;
	const struct session_config *c = &job->session_config;
	const bool link = s->have_info && (s->info.features & OTA_FEATURE_LINK);
	const uint16_t interval = (uint16_t)(job->air.interval_us / 1250u);
	const bool asked_2m = (c->link.phys & OTA_PHYS_2M) != 0;

	in->interval_auto = c->link_auto;
	in->chunk_auto = c->chunk == 0;
	in->window_auto = c->window == 0;
	in->ack_auto = c->ack_interval == 0;
	in->device_2m = s->have_info && (s->info.phys & OTA_PHYS_2M);
	in->may_phy = link && !asked_2m;
	in->phy_refused = link && asked_2m && in->device_2m && job->air.phy == OTA_PHY_1M;
	/* What was tried over this link is no advice any more. */
	in->may_interval = link && open_to(s->choices.interval.asked, interval) &&
			   s->tune.best == 0 && !session_adapter_late(s);
	in->adapter_late = session_adapter_late(s);
	in->may_data_length = link && c->link.data_length < 251 && job->air.data_length < 251;
	in->may_mtu = c->mtu_max < 517 && job->mtu >= c->mtu_max;
	in->may_mode =
		s->have_info && job->budget.request && s->choices.mode.reason == SESSION_ASKED;
}

void job_limit_link(struct job *job)
{
	const struct session *s = &job->session;
	struct limit_input in = {.mtu = job->mtu, .now.link = job->air};

	if (!s->dialect)
		return;
	budget_link(&job->budget, &job->air, s->chunk, s->dialect->header,
		    session_waits_for_each(s), held_pdus(s));
	may_change(job, &in);
	in.now.header = s->dialect->header;
	job->link_best = job_stream_image(job, limit_link_best(&in));
}

static uint32_t per_block(uint64_t ms, uint64_t bytes)
{
	return bytes == 0 ? 0 : (uint32_t)(ms * 1000u * BLOCK / bytes);
}

/*
 * Bytes of whole blocks that take as long as the erases of this run: a device erases by blocks, and
 * an image's last three sectors or less by sectors, which take a quarter of a block's time each.
 */
static uint64_t erased_bytes(const struct job *job, const struct budget_flash *f, uint32_t bytes)
{
	const uint32_t image = job_stream_image(job, bytes);
	const uint32_t sectors = (image % BLOCK + SECTOR - 1u) / SECTOR;

	if (job->session.stats.received < session_size(&job->session))
		return job_stream_air(job, (uint64_t)f->erases * BLOCK);
	return job_stream_air(job,
			      image - image % BLOCK + (sectors > 3u ? 4u : sectors) * (BLOCK / 4u));
}

uint32_t job_limit_flash(const struct job *job)
{
	const struct session_stats *st = &job->session.stats;
	const uint32_t bytes = st->flushed > st->resumed_from ? st->flushed - st->resumed_from : 0;
	struct budget_flash f;
	uint32_t erase, write;

	budget_flash(&job->budget, &f);
	if (bytes < BLOCK)
		return 0;
	erase = per_block(f.erase_ms, erased_bytes(job, &f, bytes));
	write = per_block(f.write_ms, f.written);
	if (erase == 0 || write == 0)
		return 0;
	return job_stream_image(
		job,
		BLOCK * 1000000ull / ((uint64_t)erase + write + per_block(f.read_ms, f.written)));
}

static void play(const struct job *job, struct limit_input *in)
{
	const struct session *s = &job->session;
	struct budget_flash f;
	const uint32_t ring =
		s->have_info && job->config.goal == SESSION_UPDATE ? s->info.ring_size : 0;
	uint32_t ack = s->choices.ack_interval.value;

	budget_flash(&job->budget, &f);
	if (ack == 0)
		ack = ring > 0 ? ring / ACK_RING : 8192u;
	if (ring > 0 && ack > ring / 2u)
		ack = ring / 2u;
	in->now = (struct predict){
		.link = job->air,
		.value = s->chunk,
		.header = s->dialect ? s->dialect->header
				     : (uint16_t)(s->have_info ? OTA_DATA_HEADER : 0),
		.request = job->budget.request,
		.window = job->window,
		.pacing_us = job->pacing_us,
		.ack_interval = ack,
		.ring = ring,
		.erase_us = per_block(f.erase_ms, erased_bytes(job, &f, in->bytes)),
		.write_us = per_block(f.write_ms, f.written),
		.read_us = per_block(f.read_ms, f.written),
		.write_size = f.write_size,
		.late_us = f.late_us,
		.host_us = (uint32_t)job->budget.late_us,
		.held_pdus = held_pdus(s),
	};
	/* No stack tells that; with an interval that suits such an adapter it is all that is left. */
	if (session_adapter_late(s))
		in->now.link.refill = false;
}

void job_limit_play(const struct job *job, struct predict *ret)
{
	const struct session_stats *st = &job->session.stats;
	struct limit_input in = {
		.bytes = st->received > st->resumed_from ? st->received - st->resumed_from : 0};
	uint32_t payload;

	memset(ret, 0, sizeof(*ret));
	if (!job->link_known || st->start_us == 0 || job->session.chunk == 0)
		return;
	play(job, &in);
	*ret = in.now;
	ret->size = session_size(&job->session);
	if (ret->value <= ret->header)
		return;
	payload = (uint32_t)ret->value - ret->header;
	ret->drop_ppm = (uint32_t)((uint64_t)st->gaps * 1000000u / (in.bytes / payload + 1u));
}

/* --- words */

static char *rate(uint32_t value, char buf[OUTPUT_FIGURE_MAX])
{
	return output_rate(value, buf, OUTPUT_FIGURE_MAX);
}

/* The figures that show the cause. */
/* Causes of which the name says nearly all. */
static const char *plain_cause(enum limit_cause cause)
{
	static const char *const plain[LIMIT_CAUSES] = {
		[LIMIT_AIR] = "the link carries what it can at these settings",
		[LIMIT_PHY] = "the link is on 1M, and the device has 2M",
		[LIMIT_STACK] = "the Bluetooth stack took no value",
		[LIMIT_LOSS] = "packets are lost on the air and sent again",
	};

	return plain[cause] ? plain[cause] : "";
}

static void say_flash(const struct limit *l, char *buf, size_t size)
{
	if (l->erase_us == 0)
		(void)snprintf(buf, size, "the device erases its slot before the first value");
	else
		(void)snprintf(buf, size,
			       "64 KiB take %" PRIu32 " ms to erase and %" PRIu32 " ms to write",
			       l->erase_us / 1000u, l->write_us / 1000u);
}

static void say_cause(const struct job *job, const struct limit *l, char *buf, size_t size)
{
	const struct airtime_link *air = &job->air;
	const double ms = air->interval_us / 1000.0;
	struct budget_flash flash;
	char times[TEXT_COUNT_MAX];

#define SAY(...) (void)snprintf(buf, size, __VA_ARGS__)
	switch (l->cause) {
	case LIMIT_INTERVAL:
		SAY("the connection interval is %.2f ms", ms);
		break;
	case LIMIT_DATA_LENGTH:
		SAY("a link layer packet carries %u bytes of at most 251", air->data_length);
		break;
	case LIMIT_MTU:
		SAY("the ATT MTU is %u of at most 517", job->mtu);
		break;
	case LIMIT_CHUNK:
		SAY("values of %u bytes leave part of their packets empty", job->result.chunk);
		break;
	case LIMIT_WINDOW:
		SAY("%" PRIu32 " bytes under way are less than the link needs", job->window);
		break;
	case LIMIT_ACK_INTERVAL:
		SAY("too few acknowledgements for %" PRIu32 " bytes under way", job->window);
		break;
	case LIMIT_PACING:
		SAY("%" PRIu32 " us are left between values", job->pacing_us);
		break;
	case LIMIT_WRITE_MODE:
		SAY("each value waits for its response, with an interval of %.2f ms", ms);
		break;
	case LIMIT_ADAPTER_BUFFERS:
		SAY("the adapter sends %u %s an event of %.2f ms", air->buffers,
		    air->buffers == 1 ? "buffer" : "buffers", ms);
		break;
	case LIMIT_ADAPTER_FRAGMENTS:
		SAY("the adapter's buffers hold %u bytes each", air->buffer_octets);
		break;
	case LIMIT_RING:
		SAY("the device's ring holds %" PRIu32 " KiB", job->session.info.ring_size / 1024u);
		break;
	case LIMIT_ERASE:
	case LIMIT_PROGRAM:
		say_flash(l, buf, size);
		break;
	case LIMIT_HOST:
		SAY("this program gets its turn up to %" PRIu64 " ms late",
		    job->budget.late_us / MS);
		break;
	case LIMIT_DEVICE_TASK:
		budget_flash(&job->budget, &flash);
		SAY("the device's task goes on %" PRIu32 " ms late after each flash operation",
		    flash.late_us / MS);
		break;
	case LIMIT_GAPS:
		SAY("%s, and what followed the lost values was sent again",
		    text_count(job->result.gaps, "gap", times, sizeof(times)));
		break;
	case LIMIT_RECONNECTS:
		SAY("the link was lost (%s)",
		    text_count(job->result.retries, "retry", times, sizeof(times)));
		break;
	case LIMIT_NONE:
	case LIMIT_AIR:
	case LIMIT_PHY:
	case LIMIT_STACK:
	case LIMIT_LOSS:
		SAY("%s", plain_cause(l->cause));
		break;
	case LIMIT_CAUSES:
		break;
	}
#undef SAY
}

static void say_advice(const struct job *job, const struct limit *l, char *buf, size_t size)
{
	/* What helps where no setting does. */
	static const char *const help[LIMIT_CAUSES] = {
		[LIMIT_INTERVAL] = "adapter and device keep the interval",
		[LIMIT_DATA_LENGTH] = "an adapter and a device with Data Length Extension help",
		[LIMIT_MTU] = "a larger CONFIG_OTA_ESP_MTU in the firmware helps",
		[LIMIT_ADAPTER_BUFFERS] = "an adapter that refills its buffers helps",
		[LIMIT_ADAPTER_FRAGMENTS] = "an adapter with longer buffers helps",
		[LIMIT_HOST] = "end what keeps this computer busy",
		[LIMIT_STACK] = "end what keeps bluetoothd or D-Bus busy",
		[LIMIT_RING] = "a larger CONFIG_OTA_ESP_RING_SIZE_KB in the firmware helps",
		[LIMIT_ERASE] = "prepare erases the slot ahead of an update",
		[LIMIT_DEVICE_TASK] = "a higher CONFIG_OTA_ESP_TASK_PRIORITY in the firmware helps",
		[LIMIT_LOSS] = "move closer to the device",
		[LIMIT_GAPS] = "another adapter, or more buffers for the firmware's Bluetooth",
		[LIMIT_RECONNECTS] = "move closer to the device",
	};
	const uint32_t of_possible = limit_of_possible(l);
	const char *more;
	char after[OUTPUT_FIGURE_MAX];
	const uint32_t gain =
		l->goodput == 0
			? 0
			: (uint32_t)((uint64_t)(l->predicted - l->goodput) * 100u / l->goodput);

	if (l->change[0]) {
		(void)snprintf(buf, size, "-s %s: about %s (+%" PRIu32 " %%).", l->change,
			       rate(l->predicted, after), gain);
		return;
	}
	if (l->cause == LIMIT_PHY) {
		(void)snprintf(
			buf, size,
			"The profile allows 2M, adapter or kernel do not: as root, btmgmt phy "
			"LE1MTX LE1MRX LE2MTX LE2MRX (about %s).",
			rate((uint32_t)(l->goodput * 1000000ull / (1000001u - l->share_ppm)),
			     after));
		return;
	}
	if (of_possible >= NEARLY_ALL) {
		(void)snprintf(buf, size, "Nothing: this is %" PRIu32 " %% of what is possible.",
			       of_possible);
		return;
	}
	/* A device of the basic dialect, or one that takes signed images only, has no PREPARE. */
	more = l->cause == LIMIT_ERASE &&
			       !(job->met_told && (job->met_info.features & OTA_FEATURE_PREPARE))
		       ? NULL
		       : help[l->cause];
	(void)snprintf(buf, size, "Nothing to set here (%" PRIu32 " %% of what is possible)%s%s.",
		       of_possible, more ? ": " : "", more ? more : "");
}

/* Whether a cause's share is time that it took, or what would be saved without it. */
static bool takes_time(enum limit_cause cause)
{
	return cause == LIMIT_AIR || cause == LIMIT_STACK || cause == LIMIT_RECONNECTS;
}

static void say(const struct job *job, struct job_result *r)
{
	const struct limit *l = &r->limit;
	char cause[JOB_TEXT_MAX / 4], second[64] = "";

	say_cause(job, l, cause, sizeof(cause));
	if (l->second != LIMIT_NONE && l->second_ppm > 0)
		(void)snprintf(second, sizeof(second), "; also %s, %u %%",
			       limit_cause_name(l->second), (l->second_ppm + 5000u) / 10000u);
	(void)snprintf(r->limit_text, sizeof(r->limit_text), "%s, %u %% %s: %s%s",
		       limit_cause_name(l->cause), (l->share_ppm + 5000u) / 10000u,
		       takes_time(l->cause) ? "of the time" : "less time without it", cause,
		       second);
	say_advice(job, l, r->limit_advice, sizeof(r->limit_advice));
}

/* What was judged is the stream's pace over the air; it is told as the image's. */
static void as_image(const struct job *job, struct limit *l)
{
	l->goodput = job_stream_image(job, l->goodput);
	l->predicted = job_stream_image(job, l->predicted);
	l->possible = job_stream_image(job, l->possible);
	l->link_best = job_stream_image(job, l->link_best);
	l->flash = job_stream_image(job, l->flash);
	l->erase_us = (uint32_t)job_stream_air(job, l->erase_us);
	l->write_us = (uint32_t)job_stream_air(job, l->write_us);
}

void job_limit_result(struct job *job)
{
	struct job_result *r = &job->result;
	struct limit_input in = {
		.seconds_us = r->seconds_us,
		.bytes = (uint32_t)job_stream_air(job, r->bytes),
		.mtu = job->mtu,
	};
	uint32_t payload;

	if (job->config.pattern) {
		job_pattern_result(job);
		return;
	}
	budget_shares(&job->budget, r->time, r->transfer_time);
	if (!job->link_known || r->bytes == 0)
		return;
	/* What holds them up is the wait for each sector, which no setting shortens, and of which
	 * the prediction knows nothing. */
	if (dialect_get(job->dialect)->family != DIALECT_OTABENCH)
		return;
	memcpy(in.shares, r->transfer_time, sizeof(in.shares));
	in.gaps = r->gaps;
	may_change(job, &in);
	play(job, &in);
	payload = in.now.value > in.now.header ? (uint32_t)in.now.value - in.now.header : 1u;
	in.values = in.bytes / payload + r->gaps + 1u;
	limit_judge(&in, &r->limit);
	as_image(job, &r->limit);
	if (r->limit.cause != LIMIT_NONE)
		say(job, r);
}
