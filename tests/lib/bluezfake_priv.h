/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of the fake org.bluez; see bluezfake.h. */
#ifndef OTABENCH_BLUEZFAKE_PRIV_H
#define OTABENCH_BLUEZFAKE_PRIV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bluezfake.h"

#define FAKE_PATH 100u
#define FAKE_IS_ADAPTER "org.bluez.Adapter1"
#define FAKE_IS_DEVICE "org.bluez.Device1"
#define FAKE_IS_CHR "org.bluez.GattCharacteristic1"

/* A failure of the fake itself. */
#define must(expression) assert_true((expression) >= 0)

char *fake_adapter_path(unsigned int adapter, char *buf, size_t size);
char *fake_device_path(const struct fake *f, unsigned int i, char *buf, size_t size);
char *fake_chr_path(const struct fake *f, unsigned int i, enum gatt_chr chr, char *buf,
		    size_t size);
void fake_put_adapter(struct fake *f, sd_bus_message *m, unsigned int adapter);
void fake_put_objects(struct fake *f, sd_bus_message *m);
void fake_forget_rssi(struct fake *f);

/* bluezfake_calls.c */
void fake_serve(struct fake *f);
void fake_reply(struct fake *f, sd_bus_message *call);
void fake_reply_error(struct fake *f, sd_bus_message *call, const char *name, const char *text);

/* bluezfake_radio.c: each takes the call over, or fails the test */
void fake_radio_connect(struct fake *f, sd_bus_message *call);
void fake_radio_disconnect(struct fake *f);
void fake_radio_read(struct fake *f, enum gatt_chr chr, sd_bus_message *call);
void fake_radio_subscribe(struct fake *f, sd_bus_message *call);
/* call: NULL for a command */
void fake_radio_write(struct fake *f, enum gatt_chr chr, const void *value, size_t len,
		      sd_bus_message *call);
/* Calls that were not answered yet. */
void fake_radio_forget(struct fake *f);
void fake_radio_finish(struct fake *f);

#endif
