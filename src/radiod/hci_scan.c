/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanning (7.8.10, 7.8.11, 7.8.64, 7.8.65), and the list of those to listen to.
 *
 * An advertisement is heard when it falls into a scan window: it is sent on all
 * three advertising channels, so that the channel does not matter.  The filter of
 * duplicates knows an advertiser by its address, data and RSSI, as controllers do
 * that are not quirky (Linux: HCI_QUIRK_STRICT_DUPLICATE_FILTER), so that a signal
 * that changes is reported again.
 */
#include "radiod/hci_priv.h"

#include <string.h>

#define UNIT_US 625u
#define DURATION_US 10000u
#define LEGACY_ADV_IND 0x00u /* 7.7.65.2 */
#define LEGACY_SCAN_RSP 0x04u
#define EXTENDED_ADV_IND 0x0013u /* 7.7.65.13: connectable, scannable, legacy */
#define EXTENDED_SCAN_RSP 0x001bu /* ... and a scan response */
#define NO_SID 0xffu
#define NO_TX_POWER 0x7fu

/* --- filter accept list */

bool hci_accepted(const struct hci *hci, const struct hci_accept *peer)
{
	for (unsigned int i = 0; i < hci->accept_count; i++)
		if (memcmp(&hci->accept[i], peer, sizeof(*peer)) == 0)
			return true;
	return false;
}

/* 7.8.14 to 7.8.17: not while it is being used. */
static bool list_in_use(const struct hci *hci)
{
	return (hci->scan.enabled && hci->scan.policy == 1) ||
	       (hci->initiator.pending && hci->initiator.use_list);
}

uint8_t hci_le_read_accept_size(struct hci_call *call)
{
	call->ret[0] = HCI_ACCEPT_LIST;
	return HCI_OK;
}

uint8_t hci_le_clear_accept(struct hci_call *call)
{
	if (list_in_use(call->hci))
		return HCI_ERR_DISALLOWED;
	call->hci->accept_count = 0;
	return HCI_OK;
}

static struct hci_accept accept_read(const uint8_t *p)
{
	struct hci_accept ret = {.type = p[0]};

	memcpy(ret.address, p + 1, sizeof(ret.address));
	return ret;
}

uint8_t hci_le_add_accept(struct hci_call *call)
{
	struct hci *hci = call->hci;
	const struct hci_accept peer = accept_read(call->p);

	if (list_in_use(hci))
		return HCI_ERR_DISALLOWED;
	if (hci_accepted(hci, &peer))
		return HCI_OK;
	if (hci->accept_count == HCI_ACCEPT_LIST)
		return HCI_ERR_MEMORY;
	hci->accept[hci->accept_count++] = peer;
	return HCI_OK;
}

uint8_t hci_le_remove_accept(struct hci_call *call)
{
	struct hci *hci = call->hci;
	const struct hci_accept peer = accept_read(call->p);

	if (list_in_use(hci))
		return HCI_ERR_DISALLOWED;
	for (unsigned int i = 0; i < hci->accept_count; i++)
		if (memcmp(&hci->accept[i], &peer, sizeof(peer)) == 0)
			hci->accept[i--] = hci->accept[--hci->accept_count];
	return HCI_OK;
}

/* --- on and off */

static void scan_timed_out(void *ctx, uint64_t now_us)
{
	struct hci *hci = ctx;

	(void)now_us;
	hci->scan.enabled = false;
	hci_update_listening(hci);
	hci_le_event(hci, HCI_LE_SCAN_TIMEOUT, NULL, 0);
}

void hci_scan_init(struct hci *hci)
{
	hci->scan.end = (struct sched_event){.fn = scan_timed_out, .ctx = hci};
}

void hci_scan_stop(struct hci *hci)
{
	hci->scan.enabled = hci->scan.configured = false;
	sched_cancel(hci->config.sched, &hci->scan.end);
}

static uint8_t scan_set(struct hci *hci, uint8_t own_type, uint8_t policy, const uint8_t *p)
{
	const uint16_t interval = bytes_get16(p + 1), window = bytes_get16(p + 3);

	if (hci->scan.enabled)
		return HCI_ERR_DISALLOWED;
	if (p[0] > 1 || interval < 4 || window < 4 || window > interval || own_type > 1)
		return HCI_ERR_PARAMETERS;
	/* Policies 2 and 3 and address types 2 and 3 belong to features that it has not. */
	if (policy > 1)
		return HCI_ERR_UNSUPPORTED_VALUE;
	if (own_type == 1 && !hci->random_set)
		return HCI_ERR_PARAMETERS;
	hci->scan.active = p[0] == 1;
	hci->scan.interval_us = interval * UNIT_US;
	hci->scan.window_us = window * UNIT_US;
	hci->scan.policy = policy;
	hci->scan.configured = true;
	return HCI_OK;
}

uint8_t hci_le_set_scan_params(struct hci_call *call)
{
	/* 7.8.10: at most 10.24 s here; the extended command has no such limit. */
	if (bytes_get16(call->p + 1) > 0x4000u)
		return HCI_ERR_PARAMETERS;
	return scan_set(call->hci, call->p[5], call->p[6], call->p);
}

/* 7.8.64: five octets for each PHY; only the primary 1M is there to listen on. */
uint8_t hci_le_set_ext_scan_params(struct hci_call *call)
{
	const uint8_t phys = call->p[2];

	if (phys != OTA_PHYS_1M)
		return phys == 0 ? HCI_ERR_PARAMETERS : HCI_ERR_UNSUPPORTED_VALUE;
	if (call->len != 3u + 5u)
		return HCI_ERR_PARAMETERS;
	return scan_set(call->hci, call->p[0], call->p[1], call->p + 3);
}

static uint8_t scan_enable(struct hci *hci, uint8_t enable, uint8_t filter)
{
	if (enable > 1 || filter > 1)
		return HCI_ERR_PARAMETERS;
	if (enable && !hci->scan.configured) {
		/* 7.8.10's defaults: passive, 10 ms of each 10 ms. */
		hci->scan.active = false;
		hci->scan.interval_us = hci->scan.window_us = 10000;
		hci->scan.policy = 0;
	}
	hci->scan.enabled = enable == 1;
	hci->scan.filter = filter == 1;
	hci->scan.since_us = sched_now(hci->config.sched);
	hci->scan.duplicate_count = hci->scan.duplicate_next = 0;
	sched_cancel(hci->config.sched, &hci->scan.end);
	hci_update_listening(hci);
	return HCI_OK;
}

uint8_t hci_le_set_scan_enable(struct hci_call *call)
{
	return scan_enable(call->hci, call->p[0], call->p[1]);
}

uint8_t hci_le_set_ext_scan_enable(struct hci_call *call)
{
	struct hci *hci = call->hci;
	const uint16_t duration = bytes_get16(call->p + 2), period = bytes_get16(call->p + 4);
	uint8_t status;

	if (period > 0)
		return HCI_ERR_UNSUPPORTED_VALUE;
	status = scan_enable(hci, call->p[0], call->p[1]);
	if (status == HCI_OK && hci->scan.enabled && duration > 0)
		sched_at(hci->config.sched, &hci->scan.end,
			 hci->scan.since_us + duration * (uint64_t)DURATION_US);
	return status;
}

/* --- reports */

struct report {
	const struct hci_accept *peer;
	bool response;
	int8_t rssi;
	uint8_t len;
	uint8_t data[HCI_ADV_DATA];
};

static void report_legacy(struct hci *hci, const struct report *r)
{
	uint8_t params[10 + HCI_ADV_DATA + 1] = {1};

	params[1] = r->response ? LEGACY_SCAN_RSP : LEGACY_ADV_IND;
	params[2] = r->peer->type;
	memcpy(params + 3, r->peer->address, 6);
	params[9] = r->len;
	memcpy(params + 10, r->data, r->len);
	params[10 + r->len] = (uint8_t)r->rssi;
	hci_le_event(hci, HCI_LE_ADVERTISING_REPORT, params, 11u + r->len);
}

static void report_extended(struct hci *hci, const struct report *r)
{
	uint8_t params[25 + HCI_ADV_DATA] = {1};

	bytes_put16(params + 1, r->response ? EXTENDED_SCAN_RSP : EXTENDED_ADV_IND);
	params[3] = r->peer->type;
	memcpy(params + 4, r->peer->address, 6);
	params[10] = 1; /* primary PHY 1M, no packets on a secondary channel */
	params[12] = NO_SID;
	params[13] = NO_TX_POWER;
	params[14] = (uint8_t)r->rssi;
	params[24] = r->len;
	memcpy(params + 25, r->data, r->len);
	hci_le_event(hci, HCI_LE_EXTENDED_REPORT, params, 25u + r->len);
}

/* Remembers what it lets through. */
static bool duplicate(struct hci_scan *scan, const struct report *r)
{
	struct hci_duplicate *d = NULL;

	for (unsigned int i = 0; i < scan->duplicate_count && !d; i++)
		if (scan->duplicates[i].response == r->response &&
		    memcmp(scan->duplicates[i].address, r->peer->address, 6) == 0)
			d = &scan->duplicates[i];
	if (d && d->rssi == r->rssi && d->len == r->len && memcmp(d->data, r->data, r->len) == 0)
		return true;
	if (!d) {
		d = &scan->duplicates[scan->duplicate_next];
		scan->duplicate_next = (scan->duplicate_next + 1) % HCI_DUPLICATES;
		if (scan->duplicate_count < HCI_DUPLICATES)
			scan->duplicate_count++;
	}
	*d = (struct hci_duplicate){.response = r->response, .rssi = r->rssi, .len = r->len};
	memcpy(d->address, r->peer->address, 6);
	memcpy(d->data, r->data, r->len);
	return false;
}

static void report(struct hci *hci, const struct report *r)
{
	if (hci->scan.filter && duplicate(&hci->scan, r))
		return;
	if (hci->extended_used)
		report_extended(hci, r);
	else
		report_legacy(hci, r);
}

void hci_scan_heard(struct hci *hci, struct esp *esp, const struct hci_accept *peer)
{
	const struct hci_scan *scan = &hci->scan;
	struct report r = {.peer = peer, .rssi = esp_rssi(esp)};

	if ((sched_now(hci->config.sched) - scan->since_us) % scan->interval_us >=
		    scan->window_us ||
	    (scan->policy == 1 && !hci_accepted(hci, peer)))
		return;
	r.len = (uint8_t)esp_advertisement(esp, r.data);
	report(hci, &r);
	if (!scan->active)
		return;
	r.response = true;
	r.len = (uint8_t)esp_scan_response(esp, r.data);
	report(hci, &r);
}
