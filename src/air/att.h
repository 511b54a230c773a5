/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's ATT server: PDUs in, PDUs out (Core Vol 3 Part F).
 *
 * One server serves one connection at a time.  It trusts no length and no
 * handle; whatever is malformed or not offered is answered as 3.4.1 says, and
 * commands and responses that make no sense are dropped.
 */
#ifndef OTABENCH_AIR_ATT_H
#define OTABENCH_AIR_ATT_H

#include "ota/error.h"
#include "air/att_db.h"

#define ATT_LATER 0x100 /* of write(): att_server_write_done() answers */
#define ATT_PREPARED_PARTS 32u /* Prepare Write Requests that are kept */

struct att_server;

/*
 * The device behind the table.  send is required, the others may be NULL.  They
 * are called from within att_server_input() and may call all functions below.
 */
struct att_server_ops {
	/* A PDU for the central.  -OTA_EAGAIN: no buffer now, att_server_writable() will
	 * be called when there is one.  Other failures lose it. */
	int (*send)(void *ctx, const uint8_t *pdu, size_t len);
	/* A value, at most size octets (512): its length, or a negative enum att_error. */
	int (*read)(void *ctx, enum att_value_id id, uint8_t *buf, size_t size);
	/* A whole value; a long write comes as one.  command: nobody waits for an answer.
	 * ATT_OK, another enum att_error, or, unless command, ATT_LATER. */
	int (*write)(void *ctx, enum att_value_id id, const uint8_t *buf, size_t len, bool command);
	/* Checks that the link as it is allows writing a value: ATT_OK or another enum att_error.
	 * A command that may not is dropped. */
	int (*permits)(void *ctx, enum att_value_id id);
	/* The central's ATT_CCC_* for a value, when they changed. */
	void (*subscribed)(void *ctx, enum att_value_id id, uint16_t ccc);
	/* The MTU changed. */
	void (*mtu)(void *ctx, uint16_t mtu);
	/* An indication was confirmed. */
	void (*confirmed)(void *ctx, enum att_value_id id);
};

struct att_server_config {
	const struct att_server_ops *ops;
	void *ctx;
	enum att_table table;
	uint16_t mtu; /* what it offers, 23..517 */
};

/* Memory from the caller; contents private. */
struct att_server {
	struct att_server_config config;
	struct att_db db;
	uint16_t mtu; /* in force */
	uint16_t ccc[ATT_VALUES];
	/* a write that the device has not answered yet */
	bool later;
	uint8_t later_opcode;
	uint16_t later_handle;
	/* a response that found no buffer */
	size_t unsent_len;
	uint8_t unsent[ATT_MTU_MAX];
	/* an indication that was not confirmed */
	bool indicated;
	enum att_value_id indicated_id;
	/* prepared writes, all of one attribute and in order */
	uint16_t prepared_handle; /* 0: none */
	uint16_t prepared_parts;
	struct att_part {
		uint16_t offset, len;
	} parts[ATT_PREPARED_PARTS];
	size_t prepared_len;
	uint8_t prepared[ATT_VALUE_MAX];
};

/* -OTA_EINVAL when the MTU is out of range or there is no send(). */
int att_server_init(struct att_server *server, const struct att_server_config *config);
/* A new connection: MTU 23, nothing subscribed, nothing pending.  No calls are made. */
void att_server_reset(struct att_server *server);
/* A PDU from the central, any bytes. */
void att_server_input(struct att_server *server, const uint8_t *pdu, size_t len);
/* The link takes PDUs again after -OTA_EAGAIN. */
void att_server_writable(struct att_server *server);
/* Answers the write that was put off: ATT_OK or an enum att_error.  -OTA_EINVAL when
 * there is none (the connection may have ended meanwhile). */
int att_server_write_done(struct att_server *server, int error);
/*
 * A value for the central, in one PDU: never cut.  -OTA_EMSGSIZE when longer than
 * MTU - 3, -OTA_EPERM when it has not subscribed, -OTA_ENOTSUP when the table has no
 * such characteristic, -OTA_EBUSY for an indication while one waits for its
 * confirmation; else what send() returns.
 */
int att_server_notify(struct att_server *server, enum att_value_id id, const uint8_t *buf,
		      size_t len);
int att_server_indicate(struct att_server *server, enum att_value_id id, const uint8_t *buf,
			size_t len);
/* Subscriptions that a bonded central made over an earlier link (Core Vol 3 Part G 2.5.2); nobody
 * is told. */
void att_server_restore_ccc(struct att_server *server, enum att_value_id id, uint16_t ccc);
uint16_t att_server_mtu(const struct att_server *server);
/* ATT_CCC_* */
uint16_t att_server_ccc(const struct att_server *server, enum att_value_id id);

#endif
