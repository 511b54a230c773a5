/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of simopts.h. */
#ifndef OTABENCH_SIM_SIMOPTS_PRIV_H
#define OTABENCH_SIM_SIMOPTS_PRIV_H

#include "sim/simopts.h"

/* Indexed by enum sim_option. */
extern const struct setting simopts_keys[SIM_OPTIONS];

#endif
