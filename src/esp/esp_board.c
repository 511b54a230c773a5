/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual ESP32's board and memory, which exist from when they are needed. */
#include "esp/esp_priv.h"

#include "image/image_build.h"
#include "image/mcuboot.h"
#include "base/sha256.h"

#include <stdio.h>
#include <stdlib.h>

#define FACTORY_SIZE 262144u /* bytes; a small application */

static int refuse_factory(const struct esp *esp, int rc, char *ret_text, size_t size)
{
	if (ret_text)
		snprintf(ret_text, size, "%s: factory firmware of %u KiB cannot be installed%s",
			 esp->name, image_build_size(FACTORY_SIZE) / 1024u,
			 rc == -OTA_ENOSPC ? ": its slot is smaller" : "");
	return rc;
}

/* A version that MCUboot's header has no room for is 1.0.0 there. */
static int build_mcuboot(const struct esp *esp, uint8_t *image, size_t len)
{
	struct mcuboot_build build = {.major = 1};

	if (esp->config.version)
		(void)mcuboot_version_parse(esp->config.version, &build);
	build.size = (uint32_t)len;
	build.seed = (uint32_t)esp->config.seed;
	return mcuboot_build(&build, sha256_buffer, image, len);
}

/* With the secure version that the eFuse demands: no such device leaves a factory dead. */
static int install_factory(struct esp *esp, char *ret_text, size_t size)
{
	const struct image_build build = {
		.chip_id = esp->config.chip_id,
		.project = esp->config.project,
		.version = esp->config.version,
		.secure_version = esp->config.secure_version,
		.size = FACTORY_SIZE,
		.seed = (uint32_t)esp->config.seed,
	};
	const size_t len = image_build_size(FACTORY_SIZE);
	uint8_t *image = malloc(len);
	size_t built = len;
	int rc = !image ? -OTA_ENOMEM
		 : esp->config.dialect == ESP_MCUMGR
			 ? build_mcuboot(esp, image, len)
			 : image_build(&build, sha256_buffer, image, len, &built);

	if (rc == 0)
		rc = board_install(esp->board, image, built);
	free(image);
	return rc < 0 ? refuse_factory(esp, rc, ret_text, size) : 0;
}

static struct board_config config_of(const struct esp *esp)
{
	return (struct board_config){
		.sched = esp->config.sched,
		.chip_id = esp->config.chip_id,
		.chip_revision = esp->config.chip_revision,
		.block_revision = esp->config.block_revision,
		.secure_version = esp->config.secure_version,
		.secure_boot = esp->config.secure_boot,
		.secure_never_falls = esp->config.signed_only,
		.same_project = esp->config.same_project,
		.no_older = esp->config.no_older,
		.no_rollback = esp->config.no_rollback,
		.mcuboot = esp->config.dialect == ESP_MCUMGR,
		.flash_encryption = esp->config.flash_encryption,
		.partitions = esp->config.partitions,
		.flash_path = esp->config.flash_path,
		.flash_speed = esp->config.flash_speed,
		.seed = esp->config.seed,
	};
}

int esp_check_board(const struct esp *esp, char *ret_text, size_t size)
{
	const struct board_config config = config_of(esp);
	const int rc = board_check(&config, image_build_size(FACTORY_SIZE), ret_text, size);

	return rc == -OTA_ENOSPC ? refuse_factory(esp, rc, ret_text, size) : rc;
}

int esp_make_board(struct esp *esp, char *ret_text, size_t size)
{
	const struct board_config config = config_of(esp);
	int rc = -OTA_ENOMEM;

	esp->ring = malloc(esp->config.ring_size);
	if (esp->ring)
		rc = board_create(&config, &esp->board, ret_text, size);
	if (rc == 0 && board_is_new(esp->board))
		rc = install_factory(esp, ret_text, size);
	if (rc < 0)
		esp_drop_board(esp);
	return rc;
}

void esp_drop_board(struct esp *esp)
{
	board_destroy(esp->board);
	free(esp->ring);
	esp->board = NULL;
	esp->ring = NULL;
}
