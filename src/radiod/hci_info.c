/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual controller's own facts, and settings for all of it. */
#include "radiod/hci_priv.h"
#include "air/smp_crypto.h"

#include <string.h>

#define COMPANY_NONE 0xffffu /* Assigned Numbers: for internal use */
#define LMP_LE_ONLY 0x60u /* octet 4: BR/EDR not supported, LE supported */

/*
 * 7.8.27: the states and combinations of which the controller is capable, being
 * an advertiser, a scanner, an initiator and a central, but no peripheral.
 */
#define STATE(n) (1ull << (n))
#define STATES                                                                                     \
	(STATE(0) | STATE(1) | STATE(2) | STATE(4) | STATE(5) | STATE(6) | STATE(8) | STATE(9) |   \
	 STATE(10) | STATE(12) | STATE(13) | STATE(14) | STATE(16) | STATE(17) | STATE(18) |       \
	 STATE(19) | STATE(22) | STATE(23) | STATE(24) | STATE(25) | STATE(28) | STATE(32) |       \
	 STATE(35))

uint16_t hci_octets_time(uint16_t octets)
{
	return (uint16_t)airtime_pdu_us(OTA_PHY_1M, octets, true);
}

uint8_t hci_set_event_mask(struct hci_call *call)
{
	call->hci->event_mask = bytes_get64(call->p);
	return HCI_OK;
}

uint8_t hci_reset(struct hci_call *call)
{
	hci_set_defaults(call->hci);
	return HCI_OK;
}

uint8_t hci_read_version(struct hci_call *call)
{
	const uint8_t number = call->hci->can.number;

	call->ret[0] = number; /* HCI, then its revision */
	call->ret[3] = number; /* LMP */
	bytes_put16(call->ret + 4, COMPANY_NONE);
	return HCI_OK;
}

uint8_t hci_read_commands(struct hci_call *call)
{
	for (size_t i = 0; i < hci_command_count; i++)
		if ((hci_commands[i].feature & ~call->hci->can.features) == 0)
			call->ret[hci_commands[i].bit / 8u] |=
				(uint8_t)(1u << hci_commands[i].bit % 8u);
	return HCI_OK;
}

uint8_t hci_read_features(struct hci_call *call)
{
	call->ret[4] = LMP_LE_ONLY;
	return HCI_OK;
}

uint8_t hci_read_address(struct hci_call *call)
{
	for (unsigned int i = 0; i < 6; i++)
		call->ret[i] = call->hci->config.address[5 - i];
	return HCI_OK;
}

uint8_t hci_le_set_event_mask(struct hci_call *call)
{
	call->hci->le_event_mask = bytes_get64(call->p);
	return HCI_OK;
}

uint8_t hci_le_read_buffers(struct hci_call *call)
{
	bytes_put16(call->ret, call->hci->config.buffer_octets);
	call->ret[2] = (uint8_t)call->hci->config.buffers;
	return HCI_OK;
}

uint8_t hci_le_read_features(struct hci_call *call)
{
	bytes_put64(call->ret, call->hci->can.features);
	return HCI_OK;
}

uint8_t hci_le_read_states(struct hci_call *call)
{
	bytes_put64(call->ret, STATES);
	return HCI_OK;
}

uint8_t hci_le_set_random_address(struct hci_call *call)
{
	struct hci *hci = call->hci;

	/* 7.8.4: not while legacy advertising, scanning or initiating. */
	if (hci->legacy_advertising || hci->scan.enabled || hci->initiator.pending)
		return HCI_ERR_DISALLOWED;
	memcpy(hci->random_address, call->p, sizeof(hci->random_address));
	hci->random_set = true;
	return HCI_OK;
}

/* 7.8.22: AES-128, all values least significant octet first. */
uint8_t hci_le_encrypt(struct hci_call *call)
{
	return smp_e(call->p, call->p + SMP_BLOCK, call->ret) < 0 ? HCI_ERR_MEMORY : HCI_OK;
}

uint8_t hci_le_rand(struct hci_call *call)
{
	bytes_put64(call->ret, rng_u64(&call->hci->rng));
	return HCI_OK;
}

uint8_t hci_le_read_tx_power(struct hci_call *call)
{
	call->ret[0] = (uint8_t)-20; /* dBm, least */
	call->ret[1] = 8; /* most */
	return HCI_OK;
}

/* The modelled air has no channels; a map must leave two, 7.8.19. */
uint8_t hci_le_set_channels(struct hci_call *call)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < 37; i++)
		count += (unsigned int)call->p[i / 8] >> i % 8 & 1u;
	return count >= 2 ? HCI_OK : HCI_ERR_PARAMETERS;
}

uint8_t hci_le_read_default_length(struct hci_call *call)
{
	bytes_put16(call->ret, call->hci->default_octets);
	bytes_put16(call->ret + 2, call->hci->default_time);
	return HCI_OK;
}

/* 7.8.35: a suggestion, bounded by what the controller can when it is followed. */
uint8_t hci_le_write_default_length(struct hci_call *call)
{
	const uint16_t octets = bytes_get16(call->p), time = bytes_get16(call->p + 2);

	if (octets < HCI_OCTETS_MIN || octets > 251 || time < HCI_TIME_MIN || time > 17040)
		return HCI_ERR_PARAMETERS;
	call->hci->default_octets = octets;
	call->hci->default_time = time;
	return HCI_OK;
}

uint8_t hci_le_read_max_length(struct hci_call *call)
{
	const uint16_t octets = call->hci->can.data_length;

	for (unsigned int i = 0; i < 2; i++) { /* transmitted, received */
		bytes_put16(call->ret + 4 * i, octets);
		bytes_put16(call->ret + 4 * i + 2, hci_octets_time(octets));
	}
	return HCI_OK;
}

/* 7.8.48: what the host prefers when a peer asks; a bit of all_phys is no preference. */
uint8_t hci_le_set_default_phy(struct hci_call *call)
{
	struct hci *hci = call->hci;
	uint8_t tx = call->p[0] & 1u ? hci->can.phys : call->p[1];
	uint8_t rx = call->p[0] & 2u ? hci->can.phys : call->p[2];

	if (tx == 0 || rx == 0)
		return HCI_ERR_PARAMETERS;
	if (tx & ~hci->can.phys || rx & ~hci->can.phys)
		return HCI_ERR_UNSUPPORTED_VALUE;
	/* Both directions of the modelled link have the same PHY. */
	hci->default_phys = (tx & rx) != 0 ? tx & rx : OTA_PHYS_1M;
	return HCI_OK;
}
