/* SPDX-License-Identifier: Apache-2.0 */
/* A call to a service on D-Bus that has no answer: the reason, by the error's name. */
#ifndef OTABENCH_BASE_BUS_ERROR_H
#define OTABENCH_BASE_BUS_ERROR_H

enum bus_failure {
	BUS_REFUSED, /* by the bus's policy */
	BUS_NOT_RUNNING, /* the service's name has no owner, and none could be started */
	BUS_NO_ANSWER,
	BUS_LOST, /* there is no connection to the bus any more */
	BUS_OTHER,
};

/* name: of the error, as sd_bus_error has it; NULL is BUS_OTHER. */
enum bus_failure bus_error_failure(const char *name);

#endif
