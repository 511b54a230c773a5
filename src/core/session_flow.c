/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of bytes kept under way if no setting says it.
 *
 * The link's ceiling is a bound, not a fact: with loss on the air, behind a slow adapter or a slow
 * flash, the same bytes would wait for seconds in a queue that nobody can take them out of.  So the
 * window follows the rate that the device's own ACKs show.  If a value gets lost, everything under
 * way behind it is sent again: then the window is the least that still keeps the link busy until
 * the next ACK.
 */
#include "core/session_priv.h"

#define SAMPLE_US (500u * MS) /* over which the rate is measured */
#define SILENCE_US (2000u * MS) /* in a longer one the device did not answer at all */
#define HOLD_MS 400u /* most that a cancel waits for, of what the link carries */
#define SPARE_TRIPS 4u /* intervals, with room for events that carry nothing */
#define ACK_US (100u * MS) /* in which a device waits for more to acknowledge */
#define LATE_US (300u * MS) /* that, and its flash, where it has not told how long it erases */
#define EVENT_SHARE 3u /* of an event, which ends if nothing is there for a moment ... */
#define EVENT_MOST_US 8000u /* ... that a host's stack takes to answer an ACK with a value */
#define LATE_TURN_US 20000u /* of this program: what was to go in between waits for it */
#define TURN_US 500u /* no two ACKs are nearer to each other on the air */
#define VALUES_LEAST 8u
#define VALUES_FIRST 4u
#define VALUES_TURN 2u /* on the air while the ACK of the one before them comes and is answered */
/* Bytes behind a gap in which a device of earlier firmware acknowledges more often: 128 KiB. */
#define CALM 98304u
/*
 * Values under way behind a lost one are sent twice, so that the window is at most this share of
 * the bytes that came without a gap.
 */
#define TRUST_SHARE_BESIDE                                                                         \
	64u /* nothing was lost yet: more than keeps the link busy is for erases */
#define TRUST_SHARE 5u /* ... and the device erases */
#define TRUST_SHARE_GAPS 16u /* of the usual distance of two gaps ... */
#define TRUST_OUTGROWN 2u /* ... or of half of what came since the last, where that is more */
#define TRUST_ERASE 2u /* ... times */
#define TRUST_FIRST 12288u /* bytes, of a link of which nothing is known */
#define TRUST_NEW                                                                                  \
	4096u /* ... at its beginning, and more by an eighth of what comes without a gap */
#define TRUST_GROWS 8u
#define TRUST_GROWN (TRUST_GROWS * (TRUST_FIRST - TRUST_NEW))
#define DISTANCES 4u /* a longer one counts a fourth, a shorter one three: gaps may be more now */
#define LOOK 16384u /* bytes after which the window is worked out anew */
/*
 * Over several bearers of ATT values overtake each other, and the device takes what was overtaken
 * for lost.  A gap takes the time of one and a half values that go alone, each a request.  So where
 * so many gaps in a row brought no more than so many values, they do: for so many bytes, and for
 * twice as many each further time.
 */
#define COUNTED_GAPS 8u
#define COUNTED_VALUES 2u
#define SINGLE 8192u
#define SINGLE_DOUBLED 8u

/* Bytes that pass in so many microseconds. */
static uint32_t in_time(uint32_t rate, uint64_t us)
{
	return (uint32_t)(rate * us / 1000000u);
}

void session_flow_begin(struct session *s, uint32_t ack_interval)
{
	s->flow = (struct session_flow){
		.since = s->now,
		.from = s->stats.received,
		.gap_at = s->stats.received,
		.counted_from = s->stats.received,
		.acks_from = s->stats.received,
		.acks_apart = UINT32_MAX,
		.step = ack_interval,
		.told_step = ack_interval,
	};
}

/* Sending goes on after a pause, in which no rate could be seen. */
void session_flow_resumed(struct session *s)
{
	s->flow.since = s->now;
	s->flow.from = s->stats.received;
	s->flow.empty_at = 0;
}

/* Several GAPs for one offset are one place at which something was lost. */
static void gap_told(struct session_flow *f, uint32_t offset, bool seen)
{
	const uint32_t distance = offset - f->gap_at;

	if (distance > 0 && (f->apart == 0 || distance < f->apart))
		f->apart = f->apart / DISTANCES + distance - distance / DISTANCES;
	else if (distance > 0)
		f->apart += (distance - f->apart) / DISTANCES;
	f->gap_at = offset;
	f->lossy = true;
	if (!seen)
		return;
	f->acks_apart = offset - f->acks_from;
	f->acks_from = offset;
}

/* A device acknowledges by values, whatever interval in bytes it goes by. */
static uint32_t whole_values(const struct session *s, uint32_t bytes)
{
	const uint32_t payload = (uint32_t)s->chunk - s->dialect->header;

	return bytes == 0 ? payload : (bytes + payload - 1u) / payload * payload;
}

/* The bytes that one ACK tells, by the rule that devices follow, once all under way has arrived. */
static uint32_t step_by_rule(const struct session *s)
{
	const struct session_flow *f = &s->flow;

	return whole_values(
		s, ota_ack_step(f->told_step, f->acks_apart, s->stats.queued - f->acks_from));
}

/* The mode, and the window, follow from what has just changed. */
static void single(struct session *s, uint32_t to)
{
	s->flow.single_to = to;
	session_note(s, SESSION_NOTE_SINGLE, to > 0 ? to - s->stats.received : 0);
	session_choose(s);
}

static void look_for_disorder(struct session *s)
{
	struct session_flow *f = &s->flow;
	const uint32_t came = s->stats.received - f->counted_from;

	if (++f->counted < COUNTED_GAPS)
		return;
	f->counted = 0;
	f->counted_from = s->stats.received;
	if (came > COUNTED_VALUES * (uint32_t)s->chunk || f->single_to > 0)
		return;
	single(s, s->stats.received + (SINGLE << f->singles));
	if (f->singles < SINGLE_DOUBLED)
		f->singles++;
}

void session_flow_gap(struct session *s, uint32_t stale, bool seen)
{
	struct session_flow *f = &s->flow;
	struct airtime_link air;
	uint32_t ceiling;

	session_link(s, &air);
	ceiling = airtime_ceiling(&air, s->chunk, session_waits_for_each(s));
	f->empty_at = s->state == SESSION_SENDING && ceiling > 0
			      ? s->now + stale * 1000000ull / ceiling
			      : 0;
	/* A device acknowledges more often now; one that does not is found out by its first ACK. */
	gap_told(f, s->stats.received, seen);
	if (f->step > step_by_rule(s))
		f->step = step_by_rule(s);
	session_rewindow(s);
	if (seen)
		look_for_disorder(s);
}

bool session_flow_quiet(const struct session *s, uint32_t received)
{
	const struct session_flow *f = &s->flow;

	return !f->lossy || received >= f->gap_at + CALM;
}

unsigned int session_flow_answers(const struct session *s, const struct airtime_link *air)
{
	const struct session_flow *f = &s->flow;
	uint32_t event, step;

	if (session_flow_quiet(s, s->stats.received) || f->apart == 0)
		return 0;
	event = in_time(airtime_ceiling(air, s->chunk, session_waits_for_each(s)),
			air->interval_us);
	step = whole_values(s, ota_ack_step(f->told_step, f->apart, 0));
	return 2u * event > step ? (event + step - 1u) / step : 0;
}

/*
 * One ACK told so many bytes.  Behind one that leaves nothing under way the device may only
 * have waited for more, so that such a one is no sign of a smaller step.
 */
static void step_told(struct session *s, uint32_t bytes)
{
	struct session_flow *f = &s->flow;

	if (bytes > f->step)
		f->step = bytes;
	else if (s->stats.queued > s->stats.received)
		f->step = (f->step + bytes) / 2u;
	/* The device waited for more than the rule allows: devices of earlier firmware do not
	 * follow it. */
	if (s->stats.queued == s->stats.received && bytes > step_by_rule(s) + (uint32_t)s->chunk)
		f->acks_rare = true;
}

/*
 * ACKs that are heard at the same time waited for this program's turn.  If they tell all that was under
 * way before, the air was idle meanwhile; unless there was no credit for more, which is the device's.
 */
static void look_for_drain(struct session *s)
{
	struct session_flow *f = &s->flow;

	if (s->now >= f->turn_at + TURN_US)
		f->turn_queued = s->stats.limit - s->stats.queued < s->chunk ? 0 : s->stats.queued;
	f->turn_at = s->now;
	if (f->lossy || f->turn_queued != s->stats.received || s->state != SESSION_SENDING)
		return;
	f->drains++;
	f->drained += s->window;
	f->turn_queued = 0;
	session_rewindow(s);
}

void session_flow_moved(struct session *s, uint32_t from)
{
	struct session_flow *f = &s->flow;
	const uint32_t now = s->stats.received;
	const uint64_t us = s->now - f->since;
	uint32_t sample, trip;

	if (!f->heard) { /* what READY and the first erase took is no rate */
		f->heard = true;
		f->step = step_by_rule(s);
		session_flow_resumed(s);
		session_rewindow(s);
		return;
	}
	if (f->single_to > 0 && now >= f->single_to)
		single(s, 0);
	step_told(s, now - from);
	look_for_drain(s);
	if (f->empty_at > 0) {
		trip = s->now > f->empty_at ? (uint32_t)(s->now - f->empty_at) : 1u;
		f->trip = f->trip == 0 || trip < f->trip ? trip : f->trip + (trip - f->trip) / 8u;
		f->empty_at = 0;
	}
	if (us > SILENCE_US) {
		session_flow_resumed(s);
	} else if (us >= SAMPLE_US) {
		sample = (uint32_t)((uint64_t)(now - f->from) * 1000000u / us);
		f->rate = f->rate ? (f->rate + sample) / 2u : sample;
		f->since = s->now;
		f->from = now;
	} else if (now < f->looked_at + LOOK) {
		return;
	}
	f->looked_at = now;
	session_rewindow(s);
}

void session_flow_erase(struct session *s, uint32_t ms)
{
	struct session_flow *f = &s->flow;

	if (ms <= f->erase_ms)
		return;
	f->erase_ms = ms;
	if (s->state == SESSION_SENDING && ms > HOLD_MS)
		session_rewindow(s);
}

uint32_t session_flow_calm(const struct airtime_link *air, uint32_t rate, uint16_t chunk)
{
	const uint32_t window =
		in_time(rate, HOLD_MS * MS + SPARE_TRIPS * (uint64_t)air->interval_us);
	const uint32_t least = VALUES_LEAST * (uint32_t)chunk;

	return window > least ? window : least;
}

/*
 * A window below what one ACK tells would wait for the device's patience each time.  Devices of
 * earlier firmware acknowledge by the rule behind a gap alone.
 */
static uint32_t step_to_come(const struct session *s)
{
	const struct session_flow *f = &s->flow;
	const uint32_t rule = f->acks_rare && session_flow_quiet(s, s->stats.received)
				      ? f->told_step
				      : step_by_rule(s);

	return f->step > rule ? f->step : rule;
}

/* So little came without a gap that one is to be reckoned with. */
static bool is_fresh(const struct session *s)
{
	const struct session_flow *f = &s->flow;

	/* A burst that a request closes is a window, and the longer the better. */
	return !f->lossy && s->stats.received - f->gap_at < TRUST_GROWN && f->told_step > 0 &&
	       s->late_us < LATE_TURN_US;
}

/* Most that may be under way by what came without a gap; erasing: the device stands still for that. */
static uint32_t trusted(const struct session *s, bool erasing)
{
	const struct session_flow *f = &s->flow;
	const uint32_t since = s->stats.received - f->gap_at, outgrown = since / TRUST_OUTGROWN;
	const uint32_t grown = is_fresh(s) ? TRUST_NEW + since / TRUST_GROWS : TRUST_FIRST;
	const uint32_t trust = grown + f->drained;

	if (f->lossy)
		return (f->apart > outgrown ? f->apart : outgrown) / TRUST_SHARE_GAPS;
	/* While a device stands still for an erase, only the bytes under way arrive. */
	return erasing ? TRUST_ERASE * (TRUST_FIRST + f->drained + since / TRUST_SHARE)
		       : trust + since / TRUST_SHARE_BESIDE;
}

/* The least that keeps the link busy. */
static uint32_t busy_window(const struct session *s, const struct airtime_link *air, uint32_t rate)
{
	const struct session_flow *f = &s->flow;
	uint32_t turn = air->interval_us / EVENT_SHARE;

	if (turn > EVENT_MOST_US)
		turn = EVENT_MOST_US;
	/* An event goes on while it is answered in; else the answer waits for the next one. */
	if (air->buffers > 0 && !air->refill)
		turn = air->interval_us;
	if (turn < f->trip)
		turn = f->trip;
	if (!f->lossy && turn < s->late_us)
		turn = s->late_us;
	return whole_values(s, step_to_come(s) + VALUES_TURN * (uint32_t)s->chunk +
				       in_time(rate, turn));
}

/* Bounds of the window: what keeps the link busy, and what a link as good as its rate takes. */
struct bounds {
	uint32_t busy, calm, ceiling;
	bool slower;
};

static struct bounds bounds_of(const struct session *s, const struct airtime_link *air)
{
	const struct session_flow *f = &s->flow;
	const uint32_t ceiling = airtime_ceiling(air, s->chunk, session_waits_for_each(s));
	/* Twice, so that what follows the rate cannot hold it back. */
	const bool slower = f->rate > 0 && f->rate < ceiling / 2u;
	const uint32_t rate = slower ? f->rate * 2u : ceiling;
	/* The device acknowledges nothing during an erase, but takes the values under way all
	 * the same. */
	const uint32_t silent = f->erase_ms > HOLD_MS ? f->erase_ms - HOLD_MS : 0;

	return (struct bounds){
		.busy = busy_window(s, air, rate),
		.calm = session_flow_calm(air, rate, s->chunk) + in_time(rate, silent * MS),
		.ceiling = ceiling,
		.slower = slower,
	};
}

static uint32_t window_within(const struct bounds *b, uint32_t trust)
{
	const uint32_t window = trust < b->calm ? trust : b->calm;

	return window > b->busy ? window : b->busy;
}

uint32_t session_flow_window(const struct session *s, const struct airtime_link *air,
			     enum session_reason *ret_reason)
{
	const struct session_flow *f = &s->flow;
	const struct bounds b = bounds_of(s, air);
	const uint32_t first = step_by_rule(s) + VALUES_FIRST * (uint32_t)s->chunk;
	const uint32_t trust = trusted(s, s->stats.progress.phase == OTA_PHASE_ERASE);

	*ret_reason = SESSION_BY_AIR_TIME;
	if (trust < b.calm && f->lossy)
		*ret_reason = SESSION_BY_GAPS;
	else if (trust >= b.calm && b.slower)
		*ret_reason = SESSION_BY_RATE;
	/* Before the first ACK it is not known whether this link carries anything. */
	if (!f->heard && f->step > 0 && first < b.calm)
		return first;
	return window_within(&b, trust);
}

void session_know_late(struct session *s, uint64_t late_us)
{
	const uint32_t us = late_us < UINT32_MAX ? (uint32_t)late_us : UINT32_MAX;
	const bool was = s->late_us >= LATE_TURN_US, is = us >= LATE_TURN_US;

	s->late_us = us;
	if (was != is && s->state == SESSION_SENDING)
		session_rewindow(s);
}

void session_flow_erases(struct session *s, const struct airtime_link *air)
{
	struct session_flow *f = &s->flow;
	struct bounds b;

	if (s->stats.progress.phase != OTA_PHASE_ERASE || !is_fresh(s)) {
		f->erase_at = 0;
		return;
	}
	b = bounds_of(s, air);
	if (f->erase_at == 0)
		f->erase_at = s->now;
	f->erase_from = window_within(&b, trusted(s, false));
	f->erase_rate = b.ceiling;
}

bool session_flow_allows(const struct session *s, uint32_t flight)
{
	const struct session_flow *f = &s->flow;

	return flight <= s->window &&
	       (f->erase_at == 0 ||
		flight <= f->erase_from + in_time(f->erase_rate, s->now - f->erase_at));
}

uint64_t session_flow_allows_at(const struct session *s, uint32_t flight)
{
	const struct session_flow *f = &s->flow;

	if (f->erase_at == 0 || flight > s->window || flight <= f->erase_from || f->erase_rate == 0)
		return NEVER;
	return f->erase_at + (flight - f->erase_from) * 1000000ull / f->erase_rate + 1u;
}

/*
 * If all that is under way was lost, or the last value of an image, nothing comes behind
 * it that would show so.  The device is asked as soon as its ACK is late, unless it said
 * that it erases.  Twice: what is not answered then takes as long as anything else.
 */
uint64_t session_flow_patience(const struct session *s)
{
	const struct session_flow *f = &s->flow;
	const uint64_t most = s->config.ack_timeout_ms * MS;
	struct airtime_link air;
	uint64_t us;

	if (f->rate == 0 || s->futile > 1 || s->stats.progress.phase != 0)
		return most;
	session_link(s, &air);
	us = f->erase_ms * MS + ACK_US;
	us = (us > LATE_US ? us : LATE_US) + SPARE_TRIPS * (uint64_t)air.interval_us +
	     2u * 1000000u * (uint64_t)(s->stats.queued - s->stats.received) / f->rate;
	return us < most ? us : most;
}
