/* SPDX-License-Identifier: Apache-2.0 */
/* otabench info DEV: what a device is, what it runs, and what it can do. */
#include "config.h" /* system extensions: strnlen() */

#include "cli/journal_note.h"
#include "cli/run.h"
#include "base/hex.h"

#include "host/pdu_text.h"

#include <string.h>

/* The command that asks a device.  A report's functions are not given it, and in a recording,
 * which they show, too, there is none. */
static const struct cli *asking;

static void print_journal(FILE *out, const struct job_snapshot *now)
{
	char text[JOURNAL_NOTE_TEXT];

	if (asking && journal_note(asking, now->address, text, sizeof(text)))
		run_print_field(out, "Journal", "%s", text);
}

static void print_image(FILE *out, const struct job_snapshot *now)
{
	const struct ota_info *i = &now->info;
	char project[4 * sizeof(i->project) + 1], size[OUTPUT_FIGURE_MAX];
	char hash[2 * OTA_SHA256_SIZE + 1], slot[8];

	(void)output_safe_text(i->project, strnlen(i->project, sizeof(i->project)), project,
			       sizeof(project));
	run_print_field(out, "Runs", "%s %s, %s, from slot %s%s", project, now->version,
			output_bytes(i->running_size, size, sizeof(size)),
			pdu_text_slot(i->running_slot, slot, sizeof(slot)),
			i->flags & OTA_INFO_PENDING_VERIFY ? ", not confirmed yet" : "");
	run_print_field(out, "SHA-256", "%s",
			hex_encode(i->running_sha256, sizeof(i->running_sha256), hash));
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void print_device(FILE *out, const struct job_snapshot *now)
{
	const struct ota_info *i = &now->info;
	const struct image_chip *chip = image_chip_by_id(i->chip_id);
	char slot[OUTPUT_FIGURE_MAX], ring[OUTPUT_FIGURE_MAX], block[32] = "", resets[80];

	if (i->block_revision != OTA_REVISION_UNKNOWN)
		(void)snprintf(block, sizeof(block), ", eFuse block %u.%u",
			       i->block_revision / 100u, i->block_revision % 100u);
	run_print_field(out, "Chip", "%s, revision %u.%u%s", chip ? chip->title : "unknown",
			i->chip_revision / 100u, i->chip_revision % 100u, block);
	(void)pdu_text_resets(i->reset_reason, i->resets, i->panics, resets, sizeof(resets));
	if (resets[0] != '\0')
		run_print_field(out, "Last reset", "%s", resets);
	run_print_field(out, "Slots", "%u of %s", i->slot_count,
			output_bytes(i->slot_size, slot, sizeof(slot)));
	run_print_field(out, "Ring", "%s", output_bytes(i->ring_size, ring, sizeof(ring)));
	run_print_field(out, "Resumes", "%s%s", yes_no(i->features & OTA_FEATURE_RESUME),
			i->flags & OTA_INFO_RESUMABLE ? ", and has something to resume" : "");
	if (i->abilities & OTA_ABILITY_NO_ROLLBACK)
		run_print_field(out, "Rolls back",
				"no: its boot loader does not, so an image that fails stays");
	else
		run_print_field(
			out, "Rolls back", "%s%s", yes_no(i->features & OTA_FEATURE_ROLLBACK),
			i->flags & OTA_INFO_CAN_ROLLBACK ? ", the other slot can boot" : "");
}

/* Prints the link as it was: it is down by now. */
static void print_link(FILE *out, const struct job_result *result)
{
	if (result->mtu > OTA_ATT_MTU_MIN)
		run_print_field(out, "ATT MTU", "%u", result->mtu);
	if (result->encrypted)
		run_print_field(out, "Encrypted", "yes");
	if (result->link_known)
		run_print_field(out, "Link", "%s, interval %.2f ms, data length %u",
				pdu_text_phy((uint8_t)result->link.phy),
				result->link.interval_us / 1000.0, result->link.data_length);
}

/* Prints the firmware that runs, for a dialect without Info. */
static void print_running(FILE *out, const struct job_snapshot *now)
{
	const char *version = now->version[0] ? now->version : "unknown";
	char hash[2 * OTA_SHA256_SIZE + 1];

	run_print_field(out, "Runs", "%s%s", version,
			now->running.known && now->running.on_trial ? ", not confirmed yet" : "");
	if (now->running.known)
		run_print_field(out, "Image hash", "%s",
				hex_encode(now->running.sha256, OTA_SHA256_SIZE, hash));
}

static void words(struct cli *cli, const struct job_snapshot *now, const struct job_result *result)
{
	const struct dialect *dialect = dialect_get(now->dialect);
	FILE *out = cli->out;

	(void)fprintf(out, "%s %s\n\n", now->device, now->address);
	run_print_field(out, "Model", "%s", now->model[0] ? now->model : "unknown");
	if (!now->have_info) {
		print_running(out, now);
		if (dialect_is_driven(dialect)) {
			run_print_field(out, "Dialect", "%s: %s", dialect->name, dialect->lacks);
			print_journal(out, now);
			return;
		}
		run_print_field(out, "Dialect", "%s: %s; %s", dialect->name, dialect->title,
				dialect->lacks);
		run_print_field(out, "Updated by", "%s", dialect->tool);
		return;
	}
	print_image(out, now);
	run_print_field(out, "Dialect", "%s, protocol %u", dialect->name, now->info.version);
	print_device(out, now);
	print_journal(out, now);
	print_link(out, result);
	if (now->stats.status_known) {
		(void)fputc('\n', out);
		run_print_status(out, &now->stats.status);
	}
}

static void json(json_t *object, const struct job_snapshot *now, const struct job_result *result)
{
	json_t *note = NULL;

	if (now->dialect == DIALECT_UNKNOWN)
		return;
	run_json_info(object, now);
	(void)json_object_set_new(object, "mtu", json_integer(result->mtu));
	if (now->stats.status_known)
		run_json_status(object, &now->stats.status);
	if (asking)
		note = journal_note_json(asking, now->address);
	/* Not null without one: a recording that is replayed has no journal to look into. */
	if (json_is_object(note))
		(void)json_object_set(object, "journal", note);
	json_decref(note);
}

const struct run_report run_report_info = {
	.words = words, .json = json, .asked = true, .others = true};

int cmd_info(struct cli *cli, int argc, char **argv)
{
	const struct job_config config = {.goal = SESSION_LOOK, .device = argv[1]};

	(void)argc;
	asking = cli;
	return run_job(cli, &config, &run_report_info);
}
