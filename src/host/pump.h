/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a session and a transport: the session's actions become calls of the
 * transport, the transport's events become the session's.  Whoever runs a session over
 * a transport uses this one translation, and is told what passes through it.
 */
#ifndef OTABENCH_HOST_PUMP_H
#define OTABENCH_HOST_PUMP_H

#include "core/session.h"
#include "transport/transport.h"

/* ctx is the owner's.  Each member may be NULL. */
struct pump_owner {
	/* The same as in struct session_ops; NULL approves of every device. */
	int (*approve)(void *ctx, const struct ota_info *info, const char *version);
	int (*stream)(void *ctx, const struct ota_info *info, const struct stream **ret);
	const uint32_t *(*digests)(void *ctx, const struct ota_info *info);
	void (*state_changed)(void *ctx, enum session_state from, enum session_state to);
	void (*note)(void *ctx, enum session_note note, uint32_t value);
	/* The stack has taken this write. */
	void (*sent)(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		     size_t len);
	/* Read or notified by the device; the session is told afterwards. */
	void (*received)(void *ctx, enum gatt_chr chr, const uint8_t *buf, size_t len);
	/* The link is up, or its MTU, parameters or encryption may have changed: event says
	 * which.  The session knows already. */
	void (*link_changed)(void *ctx, const struct transport_event *event);
	/* The device shows a passkey, which transport_passkey() is to be given, not from
	 * within; shown as in struct transport_event. */
	void (*passkey)(void *ctx, int32_t shown);
};

/* The caller's memory; all that it points to outlives it. */
struct pump {
	struct session *session;
	struct transport *transport;
	const char *address; /* of the device, as connect() takes it */
	const struct pump_owner *owner;
	void *ctx;
};

/* Makes the session with p for its context.  Errors: session_init()'s. */
int pump_init(struct pump *p, const struct session_config *config);
uint64_t pump_now(const struct pump *p);
/* Takes an event; the transport's handler must call it with every event while the session runs. */
void pump_event(struct pump *p, const struct transport_event *event);
/* The link as the stack reports it, if it does. */
void pump_link_state(const struct pump *p, struct transport_link *ret);

#endif
