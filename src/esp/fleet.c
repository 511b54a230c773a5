/* SPDX-License-Identifier: Apache-2.0 */
/* See fleet.h. */
#include "config.h" /* system extensions: mkdir(), strcasecmp() */

#include "esp/fleet.h"
#include "image/image.h"
#include "base/rng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ADVERTISE_US 100000u /* interval; plus up to 10 ms, Core Vol 6 Part B 4.4.2.2.1 */
#define ADVERTISE_DELAY 10000u

/* The first is what most tests and the demo talk to. */
static const struct personality {
	const char *chip;
	const char *version, *project;
	int8_t rssi;
	enum esp_dialect dialect;
} personalities[] = {
	{"esp32", "1.0.0", "otabench-sim", -52, ESP_FULL},
	{"esp32c3", "1.4.2", "otabench-sim", -58, ESP_FULL},
	{"esp32s3", "1.4.1", "gateway", -81, ESP_FULL},
	{"esp32", "0.9.0", "legacy-app", -66, ESP_BASIC},
	{"esp32c6", "2.0.0", "other-ota", -90, ESP_FOREIGN},
	{"esp32h2", "1.2.0", "otabench-sim", -73, ESP_FULL},
};

void fleet_device_name(enum fleet_names names, unsigned int index, char *buf, size_t size)
{
	switch (names) {
	case FLEET_NAMES_TWINS:
		snprintf(buf, size, "esp-sim-%02u", index == 1 ? 1 : index + 1);
		return;
	case FLEET_NAMES_NONE:
		buf[0] = '\0';
		return;
	case FLEET_NAMES_NUMBERED:
	case FLEET_NAMES:
		break;
	}
	snprintf(buf, size, "esp-sim-%02u", index + 1);
}

/* Octets of Espressif's, then the number: 24:6F:28:AA:10:01 is esp-sim-01.  A static
 * random address has its two highest bits set (Core Vol 6 Part B 1.3.2.1). */
static void address_of(bool random, unsigned int index, uint8_t ret[6])
{
	static const uint8_t prefix[] = {0x24, 0x6f, 0x28, 0xaa, 0x10};

	memcpy(ret, prefix, sizeof(prefix));
	ret[5] = (uint8_t)(index + 1);
	if (random)
		ret[0] |= 0xc0;
}

struct member {
	struct fleet *fleet;
	struct esp *esp;
	struct sched_event advertise;
};

struct fleet {
	struct fleet_config config;
	struct rng rng;
	unsigned int count;
	char *texts[3]; /* of the kind: version, project, partitions */
	struct member members[FLEET_DEVICES_MAX];
};

static void on_advertise(void *ctx, uint64_t now_us)
{
	struct member *d = ctx;

	sched_at(d->fleet->config.sched, &d->advertise,
		 now_us + ADVERTISE_US + rng_below(&d->fleet->rng, ADVERTISE_DELAY));
	if (esp_advertising(d->esp))
		d->fleet->config.heard(d->fleet->config.ctx, d->esp);
}

void fleet_listen(struct fleet *fleet, bool on)
{
	for (unsigned int i = 0; i < fleet->count; i++) {
		struct member *d = &fleet->members[i];

		if (!on)
			sched_cancel(fleet->config.sched, &d->advertise);
		else if (!sched_armed(&d->advertise))
			sched_at(fleet->config.sched, &d->advertise,
				 sched_now(fleet->config.sched) +
					 rng_below(&fleet->rng, ADVERTISE_US));
	}
}

static int flash_path(const struct fleet *fleet, unsigned int index, char *buf, size_t size,
		      char *ret_text, size_t text_size)
{
	const int n =
		snprintf(buf, size, "%s/esp-sim-%02u.flash", fleet->config.kind.state, index + 1);

	if (mkdir(fleet->config.kind.state, 0777) < 0 && errno != EEXIST) {
		const int error = errno;

		if (ret_text)
			snprintf(ret_text, text_size, "%s: %s", fleet->config.kind.state,
				 strerror(error));
		return -error;
	}
	if (n < 0 || (size_t)n >= size) {
		if (ret_text)
			snprintf(ret_text, text_size, "the state directory's name is too long");
		return -OTA_EINVAL;
	}
	return 0;
}

/* The dialects of a fleet that has one of each. */
static void give_each(struct esp_config *c, unsigned int index)
{
	static const enum dialect_id order[] = {
		DIALECT_FULL,
		DIALECT_BASIC,
		DIALECT_FOREIGN,
		DIALECT_FBIEGO,
		DIALECT_FBIEGO_COMPACT,
		DIALECT_BLE_OTA,
		DIALECT_BLE_OTA_RAW,
		DIALECT_BLEOTA,
		DIALECT_NIMBLEOTA,
		DIALECT_ANGERER,
		DIALECT_ARDUINO_BLE_OTA,
		DIALECT_SMP,
		DIALECT_NORDIC_DFU,
		DIALECT_NORDIC_LEGACY_DFU,
		DIALECT_MESHTASTIC,
		DIALECT_MATTER,
		DIALECT_SILABS,
		DIALECT_TI_OAD,
	};
	const enum dialect_id id = order[index % (sizeof(order) / sizeof(order[0]))];

	c->dialect = esp_dialect_of(id);
	c->foreign = c->dialect >= ESP_FOREIGN ? id : DIALECT_UNKNOWN;
}

/* Sets what all devices of a kind have, except for what their place in the fleet makes of them. */
static void config_of_kind(const struct fleet_config *config, struct esp_config *ret)
{
	const struct fleet_kind *k = &config->kind;

	*ret = (struct esp_config){
		.sched = config->sched,
		.boot_reason = k->boot_reason,
		.mcumgr = k->mcumgr,
		.mcumgr_buf_size = k->mcumgr_buf_size,
		.mcumgr_buf_count = k->mcumgr_buf_count,
		.update_table = k->update_table,
		.flash_speed = k->flash_speed,
		.flash_mode = k->flash_mode,
		.rx_buffers = k->rx_buffers,
		.task_delay_ms = k->task_delay_ms,
		.acl_wait_given = k->acl_wait_given,
		.acl_wait_ms = k->acl_wait_ms,
		.wait_ticks = k->wait_ticks,
		.ring_size = k->ring_size,
		.security = k->security,
		.passkey = k->passkey,
		.show = config->show,
		.show_ctx = config->ctx,
		.data_length = k->data_length,
		.mtu = k->mtu,
		.phys = k->phys,
		.loss_ppm = k->loss_ppm,
		.partitions = k->partitions,
		.secure_version = k->secure_version,
		.secure_boot = k->secure_boot,
		.signed_only = k->signed_only,
		.skip = k->skip,
		.deflate_window = k->deflate_window,
		.delta = k->delta,
		.same_project = k->same_project,
		.no_older = k->no_older,
		.no_rollback = k->no_rollback,
		.forbids = k->forbids,
		.commands_only = k->commands_only,
		.flash_encryption = k->flash_encryption,
		.boot_delay_ms = k->boot_delay_ms,
		.random_address = k->random_addresses,
		.log = config->log,
		.log_ctx = config->log_ctx,
	};
	memcpy(ret->public_key, k->public_key, sizeof(ret->public_key));
}

static int create_device(struct fleet *fleet, unsigned int i, char *ret_text, size_t size)
{
	const struct personality *p =
		&personalities[i % (sizeof(personalities) / sizeof(personalities[0]))];
	const struct fleet_kind *k = &fleet->config.kind;
	const bool as_told = i == 0 || k->dialect_all;
	const struct image_chip *chip =
		i == 0 || k->chip_all ? image_chip_by_id(k->chip_id) : image_chip_by_name(p->chip);
	char name[ESP_NAME_MAX], path[4200];
	struct esp_config c;
	int rc;

	config_of_kind(&fleet->config, &c);
	c.name = name;
	c.chip_id = chip->id;
	c.chip_revision = k->revision_given ? k->revision : chip->revision;
	c.block_revision = k->block_revision_given ? k->block_revision : chip->block_revision;
	c.dialect = as_told ? k->dialect : p->dialect;
	c.foreign = as_told ? k->foreign : DIALECT_UNKNOWN;
	c.version = k->version ? k->version : p->version;
	c.project = k->project ? k->project : p->project;
	c.rssi = k->rssi ? k->rssi : p->rssi;
	c.seed = k->seed * 1000u + i;
	if (k->dialect_each)
		give_each(&c, i);
	fleet_device_name(k->names, i, name, sizeof(name));
	address_of(k->random_addresses, i, c.address);
	if (k->state) {
		rc = flash_path(fleet, i, path, sizeof(path), ret_text, size);
		if (rc < 0)
			return rc;
		c.flash_path = path;
	}
	return esp_create(&c, &fleet->members[i].esp, ret_text, size);
}

static int refuse_dead(const struct fleet *fleet, unsigned int index, char *ret_text, size_t size)
{
	if (ret_text)
		snprintf(ret_text, size,
			 "%s/esp-sim-%02u.flash: holds nothing that this chip boots: damaged, or "
			 "another device's; remove it to start anew",
			 fleet->config.kind.state, index + 1);
	return -OTA_EBADMSG;
}

/* Copies a text that devices use when they are made. */
static bool keep_text(char **to, const char **text)
{
	if (!*text)
		return true;
	*to = strdup(*text);
	*text = *to;
	return *to != NULL;
}

int fleet_create(const struct fleet_config *config, struct fleet **ret, char *ret_text, size_t size)
{
	struct fleet *fleet;
	struct fleet_kind *k;
	int rc = 0;

	if (config->kind.devices < 1 || config->kind.devices > FLEET_DEVICES_MAX || !config->heard)
		return -OTA_EINVAL;
	fleet = calloc(1, sizeof(*fleet));
	if (!fleet)
		return -OTA_ENOMEM;
	fleet->config = *config;
	k = &fleet->config.kind;
	if (!keep_text(&fleet->texts[0], &k->version) ||
	    !keep_text(&fleet->texts[1], &k->project) ||
	    !keep_text(&fleet->texts[2], &k->partitions)) {
		fleet_destroy(fleet);
		return -OTA_ENOMEM;
	}
	rng_init(&fleet->rng, config->kind.seed ^ 0x776f726cu);
	for (unsigned int i = 0; i < config->kind.devices; i++) {
		struct member *d = &fleet->members[i];

		d->fleet = fleet;
		d->advertise = (struct sched_event){.fn = on_advertise, .ctx = d};
		rc = create_device(fleet, i, ret_text, size);
		if (rc < 0)
			break;
		fleet->count++;
		esp_power_on(d->esp);
		/* A new one boots; another one did when it was kept. */
		if (config->kind.state && esp_is_dead(d->esp)) {
			rc = refuse_dead(fleet, i, ret_text, size);
			break;
		}
	}
	if (rc < 0)
		fleet_destroy(fleet);
	else
		*ret = fleet;
	return rc;
}

void fleet_destroy(struct fleet *fleet)
{
	if (!fleet)
		return;
	fleet_listen(fleet, false);
	for (unsigned int i = 0; i < fleet->count; i++)
		esp_destroy(fleet->members[i].esp);
	for (size_t i = 0; i < sizeof(fleet->texts) / sizeof(fleet->texts[0]); i++)
		free(fleet->texts[i]);
	free(fleet);
}

struct esp *fleet_device(struct fleet *fleet, unsigned int index)
{
	return index < fleet->count ? fleet->members[index].esp : NULL;
}

struct esp *fleet_find(struct fleet *fleet, const char *name_or_address)
{
	for (unsigned int i = 0; i < fleet->count; i++)
		if (strcmp(esp_name(fleet->members[i].esp), name_or_address) == 0 ||
		    strcasecmp(esp_address(fleet->members[i].esp), name_or_address) == 0)
			return fleet->members[i].esp;
	return NULL;
}
