/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes from a host to the virtual controller, with a virtual ESP32 in the air.
 *
 * The input is records: an octet 0, then another: tens of milliseconds that pass;
 * or an octet 1..255: that many octets of a packet.  A device is slow to make, so
 * one serves all inputs; it is back at its first boot for each.
 */
#include <stdlib.h>
#include <string.h>

#include "radiod/hci.h"

#define TIME_MAX_US 5000000u /* that one input may let pass */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sched sched;
static struct esp *esp;
static struct hci *hci;
static struct sched_event advertise;
static bool listening;

/* Checks the properties on which every host relies. */
static void on_send(void *ctx, const uint8_t *packet, size_t len)
{
	(void)ctx;
	if (packet[0] == HCI_TYPE_EVENT) {
		if (len < 3 || packet[2] != len - 3)
			abort();
	} else if (packet[0] != HCI_TYPE_ACL || len < 5 ||
		   (size_t)(packet[3] | packet[4] << 8) != len - 5) {
		abort();
	}
}

static void on_listen(void *ctx, bool on)
{
	(void)ctx;
	listening = on;
}

static void on_advertise(void *ctx, uint64_t now_us)
{
	(void)ctx;
	sched_at(&sched, &advertise, now_us + 20000);
	if (listening && esp_advertising(esp))
		hci_heard(hci, esp);
}

static void fleet_create(void)
{
	const struct esp_config config = {
		.sched = &sched,
		.name = "esp-sim-01",
		.address = {0x24, 0x6f, 0x28, 0xaa, 0x10, 0x01},
		.chip_revision = 301,
		.version = "1.0.0",
		.project = "otabench-sim",
		.flash_speed = FLASH_IDEAL,
		.rssi = -50,
	};

	sched_init(&sched, 0);
	if (esp_create(&config, &esp, NULL, 0) < 0)
		abort();
	esp_power_on(esp);
	sched_advance(&sched, 1000000);
}

static void run(const uint8_t *data, size_t size)
{
	uint64_t left = TIME_MAX_US;

	while (size >= 2) {
		const size_t n = data[0] < size ? data[0] : size - 1;

		if (data[0] == 0) {
			uint64_t us = data[1] * 10000u;

			if (us > left)
				us = left;
			left -= us;
			sched_advance(&sched, sched_now(&sched) + us);
			data += 2;
			size -= 2;
			continue;
		}
		hci_input(hci, data + 1, n);
		data += 1 + n;
		size -= 1 + n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hci_config config = {
		.sched = &sched,
		.address = {0x02, 0, 0, 0x0b, 0xe0, 1},
		.buffers = 3,
		.buffer_octets = 251,
		.send = on_send,
		.listen = on_listen,
	};

	if (size == 0)
		return 0;
	if (!esp)
		fleet_create();
	config.version = (enum hci_version)(data[0] % HCI_VERSIONS);
	config.refill = data[0] & 0x80;
	if (hci_create(&config, &hci) < 0)
		abort();
	advertise = (struct sched_event){.fn = on_advertise};
	sched_at(&sched, &advertise, sched_now(&sched) + 20000);
	run(data + 1, size - 1);
	/* Links that are left vanish with the controller, and the device lets go of them. */
	esp_reset(esp);
	hci_destroy(hci);
	sched_cancel(&sched, &advertise);
	sched_advance(&sched, sched_now(&sched) + 1000000);
	if (!esp_advertising(esp))
		abort();
	return 0;
}
