/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `make bench-screen`: what the workbench's screen costs an update, and how soon
 * a key is seen, while some 170 kB/s flow and the Control log scrolls.
 *
 * The program runs in a pseudo-terminal at the speed of real time and sends to a
 * virtual ESP32, so that its CPU time holds the simulator's, too; the same
 * transfer by `otabench flash` is what it is compared with.  CPU time is the
 * process's own, from the first Data value to the reboot and from a key to its cell,
 * and means the same on a busy machine; the latency of keys is real time and does not.
 * What waking up some hundred times a second costs differs by more than a percent of a
 * core from run to run, so that they take turns, and the median of each counts.
 */
#include "config.h" /* system extensions: clock_getcpuclockid() */

#include "ptylib.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"

#define SIM "--sim=devices=1,chip=esp32,seed=1,phy=2M,interval=10,mtu=517,flash=ideal,speed=1"
#define CPU_MOST 1.0 /* per cent of a core, of the screen alone */
#define LATENCY_MOST_MS 50.0 /* on any machine, however busy */
#define WORK_MOST_MS 5.0 /* of processor time */
#define GOODPUT_MOST 1.0 /* per cent of difference */
#define KEYS_MAX 2000u
#define ROUNDS 5u

struct cost {
	double seconds, cpu; /* while it sent */
	double goodput; /* bytes per second of virtual time */
	size_t bytes; /* to the terminal */
};

static const struct {
	int width, height;
} screens[] = {{80, 24}, {200, 50}};
#define SCREENS (sizeof(screens) / sizeof(screens[0]))

static const char *program, *image;
static unsigned int missed;

static double now(clockid_t clock)
{
	struct timespec t = {0};

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static clockid_t cpu_of(pid_t pid)
{
	clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;

	(void)clock_getcpuclockid(pid, &clock);
	return clock;
}

static void verdict(bool met)
{
	printf("  %s\n", met ? "met" : "MISSED");
	missed += !met;
}

/* --- without a screen */

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static void read_line(const json_t *o, clockid_t cpu, struct cost *cost)
{
	const bool state = strcmp(text_of(o, "event"), "state") == 0;

	if (state && strcmp(text_of(o, "to"), "sending") == 0) {
		cost->seconds = -now(CLOCK_MONOTONIC);
		cost->cpu = -now(cpu);
	} else if (state && strcmp(text_of(o, "to"), "rebooting") == 0) {
		cost->seconds += now(CLOCK_MONOTONIC);
		cost->cpu += now(cpu);
	} else if (json_object_get(o, "goodput")) {
		cost->goodput = json_number_value(json_object_get(o, "goodput"));
	}
}

static struct cost headless(void)
{
	const char *argv[] = {program, SIM, "--json", "flash", "esp-sim-01", image, NULL};
	struct cost cost = {0};
	char *line = NULL;
	size_t size = 0;
	int fds[2], status;
	FILE *from;
	pid_t pid;

	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return cost;
	if (pid == 0) {
		if (dup2(fds[1], STDOUT_FILENO) >= 0)
			execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(fds[1]);
	from = fdopen(fds[0], "r");
	while (from && getline(&line, &size, from) > 0) {
		json_t *o = json_loads(line, 0, NULL);

		read_line(o, cpu_of(pid), &cost);
		json_decref(o);
	}
	free(line);
	if (from)
		(void)fclose(from);
	(void)waitpid(pid, &status, 0);
	return cost;
}

/* --- with one */

static void begin(struct pty *pty, int width, int height)
{
	const char *argv[] = {program, SIM, "workbench", image, NULL};

	pty_start(pty, width, height, argv, NULL);
	pty_until(pty, "esp-sim-01");
	pty_send(pty, "\r");
	pty_until(pty, "answered:");
	pty_send(pty, "u");
	pty_until(pty, "y/n");
	pty_send(pty, "y");
	pty_until(pty, "[DATA]");
}

static void end(struct pty *pty)
{
	pty_send(pty, "qq");
	(void)pty_end(pty);
	pty_finish(pty);
}

/* Returns the goodput that the screen shows at the end, in bytes per second; before it the
 * average stands there, on a low screen in a row with the lowest. */
static double goodput_shown(struct pty *pty)
{
	static const char *const labels[] = {"goodput", "average", "avg, low"};
	char *text = pty_text(pty);
	double rate = 0;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]) && rate <= 0; i++) {
		const char *at = strstr(text, labels[i]);

		rate = at ? strtod(at + strlen(labels[i]), NULL) * 1000 : 0;
	}
	free(text);
	return rate;
}

static struct cost with_screen(int width, int height)
{
	struct cost cost = {0};
	struct pty pty;
	clockid_t cpu;

	begin(&pty, width, height);
	cpu = cpu_of(pty.child);
	cost.bytes = pty.raw_len;
	cost.seconds = -now(CLOCK_MONOTONIC);
	cost.cpu = -now(cpu);
	pty_until(&pty, "[REBOOT]");
	cost.seconds += now(CLOCK_MONOTONIC);
	cost.cpu += now(cpu);
	cost.bytes = pty.raw_len - cost.bytes;
	pty_until(&pty, "confirmed:");
	cost.goodput = goodput_shown(&pty);
	end(&pty);
	return cost;
}

/* Per cent of a core. */
static double share_of(const struct cost *cost)
{
	return 100 * cost->cpu / cost->seconds;
}

static int by_share(const void *a, const void *b)
{
	const double x = share_of(a), y = share_of(b);

	return (x > y) - (x < y);
}

/* Sorts the runs. */
static const struct cost *median_of(struct cost *runs)
{
	qsort(runs, ROUNDS, sizeof(runs[0]), by_share);
	return &runs[ROUNDS / 2];
}

static void print_cost(const struct cost *bare, const struct cost *cost, size_t screen)
{
	const double share = share_of(cost) - share_of(bare);

	printf("%4dx%-3d %8.1f %8.2f %8.2f %8.1f %8.1f %7.2f", screens[screen].width,
	       screens[screen].height, cost->goodput / 1000, share_of(cost), share,
	       (double)cost->bytes / cost->seconds / 1000, cost->seconds,
	       100 * (cost->goodput / bare->goodput - 1));
	verdict(share < CPU_MOST && cost->goodput > bare->goodput * (1 - GOODPUT_MOST / 100) &&
		cost->goodput < bare->goodput * (1 + GOODPUT_MOST / 100));
}

static void print_costs(void)
{
	struct cost bare[ROUNDS], with[SCREENS][ROUNDS];
	const struct cost *without;

	for (size_t round = 0; round < ROUNDS; round++) {
		bare[round] = headless();
		for (size_t i = 0; i < SCREENS; i++)
			with[i][round] = with_screen(screens[i].width, screens[i].height);
	}
	without = median_of(bare);
	printf("Real time, virtual ESP32, 2M 10 ms MTU 517, ideal flash; medians of %u runs that "
	       "take turns.\nCPU %% of one core while Data is sent, simulator included; screen: "
	       "what is more than with\nflash --json, of %.1f kB/s and %.2f %% (%.2f to %.2f).\n\n",
	       ROUNDS, without->goodput / 1000, share_of(without), share_of(&bare[0]),
	       share_of(&bare[ROUNDS - 1]));
	printf("%8s %8s %8s %8s %8s %8s %7s\n", "screen", "kB/s", "CPU %", "screen %", "tty kB/s",
	       "s", "diff %");
	for (size_t i = 0; i < SCREENS; i++)
		print_cost(without, median_of(with[i]), i);
}

/* --- keys */

struct latencies {
	double ms[KEYS_MAX], cpu_ms[KEYS_MAX];
	size_t count;
};

/* From the write into the terminal's other side until the emulator shows it.  The program's work is
 * what it did meanwhile, the transfer's included. */
static void press(struct pty *pty, struct latencies *l, const char *keys, const char *shown)
{
	const clockid_t cpu = cpu_of(pty->child);
	const double from = now(CLOCK_MONOTONIC), worked = now(cpu);

	pty_send(pty, keys);
	pty_until(pty, shown);
	if (l->count == KEYS_MAX)
		return;
	l->ms[l->count] = (now(CLOCK_MONOTONIC) - from) * 1000;
	l->cpu_ms[l->count++] = (now(cpu) - worked) * 1000;
}

static void pause_a_bit(struct pty *pty, struct rng *rng)
{
	const double until = now(CLOCK_MONOTONIC) + (double)rng_below(rng, 20) / 1000;
	double left;

	while ((left = until - now(CLOCK_MONOTONIC)) > 0)
		(void)pty_feed(pty, 1 + (int)(left * 1000));
}

/* A view that is drawn half is without any of these, too. */
static bool has_sent(struct pty *pty)
{
	return pty->ended || pty_shows(pty, "[REBOOT]") || pty_shows(pty, "[RETURN]") ||
	       pty_shows(pty, "[CONFIRM]") || pty_shows(pty, "[DONE]");
}

static void sort(double *ms, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const double one = ms[i];
		size_t at = i;

		for (; at > 0 && ms[at - 1] > one; at--)
			ms[at] = ms[at - 1];
		ms[at] = one;
	}
}

static void print_latency(const char *title, struct latencies *l)
{
	const size_t late = l->count * 99 / 100;

	sort(l->ms, l->count);
	sort(l->cpu_ms, l->count);
	if (l->count == 0)
		return;
	printf("%-27s %5zu %8.2f %8.2f %8.2f %8.2f %8.2f", title, l->count, l->ms[l->count / 2],
	       l->ms[late], l->ms[l->count - 1], l->cpu_ms[l->count / 2], l->cpu_ms[late]);
	verdict(l->ms[late] < LATENCY_MOST_MS && l->cpu_ms[late] < WORK_MOST_MS);
}

/* Letters in the line at the bottom, views that change whole, a log that stops and goes on. */
static void print_keys(int width, int height)
{
	static struct latencies typed, views, log;
	char prompt[64], title[48];
	struct rng rng;
	struct pty pty;

	typed.count = views.count = log.count = 0;
	rng_init(&rng, 1);
	begin(&pty, width, height);
	while (!has_sent(&pty)) {
		size_t len = 0;

		press(&pty, &log, "\033[5~", "FROZEN");
		press(&pty, &log, "\033OF", "follow");
		pause_a_bit(&pty, &rng);
		press(&pty, &views, "3", "[3 Profile]");
		pause_a_bit(&pty, &rng);
		press(&pty, &views, "2", "[2 Device]");
		pause_a_bit(&pty, &rng);
		pty_send(&pty, ":");
		while (len < 16) {
			const char letter[2] = {(char)('a' + (char)rng_below(&rng, 26)), '\0'};

			prompt[len++] = letter[0];
			prompt[len] = '\0';
			press(&pty, &typed, letter, prompt);
			pause_a_bit(&pty, &rng);
		}
		pty_send(&pty, "\033");
		pty_until_gone(&pty, prompt);
	}
	pty_until(&pty, "confirmed:");
	end(&pty);
	(void)snprintf(title, sizeof(title), "%dx%d a letter typed", width, height);
	print_latency(title, &typed);
	(void)snprintf(title, sizeof(title), "%dx%d another view", width, height);
	print_latency(title, &views);
	(void)snprintf(title, sizeof(title), "%dx%d log stops, follows", width, height);
	print_latency(title, &log);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: bench_screen PROGRAM IMAGE\n");
		return 64;
	}
	program = argv[1];
	image = argv[2];
	print_costs();
	printf("\n%-27s %5s %8s %8s %8s %8s %8s\n", "ms from key to cell", "keys", "median", "p99",
	       "most", "CPU", "CPU p99");
	for (size_t i = 0; i < SCREENS; i++)
		print_keys(screens[i].width, screens[i].height);
	if (missed > 0)
		printf("\n%u targets missed\n", missed);
	return missed > 0 ? 1 : 0;
}
