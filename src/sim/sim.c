/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator's central: the contract of transport.h over an ATT client and
 * a modelled link to one of the virtual ESP32s.
 *
 * Like bluetoothd it takes write commands without end and tells nothing of
 * their fate; like Linux it starts a link at 50 ms with a supervision timeout
 * of 420 ms, and grants what the peripheral asks for unless the user pinned it.
 */
#include "sim/sim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINUX_INTERVAL 40u /* 50 ms; hci_conn's le_conn_max_interval is 0x0038 = 70 ms at most */
#define LINUX_SUPERVISION 42u /* 420 ms, hci_core.c le_supv_timeout */
#define CONNECT_US 10000000u /* gives up when the device was not heard */

static uint64_t sim_now(struct transport *t)
{
	return sched_now(&sim_of(t)->sched);
}

static void sim_on_alarm(void *ctx, uint64_t now_us)
{
	const struct transport_event event = {.kind = TRANSPORT_ALARM};

	(void)now_us;
	sim_emit(ctx, &event);
}

static int sim_set_alarm(struct transport *t, uint64_t at_us)
{
	struct sim *sim = sim_of(t);

	if (at_us == UINT64_MAX)
		sched_cancel(&sim->sched, &sim->alarm);
	else
		sched_at(&sim->sched, &sim->alarm, at_us);
	sim_clock_kick(sim);
	return 0;
}

/* --- scanning */

static void listen(struct sim *sim)
{
	fleet_listen(sim->fleet, sim->scanning || sim->connecting);
	sim_clock_kick(sim);
}

static int sim_scan_start(struct transport *t)
{
	struct sim *sim = sim_of(t);

	if (sim->cycling)
		return -OTA_ENODEV;
	if (sim->link || sim->connecting)
		return -OTA_EBUSY;
	sim->scanning = true;
	listen(sim);
	return sim_calls_made(sim, SIM_CALL_SCAN, GATT_CHRS, 0, "start scanning");
}

static int sim_scan_stop(struct transport *t)
{
	struct sim *sim = sim_of(t);

	if (sim->scanning)
		(void)sim_calls_made(sim, SIM_CALL_SCAN, GATT_CHRS, 0, "stop scanning");
	sim->scanning = false;
	listen(sim);
	return 0;
}

/* --- the link's end */

struct link_use {
	struct link *link;
	bool central, peripheral; /* still in use by */
};

/* Both sides hear of the end at different times; the last one closes the door. */
static void link_unused(struct link_use *use)
{
	if (use->central || use->peripheral)
		return;
	link_destroy(use->link);
	free(use);
}

static void on_released(void *ctx)
{
	struct link_use *use = ctx;

	use->peripheral = false;
	link_unused(use);
}

static void forget_link(struct sim *sim)
{
	struct link_use *use = sim->use;

	sim_gatt_finish(sim);
	sim_security_end(sim);
	sim->link = NULL;
	sim->use = NULL;
	sim->target = NULL;
	sim->mtu = ATT_MTU_MIN;
	if (use) {
		use->central = false;
		link_unused(use);
	}
}

static void sim_ended(struct sim *sim, enum gatt_reason reason)
{
	const struct transport_event event = {.kind = TRANSPORT_DISCONNECTED, .reason = reason};

	sim->connecting = false;
	sched_cancel(&sim->sched, &sim->give_up);
	listen(sim);
	forget_link(sim);
	sim_emit(sim, &event);
}

static void sim_on_disconnected(void *ctx, uint8_t reason)
{
	struct sim *sim = ctx;
	enum gatt_reason why = GATT_UNKNOWN;

	if (sim->key_missing)
		why = GATT_KEY_MISSING;
	else if (reason == LINK_REASON_LOCAL_HOST)
		why = GATT_BY_HOST;
	else if (reason == LINK_REASON_REMOTE_USER || reason == LINK_REASON_REMOTE_POWER)
		why = GATT_BY_DEVICE;
	else if (reason == LINK_REASON_TIMEOUT)
		why = GATT_SUPERVISION;
	else if (reason == LINK_REASON_NOT_ESTABLISHED)
		why = GATT_CONNECT_FAILED;
	sim_ended(sim, why);
}

/* --- the link's beginning */

static void sim_on_frame(void *ctx, uint16_t cid, const uint8_t *buf, size_t len)
{
	struct sim *sim = ctx;

	if (cid == LINK_CID_ATT && sim->link)
		attc_input(&sim->client, buf, len);
	else if (cid == LINK_CID_SECURITY && sim->link)
		sim_security_input(sim, buf, len);
}

static void sim_on_changed(void *ctx, enum link_procedure procedure, uint8_t code)
{
	struct sim *sim = ctx;
	const struct transport_event event = {.kind = TRANSPORT_LINK};

	sim_emit(ctx, &event);
	if (procedure == LINK_ENCRYPTION && sim->link)
		sim_security_changed(sim, code);
}

/* A pinned interval stays; the rest of the peripheral's wish is granted by update. */
static bool on_wish(void *ctx, const struct link_params *wish)
{
	struct sim *sim = ctx;
	struct link_params mine = *wish;

	if (sim->config.interval == 0)
		return true;
	mine.interval_min = mine.interval_max = sim->config.interval;
	if (sim->config.supervision)
		mine.supervision_timeout = sim->config.supervision;
	if (mine.interval_min == wish->interval_min && mine.interval_max == wish->interval_max &&
	    mine.supervision_timeout == wish->supervision_timeout)
		return true;
	(void)link_update_params(sim->link, LINK_CENTRAL, &mine);
	return false;
}

static const struct link_ops link_side_ops = {
	.frame = sim_on_frame,
	.changed = sim_on_changed,
	.disconnected = sim_on_disconnected,
	.accept_params = on_wish,
};

static struct link_config link_config_of(struct sim *sim)
{
	const struct sim_config *c = &sim->config;
	const uint16_t interval = c->interval ? c->interval : LINUX_INTERVAL;
	const uint16_t longest = c->kind.data_length ? c->kind.data_length : 251;

	return (struct link_config){
		.params =
			{
				.interval_min = interval,
				.interval_max = interval,
				.supervision_timeout =
					c->supervision ? c->supervision : LINUX_SUPERVISION,
			},
		.phy = c->phy == OTA_PHY_UNKNOWN ? OTA_PHY_1M : c->phy,
		.data_length = longest,
		.encrypted = c->encrypted,
		.unchecked = c->supervision > 0,
		.seed = rng_u64(&sim->rng),
		.first_anchor_us = interval * 1250u,
		.sides[LINK_CENTRAL] =
			{
				.ops = &link_side_ops,
				.ctx = sim,
				.buffers = c->buffers,
				.buffer_octets = c->buffer_octets,
				.refill = (c->refill && !c->late) || c->buffers == 0,
				.late = c->late,
				.host_latency_us = 200,
				.phys = (uint8_t)(c->phy == OTA_PHY_UNKNOWN
							  ? OTA_PHYS_1M | OTA_PHYS_2M
							  : (c->phy == OTA_PHY_2M ? OTA_PHYS_2M
										  : OTA_PHYS_1M)),
				.data_length = longest,
				.loss_ppm = c->kind.loss_ppm,
				.rssi = esp_rssi(sim->target),
				.rssi_spread = 6,
			},
	};
}

/* An interval too long for Linux's supervision timeout gets one that fits. */
static void fit_supervision(struct link_params *p)
{
	const uint32_t least = (uint32_t)p->interval_max * (1u + p->latency) * 2u / 8u + 1u;

	if (p->supervision_timeout < least + 10u)
		p->supervision_timeout = (uint16_t)(least + 10u);
}

static void made(struct sim *sim, uint16_t conn)
{
	const struct transport_event event = {.kind = TRANSPORT_CONNECTED, .mtu = ATT_MTU_MIN};

	sim->connecting = false;
	sched_cancel(&sim->sched, &sim->give_up);
	listen(sim);
	esp_connected(sim->target, conn, sim_address(), sim->link, on_released, sim->use);
	sim_security_begin(sim);
	sim_gatt_begin(sim);
	sim_emit(sim, &event);
}

static void make_link(struct sim *sim)
{
	struct link_config config = link_config_of(sim);
	uint16_t conn;

	if (esp_accept(sim->target, &config.sides[LINK_PERIPHERAL], &conn) < 0)
		return; /* not yet; the next advertisement tells */
	if (sim->config.phy == OTA_PHY_2M)
		config.sides[LINK_PERIPHERAL].phys |= OTA_PHYS_2M;
	if (!config.unchecked)
		fit_supervision(&config.params);
	sim->use = calloc(1, sizeof(*sim->use));
	if (!sim->use || link_create(&sim->sched, &config, &sim->link) < 0) {
		esp_not_connected(sim->target, conn);
		free(sim->use);
		sim->use = NULL;
		sim_ended(sim, GATT_CONNECT_FAILED);
		return;
	}
	*sim->use = (struct link_use){.link = sim->link, .central = true, .peripheral = true};
	sim_apply_air(sim);
	made(sim, conn);
}

/* A device was heard. */
static void sim_on_heard(void *ctx, struct esp *esp)
{
	struct sim *sim = ctx;
	const struct transport_advertisement adv = {
		.address = esp_address(esp),
		.name = esp_name(esp),
		.rssi = esp_rssi(esp),
		.dialects = esp_advertised_dialects(esp),
		.connectable = true,
	};
	const struct transport_event event = {.kind = TRANSPORT_ADVERTISEMENT, .adv = &adv};

	if (sim->connecting && sim->target == esp)
		make_link(sim);
	else if (sim->scanning)
		sim_emit(sim, &event);
}

static void on_give_up(void *ctx, uint64_t now_us)
{
	(void)now_us;
	sim_ended(ctx, GATT_NOT_FOUND);
}

static int sim_connect(struct transport *t, const char *address)
{
	struct sim *sim = sim_of(t);
	char what[64];

	if (sim->cycling)
		return -OTA_ENODEV;
	if (sim->link || sim->connecting)
		return -OTA_EBUSY;
	sim->scanning = false;
	sim->target = fleet_find(sim->fleet, address);
	sim->connecting = true;
	sched_at(&sim->sched, &sim->give_up,
		 sched_now(&sim->sched) + (sim->target ? CONNECT_US : 1000000u));
	listen(sim);
	(void)snprintf(what, sizeof(what), "connect %.40s", address);
	return sim_calls_made(sim, SIM_CALL_CONNECT, GATT_CHRS, 0, what);
}

static void on_aborted(void *ctx, uint64_t now_us)
{
	(void)now_us;
	sim_ended(ctx, GATT_BY_HOST);
}

static int sim_disconnect(struct transport *t)
{
	struct sim *sim = sim_of(t);

	if (sim->connecting) {
		sim->connecting = false;
		sched_cancel(&sim->sched, &sim->give_up);
		sched_at(&sim->sched, &sim->later, sched_now(&sim->sched));
		sim_clock_kick(sim);
		return 0;
	}
	if (!sim->link)
		return -OTA_ENOTCONN;
	sim->asking = false;
	(void)sim_calls_made(sim, SIM_CALL_DISCONNECT, GATT_CHRS, 0, "disconnect");
	sim_clock_kick(sim);
	return link_terminate(sim->link, LINK_CENTRAL, LINK_REASON_REMOTE_USER);
}

static void sim_link_state(struct transport *t, struct transport_link *ret)
{
	struct sim *sim = sim_of(t);
	struct link_state now;

	memset(ret, 0, sizeof(*ret));
	ret->rssi = 127;
	ret->buffers = sim->config.buffers;
	ret->buffer_octets = sim->config.buffer_octets;
	ret->refill = sim->config.refill || sim->config.buffers == 0;
	ret->buffer_source = TRANSPORT_SOURCE_MODEL;
	ret->misremembered = sim->misremembered;
	ret->bonded = sim->table_of && sim_security_bonded(sim, sim->table_of);
	if (!sim->link)
		return;
	link_get_state(sim->link, &now);
	ret->link.interval = now.interval;
	ret->link.latency = now.latency;
	ret->link.supervision_timeout = now.supervision_timeout;
	ret->link.tx_phy = ret->link.rx_phy = (uint8_t)now.phy;
	ret->link.tx_octets = ret->link.rx_octets = now.data_length;
	ret->link.mtu = sim->mtu;
	ret->encrypted = now.encrypted;
	ret->rssi = link_rssi(sim->link, LINK_CENTRAL);
	ret->mtu_source = ret->link_source = ret->rssi_source = TRANSPORT_SOURCE_MODEL;
}

static void sim_destroy(struct transport *t)
{
	struct sim *sim = sim_of(t);

	sim->base.handler = NULL;
	forget_link(sim);
	fleet_destroy(sim->fleet);
	sim_clock_destroy(sim);
	sim_turn_destroy(sim);
	sched_finish(&sim->sched);
	free(sim);
}

static const struct transport_ops sim_ops = {
	.name = "sim",
	.now_us = sim_now,
	.set_alarm = sim_set_alarm,
	.scan_start = sim_scan_start,
	.scan_stop = sim_scan_stop,
	.connect = sim_connect,
	.disconnect = sim_disconnect,
	.offer_mtu = sim_gatt_offer_mtu,
	.discover = sim_gatt_discover,
	.subscribe = sim_gatt_subscribe,
	.read = sim_gatt_read,
	.write = sim_gatt_write,
	.passkey = sim_passkey,
	.hold = sim_hold,
	.link_state = sim_link_state,
	.inject = sim_inject,
	.facts = sim_facts,
	.maintenance = sim_maintenance,
	.table = sim_table,
	.destroy = sim_destroy,
};

static uint8_t phys_of(enum ota_phy pinned)
{
	if (pinned == OTA_PHY_UNKNOWN)
		return 0;
	return pinned == OTA_PHY_2M ? OTA_PHYS_2M | OTA_PHYS_1M : OTA_PHYS_1M;
}

static int make_fleet(struct sim *sim, char *ret_text, size_t size)
{
	const struct sim_config *c = &sim->config;
	struct fleet_config config = {
		.sched = &sim->sched,
		.kind = c->kind,
		.show = sim_security_shown,
		.heard = sim_on_heard,
		.ctx = sim,
		.log = c->log,
		.log_ctx = c->log_ctx,
	};

	config.kind.phys = phys_of(c->phy);
	return fleet_create(&config, &sim->fleet, ret_text, size);
}

int sim_create(sd_event *event, const struct sim_config *config, struct transport **ret,
	       char *ret_text, size_t size)
{
	struct sim *sim;
	int rc;

	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return -OTA_ENOMEM;
	sim->config = *config;
	sim->event = sim->base.event = event;
	sim->base.ops = &sim_ops;
	sim->base.virtual_clock = true;
	sim->mtu = ATT_MTU_MIN;
	sched_init(&sim->sched, 0);
	rng_init(&sim->rng, config->kind.seed);
	sim->alarm = (struct sched_event){.fn = sim_on_alarm, .ctx = sim};
	sim->later = (struct sched_event){.fn = on_aborted, .ctx = sim};
	sim->give_up = (struct sched_event){.fn = on_give_up, .ctx = sim};
	sim->faulty = (struct sched_event){.fn = sim_faulty, .ctx = sim};
	sim_turn_create(sim);
	sim->cycle = (struct sched_event){.fn = sim_maintenance_step, .ctx = sim};
	rc = sim_clock_create(sim);
	if (rc == 0)
		rc = make_fleet(sim, ret_text, size);
	if (rc < 0) {
		sim_destroy(&sim->base);
		return rc;
	}
	sim_clock_kick(sim);
	*ret = &sim->base;
	return 0;
}

struct esp *sim_device(struct transport *t, const char *name_or_address)
{
	return fleet_find(sim_of(t)->fleet, name_or_address);
}

struct sched *sim_sched(struct transport *t)
{
	return &sim_of(t)->sched;
}
