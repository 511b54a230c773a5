/* SPDX-License-Identifier: Apache-2.0 */
/* The Control log as a file. */
#include "tui/app_priv.h"

#include "host/output.h"

#include <errno.h>
#include <string.h>

uint64_t app_log_write(struct app *app, FILE *out)
{
	uint64_t written = 0;

	for (uint64_t i = 0; i < app->log.count; i++) {
		const struct loglist_line *line = loglist_at(&app->log, i);
		char text[LOGLIST_TEXT + LOGLIST_RAW * 3 + 64], safe[sizeof(text) * 4];

		if (!line || !loglist_matches(&app->log, line))
			continue;
		(void)loglist_format(line, text, sizeof(text));
		(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
		written += fprintf(out, "%s%s\n", safe, line->bookmark ? "  #" : "") > 0;
	}
	return written;
}

void app_export(struct app *app, const char *path)
{
	FILE *out = fopen(path, "wx"); /* never over another file */
	uint64_t written;

	if (!out) {
		app_say(app, CELLS_BAD, "%s: %s", path, strerror(errno));
		return;
	}
	written = app_log_write(app, out);
	if (fclose(out) != 0)
		app_say(app, CELLS_BAD, "%s: %s", path, strerror(errno));
	else
		app_say(app, CELLS_GOOD, "%llu lines written to %s", (unsigned long long)written,
			path);
}
