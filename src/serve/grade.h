/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of docs/protocol.md, and whether a client keeps them.
 *
 * The input is everything that a client does to a device of this project's dialects, and what the
 * device notifies it, in the order in which the device sees it.  The output is, for each rule,
 * whether there was an occasion to keep it, and the first time that it was not.  Pure: no clock, no
 * bytes of others are kept.
 *
 * A client knows less than this: a notification may not have reached it yet.  So no rule holds a
 * client to a notification before it can have heard it; a device's limit alone is binding at once,
 * since it only ever allows more.
 */
#ifndef OTABENCH_SERVE_GRADE_H
#define OTABENCH_SERVE_GRADE_H

#include "core/dialect.h"

enum grade_rule {
	GRADE_SUBSCRIBE, /* notifications of Control are enabled before START */
	GRADE_REQUESTS, /* commands are write requests */
	GRADE_OPCODE, /* a command is one that the device offers */
	GRADE_LENGTH, /* a command is as long as its definition */
	GRADE_INFO, /* Info is read again in each connection that begins an update */
	GRADE_VERSION, /* START's version and flags are offered */
	GRADE_SIZE, /* START's sizes fit */
	GRADE_ONE_START, /* no START before the answer to the last one */
	GRADE_READY, /* no value before READY */
	GRADE_VALUE, /* a value is no longer than allowed */
	GRADE_SEQUENCE, /* values are numbered one after the other */
	GRADE_LIMIT, /* no payload beyond the limit */
	GRADE_END_OF_IMAGE, /* no payload beyond the stream */
	GRADE_RESUME, /* the image goes on at READY's offset */
	GRADE_GAP, /* after GAP values begin at its offset */
	GRADE_RESYNC, /* no RESYNC before the GAP of the last one; no value either */
	GRADE_END, /* END once all was sent, and nothing behind it */
	GRADE_HASH, /* the image is the one that START announced */
	GRADE_STATE, /* a command is possible in the device's state */
	GRADE_ALIVE, /* a session is kept alive, or ended */
	GRADE_LINK, /* LINK's values are in range */
	GRADE_STAY, /* the client waits for DONE or ERROR */
	GRADE_CONFIRM, /* it comes back after DONE and confirms what runs then */
	GRADE_RULES
};

enum grade_mark { GRADE_UNSEEN, GRADE_KEPT, GRADE_BROKEN };

/* The way in which a value was written. */
enum grade_mode { GRADE_UNTOLD, GRADE_REQUEST, GRADE_COMMAND };

#define GRADE_DETAIL 120u

struct grade_finding {
	enum grade_mark mark;
	uint32_t times; /* broken */
	uint64_t first_us; /* ... for the first time, on the caller's clock */
	char detail[GRADE_DETAIL]; /* of that: "sequence 7 where 5 was next" */
};

/* Contents are private, except for the findings. */
struct grade {
	struct grade_finding findings[GRADE_RULES];
	bool judged; /* a dialect of this project's, in which something was written */
	bool basic_only; /* the device serves nothing else */
	bool basic; /* the session is */
	uint64_t now_us;
	/* the connection */
	bool connected, subscribed, info_read;
	uint16_t mtu;
	uint32_t features; /* of Info; 0: unknown */
	/* the session */
	enum {
		GRADE_IDLE,
		GRADE_STARTED, /* START written, not answered */
		GRADE_SENDING, /* READY was notified */
		GRADE_ENDED, /* END written */
	} state;
	unsigned int starts; /* that READY or ERROR has not answered */
	bool failed; /* ERROR or ABORT ended it: values that are on their way come still */
	bool earlier; /* another session of this connection had values: they may come late */
	bool blamed; /* START was found at fault: the ERROR that follows says the same */
	uint32_t image_size, stream_size;
	uint16_t flags; /* START's */
	uint32_t sent; /* offset behind the last value that was in order */
	uint32_t limit;
	uint16_t largest; /* READY's */
	uint16_t next; /* number of the value that comes next */
	bool jump; /* a GAP was notified: ... */
	bool must_jump; /* ... that the client waits for, so that nothing else may come */
	uint16_t jump_next; /* ... values may go on with this number */
	uint32_t jump_offset;
	uint32_t stale; /* values of before it, since it was notified, or repeated */
	uint32_t repeats; /* of it that were followed by such values */
	bool resyncing; /* RESYNC written, its GAP not notified */
	bool resumed; /* READY's offset was not 0 ... */
	bool resumed_first; /* ... and the next value is the first there */
	/* The image's first bytes, of the last session that began at 0. */
	uint8_t head[16];
	size_t head_len;
	/* after DONE */
	bool done; /* an image was done, and waits for its proof */
};

void grade_init(struct grade *g);
/* The clock of what follows, microseconds. */
void grade_at(struct grade *g, uint64_t now_us);

/* A client connected; basic_only: the device serves nothing but the basic dialect. */
void grade_connected(struct grade *g, uint16_t mtu, bool basic_only);
void grade_mtu(struct grade *g, uint16_t mtu);
/* by_client: it ended the link itself. */
void grade_disconnected(struct grade *g, bool by_client);
/* Notifications of Control. */
void grade_subscribed(struct grade *g, bool on);
/* Info was read, with this value. */
void grade_info(struct grade *g, const uint8_t *buf, size_t len);
void grade_control(struct grade *g, enum grade_mode mode, const uint8_t *buf, size_t len);
void grade_data(struct grade *g, enum grade_mode mode, const uint8_t *buf, size_t len);
/* The device notified Control, whether or not anybody hears it. */
void grade_notified(struct grade *g, const uint8_t *buf, size_t len);
/* Ends the grading: a message that should have come by now, and did not, breaks its rule. */
void grade_end(struct grade *g);

/* Returns true if no rule was broken. */
bool grade_good(const struct grade *g);
/* "start-subscribed"; in JSON. */
const char *grade_rule_name(enum grade_rule rule);
/* The section of docs/protocol.md, "4.1". */
const char *grade_rule_section(enum grade_rule rule);
/* The client's duty by that rule, a sentence without its end. */
const char *grade_rule_text(enum grade_rule rule);
/* The fault of a client that breaks it: "client sent data before READY". */
const char *grade_rule_fault(enum grade_rule rule);
/* "kept", "broken", "unseen" */
const char *grade_mark_name(enum grade_mark mark);

#endif
