/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines to be copied: what a shell makes of them is what was meant. */
#include "config.h" /* system extensions: popen() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/command.h"
#include "base/output.h"

static const char *file_word(const char *path)
{
	static char buf[400];
	struct command c;

	command_begin_part(&c, buf, sizeof(buf));
	command_file(&c, path);
	assert_true(command_end(&c));
	return buf;
}

static void test_words(void **state)
{
	static const struct {
		const char *path, *word;
	} cases[] = {
		{"app.bin", "app.bin"},
		{"out/app-1.2+3,4=5:6@7%8_9.bin", "out/app-1.2+3,4=5:6@7%8_9.bin"},
		{"-rf", "./-rf"},
		{"--force", "./--force"},
		{"- x", "./'- x'"},
		{"my app.bin", "'my app.bin'"},
		{"", "''"},
		{"it's", "'it'\\''s'"},
		{"$(reboot)", "'$(reboot)'"},
		{"`reboot`", "'`reboot`'"},
		{"~root", "'~root'"},
		{"a;b&c|d>e<f*g?h[i]{j}", "'a;b&c|d>e<f*g?h[i]{j}'"},
		{"!!", "'!!'"},
		{"#1", "'#1'"},
		{"back\\slash", "'back\\slash'"},
		{"K\xc3\xbc"
		 "che",
		 "'K\xc3\xbc"
		 "che'"},
		{"a\nreboot\n", "$'a\\x0areboot\\x0a'"},
		{"\033[2Jit's\\", "$'\\x1b[2Jit\\'s\\\\'"},
		{"\xc2\x9b"
		 "31m",
		 "$'\\xc2\\x9b31m'"}, /* C1 */
		{"\xe2\x80\xae"
		 "nib.ppa",
		 "$'\\xe2\\x80\\xaenib.ppa'"}, /* right to left */
		{"\xff", "$'\\xff'"},
		{"-\t", "./$'-\\x09'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *word = file_word(cases[i].path);

		assert_string_equal(word, cases[i].word);
		assert_true(output_is_safe(word, strlen(word)));
	}
}

/* A shell that knows $'', and what it hands to a program. */
static void test_shell(void **state)
{
	static const char *const paths[] = {
		"app.bin",     "-rf",	    "- x",	"it's",
		"$(echo no)",  "`echo no`", "~root",	"a;b&c|d>e<f*g?h",
		"!!",	       "#1",	    "back\\sl", "a\nb",
		"'\\\033[",    "\xc2\x9b",  "\xff\xfe", "$'\\x41'",
		"a'b\nc\\x41",
	};
	const size_t count = sizeof(paths) / sizeof(paths[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char line[600], got[200], meant[200];
		size_t len;
		FILE *out;

		(void)snprintf(line, sizeof(line),
			       "bash -c '\n"
			       "IFS= read -r -d \"\" l; eval \"printf %%s $l\"'"
			       " 2>&1 <<\\EOF\n%s\nEOF\n",
			       file_word(paths[i]));
		out = popen(line, "r"); /* NOLINT(cert-env33-c): a shell is what is tested */
		assert_non_null(out);
		len = fread(got, 1, sizeof(got) - 1, out);
		got[len] = '\0';
		if (pclose(out) != 0 && strstr(got, "not found")) {
			print_message("there is no bash here\n");
			skip();
		}
		(void)snprintf(meant, sizeof(meant), "%s%s", paths[i][0] == '-' ? "./" : "",
			       paths[i]);
		assert_string_equal(got, meant);
	}
}

static void test_line(void **state)
{
	char buf[80];
	struct command c;

	(void)state;
	command_begin(&c, buf, sizeof(buf));
	command_add(&c, "");
	command_add(&c, "-p");
	command_word(&c, "my own");
	command_add(&c, "flash");
	command_word(&c, "24:6F:28:AA:10:02");
	command_file(&c, "-a.bin");
	assert_true(command_end(&c));
	assert_string_equal(buf, "otabench -p 'my own' flash 24:6F:28:AA:10:02 ./-a.bin");
}

/* Half a command line is none. */
static void test_cut(void **state)
{
	static const char whole[] = "otabench flash DEV 'a b'";
	char buf[40];
	struct command c;

	(void)state;
	for (size_t size = 0; size < sizeof(buf); size++) {
		memset(buf, '#', sizeof(buf));
		command_begin(&c, buf, size);
		command_add(&c, "flash DEV");
		command_file(&c, "a b");
		assert_int_equal(command_end(&c), size >= sizeof(whole));
		if (size > 0)
			assert_string_equal(buf, size >= sizeof(whole) ? whole : "");
		assert_int_equal(buf[size], '#');
	}
}

static void test_plain(void **state)
{
	(void)state;
	assert_true(command_is_plain("esp-gw-07"));
	assert_false(command_is_plain("-gw"));
	assert_false(command_is_plain(""));
	assert_false(command_is_plain("esp gw"));
	assert_false(command_is_plain("esp~"));
	assert_false(command_is_plain("\xc3\xbc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words), cmocka_unit_test(test_shell),
		cmocka_unit_test(test_line),  cmocka_unit_test(test_cut),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
