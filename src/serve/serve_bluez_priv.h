/* SPDX-License-Identifier: Apache-2.0 */
/* Between serve_bluez.c (registration), serve_adapter.c (the adapter), serve_clients.c (clients'
 * links) and serve_objects.c (the objects that bluetoothd calls). */
#ifndef OTABENCH_SERVE_SERVE_BLUEZ_PRIV_H
#define OTABENCH_SERVE_SERVE_BLUEZ_PRIV_H

#include "serve/serve_bluez.h"

#define SERVE_ROOT "/org/otabench/serve"
#define SERVE_ADVERTISEMENT "/org/otabench/advertisement"
#define SERVE_PATH 128u
#define SERVE_BUS "org.freedesktop.DBus"
#define SERVE_MATCHES 4u
#define SERVE_UNANSWERED 16u /* one for each bearer of a client */
#define BLUEZ "org.bluez"
#define BLUEZ_CHR "org.bluez.GattCharacteristic1"
#define BLUEZ_GATT "org.bluez.GattManager1"
#define BLUEZ_ADVERTISING "org.bluez.LEAdvertisingManager1"
#define BLUEZ_DEVICE "org.bluez.Device1"

/* A service or characteristic that is exported. */
struct serve_object {
	struct serve_bluez *b;
	sd_bus_slot *slot;
	struct gatt_entry entry;
	char path[SERVE_PATH], service[SERVE_PATH];
};

struct serve_bluez {
	struct serve_bluez_config config;
	char name[64], security[32];
	sd_bus *bus;
	struct serve *serve;
	char owner[256]; /* unique name of bluetoothd */
	char adapter[SERVE_PATH]; /* its path */
	char address[18];
	sd_bus_slot *matches[SERVE_MATCHES], *manager, *calls[2], *advertisement;
	char uuid[GATT_UUID_TEXT]; /* advertised; "": none */
	struct serve_object objects[GATT_TABLE_MAX];
	size_t count;
	bool registered, wanted, advertised; /* advertisement: asked for, and there */
	char client[SERVE_PATH]; /* the device object of the client; "": none */
	char connected[SERVE_PATH]; /* the latest that connected */
	bool hanging_up; /* client is no client any more, but has its link */
	/* Its requests since then, which have no answer until the link is about to end. */
	sd_bus_message *unanswered[SERVE_UNANSWERED];
	size_t unanswered_count;
	sd_event_source *silence; /* runs out before the link ends; NULL: no client is hung up */
	bool silence_over;
};

void serve_bluez_log(struct serve_bluez *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* False: another program than bluetoothd called, and was answered. */
bool serve_bluez_is_owner(struct serve_bluez *b, sd_bus_message *m);
/* It cannot go on. */
void serve_bluez_gone(struct serve_bluez *b, const char *why);

/* serve_adapter.c; each puts what is wrong and what to do about it into text. */
/* Finds bluetoothd and its adapter, and switches that on. */
int serve_adapter_use(struct serve_bluez *b, char *text, size_t size);
/* The system bus cannot be opened: rc is sd-bus's. */
int serve_adapter_no_bus(int rc, char *text, size_t size);
/* Returns code; text may be NULL. */
int serve_adapter_say(char *text, size_t size, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* serve_clients.c */
int serve_clients_watch(struct serve_bluez *b);
/* A call of a client whose link is lost, which lasts until bluetoothd has ended it, some two
 * seconds. */
bool serve_bluez_is_lost(const struct serve_bluez *b, const char *device);
/* The link of the client is as good as lost. */
void serve_bluez_silence(struct serve_bluez *b);
/* Leaves such a call without an answer, as a lost link would, for as long as bluetoothd bears it:
 * a request that is open when the link ends makes it crash some seconds later (5.66, 5.82). */
void serve_bluez_ignore(struct serve_bluez *b, sd_bus_message *m);
/* There is none any more, and no answer is wanted. */
void serve_bluez_end_silence(struct serve_bluez *b);
/* The client that a call is of; false: it is not to be served. */
bool serve_bluez_client(struct serve_bluez *b, const char *device);

/* serve_objects.c */
/* The answer to a read or write that failed. */
int serve_objects_refuse(sd_bus_message *m, int status);
int serve_objects_export(struct serve_bluez *b, const struct gatt_table *table);
void serve_objects_drop(struct serve_bluez *b);
int serve_objects_advertisement(struct serve_bluez *b);
void serve_objects_notify(struct serve_bluez *b, uint16_t handle, const uint8_t *buf, size_t len);
void serve_objects_answer(void *token, int status, const uint8_t *buf, size_t len);

#endif
