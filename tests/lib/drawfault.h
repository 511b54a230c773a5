/* SPDX-License-Identifier: Apache-2.0 */
/* Faults for an update, as a generator draws them: of every kind, at any place. */
#ifndef OTABENCH_DRAWFAULT_H
#define OTABENCH_DRAWFAULT_H

#include "base/rng.h"
#include "transport/fault.h"

/* size: bytes that the update sends.  Devices that lie, and stacks that remember another
 * firmware, are not among them. */
void draw_fault(struct rng *rng, uint32_t size, struct fault_spec *f);

#endif
