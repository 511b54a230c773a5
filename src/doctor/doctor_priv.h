/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two parts of the doctor. */
#ifndef OTABENCH_DOCTOR_DOCTOR_PRIV_H
#define OTABENCH_DOCTOR_DOCTOR_PRIV_H

#include "base/hci_socket.h"
#include "doctor/doctor.h"

#include <stdint.h>

void doctor_add(struct doctor *d, enum doctor_level level, const char *check, const char *advice,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Offers a repair for the finding that was added last. */
void doctor_offer(struct doctor *d, enum doctor_fix fix, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The first line of a file below the root; "" when it cannot be read. */
void doctor_line(const char *root, const char *path, char *buf, size_t size);

/* doctor_adapter.c: what the adapter hciN is, in which computer. */
void doctor_check_adapter(struct doctor *d, const char *root, unsigned int index);
void doctor_check_system(struct doctor *d, const char *root, bool adapter);

/* doctor_hci.c */
void doctor_controller_tell(struct doctor *d, unsigned int index, const struct hci_controller *c);
void doctor_check_controller(struct doctor *d, unsigned int index);

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
