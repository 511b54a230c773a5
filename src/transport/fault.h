/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport that injects faults into another: lost, doubled and late values,
 * and through transport_ops.inject() what only the simulated device can suffer.
 * The same specifications and seed give the same faults.
 */
#ifndef OTABENCH_TRANSPORT_FAULT_H
#define OTABENCH_TRANSPORT_FAULT_H

#include "transport/transport.h"
#include "transport/fault_spec.h"

/*
 * Takes over inner on success: it is destroyed with *ret.  specs are copied.
 * -OTA_ENOTSUP when inner cannot cause one of them, -OTA_ENOMEM.
 */
int fault_wrap(struct transport *inner, const struct fault_spec *specs, size_t count, uint64_t seed,
	       struct transport **ret);

#endif
