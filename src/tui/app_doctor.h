/* SPDX-License-Identifier: Apache-2.0 */
/* ":doctor": what this machine offers for Bluetooth, in a panel. */
#ifndef OTABENCH_TUI_APP_DOCTOR_H
#define OTABENCH_TUI_APP_DOCTOR_H

struct app;

void app_doctor(struct app *app);

#endif
