/* SPDX-License-Identifier: Apache-2.0 */
/* See historyold.h. */
#include "historyold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

/* The additions of each version: columns of runs, and the version. */
static const struct {
	int since;
	const char *name;
} columns[] = {
	{2, "dialect"},	   {3, "profile_changed"}, {3, "limit"},	 {3, "limit_share_ppm"},
	{3, "possible"},   {3, "link_best"},	   {3, "flash"},	 {3, "kernel"},
	{3, "bluetoothd"}, {3, "adapter"},	   {3, "adapter_maker"}, {3, "adapter_firmware"},
	{3, "chip"},	   {3, "device_version"},  {4, "pattern"},	 {5, "stream"},
	{5, "air_bytes"},
};

static void do_sql(sqlite3 *db, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

void historyold_make(const char *path, int version)
{
	char text[160];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (columns[i].since <= version)
			continue;
		(void)snprintf(text, sizeof(text), "ALTER TABLE runs DROP COLUMN \"%s\"",
			       columns[i].name);
		do_sql(db, text);
	}
	(void)snprintf(text, sizeof(text), "PRAGMA user_version = %d", version);
	do_sql(db, text);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
