/* SPDX-License-Identifier: Apache-2.0 */
/* The time of a run, and what limits it: the facts that explain is told. */
#include "host/job_priv.h"

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

	/* If other events came in between, no alarm was set: this is an older program's
	 * recording. */
	if (event->kind == TRANSPORT_ALARM && job->probe_us <= now) {
		if (!others)
			budget_late(&job->budget, now - job->probe_us);
		session_know_late(&job->session, job->budget.late_us);
		job->probes++;
		job->probe_us = JOB_NEVER;
	}
	job->heard_us = now;
}

/* The device tells of a change of the link; not every stack does. */
static bool link_is_another(const struct job *job)
{
	struct airtime_link air;

	if (!job->link_known || job->session.state != SESSION_SENDING)
		return false;
	session_link(&job->session, &air);
	return air.phy != job->air.phy || air.interval_us != job->air.interval_us ||
	       air.data_length != job->air.data_length;
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
		.flushed = session_image_at(s, st->flushed),
		.received_known = st->received_known,
		.gaps = st->gaps,
		.notifications = job->notifications,
		.erasing = st->progress.phase == OTA_PHASE_ERASE,
		.erase_at = st->progress.done,
		.start_us = st->start_us,
		.done_us = st->done_us,
		.write_ms = st->telemetry_known ? st->telemetry.write_ms : 0,
		.times = st->times_known ? &st->times : NULL,
	};

	if (job->link_told != job->notifications && link_is_another(job))
		job_take_link(job);
	job->link_told = job->notifications;
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
uint16_t job_limit_held_pdus(const struct session *s)
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

/* If this program's turn came late, one interval was better than another by chance. */
static bool adapter_late(const struct job *job)
{
	return session_adapter_late(&job->session) && job->budget.late_us == 0;
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
	/* An interval that was tried over this link is no advice any more. */
	in->may_interval = link && open_to(s->choices.interval.asked, interval) &&
			   s->tune.best == 0 && !adapter_late(job);
	in->adapter_late = adapter_late(job);
	if (s->tune.best == interval) {
		in->clean_rate = s->tune.rate;
		in->first_rate = s->tune.first_rate;
		in->first_us = s->tune.first * 1250u;
	}
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
		    session_waits_for_each(s), job_limit_held_pdus(s));
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
static uint64_t erased_bytes(const struct job *job, const struct budget_flash *f, uint32_t image)
{
	const uint32_t sectors = (image % BLOCK + SECTOR - 1u) / SECTOR;

	if (job->session.stats.received < session_size(&job->session))
		return (uint64_t)f->erases * BLOCK;
	return image - image % BLOCK + (sectors > 3u ? 4u : sectors) * (BLOCK / 4u);
}

uint32_t job_limit_flash(const struct job *job)
{
	struct session_stats st = job->session.stats;
	uint32_t bytes, erase, write;
	struct budget_flash f;

	job_stream_stats(job, &st);
	bytes = st.flushed > st.resumed_from ? st.flushed - st.resumed_from : 0;
	budget_flash(&job->budget, &f);
	if (bytes < BLOCK)
		return 0;
	erase = per_block(f.erase_ms, erased_bytes(job, &f, bytes));
	write = per_block(f.write_ms, f.written);
	if (erase == 0 || write == 0)
		return 0;
	return (uint32_t)(BLOCK * 1000000ull /
			  ((uint64_t)erase + write + per_block(f.read_ms, f.written)));
}

static void play(const struct job *job, struct limit_input *in)
{
	const struct session *s = &job->session;
	struct budget_flash f;
	const uint32_t ring =
		s->have_info && job->config.goal == SESSION_UPDATE ? s->info.ring_size : 0;
	const uint32_t image = job_stream_image(job, in->bytes);
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
		.stack_us = budget_stack_us(&job->budget),
		.ring = ring,
		.erase_us = per_block(f.erase_ms, erased_bytes(job, &f, image)),
		.write_us = per_block(f.write_ms, f.written),
		.read_us = per_block(f.read_ms, f.written),
		.write_size = f.write_size,
		.late_us = f.late_us,
		.host_us = (uint32_t)job->budget.late_us,
		.held_pdus = job_limit_held_pdus(s),
		.image = s->stream ? image : 0,
		/* The first erase passed in the time of START. */
		.ahead = job_limit_held_pdus(s) == 0,
	};
	/* No stack tells that; with an interval that suits such an adapter it is all that is left. */
	if (adapter_late(job)) {
		in->now.link.refill = false;
		in->now.link.late = true;
	}
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
	ret->image = job->session.stream ? job->session_config.image_size : 0;
	if (ret->value <= ret->header)
		return;
	payload = (uint32_t)ret->value - ret->header;
	ret->drop_ppm = (uint32_t)((uint64_t)st->gaps * 1000000u / (in.bytes / payload + 1u));
}

/*
 * Other families' transfers wait for each sector, which no setting shortens, and of which the
 * prediction knows nothing.
 */
static bool is_played(const struct job *job)
{
	return dialect_get(job->dialect)->family == DIALECT_OTABENCH;
}

/* The verdict was made on the stream's pace over the air; its rates are told as the image's. */
static void as_image(const struct job *job, struct limit *l)
{
	l->goodput = job_stream_image(job, l->goodput);
	l->predicted = job_stream_image(job, l->predicted);
	l->possible = job_stream_image(job, l->possible);
	l->link_best = job_stream_image(job, l->link_best);
	l->flash = job_stream_image(job, l->flash);
}

/* A verdict is ratios, so that a part of a long transfer is as good, and is played sooner. */
static void take_part(struct limit_input *in, uint32_t most)
{
	const uint32_t all = in->bytes;

	if (all <= most)
		return;
	in->bytes = most;
	in->gaps = (uint32_t)((uint64_t)in->gaps * most / all);
	in->seconds_us = in->seconds_us * most / all;
	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
		in->shares[i] = in->shares[i] * most / all;
}

/* The device has all of the stream, and made only a part of the image of it: no rate is told by
 * that. */
static bool is_half_decoded(const struct job *job)
{
	const struct session_stats *st = &job->session.stats;

	return job->session.stream && st->done_us == 0 &&
	       st->received >= session_size(&job->session);
}

/* values: of which the verdict is made at most. */
static void judge(const struct job *job, struct job_result *r, uint32_t values)
{
	struct limit_input in = {
		.seconds_us = r->seconds_us,
		.bytes = (uint32_t)job_stream_air(job, r->bytes),
		.mtu = job->mtu,
	};
	uint32_t payload;

	if (!job->link_known || r->bytes == 0 || is_half_decoded(job))
		return;
	memcpy(in.shares, r->transfer_time, sizeof(in.shares));
	in.gaps = r->gaps;
	may_change(job, &in);
	play(job, &in);
	payload = in.now.value > in.now.header ? (uint32_t)in.now.value - in.now.header : 1u;
	if (values < UINT32_MAX / payload)
		take_part(&in, values * payload);
	in.values = in.bytes / payload + in.gaps + 1u;
	if (is_played(job))
		limit_judge(&in, &r->limit);
	else
		limit_by_shares(&in, &r->limit);
	as_image(job, &r->limit);
	if (r->limit.cause != LIMIT_NONE)
		job_limit_say(job, r);
}

void job_limit_result(struct job *job)
{
	struct job_result *r = &job->result;
	struct predict now;

	if (job->config.pattern) {
		job_pattern_result(job);
		return;
	}
	job_limit_play(job, &now);
	now.drop_ppm = 0;
	/* The time that slower settings took would be told as lost packets. */
	if (now.size > 0 && is_played(job) && !job->tuned)
		budget_play(&job->budget, &now);
	budget_shares(&job->budget, r->time, r->transfer_time);
	judge(job, r, UINT32_MAX);
}

#define NOW_FIRST_US 2000000u /* of the transfer, which begins with START and an erase */
#define NOW_EVERY_US 2000000u
#define NOW_VALUES 1024u /* take few milliseconds to play */

const char *job_limit_now(struct job *job)
{
	static struct job_result r; /* too large for a stack; the result itself comes at the end */
	struct session_stats st = job->session.stats;
	const uint64_t now_us = job_now(job);

	if (job->session.state != SESSION_SENDING || job->config.pattern || st.start_us == 0 ||
	    now_us < st.start_us + NOW_FIRST_US || now_us < job->limit_now_us + NOW_EVERY_US)
		return job->limit_now;
	job->limit_now_us = now_us;
	job_stream_stats(job, &st);
	memset(&r, 0, sizeof(r));
	r.seconds_us = now_us - st.start_us;
	r.bytes = st.received > st.resumed_from ? st.received - st.resumed_from : 0;
	r.gaps = st.gaps;
	r.retries = st.retries;
	r.chunk = job->session.chunk;
	budget_shares(&job->budget, NULL, r.transfer_time);
	judge(job, &r, NOW_VALUES);
	(void)snprintf(job->limit_now, sizeof(job->limit_now), "%s", r.limit_text);
	return job->limit_now;
}
