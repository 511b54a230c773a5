/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the C library that fail on purpose: the Nth one of a kind that the
 * program's own code makes.  A test program that uses it is linked with
 * $(FAILCALLS_FLAGS), by which the linker sends the calls through failcalls.c.
 */
#ifndef OTABENCH_FAILCALLS_H
#define OTABENCH_FAILCALLS_H

#include <stdint.h>

enum failcalls_kind {
	FAILCALLS_MEMORY, /* malloc, calloc, realloc, strdup: ENOMEM */
	FAILCALLS_OPEN, /* open, openat, fopen, mkstemp, opendir: EMFILE */
	FAILCALLS_WRITE, /* write, fclose: ENOSPC */
	FAILCALLS_READ, /* read: EIO */
	FAILCALLS_RENAME, /* rename, link, mkdir: EACCES */
	FAILCALLS_FSYNC, /* fsync, ftruncate: EIO */
	FAILCALLS_MMAP, /* mmap: ENOMEM */
	FAILCALLS_KINDS
};

const char *failcalls_name(enum failcalls_kind kind);
/* From now on: the nth call of the kind fails, counted from 1; 0 counts only. */
void failcalls_arm(enum failcalls_kind kind, uint32_t nth);
/*
 * From now on: the process is killed in place of its nth call that opens, writes, renames,
 * syncs or maps a file, counted together from 1; a write is done by half.  0 counts only.
 */
void failcalls_arm_kill(uint32_t nth);
/* Calls of the armed kind since then; nothing fails any more. */
uint32_t failcalls_disarm(void);

#endif
