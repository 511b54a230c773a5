/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated central's security, as Linux has it: an access that the device refuses until there
 * is encryption waits until the link is paired and encrypted, and is made again then
 * (change_security() of BlueZ's src/shared/att.c); a device with a bond is met with encryption from
 * the start.  Bonds last as long as the simulator.
 */
#include "sim/sim_priv.h"

#include <string.h>

/* ... as otabench-radio's adapter: locally administered, so that it is no maker's. */
static const uint8_t own_address[ESP_PEER] = {0x02, 0x00, 0x00, 0xe0, 0x0b, 0x02, 0};

const uint8_t *sim_address(void)
{
	return own_address;
}

/* --- bonds */

static struct sim_bond *sim_security_bond_of(struct sim *sim, const struct esp *esp)
{
	for (unsigned int i = 0; i < sim->bond_count; i++)
		if (sim->bonds[i].esp == esp)
			return &sim->bonds[i];
	return NULL;
}

bool sim_security_bonded(const struct sim *sim, const struct esp *esp)
{
	for (unsigned int i = 0; i < sim->bond_count; i++)
		if (sim->bonds[i].esp == esp)
			return true;
	return false;
}

static void bond_add(struct sim *sim, const struct smp_key *key)
{
	struct sim_bond *bond = sim_security_bond_of(sim, sim->target);

	if (!bond && sim->bond_count < FLEET_DEVICES_MAX)
		bond = &sim->bonds[sim->bond_count++];
	if (bond)
		*bond = (struct sim_bond){.esp = sim->target, .key = *key};
}

void sim_security_forget(struct sim *sim, const struct esp *esp)
{
	struct sim_bond *bond = sim_security_bond_of(sim, esp);

	if (bond)
		*bond = sim->bonds[--sim->bond_count];
}

/* --- what waits for the link */

static void tell_written(struct sim *sim, enum gatt_chr chr, int status)
{
	const struct transport_event event = {
		.kind = TRANSPORT_WRITTEN, .chr = chr, .status = status};

	sim->writing[chr] = false;
	sim_emit(sim, &event);
}

/* Asks again, or gives up what the device refused. */
static void sim_security_settle(struct sim *sim, int status)
{
	for (enum gatt_chr chr = GATT_CONTROL; chr <= GATT_DATA; chr++) {
		struct sim_asked *asked = &sim->asked[chr];

		if (!asked->waits)
			continue;
		asked->waits = false;
		asked->again = true;
		if (status == 0)
			status = attc_write(&sim->client, sim->chrs[chr]->value_handle,
					    asked->bytes, asked->len);
		if (status < 0)
			tell_written(sim, chr, status);
		if (!sim->link)
			return; /* the host hung up from within */
	}
}

static void sim_security_ended(void *ctx, uint64_t now_us)
{
	struct sim *sim = ctx;
	const struct transport_event event = {.kind = TRANSPORT_PAIRED,
					      .status = sim->pairing_status};

	(void)now_us;
	sim_emit(sim, &event);
	if (sim->link)
		sim_security_settle(sim, sim->pairing_status);
}

/* Told from the queue, since it may happen within a call. */
static void end(struct sim *sim, int status)
{
	sim->pairing_status = status;
	sim->pairing_over = (struct sched_event){.fn = sim_security_ended, .ctx = sim};
	sched_at(&sim->sched, &sim->pairing_over, sched_now(&sim->sched));
}

static void pair(struct sim *sim)
{
	const int rc = smp_pair(&sim->smp);

	if (rc < 0 && rc != -OTA_EBUSY)
		end(sim, -OTA_EPERM);
}

bool sim_security_refused(struct sim *sim, enum gatt_chr chr, int error)
{
	struct sim_asked *asked = &sim->asked[chr];

	if ((error != ATT_ERR_AUTHENTICATION && error != ATT_ERR_ENCRYPTION) || asked->again ||
	    asked->len == 0)
		return false;
	asked->waits = true;
	if (!sim->encrypting)
		pair(sim);
	return true;
}

void sim_security_asked(struct sim *sim, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	struct sim_asked *asked;

	if (chr > GATT_DATA || len > sizeof(asked->bytes))
		return;
	asked = &sim->asked[chr];
	asked->again = false;
	asked->len = len;
	memcpy(asked->bytes, buf, len);
}

/* --- pairing */

static void sim_security_on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct sim *sim = ctx;

	(void)link_send(sim->link, LINK_CENTRAL, LINK_CID_SECURITY, pdu, len);
}

static void sim_security_on_random(void *ctx, uint8_t *buf, size_t len)
{
	struct sim *sim = ctx;

	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rng_below(&sim->rng, 256);
}

static void on_ask(void *ctx)
{
	struct sim *sim = ctx;
	const struct transport_event event = {.kind = TRANSPORT_PASSKEY, .passkey = sim->shown};

	sim->asking = true;
	sim_emit(sim, &event);
}

static void encrypt(struct sim *sim, const struct smp_key *key)
{
	struct link_key link_key = {.ediv = key->ediv};

	memcpy(link_key.ltk, key->ltk, sizeof(link_key.ltk));
	memcpy(link_key.rand, key->rand, sizeof(link_key.rand));
	sim->encrypting = link_encrypt(sim->link, &link_key) == 0;
}

static void on_encrypt(void *ctx, const struct smp_key *key)
{
	encrypt(ctx, key);
}

static void sim_security_on_paired(void *ctx, const struct smp_key *key, bool bond)
{
	if (bond)
		bond_add(ctx, key);
	end(ctx, 0);
}

static void sim_security_on_failed(void *ctx, unsigned int reason)
{
	((struct sim *)ctx)->asking = false;
	end(ctx, reason == SMP_REASON_TIMEOUT ? -OTA_ETIMEDOUT : -OTA_EPERM);
}

static const struct smp_ops smp_ops = {
	.send = sim_security_on_send,
	.random = sim_security_on_random,
	.ask = on_ask,
	.encrypt = on_encrypt,
	.paired = sim_security_on_paired,
	.failed = sim_security_on_failed,
};

/* cppcheck-suppress constParameter ; as struct fleet_config has it */
void sim_security_shown(void *ctx, struct esp *esp, int32_t passkey)
{
	struct sim *sim = ctx;

	if (esp == sim->target)
		sim->shown = passkey;
}

void sim_security_begin(struct sim *sim)
{
	const uint8_t *address = esp_address_octets(sim->target);
	const struct sim_bond *bond = sim_security_bond_of(sim, sim->target);
	struct smp_config config = {
		.ops = &smp_ops,
		.ctx = sim,
		.sched = &sim->sched,
		.initiator = true,
		.io = SMP_KEYBOARD_ONLY,
		.secure_connections = true,
	};

	memcpy(config.own, own_address, sizeof(config.own));
	for (unsigned int i = 0; i < 6; i++)
		config.peer[i] = address[5 - i];
	config.peer[6] = esp_address_type(sim->target);
	smp_init(&sim->smp, &config);
	memset(sim->asked, 0, sizeof(sim->asked));
	sim->encrypting = sim->asking = sim->key_missing = false;
	sim->shown = -1;
	/* Encrypted, the device would tell what it owes to the bond. */
	if (bond && !sim->looking)
		encrypt(sim, &bond->key);
}

void sim_security_end(struct sim *sim)
{
	smp_finish(&sim->smp);
	sched_cancel(&sim->sched, &sim->pairing_over);
	memset(sim->asked, 0, sizeof(sim->asked));
	sim->encrypting = sim->asking = sim->key_missing = false;
}

void sim_security_input(struct sim *sim, const uint8_t *buf, size_t len)
{
	smp_input(&sim->smp, buf, len);
}

void sim_security_changed(struct sim *sim, uint8_t code)
{
	sim->encrypting = false;
	if (smp_busy(&sim->smp)) {
		smp_encrypted(&sim->smp, code == 0);
	} else if (code == 0) {
		sim_security_settle(sim, 0);
	} else {
		/* The device has lost the bond.  Linux hangs up and keeps its own, so that
		 * nobody who merely has the address is paired with in its place. */
		sim->key_missing = true;
		(void)link_terminate(sim->link, LINK_CENTRAL, LINK_REASON_REMOTE_USER);
	}
}

int sim_passkey(struct transport *t, int32_t passkey)
{
	struct sim *sim = (struct sim *)t;
	const int rc = sim->link ? smp_passkey(&sim->smp, passkey) : -OTA_EINVAL;

	sim->asking &= rc < 0;
	sim_clock_kick(sim);
	return rc;
}
