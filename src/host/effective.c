/* SPDX-License-Identifier: Apache-2.0 */
/* See effective.h. */
#include "host/effective.h"

#include "base/text.h"
#include "base/output.h"

#include <string.h>

#define L2CAP_HEADER 4u /* length and channel, Core Vol 3 Part A 3.1 */

static void put(const struct profile *asked, enum profile_key key, int32_t value,
		struct effective *ret)
{
	const struct setting *setting = &profile_settings()[key];
	const int32_t wanted = setting_get(setting, asked);

	(void)setting_format(setting, value, ret->value, sizeof(ret->value));
	ret->differs = wanted >= 0 && wanted != value;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
because(struct effective *ret, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(ret->why, sizeof(ret->why), format, ap);
	va_end(ap);
}

/* The link that the choices were made for, also when the device is back on another one. */
static const struct transport_link *link_of(const struct job_snapshot *run)
{
	return run->sent_known ? &run->sent_link : &run->link;
}

static uint16_t mtu_of(const struct job_snapshot *run)
{
	return run->sent_known ? run->sent_mtu : run->mtu;
}

/* --- sending */

static void chunk_why(const struct job_snapshot *run, struct effective *ret)
{
	const struct session_choice *c = &run->choices.chunk;
	const unsigned int octets = airtime_fragment(&run->air);
	const unsigned int frame = run->chunk + OTA_ATT_HEADER + L2CAP_HEADER;
	const unsigned int pdus = octets > 0 ? (frame + octets - 1) / octets : 0;
	const unsigned int last = pdus > 0 ? frame - (pdus - 1) * octets : 0;

	if (c->reason == SESSION_BY_MTU) {
		because(ret, "asked %u: MTU %u leaves %u", c->asked, mtu_of(run),
			mtu_of(run) - OTA_ATT_HEADER);
	} else if (c->reason == SESSION_BY_DEVICE) {
		because(ret, "asked %u: the device accepts no more", c->asked);
	} else if (c->reason == SESSION_BY_GAPS) {
		because(ret, "auto: leaves room for ACKs, as values get lost");
	} else if (pdus > 1 && last < octets / 4u) {
		because(ret, "%s: %u PDUs, the last %u B",
			c->reason == SESSION_BY_AIR_TIME ? "auto" : "as asked", pdus, last);
	} else if (c->reason == SESSION_BY_AIR_TIME && last < octets &&
		   run->chunk + OTA_ATT_HEADER < mtu_of(run)) {
		because(ret, "auto: fills the connection event");
	} else if (c->reason == SESSION_BY_AIR_TIME && pdus > 0) {
		because(ret, "auto: MTU %u, %u PDU%s of %u B", mtu_of(run), pdus,
			pdus == 1 ? "" : "s", octets);
	}
}

static void mode_why(const struct job_snapshot *run, struct effective *ret)
{
	const struct dialect *dialect = dialect_get(run->dialect);

	if (run->choices.mode.reason == SESSION_BY_DEVICE)
		because(ret, "the device offers only this");
	else if (run->choices.mode.reason == SESSION_BY_GAPS)
		because(ret, "auto: commands overtake each other");
	else if (run->choices.mode.reason != SESSION_BY_DIALECT)
		return;
	else if (!dialect->has_acknowledgements)
		because(ret, "auto: a request proves what came before");
	else
		because(ret, "auto: %s dialect finds losses", dialect->name);
}

static void window_why(const struct profile *asked, const struct job_snapshot *run,
		       struct effective *ret)
{
	const struct session_choice *c = &run->choices.window;

	put(asked, PROFILE_KEY_WINDOW, (int32_t)c->value, ret);
	if (c->reason == SESSION_BY_RING)
		because(ret, "limited by the device's ring");
	else if (c->reason == SESSION_BY_DIALECT)
		because(ret, "the %s dialect acknowledges so many at once",
			dialect_get(run->dialect)->name);
	else if (c->reason == SESSION_BY_CHUNK)
		because(ret, "raised to hold one value");
	else if (c->reason == SESSION_BY_RATE)
		because(ret, "auto: follows the measured rate");
	else if (c->reason == SESSION_BY_GAPS)
		because(ret, "auto: small, as values get lost");
	else if (c->reason == SESSION_BY_AIR_TIME && run->chunk > 0)
		because(ret, "auto: %u values fill the link", run->window / run->chunk);
}

static void ack_why(const struct profile *asked, const struct job_snapshot *run,
		    struct effective *ret)
{
	const struct session_choice *c = &run->choices.ack_interval;

	if (c->value > 0)
		put(asked, PROFILE_KEY_ACK_INTERVAL, (int32_t)c->value, ret);
	if (c->reason == SESSION_BY_DIALECT)
		because(ret, "the %s dialect has none", dialect_get(run->dialect)->name);
	else if (c->reason == SESSION_BY_WINDOW)
		because(ret, "auto: a quarter of the window");
	else if (c->reason == SESSION_BY_AIR_TIME)
		because(ret, "auto: costs the link little");
	else if (c->reason == SESSION_BY_DEVICE)
		because(ret, "auto: the device's own choice");
}

static void sending(const struct profile *asked, const struct job_snapshot *run,
		    enum profile_key key, struct effective *ret)
{
	const struct dialect *dialect = dialect_get(run->dialect);
	const bool basic_pacing = dialect->paced || !dialect_tells_received(dialect, run->mode);

	if (run->chunk == 0) {
		because(ret, "chosen when an upload begins");
		return;
	}
	if (key == PROFILE_KEY_CHUNK) {
		put(asked, key, run->chunk, ret);
		chunk_why(run, ret);
	} else if (key == PROFILE_KEY_WRITE_MODE) {
		put(asked, key, (int32_t)run->mode, ret);
		mode_why(run, ret);
	} else if (key == PROFILE_KEY_WINDOW) {
		window_why(asked, run, ret);
	} else if (key == PROFILE_KEY_ACK_INTERVAL) {
		ack_why(asked, run, ret);
	} else if ((key == PROFILE_KEY_BASIC_PACING) == basic_pacing) {
		put(asked, key, (int32_t)run->pacing_us, ret);
		if (ret->differs && dialect->paced)
			because(ret, "the device asks for each part");
	} else {
		because(ret, basic_pacing ? "full dialect only" : "commands of the basic dialect");
	}
}

/* --- the link */

/* The value chosen for the link; NULL: it is no key of the link. */
static const struct session_choice *link_choice(const struct job_snapshot *run,
						enum profile_key key)
{
	return key == PROFILE_KEY_CONNECTION_INTERVAL	? &run->choices.interval
	       : key == PROFILE_KEY_PERIPHERAL_LATENCY	? &run->choices.latency
	       : key == PROFILE_KEY_SUPERVISION_TIMEOUT ? &run->choices.supervision_timeout
	       : key == PROFILE_KEY_PHY			? &run->choices.phy
	       : key == PROFILE_KEY_DATA_LENGTH		? &run->choices.data_length
							: NULL;
}

static void auto_why(enum profile_key key, struct effective *ret)
{
	if (key == PROFILE_KEY_CONNECTION_INTERVAL)
		because(ret, "auto: requested to suit PHY");
	else if (key == PROFILE_KEY_DATA_LENGTH)
		because(ret, "auto: asked for 251");
}

/* One of: as asked, left alone, chosen, or somebody had another mind. */
static void link_why(const struct profile *asked, const struct job_snapshot *run,
		     enum profile_key key, struct effective *ret)
{
	const struct setting *setting = &profile_settings()[key];
	const struct session_choice *c = link_choice(run, key);
	const int32_t wanted = setting_get(setting, asked);
	char text[SETTING_TEXT_MAX];

	(void)setting_format(setting, wanted, text, sizeof(text));
	switch (c ? c->reason : SESSION_NOT_CHOSEN) {
	case SESSION_KEPT:
		because(ret, "kept: nothing was requested");
		return;
	case SESSION_NOT_CHOSEN:
		ret->differs = false;
		because(ret, "requested when an upload begins");
		return;
	case SESSION_BY_DIALECT:
		if (ret->differs || wanted == PROFILE_AUTO)
			because(ret, "%s dialect cannot ask for it",
				dialect_get(run->dialect)->name);
		return;
	case SESSION_UNSUPPORTED:
		if (key == PROFILE_KEY_PHY && !(run->info.phys & OTA_PHYS_2M))
			because(ret, "%s%s: the chip has no 2M",
				wanted == PROFILE_AUTO ? "" : "asked ", text);
		else
			because(ret, "the device cannot request it");
		return;
	case SESSION_DECLINED:
	case SESSION_BY_STACK:
		if (wanted == PROFILE_AUTO)
			auto_why(key, ret);
		else if (ret->differs && c->reason == SESSION_DECLINED)
			because(ret, "asked %s: device: %s", text,
				ota_code_name(run->choices.link_code));
		else if (ret->differs)
			because(ret, "asked %s, got %s: adapter chose", text, ret->value);
		return;
	case SESSION_ASKED:
	case SESSION_BY_PHY:
		if (wanted == PROFILE_AUTO)
			auto_why(key, ret);
		return;
	case SESSION_BY_ADAPTER:
		because(ret, "auto: suits the adapter's buffers");
		return;
	case SESSION_BY_RATE:
		because(ret, "auto: measured to be faster");
		return;
	case SESSION_BY_AIR_TIME:
	case SESSION_BY_GAPS:
	case SESSION_BY_WINDOW:
	case SESSION_BY_CHUNK:
	case SESSION_BY_MTU:
	case SESSION_BY_RING:
	case SESSION_BY_DEVICE:
	case SESSION_REASONS:
		break;
	}
}

static void link_key(const struct profile *asked, const struct job_snapshot *run,
		     enum profile_key key, struct effective *ret)
{
	const struct ota_link *link = &link_of(run)->link;
	int32_t value = 0;

	if (key == PROFILE_KEY_CONNECTION_INTERVAL)
		value = link->interval;
	else if (key == PROFILE_KEY_PERIPHERAL_LATENCY)
		value = link->latency;
	else if (key == PROFILE_KEY_SUPERVISION_TIMEOUT)
		value = link->supervision_timeout * 10;
	else if (key == PROFILE_KEY_PHY)
		value = link->tx_phy;
	else if (key == PROFILE_KEY_DATA_LENGTH)
		value = link->tx_octets;
	if (link->interval == 0 || (value == 0 && key != PROFILE_KEY_PERIPHERAL_LATENCY)) {
		because(ret, "no source reports it");
		return;
	}
	put(asked, key, value, ret);
	link_why(asked, run, key, ret);
}

static void mtu_key(const struct profile *asked, const struct job_snapshot *run,
		    struct effective *ret)
{
	if (mtu_of(run) == 0) {
		because(ret, "no source reports it");
		return;
	}
	put(asked, PROFILE_KEY_MTU_MAX, mtu_of(run), ret);
	if (mtu_of(run) < asked->mtu_max)
		because(ret, "adapter and device agreed");
	/* The profile's is a limit: less is no refusal. */
	ret->differs = false;
}

/* The rule is that of write_wishes() in session_full.c. */
static void prepare_key(const struct profile *asked, const struct job_snapshot *run,
			struct effective *ret)
{
	const bool goes_on =
		(run->info.abilities & (OTA_ABILITY_AUTO_SUSPEND | OTA_ABILITY_XIP_PSRAM)) != 0;
	const bool changes = run->stats.link.code != 0xff; /* a LINK was answered */
	enum profile_prepare is = asked->prepare;

	if (is == PROFILE_PREPARE_YES && !(run->info.features & OTA_FEATURE_PREPARE)) {
		is = PROFILE_PREPARE_NO;
		because(ret, "not offered");
	} else if (is == PROFILE_PREPARE_YES && !goes_on && changes) {
		is = PROFILE_PREPARE_NO;
		because(ret, "an erase stops it, and the link changes");
	}
	put(asked, PROFILE_KEY_PREPARE, (int32_t)is, ret);
}

void effective(const struct profile *asked, const struct job_snapshot *run, enum profile_key key,
	       struct effective *ret)
{
	memset(ret, 0, sizeof(*ret));
	switch (key) {
	case PROFILE_KEY_CHUNK:
	case PROFILE_KEY_WRITE_MODE:
	case PROFILE_KEY_WINDOW:
	case PROFILE_KEY_PACING:
	case PROFILE_KEY_BASIC_PACING:
	case PROFILE_KEY_ACK_INTERVAL:
		if (run)
			sending(asked, run, key, ret);
		return;
	case PROFILE_KEY_MTU_MAX:
		if (run)
			mtu_key(asked, run, ret);
		return;
	case PROFILE_KEY_CONNECTION_INTERVAL:
	case PROFILE_KEY_PERIPHERAL_LATENCY:
	case PROFILE_KEY_SUPERVISION_TIMEOUT:
	case PROFILE_KEY_PHY:
	case PROFILE_KEY_DATA_LENGTH:
		if (run)
			link_key(asked, run, key, ret);
		return;
	case PROFILE_KEY_PREPARE:
		if (run)
			prepare_key(asked, run, ret);
		return;
	case PROFILE_KEY_TELEMETRY:
		if (run && !dialect_get(run->dialect)->has_telemetry)
			because(ret, "the %s dialect has none", dialect_get(run->dialect)->name);
		else if (run)
			(void)profile_get(asked, key, ret->value, sizeof(ret->value));
		return;
	case PROFILE_KEY_DESCRIPTION:
		return;
	case PROFILE_KEY_ACK_TIMEOUT:
	case PROFILE_KEY_RETRIES:
	case PROFILE_KEY_BACKOFF:
	case PROFILE_KEY_BACKOFF_MAX:
	case PROFILE_KEY_CONNECT_TIMEOUT:
	case PROFILE_KEY_READY_TIMEOUT:
	case PROFILE_KEY_BASIC_READY_TIMEOUT:
	case PROFILE_KEY_VERIFY_TIMEOUT:
	case PROFILE_KEY_RECONNECT_TIMEOUT:
	case PROFILE_KEY_STALL:
	case PROFILE_KEY_STALL_ACTION:
	case PROFILE_KEY_PAUSE_BELOW:
	case PROFILE_KEY_CONTINUE_ABOVE:
	case PROFILE_KEY_CONFIRM:
	case PROFILE_KEY_SIGNATURE:
	case PROFILE_KEY_STREAM:
	case PROFILE_KEY_SKIP:
	case PROFILE_KEYS:
		break;
	}
	/* The key is otabench's own: neither device nor link has a say. */
	if (run && key < PROFILE_KEYS)
		(void)profile_get(asked, key, ret->value, sizeof(ret->value));
}

/* --- the ceiling */

/* An upload may bring another value; not where it was decided otherwise, or none can be asked. */
static bool can_change(const struct job_snapshot *run, const struct session_choice *c)
{
	return (run->dialect == DIALECT_UNKNOWN || dialect_get(run->dialect)->has_link) &&
	       c->reason != SESSION_DECLINED && c->reason != SESSION_BY_STACK &&
	       c->reason != SESSION_UNSUPPORTED;
}

bool effective_can_ask(const struct job_snapshot *run)
{
	return can_change(run, &run->choices.interval);
}

void effective_link(const struct profile *profile, const struct job_snapshot *run,
		    struct airtime_link *ret)
{
	const bool known = run && link_of(run)->link.interval > 0;

	*ret = (struct airtime_link){.phy = OTA_PHY_2M, .data_length = 251};
	if (known) {
		const struct transport_link *link = link_of(run);

		ret->interval_us = link->link.interval * 1250u;
		ret->phy = link->link.tx_phy == OTA_PHY_1M ? OTA_PHY_1M : OTA_PHY_2M;
		ret->data_length = link->link.rx_octets >= 27 ? link->link.rx_octets : 27;
		ret->encrypted = link->encrypted;
		ret->buffers = link->buffers;
		ret->buffer_octets = link->buffer_octets;
		ret->refill = link->refill;
	}
	if (!known || can_change(run, &run->choices.phy)) {
		if (profile->phy == PROFILE_PHY_1M ||
		    (run && run->have_info && !(run->info.phys & OTA_PHYS_2M)))
			ret->phy = OTA_PHY_1M;
		else if (profile->phy == PROFILE_PHY_2M || profile->phy == PROFILE_PHY_AUTO)
			ret->phy = OTA_PHY_2M;
	}
	if (profile->data_length != PROFILE_KEEP &&
	    (!known || can_change(run, &run->choices.data_length)))
		ret->data_length = profile->data_length > 0 ? (uint16_t)profile->data_length : 251;
	if (known && !can_change(run, &run->choices.interval))
		return;
	if (profile->connection_interval > 0)
		ret->interval_us = (uint32_t)profile->connection_interval * 1250u;
	else if (profile->connection_interval == PROFILE_AUTO || !known)
		ret->interval_us = session_interval_for(ret->phy == OTA_PHY_2M) * 1250u;
}

uint32_t effective_ceiling(const struct profile *profile, const struct job_snapshot *run,
			   char *text, size_t size)
{
	const bool known = run && link_of(run)->link.interval > 0;
	const struct dialect *dialect = dialect_get(run ? run->dialect : DIALECT_UNKNOWN);
	const bool request = profile->write_mode == GATT_REQUEST ||
			     (dialect->write_mode == GATT_REQUEST && !dialect->bursts &&
			      profile->write_mode == PROFILE_AUTO);
	uint16_t mtu = (uint16_t)profile->mtu_max;
	char rate[OUTPUT_FIGURE_MAX], ms[TEXT_WORD_MAX];
	struct airtime_link link;
	uint32_t ceiling;
	uint16_t value;

	if (run && mtu_of(run) > 0 && mtu_of(run) < mtu)
		mtu = mtu_of(run);
	effective_link(profile, run, &link);
	value = airtime_best_value(&link, mtu, OTA_VALUE_MAX, dialect->header, request);
	if (profile->chunk > 0 && profile->chunk <= mtu - (int32_t)OTA_ATT_HEADER)
		value = (uint16_t)profile->chunk;
	ceiling = airtime_ceiling(&link, value, request);
	(void)snprintf(text, size, "predicted ceiling %s: %u-byte %s, %s ms, %s, DLE %u%s",
		       output_rate(ceiling, rate, sizeof(rate)), value,
		       request ? "requests" : "commands",
		       text_format_decimal(link.interval_us / 10, 2, ms, sizeof(ms)),
		       link.phy == OTA_PHY_2M ? "2M" : "1M", airtime_fragment(&link),
		       known ? "" : " (assumed)");
	return ceiling;
}
