/* SPDX-License-Identifier: Apache-2.0 */
/* Code that the tests of the ATT server share; see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "attlib.h"

struct att_rig d;

static int on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct att_rig *dev = ctx;
	size_t used = strlen(dev->sent);

	if (dev->full)
		return -OTA_EAGAIN;
	assert_in_range(len, 1, dev->server.mtu);
	for (size_t i = 0; i < len; i++)
		used += (size_t)snprintf(dev->sent + used, sizeof(dev->sent) - used, "%s%02x",
					 i ? " " : "", pdu[i]);
	snprintf(dev->sent + used, sizeof(dev->sent) - used, "\n");
	dev->sends++;
	return 0;
}

static int on_read(void *ctx, enum att_value_id id, uint8_t *buf, size_t size)
{
	struct att_rig *dev = ctx;

	assert_int_equal(size, 512);
	if (dev->read_error)
		return -dev->read_error;
	switch (id) {
	case ATT_DEVICE_NAME:
		memcpy(buf, "esp", 3);
		return 3;
	case ATT_APPEARANCE:
		buf[0] = buf[1] = 0;
		return 2;
	case ATT_FIRMWARE_REVISION:
		memcpy(buf, "v1.2.3", 6);
		return 6;
	case ATT_INFO:
		for (unsigned int i = 0; i < OTA_INFO_SIZE; i++)
			buf[i] = (uint8_t)i;
		return (int)OTA_INFO_SIZE;
	case ATT_MODEL:
		memset(buf, 'm', 300);
		return 300;
	case ATT_MANUFACTURER:
	case ATT_BATTERY_LEVEL:
		return 100000;
	case ATT_SERVICE_CHANGED:
	case ATT_DATABASE_HASH:
	case ATT_CONTROL:
	case ATT_DATA:
	case ATT_FOREIGN_1:
	case ATT_FOREIGN_2:
	case ATT_FOREIGN_3:
	case ATT_FOREIGN_4:
	case ATT_FOREIGN_5:
	case ATT_FOREIGN_6:
	case ATT_FOREIGN_7:
	case ATT_VALUES:
		break;
	}
	fail();
	return 0;
}

static int on_write(void *ctx, enum att_value_id id, const uint8_t *buf, size_t len, bool command)
{
	struct att_rig *dev = ctx;

	dev->writes++;
	dev->id = id;
	dev->len = len;
	dev->command = command;
	assert_in_range(len, 0, dev->server.config.table == ATT_TABLE_SMP ? 514 : 512);
	memcpy(dev->value, buf, len);
	if (dev->done >= 0)
		assert_int_equal(att_server_write_done(&dev->server, dev->done), 0);
	return dev->answer;
}

static void on_subscribed(void *ctx, enum att_value_id id, uint16_t ccc)
{
	struct att_rig *dev = ctx;

	dev->subscribed++;
	dev->id = id;
	dev->ccc = ccc;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
	struct att_rig *dev = ctx;

	dev->mtus++;
	dev->mtu = mtu;
}

static void on_confirmed(void *ctx, enum att_value_id id)
{
	struct att_rig *dev = ctx;

	dev->confirmed++;
	dev->id = id;
}

const struct att_server_ops att_rig_ops = {
	.send = on_send,
	.read = on_read,
	.write = on_write,
	.subscribed = on_subscribed,
	.mtu = on_mtu,
	.confirmed = on_confirmed,
};

void att_rig_start(enum att_table table, uint16_t mtu)
{
	struct att_server_config config = {
		.ops = &att_rig_ops, .ctx = &d, .table = table, .mtu = mtu};

	memset(&d, 0, sizeof(d));
	d.done = -1;
	assert_int_equal(att_server_init(&d.server, &config), 0);
}

int att_rig_setup(void **state)
{
	(void)state;
	att_rig_start(ATT_TABLE_FULL, 517);
	return 0;
}

/* Exact allocation, so that a sanitizer sees one octet too many being read. */
void att_rig_input(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	att_server_input(&d.server, copy, len);
	free(copy);
}

void att_rig_input_hex(const char *hex)
{
	uint8_t bytes[600];
	size_t len = 0;
	char *end;

	for (const char *p = hex; *p; p = end) {
		assert_in_range(len, 0, sizeof(bytes) - 1);
		bytes[len++] = (uint8_t)strtoul(p, &end, 16);
		assert_ptr_not_equal(end, p);
		while (*end == ' ')
			end++;
	}
	att_rig_input(bytes, len);
}

void expect_sent(const char *out)
{
	size_t len = strlen(d.sent);

	if (len > 0)
		d.sent[len - 1] = '\0';
	assert_string_equal(d.sent, out);
	d.sent[0] = '\0';
}

void says(const char *in, const char *out)
{
	att_rig_input_hex(in);
	expect_sent(out);
}

void att_rig_exchange(uint16_t mtu)
{
	uint8_t pdu[3] = {0x02, (uint8_t)mtu, (uint8_t)(mtu >> 8)};

	att_rig_input(pdu, sizeof(pdu));
	d.sent[0] = '\0';
}
