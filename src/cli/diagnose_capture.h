/* SPDX-License-Identifier: Apache-2.0 */
/* The causes that a capture shows: see capture/snoop.h. */
#ifndef OTABENCH_CLI_DIAGNOSE_CAPTURE_H
#define OTABENCH_CLI_DIAGNOSE_CAPTURE_H

#include "capture/snoop.h"
#include "diagnose/diagnose.h"

#include <jansson.h>

struct diagnose_capture {
	struct snoop snoop;
	struct diagnosis found[DIAGNOSES_MAX];
	size_t count;
	bool damaged; /* the file is cut, or not whole from some record on */
};

/* A cause without a job, and so without its device. */
json_t *cli_diagnosis(const struct diagnosis *diagnosis);
/* Large: not on a stack.  0; -OTA_EBADMSG: not a file of the kind. */
int diagnose_capture(FILE *in, struct diagnose_capture *d);

#endif
