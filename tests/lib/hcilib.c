/* SPDX-License-Identifier: Apache-2.0 */
/* Code that the tests of the virtual controller share; see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hcilib.h"

#define TEXT_MAX 1200u
#define ANY 0x100u

struct hci_rig h;

/* --- text and octets */

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static size_t parse(const char *text, uint16_t *ret, size_t size)
{
	size_t len = 0;

	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		assert_true(len < size && text[1] != '\0');
		if (text[0] == '?') {
			ret[len++] = ANY;
		} else {
			assert_true(nibble(text[0]) >= 0 && nibble(text[1]) >= 0);
			ret[len++] = (uint16_t)(nibble(text[0]) << 4 | nibble(text[1]));
		}
		text += 2;
	}
	return len;
}

static void format(const struct hci_rig_packet *p, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < p->len && 2 * i + 3 < size; i++)
		snprintf(ret + 2 * i, size - 2 * i, "%02x", p->bytes[i]);
}

static bool begins(const struct hci_rig_packet *p, const uint16_t *octets, size_t len)
{
	if (p->len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (octets[i] != ANY && octets[i] != p->bytes[i])
			return false;
	return true;
}

/* --- the conversation */

static void on_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct hci_rig_packet *p = &h.packets[h.count];

	(void)ctx;
	assert_true(h.count < HCI_RIG_PACKETS);
	assert_true(len >= 3 && len <= HCI_PACKET_MAX);
	p->at_us = sched_now(&h.sched);
	p->len = len;
	p->bytes = malloc(len);
	assert_non_null(p->bytes);
	memcpy(p->bytes, packet, len);
	h.count++;
}

void say(const char *text)
{
	uint16_t octets[TEXT_MAX];
	const size_t len = parse(text, octets, TEXT_MAX);
	uint8_t *packet = malloc(len + 1); /* of the right size, for the sanitizer */

	assert_non_null(packet);
	for (size_t i = 0; i < len; i++)
		packet[i] = (uint8_t)octets[i];
	hci_input(h.hci, packet, len);
	free(packet);
}

void expect_packet(const char *text)
{
	uint16_t octets[TEXT_MAX];
	const size_t len = parse(text, octets, TEXT_MAX);
	char said[2 * TEXT_MAX];

	if (h.next == h.count)
		fail_msg("silence instead of %s", text);
	format(&h.packets[h.next], said, sizeof(said));
	if (h.packets[h.next].len != len || !begins(&h.packets[h.next], octets, len))
		fail_msg("%s instead of %s", said, text);
	h.next++;
}

void expect_silence(void)
{
	char said[2 * TEXT_MAX];

	if (h.next == h.count)
		return;
	format(&h.packets[h.next], said, sizeof(said));
	fail_msg("%s instead of silence", said);
}

void wait_us(uint64_t us)
{
	sched_advance(&h.sched, sched_now(&h.sched) + us);
}

void wait_packet(void)
{
	const uint64_t until = sched_now(&h.sched) + 60000000u;
	uint64_t at;

	while (h.next == h.count && sched_next(&h.sched, &at) && at < until)
		(void)sched_step(&h.sched);
	assert_true(h.next < h.count);
}

void forget(void)
{
	h.next = h.count;
}

size_t count_packets(const char *text)
{
	uint16_t octets[TEXT_MAX];
	const size_t len = parse(text, octets, TEXT_MAX);
	size_t count = 0;

	for (size_t i = h.next; i < h.count; i++)
		count += begins(&h.packets[i], octets, len);
	return count;
}

/* --- fixtures */

static void on_listen(void *ctx, bool on)
{
	(void)ctx;
	h.listening = on;
}

static void on_advertise(void *ctx, uint64_t now_us)
{
	(void)ctx;
	sched_at(&h.sched, &h.advertise, now_us + HCI_RIG_ADVERTISE_US);
	if (h.listening && esp_advertising(h.esp))
		hci_heard(h.hci, h.esp);
}

static void packets_free(void)
{
	for (size_t i = 0; i < h.count; i++)
		free(h.packets[i].bytes);
	h.count = h.next = 0;
}

static void fleet_end(void)
{
	esp_destroy(h.esp);
	hci_destroy(h.hci);
	sched_finish(&h.sched);
	packets_free();
}

static void fleet_begin(void)
{
	sched_init(&h.sched, 0);
	h.advertise = (struct sched_event){.fn = on_advertise};
	assert_int_equal(esp_create(&h.esp_config, &h.esp, NULL, 0), 0);
	assert_int_equal(hci_create(&h.config, &h.hci), 0);
	esp_power_on(h.esp);
	sched_advance(&h.sched, 1000000);
	assert_true(esp_advertising(h.esp));
	sched_at(&h.sched, &h.advertise, 1000000 + HCI_RIG_ADVERTISE_US / 2);
}

int hci_rig_setup(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	h.config = (struct hci_config){
		.sched = &h.sched,
		.version = HCI_5_2,
		.address = {0x02, 0x00, 0x00, 0x0b, 0xe0, 0x01},
		.buffers = 8,
		.buffer_octets = 251,
		.refill = true,
		.seed = 1,
		.send = on_send,
		.listen = on_listen,
	};
	h.esp_config = (struct esp_config){
		.sched = &h.sched,
		.name = "esp-sim-01",
		.address = {0x24, 0x6f, 0x28, 0xaa, 0x10, 0x01},
		.chip_revision = 301,
		.version = "1.0.0",
		.project = "otabench-sim",
		.flash_speed = FLASH_IDEAL,
		.phys = OTA_PHYS_1M | OTA_PHYS_2M,
		.rssi = -50,
		.seed = 1,
	};
	fleet_begin();
	return 0;
}

int hci_rig_teardown(void **state)
{
	(void)state;
	fleet_end();
	return 0;
}

void hci_rig_restart(void)
{
	fleet_end();
	fleet_begin();
}

void hci_rig_masks(void)
{
	say("01 010c 08 90e8040200800020");
	expect_packet("04 0e 04 01 010c 00");
	say("01 0120 08 6f1a020000000000");
	expect_packet("04 0e 04 01 0120 00");
}

void hci_rig_connect(void)
{
	hci_rig_masks();
	/* LE Create Connection: 60 ms of 60 ms, 30 to 50 ms, 420 ms. */
	say("01 0d20 19 6000 6000 00 00 0110aa286f24 00 1800 2800 0000 2a00 0000 0000");
	expect_packet("04 0f 04 00 01 0d20");
	wait_packet();
	expect_packet("04 3e 1f 0a 00 4000 00 00 0110aa286f24 000000000000 000000000000 2800 0000 "
		      "2a00 00");
	expect_silence();
}
