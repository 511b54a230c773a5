/* SPDX-License-Identifier: Apache-2.0 */
/* Handles the end of a job, the passing of time, and the wish to quit. */
#include "tui/app_priv.h"

#include "tui/app_bench.h"
#include "tui/app_device.h"
#include "tui/app_effect.h"
#include "tui/app_image.h"
#include "tui/app_left.h"
#include "tui/app_offer.h"
#include "tui/app_recover.h"
#include "tui/app_scan.h"
#include "tui/app_sweep.h"
#include "tui/app_trust.h"
#include "tui/app_upload.h"

/* A job that ended makes room; scanning goes on. */
void app_settle(struct app *app)
{
	if (!app_device_settle(app) || app_is_replay(app))
		return;
	app_left_settled(app);
	app_menu_tell_foreign(app);
	if (app->quitting) {
		app->ended = true;
		return;
	}
	app_scan_begin(app);
	app_menu_settled(app);
	app_image_settled(app);
	app_upload_settled(app);
	app_offer_settled(app);
	app_bench_settled(app);
	app_sweep_settled(app);
	app_trust_settled(app);
}

void app_tick(struct app *app)
{
	app_settle(app);
	if (app_device_sample(app))
		app_touch(app);
	app_effect_tick(app);
}

void app_hang_up(struct app *app)
{
	if (app_device_runs(app) && !app_is_replay(app))
		app->status = APP_STATUS_LOST;
	app->ended = true;
}

void app_quit(struct app *app)
{
	if (!app_device_runs(app) || app_is_replay(app)) {
		app->ended = true;
		return;
	}
	app->status = APP_STATUS_CANCELLED;
	if (app->quitting) { /* asked for twice: at once */
		app->ended = true;
		return;
	}
	app->quitting = true;
	app_say(app, CELLS_WARNING, "cancelling, then ending; once more ends at once");
	app_device_cancel(app);
}
