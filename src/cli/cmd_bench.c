/* SPDX-License-Identifier: Apache-2.0 */
/* otabench bench DEV: what the link carries; the device counts and throws away (SINK). */
#include "cli/run.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

#define DEFAULT_BYTES 1000000u
#define BYTES_MAX 100000000u

int cmd_bench(struct cli *cli, int argc, char **argv)
{
	static const struct run_report how = {.words = run_summary, .asked = true};
	const char *text = cli_value(cli, "bytes");
	struct job_config config = {
		.goal = SESSION_MEASURE,
		.device = argv[1],
		.bytes = DEFAULT_BYTES,
	};
	char *end = NULL;
	unsigned long bytes;

	(void)argc;
	if (text) {
		errno = 0;
		bytes = strtoul(text, &end, 10);
		if (errno || end == text || *end || bytes < 1000 || bytes > BYTES_MAX)
			return cli_fail(cli, CLI_USAGE, "--bytes: expected 1000 to %u", BYTES_MAX);
		config.bytes = (uint32_t)bytes;
	}
	return run_job(cli, &config, &how);
}
