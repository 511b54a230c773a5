/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's security, as the firmware configures NimBLE for it
 * (components/ota_esp, set_security()): which link may write Control and Data,
 * pairing, and the keys that NVS keeps across reboots.
 *
 * Reading Info and subscribing stay open, as there.
 */
#include "esp/esp_priv.h"
#include "base/bytes.h"

#include <string.h>

/* In NVS: peer, LTK, Rand, EDIV, flags. */
#define BOND_SIZE (ESP_PEER + SMP_BLOCK + 8u + 2u + 1u)
#define BOND_AUTHENTICATED 0x01u
#define BOND_SUBSCRIBED 0x02u /* to Service Changed */
#define BOND_CHANGED 0x04u

static bool secured(const struct esp *esp)
{
	return esp->config.security != ESP_OPEN && esp->config.dialect < ESP_FOREIGN;
}

static bool wants_passkey(const struct esp *esp)
{
	return esp->config.security == ESP_PASSKEY || esp->config.security == ESP_LEGACY_PASSKEY;
}

/* --- bonds */

static void bond_encode(const struct esp_bond *bond, uint8_t ret[BOND_SIZE])
{
	uint8_t *p = ret;

	memcpy(p, bond->peer, ESP_PEER);
	memcpy(p + ESP_PEER, bond->key.ltk, SMP_BLOCK);
	p += ESP_PEER + SMP_BLOCK;
	memcpy(p, bond->key.rand, sizeof(bond->key.rand));
	bytes_put16(p + 8, bond->key.ediv);
	p[10] = (uint8_t)((bond->key.authenticated ? BOND_AUTHENTICATED : 0) |
			  (bond->subscribed ? BOND_SUBSCRIBED : 0) |
			  (bond->changed ? BOND_CHANGED : 0));
}

static void bond_decode(const uint8_t *buf, struct esp_bond *ret)
{
	const uint8_t *p = buf + ESP_PEER + SMP_BLOCK;

	memcpy(ret->peer, buf, ESP_PEER);
	memcpy(ret->key.ltk, buf + ESP_PEER, SMP_BLOCK);
	memcpy(ret->key.rand, p, sizeof(ret->key.rand));
	ret->key.ediv = bytes_get16(p + 8);
	ret->key.authenticated = p[10] & BOND_AUTHENTICATED;
	ret->subscribed = p[10] & BOND_SUBSCRIBED;
	ret->changed = p[10] & BOND_CHANGED;
}

static void bonds_store(struct esp *esp)
{
	uint8_t buf[BOND_SIZE];

	for (unsigned int i = 0; i < ESP_BONDS; i++) {
		if (i < esp->bond_count)
			bond_encode(&esp->bonds[i], buf);
		if (board_write_bond(esp->board, i, buf, i < esp->bond_count ? BOND_SIZE : 0) < 0)
			esp_log(esp, "a bond could not be stored");
	}
}

/* A bonded host has cached the attributes of the image before: as the firmware does by
 * ble_svc_gatt_changed() when a new image starts for the first time. */
void esp_security_load(struct esp *esp, bool changed)
{
	uint8_t buf[BOARD_BOND_MAX];
	bool news = false;

	esp->bond_count = 0;
	for (unsigned int i = 0; i < ESP_BONDS; i++)
		if (board_read_bond(esp->board, i, buf) == (int)BOND_SIZE)
			bond_decode(buf, &esp->bonds[esp->bond_count++]);
	for (unsigned int i = 0; i < esp->bond_count && changed; i++) {
		news |= esp->bonds[i].subscribed && !esp->bonds[i].changed;
		esp->bonds[i].changed = esp->bonds[i].subscribed;
	}
	if (news)
		bonds_store(esp);
}

static struct esp_bond *esp_security_bond_of(const struct esp_conn *c)
{
	struct esp *esp = c->esp;

	for (unsigned int i = 0; i < esp->bond_count; i++)
		if (memcmp(esp->bonds[i].peer, c->peer, ESP_PEER) == 0)
			return &esp->bonds[i];
	return NULL;
}

/* In place of what there was with this central, or of the oldest. */
static void bond_add(struct esp_conn *c, const struct smp_key *key)
{
	struct esp *esp = c->esp;
	unsigned int at = 0;

	while (at < esp->bond_count && memcmp(esp->bonds[at].peer, c->peer, ESP_PEER) != 0)
		at++;
	if (at == ESP_BONDS)
		at = 0;
	if (at < esp->bond_count) {
		memmove(&esp->bonds[at], &esp->bonds[at + 1],
			(esp->bond_count - at - 1u) * sizeof(esp->bonds[0]));
		esp->bond_count--;
	}
	esp->bonds[esp->bond_count] = (struct esp_bond){
		.key = *key,
		.subscribed = att_server_ccc(&c->att, ATT_SERVICE_CHANGED) & ATT_CCC_INDICATE,
	};
	memcpy(esp->bonds[esp->bond_count].peer, c->peer, ESP_PEER);
	esp->bond_count++;
	bonds_store(esp);
}

unsigned int esp_bonds(const struct esp *esp)
{
	return esp->bond_count;
}

/* --- pairing */

static void esp_security_on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct esp_conn *c = ctx;

	/* One that finds no buffer is lost, as in NimBLE; the peer's timer sees to it. */
	(void)link_send(c->link, LINK_PERIPHERAL, LINK_CID_SECURITY, pdu, len);
}

/* From the seed, like everything random here: a virtual device guards no secrets. */
static void esp_security_on_random(void *ctx, uint8_t *buf, size_t len)
{
	struct esp_conn *c = ctx;

	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rng_below(&c->esp->rng, 256);
}

static int32_t on_show(void *ctx)
{
	struct esp_conn *c = ctx;
	struct esp *esp = c->esp;
	int32_t passkey = esp->config.passkey;

	if (passkey < 0)
		passkey = (int32_t)rng_below(&esp->rng, SMP_PASSKEY_MAX + 1u);
	esp_log(esp, "passkey %06d", (int)passkey);
	if (esp->config.show)
		esp->config.show(esp->config.show_ctx, esp, passkey);
	return passkey;
}

static void esp_security_on_paired(void *ctx, const struct smp_key *key, bool bond)
{
	struct esp_conn *c = ctx;

	esp_log(c->esp, "paired%s, %s", bond ? " and bonded" : "",
		key->authenticated ? "by passkey" : "just works");
	if (bond)
		bond_add(c, key);
}

static void esp_security_on_failed(void *ctx, unsigned int reason)
{
	struct esp_conn *c = ctx;

	esp_log(c->esp, "pairing failed: %s", smp_reason_text(reason));
}

static const struct smp_ops smp_ops = {
	.send = esp_security_on_send,
	.random = esp_security_on_random,
	.show = on_show,
	.paired = esp_security_on_paired,
	.failed = esp_security_on_failed,
};

void esp_security_begin(struct esp_conn *c)
{
	const struct esp *esp = c->esp;
	struct smp_config config = {
		.ops = &smp_ops,
		.ctx = c,
		.sched = esp->config.sched,
		.io = wants_passkey(esp) ? SMP_DISPLAY_ONLY : SMP_NO_INPUT_NO_OUTPUT,
		.mitm = wants_passkey(esp),
		.secure_connections = esp->config.security == ESP_JUST_WORKS ||
				      esp->config.security == ESP_PASSKEY,
	};

	for (unsigned int i = 0; i < 6; i++)
		config.own[i] = esp->config.address[5 - i];
	config.own[6] = esp_address_type(esp);
	memcpy(config.peer, c->peer, ESP_PEER);
	smp_init(&c->smp, &config);
	c->encrypted = false;
}

void esp_security_end(struct esp_conn *c)
{
	smp_finish(&c->smp);
	c->encrypted = false;
}

void esp_security_input(struct esp_conn *c, const uint8_t *buf, size_t len)
{
	static const uint8_t refusal[2] = {0x05, SMP_REASON_NOT_SUPPORTED};

	if (secured(c->esp))
		smp_input(&c->smp, buf, len);
	else if (len > 0 && buf[0] == 0x01) /* Pairing Request */
		esp_security_on_send(c, refusal, sizeof(refusal));
}

/* --- Service Changed (Core Vol 3 Part G 7.1) */

/* NimBLE keeps all subscriptions with a bond; only this one matters here, since hosts subscribe
 * to Control for each connection. */
void esp_security_subscribed(void *ctx, enum att_value_id id, uint16_t ccc)
{
	struct esp_conn *c = ctx;
	struct esp_bond *bond =
		id == ATT_SERVICE_CHANGED && c->encrypted ? esp_security_bond_of(c) : NULL;
	const bool subscribed = ccc & ATT_CCC_INDICATE;

	if (!bond || bond->subscribed == subscribed)
		return;
	bond->subscribed = subscribed;
	bonds_store(c->esp);
}

/* Restores what NimBLE's ble_gatts_bonding_restored() does, which needs no new subscription. */
static void bond_restored(struct esp_conn *c)
{
	static const uint8_t everything[4] = {0x01, 0x00, 0xff, 0xff};
	const struct esp_bond *bond = esp_security_bond_of(c);

	if (!bond || !bond->subscribed)
		return;
	att_server_restore_ccc(&c->att, ATT_SERVICE_CHANGED, ATT_CCC_INDICATE);
	if (bond->changed &&
	    att_server_indicate(&c->att, ATT_SERVICE_CHANGED, everything, sizeof(everything)) == 0)
		esp_log(c->esp, "tells the bonded central that its services changed");
}

void esp_security_confirmed(void *ctx, enum att_value_id id)
{
	struct esp_conn *c = ctx;
	struct esp_bond *bond = id == ATT_SERVICE_CHANGED ? esp_security_bond_of(c) : NULL;

	if (!bond || !bond->changed)
		return;
	esp_log(c->esp, "the central has confirmed that its services changed");
	bond->changed = false;
	bonds_store(c->esp);
}

/* --- encryption */

void esp_security_key(void *ctx, const uint8_t rand[8], uint16_t ediv)
{
	struct esp_conn *c = ctx;
	const struct esp_bond *bond = c->link ? esp_security_bond_of(c) : NULL;

	if (!c->link)
		return;
	if (smp_key_wanted(&c->smp, rand, ediv, &c->key)) {
		(void)link_answer_key(c->link, c->key.ltk);
	} else if (secured(c->esp) && bond && bond->key.ediv == ediv &&
		   memcmp(bond->key.rand, rand, sizeof(bond->key.rand)) == 0) {
		c->key = bond->key;
		(void)link_answer_key(c->link, c->key.ltk);
	} else {
		esp_log(c->esp, "has no key for this central");
		(void)link_answer_key(c->link, NULL);
	}
}

void esp_security_changed(struct esp_conn *c, uint8_t code)
{
	c->encrypted = code == 0;
	if (c->encrypted)
		esp_log(c->esp, "link encrypted%s", c->key.authenticated ? ", authenticated" : "");
	smp_encrypted(&c->smp, c->encrypted);
	if (c->encrypted)
		bond_restored(c);
}

/* Core Vol 3 Part C 10.3.1, as NimBLE's ble_att_svr_check_perms() has it. */
static int link_will_do(const struct esp_conn *c)
{
	if (!c->encrypted)
		return esp_security_bond_of(c) ? ATT_ERR_ENCRYPTION : ATT_ERR_AUTHENTICATION;
	return wants_passkey(c->esp) && !c->key.authenticated ? ATT_ERR_AUTHENTICATION : ATT_OK;
}

int esp_security_permits(const struct esp_conn *c, enum att_value_id id)
{
	if (!secured(c->esp) || c->esp->config.commands_only ||
	    (id != ATT_CONTROL && id != ATT_DATA))
		return ATT_OK;
	return link_will_do(c);
}

int esp_security_permits_command(const struct esp_conn *c, const uint8_t *buf, size_t len)
{
	if (!secured(c->esp) || !c->esp->config.commands_only || !c->esp->gated ||
	    !ota_uncovered(&c->esp->gate, c->id, buf, len))
		return ATT_OK;
	return link_will_do(c);
}
