/* SPDX-License-Identifier: Apache-2.0 */
/* otabench known list|forget DEV: the devices that this user has met. */
#include "cli/cli.h"

#include "base/hex.h"
#include "base/output.h"
#include "cli/open.h"
#include "host/known.h"
#include "image/image.h"

#include <string.h>
#include <strings.h>
#include <time.h>

static const char *date_of(const struct known *k, char buf[16])
{
	const time_t at = (time_t)k->at;
	struct tm tm;

	buf[0] = '\0';
	if (localtime_r(&at, &tm))
		(void)strftime(buf, 16, "%Y-%m-%d", &tm);
	return buf;
}

static const char *chip_of(const struct known *k, char buf[16])
{
	const struct image_chip *chip = k->told ? image_chip_by_id(k->chip_id) : NULL;

	if (chip)
		(void)snprintf(buf, 16, "%.15s", chip->name);
	else if (k->told)
		(void)snprintf(buf, 16, "chip %u", k->chip_id);
	else
		(void)snprintf(buf, 16, "-");
	return buf;
}

static json_t *known_json(const struct known *k)
{
	char digits[2 * OTA_SHA256_SIZE + 1], chip[16];
	json_t *images = json_array();

	for (size_t i = 0; images && i < k->image_count; i++)
		(void)json_array_append_new(
			images, json_string(hex_encode(k->images[i], OTA_SHA256_SIZE, digits)));
	return json_pack("{s:s,s:o,s:s,s:o,s:b,s:b,s:I,s:o}", "address", k->address, "name",
			 output_json_text(k->name, strlen(k->name)), "chip", chip_of(k, chip),
			 "project", output_json_text(k->project, strlen(k->project)), "signed_only",
			 k->signed_only, "encrypted", k->encrypted, "at", (json_int_t)k->at,
			 "images", images);
}

static void print_known(struct cli *cli, const struct known *k)
{
	char date[16], chip[16], project[4 * KNOWN_PROJECT], image[9] = "-";

	(void)output_safe_text(k->project, strlen(k->project), project, sizeof(project));
	if (k->image_count > 0)
		(void)hex_encode(k->images[0], 4, image);
	(void)fprintf(cli->out, "%-17s  %-20s  %s  %-10s  %-8s  %s%s%s\n", k->address,
		      k->name[0] != '\0' ? k->name : "-", date_of(k, date), chip_of(k, chip), image,
		      project[0] != '\0' ? project : "-", k->signed_only ? ", signed only" : "",
		      k->encrypted ? ", encrypted" : "");
}

static int known_show(struct cli *cli, const struct known_list *list)
{
	json_t *event, *devices = json_array();

	for (size_t i = 0; i < list->count; i++) {
		if (!cli->json)
			print_known(cli, &list->items[i]);
		else if (devices)
			(void)json_array_append_new(devices, known_json(&list->items[i]));
	}
	if (!cli->json && list->count == 0 && !cli->quiet)
		(void)fprintf(cli->out, "no device was met yet\n");
	event = cli_result(cli, CLI_OK);
	if (event)
		(void)json_object_set_new(event, "devices", devices);
	else
		json_decref(devices);
	cli_emit(cli, event);
	return CLI_OK;
}

static int known_forget(struct cli *cli, const struct known_list *list, const char *typed)
{
	const bool address = scan_is_address(typed);
	const struct known *found = NULL;
	char safe[256];
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct known *k = &list->items[i];

		if (strcasecmp(address ? k->address : k->name, typed) != 0)
			continue;
		found = k;
		count++;
	}
	(void)output_safe_text(typed, strlen(typed), safe, sizeof(safe));
	if (count != 1)
		return cli_fail(cli, CLI_NO_DEVICE,
				count == 0 ? "%s was not met yet"
					   : "several devices that were met are called %s",
				safe);
	known_drop(found->place, found->address);
	if (!cli->json && !cli->quiet)
		(void)fprintf(cli->out, "%s %s is forgotten\n", found->name, found->address);
	return cli_succeed(cli);
}

int cmd_known(struct cli *cli, int argc, char **argv)
{
	char buf[DEVICE_PLACE_MAX];
	const char *place = cli_place(cli, buf);
	struct known_list list = {.count = 0};
	const bool shows = argc == 2 && strcmp(argv[1], "list") == 0;
	int code;

	if (!shows && !(argc == 3 && strcmp(argv[1], "forget") == 0))
		return cli_fail(cli, CLI_USAGE, "known: expected %s", cli->command->usage);
	/* Simulated devices without a file of their own end with the program. */
	if (place && known_list(place, &list) < 0)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	if (list.bad[0] != '\0')
		log_write(&cli->log, LOG_LEVEL_WARNING, "%s", list.bad);
	code = shows ? known_show(cli, &list) : known_forget(cli, &list, argv[2]);
	known_list_finish(&list);
	return code;
}
