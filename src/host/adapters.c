/* SPDX-License-Identifier: Apache-2.0 */
/* See adapters.h. */
#include "config.h" /* system extensions: getline() */

#include "host/adapters.h"

#include "base/file_read.h"
#include "base/file_save.h"
#include "base/text.h"
#include "ota/error.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MIN 6u /* Core Vol 4 Part E 7.8.12 */
#define INTERVAL_MAX 3200u

struct line {
	char address[ADAPTERS_ADDRESS];
	bool phy_2m;
	uint16_t interval;
};

static int adapters_path(char *buf, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (state && state[0] == '/')
		n = snprintf(buf, size, "%s/otabench/adapters", state);
	else if (home && home[0] == '/')
		n = snprintf(buf, size, "%s/.local/state/otabench/adapters", home);
	else
		return -OTA_EINVAL;
	return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
}

static bool address_ok(const char *address)
{
	if (strlen(address) != ADAPTERS_ADDRESS - 1u)
		return false;
	for (size_t i = 0; i < ADAPTERS_ADDRESS - 1u; i++) {
		if (i % 3u == 2u ? address[i] != ':'
				 : !strchr("0123456789ABCDEFabcdef", address[i]))
			return false;
	}
	return true;
}

/* "00:11:22:33:44:55 2M 6"; what is anything else is not ours. */
static bool line_read(const char *text, struct line *ret)
{
	const char *phy = text + ADAPTERS_ADDRESS, *number = phy + 3;
	uint64_t interval;

	if (strlen(text) <= ADAPTERS_ADDRESS + 3u || text[ADAPTERS_ADDRESS - 1u] != ' ')
		return false;
	memcpy(ret->address, text, ADAPTERS_ADDRESS - 1u);
	ret->address[ADAPTERS_ADDRESS - 1u] = '\0';
	if (!address_ok(ret->address) ||
	    (strncmp(phy, "1M ", 3) != 0 && strncmp(phy, "2M ", 3) != 0) ||
	    text_parse_unsigned(number, strlen(number), &interval) < 0 || interval < INTERVAL_MIN ||
	    interval > INTERVAL_MAX)
		return false;
	ret->phy_2m = phy[0] == '2';
	ret->interval = (uint16_t)interval;
	return true;
}

static bool same(const struct line *a, const struct line *b)
{
	return strcmp(a->address, b->address) == 0 && a->phy_2m == b->phy_2m;
}

static size_t load(const char *file, struct line lines[ADAPTERS_MAX], size_t count)
{
	FILE *in = file_read_stream(file);
	char *text = NULL;
	size_t size = 0, i;

	while (in && count < ADAPTERS_MAX && getline(&text, &size, in) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (!line_read(text, &lines[count]))
			continue;
		for (i = 0; i < count && !same(&lines[i], &lines[count]); i++)
			;
		count += i == count;
	}
	free(text);
	if (in)
		(void)fclose(in);
	return count;
}

uint16_t adapters_interval(const char *address, bool phy_2m)
{
	struct line lines[ADAPTERS_MAX], wanted = {.phy_2m = phy_2m};
	char file[PATH_MAX];
	size_t count;

	if (!address_ok(address) || adapters_path(file, sizeof(file)) < 0)
		return 0;
	memcpy(wanted.address, address, sizeof(wanted.address));
	count = load(file, lines, 0);
	for (size_t i = 0; i < count; i++) {
		if (same(&lines[i], &wanted))
			return lines[i].interval;
	}
	return 0;
}

int adapters_learn(const char *address, bool phy_2m, uint16_t interval)
{
	char file[PATH_MAX], error[PATH_MAX + 128], text[ADAPTERS_MAX * 32u];
	struct line lines[ADAPTERS_MAX];
	size_t count, len = 0;

	if (!address_ok(address) || interval < INTERVAL_MIN || interval > INTERVAL_MAX ||
	    adapters_path(file, sizeof(file)) < 0)
		return -OTA_EINVAL;
	lines[0] = (struct line){.phy_2m = phy_2m, .interval = interval};
	memcpy(lines[0].address, address, sizeof(lines[0].address));
	count = load(file, lines, 1);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s %u\n",
					lines[i].address, lines[i].phy_2m ? "2M" : "1M",
					(unsigned int)lines[i].interval);
	return file_save(file, text, len, error, sizeof(error));
}
