/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check whether the process that records a run is still there.  Its number alone does not tell,
 * as numbers are given again, so its start and the kernel's boot count too (proc(5)).
 */
#include "history/history_priv.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Field 22 of /proc/PID/stat; 0: no such process, or one that has ended (a zombie). */
static int64_t start_of(int64_t pid)
{
	char path[64], line[1024];
	const char *at;
	int64_t start = 0;
	FILE *in;

	(void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	in = fopen(path, "re");
	if (!in)
		return 0;
	/* The command's name, in brackets, may hold anything: fields count from the last ')'. */
	if (fgets(line, sizeof(line), in) && (at = strrchr(line, ')')) != NULL && at[1] == ' ' &&
	    at[2] != 'Z' && at[2] != 'X') {
		at += 2;
		for (int field = 3; field < 22 && at; field++) {
			at = strchr(at, ' ');
			at = at ? at + 1 : NULL;
		}
		if (at && sscanf(at, "%" SCNd64, &start) != 1) /* NOLINT(cert-err34-c): 0 then */
			start = 0;
	}
	(void)fclose(in);
	return start;
}

static void boot_id(char *buf, size_t size)
{
	FILE *in = fopen("/proc/sys/kernel/random/boot_id", "re");

	buf[0] = '\0';
	if (!in)
		return;
	if (!fgets(buf, (int)size, in))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	(void)fclose(in);
}

void history_process_self(struct history_process *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->pid = getpid();
	ret->start = start_of(ret->pid);
	boot_id(ret->boot, sizeof(ret->boot));
}

bool history_process_lives(const struct history_process *process)
{
	char boot[sizeof(process->boot)];

	boot_id(boot, sizeof(boot));
	return process->pid > 0 && strcmp(process->boot, boot) == 0 &&
	       start_of(process->pid) == process->start && process->start > 0;
}
