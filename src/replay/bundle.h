/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A diagnostic bundle: all that is known of a run, as plain files in one folder,
 * to look at later or to hand to whoever wrote the firmware.
 *
 * The folder holds README.txt (what each file is), summary.txt, profile.yaml,
 * control.log, calls.log, and where they are asked for doctor.txt and run.trace.
 * Unknown facts have no file, and README.txt does not name them.  Nothing of
 * the image itself is written but what a trace holds.
 */
#ifndef OTABENCH_REPLAY_BUNDLE_H
#define OTABENCH_REPLAY_BUNDLE_H

#include "host/job.h"

#include <stdio.h>

#define BUNDLE_NAME_MAX 64u /* "otabench-bundle-20261125-031108" */

/* Every pointer may be NULL: that is not known then. */
struct bundle {
	const char *folder; /* to make; NULL: bundle_name() in the working folder */
	const char *source; /* what the transport is: "virtual ESP32s", "hci0" */
	const struct profile *profile; /* in force */
	const struct job_snapshot *now;
	const struct job_result *result;
	const struct lint_report *report; /* on the image */
	/* Each writes a log as text lines. */
	void (*control_log)(void *userdata, FILE *out);
	void (*calls_log)(void *userdata, FILE *out);
	void *userdata;
	const char *trace; /* file of a recording, flushed; copied */
	bool doctor; /* ask the machine too, which can take some seconds */
};

/*
 * Makes the folder, which must not be there, and the files.  0 with the folder in
 * ret_path; else a negative errno value and a sentence in ret_why: what was written until
 * then stays.  Sizes include the NUL.
 */
int bundle_write(const struct bundle *bundle, char *ret_path, size_t size, char *ret_why,
		 size_t why_size);
/* The kept part of the job's Control log, for control_log(); userdata is the job. */
void bundle_job_log(void *userdata, FILE *out);

#endif
