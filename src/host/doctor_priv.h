/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two parts of the doctor. */
#ifndef OTABENCH_HOST_DOCTOR_PRIV_H
#define OTABENCH_HOST_DOCTOR_PRIV_H

#include "host/doctor.h"

void doctor_add(struct doctor *d, enum doctor_level level, const char *check, const char *advice,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
/* bus: NULL for the system's. */
void doctor_check_bluez(struct doctor *d, sd_bus *bus);

#endif
