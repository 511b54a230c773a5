/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks of device_stream.c in the core.  Where OTA_CORE_STREAM is not set each is a
 * constant, and the compiler leaves nothing of it.
 */
#ifndef OTA_DEVICE_STREAM_H
#define OTA_DEVICE_STREAM_H

#include "device_skip.h"

#ifndef OTA_CORE_STREAM
#define OTA_CORE_STREAM 0
#endif

/* device_stream.c */
bool device_stream_begin(struct ota_device *dev);
int device_stream_accept(struct ota_device *dev, const uint8_t *buf, uint32_t len);
bool device_stream_step(struct ota_device *dev);
void device_stream_decoded(struct ota_device *dev, int result);
/* All of it was taken: fails where the image lacks something. */
void device_stream_check(struct ota_device *dev);
void device_stream_ready(struct ota_device *dev, const struct ota_ready *m);

/* The session's, or NULL: what comes over Data is the image. */
static inline struct ota_stream *device_stream(const struct ota_device *dev)
{
	return OTA_CORE_STREAM ? dev->stream : NULL;
}

/* The flags that this START may have: a measurement has no stream that could be decoded. */
static inline uint16_t device_start_flags(const struct ota_device *dev, const struct ota_start *m)
{
	const struct ota_stream *s = OTA_CORE_STREAM ? dev->decoder : NULL;

	if (!s || (m->flags & (OTA_START_SINK | OTA_START_PATTERN)))
		return OTA_START_KNOWN;
	/* The map of kept blocks has room for OTA_SKIP_BLOCKS only. */
	if (OTA_CORE_SKIP && m->image_size > OTA_SKIP_BLOCKS * OTA_BLOCK_SIZE)
		return (uint16_t)(OTA_START_KNOWN | (s->config.flags & ~OTA_START_SKIP));
	return (uint16_t)(OTA_START_KNOWN | s->config.flags);
}

static inline bool device_start_decodes(const struct ota_start *m)
{
	return OTA_CORE_STREAM && (m->flags & OTA_START_DECODED);
}

/* Bytes accepted in order, as the host counts them. */
static inline uint32_t device_received(const struct ota_device *dev)
{
	const struct ota_stream *s = device_stream(dev);

	return s ? s->received : dev->rx.received;
}

/* Bytes of these that need no room in the ring any more. */
static inline uint32_t device_taken(const struct ota_device *dev)
{
	const struct ota_stream *s = device_stream(dev);

	return s ? s->taken : dev->rx.flushed;
}

/* Returns true if the host has sent all. */
static inline bool device_received_all(const struct ota_device *dev)
{
	const struct ota_stream *s = device_stream(dev);

	return s ? s->end > 0 && s->received == s->end : dev->rx.received == dev->rx.image_size;
}

/* Returns true if something waits for the decoder. */
static inline bool device_stream_waits(const struct ota_device *dev)
{
	const struct ota_stream *s = device_stream(dev);

	return s && s->end > 0 && (s->taken < s->received || s->more || device_skip_next(dev));
}

/* The image's byte at an offset that was received and is not in flash yet. */
static inline const uint8_t *device_bytes(const struct ota_device *dev, uint32_t at)
{
	const struct ota_stream *s = device_stream(dev);

	return s ? s->config.sector + at % OTA_SECTOR_SIZE
		 : dev->config.ring + at % dev->config.ring_size;
}

/* The session has failed: what it has of the stream is worth nothing any more. */
static inline void device_stream_forget(struct ota_device *dev)
{
	struct ota_stream *s = device_stream(dev);

	if (!s)
		return;
	s->live = s->more = false;
	s->taken = s->received;
}

static inline void device_stream_none(struct ota_device *dev)
{
	if (OTA_CORE_STREAM)
		dev->stream = NULL;
}

#endif
