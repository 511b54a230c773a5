/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles from YAML.  Uses libyaml's parser events rather than its document
 * tree, because only they tell a plain from a quoted scalar and give the exact
 * place of each key and value.
 */
#include "config.h" /* system extensions */

#include "profile/profile_priv.h"
#include "base/file_read.h"
#include "base/os_error.h"

#include "base/output.h"
#include "ota/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

struct loader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; zeroed when none */
	const char *text;
	size_t len;
	struct profile work;
	struct profile_place places[PROFILE_KEYS];
	struct setting_errors *errors;
	bool no_memory;
};

/* libyaml counts lines and columns (in characters) from 0. */
static unsigned int profile_yaml_line_of(const yaml_mark_t *mark)
{
	return (unsigned int)mark->line + 1;
}

static unsigned int column_of(const yaml_mark_t *mark)
{
	return (unsigned int)mark->column + 1;
}

/* The reader reports a byte offset only. */
static void add_reader_error(struct loader *loader)
{
	size_t offset = loader->parser.problem_offset, line = 1, column = 1;

	if (offset > loader->len)
		offset = loader->len;
	for (size_t i = 0; i < offset; i++) {
		unsigned char c = (unsigned char)loader->text[i];

		if (c == '\n') {
			line++;
			column = 1;
		} else if ((c & 0xc0) != 0x80) {
			column++;
		}
	}
	setting_errors_add(loader->errors, (unsigned int)line, (unsigned int)column, "",
			   "expected UTF-8 text, found the value 0x%02x (%s): not a text file?",
			   (unsigned int)loader->parser.problem_value, loader->parser.problem);
}

static void add_parser_error(struct loader *loader)
{
	const yaml_parser_t *parser = &loader->parser;
	const char *problem = parser->problem ? parser->problem : "unknown";

	if (parser->error == YAML_MEMORY_ERROR) {
		loader->no_memory = true;
		setting_errors_add(loader->errors, 0, 0, "", "out of memory");
		return;
	}
	if (parser->error == YAML_READER_ERROR && parser->problem) {
		add_reader_error(loader);
		return;
	}
	setting_errors_add(loader->errors, profile_yaml_line_of(&parser->problem_mark),
			   column_of(&parser->problem_mark), "",
			   "expected well-formed YAML, found a mistake: %s%s%s", problem,
			   parser->context ? " " : "", parser->context ? parser->context : "");
}

/* Goes on to the next event; false at broken YAML, which is then in the errors. */
static bool next_event(struct loader *loader)
{
	yaml_event_delete(&loader->event);
	memset(&loader->event, 0, sizeof(loader->event));
	if (yaml_parser_parse(&loader->parser, &loader->event))
		return true;
	memset(&loader->event, 0, sizeof(loader->event));
	add_parser_error(loader);
	return false;
}

/* Start or end of the document, which says nothing, and what follows. */
static bool next_two_events(struct loader *loader)
{
	if (!next_event(loader))
		return false;
	return next_event(loader);
}

/* A profile nests nothing; libyaml's work grows with the square of the depth. */
#define DEPTH_MAX 16u

static bool add_too_deep(struct loader *loader)
{
	const yaml_mark_t *mark = &loader->event.start_mark;

	setting_errors_add(loader->errors, profile_yaml_line_of(mark), column_of(mark), "",
			   "expected a mapping of keys to values, found lists or mappings nested "
			   "deeper than %u",
			   DEPTH_MAX);
	return false;
}

/* From the first event of any node to its last. */
static bool skip_node(struct loader *loader)
{
	unsigned int depth = 0;

	for (;;) {
		switch (loader->event.type) {
		case YAML_SEQUENCE_START_EVENT:
		case YAML_MAPPING_START_EVENT:
			if (++depth > DEPTH_MAX)
				return add_too_deep(loader);
			break;
		case YAML_SEQUENCE_END_EVENT:
		case YAML_MAPPING_END_EVENT:
			depth--;
			break;
		case YAML_NO_EVENT:
		case YAML_STREAM_START_EVENT:
		case YAML_STREAM_END_EVENT:
		case YAML_DOCUMENT_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
		case YAML_ALIAS_EVENT:
		case YAML_SCALAR_EVENT:
			break;
		}
		if (depth == 0)
			return true;
		if (!next_event(loader))
			return false;
	}
}

/* The kind of a node, for "found ...". */
static const char *node_name(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SEQUENCE_START_EVENT:
		return "a list";
	case YAML_MAPPING_START_EVENT:
		return "a mapping";
	case YAML_ALIAS_EVENT:
		return "an alias";
	case YAML_SCALAR_EVENT:
		return event->data.scalar.tag ? "a value with a tag" : "a single value";
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		break;
	}
	return "nothing";
}

static bool is_plain_node(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT && !event->data.scalar.tag;
}

/* The current event starts the value of key. */
static void load_value(struct loader *loader, enum profile_key key)
{
	const struct setting *setting = &profile_settings()[key];
	const yaml_event_t *event = &loader->event;
	unsigned int line = profile_yaml_line_of(&event->start_mark),
		     column = column_of(&event->start_mark);
	struct profile_place *place = &loader->places[key];
	char expected[SETTING_TEXT_MAX];
	const char *text;
	size_t len;
	bool quoted;

	place->line = line;
	place->column = column;
	if (!is_plain_node(event)) {
		place->bad = true;
		setting_errors_add(
			loader->errors, line, column, setting->name, "expected %s, found %s",
			setting_expected(setting, expected, sizeof(expected)), node_name(event));
		return;
	}
	text = (const char *)event->data.scalar.value;
	len = event->data.scalar.length;
	quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if ((len > 0 || quoted) && profile_apply(&loader->work, key, text, len, quoted) == 0)
		return;
	place->bad = true;
	setting_errors_add_value(loader->errors, line, column, setting, text, len, quoted);
}

/* The current event is a scalar key; ends on the last event of its value. */
static bool load_pair(struct loader *loader)
{
	const struct setting *settings = profile_settings();
	const yaml_event_t *event = &loader->event;
	unsigned int line = profile_yaml_line_of(&event->start_mark),
		     column = column_of(&event->start_mark);
	char name[SETTING_TEXT_MAX];
	int key;

	/* An embedded NUL or an over-long key only makes the key unknown. */
	(void)output_safe_text(event->data.scalar.value, event->data.scalar.length, name,
			       sizeof(name));
	key = setting_find(settings, PROFILE_KEYS, name);
	if (!next_event(loader))
		return false;
	if (key < 0) {
		setting_errors_add_unknown(loader->errors, line, column, name, settings,
					   PROFILE_KEYS);
	} else if (loader->places[key].given) {
		setting_errors_add(loader->errors, line, column, name,
				   "expected each key once, found it again (first on line %u)",
				   loader->places[key].line);
	} else {
		loader->places[key].given = true;
		load_value(loader, (enum profile_key)key);
	}
	return skip_node(loader);
}

/* The current event starts the mapping; ends on its last. */
static bool load_mapping(struct loader *loader)
{
	for (;;) {
		const yaml_event_t *event = &loader->event;

		if (!next_event(loader))
			return false;
		if (event->type == YAML_MAPPING_END_EVENT)
			return true;
		if (is_plain_node(event)) {
			if (!load_pair(loader))
				return false;
			continue;
		}
		setting_errors_add(loader->errors, profile_yaml_line_of(&event->start_mark),
				   column_of(&event->start_mark), "", "expected a key, found %s",
				   node_name(event));
		if (!skip_node(loader) || !next_event(loader) || !skip_node(loader))
			return false;
	}
}

static void load_stream(struct loader *loader)
{
	const yaml_event_t *event = &loader->event;

	if (!next_two_events(loader))
		return;
	if (event->type == YAML_STREAM_END_EVENT) {
		setting_errors_add(loader->errors, 1, 1, "",
				   "expected at least one key, found an empty file");
		return;
	}
	if (!next_event(loader))
		return;
	if (event->type == YAML_MAPPING_START_EVENT) {
		if (!load_mapping(loader))
			return;
	} else {
		setting_errors_add(loader->errors, profile_yaml_line_of(&event->start_mark),
				   column_of(&event->start_mark), "",
				   "expected a mapping of keys to values, found %s",
				   node_name(event));
		if (!skip_node(loader))
			return;
	}
	if (!next_two_events(loader))
		return;
	if (event->type != YAML_STREAM_END_EVENT)
		setting_errors_add(loader->errors, profile_yaml_line_of(&event->start_mark),
				   column_of(&event->start_mark), "",
				   "expected one document, found another");
}

static bool any_given(const struct profile_place *places)
{
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (places[key].given)
			return true;
	}
	return false;
}

static void profile_yaml_load(struct loader *loader)
{
	yaml_parser_set_encoding(&loader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&loader->parser, (const unsigned char *)loader->text,
				     loader->len);
	load_stream(loader);
	if (loader->errors->count == 0 && !any_given(loader->places))
		setting_errors_add(loader->errors, 1, 1, "",
				   "expected at least one key, found none");
	profile_check(&loader->work, loader->places, loader->errors);
	yaml_event_delete(&loader->event);
}

int profile_load_text(const char *name, const char *text, size_t len, struct profile *ret,
		      struct setting_errors *errors)
{
	static const char mark[] = "\xef\xbb\xbf"; /* U+FEFF, which some editors put first */
	struct loader loader = {.text = text, .len = len, .errors = errors};

	setting_errors_init(errors, name);
	if (len > PROFILE_FILE_MAX) {
		setting_errors_add(errors, 0, 0, "", "expected at most %u bytes, found more",
				   PROFILE_FILE_MAX);
		return -OTA_EINVAL;
	}
	if (len >= 3 && memcmp(text, mark, 3) == 0) {
		loader.text += 3;
		loader.len -= 3;
	}
	profile_defaults(&loader.work);
	profile_set_name(&loader.work, name);
	if (!yaml_parser_initialize(&loader.parser)) {
		setting_errors_add(errors, 0, 0, "", "out of memory");
		return -OTA_ENOMEM;
	}
	profile_yaml_load(&loader);
	yaml_parser_delete(&loader.parser);
	if (loader.no_memory)
		return -OTA_ENOMEM;
	if (errors->count > 0)
		return -OTA_EINVAL;
	*ret = loader.work;
	return 0;
}

int profile_read_file(const char *path, char *buf, size_t size, size_t *ret_len,
		      struct setting_errors *errors)
{
	const int fd = file_read_open(path, true);
	ssize_t n = 1;
	size_t len = 0;

	if (fd < 0) {
		setting_errors_add(errors, 0, 0, "", "cannot be %s: %s",
				   fd == -EISDIR || fd == -ENODEV ? "read" : "opened",
				   file_read_why(-fd));
		return os_error_code(-fd);
	}
	while (n > 0 && len < size) {
		n = file_read_some(fd, buf + len, size - len);
		if (n > 0)
			len += (size_t)n;
	}
	(void)close(fd);
	*ret_len = len;
	if (n >= 0)
		return 0;
	setting_errors_add(errors, 0, 0, "", "cannot be read: %s", file_read_why((int)-n));
	return os_error_code((int)-n);
}

int profile_load_file(const char *path, struct profile *ret, struct setting_errors *errors)
{
	/* One more byte than allowed tells that there is more. */
	char *text = malloc(PROFILE_FILE_MAX + 1);
	size_t len = 0;
	int r;

	setting_errors_init(errors, path);
	if (!text) {
		setting_errors_add(errors, 0, 0, "", "out of memory");
		return -OTA_ENOMEM;
	}
	r = profile_read_file(path, text, PROFILE_FILE_MAX + 1, &len, errors);
	if (r == 0)
		r = profile_load_text(path, text, len, ret, errors);
	free(text);
	return r;
}
