/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual board on a clock of its own, with a factory image and an update for it. */
#ifndef OTABENCH_BOARDLIB_H
#define OTABENCH_BOARDLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/image_build.h"
#include "board/board.h"

#define RIG_CHIP 0u /* ESP32 */
#define RIG_SLOT 0x40000u /* bytes; small, so that a whole update has few operations */
#define RIG_POWER_LOST 1 /* result of rig_run(), beside 0 and OTA_E* */

struct rig_image {
	uint8_t *data;
	size_t size;
	uint8_t sha256[OTA_SHA256_SIZE];
};

struct rig {
	struct sched sched;
	struct board *board;
	struct rig_image factory, update; /* versions 1.0.0 and 2.0.0 */
	/* what the callbacks saw */
	unsigned int done, lost, resumed;
	int result;
	bool stalled_in_done;
};

extern struct rig rig;

/* cmocka fixtures: of the group, and of a test, whose board has booted. */
int rig_setup_images(void **state);
int rig_teardown_images(void **state);
int rig_setup(void **state);
int rig_teardown(void **state);

/* A new board with nothing in its flash; sched is filled in, partitions where NULL. */
void rig_start_with(const struct board_config *with);
/* A new board with the factory image, not booted. */
void rig_start(enum flash_speed speed, uint64_t seed);
void rig_stop(void);

/* Waits for the operation that returned r: its result, or RIG_POWER_LOST. */
int rig_run(int r);
uint8_t *rig_build(const struct image_build *how, size_t *ret_size);
/* Erases the update slot's first block and writes; results as rig_run(). */
int rig_write_image(const uint8_t *data, size_t size);
/* All that ota_core does to the flash in one update. */
int rig_install_update(void);
void rig_assert_runs(const char *version, unsigned int slot);

#endif
