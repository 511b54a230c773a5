/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings that cure: each is applied once, as it is, and is enough.  Keys and ranges are
 * the profile's; a setting that has that value already cures nothing, and is not named.
 */
#include "diagnose/diagnose_priv.h"

#include <stdio.h>

#define READY_MOST_MS 300000u
#define CONNECT_MOST_MS 120000u
#define TIMEOUT_LEAST_MS 1000u
#define SUPERVISION_LEAST_MS 5000u /* twice what 64 KiB take to erase at most (data sheets) */
#define SUPERVISION_MOST_MS 32000u
#define WINDOW_LEAST 512u
#define WINDOW_MOST 1048576u
#define INTERVAL_MOST 400u /* 500 ms: nobody wants a longer one back */
#define ACK_LEAST 256u
#define ACK_MOST 65535u

static void set(char change[DIAGNOSIS_CHANGE], const char *key, uint32_t value)
{
	(void)snprintf(change, DIAGNOSIS_CHANGE, "%s=%u", key, value);
}

static uint32_t within(uint64_t value, uint32_t least, uint32_t most)
{
	return value < least ? least : value < most ? (uint32_t)value : most;
}

/* Only where it was not waited long enough: else waiting is the cure. */
void diagnose_more_patience(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	const uint32_t ms = within(4ull * f->ready_timeout_ms, TIMEOUT_LEAST_MS, READY_MOST_MS);

	if (f->begun || f->outcome == SESSION_NO_OUTCOME || ms <= f->ready_timeout_ms)
		return;
	set(change,
	    dialect_get(f->dialect)->has_acknowledgements ? "ready_timeout_ms"
							  : "basic_ready_timeout_ms",
	    ms);
}

/* Only where some arrive. */
void diagnose_fewer_notifications(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	if (f->begun && f->unheard > 0 && f->ack_interval > 0 && f->ack_interval < ACK_MOST)
		set(change, "ack_interval", within(4ull * f->ack_interval, ACK_LEAST, ACK_MOST));
}

void diagnose_less_at_a_time(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	/* A run that failed by it lost nearly all of them, and a smaller window loses them, too. */
	if (f->outcome != SESSION_NO_OUTCOME && f->mode != GATT_REQUEST)
		diagnose_wait_for_each(f, change);
	else if (f->window > WINDOW_LEAST)
		set(change, "window", within(f->window / 2u, WINDOW_LEAST, WINDOW_MOST));
}

void diagnose_wait_for_each(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	if (f->mode != GATT_REQUEST)
		(void)snprintf(change, DIAGNOSIS_CHANGE, "write_mode=request");
}

/* If nothing tells how long a value may be, the shortest there are fit in any case. */
void diagnose_shorter_values(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	if (f->code == OTA_ERR_LENGTH)
		set(change, "chunk", 20);
	else if (f->mtu > 23)
		set(change, "mtu_max", 23);
}

void diagnose_longer_timeout(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	const uint64_t twice = 20ull * f->link.supervision_timeout;
	const uint64_t erase = 2ull * f->erase_ms;
	const uint32_t ms =
		within(twice > erase ? twice : erase, SUPERVISION_LEAST_MS, SUPERVISION_MOST_MS);

	if (ms > f->timeout_asked * 10u)
		set(change, "supervision_timeout_ms", (ms + 9u) / 10u * 10u);
}

void diagnose_longer_connect(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	const uint32_t ms = within(2ull * diagnose_discovery_ms(f->link.interval), TIMEOUT_LEAST_MS,
				   CONNECT_MOST_MS);

	if (ms > f->connect_timeout_ms)
		set(change, "connect_timeout_ms", ms);
}

/* The one that the transfer began with. */
void diagnose_same_interval(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE])
{
	const unsigned int quarters = f->interval_first * 5u;

	/* A profile takes none that its supervision timeout does not outlast twice. */
	if (f->interval_first < 6 || f->interval_first > INTERVAL_MOST ||
	    quarters * 2u / 4u >= f->timeout_asked * 10u)
		return;
	(void)snprintf(change, DIAGNOSIS_CHANGE, "connection_interval_ms=%u.%02u", quarters / 4u,
		       quarters % 4u * 25u);
}
