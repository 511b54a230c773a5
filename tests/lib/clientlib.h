/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other projects' own clients, as what their sources write and what they wait for, written anew
 * from reading them: lengths, requests or commands, and which notification lets them go on.
 */
#ifndef OTABENCH_CLIENTLIB_H
#define OTABENCH_CLIENTLIB_H

#include "updatelib.h"

#define CLIENT_REQUEST_MAX 2475u /* the virtual SMP device's buffer, which it tells */
#define CLIENT_PART_VALUE 252u /* of fbiego's client, at any MTU */

struct client {
	struct update u;
	const struct client_pattern *pattern;
	uint16_t mtu;
	bool subscribed_all, answered; /* a write request was */
	bool waits; /* for a notification */
	unsigned int phase; /* the pattern's own */
	uint32_t at; /* bytes of the image that were written */
	uint32_t unit; /* sector, part: its number */
	uint32_t in_unit; /* bytes of it that were written */
	uint8_t value[OTA_VALUE_MAX + 2u]; /* one that the stack had no room for */
	size_t value_len;
	enum gatt_chr chr;
	enum gatt_write mode;
	uint8_t request[CLIENT_REQUEST_MAX]; /* SMP's */
	uint32_t request_len, request_at;
	uint64_t began, ended;
};

struct client_pattern {
	const char *source; /* project, file, function */
	enum dialect_id id;
	enum esp_dialect device;
	bool data_tells; /* Data's notifications are subscribed to, too */
	/* The next value into c->value, with its characteristic and mode; 0: it waits. */
	size_t (*next)(struct client *c);
	void (*told)(struct client *c, enum gatt_chr chr, const uint8_t *buf, size_t len);
};

#define CLIENT_PATTERNS 5u
extern const struct client_pattern client_patterns[CLIENT_PATTERNS];

#endif
