/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates of virtual devices that speak another project's dialect: undisturbed, and with a fault
 * at many places.  Each test of a dialect says with a case what such a run is to come to.
 */
#ifndef OTABENCH_DIALECTLIB_H
#define OTABENCH_DIALECTLIB_H

#include "updatelib.h"

#define DIALECT_PLACES 20u /* where a link is lost, or a user cancels */
#define DIALECT_CUTS 50u /* of the power */

/* A set of outcomes that a run may have. */
#define OUTCOME(x) (1u << SESSION_##x)

/* Delivered, or what nothing tells any more: the end was not heard. */
#define DIALECT_UNHEARD (OUTCOME(DELIVERED) | OUTCOME(LINK_LOST) | OUTCOME(STALLED))

/* An image to update with, of DIALECT_IMAGE bytes at most; dialect_build() is a group's setup. */
#define DIALECT_IMAGE 60000u
extern uint8_t dialect_image[DIALECT_IMAGE];
extern size_t dialect_image_size;
int dialect_build(void **state);

struct dialect_case {
	enum dialect_id id;
	enum esp_dialect device;
	const uint8_t *image;
	const size_t *size;
	unsigned int seconds; /* of virtual time, at most */
	enum session_outcome good; /* of a run that succeeds */
	/* Changes what is to be run; NULL: nothing is. */
	void (*prepare)(struct update *u);
	/* Checks what must hold at the end, whatever happened; what: the fault. */
	void (*check)(struct update *u, const struct dialect_case *c, const char *what);
};

void dialect_init(struct update *u, const struct dialect_case *c);
/* A whole run with a fault, ""; none; the outcome. */
enum session_outcome dialect_run(const struct dialect_case *c, const char *fault);
/* A run with each of count faults; format has the place, a multiple of step.  The test fails if a
 * run's outcome is not in the set. */
void dialect_each(const struct dialect_case *c, const char *format, uint32_t count, uint32_t step,
		  unsigned int outcomes);
/* The link lost, ended and the device reset, at many places. */
void dialect_each_loss(const struct dialect_case *c, unsigned int outcomes);
/* Each of count notifications lost, doubled and late. */
void dialect_each_notification(const struct dialect_case *c, uint32_t count, unsigned int lost,
			       unsigned int other);
/* The power cut at each of DIALECT_CUTS operations; a rollback that was told is followed by another
 * session. */
void dialect_each_cut(const struct dialect_case *c, unsigned int outcomes);
/* Undisturbed with MTUs from least on: each byte is sent once. */
void dialect_each_mtu(const struct dialect_case *c, uint16_t least);
/* A device that was told to boot a new image boots that, unless its power was cut (what) after it
 * had told so: the check of a dialect in which it tells nothing later. */
void dialect_check_delivered(struct update *u, const struct dialect_case *c, const char *what);
/* Cancelled at DIALECT_PLACES, and sent anew: outcomes are of that. */
void dialect_each_cancel(const struct dialect_case *c, unsigned int outcomes);
/* Another session with the same device, some time later. */
void dialect_again(struct update *u, const struct dialect_case *c);

#endif
