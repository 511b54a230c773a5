/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expected time of an update with one stream or another, before START: over the link as the
 * profile will have it, with the flash as it was in earlier runs of the device.
 */
#include "host/job_priv.h"

#include "explain/predict.h"
#include "host/effective.h"

#include <stdlib.h>

#define BLOCK 65536u
#define ACK_RING 4u /* a device's own choice: so many in its ring */
/*
 * Times of 64 KiB of a usual flash chip, by data sheets: reading back with its hash is the chip's.
 */
#define USUAL_ERASE_US 250000u
#define USUAL_WRITE_US 170000u
#define USUAL_READ_US 32000u
#define USUAL_US (USUAL_ERASE_US + USUAL_WRITE_US + USUAL_READ_US)

/* All three in the proportion of a usual chip's: what was kept is their sum. */
static void set_flash(struct predict *p, uint32_t rate)
{
	const uint64_t us = rate > 0 ? BLOCK * 1000000ull / rate : USUAL_US;

	p->erase_us = (uint32_t)(us * USUAL_ERASE_US / USUAL_US);
	p->write_us = (uint32_t)(us * USUAL_WRITE_US / USUAL_US);
	p->read_us = (uint32_t)(us * USUAL_READ_US / USUAL_US);
}

/* Sets the choices that the session will make for the link that it asks for. */
static void set_sending(const struct job *job, const struct ota_info *info, struct predict *p)
{
	const struct profile *profile = &job->profile;
	const int32_t most = (int32_t)job->session.mtu - (int32_t)OTA_ATT_HEADER;
	const bool request = profile->write_mode == GATT_REQUEST;

	p->header = job->session.dialect->header;
	p->request = request;
	p->value = profile->chunk > 0 ? (uint16_t)(profile->chunk < most ? profile->chunk : most)
				      : airtime_best_value(&p->link, job->session.mtu,
							   OTA_VALUE_MAX, p->header, request);
	p->ring = info->ring_size;
	p->window = profile->window > 0 ? (uint32_t)profile->window : p->ring;
	p->pacing_us = (uint32_t)profile->pacing_us;
	p->ack_interval =
		profile->ack_interval > 0 ? (uint32_t)profile->ack_interval : p->ring / ACK_RING;
	if (p->ack_interval > p->ring / 2u)
		p->ack_interval = p->ring / 2u;
	p->held_pdus = job_limit_held_pdus(&job->session);
}

bool job_stream_expect(const struct job *job, const struct ota_info *info, uint32_t flash,
		       struct predict *ret)
{
	struct job_snapshot *now = calloc(1, sizeof(*now));

	if (!now)
		return false;
	job_snapshot(job, now);
	*ret = (struct predict){.size = 0};
	effective_link(&job->profile, now, &ret->link);
	free(now);
	set_sending(job, info, ret);
	set_flash(ret, flash);
	return ret->value > ret->header && ret->ring > 0;
}

uint64_t job_stream_us(const struct predict *expected, uint32_t image, uint32_t air)
{
	struct predict p = *expected;

	p.size = air;
	p.image = image;
	return predict_us(&p);
}

uint32_t job_stream_link_rate(const struct predict *p)
{
	return (uint32_t)((uint64_t)airtime_ceiling(&p->link, p->value, p->request) *
			  (uint32_t)(p->value - p->header) / p->value);
}

uint32_t job_stream_flash_rate(const struct predict *p)
{
	return (uint32_t)(BLOCK * 1000000ull / ((uint64_t)p->erase_us + p->write_us + p->read_us));
}
