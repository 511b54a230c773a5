/* SPDX-License-Identifier: Apache-2.0 */
/* The limit of a transfer, in words; job_limit.c finds it. */
#include "host/job_priv.h"

#include "base/output.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

#define MS 1000u
#define NEARLY_ALL 94u /* percent of what is possible */

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
	if (l->erase_us == 0 && l->cause == LIMIT_PROGRAM)
		(void)snprintf(buf, size, "the device answers when it has written what came");
	else if (l->erase_us == 0)
		(void)snprintf(buf, size, "the device erases its slot before the first value");
	else
		(void)snprintf(buf, size,
			       "64 KiB take %" PRIu32 " ms to erase and %" PRIu32 " ms to write",
			       l->erase_us / 1000u, l->write_us / 1000u);
}

#define SAY(...) (void)snprintf(buf, size, __VA_ARGS__)

/* Says a cause that lies in the link and its settings; false: the cause is another. */
static bool say_link_cause(const struct job *job, const struct job_result *r, char *buf,
			   size_t size)
{
	const struct limit *l = &r->limit;
	const struct airtime_link *air = &job->air;
	const double ms = air->interval_us / 1000.0;

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
		SAY("values of %u bytes leave part of their packets empty", r->chunk);
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
		if (l->of_time)
			SAY("the next value waits for an answer");
		else
			SAY("each value waits for its response, with an interval of %.2f ms", ms);
		break;
	case LIMIT_ADAPTER_BUFFERS:
		if (l->adapter_late)
			SAY("the adapter fills its %u buffers too late for some events of %.2f ms",
			    air->buffers, ms);
		else
			SAY("the adapter sends %u %s an event of %.2f ms", air->buffers,
			    air->buffers == 1 ? "buffer" : "buffers", ms);
		break;
	case LIMIT_ADAPTER_FRAGMENTS:
		SAY("the adapter's buffers hold %u bytes each", air->buffer_octets);
		break;
	default:
		return false;
	}
	return true;
}

static void say_cause(const struct job *job, const struct job_result *r, char *buf, size_t size)
{
	const struct limit *l = &r->limit;
	struct budget_flash flash;
	char times[TEXT_COUNT_MAX];

	if (say_link_cause(job, r, buf, size))
		return;
	switch (l->cause) {
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
		    text_count(r->gaps, "gap", times, sizeof(times)));
		break;
	case LIMIT_RECONNECTS:
		SAY("the link was lost (%s)",
		    text_count(r->retries, "retry", times, sizeof(times)));
		break;
	default:
		SAY("%s", plain_cause(l->cause));
		break;
	}
}

#undef SAY

static void say_advice(const struct job *job, const struct limit *l, char *buf, size_t size)
{
	/* Cures for the causes that no setting mends. */
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

/*
 * Returns true if a cause's share is time that it took, false if it is what would be saved without
 * it.
 */
static bool takes_time(const struct limit *l)
{
	const enum limit_cause cause = l->cause;

	return l->of_time || cause == LIMIT_AIR || cause == LIMIT_STACK ||
	       cause == LIMIT_RECONNECTS;
}

void job_limit_say(const struct job *job, struct job_result *r)
{
	const struct limit *l = &r->limit;
	char cause[JOB_TEXT_MAX / 4], second[64] = "";

	say_cause(job, r, cause, sizeof(cause));
	if (l->second != LIMIT_NONE && l->second_ppm > 0)
		(void)snprintf(second, sizeof(second), "; also %s, %u %%",
			       limit_cause_name(l->second), (l->second_ppm + 5000u) / 10000u);
	(void)snprintf(r->limit_text, sizeof(r->limit_text), "%s, %u %% %s: %s%s",
		       limit_cause_name(l->cause), (l->share_ppm + 5000u) / 10000u,
		       takes_time(l) ? "of the time" : "less time without it", cause, second);
	say_advice(job, l, r->limit_advice, sizeof(r->limit_advice));
}
