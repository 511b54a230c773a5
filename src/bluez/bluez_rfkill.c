/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check whether a switch keeps an adapter off.  bluetoothd does not always tell:
 * org.bluez.Error.Blocked needs the kernel to answer Set Powered with RFKILLED, and Linux 6.1
 * answers Failed.
 */
#include "config.h" /* system extensions: glob() */

#include "bluez/bluez_priv.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static bool is_one(const char *path)
{
	FILE *file = fopen(path, "re");
	const int first = file ? fgetc(file) : EOF;

	if (file)
		(void)fclose(file);
	return first == '1';
}

bool bluez_rfkill_blocks(const struct bluez *b, const char *adapter)
{
	const char *slash = strrchr(adapter, '/');
	char pattern[BLUEZ_PATH_MAX + 128];
	bool blocks = false;
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s/class/bluetooth/%s/rfkill[0-9]*/[hs]*",
		       b->sysfs, slash ? slash + 1 : adapter);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;

		if (strcmp(name, "hard") == 0 || strcmp(name, "soft") == 0)
			blocks = blocks || is_one(found.gl_pathv[i]);
	}
	globfree(&found);
	return blocks;
}
