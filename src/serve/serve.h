/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32 for clients of somebody else's: what a client does over some front, such as a
 * real adapter, is done to the device behind a transport, and what that notifies goes back.
 *
 * The front has the client's link, the transport another one to the device, which is made when
 * the client first reads or writes.  A link that is lost on the device's side (it reboots, a
 * fault says so) is hung up on the client's; until the device advertises again, so does nobody.
 *
 * The client is graded on the way (grade.h), before any fault can touch what it sent.
 */
#ifndef OTABENCH_SERVE_SERVE_H
#define OTABENCH_SERVE_SERVE_H

#include "core/gatt_table.h"
#include "serve/grade.h"
#include "transport/transport.h"

#define SERVE_CLIENT 64u /* a client's name in words, with the NUL */
#define SERVE_WAITING 4096u /* reads and writes that wait for the device, at most */

/* The way in which Data is offered where a device takes both; a front may not be able to tell
 * which one was used. */
enum serve_data { SERVE_DATA_BOTH, SERVE_DATA_REQUEST, SERVE_DATA_COMMAND };

/* A front.  answer() may be called from within the functions below, the others are not. */
struct serve_front_ops {
	/* The device's services, at first and whenever they are others.  0, or a negative OTA_E*. */
	int (*publish)(void *ctx, const struct gatt_table *table);
	/* The device can be connected to, or not. */
	void (*advertise)(void *ctx, bool on);
	/* A notification of the characteristic with this handle in the table. */
	void (*notify)(void *ctx, uint16_t handle, const uint8_t *buf, size_t len);
	/* The answer to a read or write, once for each token.  status: 0, or a negative OTA_E*:
	 * -OTA_ENOTSUP, -OTA_EPERM, -OTA_EIO, -OTA_ENOTCONN. */
	void (*answer)(void *ctx, void *token, int status, const uint8_t *buf, size_t len);
	/* The client's link is to end. */
	void (*hang_up)(void *ctx);
};

enum serve_news_kind {
	SERVE_PUBLISHED, /* the dialect is known */
	SERVE_ON_AIR, /* it advertises */
	SERVE_OFF_AIR, /* it does not */
	SERVE_JOINED, /* text: the client's name */
	SERVE_MTU, /* number: what the client's link has, the first time or when it rises */
	SERVE_LEFT, /* the client hung up */
	SERVE_LOST, /* the device's side lost the link: reason */
	SERVE_SUBSCRIBED, /* number: 1, or 0 */
	SERVE_READ, /* chr */
	SERVE_COMMAND, /* bytes written to Control */
	SERVE_VALUE, /* bytes written to Data */
	SERVE_NOTIFIED, /* bytes notified by Control, or chr */
	SERVE_BROKEN, /* rule, for the first time */
	SERVE_REFUSED, /* text: why the front's client cannot be served */
};

struct serve_news {
	enum serve_news_kind kind;
	const struct dialect *dialect;
	enum gatt_chr chr;
	enum gatt_reason reason;
	enum grade_rule rule;
	unsigned int number;
	const char *text; /* not safe to print where it came from the air */
	const uint8_t *data;
	size_t len;
};

struct serve_config {
	struct transport *t; /* to the device; serve takes its handler */
	char device[32]; /* its name or address; "": the first that is heard */
	enum serve_data data;
	const struct serve_front_ops *front;
	void *front_ctx;
	void (*told)(void *ctx, const struct serve_news *news);
	void *told_ctx;
};

struct serve;

/* Starts to look for the device.  -OTA_ENOMEM, or what the transport says. */
int serve_create(const struct serve_config *config, struct serve **ret);
/* Answers what waits with -OTA_ENOTCONN.  The transport is the caller's. */
void serve_destroy(struct serve *s);
/* The grading so far; grade_end() is the caller's. */
struct grade *serve_grade(struct serve *s);
/* Something that a client asked for is not answered yet. */
bool serve_busy(const struct serve *s);
const struct dialect *serve_dialect(const struct serve *s);
/* The address of the simulated device; "": it was not heard yet. */
const char *serve_address(const struct serve *s);

/*
 * Calls by the front.  handle: of a characteristic in the table that was published; mtu: of the
 * client's link, 0: not told.  token comes back with answer(), at once or later; NULL: no answer is
 * wanted.
 */
void serve_client_joined(struct serve *s, const char *name);
void serve_client_left(struct serve *s);
void serve_client_subscribed(struct serve *s, uint16_t handle, bool on);
void serve_client_read(struct serve *s, uint16_t handle, uint16_t mtu, void *token);
/* buf is copied. */
void serve_client_wrote(struct serve *s, uint16_t handle, uint16_t mtu, enum grade_mode mode,
			const uint8_t *buf, size_t len, void *token);

#endif
