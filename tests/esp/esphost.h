/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host small enough to read, for tests of the firmware: sends within its
 * credits at the pace of the air, and follows GAP.  It uses ota_core's codecs,
 * so that what is tested is ota_esp and not a second idea of the protocol.
 */
#ifndef ESPHOST_H
#define ESPHOST_H

#include "fake.h"
#include "host/job_stream.h"
#include "ota/device.h"
#include "ota/error.h"
#include "ota_esp_priv.h"

#define CONTROL 0x4002
#define DATA 0x4003
#define INFO 0x4004

struct host {
	uint16_t conn;
	const uint8_t *image;
	uint32_t size;
	uint32_t sent, limit, received, flushed;
	uint16_t sequence, max_value;
	struct ota_error_event error; /* code OTA_OK: none came */
	struct ota_done done;
	struct ota_status status;
	struct ota_telemetry telemetry;
	struct ota_link link;
	struct ota_result result;
	struct ota_blocks blocks; /* the latest */
	uint32_t seen[16]; /* notifications by opcode */
	uint32_t ready_at, done_at; /* ms */
	uint32_t offset; /* of READY */
	const struct stream *stream; /* sent in place of the image; NULL: the image itself */
	uint32_t begins; /* of the image, as READY tells of a stream */
	uint32_t to_send; /* bytes of this session, as READY leaves them */
};

/* The firmware on the board. */
extern struct ota_esp_config esphost_config;
struct esphost_image {
	uint8_t *bytes;
	uint32_t size;
};

/* An image of the chip that ota_esp was configured for; freed by the caller. */
struct esphost_image esphost_image(const char *project, const char *version, uint32_t size,
				   uint32_t secure_version, uint32_t seed);
/* A test's beginning and end: a board, and an image of version 1.1.0 to update it to. */
void esphost_set_up(struct esphost_image *ret_image, uint32_t size);
/* For cmocka: -1 where the firmware used ESP-IDF or NimBLE as it may not be used. */
int esphost_tear_down(struct esphost_image *image);
/* A new board with version 1.0.0 in slot 0, started, and advertising. */
void esphost_power_on(void);
/* Runs what the boot loader chose; false when it does not advertise in time. */
bool esphost_boot(void);
/* Runs until the firmware restarts the chip; false when it does not in that time. */
bool esphost_restarts(uint32_t ms);

void esphost_connect(struct host *host, const uint8_t *image, uint32_t size);
/* START, up to READY: true; false when an ERROR came or the time ran out. */
bool esphost_start(struct host *host, uint16_t flags);
int esphost_write_start(struct host *host, uint16_t flags);
/* Sends until `end` bytes were taken by the host stack; false on ERROR. */
bool esphost_send(struct host *host, uint32_t end);
/* END, up to DONE or ERROR. */
bool esphost_end(struct host *host);
int esphost_command(struct host *host, enum ota_command cmd);
/* Takes notifications for so long, or until the opcode's count grew. */
bool esphost_wait(struct host *host, uint8_t opcode, uint32_t ms);
void esphost_drain(struct host *host);
/* The whole of it. */
bool esphost_update(struct host *host, const struct esphost_image *image);
/* Wake-ups in so many ms of an idle device that advertises; the one under way counts. */
uint32_t esphost_looks(uint32_t ms);
uint16_t esphost_owner(void); /* of the session; OTA_NO_CONN: nobody */
void esphost_info(struct host *host, struct ota_info *ret);
uint32_t esphost_version(struct host *host, char *ret, size_t size); /* 0x2A26 */

#endif
