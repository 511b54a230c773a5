/* SPDX-License-Identifier: Apache-2.0 */
/* The rules by which a session chooses, and the reason of each value. */
#include "core/session_priv.h"

#define ACKS_WINDOW 4u /* ACKs in a window, at least ... */
#define ACKS_RING 4u /* ... and in a ring, as the device has them by itself */
#define ACK_VALUES 64u /* an ACK takes the air time of a short value: some 1.5 % of these */
#define ACK_LEAST 1024u
#define ACK_OCTETS 13u /* docs/protocol.md, 5.7 */
/* At 7.5 ms an acknowledgement costs a data PDU; these leave room for it. */
#define INTERVAL_2M 8u /* 10 ms */
#define INTERVAL_1M 12u /* 15 ms */
#define INTERVAL_LEAST 6u /* 7.5 ms: as often as an adapter's buffers can be filled */
#define INTERVAL_GAIN 32u /* a 32nd, which is worth the acknowledgements' PDUs */

static struct session_choice choice(uint32_t value, uint32_t asked, enum session_reason reason)
{
	return (struct session_choice){.value = value, .asked = asked, .reason = reason};
}

/* --- sending */

static struct session_choice choose_mode(const struct session *s)
{
	const uint8_t p = s->properties[GATT_DATA];
	const enum gatt_write asked = s->config.mode_auto ? s->dialect->write_mode : s->config.mode;

	/* A request is a command's, and a socket would keep commands out. */
	if (dialect_is_shared(s->dialect))
		return choice(GATT_COMMAND, asked, SESSION_BY_DIALECT);
	if (asked != GATT_REQUEST && !(p & GATT_PROP_WRITE_COMMAND))
		return choice(GATT_REQUEST, asked, SESSION_BY_DEVICE);
	if (asked == GATT_REQUEST && !(p & GATT_PROP_WRITE))
		return choice(GATT_COMMAND, asked, SESSION_BY_DEVICE);
	if (s->flow.single_to > 0 && s->config.mode_auto && (p & GATT_PROP_WRITE))
		return choice(GATT_REQUEST, asked, SESSION_BY_GAPS);
	return choice(asked, asked, s->config.mode_auto ? SESSION_BY_DIALECT : SESSION_ASKED);
}

/* If events were found to end for other reasons, a value that fills an event is of no use. */
static uint16_t value_by_air(const struct session *s, const struct airtime_link *air,
			     uint16_t device)
{
	const bool request = session_waits_for_each(s);
	const uint16_t header = s->dialect->header;
	struct airtime_link answered = *air;

	if (!request && (s->tune.poor || s->tune.best > 0))
		return airtime_whole_value(air, s->mtu, device, header);
	/*
	 * An answer in most events would cost each a PDU, unless there is room for it.  Values that are
	 * shorter by a PDU would be more, and as many of them would get lost.
	 */
	if (!request && s->flow.answers > 0)
		return airtime_answered_value(air, s->mtu, device, header,
					      s->flow.answers *
						      airtime_notification_us(air, ACK_OCTETS));
	if (s->dialect->answer > 0)
		answered.interval_us -= airtime_notification_us(air, s->dialect->answer);
	return airtime_best_value(&answered, s->mtu, device, header, request);
}

static struct session_choice choose_chunk(const struct session *s, const struct airtime_link *air)
{
	const uint16_t header = s->dialect->header, asked = s->config.chunk;
	const uint16_t device = s->max_value ? s->max_value : OTA_VALUE_MAX;
	const uint16_t by_mtu = (uint16_t)(s->mtu - OTA_ATT_HEADER);
	const uint16_t most = by_mtu < device ? by_mtu : device;
	uint16_t chunk = asked ? asked : value_by_air(s, air, device);

	if (s->told_payload != 0) /* the device was told */
		return choice((uint32_t)s->told_payload + header, asked, SESSION_BY_DIALECT);

	if (chunk > most || chunk <= header)
		chunk = most < OTA_VALUE_MAX ? most : OTA_VALUE_MAX;
	if (asked == 0)
		return choice(chunk, 0,
			      s->flow.answers > 0 ? SESSION_BY_GAPS : SESSION_BY_AIR_TIME);
	if (chunk == asked)
		return choice(chunk, asked, SESSION_ASKED);
	return choice(chunk, asked, by_mtu < asked ? SESSION_BY_MTU : SESSION_BY_DEVICE);
}

static struct session_choice choose_window(const struct session *s, const struct airtime_link *air)
{
	uint32_t window = s->config.window;
	enum session_reason reason = SESSION_ASKED;

	if (session_sector(s) != 0)
		return choice(session_sector(s), window, SESSION_BY_DIALECT);
	if (s->flow.single_to > 0 && s->mode != GATT_REQUEST)
		return choice(s->chunk, window, SESSION_BY_GAPS);
	if (window == 0)
		window = session_flow_window(s, air, &reason);
	if (window < s->chunk)
		return choice(s->chunk, s->config.window, SESSION_BY_CHUNK);
	return choice(window, s->config.window, reason);
}

static void choose_window_in_ring(struct session *s, const struct airtime_link *air)
{
	struct session_choice *c = &s->choices.window;

	*c = choose_window(s, air);
	s->window = c->value;
	if (s->config.window == 0 && session_sector(s) == 0)
		session_flow_erases(s, air);
	/* The credit sees to it; what is in force is the less of both. */
	if (s->have_info && s->info.ring_size > 0 && s->info.ring_size < s->window) {
		c->value = s->info.ring_size;
		c->reason = SESSION_BY_RING;
	}
}

void session_choose(struct session *s)
{
	struct session_choices *c = &s->choices;
	struct airtime_link air;

	session_link(s, &air);
	c->mode = choose_mode(s);
	s->mode = (enum gatt_write)c->mode.value;
	c->chunk = choose_chunk(s, &air);
	s->chunk = (uint16_t)c->chunk.value;
	choose_window_in_ring(s, &air);
	if (!s->dialect->has_acknowledgements)
		c->ack_interval = choice(0, s->config.ack_interval, SESSION_BY_DIALECT);
	if (!s->dialect->has_link)
		session_choose_link(s, &(struct ota_link_request){0});
}

/* The ring is as good a reason as the air: both are how things should be. */
static enum session_note window_note(enum session_reason reason)
{
	return reason == SESSION_BY_GAPS   ? SESSION_NOTE_WINDOW_GAPS
	       : reason == SESSION_BY_RATE ? SESSION_NOTE_WINDOW_RATE
					   : SESSION_NOTE_WINDOW;
}

static void tell_window(struct session *s, enum session_reason before)
{
	const struct session_choice *c = &s->choices.window;

	if (window_note(c->reason) != window_note(before))
		session_note(s, window_note(c->reason), c->value);
}

/* A device acknowledges more often while values get lost. */
static void rechunk(struct session *s, const struct airtime_link *air)
{
	const unsigned int answers = session_flow_answers(s, air);
	const uint16_t chunk = s->chunk;

	if (answers == s->flow.answers)
		return;
	s->flow.answers = answers;
	s->choices.chunk = choose_chunk(s, air);
	s->chunk = (uint16_t)s->choices.chunk.value;
	if (s->chunk != chunk)
		session_note(s, SESSION_NOTE_CHUNK, s->chunk);
}

void session_rewindow(struct session *s)
{
	const enum session_reason reason = s->choices.window.reason;
	struct airtime_link air;

	session_link(s, &air);
	rechunk(s, &air);
	if (s->config.window != 0)
		return;
	choose_window_in_ring(s, &air);
	tell_window(s, reason);
}

/* The link as it will be, where it was asked for and the answer has not come yet. */
static void link_to_come(const struct session *s, struct airtime_link *ret)
{
	const struct session_choices *c = &s->choices;

	session_link(s, ret);
	if (!s->link_waits)
		return;
	if (c->interval.asked > 0)
		ret->interval_us = c->interval.asked * 1250u;
	if (c->phy.asked > 0 && c->phy.reason != SESSION_UNSUPPORTED)
		ret->phy = (enum ota_phy)c->phy.asked;
	if (c->data_length.asked > 0)
		ret->data_length = (uint16_t)c->data_length.asked;
}

/* The least of three bounds: window, ring, and what an ACK may cost. */
uint16_t session_choose_ack(struct session *s)
{
	const uint16_t asked = s->config.ack_interval;
	const uint32_t ring = s->have_info ? s->info.ring_size : 0;
	struct session_choice *c = &s->choices.ack_interval;
	uint32_t window = s->window, value;
	struct airtime_link air;

	if (asked > 0) {
		*c = choice(asked, asked, SESSION_ASKED);
		return asked;
	}
	if (s->config.window == 0) { /* that of the beginning follows from the ACKs in its turn */
		link_to_come(s, &air);
		window = session_flow_calm(
			&air, airtime_ceiling(&air, s->chunk, session_waits_for_each(s)), s->chunk);
	}
	value = ((uint32_t)s->chunk - s->dialect->header) * ACK_VALUES;
	*c = choice(0, 0, SESSION_BY_AIR_TIME);
	if (window / ACKS_WINDOW < value) {
		value = window / ACKS_WINDOW;
		c->reason = SESSION_BY_WINDOW;
	}
	if (value < ACK_LEAST && s->config.window == 0)
		value = ACK_LEAST;
	if (ring > 0 && ring / ACKS_RING <= value)
		*c = choice(0, 0, SESSION_BY_DEVICE);
	else
		c->value = value < UINT16_MAX ? value : UINT16_MAX;
	return (uint16_t)c->value;
}

/* --- the link */

uint16_t session_interval_for(bool phy_2m)
{
	return phy_2m ? INTERVAL_2M : INTERVAL_1M;
}

/* The rate of values of the given length, 0: of the best, over this link. */
static uint32_t rate_at(const struct airtime_link *link, uint16_t interval, uint16_t mtu,
			uint16_t value, uint16_t header, bool request)
{
	struct airtime_link air = *link;

	air.interval_us = interval * 1250u;
	if (value == 0 || value > mtu - OTA_ATT_HEADER)
		value = airtime_best_value(&air, mtu, OTA_VALUE_MAX, header, request);
	return airtime_ceiling(&air, value, request);
}

uint16_t session_interval_on(const struct airtime_link *link, uint16_t usual, uint16_t mtu,
			     uint16_t value, uint16_t header, bool request)
{
	const uint32_t rate = rate_at(link, usual, mtu, value, header, request);

	return rate_at(link, INTERVAL_LEAST, mtu, value, header, request) >
			       rate + rate / INTERVAL_GAIN
		       ? INTERVAL_LEAST
		       : usual;
}

/*
 * An adapter that fills its buffers once an event sends the more, the more events there are.
 * If nothing says so, a longer interval leaves room for the acknowledgements.
 */
static struct session_choice choose_interval(const struct session *s,
					     const struct ota_link_request *asked)
{
	const uint16_t usual = session_interval_for(asked->phys & OTA_PHYS_2M);
	const bool request = choose_mode(s).value == GATT_REQUEST;
	struct airtime_link air;
	uint16_t known, best;

	if (s->tune.best > 0)
		return choice(0, s->tune.best, SESSION_BY_RATE);
	known = s->tune.known[asked->phys & OTA_PHYS_2M ? 1 : 0];
	if (known > 0)
		return choice(0, known, SESSION_BY_ADAPTER);
	session_link(s, &air);
	if (asked->data_length)
		air.data_length = asked->data_length;
	if (asked->phys)
		air.phy = asked->phys & OTA_PHYS_2M ? OTA_PHY_2M : OTA_PHY_1M;
	best = session_interval_on(&air, usual, s->mtu, s->config.chunk, s->dialect->header,
				   request);
	return choice(0, best, best == usual ? SESSION_BY_PHY : SESSION_BY_ADAPTER);
}

/* No side can be asked for any of the link's parameters; why says the reason. */
static void nobody_to_ask(struct session_choices *c, enum session_reason why)
{
	struct session_choice *const all[] = {&c->interval, &c->latency, &c->supervision_timeout,
					      &c->phy, &c->data_length};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i]->reason != SESSION_KEPT)
			all[i]->reason = why;
	}
}

bool session_choose_link(struct session *s, struct ota_link_request *ret)
{
	const struct ota_link_request *asked = &s->config.link;
	const bool interval = s->config.link_auto || asked->interval_min > 0;
	struct session_choices *c = &s->choices;

	*ret = *asked;
	if (!(s->info.phys & OTA_PHYS_2M) && (asked->phys & OTA_PHYS_2M))
		ret->phys = 0;
	c->interval = choice(0, ret->interval_min, interval ? SESSION_ASKED : SESSION_KEPT);
	if (s->config.link_auto) {
		c->interval = choose_interval(s, ret);
		ret->interval_min = ret->interval_max = (uint16_t)c->interval.asked;
	}
	c->latency = choice(0, ret->latency, interval ? SESSION_ASKED : SESSION_KEPT);
	c->supervision_timeout = choice(0, ret->supervision_timeout,
					ret->supervision_timeout ? SESSION_ASKED : SESSION_KEPT);
	c->phy = choice(0,
			asked->phys & OTA_PHYS_2M ? OTA_PHY_2M
			: asked->phys		  ? OTA_PHY_1M
						  : 0,
			ret->phys     ? SESSION_ASKED
			: asked->phys ? SESSION_UNSUPPORTED
				      : SESSION_KEPT);
	c->data_length =
		choice(0, ret->data_length, ret->data_length ? SESSION_ASKED : SESSION_KEPT);
	c->link_code = 0;
	if (!s->dialect->has_link || !(s->info.features & OTA_FEATURE_LINK)) {
		nobody_to_ask(c, s->dialect->has_link ? SESSION_UNSUPPORTED : SESSION_BY_DIALECT);
		return false;
	}
	return ret->interval_min || ret->supervision_timeout || ret->phys || ret->data_length;
}

/* The value that resulted; now 0: it is unknown. */
static void session_choice_settle(const struct session_choices *c, struct session_choice *to,
				  uint32_t now)
{
	to->value = now;
	if ((to->reason == SESSION_ASKED || to->reason == SESSION_BY_PHY ||
	     to->reason == SESSION_BY_ADAPTER || to->reason == SESSION_BY_RATE) &&
	    now != to->asked)
		to->reason = c->link_code != 0 ? SESSION_DECLINED : SESSION_BY_STACK;
}

void session_tell_choices(const struct session *s, const struct ota_link *link,
			  struct session_choices *ret)
{
	*ret = s->choices;
	if (link->interval == 0)
		return;
	session_choice_settle(ret, &ret->interval, link->interval);
	session_choice_settle(ret, &ret->latency, link->latency);
	session_choice_settle(ret, &ret->supervision_timeout, link->supervision_timeout);
	if (link->tx_phy != 0)
		session_choice_settle(ret, &ret->phy, link->tx_phy);
	if (link->tx_octets != 0)
		session_choice_settle(ret, &ret->data_length, link->tx_octets);
}
