/* SPDX-License-Identifier: Apache-2.0 */
/* Links that do not come up, become slow, or end. */
#include "diagnose/diagnose_priv.h"

#define SLOW_INTERVAL 80u /* 100 ms: more than the session tries by itself */
#define LONG_INTERVAL 400u /* 500 ms: nobody updates like this on purpose */
#define FALL_DB 10 /* people and doors make less */
#define EXCHANGES 10u /* of discovery: the ATT MTU, services, characteristics, reads */

/* Failed, or about to try again. */
static bool in_vain(const struct diagnosis_facts *f)
{
	return diagnose_failed(f) &&
	       (f->outcome != SESSION_NO_OUTCOME || f->state == SESSION_WAITING ||
		f->state == SESSION_CONNECTING);
}

/* In mid run, or as its end: not a link that was never wanted again. */
static bool lost(const struct diagnosis_facts *f)
{
	return f->losses.by[GATT_SUPERVISION] > 0 && in_vain(f);
}

static int8_t last_rssi(const struct diagnosis_facts *f)
{
	return f->losses.rssi != 127 && f->losses.rssi != 0 ? f->losses.rssi : f->rssi;
}

uint8_t diagnose_fading(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const int8_t rssi = last_rssi(f);

	if (!diagnose_is_weak(rssi) || (!lost(f) && !(diagnose_failed(f) && diagnose_stands(f))))
		return 0;
	if (f->rssi_most != 127 && f->rssi_most - rssi >= FALL_DB) {
		diagnose_say(evidence, "the signal fell from %d to %d dBm", f->rssi_most, rssi);
		return PROVED - 2u;
	}
	diagnose_say(evidence, "the signal was %d dBm", rssi);
	return LIKELY;
}

/* Lost, and never heard again. */
uint8_t diagnose_out_of_range(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const bool unheard = f->outcome == SESSION_NOT_FOUND || f->losses.by[GATT_NOT_FOUND] > 0;

	if (!diagnose_failed(f) || f->losses.by[GATT_SUPERVISION] == 0 || !unheard)
		return 0;
	diagnose_say(evidence,
		     "the link ended by supervision timeout, and nothing was heard in %u "
		     "attempts since",
		     f->losses.by[GATT_NOT_FOUND]);
	return diagnose_is_weak(last_rssi(f)) ? PROVED + 3u : PROVED;
}

/*
 * Links that come up again and end by supervision timeout again.  One that does not come up
 * although the device advertises is a beginning that got lost (Core Vol 1 Part F 2.58); one that
 * the host gave up before such a one had kept alive by few packets.
 */
static uint8_t links_end(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const uint16_t *by = f->losses.by;
	const bool barely =
		by[GATT_CONNECT_FAILED] > 0 && by[GATT_BY_HOST] > 0 && f->begun && in_vain(f);
	const unsigned int ended = (unsigned int)by[GATT_SUPERVISION] - f->losses.erasing +
				   by[GATT_CONNECT_FAILED] + (barely ? by[GATT_BY_HOST] : 0u);

	if ((!lost(f) && !barely) || (ended < 2 && f->stats->retries < 2) ||
	    by[GATT_NOT_FOUND] > 0 || diagnose_is_weak(last_rssi(f)))
		return 0;
	if (f->rssi == 127 || f->rssi == 0)
		diagnose_say(evidence, "%u links were lost, the signal is not known",
			     ended > 0 ? ended : 1);
	else
		diagnose_say(evidence, "%u links were lost at %d dBm, in %u attempts",
			     ended > 0 ? ended : 1, f->rssi, f->stats->retries + 1u);
	return LIKELY + 5u;
}

uint8_t diagnose_interference(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const uint8_t certainty = links_end(f, evidence);

	if (certainty > 0 || f->silences < 2 || !diagnose_failed(f) || !diagnose_stands(f) ||
	    diagnose_is_weak(f->rssi) || diagnose_flash_works(f))
		return certainty;
	/* A task that hangs does so once, and for longer. */
	diagnose_say(evidence, "it fell silent %u times, and was heard again each time",
		     f->silences);
	return LIKELY - 5u;
}

/* Core Vol 6 Part B 4.5.2: larger than (1 + latency) x interval x 2. */
static uint64_t least_timeout_us(const struct ota_link *link)
{
	return (1ull + link->latency) * link->interval * 1250ull * 2u;
}

/* However the link failed: no link can keep such a timing. */
uint8_t diagnose_timing(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const struct ota_link *l = &f->link;

	if (!diagnose_failed(f) || l->supervision_timeout == 0 || l->interval == 0 ||
	    l->supervision_timeout * 10000ull > least_timeout_us(l) ||
	    (f->outcome == SESSION_NO_OUTCOME && !lost(f) && f->stats->start_us != 0))
		return 0;
	diagnose_say(evidence,
		     "a timeout of %u ms, an interval of %u ms, latency %u: longer than %u ms is "
		     "needed",
		     l->supervision_timeout * 10u, l->interval * 5u / 4u, l->latency,
		     (unsigned int)(least_timeout_us(l) / 1000u));
	return CERTAIN + 1u; /* whatever else is seen follows from it */
}

uint8_t diagnose_supervision(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const uint64_t timeout_us = f->link.supervision_timeout * 10000ull;

	if (!lost(f) || timeout_us == 0)
		return 0;
	if (f->erase_ms * 1000ull >= timeout_us) {
		diagnose_say(evidence,
			     "%u links ended by the timeout of %u ms, and an erase took %u ms",
			     f->losses.by[GATT_SUPERVISION], (unsigned int)(timeout_us / 1000u),
			     f->erase_ms);
		return CERTAIN - 1u;
	}
	if (f->losses.erasing == 0 && f->losses.brief > 1 &&
	    f->losses.brief == f->losses.by[GATT_SUPERVISION] && !diagnose_is_weak(last_rssi(f))) {
		diagnose_say(evidence,
			     "%u links ended by the timeout of %u ms; an erase may take 2000",
			     f->losses.brief, (unsigned int)(timeout_us / 1000u));
		return LIKELY + 8u;
	}
	if (f->losses.erasing == 0)
		return 0;
	diagnose_say(evidence,
		     "%u of %u links ended by the timeout of %u ms while the device erased",
		     f->losses.erasing, f->losses.by[GATT_SUPERVISION],
		     (unsigned int)(timeout_us / 1000u));
	return f->losses.erasing == f->losses.by[GATT_SUPERVISION] &&
			       !diagnose_is_weak(last_rssi(f))
		       ? PROVED
		       : POSSIBLE;
}

uint32_t diagnose_discovery_ms(uint16_t interval)
{
	return interval * 5u / 4u * 2u * EXCHANGES;
}

uint8_t diagnose_interval(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const uint32_t interval_ms = f->link.interval * 5u / 4u;

	if (!diagnose_failed(f) || f->stats->start_us != 0 || interval_ms == 0 ||
	    diagnose_discovery_ms(f->link.interval) < f->connect_timeout_ms)
		return 0;
	diagnose_say(evidence,
		     "%u ms: each answer takes two of them, and %u ms are waited for all of "
		     "them",
		     interval_ms, f->connect_timeout_ms);
	return PROVED;
}

uint8_t diagnose_interval_changed(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!diagnose_failed(f) || !f->begun || f->interval_first == 0 ||
	    f->link.interval < SLOW_INTERVAL || f->link.interval < 2u * f->interval_first)
		return 0;
	diagnose_say(evidence, "from %u to %u ms since the transfer began",
		     f->interval_first * 5u / 4u, f->link.interval * 5u / 4u);
	return f->link.interval >= LONG_INTERVAL ? CERTAIN - 1u : LIKELY + 5u;
}

uint8_t diagnose_connect_fails(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const unsigned int failed = f->losses.by[GATT_CONNECT_FAILED];

	if (!diagnose_failed(f) || failed == 0 || f->info || f->begun)
		return 0;
	diagnose_say(evidence, failed == 1 ? "1 attempt failed" : "%u attempts failed", failed);
	if (f->losses.by[GATT_SUPERVISION] > 0)
		return POSSIBLE; /* it does come up, and ends */
	return f->not_connectable ? POSSIBLE : PROVED - 5u;
}

uint8_t diagnose_not_advertising(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome != SESSION_NOT_FOUND || f->losses.by[GATT_SUPERVISION] > 0)
		return 0;
	diagnose_say(evidence, "%s",
		     f->heard ? "it was heard in this run, and is not any more"
			      : "nothing was heard of it while it was looked for");
	return PROVED;
}

uint8_t diagnose_not_connectable(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (!f->not_connectable || !diagnose_failed(f) || f->info)
		return 0;
	diagnose_say(evidence, "its advertisements are of a type that is not connectable");
	return CERTAIN;
}

uint8_t diagnose_hung_up(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const unsigned int ended = f->losses.by[GATT_BY_DEVICE];

	if (!diagnose_failed(f) || ended == 0 || f->ended ||
	    (f->outcome == SESSION_NO_OUTCOME && f->state != SESSION_WAITING &&
	     f->state != SESSION_CONNECTING))
		return 0;
	diagnose_say(evidence, "the device ended %u link%s", ended, ended == 1 ? "" : "s");
	return POSSIBLE + 5u;
}
