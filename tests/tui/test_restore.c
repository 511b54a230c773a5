/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys without sense, and the terminal's size with them, in a real terminal and
 * the program's own loop; and however the program ends, by a key, a signal or a
 * crash, in whatever view and state: the terminal is as it was before.
 */
#include "config.h" /* system extensions: kill() */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ptyfolder.h"
#include "base/rng.h"

#define KEYS 3000u
/* By request at 50 ms: a transfer of two minutes, which no busy machine sees to its end. */
#define SIM "--sim=devices=3,chip=esp32,seed=1,speed=20,interval=50"

static int setup(void **state)
{
	/* Random keys start no editor. */
	(void)setenv("EDITOR", "true", 1);
	(void)setenv("VISUAL", "true", 1);
	return pty_folder_setup(state) == 0 ? pty_run("sample-image --size=600000 i") : -1;
}

static void start(struct pty *pty)
{
	const char *argv[] = {pty_program, SIM, "--set=write_mode=request", "workbench", "i", NULL};

	pty_start(pty, 80, 24, argv, NULL);
	pty_until(pty, "esp-sim-01");
}

/* --- keys without sense */

static const char *random_key(struct rng *rng, char buf[8])
{
	/* Ctrl-Z is left out: there is no shell that would go on with a stopped program. */
	static const char *const special[] = {
		"\r",
		"\t",
		"\033",
		"\033[A",
		"\033[B",
		"\033OC",
		"\033OD",
		"\033OH",
		"\033OF",
		"\033[5~",
		"\033[6~",
		"\033[3~",
		"\033[Z",
		"\033OP",
		"\033OS",
		"\177",
		"\014",
		"\025",
		"\013",
		"\027",
		"\xc3\xbc",
		"\xe6\x97\xa5",
		"\xf0\x9f\x94\x8c",
		"\xff",
		"\x9b",
		"\033[M !!",
		"\033[<0;10;5M",
		"\033[200~",
		"u",
		"y",
		"R",
		"p",
		"\r",
	};
	const uint64_t pick = rng_below(rng, 100);

	if (pick < 45)
		return special[(size_t)rng_below(rng, sizeof(special) / sizeof(special[0]))];
	buf[0] = (char)(0x20 + rng_below(rng, 0x5f));
	buf[1] = '\0';
	return buf;
}

/* A key may have ended the program since: then nobody reads it. */
static void send(struct pty *pty, const char *keys)
{
	const ssize_t n = write(pty->fd, keys, strlen(keys));

	(void)n;
}

/* The program still draws, or it has ended, after any keys. */
static void check_alive(struct pty *pty)
{
	pty_resize(pty, 80, 24);
	send(pty, "\014");
	for (int waited = 0; !pty->ended && !pty_shows(pty, "1 Scan"); waited++) {
		assert_true(waited < 1200);
		(void)pty_feed(pty, 100);
	}
}

static void end_somehow(struct pty *pty)
{
	(void)kill(pty->child, SIGTERM);
	(void)kill(pty->child, SIGTERM);
	(void)pty_end(pty);
	if (!WIFEXITED(pty->status))
		fail_msg("ended by signal %d", WTERMSIG(pty->status));
	pty_check_restored(pty);
	pty_finish(pty);
}

static void test_random(void **state)
{
	unsigned int ends = 0, starts = 0;
	bool running = false;
	struct rng rng;
	struct pty pty = {.fd = -1};

	(void)state;
	rng_init(&rng, 7);
	for (unsigned int i = 0; i < KEYS; i++) {
		char buf[8];

		if (!running)
			start(&pty);
		starts += !running;
		running = true;
		send(&pty, random_key(&rng, buf));
		if (rng_below(&rng, 16) == 0)
			pty_resize(&pty, 20 + (int)rng_below(&rng, 181),
				   5 + (int)rng_below(&rng, 56));
		if (rng_below(&rng, 4) == 0)
			(void)pty_feed(&pty, 1);
		if (pty.ended) {
			assert_true(pty_end(&pty) >= 0);
			pty_check_restored(&pty);
			pty_finish(&pty);
			running = false;
			ends++;
		} else if (i % 500 == 499) {
			check_alive(&pty);
		}
	}
	if (running)
		end_somehow(&pty);
	print_message("%u keys, started %u times, ended by keys %u times\n", KEYS, starts, ends);
}

/* --- the end, from everywhere */

static void in_list(struct pty *pty)
{
	(void)pty;
}

static void in_transfer(struct pty *pty)
{
	pty_send(pty, "\r");
	pty_until(pty, "answered:");
	pty_send(pty, "u");
	pty_until(pty, "y/n");
	pty_send(pty, "y");
	pty_until(pty, "[DATA]");
}

static void in_prompt(struct pty *pty)
{
	pty_send(pty, "4o");
	pty_until(pty, "image file:");
	assert_true(pty->cursor);
}

static void in_help(struct pty *pty)
{
	pty_send(pty, "3?");
	pty_until(pty, "HELP  Profile");
}

static void in_menu(struct pty *pty)
{
	in_transfer(pty);
	pty_send(pty, "R");
	pty_until(pty, "Recover");
}

static const struct {
	const char *name;
	void (*go)(struct pty *pty);
	bool busy; /* asks before it ends */
} places[] = {
	{"list", in_list, false}, {"transfer", in_transfer, true}, {"prompt", in_prompt, false},
	{"help", in_help, false}, {"menu", in_menu, true},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

static void test_signals(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGSEGV, SIGABRT};

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		for (size_t j = 0; j < sizeof(signals) / sizeof(signals[0]); j++) {
			const bool crash = signals[j] == SIGSEGV || signals[j] == SIGABRT;
			struct pty pty;
			int end;

			if (crash && getenv("OTABENCH_INSTRUMENTED"))
				continue; /* the sanitizer's own handler is told of these */
			start(&pty);
			places[i].go(&pty);
			assert_true(pty.alternate);
			(void)kill(pty.child, signals[j]);
			end = pty_end(&pty);
			print_message("%s, signal %d: %d\n", places[i].name, signals[j], end);
			assert_int_equal(end, crash		     ? -signals[j]
					      : !places[i].busy	     ? 0
					      : signals[j] == SIGHUP ? 75 /* can be resumed */
								     : 130);
			pty_check_restored(&pty);
			pty_finish(&pty);
		}
	}
}

/* Ctrl-C is a key of the prompt and of what runs; twice it ends from everywhere. */
static void test_interrupt(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct pty pty;
		int end;

		start(&pty);
		places[i].go(&pty);
		pty_send(&pty, "\003");
		if (places[i].busy)
			pty_until(&pty, "cancel and end");
		pty_send(&pty, "\003");
		end = pty_end(&pty);
		print_message("%s: %d\n", places[i].name, end);
		assert_int_equal(end, places[i].busy ? 130 : 0);
		pty_check_restored(&pty);
		pty_finish(&pty);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, pty_folder_teardown);
}
