/* SPDX-License-Identifier: Apache-2.0 */
/* ":sweep": the search for the best settings of the chosen device, over a view. */
#ifndef OTABENCH_TUI_APP_SWEEP_H
#define OTABENCH_TUI_APP_SWEEP_H

struct app;

/* Opens it for the chosen device, with the results that were measured there last. */
void app_sweep(struct app *app);
/* A job has ended: the next measurement begins, where there is one. */
void app_sweep_settled(struct app *app);

#endif
