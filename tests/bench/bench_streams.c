/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gain by compression and deltas: for a built image, and for one that is made here.  The rate
 * is the image's.  It is held against the lower of two bounds: the rate that the flash takes, block
 * by block, and the rate at which the link carries such a stream.
 */
#include "config.h" /* system extensions: setenv() */

#include "bench_run.h"

#include "base/bytes.h"
#include "board/flash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* To be reached by a delta: times what the flash alone takes, and share of the image on air. */
#define DELTA_TIMES 1.1
#define DELTA_AIR 0.05
#define EDIT_PERCENT 1

static const char *const modes[] = {"auto-suspend", "usual"};

static const struct {
	const char *title, *sim;
} links[] = {
	{"1M 15 ms", "phy=1M,interval=15"},
	{"2M 15 ms", "phy=2M,interval=15"},
	{"1M 15 ms MTU 185", "phy=1M,interval=15,mtu=185"},
	{"1M 15 ms MTU 23", "phy=1M,interval=15,mtu=23"},
	{"1M, 5 % loss", "phy=1M,loss=5"},
	{"1M, 3x251 an event", "phy=1M,buffers=3x251/event"},
};

static const struct flash typical = {
	.speed = FLASH_TYPICAL, .erase_factor = 1, .program_factor = 1};

/* The images of one table: what runs, and what differs from it by EDIT_PERCENT. */
struct pair {
	const char *program, *folder;
	char base[200], next[200], boards[200];
};

/* Bytes per second of erase, program and reading back, a block at a time. */
static double flash_rate(void)
{
	return FLASH_BLOCK_SIZE * 1e6 /
	       (double)(flash_erase_us(&typical, 0, FLASH_BLOCK_SIZE) +
			flash_program_us(&typical, FLASH_BLOCK_SIZE) +
			flash_read_us(&typical, FLASH_BLOCK_SIZE));
}

/* Seconds of all that the flash has to do for an image, its check and otadata included. */
static double flash_seconds(double size)
{
	const uint32_t bytes = (uint32_t)size;
	const uint32_t sectors = (bytes + FLASH_SECTOR_SIZE - 1u) / FLASH_SECTOR_SIZE;

	return 1e-6 *
	       (double)(flash_erase_us(&typical, 0, sectors * FLASH_SECTOR_SIZE) +
			flash_program_us(&typical, bytes) + 2u * flash_read_us(&typical, bytes) +
			flash_erase_us(&typical, 0, FLASH_SECTOR_SIZE));
}

static bool shell(const char *command)
{
	/* NOLINTNEXTLINE(cert-env33-c): the paths are this program's own */
	return system(command) == 0;
}

static bool pair_make(struct pair *p, const char *program, const char *folder, const char *base)
{
	char command[1000];

	*p = (struct pair){.program = program, .folder = folder};
	snprintf(p->next, sizeof(p->next), "%s/next.bin", folder);
	snprintf(p->boards, sizeof(p->boards), "%s/boards", folder);
	if (base) {
		snprintf(p->base, sizeof(p->base), "%s", base);
	} else {
		snprintf(p->base, sizeof(p->base), "%s/base.bin", folder);
		snprintf(command, sizeof(command), "'%s' sample-image --quiet --chip=esp32 '%s'",
			 program, p->base);
		if (!shell(command))
			return false;
	}
	snprintf(command, sizeof(command), "'%s' sample-image --quiet --like='%s' --edit=%d '%s'",
		 program, p->base, EDIT_PERCENT, p->next);
	return shell(command);
}

/* The devices and the images that were sent are gone. */
static void pair_forget(const struct pair *p)
{
	char command[500];

	snprintf(command, sizeof(command), "rm -rf '%s' '%s/otabench'", p->boards, p->folder);
	(void)shell(command);
}

static void pair_remove(const struct pair *p, bool made)
{
	pair_forget(p);
	(void)unlink(p->next);
	if (made)
		(void)unlink(p->base);
}

static void print_stream(const struct bench_outcome *o)
{
	const double limit = flash_rate();
	const double least = o->ceiling < limit ? o->ceiling : limit;

	if (!o->ran)
		printf(" %36s", o->outcome[0] ? o->outcome : "did not run");
	else
		printf(" %8.1f %8.1f %6.1f %5.3f %5.2f", o->goodput / 1000, o->air_bytes / 1000,
		       100 * o->air_bytes / o->bytes, least > 0 ? o->goodput / least : 0,
		       o->seconds / flash_seconds(o->bytes));
}

/* Of what runs, and then of its relative: the second goes as what differs. */
static struct bench_outcome delta(const struct pair *p, const char *link, const char *mode)
{
	struct bench_outcome o;
	char sim[300];

	snprintf(sim, sizeof(sim), "devices=1,chip=esp32,%s,flash_mode=%s,state=%s", link, mode,
		 p->boards);
	o = bench_run(p->program, "flash", sim, "stream=raw", p->base);
	if (o.ran)
		o = bench_run(p->program, "flash", sim, "stream=delta", p->next);
	if (strcmp(o.stream, "delta") != 0)
		o.ran = false;
	pair_forget(p);
	return o;
}

static void print_row(const struct pair *p, const char *title, const char *link, const char *mode,
		      bool deflates)
{
	struct bench_outcome o;
	char sim[200];

	snprintf(sim, sizeof(sim), "devices=1,chip=esp32,%s,flash_mode=%s", link, mode);
	printf("%-19s %-12s", title, mode);
	o = bench_run(p->program, "flash", sim, "stream=raw", p->base);
	print_stream(&o);
	if (deflates) {
		o = bench_run(p->program, "flash", sim, "stream=deflate", p->base);
		print_stream(&o);
	}
	o = delta(p, link, mode);
	print_stream(&o);
	bench_verdict(true, o.ran && o.air_bytes <= DELTA_AIR * o.bytes &&
				    o.seconds <= DELTA_TIMES * flash_seconds(o.bytes));
}

static void print_table(const struct pair *p, bool deflates)
{
	static const char *const streams[] = {"raw", "deflate", "delta"};

	printf("%-19s %-12s", "", "flash");
	for (unsigned int i = 0; i < 3; i++)
		if (i != 1 || deflates)
			printf(" %8s %8s %6s %5s %5s", streams[i], "air, kB", "%", "ratio",
			       "times");
	printf("\n");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++)
			print_row(p, links[i].title, links[i].sim, modes[k], deflates);
}

void bench_streams(const char *program, const char *folder, const char *image)
{
	struct pair p;

	printf("\nStreams, typical flash: kB/s of image, kB on air and in %% of the image, share "
	       "of the "
	       "least of\nflash (%.1f kB/s) and link, and the time in times of the flash's own\n"
	       "(otabench --sim=devices=1,chip=esp32,LINK,flash_mode=FLASH --set=stream=STREAM "
	       "--json "
	       "flash esp-sim-01 IMAGE;\n deltas: an image, then one made with --like=IMAGE "
	       "--edit=%d, with "
	       "state=FOLDER; target: %.2f times, %.0f %%):\n",
	       flash_rate() / 1000, EDIT_PERCENT, DELTA_TIMES, 100 * DELTA_AIR);
	(void)unsetenv("OTABENCH_IMAGE_STORE");
	(void)setenv("XDG_CACHE_HOME", folder, 1);
	(void)setenv("XDG_STATE_HOME", folder, 1); /* or these devices are not whom it met before */
	if (!image || !image[0]) {
		printf("esp32-nimble-ota.bin: left out, it is not there (OTABENCH_IMAGES says "
		       "where)\n");
	} else if (pair_make(&p, program, folder, image)) {
		printf("esp32-nimble-ota.bin\n");
		print_table(&p, true);
		pair_remove(&p, false);
	}
	if (pair_make(&p, program, folder, NULL)) {
		printf("made by sample-image, which nothing compresses\n");
		print_table(&p, false);
		pair_remove(&p, true);
	}
	(void)unsetenv("XDG_CACHE_HOME");
	(void)unsetenv("XDG_STATE_HOME");
	(void)setenv("OTABENCH_IMAGE_STORE", "no", 1);
}
