/* SPDX-License-Identifier: Apache-2.0 */
/* ":bench": the same run several times, over a view. */
#ifndef OTABENCH_TUI_APP_BENCH_H
#define OTABENCH_TUI_APP_BENCH_H

struct app;

/* Opens it for the chosen device, with the results that were measured there last. */
void app_bench(struct app *app);
/* A run has ended: the next one begins, where there is one. */
void app_bench_settled(struct app *app);

#endif
