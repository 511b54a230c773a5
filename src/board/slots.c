/* SPDX-License-Identifier: Apache-2.0 */
/* See slots.h. */
#include "board/slots.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ota/error.h"

#define FACTORY "factory:"
#define APPS_OFFSET 0x10000u /* the first that an application may have beside the boot loader */

/* A size at *at, which moves behind it; 0: none, or out of range. */
static uint32_t take_size(const char **at)
{
	char *end;
	unsigned long number;
	uint64_t size;

	if (**at < '0' || **at > '9')
		return 0;
	number = strtoul(*at, &end, 10);
	if (number > SLOTS_SIZE_MAX || (*end != 'K' && *end != 'M'))
		return 0;
	size = (uint64_t)number << (*end == 'M' ? 20 : 10);
	if (size < SLOTS_SIZE_MIN || size > SLOTS_SIZE_MAX || size % SLOTS_SIZE_MIN != 0)
		return 0;
	*at = end + 1;
	return (uint32_t)size;
}

int slots_parse(const char *text, struct slots *ret)
{
	struct slots slots = {.count = 0};
	const char *at = text;

	if (strncmp(at, FACTORY, strlen(FACTORY)) == 0) {
		at += strlen(FACTORY);
		slots.factory = take_size(&at);
		if (slots.factory == 0 || *at++ != '+')
			return -OTA_EINVAL;
	}
	do {
		if (slots.count == SLOTS_MAX)
			return -OTA_EINVAL;
		slots.sizes[slots.count] = take_size(&at);
		if (slots.sizes[slots.count++] == 0)
			return -OTA_EINVAL;
	} while (*at++ == '+');
	if (at[-1] != '\0')
		return -OTA_EINVAL;
	*ret = slots;
	return 0;
}

static void add_size(char *buf, size_t size, const char *before, uint32_t bytes)
{
	const size_t len = strlen(buf);
	const bool whole = bytes % (1u << 20) == 0;

	(void)snprintf(buf + len, size - len, "%s%u%c", before, bytes >> (whole ? 20 : 10),
		       whole ? 'M' : 'K');
}

char *slots_format(const struct slots *slots, char *buf, size_t size)
{
	buf[0] = '\0';
	if (slots->factory > 0)
		add_size(buf, size, FACTORY, slots->factory);
	for (size_t i = 0; i < slots->count; i++)
		add_size(buf, size, buf[0] != '\0' ? "+" : "", slots->sizes[i]);
	return buf;
}

char *slots_csv(const struct slots *slots, char *buf, size_t size)
{
	uint32_t offset = APPS_OFFSET;
	int len = snprintf(buf, size,
			   "nvs,data,nvs,0x9000,0x5000,\notadata,data,ota,0xe000,0x2000,\n");

	if (slots->factory > 0) {
		len += snprintf(buf + len, size - (size_t)len, "factory,app,factory,0x%x,0x%x,\n",
				offset, slots->factory);
		offset += slots->factory;
	}
	for (size_t i = 0; i < slots->count; i++) {
		len += snprintf(buf + len, size - (size_t)len, "app%zu,app,ota_%zu,0x%x,0x%x,\n", i,
				i, offset, slots->sizes[i]);
		offset += slots->sizes[i];
	}
	return buf;
}
