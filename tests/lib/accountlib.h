/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model's own account of a transfer's time: it looks into the link, the board and the session
 * before each step of the virtual world and says where the time until that step went.
 */
#ifndef OTABENCH_TESTS_ACCOUNTLIB_H
#define OTABENCH_TESTS_ACCOUNTLIB_H

#include "air/link_priv.h"
#include "board/board_priv.h"
#include "esp/esp_priv.h"
#include "explain/budget.h"
#include "host/job.h"
#include "host/job_result.h"
#include "sim/sim_priv.h"

/* A pair of packets under way: what it was is known when it has ended. */
struct pair {
	bool open, data, nesn; /* nesn: the device's before it */
	uint16_t octets;
	uint64_t refused;
	uint64_t us, ack_us;
};

struct account {
	struct sim *sim;
	struct esp *esp;
	struct job *job;
	uint64_t at_us, sent[LINK_ROLES], acks_us; /* acks_us: of this event */
	struct pair pair;
	enum budget_share rest; /* of an event that is over; or BUDGET_TRANSFER_SHARES */
	enum budget_share idle; /* the latest reason */
	uint64_t octets; /* that got through */
	uint64_t us[BUDGET_TRANSFER_SHARES];
};

/* Lets the virtual world go on until the job has finished.  The caller sets sim, esp and job. */
void account_steps(struct account *a);
/* When the run is over. */
void account_end(struct account *a, const struct job_result *r);

#endif
