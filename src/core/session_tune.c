/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection interval, where nobody said one.
 *
 * How many packets an adapter sends in an event, and whether its buffers are filled again
 * meanwhile, no stack tells; nor does it tell what the air loses, which ends an event.  So
 * the rate that the ACKs show is compared with what the link could carry.  Where it is
 * clearly less while nothing else holds it up, other intervals are tried for a while, and the
 * fastest is kept.
 *
 * Intervals are compared by whole blocks, erases included: most devices stand still for each
 * erase, so that without it a rate shows a ring that empties, not what arrives.  Only where a
 * block takes seconds, which hides its erase, is it the time between erases.
 */
#include "core/session_priv.h"

#define WATCH_US (700u * MS) /* in which nothing but the link held values up */
#define QUICK_US (250u * MS) /* for a trial that is clearly worse */
#define MEASURE_US (700u * MS) /* for one rate, between erases */
#define ERASE_BLOCK 65536u /* bytes that a device erases at once, as a rule */
#define BLOCKS_RATE 30000u /* bytes per second below which such a block is not waited for */
#define SETTLE_US (150u * MS) /* after a change: what was queued before it */
#define CATCH_UP_US (150u * MS)
#define POOR_PERCENT 85u /* of the ceiling: acknowledgements take some of it, too */
#define GAIN_SHARE 32u /* a 32nd: less may be chance */
#define LEARN_SHARE 4u /* better by a quarter */
#define CLEAR_SHARE 4u
#define WORSE_SHARE 8u /* an eighth worse, without an erase that the other rate has in it */
#define MISSED_SHARE 2u /* better by half, where every second event was missed */
#define HALF_PERCENT 55u /* of the ceiling: events are missed, which shows at once */
#define SHORT 6u /* 7.5 ms: for few buffers, and where an event ends early */
#define LONG 12u /* 15 ms: for adapters that prepare their events late */
#define CHANGE_EVENTS 10u /* until both sides have changed the interval: an instant is 6 ahead */
#define CHANGE_US (150u * MS) /* ... and until the device has read LINK */
#define CHANGE_MOST (ERASE_BLOCK / 2u)
#define DRAINS 2u /* windows that were empty before this program knew it; one may be chance */
#define LEFT_MIN (128u * 1024u) /* bytes still to come that are worth a trial */

/*
 * Where this program's turn comes late, what is received says nothing of the link, and a change cannot
 * be kept clear of an erase.
 */
static bool tune_wanted(const struct session *s)
{
	return s->flow.drains < DRAINS && s->config.link_auto && s->dialect->has_link &&
	       (s->info.features & OTA_FEATURE_LINK) && s->mode != GATT_REQUEST &&
	       session_pacing(s) == 0 && s->tune.step != SESSION_TUNED &&
	       s->tune.step != SESSION_TUNE_ASKED && s->stats.link.code == 0 &&
	       s->stats.link.interval != 0;
}

static void measure_anew(struct session_tune *t)
{
	t->since = 0;
	t->ack_at = 0;
	t->bytes = 0;
	t->us = 0;
	t->poor = false;
	t->usual = 0;
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

/* The next interval worth a trial, after this rate with the present one; 0: none. */
static uint16_t next_trial(const struct session *s, uint16_t now, uint32_t rate)
{
	const struct session_tune *t = &s->tune;

	if (session_size(s) - s->stats.received < LEFT_MIN)
		return 0;
	/* The longer first: where it is better it is so by far, and where not, that shows soon. */
	if (t->best == 0)
		return now < LONG ? LONG : SHORT;
	return now == LONG && t->best > SHORT && t->best < LONG &&
			       rate <= t->rate + t->rate / LEARN_SHARE
		       ? SHORT
		       : 0;
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
 * Where a link carries less than it could, events end early, by loss or for few buffers, and the
 * short interval is what helps: a tie, which is chance, goes to it.
 */
static bool is_better(const struct session_tune *t, uint16_t interval, uint32_t rate)
{
	const uint32_t margin = t->rate / GAIN_SHARE;

	return interval == SHORT ? rate + margin > t->rate : rate > t->rate + margin;
}

/* So many percent of what the link could carry are not reached. */
static bool is_below(const struct session *s, uint32_t rate, uint32_t percent)
{
	struct airtime_link air;

	session_link(s, &air);
	return (uint64_t)rate * 100u < (uint64_t)airtime_ceiling(&air, s->chunk, false) * percent;
}

/*
 * The long interval, tried after a quarter of a second, is no cure: events are not missed.  What
 * holds them up shows by whole blocks.
 */
static void not_late(struct session *s)
{
	struct session_tune *t = &s->tune;

	want(s, t->first, SESSION_NOTE_INTERVAL_BACK);
	t->step = SESSION_TUNE_WATCHING;
	t->best = 0;
	measure_anew(t);
}

/* So much is received with the present interval. */
static void verdict(struct session *s, uint32_t rate)
{
	struct session_tune *t = &s->tune;
	const uint16_t now = s->stats.link.interval;
	const uint16_t next = next_trial(s, now, rate);

	if (t->best == 0 && next == 0)
		return;
	if (t->soon == SESSION_SOON_TRIED && t->best > 0) {
		t->soon = SESSION_SOON_OVER;
		/* Where packets get lost, a longer event is no cure, whatever chance had it seem. */
		if (rate <= t->rate + t->rate / MISSED_SHARE || is_below(s, rate, HALF_PERCENT)) {
			not_late(s);
			return;
		}
	}
	if (t->best == 0) {
		t->first = now;
		t->first_rate = rate;
	}
	if (t->best == 0 || is_better(t, now, rate)) {
		t->best = now;
		t->rate = rate;
	}
	if (next != 0)
		want(s, next, SESSION_NOTE_INTERVAL_TRIED);
	else
		settle(s, now);
}

/* --- is the link worse than it should be? */

/* Nothing but the link held these bytes up. */
static bool is_clean(const struct session *s, const struct ota_ack *m)
{
	const struct session_stats *st = &s->stats;

	return s->tune.ack_at > 0 && st->queued > m->received &&
	       m->received - m->flushed < s->info.ring_size / 2u;
}

static void watch(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;
	uint32_t rate;

	if (t->poor || s->now < t->clean_from)
		return;
	if (erase_stops(s)) { /* what waited for the erase comes at once now */
		t->clean_from = s->now + CATCH_UP_US;
		t->ack_at = 0;
		return;
	}
	if (is_clean(s, m)) {
		t->bytes += m->received - s->stats.received;
		t->us += (uint32_t)(s->now - t->ack_at);
	}
	t->ack_at = s->now;
	if (t->us < QUICK_US)
		return;
	rate = (uint32_t)(t->bytes * 1000000ull / t->us);
	/* A device that was silent for long has slow flash, which holds values up as well. */
	if (is_below(s, rate, HALF_PERCENT) && s->stats.link.interval < LONG &&
	    t->soon == SESSION_SOON_NOT && s->stats.stalls == 0) {
		t->soon = SESSION_SOON_TRIED;
		t->poor = true;
		t->by_block = false;
		t->usual = rate;
	}
	if (t->us < WATCH_US)
		return;
	if (is_below(s, rate, POOR_PERCENT))
		t->poor = true;
	else
		measure_anew(t); /* what was received until now says nothing of what comes */
}

/* --- how much is received? */

/* Values go out and arrive as they do for most of the time. */
static bool is_steady(const struct session *s, const struct ota_ack *m)
{
	const struct session_stats *st = &s->stats;

	return s->state == SESSION_SENDING && !s->resyncing && session_flow_quiet(s, m->received) &&
	       st->queued < session_size(s);
}

/* A trial that is so far away from the best one need not be measured to its end. */
static bool is_clear(const struct session_tune *t, uint32_t rate)
{
	/* With an erase to come it only gets less. */
	return t->step == SESSION_TUNE_TRYING && !t->erased &&
	       (rate < t->rate - t->rate / WORSE_SHARE ||
		(!t->by_block && rate > t->rate + t->rate / CLEAR_SHARE));
}

static void measure_from(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;

	t->since = s->now;
	t->from = m->received;
	t->erased = false;
	if (t->best == 0)
		t->by_block = s->flow.rate >= BLOCKS_RATE;
}

/* Returns the rate once it is known, else 0. */
static uint32_t measure(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;
	const uint32_t bytes = m->received - t->from;
	const uint64_t us = s->now - t->since;
	uint32_t rate;

	if (s->flow.rate == 0)
		return 0;
	t->erased |= erase_stops(s);
	if (t->erased && !t->by_block) { /* what waited for the erase comes at once */
		t->not_before = s->now + CATCH_UP_US;
		t->since = t->ack_at = 0;
		t->erased = false;
		return 0;
	}
	if (t->since == 0) {
		measure_from(s, m);
		return 0;
	}
	if (us < QUICK_US)
		return 0;
	rate = (uint32_t)(bytes * 1000000ull / us);
	if ((t->by_block ? bytes < ERASE_BLOCK : us < MEASURE_US) && !is_clear(t, rate))
		return 0;
	measure_from(s, m);
	return rate;
}

void session_tune_ack(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;
	uint32_t rate;

	ask_wanted(s, m);
	if (t->wanted != 0 || !tune_wanted(s) || s->now < t->not_before)
		return;
	if (!is_steady(s, m)) {
		t->since = 0;
		t->ack_at = 0;
		return;
	}
	if (t->step == SESSION_TUNE_WATCHING)
		watch(s, m);
	rate = measure(s, m);
	if (rate > 0 && t->step == SESSION_TUNE_WATCHING)
		t->usual = rate;
	else if (rate > 0)
		verdict(s, rate);
	if (t->poor && t->usual > 0 && t->step == SESSION_TUNE_WATCHING)
		verdict(s, t->usual);
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
								  : SESSION_TUNED;
		t->not_before = s->now + SETTLE_US;
		measure_anew(t);
	}
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
