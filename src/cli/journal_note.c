/* SPDX-License-Identifier: Apache-2.0 */
/* See journal_note.h. */
#include "config.h" /* system extensions: PATH_MAX */

#include "cli/journal_note.h"

#include "base/command.h"
#include "cli/command_line.h"
#include "cli/open.h"
#include "host/journal.h"

#include <stdlib.h>

struct note {
	struct journal journal;
	bool at_work; /* another program sends it now */
	char name[PATH_MAX], at[64];
	char command[COMMAND_LINE_OPTIONS + 64];
};

/* To be freed; NULL: there is none, or it cannot be read. */
static struct note *note_of(const struct cli *cli, const char *address)
{
	char place[JOURNAL_PLACE_MAX], error[JOURNAL_TEXT_MAX], reach[COMMAND_LINE_OPTIONS];
	const char *where = cli_place(cli, place);
	struct note *n = where ? malloc(sizeof(*n)) : NULL;
	struct command c;

	if (!n || journal_load(where, address, &n->journal, error, sizeof(error)) < 0) {
		free(n);
		return NULL;
	}
	n->at_work = journal_is_claimed(where, address);
	(void)journal_image_name(&n->journal.images[0], n->name, sizeof(n->name));
	(void)journal_stopped_at(&n->journal.images[0], n->at, sizeof(n->at));
	command_begin(&c, n->command, sizeof(n->command));
	command_add(&c, command_line_reach(cli, reach, sizeof(reach)));
	command_add(&c, "resume");
	command_word(&c, address);
	(void)command_end(&c);
	return n;
}

bool journal_note(const struct cli *cli, const char *address, char *buf, size_t size)
{
	struct note *n = note_of(cli, address);

	if (!n)
		return false;
	if (n->at_work)
		(void)snprintf(buf, size, "another program here is sending it %.255s", n->name);
	else
		(void)snprintf(buf, size, "an update of %.255s stopped at %s: %s", n->name, n->at,
			       n->command);
	free(n);
	return true;
}

json_t *journal_note_json(const struct cli *cli, const char *address)
{
	struct note *n = note_of(cli, address);
	json_t *o = n ? json_object() : NULL;

	if (o) {
		const struct journal_image *i = &n->journal.images[0];

		(void)json_object_set_new(o, "image", json_string(n->name));
		(void)json_object_set_new(o, "size", json_integer(i->size));
		(void)json_object_set_new(o, "received", json_integer(i->received));
		(void)json_object_set_new(o, "sent_whole", json_boolean(i->ended));
		(void)json_object_set_new(o, "at_work", json_boolean(n->at_work));
		(void)json_object_set_new(o, "command",
					  n->at_work ? json_null() : json_string(n->command));
	}
	free(n);
	return o ? o : json_null();
}
