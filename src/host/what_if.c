/* SPDX-License-Identifier: Apache-2.0 */
/* See what_if.h. */
#include "host/what_if.h"

#include "core/session.h"
#include "explain/predict.h"
#include "host/effective.h"
#include "profile/profile_edit.h"

#define LARGE_WINDOW 65536u /* where no ring bounds what is under way */
#define LEAST_SIZE 65536u /* of what is played: less is all beginning and end */
/* The rule is that of session_choose_ack(): the least of so many values, and of a quarter. */
#define ACK_VALUES 64u
#define LINUX_INTERVAL_US 50000u /* of a new link */
#define START_EVENTS 6u /* until a change of the link has taken effect */
#define ACK_LEAST 1024u /* where the window is chosen, too */

struct asking {
	const struct profile *was, *is;
	const struct job_snapshot *run;
	bool under_way;
};

static bool differs(const struct asking *a, enum profile_key key)
{
	return profile_differs(a->was, a->is, key);
}

/* The agreed MTU was bounded by the profile, or by one of the sides. */
static uint16_t mtu_of(const struct asking *a)
{
	const uint16_t agreed = a->run->sent_known ? a->run->sent_mtu : a->run->mtu;

	if (a->is->mtu_max < agreed || agreed == a->was->mtu_max)
		return (uint16_t)a->is->mtu_max;
	return agreed;
}

/* True where the link would be another one. */
static bool change_link(const struct asking *a, struct predict *p)
{
	const uint32_t interval_us = p->link.interval_us;
	const enum ota_phy phy = p->link.phy;

	if (!differs(a, PROFILE_KEY_CONNECTION_INTERVAL) && !differs(a, PROFILE_KEY_PHY) &&
	    !differs(a, PROFILE_KEY_DATA_LENGTH))
		return false;
	effective_link(a->is, a->run, &p->link);
	/* The interval that the session found stays, unless it is for another PHY. */
	if (!differs(a, PROFILE_KEY_CONNECTION_INTERVAL) && p->link.phy == phy)
		p->link.interval_us = interval_us;
	return true;
}

static void change_mode(const struct asking *a, struct predict *p)
{
	const struct dialect *dialect = dialect_get(a->run->dialect);

	if (!differs(a, PROFILE_KEY_WRITE_MODE))
		return;
	p->request = a->is->write_mode == PROFILE_AUTO ? dialect->write_mode == GATT_REQUEST
						       : a->is->write_mode == GATT_REQUEST;
}

static void change_value(const struct asking *a, bool link, struct predict *p)
{
	const uint16_t mtu = mtu_of(a);
	const int32_t most = (int32_t)mtu - (int32_t)OTA_ATT_HEADER;

	if (!link && !differs(a, PROFILE_KEY_CHUNK) && !differs(a, PROFILE_KEY_MTU_MAX) &&
	    !differs(a, PROFILE_KEY_WRITE_MODE))
		return;
	if (a->is->chunk > 0)
		p->value = (uint16_t)(a->is->chunk < most ? a->is->chunk : most);
	else
		p->value = airtime_best_value(&p->link, mtu, OTA_VALUE_MAX, p->header, p->request);
}

static void change_window(const struct asking *a, struct predict *p)
{
	const uint32_t ring = p->ring > 0 ? p->ring : LARGE_WINDOW;
	/* One that is chosen follows the rate, which requests keep down. */
	const bool chosen = p->request != a->run->play.request && a->is->window <= 0;
	uint32_t ack;

	if (differs(a, PROFILE_KEY_WINDOW) || chosen)
		p->window = a->is->window > 0 ? (uint32_t)a->is->window : ring;
	if (p->window < p->value)
		p->window = p->value; /* one is always under way */
	if (a->under_way ||
	    (!chosen && !differs(a, PROFILE_KEY_WINDOW) && !differs(a, PROFILE_KEY_ACK_INTERVAL) &&
	     p->value == a->run->play.value))
		return;
	ack = (p->window < ring ? p->window : ring) / 4u;
	if (ack > ((uint32_t)p->value - p->header) * ACK_VALUES)
		ack = ((uint32_t)p->value - p->header) * ACK_VALUES;
	if (ack < ACK_LEAST && a->is->window <= 0)
		ack = ACK_LEAST;
	if (a->is->ack_interval > 0)
		ack = (uint32_t)a->is->ack_interval;
	p->ack_interval = p->ring > 0 && ack > p->ring / 2u ? p->ring / 2u : ack;
}

static void change_pacing(const struct asking *a, struct predict *p)
{
	if (dialect_tells_received(dialect_get(a->run->dialect), a->run->mode)) {
		if (differs(a, PROFILE_KEY_PACING))
			p->pacing_us = (uint32_t)a->is->pacing_us;
	} else if (differs(a, PROFILE_KEY_BASIC_PACING)) {
		p->pacing_us = (uint32_t)a->is->basic_pacing_us;
	}
}

/* Played; where the session finds the interval by trial, with the one that takes least. */
static uint64_t take_least(const struct profile *profile, const struct job_snapshot *run,
			   struct predict *p)
{
	const uint32_t intervals_us[] = {7500u,
					 session_interval_for(p->link.phy == OTA_PHY_2M) * 1250u};
	struct predict other = *p;
	uint64_t us = predict_us(p), least = us;

	if (profile->connection_interval != PROFILE_AUTO || !effective_can_ask(run))
		return us;
	for (size_t i = 0; i < sizeof(intervals_us) / sizeof(intervals_us[0]); i++) {
		other.link.interval_us = intervals_us[i];
		us = predict_us(&other);
		if (us > 0 && us < least) {
			least = us;
			p->link.interval_us = intervals_us[i];
		}
	}
	return least;
}

/*
 * A device that goes on while it erases begins with the image's head, while the link changes from
 * what Linux gives a new one (50 ms, 1M), which takes about as long as an erase.
 */
static bool erases_ahead(const struct job_snapshot *run, const struct airtime_link *link)
{
	return (run->info.abilities & (OTA_ABILITY_AUTO_SUSPEND | OTA_ABILITY_XIP_PSRAM)) != 0 &&
	       (link->phy == OTA_PHY_2M || link->interval_us != LINUX_INTERVAL_US);
}

/* START counts there, which passes while the link changes: some events of both intervals. */
static uint64_t start_us(const struct predict *p)
{
	return (uint64_t)START_EVENTS * (LINUX_INTERVAL_US + p->link.interval_us);
}

uint32_t what_if(const struct profile *was, const struct profile *is,
		 const struct job_snapshot *run, uint32_t measured, bool under_way)
{
	const struct asking a = {.was = was, .is = is, .run = run, .under_way = under_way};
	struct predict now = run->play, then;
	uint64_t now_us, then_us, rate, played, most, image;

	if (now.value <= now.header || measured == 0)
		return 0;
	if (now.size < LEAST_SIZE) {
		now.image = (uint32_t)((uint64_t)now.image * LEAST_SIZE / now.size);
		now.size = LEAST_SIZE;
	}
	then = now;
	change_mode(&a, &then);
	change_value(&a, change_link(&a, &then), &then);
	change_window(&a, &then);
	change_pacing(&a, &then);
	if (then.value <= then.header)
		return 0;
	now.ahead = erases_ahead(run, &now.link);
	then.ahead = erases_ahead(run, &then.link);
	now_us = take_least(was, run, &now);
	then_us = take_least(is, run, &then);
	if (now_us == 0 || then_us == 0)
		return 0;
	if (now_us == then_us)
		return measured;
	if (now.ahead && then.ahead)
		rate = (uint64_t)measured * (now_us + start_us(&now)) / (then_us + start_us(&then));
	else
		rate = (uint64_t)measured * now_us / then_us;
	/* If the model is slower than the measured run was, the other setting gains no more by
	 * that. */
	image = then.image > 0 ? then.image : then.size;
	played = image * 1000000u / then_us;
	if (rate > measured && rate > played)
		rate = played > measured ? played : measured;
	/* A measured rate may owe to chance: more than the air carries is not promised. */
	most = (uint64_t)airtime_ceiling(&then.link, then.value, then.request) *
	       (uint32_t)(then.value - then.header) / then.value;
	/* Nor more than pacing lets through. */
	if (then.pacing_us > 0 && most > (then.value - then.header) * 1000000ull / then.pacing_us)
		most = (then.value - then.header) * 1000000ull / then.pacing_us;
	most = most * image / then.size; /* of a stream, as bytes of the image */
	return (uint32_t)(rate < most ? rate : most);
}
