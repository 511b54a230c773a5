/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two halves of the rig; see device_rig.h. */
#ifndef OTABENCH_DEVICE_RIG_PRIV_H
#define OTABENCH_DEVICE_RIG_PRIV_H

#include "device_rig.h"

extern const struct ota_device_ops dut_device_ops;

/* Compressed streams from now on, by dut->inflate; after each boot. */
void dut_attach_stream(struct dut *dut);
void dut_violation(struct dut *dut, const char *text);
/* Does what the outstanding operation asked for, or cuts the power; its result. */
int dut_op_perform(struct dut *dut);

#endif
