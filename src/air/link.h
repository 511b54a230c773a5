/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One LE connection in the modelled air, between a central and a peripheral.
 *
 * L2CAP frames go in on one side as bytes and come out on the other, after the
 * time that LE 4.2 to 5.x controllers would take.  References are to the
 * Bluetooth Core Specification 5.4.  What is modelled:
 *
 * - Connection events (Vol 6 Part B 4.5.1) at every interval: pairs of a
 *   central's PDU, T_IFS, the peripheral's PDU, T_IFS, only while they fit before
 *   the next anchor.  An event closes when neither side has more data (MD), at
 *   the first lost PDU, or when the time is used up.  Air times are airtime.h's.
 * - SN and NESN (4.5.9): a PDU whose acknowledgement was lost comes again and is
 *   dropped as a duplicate; one that the receiver has no room for is not
 *   acknowledged and comes again.
 * - Loss is a share of the PDUs, short and long alike; in life long ones are lost more often.
 * - Fragments: a frame goes into ACL buffers of the sender's controller, and from
 *   there into PDUs of at most the data length.  A buffer is free again when all
 *   of it was acknowledged - at once, or where the adapter does not refill inside
 *   an event, when the event closes.
 * - A controller that is late: it ends its last pair a while before the next anchor, and an
 *   event for which the one before left it no time to prepare carries no data of its own.
 *   What is known of it is what one USB adapter was measured with (airtime.h).
 * - Peripheral latency (4.5.1): after an event without data the peripheral sleeps
 *   through as many events as it may, unless it has something to send.
 * - Supervision timeout, and 0x3E when not one of the first six events worked.
 * - Link layer procedures as PDUs that take air time and can be lost: connection
 *   update, PHY update, data length update, encryption, termination (5.1).  The
 *   controllers answer them between events.  One runs at a time.
 * - Encryption (5.1.3): data pauses while it starts or changes its key, and every
 *   PDU that is not empty is four octets longer afterwards.  What is sent is not
 *   scrambled; sides that do not hold the same key lose the link (2.4.3.4 of Part E).
 * - Idle events are not simulated one by one while nothing can go wrong in them
 *   (no loss, no silence), so a link at rest costs nothing.
 *
 * Each side's host learns of everything host_latency_us later, and not while it
 * is held (link_hold(), for a processor that is stopped by a flash erase), nor does
 * it hear writable() then.  While its task is blocked (link_block()), the controller goes
 * on: it fills the host's pool, then its own buffers, and drops what waits too long.
 */
#ifndef OTABENCH_AIR_LINK_H
#define OTABENCH_AIR_LINK_H

#include "core/airtime.h"
#include "ota/error.h"
#include "base/sched.h"

#define LINK_CID_ATT 0x0004u
#define LINK_CID_SIGNALLING 0x0005u
#define LINK_CID_SECURITY 0x0006u
#define LINK_FRAME_MAX 65535u /* payload of an L2CAP frame */

/* Vol 1 Part F 1.3 */
#define LINK_REASON_TIMEOUT 0x08u /* supervision timeout */
#define LINK_REASON_REMOTE_USER 0x13u
#define LINK_REASON_REMOTE_POWER 0x15u /* remote is about to power off */
#define LINK_REASON_LOCAL_HOST 0x16u
#define LINK_REASON_MIC 0x3du /* message integrity check failed: the keys differ */
#define LINK_REASON_NOT_ESTABLISHED 0x3eu
#define LINK_CODE_KEY_MISSING 0x06u
#define LINK_CODE_UNSUPPORTED 0x1au /* unsupported remote feature */
#define LINK_CODE_UNACCEPTABLE 0x3bu /* unacceptable connection parameters */

enum link_role { LINK_CENTRAL, LINK_PERIPHERAL, LINK_ROLES };

enum link_procedure { LINK_PARAMS, LINK_PHY, LINK_DATA_LENGTH, LINK_ENCRYPTION, LINK_PROCEDURES };

#define LINK_KEY_SIZE 16u

/* Input of an encryption start: a key, and the peripheral's identifier of it. */
struct link_key {
	uint8_t ltk[LINK_KEY_SIZE]; /* least significant octet first */
	uint8_t rand[8];
	uint16_t ediv;
};

struct link;

struct link_params {
	uint16_t interval_min; /* 1.25 ms, 6..3200 */
	uint16_t interval_max; /* what the central chooses */
	uint16_t latency; /* events, 0..499 */
	uint16_t supervision_timeout; /* 10 ms, 10..3200, > 2 (1 + latency) interval_max */
};

/*
 * One side's host.  All may be NULL.  Calls come from the scheduler, never from
 * within a call of this header.  All functions below may be called from them,
 * except that link_destroy() is only allowed in disconnected().
 */
struct link_ops {
	/* A whole L2CAP frame; buf is its payload, valid during the call. */
	void (*frame)(void *ctx, uint16_t cid, const uint8_t *buf, size_t len);
	/* Instead of frame(): pieces as the air carried them, L2CAP header included. */
	void (*fragment)(void *ctx, bool start, const uint8_t *buf, size_t len);
	/* Buffers of this side's controller that are free again (Number Of Completed Packets). */
	void (*completed)(void *ctx, unsigned int count);
	/* A frame refused with -OTA_EAGAIN would be taken now. */
	void (*writable)(void *ctx);
	/* Returns true if this side's controller has room for a PDU of len octets; NULL: always. */
	bool (*can_take)(void *ctx, size_t len);
	/* Central: whether the peripheral's wish is granted; NULL: always. */
	bool (*accept_params)(void *ctx, const struct link_params *params);
	/* Central: instead of accept_params(), for a host that takes its time:
	 * link_answer_params() follows, also from within. */
	void (*params_wanted)(void *ctx, const struct link_params *params);
	/* Peripheral: the central starts encryption with the key of this number;
	 * link_answer_key() follows, also from within.  NULL: there is no key. */
	void (*key_wanted)(void *ctx, const uint8_t rand[8], uint16_t ediv);
	/* A procedure of either side ended; code 0 or an HCI error code. */
	void (*changed)(void *ctx, enum link_procedure procedure, uint8_t code);
	/* The last call of all. */
	void (*disconnected)(void *ctx, uint8_t reason);
};

struct link_side_config {
	const struct link_ops *ops; /* NULL: none */
	void *ctx;
	uint16_t buffers; /* ACL buffers of the controller; 0 = no limit */
	uint16_t buffer_octets; /* of each, >= 27; 0 = no limit */
	bool refill; /* they are free again inside an event */
	bool late; /* central: it prepares its events late, see above; refill is false then */
	uint32_t queue_frames; /* frames its host queues in front; 0 = no limit */
	uint32_t receive_pdus; /* PDUs its controller keeps for its host; 0 = no limit */
	uint32_t host_pdus; /* PDUs that its host's pool takes while its task is blocked */
	/* A PDU that the pool has no room for is dropped, unsaid, after so long; 0 = never. */
	uint32_t drop_us;
	uint32_t host_latency_us; /* from the air to the host */
	uint8_t phys; /* OTA_PHYS_1M | OTA_PHYS_2M, what it supports */
	uint8_t prefer_phys; /* of these, what it agrees to when asked; 0 = all */
	uint16_t data_length; /* octets, 27..251, the longest it supports */
	uint32_t loss_ppm; /* PDUs it sends that are lost, in a million */
	int8_t rssi; /* mean of what it receives, dBm */
	uint8_t rssi_spread; /* dB that it strays at most */
};

struct link_config {
	struct link_params params; /* starts with interval_max */
	bool unchecked; /* params need not be valid: a controller that does not look at them */
	enum ota_phy phy; /* starts with; both sides must support it */
	uint16_t data_length; /* starts with; bounded by both sides' */
	bool encrypted;
	uint64_t seed;
	uint32_t first_anchor_us; /* from now to the first event */
	struct link_side_config sides[LINK_ROLES];
};

/* The link as it is now. */
struct link_state {
	uint16_t interval; /* 1.25 ms */
	uint16_t latency; /* events */
	uint16_t supervision_timeout; /* 10 ms */
	enum ota_phy phy; /* both directions */
	uint16_t data_length; /* octets, both directions */
	bool encrypted;
};

/* Counters of one side's controller. */
struct link_stats {
	uint64_t sent; /* PDUs, empty ones and repetitions included */
	uint64_t repeated; /* PDUs sent again */
	uint64_t refused; /* received PDUs that there was no room for */
	uint64_t dropped; /* received PDUs that a blocked host's pool had no room for */
	uint64_t duplicate; /* received PDUs that had been received before */
	uint64_t events; /* connection events simulated (not idle ones) */
};

/* Returns true if parameters are in range. */
bool link_params_valid(const struct link_params *params);

/*
 * Connects.  The first event comes first_anchor_us from now.  -OTA_EINVAL on a
 * configuration out of range, -OTA_ENOMEM.  *ret is to be destroyed by the
 * caller, in any state; sched must outlive it.
 */
int link_create(struct sched *sched, const struct link_config *config, struct link **ret);
void link_destroy(struct link *link);

/* False once this side has left; frames that it received before may still be on
 * their way to its host, and then disconnected(). */
bool link_connected(const struct link *link, enum link_role role);

/*
 * Queues a frame, behind those queued before.  -OTA_ENOTCONN, -OTA_EMSGSIZE,
 * -OTA_ENOMEM, or -OTA_EAGAIN when queue_frames are waiting: writable() follows.
 */
int link_send(struct link *link, enum link_role role, uint16_t cid, const uint8_t *buf, size_t len);
/*
 * Puts one fragment into a buffer of the controller, past the queue of
 * link_send(): for a host that fragments itself.  start: begins a frame.
 * -OTA_EAGAIN without a credit, -OTA_EMSGSIZE when longer than a buffer.
 */
int link_send_fragment(struct link *link, enum link_role role, bool start, const uint8_t *buf,
		       size_t len);
/* Buffers of the controller that are free; UINT_MAX where there is no limit. */
unsigned int link_credits(const struct link *link, enum link_role role);
/* Bytes, L2CAP headers included, that wait in front of the controller ... */
size_t link_queued(const struct link *link, enum link_role role);
/* ... and in it, not yet acknowledged. */
size_t link_in_controller(const struct link *link, enum link_role role);
/* While on, this side's host takes nothing; its controller goes on until receive_pdus. */
void link_hold(struct link *link, enum link_role role, bool on);
/* While on, this side's host takes nothing; its controller goes on until host_pdus and
 * receive_pdus, and by drop_us, in which the time that it is held does not count. */
void link_block(struct link *link, enum link_role role, bool on);

/*
 * Ask for a change; changed() follows on both sides, on the asking side also
 * when it is refused or changes nothing.  A request that has not begun is replaced.
 * -OTA_EINVAL when out of range, -OTA_ENOTCONN.
 */
int link_update_params(struct link *link, enum link_role role, const struct link_params *params);
/* The central's answer to params_wanted(): what it grants, or NULL and the HCI error
 * code of its refusal.  -OTA_EINVAL when nothing is asked, or params are out of range. */
int link_answer_params(struct link *link, const struct link_params *params, uint8_t code);
/* phys: OTA_PHYS_*, those that this side would use; 2M wins where both would. */
int link_update_phy(struct link *link, enum link_role role, uint8_t phys);
/* octets: the longest that this side would use, both ways; bounded by what it supports. */
int link_update_data_length(struct link *link, enum link_role role, uint16_t octets);
/* The central's: encrypts the link, or changes its key. */
int link_encrypt(struct link *link, const struct link_key *key);
/* The peripheral's answer to key_wanted(): the key, or NULL: it has none.  -OTA_EINVAL when
 * nothing asks. */
int link_answer_key(struct link *link, const uint8_t ltk[LINK_KEY_SIZE]);

/* Disconnects by procedure: disconnected(LOCAL_HOST) here, disconnected(reason) there.
 * Queued frames are lost.  -OTA_ENOTCONN. */
int link_terminate(struct link *link, enum link_role role, uint8_t reason);
/* The side is gone without a word (reset, power cut); the other times out.  It gets
 * no further calls, disconnected() included. */
void link_vanish(struct link *link, enum link_role role);
/* While on, every PDU is lost. */
void link_set_silent(struct link *link, bool on);
/* Loss of the PDUs that role sends. */
void link_set_loss(struct link *link, enum link_role role, uint32_t ppm);
/* The buffers of role's controller, as in struct link_side_config.  Those in use are sent first. */
void link_set_buffers(struct link *link, enum link_role role, uint16_t count, uint16_t octets,
		      bool refill);

/* dBm as role receives; walks with the clock, the same for a seed however often it is read. */
int8_t link_rssi(struct link *link, enum link_role role);
void link_get_state(const struct link *link, struct link_state *ret);
/* The link as it is now, with role's buffers, for airtime_ceiling(). */
void link_get_airtime(const struct link *link, enum link_role role, struct airtime_link *ret);
void link_get_stats(const struct link *link, enum link_role role, struct link_stats *ret);

#endif
