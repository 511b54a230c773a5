/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the program on the simulator, as `make bench` reads it from the result that --json prints.
 */
#ifndef OTABENCH_TESTS_BENCH_RUN_H
#define OTABENCH_TESTS_BENCH_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct bench_outcome {
	bool ran; /* exit status 0; else figures may be missing, which are 0 then */
	double seconds, goodput, ceiling, ratio; /* of the transfer; bytes per second */
	double bytes, air_bytes;
	int chunk;
	char mode[16], outcome[24], stream[16];
	double cpu; /* seconds */
	long memory_kib;
};

/* Runs PROGRAM --sim=SIM --json COMMAND esp-sim-01 [IMAGE].  set: --set's values with commas
 * between them, may be NULL, as image may. */
struct bench_outcome bench_run(const char *program, const char *command, const char *sim,
			       const char *set, const char *image);

/* Ends a row: whether a target of it was met, where it has one. */
void bench_verdict(bool wanted, bool met);
/* Targets that were missed until now. */
unsigned int bench_missed(void);

/* The tables of files of their own.  folder: of this run, for what they make.  */
void bench_found(const char *program, const char *folder);
/* image: a built one, NULL: none is at hand. */
void bench_streams(const char *program, const char *folder, const char *image);
/* image: one for ESP-IDF's boot loader. */
void bench_dialects(const char *program, const char *folder, const char *image);

#endif
