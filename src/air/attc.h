/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ATT client of the simulator's central (Core Vol 3 Part F and G).
 *
 * Requests are sent one at a time, as 3.3.2 wants it; others wait in a queue,
 * commands do not.  Nothing that the server sends is trusted: discovery makes
 * progress or fails.
 */
#ifndef OTABENCH_AIR_ATTC_H
#define OTABENCH_AIR_ATTC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/gatt_table.h"
#include "ota/error.h"
#include "air/att_db.h"
#include "base/fifo.h"
#include "base/sched.h"

#define ATTC_TIMEOUT_US 30000000u /* 3.3.3: then nothing more may be asked */
#define ATTC_SERVICES_MAX 16u
#define ATTC_CHRS_MAX 32u

enum attc_event_kind {
	ATTC_MTU, /* status; mtu in force */
	ATTC_DISCOVERED, /* status; attc_chrs() */
	ATTC_READ, /* status; handle, data */
	ATTC_WRITTEN, /* status; handle */
	ATTC_SUBSCRIBED, /* status; handle of the value */
	ATTC_NOTIFIED, /* handle, data; indications too, which are confirmed */
	ATTC_TIMED_OUT, /* the server does not answer: end the connection */
};

struct attc_event {
	enum attc_event_kind kind;
	int status; /* 0, a positive enum att_error, or a negative OTA_E* */
	uint16_t handle, mtu;
	const uint8_t *data; /* valid during the call */
	size_t len;
};

/* A characteristic that was discovered. */
struct attc_chr {
	struct att_uuid service, uuid;
	uint16_t handle; /* of the declaration */
	uint16_t value_handle;
	uint16_t end_handle; /* of its descriptors */
	uint16_t ccc_handle; /* 0: none */
	uint8_t properties; /* GATT_PROP_* */
};

struct attc_service {
	uint16_t start, end;
	struct att_uuid uuid;
};

#define ATTC_HASH_SIZE 16u

/*
 * A server's table, kept over connections: as long as the Database Hash is the same, so is
 * the table (Core Vol 3 Part G 7.3).  A server without one is discovered each time.
 */
struct attc_table {
	bool known;
	bool kept; /* used whatever the hash is, as by a stack that missed a change */
	uint8_t hash[ATTC_HASH_SIZE];
	size_t service_count, chr_count;
	struct attc_service services[ATTC_SERVICES_MAX];
	struct attc_chr chrs[ATTC_CHRS_MAX];
};

struct attc_config {
	/* A PDU for the server; 0 or a negative OTA_E*, which the request then ends with. */
	int (*send)(void *ctx, const uint8_t *pdu, size_t len);
	/* Never called from within a call of this header other than attc_input(), except for a
	 * request that could not be sent.  May call all functions but attc_finish(). */
	void (*event)(void *ctx, const struct attc_event *event);
	void *ctx;
	struct sched *sched; /* for the timeout; NULL: none */
	uint16_t mtu; /* what it offers, 23..517 */
	/* This server's table as it is known, and learned; the caller's.  NULL: nothing is kept. */
	struct attc_table *table;
	bool deaf; /* indications are meant for another client of this host: not confirmed */
};

enum attc_op_kind {
	ATTC_OP_NONE,
	ATTC_OP_MTU,
	ATTC_OP_DISCOVER,
	ATTC_OP_READ,
	ATTC_OP_WRITE,
	ATTC_OP_SUBSCRIBE,
};

/* A request of the caller's, which may take several PDUs. */
struct attc_op {
	enum attc_op_kind kind;
	uint16_t handle; /* of the value */
	uint16_t ccc_handle;
	uint16_t len; /* of the value to write, or read so far */
};

/* Memory from the caller; contents private. */
struct attc {
	struct attc_config config;
	uint16_t mtu; /* in force */
	bool dead; /* timed out */
	struct sched_event timeout;
	struct fifo queue; /* struct attc_op, each followed by what it writes */
	struct attc_op op; /* under way */
	uint8_t value[ATT_VALUE_MAX];
	uint8_t expected; /* response opcode */
	uint8_t asked; /* request opcode */
	size_t prepared; /* octets of a long write that the server has */
	size_t part; /* octets of the part under way */
	int prepare_error; /* the long write is being cancelled because of that */
	/* discovery */
	bool hashing; /* the Database Hash was asked for */
	bool hashed; /* ... and told */
	uint8_t hash[ATTC_HASH_SIZE];
	uint16_t start, end; /* range asked for */
	size_t index; /* service or characteristic under way */
	size_t service_count, chr_count;
	struct attc_service services[ATTC_SERVICES_MAX];
	struct attc_chr chrs[ATTC_CHRS_MAX];
};

/* -OTA_EINVAL when the MTU is out of range or a callback is missing. */
int attc_init(struct attc *c, const struct attc_config *config);
void attc_finish(struct attc *c);
/* The connection ended: MTU 23, everything forgotten; no events for what was pending. */
void attc_reset(struct attc *c);
/* A PDU from the server, any bytes. */
void attc_input(struct attc *c, const uint8_t *pdu, size_t len);

/* Each ends with one event.  -OTA_ETIMEDOUT after a timeout, -OTA_ENOMEM. */
int attc_exchange_mtu(struct attc *c);
/* All primary services with their characteristics and CCC descriptors; by one question
 * where config.table knows them still. */
int attc_discover(struct attc *c);
/* A whole value, read on with Read Blob as needed. */
int attc_read(struct attc *c, uint16_t handle);
/* Writes with response; longer than MTU - 3 as a long write.  -OTA_EMSGSIZE over 512. */
int attc_write(struct attc *c, uint16_t handle, const uint8_t *buf, size_t len);
/* Notifications, or indications where only these are offered; -OTA_ENOTSUP for neither. */
int attc_subscribe(struct attc *c, const struct attc_chr *chr);
/* Without response, and at once.  -OTA_EMSGSIZE over MTU - 3. */
int attc_write_command(struct attc *c, uint16_t handle, const uint8_t *buf, size_t len);

/* The same as services and characteristics by handle. */
void attc_table_export(const struct attc_table *table, struct gatt_table *ret);
/* The table that a client knows of a server that has this one; kept. */
void attc_table_keep(struct attc_table *table, enum att_table of);

const struct attc_chr *attc_chrs(const struct attc *c, size_t *ret_count);
uint16_t attc_mtu(const struct attc *c);
/* A request is under way or waits. */
bool attc_busy(const struct attc *c);

#endif
