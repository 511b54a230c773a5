/* SPDX-License-Identifier: Apache-2.0 */
/* Part of `make bench`: how close an update comes to what another project's dialect permits. */
#include "bench_run.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The bounds of each dialect of another project: so many bytes of the image with so many of its
 * messages in values, and then so many events in which the host waits for the answer.
 */
static const struct dialect_row {
	const char *name, *sim;
	uint32_t unit; /* bytes of the image that are acknowledged, or paced, together */
	uint32_t around; /* bytes of messages around them */
	unsigned int wait; /* events until more may be sent; 0: other units go meanwhile */
	double ratio; /* to be reached of what that permits; 0: nothing */
} dialect_rows[] = {
	{"smp", "", 2409, 21, 0, 0.95},
	{"smp", ",smp_buffers=2", 2454, 21, 1, 0.95},
	{"smp", ",smp_buffers=2,smp_buffer_size=384", 363, 21, 1, 0.95},
	{"ble-ota", "", 4096, 512, 0, 0.95}, /* nine requests of at most 512 */
	{"ble-ota-raw", "", 4096, 29, 1, 0.95},
	{"bleota", "", 4096, 29, 1, 0.95},
	{"nimbleota", "", 4096, 29, 1, 0.95},
	{"arduino-ble-ota", "", 4940, 10, 1, 0.95}, /* ten values of 494, into a buffer of 5110 */
	{"angerer", "", 512, 0, 0, 0.95}, /* requests: the ceiling has their answers */
	{"fbiego", "", 0, 0, 0, 0},
	{"fbiego-compact", "", 0, 0, 0, 0},
};
#define DIALECT_LINK                                                                               \
	"devices=1,chip=esp32,"                                                                    \
	"phy=1M,interval=15,flash=ideal"

/* Bytes per second: whole events for a unit and its wait, where it waits. */
static double permitted(const struct dialect_row *r, const struct bench_outcome *o)
{
	const double us = (r->unit + r->around) * 1e6 / o->ceiling, interval = 15000;
	double events = us / interval;

	if (r->wait > 0)
		events = (double)(uint32_t)(events + 0.999) + r->wait;
	return r->unit * 1e6 / (events * interval);
}

static void print_dialect(const char *program, const struct dialect_row *r, const char *image)
{
	struct bench_outcome o;
	char sim[256];
	double most;

	(void)snprintf(sim, sizeof(sim), DIALECT_LINK ",dialect=%s%s", r->name, r->sim);
	o = bench_run(program, "flash", sim, NULL, image);
	most = r->unit > 0 && o.ceiling > 0 ? permitted(r, &o) : 0;
	printf("%-14s %-34s %8.3f %8.1f", r->name, r->sim, o.seconds, o.goodput / 1000);
	if (most > 0)
		printf(" %9.1f %6.3f %7.2f", most / 1000, o.goodput / most, r->ratio);
	if (!o.ran)
		printf("  %s", o.outcome[0] ? o.outcome : "did not run");
	bench_verdict(most > 0 || !o.ran, o.ran && o.goodput >= r->ratio * most);
}

void bench_dialects(const char *program, const char *folder, const char *image)
{
	char command[512], path[256];

	(void)snprintf(path, sizeof(path), "%s/mcuboot.bin", folder);
	(void)snprintf(command, sizeof(command),
		       "'%s' sample-image --quiet --force --kind=mcuboot --size=600000 '%s'",
		       program, path);
	printf("\nother projects' dialects (otabench --sim=" DIALECT_LINK ",dialect=NAME):\n"
	       "%-14s %-34s %8s %8s %9s %6s %7s\n",
	       "NAME", "", "s", "kB/s", "permitted", "ratio", "target");
	/* NOLINTNEXTLINE(cert-env33-c): the paths are this program's own */
	if (system(command) != 0)
		printf("no image");
	for (size_t i = 0; i < sizeof(dialect_rows) / sizeof(dialect_rows[0]); i++)
		print_dialect(program, &dialect_rows[i],
			      strcmp(dialect_rows[i].name, "smp") == 0 ? path : image);
	(void)unlink(path);
}
