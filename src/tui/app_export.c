/* SPDX-License-Identifier: Apache-2.0 */
/* The logs as a file: every line that is kept, with all its bytes, whatever a filter hides. */
#include "tui/app_log.h"

#include "base/file_save.h"
#include "base/output.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

uint64_t app_log_write(const struct loglist *log, FILE *out)
{
	uint64_t written = 0;

	if (log->count > LOGLIST_LINES)
		(void)fprintf(out, "# %" PRIu64 " earlier lines are not kept\n",
			      log->count - LOGLIST_LINES);
	for (uint64_t i = log->count > LOGLIST_LINES ? log->count - LOGLIST_LINES : 0;
	     i < log->count; i++) {
		const struct loglist_line *line = loglist_at(log, i);
		char text[LOGLIST_TEXT + LOGLIST_RAW * 3 + 64], safe[sizeof(text) * 4];

		(void)loglist_format(line, text, sizeof(text));
		(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
		written += fprintf(out, "%s%s\n", safe, line->bookmark ? "  #" : "") > 0;
	}
	return written;
}

static void export_ask(struct app *app)
{
	const struct prompt prompt = {.label = "write the log to: ",
				      .done = app_log_export,
				      .complete = app_prompt_complete_path,
				      .filled = true};

	app_prompt_open(app, &prompt, "otabench.log");
}

void app_log_export(struct app *app, const char *path)
{
	struct file_save save;
	uint64_t written;
	char why[VIEW_TEXT], lines[TEXT_COUNT_MAX];

	if (path[0] == '\0') {
		export_ask(app);
		return;
	}
	if (file_save_begin(&save, path, 0, why, sizeof(why)) < 0) {
		app_refuse(app, CELLS_BAD, "%s", why);
		return;
	}
	(void)fprintf(save.out,
		      "# Control: > sent, < received, * state, ! event, ~ tuned; # bookmark\n");
	written = app_log_write(&app_log(app)->control, save.out);
	(void)fprintf(save.out, "\n# Calls: > call, < answer, ! error, * signal\n");
	written += app_log_write(&app_log(app)->calls, save.out);
	if (file_save_end(&save, why, sizeof(why)) < 0)
		app_refuse(app, CELLS_BAD, "%s", why);
	else
		app_say(app, CELLS_GOOD, "%s written to %s",
			text_count(written, "line", lines, sizeof(lines)), path);
}
