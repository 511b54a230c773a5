/* SPDX-License-Identifier: Apache-2.0 */
/* The time budget: what its files share. */
#ifndef OTABENCH_EXPLAIN_BUDGET_PRIV_H
#define OTABENCH_EXPLAIN_BUDGET_PRIV_H

#include "explain/budget.h"

void budget_move(uint64_t shares[], enum budget_share from, enum budget_share to, uint64_t us);
/*
 * The times in which a device that stands still took nothing: while it erased, and while it wrote.
 */
void budget_stopped(const struct budget *b, const struct budget_flash *f, const uint64_t shares[],
		    uint64_t *ret_erase, uint64_t *ret_write);
/* Time that acknowledgements cannot divide is divided as it is where the same is played. */
void budget_settle_played(const struct budget *b, const struct budget_flash *f, uint64_t shares[]);

/* After each event, with the shares and erases up to now_us. */
void budget_end_see(struct budget *b, const struct budget_view *v, uint64_t now_us);
/* Of the end, what the device's flash did goes to erase, program, read and task. */
void budget_end_settle(const struct budget *b, const struct budget_flash *f, uint64_t shares[]);

#endif
