/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two parts of the doctor. */
#ifndef OTABENCH_DOCTOR_DOCTOR_PRIV_H
#define OTABENCH_DOCTOR_DOCTOR_PRIV_H

#include "doctor/doctor.h"

#include <stdint.h>

void doctor_add(struct doctor *d, enum doctor_level level, const char *check, const char *advice,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
/* --- which PHYs an adapter has, and which the kernel allows: bits of the mgmt API */
struct doctor_phys {
	uint32_t supported, selected;
};
/* 1, 0 when the packet is not the answer for this adapter, negative when it was refused. */
int doctor_phys_parse(const void *packet, size_t len, unsigned int index, struct doctor_phys *ret);
void doctor_phys_tell(struct doctor *d, unsigned int index, const struct doctor_phys *phys);
/* Asks the kernel; index: of hciN. */
void doctor_check_phy(struct doctor *d, unsigned int index);

/* bus: NULL for the system's. */
void doctor_check_bluez(struct doctor *d, sd_bus *bus);

#endif
