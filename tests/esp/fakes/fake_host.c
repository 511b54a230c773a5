/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NimBLE's host task: everything that the stack calls back happens in it, in the
 * order in which it came over the air.
 */
#include "fake_nimble.h"

#include "nimble/nimble_port.h"
#include "sdkconfig.h"
#include "nimble/nimble_port_freertos.h"
#include "services/gap/ble_svc_gap.h"
#include "services/gatt/ble_svc_gatt.h"

#include <stdlib.h>
#include <string.h>

void ble_store_config_init(void);

struct ble_hs_cfg ble_hs_cfg;

/* --- attributes */

static uint16_t short_uuid(const ble_uuid_t *uuid)
{
	if (uuid->type == BLE_UUID_TYPE_16)
		return ((const ble_uuid16_t *)(const void *)uuid)->value;
	return (uint16_t)(((const ble_uuid128_t *)(const void *)uuid)->value[12] |
			  ((const ble_uuid128_t *)(const void *)uuid)->value[13] << 8);
}

const struct ble_gatt_chr_def *fake_find_chr(uint16_t chr)
{
	for (const struct ble_gatt_svc_def *svc = radio.services;
	     svc && svc->type != BLE_GATT_SVC_TYPE_END; svc++)
		for (const struct ble_gatt_chr_def *c = svc->characteristics; c->uuid; c++)
			if (short_uuid(c->uuid) == chr)
				return c;
	return NULL;
}

uint16_t fake_chr_flags(uint16_t chr)
{
	return (uint16_t)fake_find_chr(chr)->flags;
}

int ble_gatts_count_cfg(const struct ble_gatt_svc_def *defs)
{
	return defs && !fake_start_fails() ? 0 : BLE_HS_EINVAL;
}

int ble_gatts_add_svcs(const struct ble_gatt_svc_def *svcs)
{
	uint16_t handle = 0x10;

	if (fake_start_fails())
		return BLE_HS_ENOMEM;
	radio.services = svcs;
	for (const struct ble_gatt_svc_def *svc = svcs; svc->type != BLE_GATT_SVC_TYPE_END; svc++)
		for (const struct ble_gatt_chr_def *c = svc->characteristics; c->uuid; c++) {
			handle = (uint16_t)(handle + 3);
			if (c->val_handle)
				*c->val_handle = handle;
		}
	return 0;
}

/* NimBLE itself refuses these accesses, by the characteristic's flags. */
static int access_allowed(const struct fake_link *link, const struct ble_gatt_chr_def *c)
{
	if ((c->flags & BLE_GATT_CHR_F_WRITE_AUTHEN) && !link->authenticated)
		return 0x05;
	if ((c->flags & BLE_GATT_CHR_F_WRITE_ENC) && !link->encrypted)
		return 0x0f;
	return 0;
}

static int do_write(struct work *work)
{
	const struct ble_gatt_chr_def *c = fake_find_chr(work->chr);
	struct central *who = fake_central(work->conn);
	struct ble_gatt_access_ctxt ctxt = {.op = BLE_GATT_ACCESS_OP_WRITE_CHR, .chr = c};
	int rc;

	if (!who)
		return -1;
	rc = access_allowed(&who->link, c);
	if (rc != 0)
		return rc;
	ctxt.om = fake_received(work->bytes, work->len);
	rc = c->access_cb(work->conn, *(c->val_handle ? c->val_handle : &work->chr), &ctxt, NULL);
	fake_free_received(ctxt.om);
	return rc;
}

static int do_read(struct work *work)
{
	const struct ble_gatt_chr_def *c = fake_find_chr(work->chr);
	struct ble_gatt_access_ctxt ctxt = {.op = BLE_GATT_ACCESS_OP_READ_CHR, .chr = c};
	int rc;

	ctxt.om = fake_received(work->bytes, 0);
	rc = c->access_cb(work->conn, work->chr, &ctxt, NULL);
	memcpy(work->bytes, ctxt.om->om_data, ctxt.om->om_len);
	work->len = ctxt.om->om_len;
	fake_free_received(ctxt.om);
	return rc;
}

/* --- the host task */

static void connected(struct work *work)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_CONNECT};

	if (!fake_central(work->conn))
		return;
	event.connect.conn_handle = work->conn;
	event.connect.status = work->status;
	if (work->status == BLE_HS_EAGAIN) { /* ble_gap_conn_broken(): it ends, unsaid so far */
		fake_emit(&event);
		fake_central(work->conn)->link.up = false;
		return;
	}
	fake_central(work->conn)->connected = true;
	fake_emit(&event);
}

static void disconnected(struct work *work)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_DISCONNECT};

	if (!fake_central(work->conn))
		return;
	ble_gap_conn_find(work->conn, &event.disconnect.conn);
	radio.centrals[work->conn].link.up = false;
	if (radio.centrals[work->conn].connected)
		fake_emit(&event);
}

static void updated(struct work *work)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_CONN_UPDATE};
	struct central *who = fake_central(work->conn);

	if (!who)
		return;
	who->updating = false;
	if (work->status == 0) {
		who->link.interval = work->params.itvl_min;
		who->link.latency = work->params.latency;
		who->link.timeout = work->params.supervision_timeout;
	}
	event.conn_update.conn_handle = work->conn;
	event.conn_update.status = work->status;
	fake_emit(&event);
	if (work->status == BLE_HS_ETIMEOUT) /* as ble_gap_update_notify() does */
		ble_gap_terminate(work->conn, BLE_ERR_REM_USER_CONN_TERM);
}

static void phy_updated(struct work *work)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_PHY_UPDATE_COMPLETE};

	if (!fake_central(work->conn))
		return;
	fake_central(work->conn)->phy_pending = false;
	if (work->status == 0)
		fake_central(work->conn)->link.phy = work->phy;
	event.phy_updated.conn_handle = work->conn;
	event.phy_updated.status = work->status;
	event.phy_updated.tx_phy = event.phy_updated.rx_phy = work->phy;
	fake_emit(&event);
}

static void subscribed(struct work *work)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_SUBSCRIBE};

	if (!fake_central(work->conn))
		return;
	fake_central(work->conn)->link.notify = work->notify;
	event.subscribe.conn_handle = work->conn;
	event.subscribe.attr_handle = *fake_find_chr(0x4002)->val_handle;
	event.subscribe.cur_notify = work->notify;
	fake_emit(&event);
}

/* ble_sm_chk_repeat_pairing(): asks until the peer is no more bonded. */
static void pairing_again(uint16_t conn)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_REPEAT_PAIRING};
	int asked = 0;

	event.repeat_pairing.conn_handle = conn;
	while (fake_radio.bond != 0 && fake_emit(&event) == BLE_GAP_REPEAT_PAIRING_RETRY)
		if (++asked == 3)
			fake_broke("pairing again is asked about for ever");
}

static void pairing(struct work *work)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_PASSKEY_ACTION};

	event.passkey.params.action = BLE_SM_IOACT_DISP;
	event.passkey.conn_handle = work->conn;
	fake_emit(&event);
}

/* ble_sm_persist_keys() comes first where it succeeded. */
static void paired(struct work *work)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_ENC_CHANGE};

	if (work->bytes[0] != 0)
		fake_radio.bond = work->bytes[0];
	event.enc_change.conn_handle = work->conn;
	event.enc_change.status = work->bytes[0] != 0 ? 0 : BLE_HS_EINVAL;
	fake_emit(&event);
}

static void any_event(struct work *work)
{
	struct ble_gap_event event = {.type = 34};

	if (!fake_central(work->conn))
		return;
	switch ((enum fake_event)work->phy) {
	case FAKE_MTU:
		event.type = BLE_GAP_EVENT_MTU;
		event.mtu.conn_handle = work->conn;
		break;
	case FAKE_PHY:
		event.type = BLE_GAP_EVENT_PHY_UPDATE_COMPLETE;
		event.phy_updated.conn_handle = work->conn;
		event.phy_updated.tx_phy = event.phy_updated.rx_phy = 1;
		break;
	case FAKE_UPDATE:
	case FAKE_UPDATE_FAILS:
		event.type = BLE_GAP_EVENT_CONN_UPDATE;
		event.conn_update.conn_handle = work->conn;
		event.conn_update.status = work->phy == FAKE_UPDATE ? 0 : BLE_HS_ENOTCONN;
		break;
	case FAKE_DATA_LENGTH:
	case FAKE_EVENTS:
		event.data_len_chg.conn_handle = work->conn;
		event.data_len_chg.max_tx_octets = event.data_len_chg.max_rx_octets = 251;
		break;
	}
	fake_emit(&event);
}

#define STILL_TICKS 29 /* then ble_hci_rx_acl() drops what arrived */

static void do_work(struct work *work)
{
	const uint64_t began = fake_now_us();
	int rc = 0;

	switch (work->kind) {
	case SYNC:
		ble_hs_cfg.sync_cb();
		break;
	case RESET:
		ble_hs_cfg.reset_cb(19);
		break;
	case CONNECT:
		connected(work);
		break;
	case DISCONNECT:
		disconnected(work);
		break;
	case UPDATED:
		updated(work);
		break;
	case PHY:
		phy_updated(work);
		break;
	case SUBSCRIBE:
		subscribed(work);
		break;
	case WRITE:
		rc = do_write(work);
		break;
	case READ:
		rc = do_read(work);
		break;
	case PAIR:
		pairing(work);
		break;
	case REPEAT:
		pairing_again(work->conn);
		break;
	case PAIRED:
		paired(work);
		break;
	case EVENT:
		any_event(work);
		break;
	}
	if (work->kind == WRITE &&
	    fake_now_us() - began > STILL_TICKS * 1000000ull / configTICK_RATE_HZ)
		fake_broke("the host task stood still for so long that values are lost");
	fake_assert_unlocked("a NimBLE callback returns with the lock held");
	if (work->ret_rc)
		*work->ret_rc = rc;
	if (work->done)
		*work->done = true;
}

void nimble_port_run(void)
{
	for (;;) {
		struct work *work;

		if (radio.count == 0) {
			radio.pending = false;
			fake_wait_flag(&radio.pending);
			continue;
		}
		work = radio.queue[radio.first];
		radio.first = (radio.first + 1) % QUEUE;
		radio.count--;
		do_work(work);
		if (!work->done) /* a waiting caller looks at it first */
			free(work);
	}
}

esp_err_t nimble_port_init(void)
{
	if (fake_start_fails())
		return ESP_ERR_NO_MEM;
	if (radio.started)
		fake_broke("NimBLE is started twice");
	radio.started = true;
	return ESP_OK;
}

/* The services go; the listeners do not, but with esp-nimble's BLE_STATIC_TO_DYNAMIC. */
esp_err_t nimble_port_deinit(void)
{
	if (!radio.started)
		fake_broke("NimBLE is stopped without a start");
	radio.started = false;
	radio.services = NULL;
	return ESP_OK;
}

static void run_host(void *arg)
{
	(void)arg;
	radio.host_task(NULL);
}

void nimble_port_freertos_init(TaskFunction_t host_task_fn)
{
	radio.host_task = host_task_fn;
	fake_task(run_host, NULL);
	fake_post(&(struct work){.kind = SYNC});
}

static void own_sync(void)
{
	fake_radio.advertising = true;
}

static void own_host_task(void *arg)
{
	(void)arg;
	nimble_port_run();
}

void fake_start_own_nimble(void)
{
	ble_hs_cfg.sync_cb = own_sync;
	fake_radio.advertising = true;
	nimble_port_freertos_init(own_host_task);
}

void nimble_port_freertos_deinit(void)
{
}

/* --- what needs no faking but has to be there */

void ble_store_config_init(void)
{
}

void ble_svc_gap_init(void)
{
}

int ble_svc_gap_device_name_set(const char *name)
{
	return strlen(name) <= 31 && !fake_start_fails() ? 0 : BLE_HS_EINVAL;
}

void ble_svc_gatt_init(void)
{
}

void ble_svc_gatt_changed(uint16_t start_handle, uint16_t end_handle)
{
	fake_radio.changed = start_handle == 1 && end_handle == 0xffff;
}
