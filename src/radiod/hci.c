/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual controller's front: packets from the host apart, commands to their
 * functions, answers and events back.  Nothing that a host sends is trusted: a
 * packet that does not add up is answered or dropped here.
 */
#include "radiod/hci_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_MASK_DEFAULT 0x00001fffffffffffu /* 7.3.1 */
#define LE_EVENT_MASK_DEFAULT 0x1fu /* 7.8.1 */
#define RETURNS_MAX 64u

static const struct hci_capabilities versions[HCI_VERSIONS] = {
	[HCI_4_0] =
		{
			.number = 6,
			.features = HCI_FEATURE_ENCRYPTION,
			.data_length = HCI_OCTETS_MIN,
			.phys = OTA_PHYS_1M,
		},
	[HCI_4_2] =
		{
			.number = 8,
			.features = HCI_FEATURE_ENCRYPTION | HCI_FEATURE_PARAM_REQUEST |
				    HCI_FEATURE_EXTENDED_REJECT | HCI_FEATURE_PERIPHERAL_FEATURES |
				    HCI_FEATURE_DATA_LENGTH,
			.data_length = 251,
			.phys = OTA_PHYS_1M,
		},
	[HCI_5_2] =
		{
			.number = 11,
			.features = HCI_FEATURE_ENCRYPTION | HCI_FEATURE_PARAM_REQUEST |
				    HCI_FEATURE_EXTENDED_REJECT | HCI_FEATURE_PERIPHERAL_FEATURES |
				    HCI_FEATURE_DATA_LENGTH | HCI_FEATURE_2M |
				    HCI_FEATURE_EXTENDED_ADV,
			.data_length = 251,
			.phys = OTA_PHYS_1M | OTA_PHYS_2M,
		},
};

void hci_log(struct hci *hci, const char *format, ...)
{
	char text[160];
	va_list ap;

	if (!hci->config.log)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	hci->config.log(hci->config.ctx, text);
}

/* --- to the host */

/* These three are not subject to the event mask, 7.3.1. */
static bool always_sent(enum hci_event_code code)
{
	return code == HCI_EV_COMMAND_COMPLETE || code == HCI_EV_COMMAND_STATUS ||
	       code == HCI_EV_COMPLETED_PACKETS;
}

void hci_event(struct hci *hci, enum hci_event_code code, const uint8_t *params, size_t len)
{
	uint8_t packet[3 + UINT8_MAX] = {HCI_TYPE_EVENT, (uint8_t)code, (uint8_t)len};

	if (len > UINT8_MAX || (!always_sent(code) && !(hci->event_mask >> (code - 1u) & 1u)))
		return;
	if (len > 0)
		memcpy(packet + 3, params, len);
	hci->config.send(hci->config.ctx, packet, 3 + len);
}

bool hci_le_wanted(const struct hci *hci, enum hci_le_event_code code)
{
	return (hci->le_event_mask >> (code - 1u) & 1u) != 0;
}

void hci_le_event(struct hci *hci, enum hci_le_event_code code, const uint8_t *params, size_t len)
{
	uint8_t meta[UINT8_MAX] = {(uint8_t)code};

	if (len > sizeof(meta) - 1 || !hci_le_wanted(hci, code))
		return;
	if (len > 0)
		memcpy(meta + 1, params, len);
	hci_event(hci, HCI_EV_LE_META, meta, 1 + len);
}

static void command_status(struct hci *hci, uint8_t status)
{
	uint8_t params[4] = {status, 1};

	bytes_put16(params + 2, hci->opcode);
	hci_event(hci, HCI_EV_COMMAND_STATUS, params, sizeof(params));
}

/* ret: what follows the status. */
static void command_complete(struct hci *hci, uint8_t status, const uint8_t *ret, size_t len)
{
	uint8_t params[4 + 2 + RETURNS_MAX] = {1};

	bytes_put16(params + 1, hci->opcode);
	params[3] = status;
	if (len > 0)
		memcpy(params + 4, ret, len);
	hci_event(hci, HCI_EV_COMMAND_COMPLETE, params, 4 + len);
}

/* --- commands */

static const struct hci_command *command_find(const struct hci *hci, uint16_t opcode)
{
	for (size_t i = 0; i < hci_command_count; i++)
		if (hci_commands[i].opcode == opcode)
			return (hci_commands[i].feature & ~hci->can.features) == 0
				       ? &hci_commands[i]
				       : NULL;
	return NULL;
}

/* A host may use the legacy or the extended commands, not both, until it resets (3.1.1). */
static bool kind_allowed(struct hci *hci, const struct hci_command *command)
{
	if ((command->flags & HCI_CMD_LEGACY && hci->extended_used) ||
	    (command->flags & HCI_CMD_EXTENDED && hci->legacy_used))
		return false;
	hci->legacy_used |= (command->flags & HCI_CMD_LEGACY) != 0;
	hci->extended_used |= (command->flags & HCI_CMD_EXTENDED) != 0;
	return true;
}

static uint8_t command_run(struct hci_call *call, const struct hci_command *command)
{
	struct hci *hci = call->hci;

	if (command->flags & HCI_CMD_MORE ? call->len < command->len : call->len != command->len)
		return HCI_ERR_PARAMETERS;
	if (!kind_allowed(hci, command))
		return HCI_ERR_DISALLOWED;
	if (command->flags & HCI_CMD_CONN) {
		/* The top four bits are reserved, 5.4.2. */
		call->conn = hci_conn_find(hci, bytes_get16(call->p) & 0x0fffu);
		if (!call->conn)
			return HCI_ERR_UNKNOWN_CONNECTION;
		call->p += 2;
		call->len -= 2;
	}
	return command->run(call);
}

static void command_input(struct hci *hci, const uint8_t *packet, size_t len)
{
	uint8_t ret[2 + RETURNS_MAX] = {0};
	const struct hci_command *command;
	struct hci_call call = {.hci = hci};
	uint8_t status, handle_len;

	if (len < 3) {
		hci_log(hci, "a command of %zu octets: dropped", len);
		return;
	}
	hci->opcode = bytes_get16(packet);
	call.p = packet + 3;
	call.len = len - 3;
	command = command_find(hci, hci->opcode);
	if (!command) {
		hci_log(hci, "unknown command 0x%04x", hci->opcode);
		command_status(hci, HCI_ERR_UNKNOWN_COMMAND);
		return;
	}
	handle_len = command->flags & HCI_CMD_CONN && !(command->flags & HCI_CMD_STATUS) ? 2 : 0;
	if (handle_len > 0 && call.len >= 2)
		memcpy(ret, call.p, 2);
	call.ret = ret + handle_len;
	status = packet[2] == call.len ? command_run(&call, command) : HCI_ERR_PARAMETERS;
	if (status != HCI_OK)
		hci_log(hci, "command 0x%04x refused: 0x%02x", hci->opcode, status);
	if (command->flags & HCI_CMD_STATUS)
		command_status(hci, status);
	else
		command_complete(hci, status, ret, (size_t)handle_len + command->returns);
}

void hci_input(struct hci *hci, const uint8_t *packet, size_t len)
{
	if (len == 0)
		return;
	switch (packet[0]) {
	case HCI_TYPE_COMMAND:
		command_input(hci, packet + 1, len - 1);
		break;
	case HCI_TYPE_ACL:
		hci_acl_input(hci, packet + 1, len - 1);
		break;
	default:
		hci_log(hci, "a packet of type 0x%02x: dropped", packet[0]);
		break;
	}
}

/* --- the air */

void hci_update_listening(struct hci *hci)
{
	const bool on = hci->scan.enabled || hci->initiator.pending;

	if (on == hci->listening)
		return;
	hci->listening = on;
	if (hci->config.listen)
		hci->config.listen(hci->config.ctx, on);
}

void hci_heard(struct hci *hci, struct esp *esp)
{
	struct hci_accept peer = {.type = esp_address_type(esp)};
	const uint8_t *address = esp_address_octets(esp);

	if (rng_chance(&hci->rng, hci->config.loss_ppm))
		return;
	for (unsigned int i = 0; i < 6; i++)
		peer.address[i] = address[5 - i];
	if (hci->scan.enabled)
		hci_scan_heard(hci, esp, &peer);
	if (hci->initiator.pending)
		hci_initiator_heard(hci, esp, &peer);
}

/* --- life */

void hci_set_defaults(struct hci *hci)
{
	hci_conns_drop(hci);
	hci_scan_stop(hci);
	hci_adv_stop(hci);
	hci->event_mask = EVENT_MASK_DEFAULT;
	hci->le_event_mask = LE_EVENT_MASK_DEFAULT;
	hci->legacy_used = hci->extended_used = false;
	hci->random_set = false;
	hci->accept_count = 0;
	hci->default_phys = hci->can.phys;
	hci->default_octets = HCI_OCTETS_MIN;
	hci->default_time = HCI_TIME_MIN;
	hci_update_listening(hci);
}

int hci_create(const struct hci_config *config, struct hci **ret)
{
	struct hci *hci;

	if (config->version >= HCI_VERSIONS || !config->send || config->buffers < 1 ||
	    config->buffers > UINT8_MAX || config->buffer_octets < HCI_OCTETS_MIN ||
	    (config->data_length > 0 && config->data_length < HCI_OCTETS_MIN) ||
	    config->data_length > 251 || config->phys & ~(OTA_PHYS_1M | OTA_PHYS_2M))
		return -OTA_EINVAL;
	hci = calloc(1, sizeof(*hci));
	if (!hci)
		return -OTA_ENOMEM;
	hci->config = *config;
	hci->can = versions[config->version];
	if (config->data_length > 0 && config->data_length < hci->can.data_length)
		hci->can.data_length = config->data_length;
	if (config->phys)
		hci->can.phys = OTA_PHYS_1M | (hci->can.phys & config->phys);
	if (!(hci->can.phys & OTA_PHYS_2M))
		hci->can.features &= ~(uint64_t)HCI_FEATURE_2M;
	rng_init(&hci->rng, config->seed ^ 0x484349u);
	hci_scan_init(hci);
	hci_adv_init(hci);
	hci_initiator_init(hci);
	hci_set_defaults(hci);
	*ret = hci;
	return 0;
}

void hci_power_cycle(struct hci *hci)
{
	hci_set_defaults(hci);
}

void hci_destroy(struct hci *hci)
{
	if (!hci)
		return;
	hci->config.listen = NULL;
	hci_set_defaults(hci);
	free(hci);
}
