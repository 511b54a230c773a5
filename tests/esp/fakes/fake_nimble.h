/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations that the parts of the fake NimBLE share; tests see fake.h. */
#ifndef FAKE_NIMBLE_H
#define FAKE_NIMBLE_H

#include "fake.h"

#include "freertos/task.h"
#include "host/ble_hs.h"

#define LINKS 4
#define NOTES 512
#define QUEUE 8192 /* what waits for the host task */

enum kind {
	SYNC,
	CONNECT,
	DISCONNECT,
	UPDATED,
	PHY,
	SUBSCRIBE,
	WRITE,
	READ,
	PAIR,
	REPEAT,
	PAIRED,
	EVENT,
	RESET
};

struct work { /* for the host task */
	enum kind kind;
	uint16_t conn, chr;
	uint16_t generation; /* of the connection that it was posted for */
	uint8_t bytes[600];
	size_t len;
	int status;
	bool *done; /* NULL: nobody waits */
	int *ret_rc;
	struct ble_gap_upd_params params;
	uint8_t phy;
	bool notify;
};

struct central {
	struct fake_link link;
	struct ble_gap_conn_desc desc;
	struct fake_note notes[NOTES];
	uint32_t first, count;
	bool connected; /* CONNECT was said */
	bool dying; /* the controller knows it no more */
	bool updating, phy_pending; /* a procedure that the device began is under way */
	uint16_t generation; /* tells a handle's connections apart */
};

struct radio {
	struct central centrals[LINKS];
	struct work *queue[QUEUE];
	uint32_t first, count;
	bool pending; /* something is queued */
	struct ble_gap_event_listener *listeners;
	const struct ble_gatt_svc_def *services;
	ble_gap_event_fn *adv_cb;
	uint32_t notifies;
	TaskFunction_t host_task;
	bool started; /* nimble_port_init() */
};

extern struct radio radio;

struct central *fake_central(uint16_t conn); /* NULL: not connected */
bool fake_start_fails(void); /* as fake_radio.fail_start says */
int fake_emit(struct ble_gap_event *event); /* what the connection's own callback says */
void fake_post(const struct work *work);
void fake_post_in(uint32_t ms, const struct work *work);
struct os_mbuf *fake_received(const uint8_t *bytes, size_t len);
void fake_free_received(struct os_mbuf *om);
const struct ble_gatt_chr_def *fake_find_chr(uint16_t chr);

#endif
