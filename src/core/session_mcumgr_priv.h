/* SPDX-License-Identifier: Apache-2.0 */
/* Calls between the two files that speak SMP. */
#ifndef OTABENCH_CORE_SESSION_MCUMGR_PRIV_H
#define OTABENCH_CORE_SESSION_MCUMGR_PRIV_H

#include "core/cbor.h"
#include "core/session_priv.h"

struct mcumgr_answer;
struct mcumgr_header;

/* The question whose answer is awaited. */
enum mcumgr_ask {
	MCUMGR_ASK_NOTHING,
	MCUMGR_ASK_PARAMETERS,
	MCUMGR_ASK_STATE,
	MCUMGR_ASK_UPLOAD,
	MCUMGR_ASK_TEST,
	MCUMGR_ASK_RESET,
	MCUMGR_ASK_CONFIRM
};

/* session_mcumgr.c */
/* A whole answer: its header, and its map. */
void mcumgr_on_answer(struct session *s, const struct mcumgr_header *h, const uint8_t *map);
/* Ends with what the device answered to opcode. */
void mcumgr_refused(struct session *s, const struct mcumgr_answer *a, uint8_t opcode);

/* session_mcumgr_message.c */
/* Returns true if a request is not written to its end, outside of SENDING. */
bool mcumgr_is_writing(const struct session *s);
/* Goes on with that. */
void mcumgr_flush(struct session *s);
/* An empty map for the next request. */
struct cbor_writer mcumgr_map(struct session *s);
/* The request's header, in front of the map and of rest bytes of the image. */
void mcumgr_put_head(struct session *s, enum mcumgr_ask ask, const struct cbor_writer *map,
		     uint32_t rest);
/* Writes it, and waits for the answer; from and to: bytes of the image behind the map. */
void mcumgr_ask_with(struct session *s, enum mcumgr_ask ask, const struct cbor_writer *map,
		     uint32_t from, uint32_t to);
/* Returns true if it is the header of that answer. */
bool mcumgr_is_answer(const struct session *s, const struct mcumgr_header *h);
/* A notification. */
void mcumgr_rx(struct session *s, const uint8_t *buf, size_t len);

/* session_mcumgr_upload.c */
void mcumgr_begin_upload(struct session *s);
/* The answer to its first request: it begins, or goes on where it stopped. */
void mcumgr_on_begun(struct session *s, const struct mcumgr_answer *a);
/* The answer to one of the others. */
void mcumgr_on_upload(struct session *s, uint8_t sequence, const struct mcumgr_answer *a);
void mcumgr_upload_refused(struct session *s, const struct mcumgr_answer *a);
/* Members of struct dialect_ops, with the contracts given there. */
uint32_t mcumgr_frame_end(const struct session *s);
uint32_t mcumgr_window(const struct session *s);
uint32_t mcumgr_frame_head(const struct session *s);
void mcumgr_frame_put(struct session *s, uint8_t *buf, uint32_t len);
void mcumgr_frame_sent(struct session *s, uint32_t header);
void mcumgr_watch(struct session *s);
uint64_t mcumgr_watch_at(const struct session *s);

#endif
