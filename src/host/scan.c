/* SPDX-License-Identifier: Apache-2.0 */
/* See scan.h. */
#include "host/scan.h"

#include "base/output.h"

#include <stdio.h>
#include <string.h>

void scan_init(struct scan *scan)
{
	memset(scan, 0, sizeof(*scan));
}

/* ASCII alone, whatever the locale. */
static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool scan_is_hex(char c)
{
	c = upper(c);
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

bool scan_is_address(const char *text)
{
	for (size_t i = 0; i < SCAN_ADDRESS_SIZE - 1; i++) {
		if (i % 3 == 2 ? text[i] != ':' : !scan_is_hex(text[i]))
			return false;
	}
	return text[SCAN_ADDRESS_SIZE - 1] == '\0';
}

static bool same_address(const char *a, const char *b)
{
	for (; *a != '\0' && upper(*a) == upper(*b); a++, b++)
		;
	return *a == '\0' && *b == '\0';
}

static struct scan_device *find_address(struct scan *scan, const char *address)
{
	for (size_t i = 0; i < scan->count; i++) {
		if (same_address(scan->devices[i].address, address))
			return &scan->devices[i];
	}
	return NULL;
}

/* Returns true if a is to be dropped before b. */
static bool worse(const struct scan_device *a, const struct scan_device *b)
{
	const bool wanted = dialects_driven(b->dialects);

	if (dialects_driven(a->dialects) != wanted)
		return wanted;
	return a->last_us < b->last_us;
}

static void scan_make_room(struct scan *scan)
{
	size_t victim = 0;

	for (size_t i = 1; i < scan->count; i++) {
		if (worse(&scan->devices[i], &scan->devices[victim]))
			victim = i;
	}
	scan->count--;
	memmove(&scan->devices[victim], &scan->devices[victim + 1],
		(scan->count - victim) * sizeof(scan->devices[0]));
	scan->dropped++;
}

static struct scan_device *scan_append(struct scan *scan, const char *address, uint64_t now_us)
{
	struct scan_device *device;

	if (scan->count == SCAN_DEVICES_MAX)
		scan_make_room(scan);
	device = &scan->devices[scan->count++];
	memset(device, 0, sizeof(*device));
	(void)snprintf(device->address, sizeof(device->address), "%s", address);
	device->rssi = device->rssi_min = device->rssi_max = SCAN_RSSI_UNKNOWN;
	device->first_us = now_us;
	return device;
}

static void add_rssi(struct scan_device *device, int8_t rssi)
{
	if (rssi == SCAN_RSSI_UNKNOWN)
		return;
	if (device->rssi == SCAN_RSSI_UNKNOWN || rssi < device->rssi_min)
		device->rssi_min = rssi;
	if (device->rssi == SCAN_RSSI_UNKNOWN || rssi > device->rssi_max)
		device->rssi_max = rssi;
	device->rssi = rssi;
	device->history[device->history_count++ % SCAN_HISTORY] = rssi;
}

const struct scan_device *scan_add(struct scan *scan, const struct transport_advertisement *adv,
				   uint64_t now_us)
{
	struct scan_device *device;

	if (!scan_is_address(adv->address))
		return NULL;
	device = find_address(scan, adv->address);
	if (!device)
		device = scan_append(scan, adv->address, now_us);
	/* An advertisement without the name does not take it back: names come in scan responses. */
	if (adv->name[0] != '\0')
		(void)output_safe_text(adv->name, strlen(adv->name), device->name,
				       sizeof(device->name));
	device->dialects |= adv->dialects;
	device->connectable = adv->connectable;
	device->last_us = now_us;
	device->seen++;
	add_rssi(device, adv->rssi);
	return device;
}

int8_t scan_rssi(const struct scan_device *device, size_t age)
{
	if (age >= device->history_count || age >= SCAN_HISTORY)
		return SCAN_RSSI_UNKNOWN;
	return device->history[(device->history_count - 1 - age) % SCAN_HISTORY];
}

int scan_find(const struct scan *scan, const char *what, const struct scan_device **ret, char *text,
	      size_t size)
{
	const struct scan_device *found = NULL;
	size_t len = 0, count = 0;

	for (size_t i = 0; i < scan->count; i++) {
		const struct scan_device *device = &scan->devices[i];

		if (same_address(device->address, what)) {
			*ret = device;
			return 0;
		}
		if (what[0] == '\0' || strcmp(device->name, what) != 0)
			continue;
		found = device;
		if (len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s", count ? ", " : "",
						device->address);
		count++;
	}
	if (count == 0)
		return -OTA_ENOENT;
	if (count > 1)
		return -OTA_EINVAL;
	*ret = found;
	return 0;
}
