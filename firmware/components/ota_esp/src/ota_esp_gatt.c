/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes: Control, Data and Info of docs/protocol.md section 3.  Service Changed is
 * in NimBLE's own GATT service.
 *
 * NimBLE calls the access functions in its host task, one at a time.
 */
#include "ota_esp_priv.h"

#include <string.h>

#if defined(CONFIG_OTA_ESP_SECURITY_COMMANDS)
#define WRITE_SECURITY 0
#elif defined(CONFIG_OTA_ESP_SECURITY_AUTHENTICATED)
#define WRITE_SECURITY (BLE_GATT_CHR_F_WRITE_ENC | BLE_GATT_CHR_F_WRITE_AUTHEN)
#elif defined(CONFIG_OTA_ESP_SECURITY_ENCRYPTED)
#define WRITE_SECURITY BLE_GATT_CHR_F_WRITE_ENC
#else
#define WRITE_SECURITY 0
#endif

/* Polls of 10 ms; reading a slot takes a second or two.  A host that reads sends nothing
 * meanwhile, so no buffer runs out. */
#define INSPECTION_POLLS 300
/*
 * Ticks that NimBLE's host task may stand still while values arrive.  Where the controller
 * is reached by VHCI (ESP32, C3, S3) they are dropped, unsaid, after 29 without a buffer, in
 * ESP-IDF 5.1.7, 5.2.7, 5.3.5, 5.4.4 and later ones (ble_hci_rx_acl() of esp_nimble_hci.c):
 * 20 leave it time.  Elsewhere the link layer holds the host back for as long as it takes; a
 * write request may wait 30 s (Core Vol 3 Part F 3.3.3).
 */
#ifdef CONFIG_SOC_ESP_NIMBLE_CONTROLLER
#define WAIT_TICKS ((int)pdMS_TO_TICKS(3000))
#else
#define WAIT_TICKS 20
#endif
#define MSYS_RESERVE 4 /* mbufs left to the notification's header and NimBLE's own answers */
#define NOTIFY_RETRY_MS 10u /* about a connection interval: then buffers may be free again */

/* --- Data */

/*
 * A basic host has no credits, so its value may find the ring full.  NimBLE
 * cannot answer a write later, so its task waits, and then ends the session with
 * an ERROR: nothing is lost unsaid.  A full host never gets here: it has credits.
 */
static int wait_for_room(uint16_t conn, const uint8_t *buf, size_t len)
{
	struct ota_esp *s = &ota_esp;
	int rc = -OTA_EAGAIN;

	for (int i = 1; rc == -OTA_EAGAIN && i <= WAIT_TICKS; i++) {
		vTaskDelay(1);
		ota_esp_enter();
		rc = ota_device_data(&s->device, conn, buf, len, i < WAIT_TICKS, s->now);
		ota_esp_leave();
	}
	return rc;
}

static int write_data(uint16_t conn, struct os_mbuf *om)
{
	struct ota_esp *s = &ota_esp;
	const uint16_t len = OS_MBUF_PKTLEN(om);
	const uint8_t *buf = om->om_data;
	int rc;

	if (len > OTA_VALUE_MAX)
		return BLE_ATT_ERR_INVALID_ATTR_VALUE_LEN;
	if (om->om_len < len) { /* one mbuf for each link-layer packet */
		if (ble_hs_mbuf_to_flat(om, s->value, sizeof(s->value), NULL) != 0)
			return BLE_ATT_ERR_UNLIKELY;
		buf = s->value;
	}
	ota_esp_enter();
	rc = ota_device_data(&s->device, conn, buf, len, true, s->now);
	if (rc == 0)
		ota_esp_leave_quickly();
	else
		ota_esp_leave();
	if (rc == -OTA_EAGAIN)
		wait_for_room(conn, buf, len);
	return 0; /* what is wrong with a value is said by GAP and ERROR */
}

static int access_data(uint16_t conn, uint16_t attr, struct ble_gatt_access_ctxt *ctxt, void *arg)
{
	(void)attr;
	(void)arg;
	if (ctxt->op != BLE_GATT_ACCESS_OP_WRITE_CHR)
		return BLE_ATT_ERR_UNLIKELY;
	return write_data(conn, ctxt->om);
}

/* --- Control and Info */

#ifdef CONFIG_OTA_ESP_SECURITY_COMMANDS
/* A command that no signature covers needs the link that Kconfig demands; the ATT error makes
 * the host's stack encrypt the link, or pair, and write again. */
static bool link_will_do(uint16_t conn, const uint8_t *buf, uint16_t len)
{
	struct ble_gap_conn_desc desc;
	bool uncovered;

	ota_esp_enter();
	uncovered = ota_uncovered(&ota_esp.gate, conn, buf, len);
	ota_esp_leave_quickly();
	if (!uncovered)
		return true;
	if (ble_gap_conn_find(conn, &desc) != 0 || !desc.sec_state.encrypted)
		return false;
#ifdef CONFIG_OTA_ESP_SECURITY_AUTHENTICATED
	return desc.sec_state.authenticated;
#else
	return true;
#endif
}
#endif

static int access_control(uint16_t conn, uint16_t attr, struct ble_gatt_access_ctxt *ctxt,
			  void *arg)
{
	uint8_t buf[OTA_CONTROL_MAX];
	const uint16_t len = OS_MBUF_PKTLEN(ctxt->om);

	(void)attr;
	(void)arg;
	if (ctxt->op != BLE_GATT_ACCESS_OP_WRITE_CHR)
		return BLE_ATT_ERR_UNLIKELY;
	if (len > sizeof(buf))
		return BLE_ATT_ERR_INVALID_ATTR_VALUE_LEN;
	if (ble_hs_mbuf_to_flat(ctxt->om, buf, sizeof(buf), NULL) != 0)
		return BLE_ATT_ERR_UNLIKELY;
#ifdef CONFIG_OTA_ESP_SECURITY_COMMANDS
	if (!link_will_do(conn, buf, len))
		return BLE_ATT_ERR_INSUFFICIENT_AUTHEN;
#endif
	return ota_esp_control(conn, buf, len) < 0 ? BLE_ATT_ERR_INSUFFICIENT_RES : 0;
}

static int access_info(uint16_t conn, uint16_t attr, struct ble_gatt_access_ctxt *ctxt, void *arg)
{
	uint8_t buf[OTA_INFO_SIZE];
	int len = 0;

	(void)conn;
	(void)attr;
	(void)arg;
	for (int i = INSPECTION_POLLS; len == 0; i--) {
		ota_esp_enter();
		if (ota_esp.inspected || i == 0)
			len = ota_device_read_info(&ota_esp.device, buf, sizeof(buf));
		ota_esp_leave_quickly();
		if (len == 0) /* only an application that advertises on its own can be so early */
			vTaskDelay(pdMS_TO_TICKS(10));
	}
	if (len < 0)
		return BLE_ATT_ERR_UNLIKELY;
	return os_mbuf_append(ctxt->om, buf, (uint16_t)len) == 0 ? 0 : BLE_ATT_ERR_INSUFFICIENT_RES;
}

/* --- the table */

static const struct ble_gatt_chr_def ota_characteristics[] = {
	{
		.uuid = &ota_esp.uuid[1].u,
		.access_cb = access_control,
		.flags = BLE_GATT_CHR_F_WRITE | BLE_GATT_CHR_F_NOTIFY | WRITE_SECURITY,
		.val_handle = &ota_esp.control_handle,
	},
	{
		.uuid = &ota_esp.uuid[2].u,
		.access_cb = access_data,
		.flags = BLE_GATT_CHR_F_WRITE | BLE_GATT_CHR_F_WRITE_NO_RSP | WRITE_SECURITY,
	},
	{
		.uuid = &ota_esp.uuid[3].u,
		.access_cb = access_info,
		.flags = BLE_GATT_CHR_F_READ,
	},
	{.uuid = NULL},
};

static const struct ble_gatt_svc_def services[] = {
	{
		.type = BLE_GATT_SVC_TYPE_PRIMARY,
		.uuid = &ota_esp.uuid[0].u,
		.characteristics = ota_characteristics,
	},
#ifdef CONFIG_OTA_ESP_DEVICE_INFORMATION
	{
		.type = BLE_GATT_SVC_TYPE_PRIMARY,
		.uuid = &ota_esp_information.u,
		.characteristics = ota_esp_information_table,
	},
#endif
	{.type = BLE_GATT_SVC_TYPE_END},
};

/* "fb1e4001-54ae-..." to the 16 bytes of the air, least significant first. */
static bool parse_uuid(const char *text, uint8_t ret[16])
{
	unsigned int nibbles = 0;

	for (; *text != '\0'; text++) {
		unsigned int digit = (unsigned int)*text - '0';
		uint8_t *byte = &ret[15 - nibbles / 2 % 16];

		if (*text == '-')
			continue;
		if (digit > 9) {
			digit = ((unsigned int)*text | 0x20u) - 'a';
			if (digit > 5)
				return false;
			digit += 10;
		}
		*byte = (uint8_t)((unsigned int)*byte << 4 | digit);
		nibbles++;
	}
	return nibbles == 32;
}

int ota_esp_gatt_register(void)
{
	struct ota_esp *s = &ota_esp;
	int rc = parse_uuid(CONFIG_OTA_ESP_SERVICE_UUID, s->uuid[0].value) ? 0 : -OTA_EINVAL;

	/* The characteristics follow the service: ...4001 to ...4004. */
	for (int i = 0; i < 4; i++) {
		s->uuid[i] = s->uuid[0];
		s->uuid[i].u.type = BLE_UUID_TYPE_128;
		s->uuid[i].value[12] = (uint8_t)(s->uuid[0].value[12] + i);
	}
	if (rc == 0)
		rc = ble_gatts_count_cfg(services);
	if (rc == 0)
		rc = ble_gatts_add_svcs(services);
	if (rc != 0)
		ota_esp_error("add the services", rc);
#if !defined(CONFIG_OTA_ESP_SECURITY_AUTHENTICATED) && !defined(CONFIG_OTA_ESP_SECURITY_ENCRYPTED)
	if (!s->config.permit)
		ota_esp_warn("anybody in radio range can replace this firmware");
#endif
	return rc;
}

/* --- notifications */

int ota_esp_gatt_post(struct ota_esp *s, uint16_t conn, const uint8_t *buf, size_t len)
{
	const struct ota_esp_conn *c = ota_esp_conn_find(conn);
	struct ota_notification *n;

	if (!c || !c->subscribed)
		return -OTA_ENOTCONN;
	if (s->notify_blocked || s->outbox_count == OTA_ESP_OUTBOX) {
		if (!s->notify_blocked)
			s->notify_retry = s->now + NOTIFY_RETRY_MS;
		s->notify_kept = true;
		return -OTA_EAGAIN;
	}
	n = &s->outbox[(s->outbox_first + s->outbox_count++) % OTA_ESP_OUTBOX];
	n->conn = conn;
	n->len = (uint8_t)len;
	memcpy(n->bytes, buf, len);
	return 0;
}

bool ota_esp_gatt_can_send(const struct ota_esp *s)
{
	return s->outbox_count > 0 && !s->sending && !s->notify_blocked;
}

/*
 * A buffer for the value, when enough are left to NimBLE's own answers.  They are asked
 * for, not counted: NimBLE takes each from the pool of the smallest that fit, and is
 * refused where that one is empty, whatever the other has.
 */
static struct os_mbuf *take_buffer(const struct ota_notification *n)
{
	struct os_mbuf *om[1 + MSYS_RESERVE];
	int got = 0;

	while (got < 1 + MSYS_RESERVE) {
		om[got] = ble_hs_mbuf_from_flat(n->bytes, n->len);
		if (!om[got])
			break;
		got++;
	}
	for (int i = got == 1 + MSYS_RESERVE; i < got; i++)
		os_mbuf_free_chain(om[i]);
	return got == 1 + MSYS_RESERVE ? om[0] : NULL;
}

static bool deliver(const struct ota_notification *n)
{
	struct os_mbuf *om = take_buffer(n);
	int rc;

	if (!om)
		return false;
	rc = ble_gatts_notify_custom(n->conn, ota_esp.control_handle, om); /* frees om */
	return rc != BLE_HS_ENOMEM && rc != BLE_HS_EAGAIN && rc != BLE_HS_EBUSY;
}

/* One task sends at a time, in order; what another posts meanwhile it sends, too. */
void ota_esp_gatt_send(void)
{
	struct ota_esp *s = &ota_esp;
	struct ota_notification n;
	const struct ota_esp_conn *c;
	bool more = true, sent;

	while (more) {
		ota_esp_enter();
		n = s->outbox[s->outbox_first];
		c = ota_esp_conn_find(n.conn);
		sent = !c || !c->subscribed; /* there is no subscriber any more */
		ota_esp_unlock();
		sent = sent || deliver(&n);
		ota_esp_enter();
		if (sent) {
			s->outbox_first = (uint8_t)((s->outbox_first + 1u) % OTA_ESP_OUTBOX);
			s->outbox_count--;
		} else {
			s->notify_blocked = true;
			s->notify_retry = s->now + NOTIFY_RETRY_MS;
		}
		more = sent && s->outbox_count > 0;
		s->sending = more;
		ota_esp_unlock();
	}
}
