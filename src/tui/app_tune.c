/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the profile that are changed from the screen: in force at once where a run under
 * way can take them, else with the next upload. */
#include "tui/app_device.h"

#include "host/effective.h"
#include "tui/app_effect.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"

#include <string.h>

static const uint32_t pacings[] = {0, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
static const int32_t chunks[] = {20, 64, 128, 182, 244, 495, 512};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define IN_FORCE_TEXT 384u /* a value, the reason for it, and the words between */

/* A changed value's fate in the run: "in force now", or what is in force instead, and why. */
static char *in_force_text(const struct app *app, enum profile_key key, char *buf, size_t size)
{
	static struct job_snapshot run; /* too large for a stack; one screen a process */
	struct effective in_force;

	job_snapshot(app_device(app)->job, &run);
	effective(&app_profile(app)->now, &run, key, &in_force);
	if (in_force.differs)
		(void)snprintf(buf, size, "%s is in force%s%s", in_force.value,
			       in_force.why[0] != '\0' ? ", " : "", in_force.why);
	else
		(void)snprintf(buf, size, "in force now");
	return buf;
}

/* ", about 92.1 kB/s": the rate that the values of now are predicted to give; "" unknown. */
static char *about_text(const struct app *app, bool under_way, char *buf, size_t size)
{
	uint32_t now;
	const uint32_t then = app_effect_predict(app, &app_profile(app)->now, under_way, &now);

	buf[0] = '\0';
	if (then > 0 && then == now)
		(void)snprintf(buf, size, ", as fast as before (predicted)");
	else if (then > 0)
		(void)snprintf(buf, size, ", about %.1f kB/s (predicted)", then / 1000.0);
	return buf;
}

/* Tells the operator what a change came to; text is "pacing_us=500". */
static void tell_tuned(struct app *app, int r, enum profile_key key, const char *text)
{
	char came[IN_FORCE_TEXT], about[48];

	if (r == 0) {
		app_log_note(app, text);
		app_effect_begin(app, text);
		app_say(app, CELLS_TITLE, "%s: %s%s", text,
			in_force_text(app, key, came, sizeof(came)),
			about_text(app, true, about, sizeof(about)));
	} else {
		app_say(app, CELLS_TITLE, "%s: with the next upload%s", text,
			about_text(app, false, about, sizeof(about)));
	}
}

/* A key changed: 0, or negative: with the next upload. */
static int tune(struct app *app, enum profile_key key)
{
	const struct profile *p = &app_profile(app)->now;
	struct job *job = app_device(app)->job;
	int r = -OTA_EBUSY;

	if (!app_device_runs(app))
		return r;
	if (key == PROFILE_KEY_PACING)
		r = job_tune_pacing(job, (uint32_t)p->pacing_us);
	else if (key == PROFILE_KEY_WINDOW)
		r = job_tune_window(job, p->window > 0 ? (uint32_t)p->window : 0);
	else if (key == PROFILE_KEY_CHUNK)
		r = job_tune_chunk(job, p->chunk > 0 ? (uint16_t)p->chunk : 0);
	else if (key == PROFILE_KEY_WRITE_MODE)
		r = job_tune_mode(job, profile_write_mode(p));
	if (r == 0)
		app_profile_took(app, key);
	return r;
}

void app_tune_set(struct app *app, const char *assignment)
{
	char name[SETTING_TEXT_MAX];
	int key;

	if (!app_profile_assign(app, assignment))
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(assignment, "="), assignment);
	key = setting_find(profile_settings(), PROFILE_KEYS, name);
	if (key >= 0) /* app_profile_assign() has refused what is no key */
		tell_tuned(app, tune(app, (enum profile_key)key), (enum profile_key)key,
			   assignment);
}

void app_tune_command(struct app *app, const char *argument)
{
	if (strchr(argument, '='))
		app_tune_set(app, argument);
	else
		app_refuse(app, CELLS_WARNING,
			   ":set takes KEY=VALUE, as the profile view lists them");
}

/* Every key that differs from before; returns how many, and the last one. */
static size_t tune_changed(struct app *app, const struct profile *before, int *ret_last,
			   bool *ret_now)
{
	size_t count = 0;

	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!profile_differs(before, &app_profile(app)->now, (enum profile_key)key))
			continue;
		count++;
		*ret_last = key;
		*ret_now |= tune(app, (enum profile_key)key) == 0;
	}
	return count;
}

int app_tune_step(struct app *app, bool redo)
{
	char text[SETTING_TEXT_MAX], came[VIEW_TEXT] = "";
	struct profile before;
	bool now = false;
	int last = -1;

	if (!app_profile_step(app, redo, &before) || tune_changed(app, &before, &last, &now) == 0)
		return -1;
	if (now)
		(void)in_force_text(app, (enum profile_key)last, came, sizeof(came));
	app_say(app, CELLS_GOOD, "%s: %s=%s%s%s", redo ? "redo" : "undo",
		profile_settings()[last].name,
		profile_get(&app_profile(app)->now, (enum profile_key)last, text, sizeof(text)),
		now ? ", " : "", came);
	return last;
}

void app_tune_edited(struct app *app, bool ok)
{
	struct profile before;
	bool now = false;
	size_t count;
	int last;

	if (!app_profile_edited(app, ok, &before))
		return;
	count = tune_changed(app, &before, &last, &now);
	app_say(app, CELLS_GOOD, "read again: %zu value%s changed", count, count == 1 ? "" : "s");
}

static void step_pacing(struct app *app, int direction)
{
	const struct profile *p = &app_profile(app)->now;
	char text[64];
	uint32_t now = (uint32_t)p->pacing_us;
	size_t i = 0;

	while (i + 1 < COUNT(pacings) && pacings[i] < now)
		i++;
	if (direction > 0 && i + 1 < COUNT(pacings) && pacings[i] <= now)
		i++;
	else if (direction < 0 && i > 0)
		i--;
	(void)snprintf(text, sizeof(text), "pacing_us=%u", pacings[i]);
	app_tune_set(app, text);
}

static void step_chunk(struct app *app, int direction)
{
	const struct profile *p = &app_profile(app)->now;
	const struct app_device *d = app_device(app);
	char text[64];
	int32_t now = p->chunk;
	size_t i = 0;

	app_device_refresh(app);
	if (now <= 0)
		now = d->have_snapshot && d->snapshot.chunk > 0 ? d->snapshot.chunk : 244;
	if (direction > 0) {
		while (i + 1 < COUNT(chunks) && chunks[i] <= now)
			i++;
	} else {
		i = COUNT(chunks) - 1;
		while (i > 0 && chunks[i] >= now)
			i--;
	}
	(void)snprintf(text, sizeof(text), "chunk=%d", chunks[i]);
	app_tune_set(app, text);
}

static void step_window(struct app *app, int direction)
{
	const struct profile *p = &app_profile(app)->now;
	const struct app_device *d = app_device(app);
	char text[64];
	uint32_t now = p->window > 0 ? (uint32_t)p->window : 0;

	app_device_refresh(app);
	if (now == 0 && d->have_snapshot)
		now = job_window_in_force(&d->snapshot);
	if (now == 0)
		now = 8192;
	now = direction > 0 ? now * 2 : now / 2;
	now = now < 512 ? 512 : now > 1048576 ? 1048576 : now;
	(void)snprintf(text, sizeof(text), "window=%u", now);
	app_tune_set(app, text);
}

static void toggle_mode(struct app *app)
{
	const struct profile *p = &app_profile(app)->now;
	const struct app_device *d = app_device(app);
	bool request = p->write_mode == GATT_REQUEST;

	app_device_refresh(app);
	if (app_device_runs(app) && d->snapshot.chunk > 0)
		request = d->snapshot.mode == GATT_REQUEST;
	app_tune_set(app, request ? "write_mode=command" : "write_mode=request");
}

bool app_tune_act(struct app *app, enum action action)
{
	if (action == ACTION_PACING_LESS || action == ACTION_PACING_MORE)
		step_pacing(app, action == ACTION_PACING_MORE ? 1 : -1);
	else if (action == ACTION_CHUNK_LESS || action == ACTION_CHUNK_MORE)
		step_chunk(app, action == ACTION_CHUNK_MORE ? 1 : -1);
	else if (action == ACTION_WINDOW_LESS || action == ACTION_WINDOW_MORE)
		step_window(app, action == ACTION_WINDOW_MORE ? 1 : -1);
	else if (action == ACTION_MODE)
		toggle_mode(app);
	else
		return false;
	return true;
}

/* --- completing */

size_t app_tune_complete_value(struct input *input, size_t start, const struct setting *setting,
			       char *list, size_t size)
{
	const char *words[SETTING_WORDS_MAX + 1] = {NULL};
	char expected[SETTING_TEXT_MAX];
	size_t count;

	for (size_t i = 0; i < SETTING_WORDS_MAX && setting->words && setting->words[i].word; i++)
		words[i] = setting->words[i].word;
	count = input_complete_word(input, start, words, list, size);
	if (count == 0)
		(void)snprintf(list, size, "%s takes %s", setting->name,
			       setting_expected(setting, expected, sizeof(expected)));
	return count;
}

size_t app_tune_complete(struct app *app, struct input *input, size_t start, char *list,
			 size_t size)
{
	const char *keys[PROFILE_KEYS + 1] = {NULL}, *text = input->text + start,
					*equals = strchr(text, '=');
	char name[64];
	int key;

	(void)app;
	if (!equals) {
		for (size_t i = 0; i < PROFILE_KEYS; i++)
			keys[i] = profile_settings()[i].name;
		return input_complete_word(input, start, keys, list, size);
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	key = setting_find(profile_settings(), PROFILE_KEYS, name);
	if (key >= 0)
		return app_tune_complete_value(input, (size_t)(equals + 1 - input->text),
					       &profile_settings()[key], list, size);
	(void)snprintf(list, size, "no key %s", name);
	return 0;
}
