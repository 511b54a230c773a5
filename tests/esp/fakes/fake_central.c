/* SPDX-License-Identifier: Apache-2.0 */
/* The central: what a test lets the other end of the link do. */
#include "fake_nimble.h"

#include <stdlib.h>
#include <string.h>

static bool flag_set(void *arg)
{
	return *(bool *)arg;
}

/* Runs until the host task has done it, or was stopped by a restart. */
static struct work *post_and_wait(struct work *work)
{
	static bool done;
	static int rc;
	struct work *posted;

	done = false;
	rc = -1;
	work->done = &done;
	work->ret_rc = &rc;
	fake_post(work);
	posted = radio.queue[(radio.first + radio.count - 1) % QUEUE];
	if (!fake_run_until(flag_set, &done, 60000))
		return NULL;
	posted->status = rc;
	return posted;
}

static int finish(struct work *posted)
{
	int rc;

	if (!posted)
		return -1;
	rc = posted->status;
	free(posted);
	return rc;
}

static void link_up(uint16_t conn, uint8_t role)
{
	struct central *who = &radio.centrals[conn];
	const uint16_t generation = (uint16_t)(who->generation + 1);

	memset(who, 0, sizeof(*who));
	who->generation = generation;
	who->desc.role = role;
	who->desc.peer_ota_addr.val[0] = (uint8_t)generation; /* another peer each time */
	/* BlueZ asks for 30-50 ms and a supervision timeout of 420 ms. */
	who->link =
		(struct fake_link){.up = true, .interval = 40, .timeout = 42, .phy = 1, .mtu = 517};
}

uint16_t fake_link_up(void)
{
	for (uint16_t conn = 0; conn < LINKS && fake_radio.advertising; conn++) {
		if (radio.centrals[conn].link.up)
			continue;
		link_up(conn, BLE_GAP_ROLE_SLAVE);
		fake_radio.advertising = false; /* a connection ends it */
		return conn;
	}
	return BLE_HS_CONN_HANDLE_NONE;
}

void fake_connect_event(uint16_t conn)
{
	fake_connect_event_with(conn, 0);
}

void fake_connect_event_with(uint16_t conn, int status)
{
	finish(post_and_wait(&(struct work){.kind = CONNECT, .conn = conn, .status = status}));
}

bool fake_connected(uint16_t conn)
{
	return radio.centrals[conn].connected;
}

uint16_t fake_connect(void)
{
	const uint16_t conn = fake_link_up();

	if (conn != BLE_HS_CONN_HANDLE_NONE)
		fake_connect_event(conn);
	return conn;
}

/* ble_gap_conn_broken(): subscriptions end in any case, DISCONNECT is said after CONNECT. */
void fake_vanish(uint16_t conn)
{
	if (radio.centrals[conn].link.notify)
		fake_subscribe(conn, false);
	radio.centrals[conn].link.up = false;
}

void fake_leave(uint16_t conn)
{
	if (radio.centrals[conn].link.notify)
		fake_subscribe(conn, false);
	fake_connect_event_with(conn, BLE_HS_EAGAIN);
}

void fake_event(uint16_t conn, enum fake_event event)
{
	finish(post_and_wait(&(struct work){.kind = EVENT, .conn = conn, .phy = (uint8_t)event}));
}

void fake_identity(uint16_t conn)
{
	radio.centrals[conn].desc.peer_ota_addr.val[5] ^= 0xff;
}

void fake_die(uint16_t conn)
{
	radio.centrals[conn].dying = true;
	fake_post(&(struct work){.kind = EVENT, .conn = conn, .phy = FAKE_UPDATE_FAILS});
	finish(post_and_wait(&(struct work){.kind = DISCONNECT, .conn = conn}));
}

void fake_connect_as_central(uint16_t handle)
{
	link_up(handle, BLE_GAP_ROLE_MASTER);
	fake_connect_event(handle);
}

void fake_disconnect(uint16_t conn)
{
	finish(post_and_wait(&(struct work){.kind = DISCONNECT, .conn = conn}));
}

void fake_subscribe(uint16_t conn, bool notify)
{
	finish(post_and_wait(&(struct work){.kind = SUBSCRIBE, .conn = conn, .notify = notify}));
}

static struct work write_work(uint16_t conn, uint16_t chr, const void *buf, size_t len)
{
	struct work work = {.kind = WRITE, .conn = conn, .chr = chr, .len = len};

	if (len > 0)
		memcpy(work.bytes, buf, len);
	return work;
}

int fake_write(uint16_t conn, uint16_t chr, const void *buf, size_t len)
{
	struct work work = write_work(conn, chr, buf, len);

	return finish(post_and_wait(&work));
}

void fake_write_command(uint16_t conn, uint16_t chr, const void *buf, size_t len)
{
	const struct work work = write_work(conn, chr, buf, len);

	fake_post(&work);
}

int fake_read(uint16_t conn, uint16_t chr, uint8_t *buf, size_t size, size_t *ret_len)
{
	struct work *posted = post_and_wait(&(struct work){.kind = READ, .conn = conn, .chr = chr});

	if (posted && posted->status == 0 && posted->len <= size) {
		memcpy(buf, posted->bytes, posted->len);
		*ret_len = posted->len;
	}
	return finish(posted);
}

void fake_pair_event(uint16_t conn, bool repeat)
{
	finish(post_and_wait(&(struct work){.kind = repeat ? REPEAT : PAIR, .conn = conn}));
}

void fake_pairing_ends(uint16_t conn, uint8_t key)
{
	finish(post_and_wait(
		&(struct work){.kind = PAIRED, .conn = conn, .bytes = {key}, .len = 1}));
}

void fake_reset_host(void)
{
	finish(post_and_wait(&(struct work){.kind = RESET}));
	fake_radio.advertising = false;
	finish(post_and_wait(&(struct work){.kind = SYNC}));
}

void fake_radio_off(void)
{
	for (int i = 0; i < LINKS; i++)
		radio.centrals[i].link.up = false;
}

void fake_radio_boot(void)
{
	while (radio.count > 0) {
		free(radio.queue[radio.first]);
		radio.first = (radio.first + 1) % QUEUE;
		radio.count--;
	}
	radio.listeners = NULL;
	radio.services = NULL;
	radio.started = false;
	radio.adv_cb = NULL;
	memset(&ble_hs_cfg, 0, sizeof(ble_hs_cfg));
	fake_radio.advertising = fake_radio.changed = false;
	fake_radio.msys_free = fake_radio.msys_total;
}

void fake_radio_reset(void)
{
	fake_radio = (struct fake_radio){.msys_total = 36,
					 .msys_free = 36,
					 .grant = true,
					 .answer_ms = 90,
					 .air_ms = 15,
					 .rssi = -61};
	memset(radio.centrals, 0, sizeof(radio.centrals));
	fake_radio_boot();
}

struct fake_link *fake_link(uint16_t conn)
{
	return &radio.centrals[conn].link;
}

uint32_t fake_notifies(void)
{
	return radio.notifies;
}
