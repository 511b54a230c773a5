/* SPDX-License-Identifier: Apache-2.0 */
/* See limit.h. */
#include "core/session_choice.h"
#include "explain/limit_priv.h"

#include <string.h>

#define SMALL_RING 65536u
#define USUAL_RING 32768u /* CONFIG_OTA_ESP_RING_SIZE_KB where nobody set it */
#define HANDSHAKES 5u /* connection intervals outside of the sending */
#define TURNS 3u /* in which the host hears of READY, of the last byte and of DONE */
#define SHORTEST_US 7500u
#define ACK_LEAST 512u
#define ACK_MOST 16384u
#define LINK_EVENTS 6u /* more, where START waits until a change of the link has taken effect */

uint64_t limit_played(const struct judge *j, const struct predict *p)
{
	const uint64_t us = predict_us(p);

	return us == 0 ? 0
		       : us + (uint64_t)j->handshakes * p->link.interval_us +
				 (uint64_t)TURNS * p->host_us;
}

/* As the session chooses it, which no stack tells that the adapter is late. */
void limit_best_value(struct predict *p, uint16_t mtu)
{
	struct airtime_link link = p->link;

	link.refill |= link.late;
	link.late = false;
	p->value = airtime_best_value(&link, mtu, OTA_VALUE_MAX, p->header, p->request);
}

static bool same_link(const struct airtime_link *a, const struct airtime_link *b)
{
	return a->phy == b->phy && a->data_length == b->data_length &&
	       a->interval_us == b->interval_us && a->encrypted == b->encrypted &&
	       a->buffers == b->buffers && a->buffer_octets == b->buffer_octets &&
	       a->refill == b->refill && a->late == b->late;
}

static bool same(const struct predict *a, const struct predict *b)
{
	return same_link(&a->link, &b->link) && a->value == b->value && a->header == b->header &&
	       a->request == b->request && a->window == b->window && a->pacing_us == b->pacing_us &&
	       a->stack_us == b->stack_us && a->ack_interval == b->ack_interval &&
	       a->ring == b->ring && a->erase_us == b->erase_us && a->write_us == b->write_us &&
	       a->read_us == b->read_us && a->held_pdus == b->held_pdus &&
	       a->write_size == b->write_size && a->late_us == b->late_us &&
	       a->host_us == b->host_us && a->loss_ppm == b->loss_ppm &&
	       a->drop_ppm == b->drop_ppm && a->size == b->size && a->image == b->image;
}

/* A window that is set is acknowledged as often as it needs, however small it is. */
uint32_t limit_least_ack(const struct judge *j, const struct predict *p)
{
	const uint32_t ring = p->ring > 0 ? p->ring : SMALL_RING;
	const uint32_t ack = (p->window < ring ? p->window : ring) / 4u;

	if (j->in->window_auto && ack < ACK_LEAST)
		return ACK_LEAST;
	return ack < ACK_MOST ? ack : ACK_MOST;
}

static struct predict settled_at(const struct judge *j, const struct predict *changed, bool link,
				 uint32_t interval_us)
{
	const struct limit_input *in = j->in;
	struct predict p = *changed;
	const uint32_t ring = p.ring > 0 ? p.ring : SMALL_RING;

	p.link.interval_us = interval_us;
	if (in->chunk_auto && link && p.value == j->now.value)
		limit_best_value(&p, in->mtu);
	if (p.ack_interval != j->now.ack_interval)
		return p;
	if (in->window_auto && p.window == j->now.window && p.drop_ppm == 0 && p.window < ring)
		p.window = ring;
	if (in->ack_auto)
		p.ack_interval = limit_least_ack(j, &p);
	return p;
}

struct predict limit_settled(const struct judge *j, const struct predict *changed)
{
	const struct limit_input *in = j->in;
	const struct predict *c = changed;
	const bool link = c->request != j->now.request || !same_link(&c->link, &j->now.link);
	const bool other = c->link.phy != j->now.link.phy || c->request != j->now.request;
	struct predict usual, shorter;
	uint16_t interval;

	/* One that was found by trying stays on a link of the same PHY. */
	if (!in->interval_auto || c->link.interval_us != j->now.link.interval_us ||
	    (!other && (!link || in->clean_rate > 0)))
		return settled_at(j, c, link, c->link.interval_us);
	interval =
		session_interval_on(&c->link, session_interval_for(c->link.phy == OTA_PHY_2M),
				    in->mtu, in->chunk_auto ? 0 : c->value, c->header, c->request);
	usual = settled_at(j, c, link, 1250u * interval);
	/* The session tries the shortest where the usual one brings little. */
	shorter = settled_at(j, c, link, SHORTEST_US);
	return limit_played(j, &shorter) < limit_played(j, &usual) / 8u * 7u ? shorter : usual;
}

/*
 * The unexplained time that goes away with a larger window: as much of it as was spent in waiting
 * for more to be under way.
 */
static uint64_t goes_with(const struct judge *j, const struct predict *p)
{
	const uint64_t measured = j->in->seconds_us - j->other_us;
	const uint64_t more = measured > j->now_us ? measured - j->now_us : 0;
	const uint64_t waited = j->in->shares[BUDGET_WINDOW];

	if (p->window == j->now.window && p->ack_interval == j->now.ack_interval)
		return 0;
	return more < waited ? more : waited;
}

uint32_t limit_gain(const struct judge *j, const struct predict *changed)
{
	const uint64_t measured = j->in->seconds_us - j->other_us;
	const uint64_t base = j->now_us < measured ? j->now_us : measured;
	const struct predict p = limit_settled(j, changed);
	uint64_t us, goes;

	if (same(changed, &j->now))
		return 0;
	us = limit_played(j, &p);
	/* A cause that makes it slower than played stays; luck that made it faster is no gain. */
	if (us == 0 || us >= base)
		return 0;
	goes = goes_with(j, &p);
	return (uint32_t)(((measured - goes) * (base - us) / base + goes) * PPM /
			  j->in->seconds_us);
}

static void consider(struct judge *j, enum limit_cause cause, uint32_t share)
{
	struct limit *r = j->ret;

	if (share < WORTH_PPM)
		return;
	if (share > r->share_ppm) {
		r->second = r->cause;
		r->second_ppm = r->share_ppm;
		r->cause = cause;
		r->share_ppm = share;
	} else if (share > r->second_ppm) {
		r->second = cause;
		r->second_ppm = share;
	}
}

/* The interval with which it takes least; the one of now where none is better. */
static struct predict best_interval(const struct judge *j)
{
	struct predict best = j->now, p;
	uint64_t least = j->now_us, us;

	for (size_t i = 0; i < LIMIT_INTERVALS; i++) {
		p = j->now;
		p.link.interval_us = limit_intervals[i] * 1250u;
		us = limit_played(j, &p);
		if (us > 0 && us < least - least / 64u) {
			least = us;
			best = p;
		}
	}
	return best;
}

/* --- what the link and its ends are to blame for */

static void judge_link(struct judge *j)
{
	const struct limit_input *in = j->in;
	struct predict p = j->now;
	uint32_t slow;

	/* A short interval is the remedy of an adapter that fills its buffers once an event. */
	p.link.refill = true;
	p.link.late = false;
	if (j->now.link.buffers == 0 || j->now.link.refill || limit_gain(j, &p) < WORTH_PPM) {
		p = j->interval;
		consider(j, LIMIT_INTERVAL, limit_gain(j, &p));
	}
	p = j->now;
	if (p.link.phy == OTA_PHY_1M && in->device_2m && in->may_phy) {
		p.link.phy = OTA_PHY_2M;
		consider(j, LIMIT_PHY, limit_gain(j, &p));
	}
	p = j->now;
	if (p.link.data_length < 251) {
		p.link.data_length = 251;
		consider(j, LIMIT_DATA_LENGTH, limit_gain(j, &p));
	}
	p = j->now;
	if (p.link.buffers > 0 && !p.link.refill) {
		p.link.refill = true;
		p.link.late = false;
		slow = j->late ? limit_share(in, BUDGET_LOSS) : 0;
		consider(j, LIMIT_ADAPTER_BUFFERS,
			 slow > limit_gain(j, &p) ? slow : limit_gain(j, &p));
	}
	p = j->now;
	if (p.link.buffer_octets > 0 && p.link.buffer_octets < p.link.data_length) {
		p.link.buffer_octets = p.link.data_length;
		consider(j, LIMIT_ADAPTER_FRAGMENTS, limit_gain(j, &p));
	}
	p = j->now;
	p.loss_ppm = 0;
	if (j->now.loss_ppm > 0)
		consider(j, LIMIT_LOSS, limit_gain(j, &p));
	p = j->now;
	p.drop_ppm = 0;
	if (j->now.drop_ppm > 0)
		consider(j, LIMIT_GAPS, limit_gain(j, &p));
}

/* --- what the settings are to blame for */

/*
 * A larger window makes up for acknowledgements that come too seldom.  Where these were asked for,
 * and as often as auto asks for them would do most of what it does, it is to blame for the rest.
 */
static void judge_window(struct judge *j)
{
	struct predict p = j->now;
	uint32_t by_acks = 0, by_window;

	p.ack_interval = limit_least_ack(j, &p);
	if (p.ack_interval < j->now.ack_interval)
		by_acks = limit_gain(j, &p);
	consider(j, LIMIT_ACK_INTERVAL, by_acks);
	p = j->now;
	p.window = 1u << 20;
	by_window = limit_gain(j, &p);
	if (!j->in->ack_auto && by_acks > by_window / 2u)
		by_window -= by_acks < by_window ? by_acks : by_window;
	if (j->now.drop_ppm == 0)
		consider(j, LIMIT_WINDOW, by_window);
}

static void judge_settings(struct judge *j)
{
	const struct limit_input *in = j->in;
	struct predict p = j->now;
	uint32_t by_chunk;

	limit_best_value(&p, in->mtu);
	by_chunk = limit_gain(j, &p);
	consider(j, LIMIT_CHUNK, by_chunk);
	if (in->mtu < OTA_VALUE_MAX + OTA_ATT_HEADER) {
		p = j->now;
		limit_best_value(&p, OTA_VALUE_MAX + OTA_ATT_HEADER);
		consider(j, LIMIT_MTU,
			 limit_gain(j, &p) > by_chunk ? limit_gain(j, &p) - by_chunk : 0);
	}
	judge_window(j);
	p = j->now;
	p.pacing_us = 0;
	if (j->now.pacing_us > 0)
		consider(j, LIMIT_PACING, limit_gain(j, &p));
	p = j->now;
	p.request = false;
	if (j->now.request)
		consider(j, LIMIT_WRITE_MODE, limit_gain(j, &p));
}

/*
 * Flash takes its time whatever is set, and the rest of the pipeline is there to hide that.  So it
 * is to blame only where it takes far more than what else could be changed.
 */
static void consider_flash(struct judge *j, enum limit_cause cause, uint32_t share)
{
	struct limit *r = j->ret;
	const bool flash = r->cause == LIMIT_ERASE || r->cause == LIMIT_PROGRAM;

	if (flash || share / 5u * 2u > r->share_ppm) {
		consider(j, cause, share);
	} else if (share >= WORTH_PPM && share > r->second_ppm) {
		r->second = cause;
		r->second_ppm = share;
	}
}

static void judge_device(struct judge *j)
{
	struct predict p = j->now;

	if (p.ring > 0 && p.ring < USUAL_RING) {
		p.ring = USUAL_RING;
		consider(j, LIMIT_RING, limit_gain(j, &p));
	}
	p = j->now;
	p.late_us = 0;
	consider(j, LIMIT_DEVICE_TASK, limit_gain(j, &p));
	p = j->now;
	p.erase_us = 0;
	consider_flash(j, LIMIT_ERASE, limit_gain(j, &p));
	p = j->now;
	p.write_us = 0;
	consider_flash(j, LIMIT_PROGRAM, limit_gain(j, &p));
	/* Without a header it is the basic dialect, which erases the slot before the first value. */
	if (j->now.header == 0)
		consider_flash(j, LIMIT_ERASE, limit_share(j->in, BUDGET_START));
}

/* More under way, or an answer that comes earlier, makes up for a host that is late. */
static bool hides_a_wait(enum limit_cause cause)
{
	return cause == LIMIT_WINDOW || cause == LIMIT_ACK_INTERVAL || cause == LIMIT_RING;
}

static void judge_host(struct judge *j)
{
	struct predict p = j->now;
	uint32_t late;

	p.host_us = 0;
	late = limit_gain(j, &p);
	/* Half of the wait for it, where the played one has just enough under way: the device may
	 * have been waited for at the same time. */
	if (late < limit_share(j->in, BUDGET_HOST) / 2u)
		late = limit_share(j->in, BUDGET_HOST) / 2u;
	/* More under way would hide it as well; but what is out of order is named. */
	if (hides_a_wait(j->ret->cause) && late >= WORTH_PPM && late <= j->ret->share_ppm &&
	    late > j->ret->share_ppm / 3u) {
		j->ret->second = j->ret->cause;
		j->ret->second_ppm = j->ret->share_ppm;
		j->ret->cause = LIMIT_HOST;
		j->ret->share_ppm = late;
	} else {
		consider(j, LIMIT_HOST, late);
	}
	p = j->now;
	p.stack_us = 0;
	consider(j, LIMIT_STACK, limit_gain(j, &p));
	consider(j, LIMIT_RECONNECTS, limit_share(j->in, BUDGET_DOWN));
}

/*
 * Nobody here can change it, so that it is named behind all that somebody can.  The flash nobody can
 * change either: that is named first where it takes far more, as in consider_flash().
 */
static void judge_refused(struct judge *j)
{
	struct predict p = j->now;
	struct limit *r = j->ret;
	const bool flash = r->cause == LIMIT_ERASE || r->cause == LIMIT_PROGRAM;
	uint32_t gain;

	if (!j->in->phy_refused)
		return;
	p.link.phy = OTA_PHY_2M;
	gain = limit_gain(j, &p);
	if (gain < WORTH_PPM)
		return;
	if (r->cause == LIMIT_NONE || (flash && gain > r->share_ppm / 5u * 2u)) {
		r->second = r->cause;
		r->second_ppm = r->share_ppm;
		r->cause = LIMIT_PHY;
		r->share_ppm = gain;
	} else if (r->second == LIMIT_NONE || (flash && gain > r->second_ppm)) {
		r->second = LIMIT_PHY;
		r->second_ppm = gain;
	}
}

/* --- all of it */

/* The time of START that no setting changes: a played transfer begins with READY, and handshakes. */
static uint64_t start_us(struct judge *j)
{
	const uint64_t us = j->in->shares[BUDGET_START], interval_us = j->now.link.interval_us;
	uint64_t played_us;

	j->handshakes = HANDSHAKES + (us > HANDSHAKES * interval_us ? LINK_EVENTS : 0);
	played_us = j->handshakes * interval_us + j->now.host_us;
	return us > played_us ? us - played_us : 0;
}

void limit_judge(const struct limit_input *in, struct limit *ret)
{
	struct judge j = {.in = in, .now = in->now, .ret = ret};

	memset(ret, 0, sizeof(*ret));
	if (in->seconds_us == 0 || in->bytes == 0 || in->values == 0)
		return;
	j.now.size = in->bytes;
	j.now.drop_ppm = (uint32_t)((uint64_t)in->gaps * PPM / in->values);
	j.now.loss_ppm = 0;
	j.other_us = start_us(&j) + in->shares[BUDGET_DOWN] + in->shares[BUDGET_PAUSED];
	j.now_us = limit_played(&j, &j.now);
	if (j.now_us == 0 || j.other_us >= in->seconds_us)
		return;
	limit_find(&j, in->seconds_us - j.other_us);
	ret->adapter_late = j.late;
	j.interval = best_interval(&j);
	ret->goodput = ret->predicted = limit_rate(in->bytes, in->seconds_us);
	judge_link(&j);
	judge_settings(&j);
	judge_device(&j);
	judge_host(&j);
	judge_refused(&j);
	if (ret->cause == LIMIT_NONE) {
		ret->cause = LIMIT_AIR;
		ret->share_ppm = limit_share(in, BUDGET_AIR);
	}
	limit_ceilings(&j);
	/* The load of a busy computer cannot be foretold, so nothing is promised. */
	if (ret->cause == LIMIT_HOST)
		return;
	limit_offer(&j);
}

uint32_t limit_of_possible(const struct limit *limit)
{
	const uint64_t percent =
		limit->possible == 0 ? 0 : (uint64_t)limit->goodput * 100u / limit->possible;

	return percent > 100 ? 100 : (uint32_t)percent;
}

const char *limit_cause_name(enum limit_cause cause)
{
	static const char *const names[LIMIT_CAUSES] = {
		[LIMIT_NONE] = "unknown",
		[LIMIT_AIR] = "air",
		[LIMIT_INTERVAL] = "interval",
		[LIMIT_PHY] = "phy",
		[LIMIT_DATA_LENGTH] = "data-length",
		[LIMIT_MTU] = "mtu",
		[LIMIT_CHUNK] = "chunk",
		[LIMIT_WINDOW] = "window",
		[LIMIT_ACK_INTERVAL] = "ack-interval",
		[LIMIT_PACING] = "pacing",
		[LIMIT_WRITE_MODE] = "write-mode",
		[LIMIT_ADAPTER_BUFFERS] = "adapter-buffers",
		[LIMIT_ADAPTER_FRAGMENTS] = "adapter-fragments",
		[LIMIT_HOST] = "host",
		[LIMIT_STACK] = "stack",
		[LIMIT_RING] = "ring",
		[LIMIT_ERASE] = "erase",
		[LIMIT_PROGRAM] = "program",
		[LIMIT_DEVICE_TASK] = "device-task",
		[LIMIT_LOSS] = "loss",
		[LIMIT_GAPS] = "gaps",
		[LIMIT_RECONNECTS] = "reconnects",
	};

	return cause < LIMIT_CAUSES ? names[cause] : names[LIMIT_NONE];
}
