/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of keys and commands: every key has an action and words, every action
 * has a way to it, no place has a key twice, and the lists in docs/ are the table's.
 * UPDATE_KEYS=1 writes these lists.
 */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "view/key.h"
#include "view/keys.h"
#include "view/view.h"

/* The next name of a row's keys; false at the end. */
static bool next_key(const char **at, int32_t *ret_key, bool *ret_starts)
{
	size_t len;

	if (**at == '\0')
		return false;
	len = 1 + strcspn(*at + 1, " |");
	*ret_key = key_by_name(*at, len);
	*at += len;
	*ret_starts = **at == ' ';
	*at += **at != '\0';
	return true;
}

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < keys_row_count; i++) {
		const struct keys_row *row = &keys_rows[i];

		print_message("%s '%s' :%s\n", keys_place_name(row->where), row->keys,
			      row->command ? row->command : "");
		assert_true(row->words && row->words[0] != '\0');
		/* A row with neither a key nor a command is an explanation, which does nothing. */
		assert_true((row->keys[0] != '\0' || row->command) ==
			    (row->actions[0] != ACTION_NONE));
		assert_true(!row->argument || row->command);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < keys_row_count; i++) {
		const char *at = keys_rows[i].keys;
		size_t group = 0;
		int32_t key;
		bool next = false;

		while (next_key(&at, &key, &next)) {
			if (key == TUI_KEY_NONE)
				fail_msg("no key of this name in '%s'", keys_rows[i].keys);
			assert_true(group < KEYS_ACTIONS);
			/* One action for all of them, or one for each. */
			if (keys_rows[i].actions[1] != ACTION_NONE)
				assert_int_not_equal(keys_rows[i].actions[group], ACTION_NONE);
			assert_int_not_equal(keys_action(keys_rows[i].where, key), ACTION_NONE);
			group += next;
		}
	}
}

/* The second of two rows with a key in one place would never be reached. */
static void test_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < keys_row_count; i++) {
		const char *at = keys_rows[i].keys;
		size_t group = 0;
		int32_t key;
		bool next = false;

		while (next_key(&at, &key, &next)) {
			const enum action mine = keys_rows[i].actions[group] != ACTION_NONE
							 ? keys_rows[i].actions[group]
							 : keys_rows[i].actions[0];

			if (keys_action(keys_rows[i].where, key) != mine)
				fail_msg("%s: another row has a key of '%s'",
					 keys_place_name(keys_rows[i].where), keys_rows[i].keys);
			group += next;
		}
	}
}

static bool reaches(const struct keys_row *row, enum action action)
{
	for (size_t i = 0; i < KEYS_ACTIONS; i++) {
		if (row->actions[i] == action)
			return true;
	}
	return false;
}

static void test_actions(void **state)
{
	(void)state;
	for (int action = ACTION_NONE + 1; action < ACTIONS; action++) {
		bool found = false;

		for (size_t i = 0; i < keys_row_count; i++)
			found |= reaches(&keys_rows[i], (enum action)action);
		if (!found)
			fail_msg("action %d has neither a key nor a command", action);
	}
}

/* A click on the last line presses the key named there: it must be one of the row's. */
static void test_hints(void **state)
{
	(void)state;
	for (size_t i = 0; i < keys_row_count; i++) {
		const struct keys_row *row = &keys_rows[i];

		for (size_t h = 0; h < KEYS_HINTS && row->hints[h].text; h++) {
			const char *text = row->hints[h].text;
			const int32_t key = key_by_name(text, strcspn(text, " "));
			const char *at = row->keys;
			bool next, found = false;
			int32_t one;

			while (next_key(&at, &one, &next))
				found |= one == key;
			if (!found)
				fail_msg("'%s' begins with no key of '%s'", text, row->keys);
		}
	}
}

static void test_footers(void **state)
{
	static const struct {
		enum keys_place place;
		unsigned int now;
		const char *line;
	} rows[] = {
		{PLACE_SCAN, 0,
		 "Enter connect  R recover  / search  \\ filter  s sort  Space mark  ? help  q "
		 "quit"},
		{PLACE_DEVICE, KEYS_IDLE,
		 "u upload  R recover  c look again  @ calls  E export  ? help  q back"},
		{PLACE_DEVICE, KEYS_RUNS | KEYS_HELD,
		 "p continue  x cancel  [ ] pacing  m mode  - + chunk  { } window  ? help"},
		{PLACE_HELP, KEYS_TEXT | KEYS_TYPE, "j k scroll  / search  q close"},
		{PLACE_SERVE, KEYS_TEXT | KEYS_RUNS,
		 "j k scroll  d drop link  h hang up  r reset  p power cut  ? help  q quit"},
		{PLACE_CONFIRM, 0, "y yes  n no"},
		{PLACE_PROMPT, KEYS_TAB, "Enter ok  Tab complete  Esc cancel"},
		{PLACE_MENU, KEYS_ROWS, "j k move  Enter run  y copy command  ? help  q back"},
	};
	char buf[VIEW_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(keys_footer(rows[i].place, rows[i].now, buf, sizeof(buf)),
				    rows[i].line);
}

static void test_commands(void **state)
{
	const struct keys_row *rows[KEYS_COMMANDS_MAX];
	const size_t count = keys_commands(rows);

	(void)state;
	assert_true(count > 20 && count < KEYS_COMMANDS_MAX);
	for (size_t i = 0; i + 1 < count; i++)
		assert_true(strcmp(rows[i]->command, rows[i + 1]->command) < 0);
	assert_int_equal(keys_command("flash")->actions[0], ACTION_UPLOAD);
	assert_null(keys_command("fla"));
}

/* In a recording, a key that needs a device does nothing. */
static void test_replay(void **state)
{
	(void)state;
	assert_int_equal(keys_replay_action(VIEW_DEVICE, 'u'), ACTION_NONE);
	assert_int_equal(keys_replay_action(VIEW_DEVICE, TUI_KEY_HOME), ACTION_BEGINNING);
	assert_int_equal(keys_replay_action(VIEW_PROFILE, TUI_KEY_HOME), ACTION_FIRST);
	assert_int_equal(keys_replay_action(VIEW_PROFILE, 'w'), ACTION_NONE);
	assert_int_equal(keys_replay_action(VIEW_DEVICE, '@'), ACTION_CALLS);
}

/* --- the lists in docs/ */

static void put_escaped(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		(void)fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '-')
			(void)fputs("\\-", out);
		else if (*text == '\\')
			(void)fputs("\\e", out);
		else if (*text == '"')
			(void)fputs("\\(dq", out);
		else
			(void)fputc(*text, out);
	}
}

/* first: right behind a head, which begins a paragraph by itself. */
static void put_row(const char *label, const char *words, bool man, bool first, FILE *out)
{
	if (!man) {
		(void)fprintf(out, label[0] != '\0' ? "| `%s` | %s |\n" : "| %s | %s |\n", label,
			      words);
		return;
	}
	if (label[0] != '\0' || !first)
		(void)fputs(label[0] != '\0' ? ".TP\n.B " : ".P\n", out);
	put_escaped(label, out);
	(void)fputs(label[0] != '\0' ? "\n" : "", out);
	put_escaped(words, out);
	(void)fputc('\n', out);
}

static void put_head(const char *name, bool man, FILE *out)
{
	(void)fprintf(out, man ? ".SS %s\n" : "\n### %s\n\n| | |\n|---|---|\n", name);
}

static char *list(bool man)
{
	const struct keys_row *commands[KEYS_COMMANDS_MAX];
	char *text = NULL, label[96];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (int place = 0; place < PLACES; place++) {
		bool first = true;

		put_head(keys_place_name((enum keys_place)place), man, out);
		for (size_t i = 0; i < keys_row_count; i++) {
			const struct keys_row *row = &keys_rows[i];

			if (row->where == (enum keys_place)place &&
			    (row->keys[0] != '\0' || !row->command)) {
				put_row(keys_label(row, label, sizeof(label)), row->words, man,
					first, out);
				first = false;
			}
		}
	}
	put_head("Commands", man, out);
	for (size_t i = 0, count = keys_commands(commands); i < count; i++) {
		const char *argument = commands[i]->argument;

		(void)snprintf(label, sizeof(label), ":%s%s%s", commands[i]->command,
			       argument ? " " : "", argument ? argument : "");
		put_row(label, commands[i]->words, man, false, out);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *read_file(const char *path)
{
	static char text[200000];
	FILE *in = fopen(path, "r");
	size_t len;

	if (!in)
		fail_msg("%s cannot be read", path);
	len = fread(text, 1, sizeof(text) - 1, in);
	(void)fclose(in);
	text[len] = '\0';
	return text;
}

static void check_list(const char *name, const char *from, const char *to, bool man)
{
	const char *root = getenv("OTABENCH_SRCDIR");
	char path[4096], *text, *start, *end, *expected = list(man);

	(void)snprintf(path, sizeof(path), "%s/docs/%s", root ? root : ".", name);
	text = read_file(path);
	start = strstr(text, from);
	assert_non_null(start);
	start += strlen(from);
	end = strstr(start, to);
	assert_non_null(end);
	if (strncmp(start, expected, strlen(expected)) == 0 && end == start + strlen(expected)) {
		free(expected);
		return;
	}
	if (getenv("UPDATE_KEYS")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		(void)fprintf(out, "%.*s%s%s", (int)(start - text), text, expected, end);
		assert_int_equal(fclose(out), 0);
		free(expected);
		return;
	}
	print_error("%s should say (`make key-lists` writes it):\n%s", name, expected);
	free(expected);
	fail();
}

static void test_docs(void **state)
{
	(void)state;
	check_list("workbench.md", "## Keys\n", "\n## Scripts\n", false);
	check_list("otabench.1", ".SH KEYS\nIn the workbench, by view.\n", ".SH PROGRESS\n", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	 cmocka_unit_test(test_names),
		cmocka_unit_test(test_once),	 cmocka_unit_test(test_actions),
		cmocka_unit_test(test_hints),	 cmocka_unit_test(test_footers),
		cmocka_unit_test(test_commands), cmocka_unit_test(test_replay),
		cmocka_unit_test(test_docs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
