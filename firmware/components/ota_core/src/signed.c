/* SPDX-License-Identifier: Apache-2.0 */
/* See signed.h. */
#include "ota/signed.h"

#include "device_priv.h"

/* Offsets of the fields behind START's 46 bytes. */
#define AT_CHIP OTA_START_SIZE
#define AT_SECURE (AT_CHIP + 2u)
#define AT_PROJECT (AT_SECURE + 4u)
#define AT_VERSION (AT_PROJECT + OTA_STATEMENT_TEXT)
#define AT_SIGNATURE (AT_VERSION + OTA_STATEMENT_TEXT)
/* START's flags, in its first bytes. */
#define AT_FLAGS 2u

/* An image's head has the same fields: esp_image_header_t, esp_app_desc_t. */
#define HEAD_CHIP 12u
#define HEAD_MAGIC 0xe9u

static uint32_t get(const uint8_t *p, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint32_t)p[i] << (8u * i);
	return value;
}

static void put(uint8_t *p, uint32_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(value >> (8u * i));
}

static void refuse(struct ota_signed *gate, uint16_t conn, const uint8_t *buf, size_t len,
		   uint8_t code, uint32_t detail)
{
	static const uint8_t basic = OTA_EVT_ERROR;
	struct ota_device *dev = gate->config.dev;

	if (len == 1 && buf[0] == OTA_CMD_START)
		device_notify(dev, conn, &basic, 1);
	else
		device_send_error(dev, conn, code, buf[0], detail);
	device_work(dev);
}

/* The product's policy of images, asked of what the statement says an image begins with. */
static uint8_t judge(struct ota_signed *gate, const struct ota_statement *s, uint32_t *ret_detail)
{
	const struct ota_device_config *config = &gate->config.dev->config;
	uint8_t head[OTA_HEAD_SIZE] = {0};
	struct ota_info info;
	int rc;

	device_info(gate->config.dev, &info);
	*ret_detail = HEAD_CHIP;
	if (s->chip_id != info.chip_id)
		return OTA_ERR_CHIP;
	head[0] = HEAD_MAGIC;
	put(head + HEAD_CHIP, s->chip_id, 2);
	put(head + OTA_DETAIL_DESCRIPTOR, OTA_DESCRIPTOR_MAGIC, 4);
	put(head + OTA_DETAIL_SECURE_VERSION, s->secure_version, 4);
	memcpy(head + OTA_DETAIL_VERSION, s->version, OTA_STATEMENT_TEXT);
	memcpy(head + OTA_DETAIL_PROJECT, s->project, OTA_STATEMENT_TEXT);
	*ret_detail = 0;
	rc = config->ops->head_check(config->ctx, head, ret_detail);
	if (rc < 0)
		return rc == -OTA_EPERM ? OTA_ERR_VERSION : OTA_ERR_IMAGE;
	return OTA_OK;
}

static void read_statement(const uint8_t *buf, const struct ota_start *start,
			   struct ota_statement *ret)
{
	ret->chip_id = (uint16_t)get(buf + AT_CHIP, 2);
	ret->secure_version = get(buf + AT_SECURE, 4);
	ret->image_size = start->image_size;
	memcpy(ret->project, buf + AT_PROJECT, OTA_STATEMENT_TEXT);
	memcpy(ret->version, buf + AT_VERSION, OTA_STATEMENT_TEXT);
	memcpy(ret->sha256, start->sha256, OTA_SHA256_SIZE);
}

/* Begins the check, if it may be now. */
static void check(struct ota_signed *gate, uint32_t now_ms)
{
	int rc;

	if (gate->conn == OTA_NO_CONN || gate->checking ||
	    (gate->bad > 0 && (int32_t)(now_ms - gate->not_before) < 0))
		return;
	gate->checking = true;
	rc = gate->config.check(gate->config.ctx, gate->message, gate->signature);
	if (rc < 0)
		ota_signed_checked(gate, rc, now_ms);
}

static void on_signed(struct ota_signed *gate, uint16_t conn, const uint8_t *buf, size_t len,
		      const struct ota_start *start, uint32_t now_ms)
{
	struct ota_device *dev = gate->config.dev;
	struct ota_statement statement;
	uint32_t detail = (uint32_t)len;
	uint8_t code = OTA_ERR_LENGTH;

	if (len >= OTA_START_SIGNED_SIZE) {
		read_statement(buf, start, &statement);
		detail = 0;
		if (device_owned_by_other(dev, conn) || gate->checking ||
		    (gate->conn != OTA_NO_CONN && gate->conn != conn))
			code = OTA_ERR_BUSY;
		else if (!dev->config.ops->permit(dev->config.ctx, conn, OTA_CMD_START))
			code = OTA_ERR_PERMISSION;
		else
			code = judge(gate, &statement, &detail);
	}
	if (code != OTA_OK) {
		refuse(gate, conn, buf, len, code, detail);
		return;
	}
	gate->conn = conn;
	memcpy(gate->start, buf, OTA_START_SIZE);
	put(gate->start + AT_FLAGS, start->flags & ~OTA_START_SIGNED, 2);
	ota_statement_pack(&statement, gate->message);
	memcpy(gate->signature, buf + AT_SIGNATURE, OTA_SIGNATURE_SIZE);
	check(gate, now_ms);
}

int ota_signed_init(struct ota_signed *gate, const struct ota_signed_config *config)
{
	if (!config->dev || !config->check)
		return -OTA_EINVAL;
	memset(gate, 0, sizeof(*gate));
	gate->config = *config;
	gate->conn = OTA_NO_CONN;
	return 0;
}

void ota_signed_control(struct ota_signed *gate, uint16_t conn, const uint8_t *buf, size_t len,
			uint32_t now_ms)
{
	struct ota_device *dev = gate->config.dev;
	const bool begins = len > 0 && (buf[0] == OTA_CMD_START || buf[0] == OTA_CMD_PREPARE);
	struct ota_start start = {.flags = 0};

	if (begins && (dev->config.basic_only || len == 1 || buf[0] == OTA_CMD_PREPARE ||
		       ota_start_decode(buf, len, &start) < 0))
		start.flags = 0;
	/* A connection that gives another command gives up its START that is being checked. */
	if (conn == gate->conn && len > 0 && buf[0] != OTA_CMD_STATUS && buf[0] != OTA_CMD_LINK &&
	    buf[0] != OTA_CMD_TELEMETRY)
		gate->conn = OTA_NO_CONN;
	device_pass(dev, now_ms);
	if (start.flags & OTA_START_SIGNED && !(start.flags & OTA_START_SINK))
		on_signed(gate, conn, buf, len, &start, now_ms);
	else if (begins && gate->config.only && !(start.flags & OTA_START_SINK))
		refuse(gate, conn, buf, len, OTA_ERR_SIGNATURE, 0);
	else
		ota_device_control(dev, conn, buf, len, now_ms);
}

/* Returns true if this START makes another image, or none, of what could be resumed. */
static bool drops(const struct ota_device *dev, const struct ota_start *start)
{
	const bool here = dev->rx.valid && dev->rx.kind == OTA_KIND_IMAGE;
	const uint8_t *sha256 = here ? dev->rx.sha256 : dev->record.sha256;

	if ((!here && dev->record.offset == 0) || start->flags & OTA_START_SINK)
		return false;
	return start->flags & OTA_START_RESTART ||
	       start->image_size != (here ? dev->rx.image_size : dev->record.image_size) ||
	       memcmp(start->sha256, sha256, OTA_SHA256_SIZE) != 0;
}

bool ota_uncovered(const struct ota_signed *gate, uint16_t conn, const uint8_t *buf, size_t len)
{
	const struct ota_device *dev = gate->config.dev;
	struct ota_start start;

	if (len == 0 || ota_device_owner(dev) == conn)
		return false;
	switch (buf[0]) {
	case OTA_CMD_ABORT:
	case OTA_CMD_CONFIRM:
	case OTA_CMD_ROLLBACK:
	case OTA_CMD_REBOOT:
		return true;
	case OTA_CMD_START:
		return ota_start_decode(buf, len, &start) == 0 && drops(dev, &start);
	default:
		return false;
	}
}

void ota_signed_checked(struct ota_signed *gate, int result, uint32_t now_ms)
{
	const uint16_t conn = gate->conn;
	uint32_t wait = OTA_SIGNED_WAIT_MS;

	if (!gate->checking)
		return;
	gate->checking = false;
	gate->conn = OTA_NO_CONN;
	if (result == 0) {
		gate->bad = 0;
	} else {
		for (uint32_t i = 0; i < gate->bad && wait < OTA_SIGNED_WAIT_MOST_MS; i++)
			wait *= 2u;
		gate->bad += gate->bad < UINT32_MAX;
		gate->not_before = now_ms + wait;
	}
	if (conn == OTA_NO_CONN)
		return;
	if (result == 0) {
		ota_device_control(gate->config.dev, conn, gate->start, OTA_START_SIZE, now_ms);
	} else {
		device_pass(gate->config.dev, now_ms);
		refuse(gate, conn, gate->start, OTA_START_SIZE, OTA_ERR_SIGNATURE, 1);
	}
}

void ota_signed_disconnected(struct ota_signed *gate, uint16_t conn)
{
	if (gate->conn == conn)
		gate->conn = OTA_NO_CONN;
}

void ota_signed_tick(struct ota_signed *gate, uint32_t now_ms)
{
	check(gate, now_ms);
}

bool ota_signed_deadline(const struct ota_signed *gate, uint32_t *ret_ms)
{
	*ret_ms = gate->not_before;
	return gate->conn != OTA_NO_CONN && !gate->checking && gate->bad > 0;
}

void ota_signed_info(const struct ota_signed *gate, struct ota_info *info)
{
	info->features |= OTA_FEATURE_SIGNED;
	if (!gate->config.only)
		return;
	info->abilities |= OTA_ABILITY_SIGNED_ONLY;
	info->features &= ~(OTA_FEATURE_PREPARE | OTA_FEATURE_PATTERN);
}
