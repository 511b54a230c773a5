/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of a served virtual ESP32, for tests: the front in one process with the device, in
 * virtual time.  It speaks the full dialect, and does what its test tells it to.
 */
#ifndef OTABENCH_SERVECLIENT_H
#define OTABENCH_SERVECLIENT_H

#include "serve/serve.h"
#include "sim/sim.h"

#define CLIENT_LOG 4096u
#define CLIENT_VALUE 517u /* bytes of a value, whether allowed or not */

/* The client's end: it is the front, too. */
struct client {
	sd_event *event;
	struct transport *sim, *t; /* itself, and with faults */
	struct serve *serve;
	struct gatt_table table;
	const char *name;
	uint16_t mtu;
	bool deaf; /* it does not enable notifications */
	bool hasty; /* it does not wait for answers to its commands */
	bool status_as_command; /* it writes STATUS without response */
	bool on_air, connected;
	unsigned int answered, refused, published, joined, lost;
	uint8_t value[OTA_VALUE_MAX]; /* read last */
	size_t value_len;
	struct ota_ready ready;
	struct ota_error_event error;
	struct ota_gap gap;
	uint32_t limit, received;
	unsigned int readies, errors, dones, gaps, results;
	uint16_t next;
	uint32_t sent;
	char told[CLIENT_LOG]; /* the faults that were told while it went on */
	/* All that is told goes here, too; NULL: nowhere.  To be set after client_begin(). */
	void (*heard)(void *ctx, const struct serve_news *news);
	void *heard_ctx;
};

/* spec: a fault of the transport, or NULL. */
void client_begin(struct client *c, struct sim_config sim, const char *spec);
void client_finish(struct client *c);
/* Lets so many milliseconds pass. */
void client_pass(struct client *c, unsigned int ms);
/* Lets the world run until *count is another than before, at most for so long; false: it is not. */
bool client_wait(struct client *c, const unsigned int *count, unsigned int before,
		 unsigned int seconds);
uint16_t client_handle(const struct client *c, const char *uuid);
/* Writes Control with response, and waits for that. */
void client_control(struct client *c, const uint8_t *buf, size_t len);
void client_command(struct client *c, enum ota_command what);
/* Writes one Data value without response. */
void client_value(struct client *c, uint16_t sequence, const uint8_t *payload, size_t len);
/* Waits for the device to advertise, connects and enables notifications. */
void client_connect(struct client *c);
/* Reads Info into value. */
void client_info(struct client *c);

#endif
