/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection interval, if no setting says one.
 *
 * No stack tells how many packets an adapter sends in an event, whether its buffers are filled
 * again meanwhile, or what the air loses, which ends an event.  So the rate that the ACKs show is
 * compared with what the link could carry.  If it is clearly less while nothing else holds it up,
 * other intervals are tried for a while, and the fastest is kept: for as long as the link stays as
 * it is, since another link of the same adapter, or a hand in front of an aerial, comes and goes in
 * mid transfer.
 *
 * Only the time counts in which nothing but the link held values up.  A full ring does not count,
 * which is the flash's, nor does an erase for which the device stands still, and what waited for
 * that.
 */
#include "core/session_priv.h"

#define QUICK_US (140u * MS) /* for a rate that is clearly another one */
#define WATCH_US (400u * MS) /* ... and for one that may not be */
#define CALM_US (600u * MS) /* in which all goes well, before the usual interval is gone back to */
#define CALM_GROWS 8u /* times as long, once that was found to be too soon */
#define SETTLE_US (150u * MS) /* after a change: what was queued before it */
#define CATCH_UP_MS 150u /* most, after an erase */
#define ERASE_BLOCK 65536u /* bytes that a device erases at once, as a rule */
#define POOR_PERCENT 85u /* of the ceiling: acknowledgements take some of it, too */
#define CALM_PERCENT 92u /* of the short interval's ceiling: hardly an event ends early */
#define HALF_PERCENT 55u /* of the ceiling: events are missed */
#define LOSS_SHARE 8u /* an eighth: a trial that is worse by less may be so by chance */
#define LEARN_SHARE 4u /* better by a quarter */
#define CLEAR_SHARE 4u /* a trial need not go on */
#define WORSE_SHARE 4u
#define OTHER_SHARE 4u /* a quarter less than when it was settled: it is another link now */
#define MISSED_SHARE 2u /* better by half, where every second event was missed */
#define SHORT 6u /* 7.5 ms: for few buffers, and where an event ends early */
#define LONG 12u /* 15 ms: for adapters that prepare their events late */
#define CHANGE_EVENTS 10u /* until both sides have changed the interval: an instant is 6 ahead */
#define CHANGE_US (150u * MS) /* ... and until the device has read LINK */
#define CHANGE_MOST (ERASE_BLOCK / 2u)
#define DRAINS 2u /* windows that were empty before this program knew it; one may be chance */
#define LEFT_MIN (128u * 1024u) /* bytes still to come that are worth a trial */

/*
 * If this program's turn comes late, the received bytes say nothing of the link, and a change
 * cannot be kept clear of an erase.
 */
static bool tune_wanted(const struct session *s)
{
	return s->flow.drains < DRAINS && s->config.link_auto && s->dialect->has_link &&
	       (s->info.features & OTA_FEATURE_LINK) && s->mode != GATT_REQUEST &&
	       session_pacing(s) == 0 && s->tune.step != SESSION_TUNE_OVER &&
	       s->tune.step != SESSION_TUNE_ASKED && s->stats.link.code == 0 &&
	       s->stats.link.interval != 0;
}

static void measure_anew(struct session_tune *t)
{
	t->ack_at = 0;
	t->bytes = 0;
	t->us = 0;
}

void session_tune_begin(struct session *s)
{
	struct session_tune *t = &s->tune;

	/* Asked on a link that is gone: what was best so far is asked for again. */
	if (t->step == SESSION_TUNE_ASKED || t->step == SESSION_TUNE_TRYING)
		t->step = SESSION_TUNED;
	t->wanted = 0;
	measure_anew(t);
}

static void ask(struct session *s, uint16_t interval, enum session_note note)
{
	struct ota_link_request m = s->config.link;
	uint8_t buf[OTA_CONTROL_MAX];

	m.interval_min = m.interval_max = interval;
	m.phys = 0;
	m.data_length = 0;
	s->tune.asked = interval;
	session_note(s, note, interval);
	session_command(s, buf, ota_link_request_encode(&m, buf, sizeof(buf)));
}

/* The device erases, and stands still for that. */
static bool erase_stops(const struct session *s)
{
	return s->stats.progress.phase != 0 && !session_erases_beside(s);
}

/*
 * A device that stands still for an erase may miss the instant of a change, which ends the link.
 * It erases ahead of what it received, each time that this enters another block.
 */
static bool erases_soon(const struct session *s, const struct ota_ack *m)
{
	const uint64_t us = CHANGE_US + CHANGE_EVENTS * s->stats.link.interval * 1250ull;
	const uint64_t bytes = s->flow.rate > 0 ? s->flow.rate * us / 1000000u : CHANGE_MOST;
	const uint32_t left = ERASE_BLOCK - m->received % ERASE_BLOCK;

	if (session_erases_beside(s))
		return false;
	return erase_stops(s) || left < (bytes < CHANGE_MOST ? bytes : CHANGE_MOST);
}

/* Asked when no erase is in the way. */
static void want(struct session *s, uint16_t interval, enum session_note note)
{
	s->tune.wanted = interval;
	s->tune.wanted_note = note;
}

static void ask_wanted(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;
	const uint16_t interval = t->wanted;

	if (interval == 0 || erases_soon(s, m))
		return;
	t->wanted = 0;
	if (t->wanted_note == SESSION_NOTE_INTERVAL_TRIED)
		t->step = SESSION_TUNE_ASKED;
	ask(s, interval, t->wanted_note);
}

static void settle(struct session *s, uint16_t now)
{
	struct session_tune *t = &s->tune;

	t->step = SESSION_TUNED;
	if (t->best != now)
		want(s, t->best, SESSION_NOTE_INTERVAL_BACK);
	else
		session_note(s, SESSION_NOTE_INTERVAL_KEPT, now);
}

/*
 * If a link carries less than it could, its events end early, by loss or because buffers are few,
 * and the short interval helps.  Both rates are those of some dozen events, so that chance can make
 * it seem worse; and it is a twentieth slower at most where it does not help.  If packets get lost, a
 * longer event is no cure, even where chance makes it seem one: it helps against missed events.
 */
static bool is_better(const struct session_tune *t, uint16_t interval, uint32_t rate)
{
	if (interval == SHORT)
		return rate + t->rate / LOSS_SHARE > t->rate;
	return rate > t->rate + t->rate / MISSED_SHARE;
}

/* Returns true if rate is below so many percent of what the link could carry. */
static bool is_below(const struct session *s, uint32_t rate, uint32_t percent)
{
	struct airtime_link air;

	session_link(s, &air);
	return (uint64_t)rate * 100u < (uint64_t)airtime_ceiling(&air, s->chunk, false) * percent;
}

static bool is_enough_left(const struct session *s)
{
	return session_size(s) - s->stats.received >= LEFT_MIN;
}

/* --- what the link carries */

/* Returns true if nothing but the link held these bytes up. */
static bool is_clean(const struct session *s, const struct ota_ack *m)
{
	const struct session_stats *st = &s->stats;

	return s->tune.ack_at > 0 && st->queued > m->received &&
	       m->received - m->flushed < s->info.ring_size / 2u;
}

/* Bytes per second by what came since it was measured anew; 0: too short a time. */
static uint32_t measure(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;

	if (s->now < t->clean_from)
		return 0;
	if (erase_stops(s)) { /* what waits for it comes at once then */
		t->clean_from =
			s->now +
			(s->flow.erase_ms < CATCH_UP_MS ? s->flow.erase_ms : CATCH_UP_MS) * MS;
		t->ack_at = 0;
		return 0;
	}
	if (is_clean(s, m)) {
		t->bytes += m->received - s->stats.received;
		t->us += (uint32_t)(s->now - t->ack_at);
	}
	t->ack_at = s->now;
	return t->us < QUICK_US ? 0 : (uint32_t)(t->bytes * 1000000ull / t->us);
}

/* --- what follows from it */

/*
 * The present interval is the one that others are compared with.  An adapter that is late is so
 * from the beginning, and misses half: then the longer one is better by far.
 */
static void search(struct session *s, uint32_t rate)
{
	struct session_tune *t = &s->tune;
	const uint16_t now = s->stats.link.interval;
	const bool late = is_below(s, rate, HALF_PERCENT) && !t->was_good && now < LONG;

	if (!is_enough_left(s) || (now == SHORT && !late))
		return;
	t->first = t->best = now;
	t->first_rate = t->rate = rate;
	t->poor = true;
	t->was_poor = false;
	want(s, late ? LONG : SHORT, SESSION_NOTE_INTERVAL_TRIED);
}

/* Twice, since the first time may have begun while all was well: others are compared with the second. */
static void watch(struct session *s, uint32_t rate)
{
	struct session_tune *t = &s->tune;
	const bool poor = is_below(s, rate, POOR_PERCENT);

	/* The bytes received until now say nothing of those to come. */
	t->bytes = 0;
	t->us = 0;
	if (poor && t->was_poor)
		search(s, rate);
	t->was_poor = poor;
	t->was_good |= !poor;
	/* The one that was found before is still the best. */
	if (t->wanted == 0 && t->best > 0 && !poor) {
		t->step = SESSION_TUNED;
		t->rate = rate;
	}
}

/* A trial that is so far away from the best one need not be measured to its end. */
static bool is_clear(const struct session_tune *t, uint32_t rate)
{
	return rate < t->rate - t->rate / WORSE_SHARE || rate > t->rate + t->rate / CLEAR_SHARE;
}

static void judge_trial(struct session *s, uint32_t rate)
{
	struct session_tune *t = &s->tune;
	const uint16_t now = s->stats.link.interval;

	if (t->us < WATCH_US && !is_clear(t, rate))
		return;
	measure_anew(t);
	if (is_better(t, now, rate)) {
		t->best = now;
		t->rate = rate;
		/* Otherwise the few buffers are enough to fill the short interval, and its rate
		 * says nothing. */
		t->early = now == SHORT && is_below(s, rate, CALM_PERCENT);
	}
	if (now == LONG && t->best != LONG && t->first != SHORT && is_enough_left(s))
		want(s, SHORT, SESSION_NOTE_INTERVAL_TRIED);
	else
		settle(s, now);
}

/* Watches whether the link is still the one for which the interval was found. */
static void watch_settled(struct session *s, uint32_t rate)
{
	struct session_tune *t = &s->tune;
	const bool calm = t->early && !is_below(s, rate, CALM_PERCENT);

	if (t->us < WATCH_US || !is_enough_left(s))
		return;
	t->calm_us = calm ? t->calm_us + t->us : 0;
	if (t->calm_needed_us == 0)
		t->calm_needed_us = CALM_US;
	measure_anew(t);
	if (t->calm_us >= t->calm_needed_us) {
		t->calm_needed_us *= CALM_GROWS;
		t->calm_us = 0;
		want(s, t->first, SESSION_NOTE_INTERVAL_BACK);
		t->step = SESSION_TUNE_WATCHING;
		t->poor = t->early = false;
		t->best = 0;
	} else if (rate < t->rate - t->rate / OTHER_SHARE) {
		t->step = SESSION_TUNE_WATCHING;
	} else if (rate > t->rate) {
		t->rate = rate;
	}
}

/* Values go out and arrive as they do for most of the time. */
static bool is_steady(const struct session *s, const struct ota_ack *m)
{
	const struct session_stats *st = &s->stats;

	return s->state == SESSION_SENDING && !s->resyncing && session_flow_quiet(s, m->received) &&
	       st->queued < session_size(s);
}

void session_tune_ack(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;
	uint32_t rate;

	ask_wanted(s, m);
	if (t->wanted != 0 || !tune_wanted(s) || s->now < t->not_before)
		return;
	if (!is_steady(s, m)) {
		t->ack_at = 0;
		return;
	}
	rate = measure(s, m);
	if (rate == 0)
		return;
	if (t->step == SESSION_TUNE_WATCHING)
		watch(s, rate);
	else if (t->step == SESSION_TUNE_TRYING)
		judge_trial(s, rate);
	else
		watch_settled(s, rate);
	ask_wanted(s, m);
}

void session_tune_linked(struct session *s, const struct ota_link *m)
{
	struct session_tune *t = &s->tune;
	struct session_choice *c = &s->choices.interval;

	if (t->asked == 0)
		return;
	if (t->step == SESSION_TUNE_ASKED) {
		/* Refused: the link stays as it is, and there is nothing to compare. */
		t->step = m->code == 0 && m->interval == t->asked ? SESSION_TUNE_TRYING
								  : SESSION_TUNE_OVER;
	}
	t->not_before = s->now + SETTLE_US;
	measure_anew(t);
	if (m->code == 0 && m->interval == t->asked)
		*c = (struct session_choice){m->interval, m->interval, SESSION_BY_RATE};
	t->asked = 0;
}

void session_know_intervals(struct session *s, uint16_t on_1m, uint16_t on_2m)
{
	s->tune.known[0] = on_1m;
	s->tune.known[1] = on_2m;
}

uint16_t session_learned_interval(const struct session *s)
{
	const struct session_tune *t = &s->tune;

	/* A little better may be the air of that day; so much is the adapter. */
	return t->best != t->first && t->rate >= t->first_rate + t->first_rate / LEARN_SHARE
		       ? t->best
		       : 0;
}

bool session_adapter_late(const struct session *s)
{
	const bool phy_2m = s->stats.link.tx_phy == OTA_PHY_2M;
	const uint16_t learned = session_learned_interval(s), known = s->tune.known[phy_2m];

	return learned > 0 ? learned > s->tune.first : known > session_interval_for(phy_2m);
}
