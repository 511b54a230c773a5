/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's own advertising (7.8.5 to 7.8.9, 7.8.52 to 7.8.60).
 *
 * Linux sets it up at power-on whether anyone wants it or not, and programs may
 * ask for it.  Nobody in the modelled air scans, so what is kept is only what
 * decides the answers.
 */
#include "radiod/hci_priv.h"

#include <string.h>

#define TX_POWER 0u /* dBm */
#define DURATION_US 10000u

/* --- legacy */

uint8_t hci_le_set_adv_params(struct hci_call *call)
{
	const uint16_t min = bytes_get16(call->p), max = bytes_get16(call->p + 2);

	if (call->hci->legacy_advertising)
		return HCI_ERR_DISALLOWED;
	if (min < 0x20 || max > 0x4000 || min > max || call->p[4] > 4 || call->p[5] > 1)
		return HCI_ERR_PARAMETERS;
	return HCI_OK;
}

uint8_t hci_le_read_adv_tx_power(struct hci_call *call)
{
	call->ret[0] = TX_POWER;
	return HCI_OK;
}

uint8_t hci_le_set_adv_data(struct hci_call *call)
{
	return call->p[0] <= HCI_ADV_DATA ? HCI_OK : HCI_ERR_PARAMETERS;
}

uint8_t hci_le_set_adv_enable(struct hci_call *call)
{
	if (call->p[0] > 1)
		return HCI_ERR_PARAMETERS;
	call->hci->legacy_advertising = call->p[0] == 1;
	return HCI_OK;
}

/* --- sets */

static struct hci_adv_set *set_find(struct hci *hci, uint8_t handle)
{
	for (unsigned int i = 0; i < HCI_ADV_SETS; i++)
		if (hci->adv_sets[i].used && hci->adv_sets[i].handle == handle)
			return &hci->adv_sets[i];
	return NULL;
}

static void set_disable(struct hci_adv_set *set)
{
	set->enabled = false;
	sched_cancel(set->hci->config.sched, &set->end);
}

/* 7.7.65.18 */
static void set_timed_out(void *ctx, uint64_t now_us)
{
	struct hci_adv_set *set = ctx;
	const uint8_t params[5] = {HCI_ERR_ADV_TIMEOUT, set->handle};

	(void)now_us;
	set->enabled = false;
	hci_le_event(set->hci, HCI_LE_SET_TERMINATED, params, sizeof(params));
}

void hci_adv_init(struct hci *hci)
{
	for (unsigned int i = 0; i < HCI_ADV_SETS; i++) {
		struct hci_adv_set *set = &hci->adv_sets[i];

		set->hci = hci;
		set->end = (struct sched_event){.fn = set_timed_out, .ctx = set};
	}
}

void hci_adv_stop(struct hci *hci)
{
	hci->legacy_advertising = false;
	for (unsigned int i = 0; i < HCI_ADV_SETS; i++) {
		set_disable(&hci->adv_sets[i]);
		hci->adv_sets[i].used = false;
	}
}

uint8_t hci_le_set_set_address(struct hci_call *call)
{
	return set_find(call->hci, call->p[0]) ? HCI_OK : HCI_ERR_UNKNOWN_SET;
}

uint8_t hci_le_set_ext_adv_params(struct hci_call *call)
{
	struct hci *hci = call->hci;
	const uint8_t handle = call->p[0];
	struct hci_adv_set *set = set_find(hci, handle);

	if (handle > 0xef)
		return HCI_ERR_PARAMETERS;
	if (set && set->enabled)
		return HCI_ERR_DISALLOWED;
	for (unsigned int i = 0; i < HCI_ADV_SETS && !set; i++)
		if (!hci->adv_sets[i].used)
			set = &hci->adv_sets[i];
	if (!set)
		return HCI_ERR_MEMORY;
	set->used = true;
	set->handle = handle;
	call->ret[0] = TX_POWER;
	return HCI_OK;
}

uint8_t hci_le_set_ext_adv_data(struct hci_call *call)
{
	if (!set_find(call->hci, call->p[0]))
		return HCI_ERR_UNKNOWN_SET;
	return call->p[3] == call->len - 4 ? HCI_OK : HCI_ERR_PARAMETERS;
}

uint8_t hci_le_set_ext_adv_enable(struct hci_call *call)
{
	struct hci *hci = call->hci;
	const uint8_t enable = call->p[0], count = call->p[1];

	if (enable > 1 || call->len != 2u + 4u * count || (enable && count == 0))
		return HCI_ERR_PARAMETERS;
	for (unsigned int i = 0; i < count; i++)
		if (!set_find(hci, call->p[2 + 4 * i]))
			return HCI_ERR_UNKNOWN_SET;
	for (unsigned int i = 0; i < HCI_ADV_SETS && count == 0; i++)
		set_disable(&hci->adv_sets[i]);
	for (unsigned int i = 0; i < count; i++) {
		struct hci_adv_set *set = set_find(hci, call->p[2 + 4 * i]);
		const uint16_t duration = bytes_get16(call->p + 2 + 4 * i + 1);

		set_disable(set);
		set->enabled = enable == 1;
		if (enable && duration > 0)
			sched_at(hci->config.sched, &set->end,
				 sched_now(hci->config.sched) + duration * (uint64_t)DURATION_US);
	}
	return HCI_OK;
}

uint8_t hci_le_read_max_adv_length(struct hci_call *call)
{
	bytes_put16(call->ret, HCI_ADV_DATA);
	return HCI_OK;
}

uint8_t hci_le_read_adv_sets(struct hci_call *call)
{
	call->ret[0] = HCI_ADV_SETS;
	return HCI_OK;
}

uint8_t hci_le_remove_adv_set(struct hci_call *call)
{
	struct hci_adv_set *set = set_find(call->hci, call->p[0]);

	if (!set)
		return HCI_ERR_UNKNOWN_SET;
	if (set->enabled)
		return HCI_ERR_DISALLOWED;
	set->used = false;
	return HCI_OK;
}

uint8_t hci_le_clear_adv_sets(struct hci_call *call)
{
	struct hci *hci = call->hci;

	for (unsigned int i = 0; i < HCI_ADV_SETS; i++)
		if (hci->adv_sets[i].enabled)
			return HCI_ERR_DISALLOWED;
	for (unsigned int i = 0; i < HCI_ADV_SETS; i++)
		hci->adv_sets[i].used = false;
	return HCI_OK;
}
