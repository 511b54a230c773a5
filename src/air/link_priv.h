/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State that the parts of the link model share: link.c (making, configuring, asking),
 * link_queue.c (from a host to the air), link_news.c (from the air to a host), link_air.c
 * (connection events) and link_ll.c (link layer procedures).
 */
#ifndef OTABENCH_AIR_LINK_PRIV_H
#define OTABENCH_AIR_LINK_PRIV_H

#include "base/fifo.h"
#include "air/link.h"
#include "base/rng.h"

#define LINK_CTRL_OCTETS 27u /* no control PDU is longer (Vol 6 Part B 2.4.2) */
#define LINK_CTRL_QUEUE 8u /* one procedure at a time needs three at most, and termination */
#define LINK_HEADER 4u /* basic L2CAP header, Vol 3 Part A 3.1 */

struct link_ctrl {
	uint8_t len;
	uint8_t bytes[LINK_CTRL_OCTETS];
};

struct link_ctrl_queue {
	struct link_ctrl ctrl[LINK_CTRL_QUEUE];
	unsigned int first, count;
};

enum link_pdu_kind { LINK_PDU_NONE, LINK_PDU_EMPTY, LINK_PDU_DATA, LINK_PDU_CTRL };

/* A PDU on the air; its bytes stay in the sender's queue until they are acknowledged. */
struct link_pdu {
	enum link_pdu_kind kind;
	uint16_t len;
	bool start; /* begins an L2CAP frame (LLID) */
	bool md;
	bool sn, nesn;
};

/* Before each run of bytes in the queues of struct link_side. */
struct link_chunk {
	uint32_t len;
	bool start;
};

enum link_news_kind {
	LINK_NEWS_PDU,
	LINK_NEWS_KEY_WANTED,
	LINK_NEWS_CHANGED,
	LINK_NEWS_DISCONNECTED,
};

/* Events for a host, in order; each is followed by len bytes. */
struct link_news {
	uint64_t at_us;
	enum link_news_kind kind;
	uint16_t len;
	bool start;
	uint8_t procedure, code;
};

struct link_side {
	struct link *link;
	enum link_role role;
	struct link_side_config config;

	/* from the host to the air */
	struct fifo host; /* chunks: whole frames */
	uint32_t host_frames; /* in it */
	uint32_t host_offset; /* bytes of the first that are in the controller */
	bool refused; /* the host waits for writable() */
	struct fifo buffers; /* chunks: fragments in the controller */
	uint32_t buffer_offset; /* bytes of the first that were acknowledged */
	unsigned int used; /* buffers that hold something or were not given back yet */
	unsigned int done; /* of these, acknowledged */
	struct link_ctrl_queue ctrl_out;
	struct link_pdu out; /* not acknowledged; NONE: nothing */
	bool sn, nesn;

	/* from the air to the host */
	struct fifo news;
	uint32_t news_pdus; /* of these, PDUs: what occupies the controller */
	bool held;
	bool blocked; /* the host's task is; its pool has room for some */
	uint32_t pooled; /* PDUs of news in the pool, no longer in the controller */
	struct sched_event drop_event; /* for the first that the pool has no room for */
	uint32_t drop_left_us; /* until then, when it is armed next */
	struct sched_event news_event;
	struct link_ctrl_queue ctrl_in; /* answered when the event closes */
	uint8_t *frame; /* being put together */
	size_t frame_len, frame_size;
	bool frame_open;

	/* life */
	bool gone;
	bool established; /* heard one PDU at all */
	bool heard; /* in the event under way or the last one */
	uint64_t heard_us; /* last PDU received */
	struct sched_event timeout_event; /* supervision; armed only after a failure */
	bool paused; /* encryption starts: no new data */
	bool leaving; /* after the next PDU it sends: acknowledges a termination */
	uint8_t reason; /* then */
	bool terminating; /* its own termination waits for the acknowledgement */
	struct sched_event terminate_event;

	/* what it would use, and asked for (link_ll.c) */
	uint8_t phys;
	uint16_t octets;
	unsigned int wanted; /* 1 << enum link_procedure, not begun */
	struct link_params want_params;
	uint8_t want_phys;
	uint16_t want_octets;
	struct link_key want_key;

	struct rng rng;
	struct rng rssi_rng;
	int rssi;
	uint64_t rssi_us;
	struct link_stats stats;
};

/* The procedure under way. */
struct link_running {
	bool active;
	enum link_procedure kind;
	enum link_role initiator;
	struct link_params params; /* asked for, then granted */
	uint8_t phys; /* of the initiator */
	bool asked; /* a host was, and has not answered */
	struct link_key key; /* the central's */
	uint8_t ltk[LINK_KEY_SIZE]; /* the peripheral's */
	bool instant; /* the change takes place at event */
	bool known; /* the peripheral was told in time */
	uint64_t event;
	enum ota_phy phy; /* UNKNOWN: no change */
};

struct link {
	struct sched *sched;
	struct link_side sides[LINK_ROLES];
	struct link_state state;
	uint32_t interval_us;

	struct sched_event air_event; /* next anchor, or the end of the PDU on the air */
	uint64_t event_counter;
	uint64_t anchor_us, next_anchor_us;
	bool event_open;
	bool carried; /* the event carried data */
	bool unprepared; /* the central, which is late, has nothing in hand for this event */
	uint64_t data_us; /* when its latest pair with data ended */
	bool listening; /* the peripheral attends this event */
	uint64_t listen_event; /* next one that it attends */
	bool deaf; /* it missed an instant: the sides no longer meet */
	bool idle; /* no event armed until something happens */
	bool silent;

	struct link_running running;
};

static inline struct link_side *link_peer(struct link_side *side)
{
	return &side->link->sides[side->role == LINK_CENTRAL ? LINK_PERIPHERAL : LINK_CENTRAL];
}

/* link.c: the side leaves; reason 0 tells its host nothing. */
void link_side_leave(struct link_side *side, uint8_t reason);
/* Arms the side's supervision timer, counting from the last PDU that it heard. */
void link_watch(struct link_side *side);

/* link_queue.c */
bool link_queue_empty(const struct link_side *side); /* nothing to send, control PDUs included */
/* Describes what is sent next, when nothing is in flight. */
struct link_pdu link_queue_next(const struct link_side *side);
/* Returns true if the controller has something to send behind this PDU, which is its next. */
bool link_queue_more(const struct link_side *side, const struct link_pdu *pdu);
/* Payload of the PDU in flight; valid until anything is queued. */
const uint8_t *link_queue_bytes(const struct link_side *side);
/* The PDU in flight was acknowledged: lets go of its bytes. */
void link_queue_acked(struct link_side *side);
/* Gives back the buffers that were acknowledged. */
void link_queue_give_back(struct link_side *side);
bool link_ctrl_push(struct link_ctrl_queue *queue, const uint8_t *bytes, size_t len);
void link_ctrl_pop(struct link_ctrl_queue *queue);

/* link_news.c */
/* Takes a PDU for the host; false: there is no room, and it is not acknowledged. */
bool link_news_pdu(struct link_side *side, const struct link_pdu *pdu, const uint8_t *bytes);
void link_news_tell(struct link_side *side, enum link_news_kind kind, uint8_t procedure,
		    uint8_t code);
/* Tells the host that it may send again, where it was refused and there is room. */
void link_news_writable(struct link_side *side);
void link_news_run(void *ctx, uint64_t now_us);
void link_news_drop(void *ctx, uint64_t now_us);

/* link_air.c */
void link_air_anchor(void *ctx, uint64_t now_us);
/* Something happened: takes up an idle link at its next anchor. */
void link_air_wake(struct link *link);

/* link_ll.c */
void link_ll_terminate(struct link_side *side, uint8_t reason);
/* Asks the peripheral's host for the key. */
void link_ll_ask_key(struct link_side *side);
/* Termination acts at once, all else when the event closes. */
void link_ll_received(struct link_side *side, const struct link_ctrl *ctrl);
void link_ll_acked(struct link_side *side, const struct link_ctrl *ctrl);
/* Between events: answers what came, begins what was asked for. */
void link_ll_run(struct link *link);
/* At an anchor: makes the change whose instant this is. */
void link_ll_instant(struct link *link);

#endif
