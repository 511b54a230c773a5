/* SPDX-License-Identifier: Apache-2.0 */
/* The expected rate of a setting before it is measured. */
#include "sweep/sweep_priv.h"

#include "explain/predict.h"

#define PLAYED 65536u /* bytes; more tells nothing new */
#define ANY_RING 65536u
/*
 * Times of 64 KiB of a usual flash chip, as data sheets have them; those of the device are not
 * known.
 */
#define FLASH_ERASE_US 200000u
#define FLASH_WRITE_US 200000u
#define FLASH_READ_US 20000u

uint32_t sweep_rate(uint64_t bytes, uint64_t send_us, uint64_t around_us)
{
	uint64_t us;

	if (bytes == 0 || send_us == 0)
		return 0;
	us = SWEEP_NOMINAL * send_us / bytes + around_us;
	return us == 0 ? 0 : (uint32_t)((SWEEP_NOMINAL * SWEEP_US + us / 2u) / us);
}

uint32_t sweep_sample_rate(const struct sweep_sample *sample)
{
	return sweep_rate(sample->bytes, sample->send_us, sample->around_us);
}

uint32_t sweep_interval_us(const struct sweep *s, const struct sweep_point *p)
{
	const int32_t units = sweep_at(s, SWEEP_INTERVAL, p);

	return units > 0 ? (uint32_t)units * 1250u : s->facts.link.interval_us;
}

static struct airtime_link link_of(const struct sweep *s, const struct sweep_point *p)
{
	struct airtime_link link = s->facts.link;
	const int32_t phy = sweep_at(s, SWEEP_PHY, p);

	if (phy == PROFILE_PHY_1M || phy == PROFILE_PHY_2M)
		link.phy = phy == PROFILE_PHY_2M ? OTA_PHY_2M : OTA_PHY_1M;
	link.interval_us = sweep_interval_us(s, p);
	return link;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static struct predict settings_of(const struct sweep *s, const struct sweep_point *p,
				  const struct sweep_trouble *t)
{
	const uint32_t ring = s->facts.ring > 0 ? s->facts.ring : ANY_RING;
	const int32_t chunk = sweep_at(s, SWEEP_CHUNK, p), window = sweep_at(s, SWEEP_WINDOW, p),
		      ack = sweep_at(s, SWEEP_ACK, p);
	struct predict q = {
		.link = link_of(s, p),
		.header = s->facts.header,
		.request = sweep_at(s, SWEEP_MODE, p) == GATT_REQUEST,
		.pacing_us = (uint32_t)sweep_at(s, SWEEP_PACING, p),
		.drop_ppm = t->drop_ppm,
		.loss_ppm = t->loss_ppm,
		.size = PLAYED,
	};

	q.value = chunk > 0 ? (uint16_t)min_u32((uint32_t)chunk, s->facts.mtu - OTA_ATT_HEADER)
			    : airtime_best_value(&q.link, s->facts.mtu, OTA_VALUE_MAX, q.header,
						 q.request);
	q.window = window > 0 ? (uint32_t)window : t->window > 0 ? t->window : ANY_RING;
	q.window = min_u32(q.window, ring);
	q.ack_interval = ack > 0 ? (uint32_t)ack : min_u32(q.window, ring) / 4u;
	q.ack_interval = min_u32(q.ack_interval, ring / 2u);
	return q;
}

struct sweep_prior sweep_prior(const struct sweep *s, const struct sweep_point *p,
			       const struct sweep_trouble *t)
{
	const struct predict q = settings_of(s, p, t);
	struct airtime_link any = q.link;
	struct sweep_prior r = {0};
	uint64_t us;
	uint32_t air;

	if (q.value <= q.header)
		return r;
	us = predict_us(&q);
	any.refill = true;
	air = airtime_ceiling(&any, q.value, q.request);
	if (us == 0 || air == 0)
		return r;
	r.expected = sweep_rate(PLAYED, us, t->around_us);
	r.most = sweep_rate(q.value - q.header, q.value * SWEEP_US / air, t->around_us);
	return r;
}

static uint64_t flash_us(const struct sweep *s, const struct sweep_point *p,
			 const struct sweep_trouble *t)
{
	struct predict q = settings_of(s, p, t);

	if (q.value <= q.header)
		return 0;
	q.ring = s->facts.ring;
	q.size = 2u * PLAYED;
	q.erase_us = FLASH_ERASE_US;
	q.write_us = FLASH_WRITE_US;
	q.read_us = FLASH_READ_US;
	return predict_us(&q);
}

uint32_t sweep_flash_ppm(const struct sweep *s, const struct sweep_point *p,
			 const struct sweep_trouble *t)
{
	struct sweep_point usual = *p;
	uint64_t by_hand, by_itself;

	usual.at[SWEEP_WINDOW] = usual.at[SWEEP_ACK] = 0;
	if (s->facts.ring == 0 || sweep_same(p, &usual))
		return SWEEP_PPM;
	by_hand = flash_us(s, p, t);
	by_itself = flash_us(s, &usual, t);
	return by_hand <= by_itself ? SWEEP_PPM : (uint32_t)(by_itself * SWEEP_PPM / by_hand);
}
