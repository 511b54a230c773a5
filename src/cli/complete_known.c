/* SPDX-License-Identifier: Apache-2.0 */
/* The devices, profiles, runs and adapters that this user has met or made, for completion.
 * Nothing is written, and no device is asked: a key was pressed. */
#include "config.h" /* system extensions: opendir() */

#include "cli/complete.h"

#include "history/history.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_LOOKED_AT 200u
#define DEVICES_MOST 64u

struct seen {
	const char *names[DEVICES_MOST]; /* of the history's runs */
	size_t count;
};

static bool is_new(struct seen *seen, const char *name)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (strcmp(seen->names[i], name) == 0)
			return false;
	}
	if (seen->count == DEVICES_MOST)
		return false;
	seen->names[seen->count++] = name;
	return true;
}

static int load_runs(struct history_run **ret, size_t *ret_count)
{
	struct history *history;
	char why[LOG_LINE_MAX];
	int r = history_open(NULL, &history, why, sizeof(why));

	if (r < 0)
		return r;
	r = history_list(history, RUNS_LOOKED_AT, ret, ret_count);
	history_close(history);
	return r;
}

static void virtual_devices(const struct cli *cli, complete_fn fn, void *userdata)
{
	char name[SCAN_NAME_SIZE];

	for (int i = 0; i < cli->sim.devices; i++) {
		simopts_device_name(&cli->sim, (unsigned int)i, name, sizeof(name));
		if (name[0] != '\0')
			fn(userdata, name, "virtual ESP32");
	}
}

void complete_devices(const struct cli *cli, complete_fn fn, void *userdata)
{
	struct history_run *runs = NULL;
	struct seen seen = {.count = 0};
	size_t count = 0;

	if (cli->sim_given) {
		virtual_devices(cli, fn, userdata);
		return;
	}
	if (load_runs(&runs, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct history_run *run = &runs[i];

		/* A virtual device is reached with --sim alone. */
		if (strncmp(run->options, "--sim", 5) == 0 || run->device[0] == '\0')
			continue;
		if (is_new(&seen, run->device))
			fn(userdata, run->device, run->address);
	}
	free(runs);
}

struct forward {
	complete_fn fn;
	void *userdata;
};

static void forward_profile(void *userdata, const char *name, const struct profile_source *source)
{
	const struct forward *f = userdata;
	struct setting_errors errors;
	struct profile profile;

	f->fn(f->userdata, name,
	      profile_open(name, &profile, NULL, &errors) == 0
		      ? profile.description
		      : profile_origin_name(source->origin));
}

void complete_profiles(complete_fn fn, void *userdata)
{
	struct forward f = {fn, userdata};

	(void)profile_each(forward_profile, &f);
}

void complete_runs(complete_fn fn, void *userdata)
{
	struct history_run *runs = NULL;
	size_t count = 0;

	fn(userdata, "last", "the newest run");
	if (load_runs(&runs, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		char number[24], text[SCAN_NAME_SIZE + 64];

		(void)snprintf(number, sizeof(number), "%lld", (long long)runs[i].id);
		(void)snprintf(text, sizeof(text), "%s, %s", runs[i].device,
			       history_outcome(&runs[i]));
		fn(userdata, number, text);
	}
	free(runs);
}

void complete_adapters(complete_fn fn, void *userdata)
{
	DIR *folder = opendir("/sys/class/bluetooth");
	const struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)) != NULL) {
		/* "hci0:64" is a link. */
		if (strncmp(entry->d_name, "hci", 3) == 0 && !strchr(entry->d_name, ':'))
			fn(userdata, entry->d_name, "adapter");
	}
	(void)closedir(folder);
}
