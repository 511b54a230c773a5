/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of faults that test_reliability tries; each list ends with a name of NULL. */
#ifndef OTABENCH_FAULTKINDS_H
#define OTABENCH_FAULTKINDS_H

#include "faultbench.h"

extern const struct bench_kind faultkinds_device[], faultkinds_link[], faultkinds_host[];

#endif
