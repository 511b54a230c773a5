/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks of device_skip.c in the core.  Where OTA_CORE_SKIP is not set each is a constant, and
 * the compiler leaves nothing of it.
 */
#ifndef OTA_DEVICE_SKIP_H
#define OTA_DEVICE_SKIP_H

#include "ota/skip.h"

/* device_skip.c: what may be called only where OTA_CORE_SKIP is set ... */
uint8_t device_skip_asked(struct ota_device *dev, const uint8_t *buf, size_t len);
void device_skip_begin(struct ota_device *dev);
bool device_skip_step(struct ota_device *dev);
void device_skip_read(struct ota_device *dev, int result);
/* The session's, or NULL: none of its blocks is kept. */
struct ota_skip *device_skip_of(const struct ota_device *dev);
bool device_skip_has(const struct ota_device *dev, uint32_t at);
void device_skip_leave(struct ota_device *dev);
/* Of the session before: its kept blocks are not erased, and the next one may send them. */
void device_skip_forget(struct ota_device *dev);
/* ... and what may be called everywhere. */

static inline struct ota_skip *device_skip(const struct ota_device *dev)
{
	return OTA_CORE_SKIP ? device_skip_of(dev) : NULL;
}

/* Returns true if the block of the image's byte at is kept. */
static inline bool device_skip_keeps(const struct ota_device *dev, uint32_t at)
{
	return OTA_CORE_SKIP && device_skip_has(dev, at);
}

/* Returns true if the image's next block is kept; before the map came none is. */
static inline bool device_skip_next(const struct ota_device *dev)
{
	return device_skip_keeps(dev, dev->rx.received);
}

/* Moves the erased range past the blocks that are kept: they are not erased. */
static inline void device_skip_erased(struct ota_device *dev)
{
	if (OTA_CORE_SKIP)
		device_skip_leave(dev);
}

/* Returns true if the session has erased nothing: what the slot holds is what it held before. */
static inline bool device_skip_untouched(const struct ota_device *dev)
{
	const struct ota_skip *skip = device_skip(dev);

	return skip && !skip->touched;
}

static inline void device_skip_touch(struct ota_device *dev)
{
	struct ota_skip *skip = device_skip(dev);

	if (skip)
		skip->touched = true;
}

#endif
