/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Application slots as a user describes them - "1536K+1536K", "factory:1M+2M+2M" -
 * and the partition table that has them.
 */
#ifndef OTABENCH_BOARD_SLOTS_H
#define OTABENCH_BOARD_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#define SLOTS_MAX 8u
#define SLOTS_SIZE_MIN (64u << 10) /* bytes; partitions for applications are 64 KiB aligned */
#define SLOTS_SIZE_MAX (16u << 20) /* bytes; no image is longer */
#define SLOTS_TEXT_MAX 96u
#define SLOTS_CSV_MAX 1024u

struct slots {
	uint32_t factory; /* bytes; 0: no factory partition */
	uint32_t sizes[SLOTS_MAX]; /* bytes, of ota_0 ... */
	size_t count; /* 0: not described */
};

/*
 * "[factory:SIZE+]SIZE[+SIZE...]", each SIZE a number of K or M (KiB, MiB), a multiple
 * of 64 KiB.  0; -OTA_EINVAL, and *ret is untouched.
 */
int slots_parse(const char *text, struct slots *ret);
/* The text that slots_parse() takes.  Returns buf; "" if none are described. */
char *slots_format(const struct slots *slots, char *buf, size_t size);
/* A partitions.csv with nvs, otadata and these, at most SLOTS_CSV_MAX bytes.  Returns buf. */
char *slots_csv(const struct slots *slots, char *buf, size_t size);

#endif
