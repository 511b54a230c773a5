/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that speak the protocols of other projects, for fuzz targets: each checks what it is
 * written as its own firmware would, and knows what it says next in an update that goes well.
 */
#ifndef OTABENCH_FUZZ_DEVICE_H
#define OTABENCH_FUZZ_DEVICE_H

#include "peer.h"

#define DEVICE_REQUEST_MAX (65536u + 8u) /* octets of a request of SMP: its length has 16 bits */

struct device {
	struct peer peer; /* the first member */
	const struct device_kind *kind;
	uint16_t told; /* bytes of a value, as the host said */
	uint8_t mode; /* parts: 0, each is asked for */
	/* SMP: */
	bool old; /* it answers as version 1 does, and tells no buffers */
	uint16_t buffer;
	uint8_t buffers;
	uint8_t asked[8]; /* the header of the request that was written last */
	uint32_t got, wanted; /* octets of a request, there and in all; 0: none was begun */
	bool pending, kept;
};

struct device_kind {
	enum dialect_id dialect;
	/* A write to a characteristic, as peer_ops has it. */
	void (*check)(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len);
	void (*written)(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len);
	/* A notification that makes sense where the session stands, or nearly. */
	void (*nearly)(struct device *d);
	/* Those of peer_talk. */
	void (*info)(struct device *d);
	void (*ready)(struct device *d);
	void (*sending)(struct device *d);
	void (*done)(struct device *d);
	void (*answer)(struct device *d);
};

extern const struct device_kind device_ble_ota, device_raw, device_bleota,
	device_nimbleota; /* device_sectors.c */
extern const struct device_kind device_parts, device_compact; /* device_parts.c */
extern const struct device_kind device_angerer, device_arduino, device_basic,
	device_full; /* device_values.c */
extern const struct device_kind device_smp; /* device_smp.c */

/* The answer with this map to the request of SMP that was written last. */
void device_smp_answer(struct device *d, const uint8_t *map, size_t len);

#endif
