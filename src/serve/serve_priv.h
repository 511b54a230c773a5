/* SPDX-License-Identifier: Apache-2.0 */
/* Between serve.c (the device's life) and serve_ops.c (what a client does to it). */
#ifndef OTABENCH_SERVE_SERVE_PRIV_H
#define OTABENCH_SERVE_SERVE_PRIV_H

#include "serve/serve.h"

enum serve_phase {
	SERVE_DARK, /* not heard since it was lost, or left */
	SERVE_LOOKING, /* its services are being read */
	SERVE_AIR, /* it is there, without a client */
	SERVE_JOINING, /* a client did something: the device's link is being made */
	SERVE_UP,
	SERVE_LEAVING, /* the client left: the device's link ends */
};

enum serve_op_kind { SERVE_OP_READ, SERVE_OP_WRITE, SERVE_OP_SUBSCRIBE, SERVE_OP_UNSUBSCRIBE };

struct serve_op {
	struct serve_op *next;
	enum serve_op_kind kind;
	enum gatt_chr chr;
	enum grade_mode mode;
	void *token;
	size_t len;
	uint8_t data[]; /* to write */
};

struct serve {
	struct serve_config config;
	enum serve_phase phase;
	bool known; /* own, dialect and handles are */
	struct gatt_table own;
	const struct dialect *dialect;
	uint16_t handles[GATT_CHRS]; /* 0: the device has none */
	uint16_t events; /* whose notifications are Control's */
	char address[18];
	bool advertised;
	bool client; /* one is there */
	bool hears; /* ... with notifications of Control enabled */
	uint16_t mtu; /* of its link; 0: not told yet */
	struct serve_op *ops, **last; /* the first may be under way */
	size_t waiting;
	bool busy; /* it is ... */
	bool again; /* ... but the device had no room for it */
	struct grade grade;
	uint32_t broken; /* 1 << enum grade_rule: told */
};

void serve_tell(struct serve *s, struct serve_news news);
void serve_judge(struct serve *s);
/* The device's services as the transport has them; published where they are others. */
int serve_learn(struct serve *s, enum transport_table which);

/* serve_ops.c */
/* Does what waits, as far as the device is there. */
void serve_ops_pump(struct serve *s);
/* The client, or the device, is gone. */
void serve_ops_drop(struct serve *s);
void serve_ops_event(struct serve *s, const struct transport_event *e);

#endif
