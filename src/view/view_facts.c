/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's own facts: its slots as a table, then what it can do and how it is
 * protected.  What it did not tell is called unknown.
 */
#include "config.h" /* system extensions: strnlen() */

#include "view/view.h"

#include "base/hex.h"
#include "base/output.h"
#include "host/pdu_text.h"
#include "image/image.h"

#include <stdarg.h>
#include <string.h>

#define SLOTS_SHOWN 8u /* a device may claim 255 of them */
#define FACTS_MAX 20u
#define LABEL_W 11

struct fact {
	enum cells_style style;
	const char *label;
	char text[VIEW_TEXT];
};

struct facts {
	struct fact at[FACTS_MAX];
	size_t count;
};

#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static void
add(struct facts *f, enum cells_style style, const char *label, const char *format, ...)
{
	va_list ap;

	if (f->count == FACTS_MAX)
		return;
	f->at[f->count] = (struct fact){.style = style, .label = label};
	va_start(ap, format);
	(void)vsnprintf(f->at[f->count++].text, VIEW_TEXT, format, ap);
	va_end(ap);
}

/* --- slots */

/* One of each slot.  With a factory partition that runs, it is a slot more. */
struct slot_row {
	char name[16], version[24], hash[16], running[16], pending[16], partial[64];
};

static bool holds_part(const struct view_device *v)
{
	return v->status && v->status->state != OTA_STATE_IDLE;
}

/* In words, or as short as a column. */
static void partial_text(const struct view_device *v, bool in_words, char *buf, size_t size)
{
	const struct ota_status *s = v->status;
	char bytes[OUTPUT_FIGURE_MAX], hash[2 * OTA_HASH_PREFIX + 1];

	(void)output_bytes(s->flushed, bytes, sizeof(bytes));
	if (v->partial_size > 0)
		(void)snprintf(buf, size, in_words ? "%s, %u %% of the image chosen" : "%s, %u %%",
			       bytes,
			       (unsigned int)((uint64_t)s->flushed * 100u / v->partial_size));
	else
		(void)snprintf(buf, size, "%s of image %s", bytes,
			       hex_encode(s->hash, sizeof(s->hash), hash));
}

static void head_row(struct slot_row *row)
{
	*row = (struct slot_row){"SLOT", "VERSION", "SHA-256", "RUNNING", "PENDING", "PARTIAL"};
}

/* The only other one, if there are two, is where an update goes. */
static bool is_target(const struct ota_info *i, unsigned int slot)
{
	return i->slot_count == 2 && i->running_slot < 2 && slot == 1u - i->running_slot;
}

static void running_row(const struct view_device *v, struct slot_row *row)
{
	const struct ota_info *i = v->info;
	char hash[9];

	(void)pdu_text_slot(i->running_slot, row->name, sizeof(row->name));
	(void)snprintf(row->version, sizeof(row->version), "%.23s",
		       v->version[0] != '\0' ? v->version : "unknown");
	(void)snprintf(row->hash, sizeof(row->hash), "%s",
		       i->running_size > 0 ? hex_encode(i->running_sha256, 4, hash) : "unknown");
	(void)snprintf(row->running, sizeof(row->running), "yes");
	(void)snprintf(row->pending, sizeof(row->pending), "%s",
		       i->flags & OTA_INFO_PENDING_VERIFY ? "yes" : "no");
	(void)snprintf(row->partial, sizeof(row->partial), "no");
}

static void other_row(const struct view_device *v, unsigned int slot, struct slot_row *row)
{
	const struct ota_info *i = v->info;
	const bool bootable = is_target(i, slot) && (i->flags & OTA_INFO_CAN_ROLLBACK);

	*row = (struct slot_row){.version = "unknown", .hash = "unknown"};
	(void)snprintf(row->name, sizeof(row->name), "%u", slot);
	(void)snprintf(row->running, sizeof(row->running), "no");
	(void)snprintf(row->pending, sizeof(row->pending), "no");
	if (is_target(i, slot) && holds_part(v))
		partial_text(v, false, row->partial, sizeof(row->partial));
	else if (!v->status || (holds_part(v) && i->slot_count != 2))
		(void)snprintf(row->partial, sizeof(row->partial), "unknown");
	else
		(void)snprintf(row->partial, sizeof(row->partial), "%s",
			       bootable ? "no, can boot" : "no");
}

static size_t make_rows(const struct view_device *v, struct slot_row rows[SLOTS_SHOWN + 2])
{
	const struct ota_info *i = v->info;
	size_t count = 0;

	head_row(&rows[count++]);
	if (i->running_slot >= i->slot_count || i->running_slot >= SLOTS_SHOWN)
		running_row(v, &rows[count++]);
	for (unsigned int slot = 0; slot < i->slot_count && slot < SLOTS_SHOWN; slot++) {
		if (slot == i->running_slot)
			running_row(v, &rows[count++]);
		else
			other_row(v, slot, &rows[count++]);
	}
	return count;
}

static void draw_slot(const struct slot_row *row, enum cells_style style, struct cells *cells,
		      struct area area, int y)
{
	const struct {
		int x, w;
		const char *text;
	} fields[] = {{1, 8, row->name},     {10, 14, row->version},
		      {25, 9, row->hash},    {35, 8, row->running},
		      {44, 8, row->pending}, {53, area.w - 53, row->partial}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].x < area.w)
			(void)cells_field(cells, area, fields[i].x, y,
					  fields[i].w < area.w - fields[i].x ? fields[i].w
									     : area.w - fields[i].x,
					  style, fields[i].text);
	}
}

/* --- what it can do, and how it is protected */

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static void add_chip(const struct view_device *v, struct facts *f)
{
	const struct ota_info *i = v->info;
	const struct image_chip *chip = image_chip_by_id(i->chip_id);
	char block[40] = "unknown";

	if (i->block_revision != OTA_REVISION_UNKNOWN)
		(void)snprintf(block, sizeof(block), "%u.%u", i->block_revision / 100u,
			       i->block_revision % 100u);
	add(f, CELLS_NORMAL, "Chip", "%s, revision %u.%u, eFuse block revision %s",
	    chip ? chip->title : "unknown", i->chip_revision / 100u, i->chip_revision % 100u,
	    block);
}

static void add_security(const struct view_device *v, struct facts *f)
{
	const struct ota_info *i = v->info;

	add(f, CELLS_NORMAL, "Security", "secure boot %s, flash encryption %s, secure version %u",
	    on_off(i->flags & OTA_INFO_SECURE_BOOT), on_off(i->flags & OTA_INFO_ENCRYPTED),
	    i->secure_version);
	if (i->abilities & OTA_ABILITY_NO_ROLLBACK)
		add(f, CELLS_WARNING, "Rollback",
		    "no: the boot loader does not, so an image that fails stays");
}

static void add_state(const struct view_device *v, struct facts *f)
{
	const struct ota_info *i = v->info;
	const struct ota_status *s = v->status;
	char text[96] = "", resets[80];

	if (s && s->state != OTA_STATE_IDLE)
		partial_text(v, true, text, sizeof(text));
	if (!s)
		add(f, CELLS_NORMAL, "Update", "unknown");
	else if (holds_part(v))
		add(f, CELLS_WARNING, "Update", "%s: %s -> R", ota_state_name(s->state), text);
	else if (i->flags & OTA_INFO_PENDING_VERIFY)
		add(f, CELLS_WARNING, "Update", "idle, the running image is on trial -> R");
	else
		add(f, CELLS_NORMAL, "Update", "idle");
	if (s && s->last_error != OTA_OK)
		add(f, CELLS_WARNING, "Last error", "%s", ota_code_text(s->last_error));
	(void)pdu_text_resets(i->reset_reason, i->resets, i->panics, resets, sizeof(resets));
	if (resets[0] != '\0')
		add(f, i->panics > 0 ? CELLS_WARNING : CELLS_NORMAL, "Last reset", "%s", resets);
}

/* Names with commas between, as the log has them, to be read as a list. */
static void add_names(struct facts *f, const char *label, const char *names)
{
	char text[VIEW_TEXT];
	size_t len = 0;

	for (; *names != '\0' && len + 2 < sizeof(text); names++) {
		text[len++] = *names;
		if (*names == ',')
			text[len++] = ' ';
	}
	text[len] = '\0';
	add(f, CELLS_NORMAL, label, "%s", text);
}

static void make_facts(const struct view_device *v, struct facts *f)
{
	const struct ota_info *i = v->info;
	char size[OUTPUT_FIGURE_MAX], ring[OUTPUT_FIGURE_MAX], project[4 * sizeof(i->project) + 1],
		features[96], phys[32];

	(void)output_safe_text(i->project, strnlen(i->project, sizeof(i->project)), project,
			       sizeof(project));
	add_state(v, f);
	add(f, CELLS_NORMAL, "Runs", "%.100s, %s", project[0] != '\0' ? project : "unknown",
	    i->running_size > 0 ? output_bytes(i->running_size, size, sizeof(size))
				: "size unknown");
	add_chip(v, f);
	add_security(v, f);
	add_names(f, "Features", pdu_text_features(i->features, features, sizeof(features)));
	add(f, CELLS_NORMAL, "Memory", "%u slot%s, %s for an update, ring %s", i->slot_count,
	    i->slot_count == 1 ? "" : "s", output_bytes(i->slot_size, size, sizeof(size)),
	    output_bytes(i->ring_size, ring, sizeof(ring)));
	add_names(f, "PHYs", pdu_text_phys(i->phys, phys, sizeof(phys)));
}

/* A dialect without Info. */
static void make_little(const struct view_device *v, struct facts *f)
{
	const struct dialect *dialect = dialect_get(v->dialect);

	add(f, CELLS_NORMAL, "Runs", "%s%s", v->version[0] != '\0' ? v->version : "unknown",
	    v->on_trial ? ", not confirmed yet" : "");
	add(f, CELLS_NORMAL, "Slots", "unknown");
	add(f, CELLS_NORMAL, "Chip", "unknown");
	add(f, CELLS_DIM, "", "the %s dialect: %s", dialect->name, dialect->lacks);
	if (!dialect_is_driven(dialect))
		add(f, CELLS_WARNING, "", "updated by %s", dialect->tool);
}

static bool is_asked(const struct view_device *v)
{
	return v->run && (v->goal == SESSION_LOOK || v->goal == SESSION_COMMAND) &&
	       v->dialect != DIALECT_UNKNOWN;
}

int view_facts_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	struct slot_row rows[SLOTS_SHOWN + 2];
	struct facts facts = {.count = 0};
	int y = 0;

	if (!is_asked(v))
		return 0;
	if (v->info) {
		const size_t count = make_rows(v, rows);

		for (size_t i = 0; i < count && y < area.h; i++)
			draw_slot(&rows[i], i == 0 ? CELLS_DIM : CELLS_NORMAL, cells, area, y++);
		if (v->info->slot_count > SLOTS_SHOWN && y < area.h)
			(void)cells_printf(cells, area, 1, y++, CELLS_DIM, "and %u more",
					   v->info->slot_count - SLOTS_SHOWN);
		make_facts(v, &facts);
	} else {
		make_little(v, &facts);
	}
	for (size_t i = 0; i < facts.count && y < area.h; i++, y++) {
		(void)cells_text(cells, area, 1, y, CELLS_DIM, facts.at[i].label);
		(void)cells_field(cells, area, 1 + LABEL_W, y, area.w - 1 - LABEL_W,
				  facts.at[i].style, facts.at[i].text);
	}
	return y;
}
