/* SPDX-License-Identifier: Apache-2.0 */
/* A history's file, as anybody may have made or damaged it: read, compared, exported. */
#include "config.h" /* system extensions: open_memstream() */

#include "history/history_compare.h"
#include "history/history_export.h"
#include "history/history_priv.h"
#include "history/history_trend.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RUNS 8u
#define STEPS 200000 /* of SQLite's machine: a damaged index may go round in circles */

static int give_up(void *userdata)
{
	int *rounds = userdata;

	return --*rounds < 0;
}

/* A database in memory with these bytes; a log beside it cannot be, so it is not asked for. */
static bool open_bytes(struct history *h, const uint8_t *data, size_t size)
{
	unsigned char *copy = sqlite3_malloc64(size ? size : 1);

	if (!copy || sqlite3_open(":memory:", &h->db) != SQLITE_OK) {
		sqlite3_free(copy);
		return false;
	}
	memcpy(copy, data, size);
	if (size > 19)
		copy[18] = copy[19] = 1;
	return sqlite3_deserialize(h->db, "main", copy, (sqlite3_int64)size, (sqlite3_int64)size,
				   SQLITE_DESERIALIZE_FREEONCLOSE) == SQLITE_OK;
}

static void use(const struct history_detail *a, const struct history_detail *b)
{
	struct history_changed changed[HISTORY_CHANGED_MAX];
	struct history_comparison comparison;
	struct setting_errors errors;
	struct profile profile;
	uint32_t rates[64];
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	history_compare(a, b, &comparison);
	(void)history_changes(a, b, changed);
	(void)history_rates(a, history_span(a) / 64 + 1, rates, 64);
	(void)history_profile(a, &profile, &errors);
	if (!out)
		return;
	(void)history_export(out, HISTORY_CSV_SERIES, a, true);
	(void)history_export(out, HISTORY_CSV_RUNS, a, true);
	(void)history_export(out, HISTORY_NDJSON, a, true);
	(void)fclose(out);
	free(text);
}

static void read_all(struct history *h)
{
	const struct transport_link link = {.adapter = "00:11:22:33:44:55", .buffers = 8};
	struct history_question question = {.size = 1000, .link = &link, .virtual_clock = true};
	struct history_estimate estimate;
	struct history_trend trend;
	struct history_best best;
	int64_t number;
	struct profile profile;
	struct history_detail detail, last = {0};
	struct history_run *runs;
	size_t count;

	profile_defaults(&profile);
	(void)history_best(h, &question, &best);
	(void)history_estimate(h, &question, &estimate);
	question.profile = &profile;
	(void)history_estimate(h, &question, &estimate);
	if (history_list(h, RUNS, &runs, &count) < 0)
		return;
	if (count > 0 && history_trend_load(h, runs[0].address, &trend) == 0)
		history_trend_finish(&trend);
	(void)history_number(h, "-2", &number);
	for (size_t i = 0; i < count; i++) {
		if (history_load(h, runs[i].id, &detail) < 0)
			continue;
		use(&detail, i > 0 ? &last : &detail);
		history_detail_finish(&last);
		last = detail;
	}
	history_detail_finish(&last);
	(void)history_delete(h, count > 0 ? runs[0].id : 1);
	free(runs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history *h = calloc(1, sizeof(*h));
	int rounds = STEPS / 1000;

	if (!h)
		return 0;
	/* A fixed seed: SQLite's random numbers are the same for the same input. */
	(void)sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 1, NULL);
	if (open_bytes(h, data, size)) {
		sqlite3_progress_handler(h->db, 1000, give_up, &rounds);
		if (history_migrate(h) == 0)
			read_all(h);
	}
	history_close(h);
	return 0;
}
