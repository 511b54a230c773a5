/* SPDX-License-Identifier: Apache-2.0 */
/* --help, made from the tables that the parsers use, so that it cannot go stale. */
#include "config.h"

#include "cli/cli.h"

#include "image/lint.h"

#include <string.h>

#define USAGE_INDENT 7 /* below the program's name */
#define USAGE_INDENT 7 /* of its second line, below the name */
#define WIDTH 79
#define RIGHT_START 28

/* text from column on, wrapped with the given indentation; ends the line. */
static void print_wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
	bool first = true;

	while (*text != '\0') {
		size_t len = strcspn(text, " \n");

		if (!first && column + 1 + len > WIDTH) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		(void)fprintf(out, "%s%.*s", first ? "" : " ", (int)len, text);
		column += len + (first ? 0 : 1);
		first = false;
		text += len;
		if (*text == '\n') {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		text += strspn(text, " \n");
	}
	(void)fputc('\n', out);
}

void cli_print_entry(FILE *out, const char *left, const char *right)
{
	size_t len = strlen(left) + 2;

	(void)fprintf(out, "  %s", left);
	if (len + 2 > RIGHT_START)
		(void)fprintf(out, "\n%*s", RIGHT_START, "");
	else
		(void)fprintf(out, "%*s", (int)(RIGHT_START - len), "");
	print_wrapped(out, right, RIGHT_START, RIGHT_START);
}

static void print_sim(struct cli *cli)
{
	const struct setting *settings = simopts_settings();
	char initial[SETTING_TEXT_MAX], expected[SETTING_TEXT_MAX];
	char right[SETTING_TEXT_MAX * 3];
	struct sim_options defaults;

	simopts_defaults(&defaults);
	(void)fputs("\nKeys of --sim (a comma within a value is \\,):\n", cli->out);
	for (int i = 0; i < SIM_OPTIONS; i++) {
		(void)simopts_get(&defaults, (enum sim_option)i, initial, sizeof(initial));
		(void)snprintf(right, sizeof(right), "%s Takes %s%s%s.", settings[i].help,
			       setting_expected(&settings[i], expected, sizeof(expected)),
			       initial[0] != '\0' ? "; default " : "", initial);
		cli_print_entry(cli->out, settings[i].name, right);
	}
	(void)fputs("\nFaults, for --sim=fault=FAULT; N and OP count from 1, P is a percentage:\n",
		    cli->out);
	for (int kind = 0; kind < FAULT_KINDS; kind++)
		cli_print_entry(cli->out, fault_kind_usage((enum fault_kind)kind),
				fault_kind_help((enum fault_kind)kind));
}

static void print_checks(FILE *out)
{
	char names[SETTING_TEXT_MAX * 2] = "";

	for (int i = 0; i < LINT_CHECKS; i++) {
		size_t len = strlen(names);

		(void)snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "",
			       lint_check_name((enum lint_check)i));
	}
	(void)fputs("\nChecks, for --force: ", out);
	print_wrapped(out, names, 21, 2);
}

static void print_exit_codes(FILE *out)
{
	static const struct {
		enum cli_exit code;
		const char *text;
	} codes[] = {
		{CLI_OK, "success"},
		{CLI_USAGE, "wrong option, argument or profile"},
		{CLI_REFUSED, "image refused and nothing sent, or a file of the wrong kind"},
		{CLI_NO_FILE, "no such file or profile"},
		{CLI_NO_DEVICE, "no such device"},
		{CLI_NO_ADAPTER, "no adapter, or no bluetoothd"},
		{CLI_DEFECT, "an internal error, or out of memory"},
		{CLI_FILE, "a file or the output cannot be read or written"},
		{CLI_LINK_LOST,
		 "link lost, stalled, out of time, or in use; an update can be resumed"},
		{CLI_DEVICE_ERROR, "the device refused"},
		{CLI_NO_PERMISSION, "no permission"},
		{CLI_CHANGED, "the device is not what it was when it was met before"},
		{CLI_CANCELLED, "cancelled"},
	};

	(void)fputs("\nExit status:\n", out);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		(void)fprintf(out, "  %3d  %s\n", (int)codes[i].code, codes[i].text);
}

static void print_command(FILE *out, const struct cli_command *command)
{
	char left[64];
	int len;

	len = fprintf(out, "usage: otabench [OPTIONS] %s%s", command->name,
		      command->usage[0] != '\0' ? " " : "");
	print_wrapped(out, command->usage, len > 0 ? (size_t)len : 0, USAGE_INDENT);
	(void)fputc('\n', out);
	print_wrapped(out, command->summary, 0, 0);
	if (command->help) {
		(void)fputc('\n', out);
		print_wrapped(out, command->help, 0, 0);
	}
	if (command->options)
		(void)fputs("\nOptions of this command:\n", out);
	for (const struct cli_option *o = command->options; o && o->name; o++) {
		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name, o->argument ? "=" : "",
			       o->argument ? o->argument : "");
		cli_print_entry(out, left, o->help);
	}
}

void cli_print_help(struct cli *cli, const struct cli_command *commands,
		    const struct cli_command *command)
{
	FILE *out = cli->out;

	if (command) {
		print_command(out, command);
	} else {
		(void)fprintf(
			out, "usage: otabench [OPTIONS] COMMAND ...\n\n"
			     "Updates ESP32 firmware over Bluetooth Low Energy, explains a slow or "
			     "stalled\nupdate, and proves a finished one.\n\nCommands:\n");
		for (const struct cli_command *c = commands; c->name; c++)
			cli_print_entry(out, c->name, c->summary);
	}
	if (command) {
		(void)fputs("\n'otabench --help' lists the options of every command.\n", out);
		return;
	}
	(void)fputs("\nOptions, before or after the command:\n", out);
	cli_print_options(out);
	print_checks(out);
	print_sim(cli);
	print_exit_codes(out);
}
