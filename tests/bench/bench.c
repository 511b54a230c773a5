/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `make bench`: how close an update comes to what its link can carry.
 *
 * Each row runs the installed-to-be program on one virtual ESP32 and reads its
 * JSON result, so that everything a user's run costs is in the figures.  All
 * seconds of transfers are modelled ones, on the virtual clock; docs/terms.md says at "transfer"
 * which.  CPU seconds and memory are this machine's.
 */
#include "config.h" /* system extensions: asprintf(), mkdtemp() */

#include "bench_prepare.h"
#include "bench_run.h"
#include "core/airtime.h"
#include "air/link.h"
#include "testlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAM_SECONDS 120u

struct row {
	const char *title;
	const char *sim; /* --sim's value */
	const char *set; /* --set's value, or NULL */
	double ratio; /* to be reached, of the ceiling; 0: none */
	double rate; /* to be reached, bytes per second; 0: none */
};

#define COMMON "devices=1,chip=esp32,"
#define LENIENT ",flash_mode=lenient" /* what an update owes to the standing chip shows beside it */

static const struct row rows[] = {
	{"1M 15 ms MTU 517, ideal", COMMON "phy=1M,interval=15,mtu=517,flash=ideal", NULL, 0.96, 0},
	{"2M 10 ms MTU 517, ideal", COMMON "phy=2M,interval=10,mtu=517,flash=ideal", NULL, 0.95, 0},
	{"2M 15 ms MTU 517, ideal", COMMON "phy=2M,interval=15,mtu=517,flash=ideal", NULL, 0, 0},
	{"1M 7.5 ms MTU 517, ideal", COMMON "phy=1M,interval=7.5,mtu=517,flash=ideal", NULL, 0, 0},
	{"1M 15 ms MTU 247, ideal", COMMON "phy=1M,interval=15,mtu=247,flash=ideal", NULL, 0, 0},
	{"1M 15 ms MTU 185, ideal", COMMON "phy=1M,interval=15,mtu=185,flash=ideal", NULL, 0.93, 0},
	{"1M 15 ms MTU 23, ideal", COMMON "phy=1M,interval=15,mtu=23,flash=ideal", NULL, 0.85, 0},
	{"1M 15 ms MTU 517, typical", COMMON "phy=1M,interval=15,mtu=517", NULL, 0.73, 0},
	{"2M 15 ms MTU 517, typical", COMMON "phy=2M,interval=15,mtu=517", NULL, 0, 102000},
	{"1M 15 ms MTU 517, slow", COMMON "phy=1M,interval=15,mtu=517,flash=slow", NULL, 0, 0},
	{"1M 50 ms as Linux, request", COMMON "phy=1M,interval=50,mtu=517", "write_mode=request", 0,
	 0},
	{"1M 15 ms basic", COMMON "phy=1M,interval=15,dialect=basic", NULL, 0, 0},
	{"1M 15 ms basic, request", COMMON "phy=1M,interval=15,dialect=basic", "write_mode=request",
	 0, 0},
	{"1M 15 ms, ring 8 KiB", COMMON "phy=1M,interval=15,ring=8", NULL, 0, 0},
	{"1M 15 ms, ring 16 KiB", COMMON "phy=1M,interval=15,ring=16", NULL, 0, 0},
	{"1M 15 ms, ring 64 KiB", COMMON "phy=1M,interval=15,ring=64", NULL, 0.73, 0},
	{"1M 15 ms, ring 256 KiB", COMMON "phy=1M,interval=15,ring=256", NULL, 0.73, 0},
	{"1M 15 ms, ring 1024 KiB", COMMON "phy=1M,interval=15,ring=1024", NULL, 0.73, 0},
	{"1M 15 ms, 1 % of values lost", COMMON "phy=1M,interval=15,fault=drop-data%1", NULL, 0, 0},
	{"1M 15 ms, 5 % of values lost", COMMON "phy=1M,interval=15,fault=drop-data%5", NULL, 0, 0},
	{"1M 15 ms, 10 % of values lost", COMMON "phy=1M,interval=15,fault=drop-data%10", NULL, 0,
	 0},
	{"1M, 3x251 an event", COMMON "phy=1M,buffers=3x251/event", NULL, 0, 0},
	{"2M, 3x251 an event", COMMON "phy=2M,buffers=3x251/event", NULL, 0, 0},
	{"1M, 8x27 an event", COMMON "phy=1M,buffers=8x27/event", NULL, 0, 0},
	{"1M, 15x27 an event", COMMON "phy=1M,buffers=15x27/event", NULL, 0, 0},
	{"1M, 5 % loss", COMMON "phy=1M,loss=5", NULL, 0, 0},
	{"2M, 5 % loss", COMMON "phy=2M,loss=5", NULL, 0, 0},
};

/* The links that the ways to meet a chip's erases are compared on. */
#define LINKS 4u
#define IMAGE_SIZE 600000u

static const struct {
	const char *title, *sim;
} links[LINKS] = {
	{"1M", "phy=1M,interval=15"},
	{"2M", "phy=2M,interval=10"},
	{"1M slow", "phy=1M,interval=15,flash=slow"},
	{"2M slow", "phy=2M,interval=10,flash=slow"},
};

/*
 * Ways of using the flash: code that stands still while it works, and settings that win time back;
 * the first is the base.
 */
static const struct way {
	const char *title, *chip, *sim, *set;
	double target[2]; /* to be reached on the first links, bytes per second; 0: none */
	bool prepared; /* by `otabench prepare` */
} ways[] = {
	{.title = "code in flash",
	 .chip = "esp32c3",
	 .sim = "flash_mode=usual",
	 .target = {72000, 105000}},
	{.title = "... 24 buffers",
	 .chip = "esp32c6",
	 .sim = "flash_mode=usual",
	 .target = {76000, 109000}},
	{.title = "... prepared",
	 .chip = "esp32c3",
	 .sim = "flash_mode=usual",
	 .prepared = true,
	 .target = {92000, 157000}},
	{.title = "... latency 4",
	 .chip = "esp32c3",
	 .sim = "flash_mode=usual",
	 .set = "peripheral_latency=4"},
	{.title = "auto-suspend",
	 .chip = "esp32c3",
	 .sim = "flash_mode=auto-suspend",
	 .target = {92000, 130000}},
	{.title = "... prepared",
	 .chip = "esp32c3",
	 .sim = "flash_mode=auto-suspend",
	 .prepared = true,
	 .target = {92000, 155000}},
	{.title = "code in PSRAM",
	 .chip = "esp32s3",
	 .sim = "flash_mode=psram",
	 .target = {92000, 130000}},
	{.title = "lenient (no chip)",
	 .chip = "esp32c3",
	 .sim = "flash_mode=lenient",
	 .target = {91000, 130000}},
};

static const struct loss_row {
	const char *title, *sim;
	enum ota_phy phy;
	uint32_t interval_us, ppm;
	double share; /* of what the model gives an endless stream, to be reached */
} loss_rows[] = {
	{"1M 15 ms, 1 % loss", COMMON "phy=1M,interval=15,flash=ideal,loss=1", OTA_PHY_1M, 15000,
	 10000, 0.92},
	{"1M 15 ms, 5 % loss", COMMON "phy=1M,interval=15,flash=ideal,loss=5", OTA_PHY_1M, 15000,
	 50000, 0.92},
	{"2M 15 ms, 1 % loss", COMMON "phy=2M,interval=15,flash=ideal,loss=1", OTA_PHY_2M, 15000,
	 10000, 0.92},
	{"2M 15 ms, 5 % loss", COMMON "phy=2M,interval=15,flash=ideal,loss=5", OTA_PHY_2M, 15000,
	 50000, 0.92},
};

/* Of the image as it is: what a stream saves has a table of its own. */
static struct bench_outcome run(const char *program, const char *command, const char *sim,
				const char *set, const char *image)
{
	char sets[128];

	snprintf(sets, sizeof(sets), "stream=raw,%s", set ? set : "");
	return bench_run(program, command, sim, sets, image);
}

static void print_update(const char *program, const char *image, const struct row *r)
{
	const struct bench_outcome o = run(program, "flash", r->sim, r->set, image);
	char target[16] = "", sim[256];
	struct bench_outcome lenient;

	snprintf(sim, sizeof(sim), "%s" LENIENT, r->sim);
	lenient = run(program, "flash", sim, r->set, image);
	if (r->ratio > 0)
		snprintf(target, sizeof(target), "%.2f", r->ratio);
	else if (r->rate > 0)
		snprintf(target, sizeof(target), "%.0fkB/s", r->rate / 1000);
	printf("%-29s %5d %-8s %8.3f %8.1f %8.1f %6.3f %7s %8.1f %6.2f %6.1f", r->title, o.chunk,
	       o.mode, o.seconds, o.goodput / 1000, o.ceiling / 1000, o.ratio, target,
	       lenient.goodput / 1000, o.cpu, (double)o.memory_kib / 1024);
	if (!o.ran)
		printf("  %s", o.outcome[0] ? o.outcome : "did not run");
	bench_verdict(r->ratio > 0 || r->rate > 0 || !o.ran,
		      o.ran && o.ratio >= r->ratio && o.goodput >= r->rate);
}

static void print_updates(const char *program, const char *image)
{
	printf("%-29s %5s %-8s %8s %8s %8s %6s %7s %8s %6s %6s  %s\n", "update", "chunk", "mode",
	       "s", "kB/s", "ceiling", "ratio", "target", "lenient", "CPU s", "MiB", "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_update(program, image, &rows[i]);
}

/* --- a chip that stands still */

/* An image for that chip, at a path that the caller frees and removes; NULL: not made. */
static char *image_for(const char *program, const char *folder, const char *chip)
{
	char command[512], *path = NULL;

	if (asprintf(&path, "%s/%s.bin", folder, chip) < 0)
		return NULL;
	snprintf(command, sizeof(command), "'%s' sample-image --quiet --chip=%s --size=%u '%s'",
		 program, chip, IMAGE_SIZE, path);
	/* NOLINTNEXTLINE(cert-env33-c): the paths are this program's own */
	if (system(command) == 0)
		return path;
	free(path);
	return NULL;
}

static double way_rate(const char *program, const char *image, const struct way *way,
		       const char *link)
{
	struct bench_outcome o;
	char sim[256];

	snprintf(sim, sizeof(sim), "devices=1,chip=%s,%s,%s", way->chip, link, way->sim);
	if (way->prepared)
		return bench_prepared(sim, way->chip, IMAGE_SIZE);
	o = run(program, "flash", sim, way->set, image);
	return o.ran ? o.goodput : 0;
}

static void print_way(const char *program, const char *folder, const struct way *way,
		      double base[LINKS])
{
	char *image = image_for(program, folder, way->chip);
	bool met = image != NULL;

	printf("%-18s %-8s", way->title, way->chip);
	for (size_t i = 0; i < LINKS; i++) {
		const double rate = image ? way_rate(program, image, way, links[i].sim) : 0;

		if (base[i] <= 0)
			base[i] = rate;
		printf(" %8.1f %+5.0f %%", rate / 1000, 100 * (rate / base[i] - 1));
		met = met && rate > 0 && (i >= 2 || rate >= way->target[i]);
	}
	printf("  %s%s%s%s", way->sim, way->set ? " --set=" : "", way->set ? way->set : "",
	       way->prepared ? ", otabench prepare before" : "");
	bench_verdict(true, met);
	if (image)
		(void)unlink(image);
	free(image);
}

static void print_ways(const char *program, const char *folder)
{
	double base[LINKS] = {0};

	printf("\nkB/s of 600 kB, typical and slow flash, and what is won of code in flash\n"
	       "(otabench --sim=devices=1,chip=CHIP,LINK,WAY --json flash esp-sim-01 IMAGE):\n");
	for (size_t i = 0; i < LINKS; i++)
		printf("  %-8s LINK: %s\n", links[i].title, links[i].sim);
	printf("%-18s %-8s", "while it erases", "chip");
	for (size_t i = 0; i < LINKS; i++)
		printf(" %8s %7s", links[i].title, "");
	printf("  WAY\n");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		print_way(program, folder, &ways[i], base);
}

/* --- an endless stream through the link model alone */

struct stream {
	struct link *link;
	uint64_t bytes;
};

static void feed(struct stream *s)
{
	static const uint8_t frame[498]; /* a value of 495 octets in its ATT command */

	while (link_queued(s->link, LINK_CENTRAL) + link_in_controller(s->link, LINK_CENTRAL) <
	       20000u)
		if (link_send(s->link, LINK_CENTRAL, LINK_CID_ATT, frame, sizeof(frame)) < 0)
			return;
}

static void on_completed(void *ctx, unsigned int count)
{
	(void)count;
	feed(ctx);
}

static void on_frame(void *ctx, uint16_t cid, const uint8_t *buf, size_t len)
{
	struct stream *s = ctx;

	(void)cid;
	(void)buf;
	s->bytes += len - OTA_ATT_HEADER;
}

static double endless(enum ota_phy phy, uint32_t interval_us, uint32_t ppm)
{
	static const struct link_ops central = {.completed = on_completed};
	static const struct link_ops peripheral = {.frame = on_frame};
	const uint16_t interval = (uint16_t)(interval_us / 1250u);
	struct stream stream = {.link = NULL};
	struct link_config config = {
		.params = {interval, interval, 0, 400},
		.phy = phy,
		.data_length = 251,
		.seed = 1,
		.first_anchor_us = interval_us,
	};
	struct sched sched;

	for (int side = 0; side < LINK_ROLES; side++)
		config.sides[side] = (struct link_side_config){
			.ops = side == LINK_CENTRAL ? &central : &peripheral,
			.ctx = &stream,
			.refill = true,
			.phys = OTA_PHYS_1M | OTA_PHYS_2M,
			.data_length = 251,
			.loss_ppm = ppm,
			.rssi = -50,
		};
	sched_init(&sched, 0);
	if (link_create(&sched, &config, &stream.link) < 0)
		return 0;
	feed(&stream);
	sched_advance(&sched, STREAM_SECONDS * 1000000ull);
	link_destroy(stream.link);
	sched_finish(&sched);
	return (double)stream.bytes / STREAM_SECONDS;
}

static void print_loss(const char *program, const char *image)
{
	printf("\n%-29s %8s %8s %6s %7s\n", "loss, ideal flash", "kB/s", "endless", "share",
	       "target");
	for (size_t i = 0; i < sizeof(loss_rows) / sizeof(loss_rows[0]); i++) {
		const struct loss_row *r = &loss_rows[i];
		const struct bench_outcome o = run(program, "flash", r->sim, NULL, image);
		const double most = endless(r->phy, r->interval_us, r->ppm);
		const double share = most > 0 ? o.goodput / most : 0;

		printf("%-29s %8.1f %8.1f %6.3f %7.2f", r->title, o.goodput / 1000, most / 1000,
		       share, r->share);
		bench_verdict(true, o.ran && share >= r->share);
	}
}

static void print_sink(const char *program)
{
	static const char *const sims[] = {COMMON "phy=1M,interval=15",
					   COMMON "phy=2M,interval=10"};

	printf("\n%-29s %8s %8s %6s\n", "bench (SINK)", "kB/s", "ceiling", "ratio");
	for (size_t i = 0; i < 2; i++) {
		const struct bench_outcome o = run(program, "bench", sims[i], NULL, NULL);

		printf("%-29s %8.1f %8.1f %6.3f", sims[i] + strlen(COMMON), o.goodput / 1000,
		       o.ceiling / 1000, o.ratio);
		/* The measurement and the model must tell the same. */
		bench_verdict(true, o.ran && o.ratio > 0.95 && o.ratio <= 1.0);
	}
}

int main(int argc, char **argv)
{
	char name[] = "bench.XXXXXX", *folder;

	if (argc != 3 && argc != 4) {
		fprintf(stderr,
			"usage: bench PROGRAM IMAGE [BUILT]    BUILT: one that compresses\n");
		return 64;
	}
	folder = mkdtemp(name) ? realpath(name, NULL) : NULL;
	if (!folder) {
		perror(name);
		return 1;
	}
	printf("Simulated: virtual ESP32, virtual clock. Seconds from START written (where nothing "
	       "is sent\nbefore the link has changed: from LINK answered) to DONE notified; CPU "
	       "and "
	       "memory are\notabench's on this machine, simulator included.\n\n");
	(void)setenv("OTABENCH_IMAGE_STORE", "no", 1); /* its user's is left alone */
	print_updates(argv[1], argv[2]);
	bench_found(argv[1], folder);
	print_ways(argv[1], folder);
	bench_streams(argv[1], folder, argv[3]);
	print_loss(argv[1], argv[2]);
	bench_dialects(argv[1], folder, argv[2]);
	print_sink(argv[1]);
	(void)rmdir(folder);
	free(folder);
	if (bench_missed() > 0)
		printf("\n%u targets missed\n", bench_missed());
	return bench_missed() > 0 ? 1 : 0;
}
