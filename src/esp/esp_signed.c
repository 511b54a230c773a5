/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual ESP32's gate for signed updates, where its product has a key. */
#include "esp/esp_priv.h"

#include "base/ecdsa.h"

/*
 * Mbed TLS's verification on P-256 in software at 240 MHz takes some 100 ms; it runs in a task of
 * its own beside the flash.  An assumption, not a measurement.
 */
#define VERIFY_US 100000u

static int begin_check(void *ctx, const uint8_t message[OTA_STATEMENT_SIZE],
		       const uint8_t signature[OTA_SIGNATURE_SIZE])
{
	struct esp *esp = ctx;

	(void)message;
	(void)signature; /* both are kept by the gate */
	sched_at(esp->config.sched, &esp->verify, sched_now(esp->config.sched) + VERIFY_US);
	return 0;
}

static void verified(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;
	struct ota_signed *gate = &esp->gate;

	(void)now_us;
	ota_signed_checked(gate,
			   ecdsa_verify(esp->config.public_key, gate->message,
					sizeof(gate->message), gate->signature),
			   esp_now_ms(esp));
	esp_hold(esp);
	esp_rearm(esp);
}

void esp_signed_start(struct esp *esp)
{
	const struct ota_signed_config config = {
		.dev = &esp->device,
		.check = begin_check,
		.ctx = esp,
		.only = true,
	};

	esp->verify = (struct sched_event){.fn = verified, .ctx = esp};
	esp->gated = esp->config.signed_only && ota_signed_init(&esp->gate, &config) == 0;
}

void esp_signed_stop(struct esp *esp)
{
	sched_cancel(esp->config.sched, &esp->verify);
}

void esp_control(struct esp *esp, uint16_t conn, const uint8_t *buf, size_t len)
{
	if (esp->gated)
		ota_signed_control(&esp->gate, conn, buf, len, esp_now_ms(esp));
	else
		ota_device_control(&esp->device, conn, buf, len, esp_now_ms(esp));
}

void esp_gone(struct esp *esp, uint16_t conn)
{
	if (esp->gated)
		ota_signed_disconnected(&esp->gate, conn);
	ota_device_disconnected(&esp->device, conn, esp_now_ms(esp));
}

void esp_tick(struct esp *esp)
{
	if (esp->config.dialect >= ESP_SECTORS)
		return; /* its firmware has no ota_core */
	if (esp->gated)
		ota_signed_tick(&esp->gate, esp_now_ms(esp));
	ota_device_tick(&esp->device, esp_now_ms(esp));
}

bool esp_deadline(const struct esp *esp, uint32_t *ret_ms)
{
	bool due = esp->config.dialect < ESP_SECTORS && ota_device_deadline(&esp->device, ret_ms);
	uint32_t at_ms;

	if (esp->gated && ota_signed_deadline(&esp->gate, &at_ms)) {
		if (!due || (int32_t)(at_ms - *ret_ms) < 0)
			*ret_ms = at_ms;
		due = true;
	}
	return due;
}
