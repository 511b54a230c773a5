/* SPDX-License-Identifier: Apache-2.0 */
/* otabench profile list | show [NAME] | check FILE...: profiles without a device; what changes
 * files is in cmd_profile_change.c. */
#include "cli/profile.h"

#include "ota/error.h"

#include <string.h>

/* {"event":"profile", name, origin, path}; NULL: no memory. */
static json_t *profile_event(const struct cli *cli, const char *name,
			     const struct profile_source *source)
{
	json_t *event = cli_event(cli, "profile");

	if (!event)
		return NULL;
	(void)json_object_set_new(event, "name", output_json_text(name, strlen(name)));
	(void)json_object_set_new(event, "origin",
				  json_string(profile_origin_name(source->origin)));
	(void)json_object_set_new(event, "path",
				  output_json_text(source->path, strlen(source->path)));
	return event;
}

static void list_one(void *userdata, const char *name, const struct profile_source *source)
{
	struct cli *cli = userdata;
	struct setting_errors errors;
	struct profile profile;
	char text[LOG_LINE_MAX];
	int r = profile_open(name, &profile, NULL, &errors);
	json_t *event;

	(void)snprintf(text, sizeof(text), "%s", r == 0 ? profile.description : "unusable: ");
	if (r < 0)
		(void)setting_error_format(&errors, 0, text + strlen(text),
					   sizeof(text) - strlen(text));
	if (!cli->json) {
		(void)fprintf(cli->out, "%-16s %-8s  %s\n", name,
			      profile_origin_name(source->origin), text);
		return;
	}
	event = profile_event(cli, name, source);
	if (event) {
		(void)json_object_set_new(event, "usable", json_boolean(r == 0));
		(void)json_object_set_new(event, "description", json_string(text));
	}
	cli_emit(cli, event);
}

static int cmd_profile_list(struct cli *cli)
{
	if (!cli->json)
		(void)fprintf(cli->out, "%-16s %-8s  %s\n", "NAME", "FROM", "DESCRIPTION");
	if (profile_each(list_one, cli) < 0)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	return cli_succeed(cli);
}

/* Words as strings, numbers as numbers: both as one would type them. */
json_t *profile_key_json(const struct profile *profile, enum profile_key key)
{
	const struct setting *setting = &profile_settings()[key];
	char text[SETTING_TEXT_MAX];
	json_t *value;

	(void)profile_get(profile, key, text, sizeof(text));
	if (setting->kind != SETTING_NUMBER)
		return json_string(text);
	value = json_loads(text, JSON_DECODE_ANY, NULL);
	return value ? value : json_string(text);
}

static int cmd_profile_show(struct cli *cli, const char *name)
{
	struct profile_source source;
	struct profile profile;
	json_t *event, *keys;
	int r;

	r = cli_load_profile(cli, name, &profile, &source);
	if (r != CLI_OK)
		return r;
	if (!cli->json) {
		r = profile_write(&profile, cli->out);
		return r == -OTA_ENOMEM ? cli_fail(cli, CLI_DEFECT, "out of memory") : CLI_OK;
	}
	event = profile_event(cli, profile.name, &source);
	keys = json_object();
	for (int key = 0; keys && key < PROFILE_KEYS; key++)
		(void)json_object_set_new(keys, profile_settings()[key].name,
					  profile_key_json(&profile, (enum profile_key)key));
	if (event)
		(void)json_object_set_new(event, "keys", keys);
	else
		json_decref(keys);
	cli_emit(cli, event);
	return cli_succeed(cli);
}

/* Without --json each mistake is a bare line, as editors read a compiler's. */
int profile_check_one(struct cli *cli, const char *name)
{
	struct setting_errors errors;
	struct profile_source source;
	struct profile profile;
	char line[LOG_LINE_MAX], warning[SETTING_TEXT_MAX] = "";
	json_t *event;
	int r = profile_open(name, &profile, &source, &errors);

	if (r == 0)
		(void)profile_warning(&profile, warning, sizeof(warning));
	if (r < 0 && cli->json) {
		cli_tell_errors(cli, &errors);
	} else if (r < 0) {
		for (size_t i = 0; i < errors.count; i++)
			(void)fprintf(cli->err, "%s\n",
				      setting_error_format(&errors, i, line, sizeof(line)));
		if (errors.dropped > 0)
			(void)fprintf(cli->err, "%s: and %zu more\n", errors.name, errors.dropped);
	} else if (cli->json) {
		event = profile_event(cli, profile.name, &source);
		if (event)
			(void)json_object_set_new(event, "usable", json_true());
		if (event && warning[0] != '\0')
			(void)json_object_set_new(event, "warning", json_string(warning));
		cli_emit(cli, event);
	} else {
		(void)output_safe_text(name, strlen(name), line, sizeof(line));
		(void)fprintf(cli->out, "%s: ok\n", line);
		if (warning[0] != '\0')
			(void)fprintf(cli->err, "%s: warning: %s\n", line, warning);
	}
	return r;
}

static int cmd_profile_check(struct cli *cli, int count, char **names)
{
	int bad = 0, worst = 0;

	for (int i = 0; i < count; i++) {
		int r = profile_check_one(cli, names[i]);

		if (r == 0)
			continue;
		if (bad++ == 0)
			worst = r;
	}
	if (bad == 0)
		return cli_succeed(cli);
	return cli_fail(cli, cli_exit_of(worst), "%d of %d profiles cannot be used", bad, count);
}

int cmd_profile(struct cli *cli, int argc, char **argv)
{
	const char *verb = argv[1];

	if (strcmp(verb, "list") == 0 && argc == 2)
		return cmd_profile_list(cli);
	if (strcmp(verb, "show") == 0 && argc <= 3)
		return cmd_profile_show(cli, argc == 3 ? argv[2] : NULL);
	if (strcmp(verb, "check") == 0 && argc >= 3)
		return cmd_profile_check(cli, argc - 2, argv + 2);
	if (strcmp(verb, "diff") == 0 && argc >= 3 && argc <= 4)
		return profile_diff(cli, argv[2], argc == 4 ? argv[3] : NULL);
	if (strcmp(verb, "set") == 0 && argc >= 3)
		return profile_change(cli, argv[2], (const char *const *)argv + 3,
				      (size_t)argc - 3);
	if (strcmp(verb, "edit") == 0 && argc == 3)
		return profile_edit(cli, argv[2]);
	return cli_fail(cli, CLI_USAGE, "profile: expected %s", cli->command->usage);
}
