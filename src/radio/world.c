/* SPDX-License-Identifier: Apache-2.0 */
/* See world.h. */
#include "config.h" /* system extensions: mkdir(), strcasecmp() */

#include "radio/world.h"
#include "core/image.h"
#include "radio/rng.h"

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
	uint16_t revision; /* major * 100 + minor */
	const char *version, *project;
	int8_t rssi;
	enum esp_dialect dialect;
} personalities[] = {
	{"esp32", 301, "1.0.0", "otabench-sim", -52, ESP_FULL},
	{"esp32c3", 4, "1.4.2", "otabench-sim", -58, ESP_FULL},
	{"esp32s3", 2, "1.4.1", "gateway", -81, ESP_FULL},
	{"esp32", 301, "0.9.0", "legacy-app", -66, ESP_BASIC},
	{"esp32c6", 1, "2.0.0", "other-ota", -90, ESP_FOREIGN},
	{"esp32h2", 1, "1.2.0", "otabench-sim", -73, ESP_FULL},
};

/* Octets of Espressif's, then the number: 24:6F:28:AA:10:01 is esp-sim-01. */
static void address_of(unsigned int index, uint8_t ret[6])
{
	static const uint8_t prefix[] = {0x24, 0x6f, 0x28, 0xaa, 0x10};

	memcpy(ret, prefix, sizeof(prefix));
	ret[5] = (uint8_t)(index + 1);
}

struct member {
	struct world *world;
	struct esp *esp;
	struct sched_event advertise;
};

struct world {
	struct world_config config;
	struct rng rng;
	unsigned int count;
	struct member members[WORLD_DEVICES_MAX];
};

static void on_advertise(void *ctx, uint64_t now_us)
{
	struct member *d = ctx;

	sched_at(d->world->config.sched, &d->advertise,
		 now_us + ADVERTISE_US + rng_below(&d->world->rng, ADVERTISE_DELAY));
	if (esp_advertising(d->esp))
		d->world->config.heard(d->world->config.ctx, d->esp);
}

void world_listen(struct world *world, bool on)
{
	for (unsigned int i = 0; i < world->count; i++) {
		struct member *d = &world->members[i];

		if (!on)
			sched_cancel(world->config.sched, &d->advertise);
		else if (!sched_armed(&d->advertise))
			sched_at(world->config.sched, &d->advertise,
				 sched_now(world->config.sched) +
					 rng_below(&world->rng, ADVERTISE_US));
	}
}

static int flash_path(const struct world *world, unsigned int index, char *buf, size_t size,
		      char *ret_text, size_t text_size)
{
	const int n = snprintf(buf, size, "%s/esp-sim-%02u.flash", world->config.state, index + 1);

	if (mkdir(world->config.state, 0777) < 0 && errno != EEXIST) {
		const int error = errno;

		if (ret_text)
			snprintf(ret_text, text_size, "%s: %s", world->config.state,
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

static int create_device(struct world *world, unsigned int i, char *ret_text, size_t size)
{
	const struct personality *p =
		&personalities[i % (sizeof(personalities) / sizeof(personalities[0]))];
	const bool mine = i == 0 || world->config.chip_all;
	const struct world_config *wc = &world->config;
	char name[ESP_NAME_MAX], path[4200];
	struct esp_config c = {
		.sched = world->config.sched,
		.name = name,
		.chip_id = mine ? wc->chip_id : image_chip_by_name(p->chip)->id,
		.chip_revision = p->revision,
		.dialect = i == 0 || wc->dialect_all ? wc->dialect : p->dialect,
		.update_table = wc->update_table,
		.version = wc->version ? wc->version : p->version,
		.project = wc->project ? wc->project : p->project,
		.flash_speed = wc->flash_speed,
		.ring_size = wc->ring_size,
		.rssi = wc->rssi ? wc->rssi : p->rssi,
		.security = wc->security,
		.passkey = wc->passkey,
		.show = wc->show,
		.show_ctx = wc->ctx,
		.data_length = wc->data_length,
		.mtu = wc->mtu,
		.phys = wc->phys,
		.loss_ppm = wc->loss_ppm,
		.seed = wc->seed * 1000u + i,
		.log = wc->log,
		.log_ctx = wc->log_ctx,
	};
	int rc;

	snprintf(name, sizeof(name), "esp-sim-%02u", wc->twins && i == 1 ? 1 : i + 1);
	address_of(i, c.address);
	if (wc->state) {
		rc = flash_path(world, i, path, sizeof(path), ret_text, size);
		if (rc < 0)
			return rc;
		c.flash_path = path;
	}
	return esp_create(&c, &world->members[i].esp, ret_text, size);
}

int world_create(const struct world_config *config, struct world **ret, char *ret_text, size_t size)
{
	struct world *world;
	int rc = 0;

	if (config->devices < 1 || config->devices > WORLD_DEVICES_MAX || !config->heard)
		return -OTA_EINVAL;
	world = calloc(1, sizeof(*world));
	if (!world)
		return -OTA_ENOMEM;
	world->config = *config;
	rng_init(&world->rng, config->seed ^ 0x776f726cu);
	for (unsigned int i = 0; i < config->devices; i++) {
		struct member *d = &world->members[i];

		d->world = world;
		d->advertise = (struct sched_event){.fn = on_advertise, .ctx = d};
		rc = create_device(world, i, ret_text, size);
		if (rc < 0)
			break;
		world->count++;
		esp_power_on(d->esp);
	}
	if (rc < 0)
		world_destroy(world);
	else
		*ret = world;
	return rc;
}

void world_destroy(struct world *world)
{
	if (!world)
		return;
	world_listen(world, false);
	for (unsigned int i = 0; i < world->count; i++)
		esp_destroy(world->members[i].esp);
	free(world);
}

struct esp *world_device(struct world *world, unsigned int index)
{
	return index < world->count ? world->members[index].esp : NULL;
}

struct esp *world_find(struct world *world, const char *name_or_address)
{
	for (unsigned int i = 0; i < world->count; i++)
		if (strcmp(esp_name(world->members[i].esp), name_or_address) == 0 ||
		    strcasecmp(esp_address(world->members[i].esp), name_or_address) == 0)
			return world->members[i].esp;
	return NULL;
}
