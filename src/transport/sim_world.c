/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is in the air: a handful of ESP32s that differ in what a scan list and an
 * update should be able to tell apart.
 */
#include "config.h" /* system extensions: mkdir() */

#include "transport/sim_priv.h"
#include "core/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void on_advertise(void *ctx, uint64_t now_us)
{
	struct sim_device *d = ctx;

	sched_at(&d->sim->sched, &d->advertise,
		 now_us + ADVERTISE_US + rng_below(&d->sim->rng, ADVERTISE_DELAY));
	if (esp_advertising(d->esp))
		sim_heard(d->sim, d->esp);
}

void sim_world_listen(struct sim *sim, bool on)
{
	for (unsigned int i = 0; i < sim->count; i++) {
		struct sim_device *d = &sim->devices[i];

		if (!on)
			sched_cancel(&sim->sched, &d->advertise);
		else if (!sched_armed(&d->advertise))
			sched_at(&sim->sched, &d->advertise,
				 sched_now(&sim->sched) + rng_below(&sim->rng, ADVERTISE_US));
	}
}

static int flash_path(const struct sim *sim, const char *name, char *buf, size_t size,
		      char *ret_text, size_t text_size)
{
	const int n = snprintf(buf, size, "%s/%s.flash", sim->config.state, name);

	if (mkdir(sim->config.state, 0777) < 0 && errno != EEXIST) {
		const int error = errno;

		if (ret_text)
			snprintf(ret_text, text_size, "%s: %s", sim->config.state, strerror(error));
		return -error;
	}
	if (n < 0 || (size_t)n >= size) {
		if (ret_text)
			snprintf(ret_text, text_size, "the state directory's name is too long");
		return -OTA_EINVAL;
	}
	return 0;
}

static int create_device(struct sim *sim, unsigned int i, char *ret_text, size_t size)
{
	const struct personality *p =
		&personalities[i % (sizeof(personalities) / sizeof(personalities[0]))];
	const bool mine = i == 0 || sim->config.chip_all;
	const struct sim_config *sc = &sim->config;
	char name[ESP_NAME_MAX], path[4200];
	struct esp_config c = {
		.sched = &sim->sched,
		.name = name,
		.chip_id = mine ? sc->chip_id : image_chip_by_name(p->chip)->id,
		.chip_revision = p->revision,
		.dialect = i == 0 || sc->dialect_all ? sc->dialect : p->dialect,
		.version = sc->version ? sc->version : p->version,
		.project = sc->project ? sc->project : p->project,
		.flash_speed = sc->flash_speed,
		.ring_size = sc->ring_size,
		.rssi = sc->rssi ? sc->rssi : p->rssi,
		.encrypted = sc->encrypted,
		.data_length = sc->data_length,
		.mtu = sc->mtu,
		.phys = sc->phy == OTA_PHY_UNKNOWN ? 0
			: sc->phy == OTA_PHY_2M	   ? OTA_PHYS_2M | OTA_PHYS_1M
						   : OTA_PHYS_1M,
		.loss_ppm = sc->loss_ppm,
		.seed = sc->seed * 1000u + i,
		.log = sc->log,
		.log_ctx = sc->log_ctx,
	};
	int rc;

	snprintf(name, sizeof(name), "esp-sim-%02u", i + 1);
	address_of(i, c.address);
	if (sc->state) {
		rc = flash_path(sim, name, path, sizeof(path), ret_text, size);
		if (rc < 0)
			return rc;
		c.flash_path = path;
	}
	return esp_create(&c, &sim->devices[i].esp, ret_text, size);
}

int sim_world_create(struct sim *sim, char *ret_text, size_t size)
{
	int rc;

	for (unsigned int i = 0; i < sim->config.devices; i++) {
		struct sim_device *d = &sim->devices[i];

		d->sim = sim;
		d->advertise = (struct sched_event){.fn = on_advertise, .ctx = d};
		rc = create_device(sim, i, ret_text, size);
		if (rc < 0)
			return rc;
		sim->count++;
		esp_power_on(d->esp);
	}
	return 0;
}

void sim_world_destroy(struct sim *sim)
{
	for (unsigned int i = 0; i < sim->count; i++)
		esp_destroy(sim->devices[i].esp);
	sim->count = 0;
}

struct esp *sim_world_find(struct sim *sim, const char *name_or_address)
{
	for (unsigned int i = 0; i < sim->count; i++)
		if (strcmp(esp_name(sim->devices[i].esp), name_or_address) == 0 ||
		    strcasecmp(esp_address(sim->devices[i].esp), name_or_address) == 0)
			return sim->devices[i].esp;
	return NULL;
}
