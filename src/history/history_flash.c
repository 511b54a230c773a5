/* SPDX-License-Identifier: Apache-2.0 */
/* The times that a device's flash took in earlier runs. */
#include "history/history_priv.h"

#include <stdlib.h>
#include <string.h>

#define RUNS 5u /* the latest; their median */

/* Virtual devices of one address are other ones where other options made them. */
#define BEFORE                                                                                     \
	"SELECT flash FROM runs WHERE state = 'ended' AND flash > 0 AND virtual_clock = ?1 "       \
	"AND %s = ?2 AND (?1 = 0 OR options = ?3) ORDER BY id DESC LIMIT 5"

static int ascending(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static uint32_t flash_of(struct history *history, const struct job_flash_asked *asked,
			 const char *column, const char *value)
{
	int64_t rates[RUNS];
	size_t count = 0, middle;
	sqlite3_stmt *s;
	char sql[512];

	(void)snprintf(sql, sizeof(sql), BEFORE, column);
	s = value[0] == '\0' ? NULL : history_prepare(history, sql);
	if (!s)
		return 0;
	(void)sqlite3_bind_int(s, 1, asked->virtual_clock);
	(void)sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(s, 3, asked->options, -1, SQLITE_STATIC);
	while (count < RUNS && sqlite3_step(s) == SQLITE_ROW)
		rates[count++] = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	if (count == 0)
		return 0;
	qsort(rates, count, sizeof(rates[0]), ascending);
	middle = count / 2;
	return (uint32_t)history_whole((double)rates[middle], UINT32_MAX);
}

uint32_t history_flash(const struct job_flash_asked *asked)
{
	struct history *history;
	uint32_t rate;
	char why[512];

	if (history_open(asked->history[0] ? asked->history : NULL, &history, why, sizeof(why)) < 0)
		return 0;
	rate = flash_of(history, asked, "address", asked->address);
	if (rate == 0)
		rate = flash_of(history, asked, "chip", asked->chip);
	history_close(history);
	return rate;
}
