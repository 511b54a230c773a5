/* SPDX-License-Identifier: Apache-2.0 */
/* :doctor - check this computer's Bluetooth, in a panel. */
#include "tui/app_doctor.h"

#include "doctor/doctor.h"
#include "tui/app_core.h"
#include "tui/app_device.h"

#define LABEL_W 17 /* "virtual adapter" is the longest check */

void app_doctor(struct app *app)
{
	static const enum cells_style styles[] = {[DOCTOR_GOOD] = CELLS_GOOD,
						  [DOCTOR_NOTE] = CELLS_WARNING,
						  [DOCTOR_BAD] = CELLS_BAD};
	const struct panel panel = {.title = "otabench doctor"};
	const struct doctor_config config = {.root = NULL};
	struct doctor d;

	/* The doctor asks bluetoothd, and waits for the answer. */
	if (app_device_runs(app)) {
		app_say(app, CELLS_WARNING,
			"not while a device is busy: otabench doctor elsewhere");
		return;
	}
	doctor_collect(&d, &config);
	app_panel_open(app, &panel);
	for (size_t i = 0; i < d.count; i++) {
		const struct doctor_finding *f = &d.findings[i];

		app_panel_add_text(app, styles[f->level], LABEL_W, f->check, f->found);
		if (f->advice[0] != '\0')
			app_panel_add_text(app, CELLS_NORMAL, LABEL_W, "  ->", f->advice);
	}
	app_panel_add(app, d.ready ? CELLS_GOOD : CELLS_BAD,
		      d.ready ? "an adapter is ready" : "no adapter is ready", "");
}
