/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection interval, where nobody said one.
 *
 * How many packets an adapter sends in an event, and whether its buffers are filled again
 * meanwhile, no stack tells; nor does it tell what the air loses, which ends an event.  So
 * the rate that the ACKs show is compared with what the link could carry.  Where it is
 * clearly less, another interval is tried for a while, and kept only if it is faster.
 */
#include "core/session_priv.h"

#define MEASURE_US (700u * MS) /* of clean time, for one verdict */
#define SETTLE_US (300u * MS) /* after a change: what was queued before it */
#define CATCH_UP_US (150u * MS)
#define POOR_PERCENT 85u /* of the ceiling: acknowledgements take some of it, too */
#define GAIN_SHARE 32u /* a 32nd: less may be chance */
#define WORSE_SHARE 32u
#define LEARN_SHARE 4u /* better by a quarter */
#define SHORT 6u /* 7.5 ms: for few buffers, and where an event ends early */
#define LONG 12u /* 15 ms: for buffers that are filled in every other event */
#define LEFT_MIN (128u * 1024u) /* bytes still to come that are worth a trial */

static bool tune_wanted(const struct session *s)
{
	return s->config.link_auto && s->dialect->has_link &&
	       (s->info.features & OTA_FEATURE_LINK) && s->mode != GATT_REQUEST &&
	       session_pacing(s) == 0 && s->tune.step != SESSION_TUNED;
}

void session_tune_begin(struct session *s)
{
	struct session_tune *t = &s->tune;

	/* Asked on a link that is gone: what was best so far is asked for again. */
	if (t->step == SESSION_TUNE_ASKED || t->step == SESSION_TUNE_TRYING)
		t->step = SESSION_TUNED;
	t->ack_at = 0;
	t->bytes = 0;
	t->us = 0;
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

	if (s->config.image_size - s->stats.received < LEFT_MIN)
		return 0;
	if (t->best == 0)
		return now > SHORT ? SHORT : LONG;
	/* Shorter was clearly worse: so it is not the air that ends events. */
	return now == SHORT && t->best < LONG && rate < t->rate - t->rate / WORSE_SHARE ? LONG : 0;
}

static void try_another(struct session *s, uint16_t interval)
{
	s->tune.step = SESSION_TUNE_ASKED;
	ask(s, interval, SESSION_NOTE_INTERVAL_TRIED);
}

static void settle(struct session *s, uint16_t now)
{
	struct session_tune *t = &s->tune;

	t->step = SESSION_TUNED;
	if (t->best != now)
		ask(s, t->best, SESSION_NOTE_INTERVAL_BACK);
	else
		session_note(s, SESSION_NOTE_INTERVAL_KEPT, now);
}

static void verdict(struct session *s, uint32_t rate)
{
	struct session_tune *t = &s->tune;
	const uint16_t now = s->stats.link.interval;
	const uint16_t next = next_trial(s, now, rate);
	struct airtime_link air;
	uint64_t most;

	session_link(s, &air);
	most = airtime_ceiling(&air, s->chunk, false);
	if (t->best == 0 && (next == 0 || rate * 100ull >= most * POOR_PERCENT))
		return;
	if (t->best == 0) {
		t->first = now;
		t->first_rate = rate;
	}
	if (t->best == 0 || rate > t->rate + t->rate / GAIN_SHARE) {
		t->best = now;
		t->rate = rate;
	}
	if (next != 0)
		try_another(s, next);
	else
		settle(s, now);
}

/* Nothing but the link held these bytes up. */
static bool clean(const struct session *s, const struct ota_ack *m)
{
	const struct session_stats *st = &s->stats;

	return s->state == SESSION_SENDING && s->flow.rate > 0 && s->tune.ack_at > 0 &&
	       !s->resyncing && s->flow.calm_at <= m->received &&
	       st->queued < s->config.image_size && st->queued > m->received &&
	       m->received - m->flushed < s->info.ring_size / 2u;
}

void session_tune_ack(struct session *s, const struct ota_ack *m)
{
	struct session_tune *t = &s->tune;

	if (!tune_wanted(s) || s->stats.link.code != 0 || s->stats.link.interval == 0)
		return;
	if (t->step == SESSION_TUNE_ASKED || s->now < t->not_before)
		return;
	if (s->stats.progress.phase != 0) { /* what waited for the erase comes at once now */
		t->not_before = s->now + CATCH_UP_US;
		t->ack_at = 0;
		return;
	}
	if (clean(s, m)) {
		t->bytes += m->received - s->stats.received;
		t->us += (uint32_t)(s->now - t->ack_at);
	}
	t->ack_at = s->now;
	if (t->us < MEASURE_US)
		return;
	verdict(s, (uint32_t)(t->bytes * 1000000ull / t->us));
	t->bytes = 0;
	t->us = 0;
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
		t->ack_at = 0;
	}
	if (m->code == 0 && m->interval == t->asked)
		*c = (struct session_choice){m->interval, m->interval, SESSION_BY_RATE};
	t->asked = 0;
	session_rechoose(s);
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
