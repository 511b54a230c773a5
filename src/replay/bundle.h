/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A diagnostic bundle: all that is known of a run, to look at later or to hand to whoever
 * wrote the firmware.  One file, where its name ends as an archive's (archive.h), else a
 * folder.
 *
 * It holds README.txt (what each file is), summary.txt (versions, too), profile.yaml,
 * control.log, calls.log, screens.txt, journal.txt, doctor.txt and run.trace.  Unknown facts
 * have no file, and README.txt does not name them.  No byte of the image and no passkey is in
 * it (scrub.h); addresses, names of devices and the user's folder are replaced on request.
 */
#ifndef OTABENCH_REPLAY_BUNDLE_H
#define OTABENCH_REPLAY_BUNDLE_H

#include "host/job.h"

#include <stdio.h>

#define BUNDLE_TRACE "run.trace"
#define BUNDLE_README "README.txt"
#define BUNDLE_NAME_MAX 64u /* "otabench-bundle-20261125-031108.tar.gz" */

/* Every pointer may be NULL: that is not known then. */
struct bundle {
	const char *path; /* to make; NULL: an archive of its own name in the working folder */
	bool replace; /* an archive that is there */
	bool anonymous;
	const char *source; /* what the transport is: "virtual ESP32s", "hci0" */
	const struct profile *profile; /* in force */
	const struct job_snapshot *now;
	const struct job_result *result;
	const struct lint_report *report; /* on the image */
	/* Each writes a log as text lines. */
	void (*control_log)(void *userdata, FILE *out);
	void (*calls_log)(void *userdata, FILE *out);
	void (*screens)(void *userdata, FILE *out);
	void *userdata;
	const char *trace; /* file of a recording, flushed; copied */
	FILE *recording; /* the same as an open stream; stays the caller's */
	const char *journal; /* file; left out where it is not there */
	bool doctor; /* ask the machine too, which can take some seconds */
};

/*
 * Makes the archive or the folder, which must not be there.  0 with its name in
 * ret_path; else a negative errno value and a sentence in ret_why: what was written into
 * a folder until then stays, and no archive does.  Sizes include the NUL.
 */
int bundle_write(const struct bundle *bundle, char *ret_path, size_t size, char *ret_why,
		 size_t why_size);
/* The kept part of the job's Control log, for control_log(); userdata is the job. */
void bundle_job_log(void *userdata, FILE *out);

#endif
