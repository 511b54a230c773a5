/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An org.bluez on the private bus, in a process of its own, that answers the one question what
 * objects it has: for programs that wait for the answer.
 */
#ifndef OTABENCH_BLUEZANSWER_H
#define OTABENCH_BLUEZANSWER_H

#include <stdbool.h>
#include <sys/types.h>

struct bluez_answer {
	const char *error; /* name, or NULL */
	const char *modalias;
	bool adapter, powered;
	bool peripheral; /* the adapter has GattManager1 and LEAdvertisingManager1 */
	bool foreign; /* sent by a connection that does not own the name */
	bool malformed; /* not the documented form */
	bool dies; /* in place of an answer */
};

/* After private_bus_open(); the name is owned when it returns. */
pid_t bluez_answer_start(struct bluez_answer *a);
void bluez_answer_stop(pid_t pid);

#endif
