/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The defaults' own findings beside the settings of somebody who knows the link: both are measured
 * here, as means over seeds.  `make check` compares the same with more settings
 * (tests/unit/test_adaptive.c), `make grid` with a grid of them.
 */
#include "bench_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HANDS 3u
#define SEEDS 4u
#define SHARE 0.95
#define INTERVALS                                                                                  \
	{                                                                                          \
		"connection_interval_ms=7.5", "connection_interval_ms=10",                         \
			"connection_interval_ms=15"                                                \
	}

static const struct row {
	const char *
		sim; /* an ESP32 with typical flash; where no interval stands the link may change */
	const char *hand[HANDS]; /* --set's values, the others of each as they are by themselves */
	double before; /* kB/s, of defaults that knew neither adapter nor loss; 0: it failed */
	unsigned int size; /* of the image; 0: as most */
	unsigned int seeds; /* 0: as most */
} rows[] = {
	{"phy=1M,buffers=3x251/event", INTERVALS, 48.4, 0, 0},
	{"phy=2M,buffers=3x251/event", INTERVALS, 72.3, 0, 0},
	{"phy=1M,buffers=8x27/event", INTERVALS, 14.1, 0, 0},
	{"phy=1M,buffers=15x27/event", INTERVALS, 26.3, 0, 0},
	{"phy=1M,loss=5", INTERVALS, 68.3, 0, 0},
	{"phy=1M,interval=15,ring=256",
	 {"window=65536", "window=131072", "window=131072,ack_interval=8192"},
	 80.3,
	 0,
	 0},
	{"phy=1M,interval=7.5,mtu=185", {"chunk=169", "chunk=164"}, 70, 0, 0},
	{"phy=2M,interval=50",
	 {"ack_interval=1024", "ack_interval=2048", "window=65536"},
	 119,
	 0,
	 0},
	{"phy=2M,interval=12.5", {"chunk=488", "chunk=240", "ack_interval=1024"}, 127, 0, 0},
	{"phy=1M,interval=50,mtu=23,loss=10",
	 {"window=1024", "window=2048", "window=4096"},
	 0,
	 100000,
	 48},
	{"phy=1M,interval=15,dialect=basic",
	 {"write_mode=command,basic_pacing_us=0", "write_mode=command"},
	 15.6,
	 0,
	 0},
};

/* Bytes per second of all seeds together; 0: one of them failed. */
static double mean(const char *program, const struct row *r, const char *hand, const char *image)
{
	const unsigned int seeds = r->seeds > 0 ? r->seeds : SEEDS;
	char whole[200], sets[128];
	struct bench_outcome o;
	double time = 0;

	for (unsigned int seed = 1; seed <= seeds; seed++) {
		snprintf(whole, sizeof(whole), "devices=1,chip=esp32,seed=%u,flash_mode=lenient,%s",
			 seed, r->sim);
		snprintf(sets, sizeof(sets), "stream=raw,%s", hand);
		o = bench_run(program, "flash", whole, sets, image);
		if (!o.ran || o.goodput <= 0)
			return 0;
		time += 1 / o.goodput;
	}
	return seeds / time;
}

static void print_row(const char *program, const struct row *r, const char *image)
{
	const double own = mean(program, r, "", image);
	const int places = own < 10000 ? 2 : 1;
	const char *by = "";
	double best = 0;

	for (unsigned int i = 0; i < HANDS && r->hand[i]; i++) {
		const double rate = mean(program, r, r->hand[i], image);

		if (rate > best) {
			best = rate;
			by = r->hand[i];
		}
	}
	if (r->before > 0)
		printf("%-36s %8.1f", r->sim, r->before);
	else
		printf("%-36s %8s", r->sim, "fails");
	printf(" %8.*f %8.*f %6.3f %7.2f  %-36s", places, own / 1000, places, best / 1000,
	       best > 0 ? own / best : 0, SHARE, by);
	bench_verdict(true, own > 0 && own >= SHARE * best);
}

static void make_image(const char *program, char *path, size_t path_size, const char *folder,
		       unsigned int size)
{
	char command[512];

	snprintf(path, path_size, "%s/%u.bin", folder, size);
	snprintf(command, sizeof(command), "'%s' sample-image --quiet --size=%u '%s'", program,
		 size, path);
	/* NOLINTNEXTLINE(cert-env33-c): the paths are this program's own */
	if (system(command) != 0)
		fprintf(stderr, "%s: not made\n", path);
}

void bench_found(const char *program, const char *folder)
{
	static const unsigned int usual = 600000;
	char image[80], small[80];

	make_image(program, image, sizeof(image), folder, usual);
	make_image(program, small, sizeof(small), folder, 100000);
	printf("\nkB/s by itself and with the best of a few settings, means of %u seeds, typical "
	       "flash\n"
	       "(otabench --sim=devices=1,chip=esp32,seed=N,flash_mode=lenient,SET-UP --json flash "
	       "esp-sim-01 IMAGE):\n",
	       SEEDS);
	printf("%-36s %8s %8s %8s %6s %7s  %s\n", "SET-UP", "before", "itself", "by hand", "ratio",
	       "target", "with");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_row(program, &rows[i], rows[i].size ? small : image);
	(void)unlink(image);
	(void)unlink(small);
}
