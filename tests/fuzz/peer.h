/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of the host's state machine, for fuzz targets: a stack and a device, as the input
 * plays them.  It checks each action and the session's figures, whatever the dialect is; what is
 * particular to one is the target's.
 */
#ifndef OTABENCH_FUZZ_PEER_H
#define OTABENCH_FUZZ_PEER_H

#include "core/session_priv.h"

#include <stdlib.h>
#include <string.h>

#define PEER_IMAGE_MAX 20000u

struct peer {
	struct session s;
	const struct peer_ops *ops;
	const uint8_t *data;
	size_t left;
	uint64_t now;
	bool link, connecting;
	bool busy[GATT_CHRS]; /* a write request is outstanding */
	int rc; /* that calls answer */
	uint16_t mtu; /* of a link in an update that goes well */
	uint8_t last_command;
	bool end, confirm; /* were written */
	bool boots; /* the image, when the link ends next */
	bool runs; /* it does, for a device that is sane */
	bool shown, kept; /* Info told that: with the image's hash, and not on trial */
};

/* Each target adds these. */
struct peer_ops {
	/* A write, before it is taken or refused; p->s is as it was. */
	void (*check)(struct peer *p, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		      size_t len);
	/* It was taken. */
	void (*written)(struct peer *p, enum gatt_chr chr, const uint8_t *buf, size_t len);
};

/* The events of an input, by one octet.  The corpus holds these numbers. */
enum peer_event {
	PEER_LINK_MADE,
	PEER_LINK_LOST,
	PEER_MTU,
	PEER_DISCOVERED, /* the target's own */
	PEER_SUBSCRIBED,
	PEER_READ, /* the target's own */
	PEER_WRITTEN,
	PEER_SENSIBLE, /* the target's own: nearly what a device would say now */
	PEER_SENSIBLE_TOO,
	PEER_TOLD_ANY, /* the target's own */
	PEER_WRITABLE,
	PEER_TIME,
	PEER_USER,
	PEER_GOES_ON, /* the target's own: steps of an update that goes well */
	PEER_GOES_ON_TOO,
	PEER_CALLS_ANSWER,
	PEER_EVENTS
};

/* The next step of a device in an update that goes well. */
struct peer_talk {
	void (*discovered)(struct peer *p);
	void (*info)(struct peer *p);
	void (*ready)(struct peer *p);
	void (*sending)(struct peer *p);
	void (*done)(struct peer *p);
	void (*answer)(struct peer *p);
};

extern const uint8_t *const peer_image; /* PEER_IMAGE_MAX bytes, of which no two places are alike */

static inline void must(bool held)
{
	if (!held)
		abort();
}

uint8_t peer_take(struct peer *p);
uint16_t peer_take16(struct peer *p);

/* As all targets have it: goal, command and what follows a stall are bits of kind. */
void peer_config(struct session_config *config, uint8_t kind, uint32_t size);
void peer_init(struct peer *p, const struct session_config *config);

/* An event that is the same whatever the target is. */
void peer_event(struct peer *p, uint8_t which);
void peer_connected(struct peer *p, uint16_t mtu);
void peer_lose_link(struct peer *p, enum gatt_reason reason);
void peer_tell(struct peer *p, const uint8_t *buf, size_t len);
/* Any bytes of Control's, or of Data's. */
void peer_tell_any(struct peer *p, bool of_data);
void peer_tell_version(struct peer *p);
/* Time goes on, up to what the session waits for. */
void peer_wait_for(struct peer *p);
void peer_go_on(struct peer *p, const struct peer_talk *talk);

/* Bytes of a Data value that are the image's: where they belong, and not beyond window and credit. */
void peer_check_payload(const struct peer *p, const uint8_t *buf, uint32_t len);
/* These hold, whatever came. */
void peer_check(const struct peer *p);

#endif
