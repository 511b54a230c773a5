/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers and notifications: a notification holds two buffers until it went out
 * over the air, so that a slow link runs out of them as it would.
 */
#include "fake_nimble.h"

#include <stdlib.h>
#include <string.h>

#define PIECE 244 /* what one link-layer packet adds to a value's mbuf chain */

/* --- mbufs */

static struct os_mbuf *take_mbuf(void)
{
	struct os_mbuf *om;

	if (fake_radio.msys_free <= 0)
		return NULL;
	fake_radio.msys_free--;
	om = calloc(1, sizeof(*om));
	if (!om)
		abort();
	om->om_data = om->fake_bytes;
	return om;
}

int os_mbuf_free_chain(struct os_mbuf *om)
{
	while (om) {
		struct os_mbuf *next = om->fake_next;

		free(om);
		fake_radio.msys_free++;
		om = next;
	}
	return 0;
}

int os_msys_num_free(void)
{
	return fake_radio.msys_free + fake_radio.msys_large;
}

int os_mbuf_append(struct os_mbuf *om, const void *data, uint16_t len)
{
	if (om->om_len + len > (int)sizeof(om->fake_bytes))
		return BLE_HS_ENOMEM;
	memcpy(om->om_data + om->om_len, data, len);
	om->om_len = (uint16_t)(om->om_len + len);
	om->fake_pktlen = (uint16_t)(om->fake_pktlen + len);
	return 0;
}

struct os_mbuf *ble_hs_mbuf_from_flat(const void *buf, uint16_t len)
{
	struct os_mbuf *om = take_mbuf();

	if (om)
		os_mbuf_append(om, buf, len);
	return om;
}

int ble_hs_mbuf_to_flat(const struct os_mbuf *om, void *flat, uint16_t max_len,
			uint16_t *out_copy_len)
{
	uint16_t at = 0;

	for (; om; om = om->fake_next) {
		if (at + om->om_len > max_len)
			return BLE_HS_EINVAL;
		memcpy((uint8_t *)flat + at, om->om_data, om->om_len);
		at = (uint16_t)(at + om->om_len);
	}
	if (out_copy_len)
		*out_copy_len = at;
	return 0;
}

/* A received value, in as many mbufs as it had packets; not of msys but of the
 * pool that ACL data from the controller comes in. */
struct os_mbuf *fake_received(const uint8_t *bytes, size_t len)
{
	struct os_mbuf *head = NULL, **tail = &head;
	size_t at = 0;

	do {
		const size_t piece = len - at < PIECE ? len - at : PIECE;

		fake_radio.msys_free++;
		*tail = take_mbuf();
		if (!*tail)
			abort();
		os_mbuf_append(*tail, bytes + at, (uint16_t)piece);
		tail = &(*tail)->fake_next;
		at += piece;
	} while (at < len);
	head->fake_pktlen = (uint16_t)len;
	return head;
}

void fake_free_received(struct os_mbuf *om)
{
	while (om) {
		struct os_mbuf *next = om->fake_next;

		free(om);
		om = next;
	}
}

/* --- notifications */

struct flight {
	uint16_t conn, generation;
	struct os_mbuf *om, *header;
};

static void land(void *arg)
{
	struct flight *flight = arg;
	struct central *who = fake_central(flight->conn);

	if (who && who->generation == flight->generation && who->count < NOTES) {
		struct fake_note *note = &who->notes[(who->first + who->count++) % NOTES];

		note->len = flight->om->om_len;
		memcpy(note->bytes, flight->om->om_data, note->len);
		note->at = fake_now_ms();
	}
	os_mbuf_free_chain(flight->om);
	os_mbuf_free_chain(flight->header);
	free(flight);
}

int ble_gatts_notify_custom(uint16_t conn_handle, uint16_t att_handle, struct os_mbuf *om)
{
	struct ble_gap_event event = {.type = BLE_GAP_EVENT_NOTIFY_TX};
	struct central *who = fake_central(conn_handle);
	struct os_mbuf *header = NULL;
	struct flight *flight;
	int rc = 0;

	fake_assert_unlocked("ble_gatts_notify_custom() with the lock held");
	radio.notifies++;
	if (!who)
		rc = BLE_HS_ENOTCONN;
	else if (fake_radio.fail_notify > 0 || !(header = take_mbuf()))
		rc = BLE_HS_ENOMEM;
	if (fake_radio.fail_notify > 0)
		fake_radio.fail_notify--;
	event.notify_tx.status = rc;
	event.notify_tx.conn_handle = conn_handle;
	event.notify_tx.attr_handle = att_handle;
	fake_emit(&event);
	if (rc != 0) {
		os_mbuf_free_chain(om);
		return rc;
	}
	flight = malloc(sizeof(*flight));
	*flight = (struct flight){conn_handle, who->generation, om, header};
	fake_deliver_in(fake_radio.air_ms, land, flight);
	return 0;
}

bool fake_note(uint16_t conn, struct fake_note *ret)
{
	struct central *who = &radio.centrals[conn];

	if (who->count == 0)
		return false;
	*ret = who->notes[who->first];
	who->first = (who->first + 1) % NOTES;
	who->count--;
	return true;
}

static bool has_note(void *arg)
{
	return ((struct central *)arg)->count > 0;
}

bool fake_wait_note(uint16_t conn, struct fake_note *ret, uint32_t ms)
{
	fake_run_until(has_note, &radio.centrals[conn], ms);
	return fake_note(conn, ret);
}
