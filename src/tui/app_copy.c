/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What y copies.  The workbench knows no terminal: the text waits here until
 * whoever draws its screen takes it and says what became of it.
 */
#include "tui/app_priv.h"

#include <string.h>

void app_copy(struct app *app, const char *text)
{
	(void)snprintf(app->copy, sizeof(app->copy), "%s", text);
	app->copy_wanted = app->copy[0] != '\0';
	app_say(app, CELLS_TITLE, "copied: %s", text);
}

const char *app_take_copy(struct app *app)
{
	const bool wanted = app->copy_wanted;

	app->copy_wanted = false;
	return wanted ? app->copy : NULL;
}

void app_copy_failed(struct app *app)
{
	app_say(app, CELLS_WARNING, "this terminal takes no copies: %s", app->copy);
}
