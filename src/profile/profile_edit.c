/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New values into the text of a profile.  libyaml's tokens tell where each value
 * stands to the character; everything else of the text is copied as it is.
 */
#include "config.h" /* system extensions: open_memstream() */

#include "profile/profile_edit.h"

#include "base/output.h"
#include "ota/error.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* U+FEFF, which some editors put first and libyaml is not shown. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* A value in the text: bytes from..to are replaced by what the profile has. */
struct place {
	bool given;
	size_t from, to;
	yaml_scalar_style_t style;
};

struct editor {
	const char *text; /* without a byte order mark */
	size_t len;
	bool marked; /* a byte order mark comes first */
	const char *newline; /* as the file has it */
	struct place places[PROFILE_KEYS];
	bool flow; /* {a: 1, b: 2} */
	size_t indent; /* of a block mapping's keys, columns */
	size_t end; /* where a new key can be put: behind '{', or at the end of the block */
	yaml_parser_t parser;
};

bool profile_differs(const struct profile *a, const struct profile *b, enum profile_key key)
{
	char is[SETTING_TEXT_MAX], other[SETTING_TEXT_MAX];

	return strcmp(profile_get(a, key, is, sizeof(is)),
		      profile_get(b, key, other, sizeof(other))) != 0;
}

static bool profile_edit_same(const struct profile *a, const struct profile *b)
{
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (profile_differs(a, b, (enum profile_key)key))
			return false;
	}
	return true;
}

/* --- where things are */

/* libyaml counts characters; the text has been read as a profile, so it is UTF-8. */
static size_t byte_of(const struct editor *e, const yaml_mark_t *mark)
{
	size_t at = 0;

	for (size_t i = 0; i < mark->index && at < e->len; i++) {
		at++;
		while (at < e->len && ((unsigned char)e->text[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void keep_value(struct editor *e, struct place *place, const yaml_token_t *token)
{
	place->given = true;
	place->from = byte_of(e, &token->start_mark);
	place->to = byte_of(e, &token->end_mark);
	place->style = token->data.scalar.style;
	/* A block scalar reaches to what follows it; its blank lines are not the value's. */
	while (place->to > place->from && is_blank(e->text[place->to - 1]))
		place->to--;
}

/* Walks over the tokens of a mapping of scalars to scalars, which the text is. */
static bool take_token(struct editor *e, const yaml_token_t *token, bool *in_key, int *key)
{
	switch (token->type) {
	case YAML_FLOW_MAPPING_START_TOKEN:
		e->flow = true;
		e->end = byte_of(e, &token->end_mark);
		break;
	case YAML_BLOCK_MAPPING_START_TOKEN:
		e->indent = token->start_mark.column;
		break;
	case YAML_DOCUMENT_END_TOKEN: /* there may be several */
		if (!e->flow && e->end == e->len)
			e->end = byte_of(e, &token->start_mark);
		break;
	case YAML_KEY_TOKEN:
		*in_key = true;
		break;
	case YAML_VALUE_TOKEN:
		*in_key = false;
		break;
	case YAML_SCALAR_TOKEN:
		if (*in_key)
			*key = setting_find(profile_settings(), PROFILE_KEYS,
					    (const char *)token->data.scalar.value);
		else if (*key >= 0)
			keep_value(e, &e->places[*key], token);
		break;
	case YAML_STREAM_END_TOKEN:
		return false;
	case YAML_NO_TOKEN:
	case YAML_STREAM_START_TOKEN:
	case YAML_VERSION_DIRECTIVE_TOKEN:
	case YAML_TAG_DIRECTIVE_TOKEN:
	case YAML_DOCUMENT_START_TOKEN:
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_END_TOKEN:
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
	case YAML_BLOCK_ENTRY_TOKEN:
	case YAML_FLOW_ENTRY_TOKEN:
	case YAML_ALIAS_TOKEN:
	case YAML_ANCHOR_TOKEN:
	case YAML_TAG_TOKEN:
		break;
	}
	return true;
}

static int find_places(struct editor *e)
{
	bool more = true, in_key = false;
	int key = -1;

	if (!yaml_parser_initialize(&e->parser))
		return -OTA_ENOMEM;
	yaml_parser_set_encoding(&e->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&e->parser, (const unsigned char *)e->text, e->len);
	e->end = e->len;
	while (more) {
		yaml_token_t token;

		if (!yaml_parser_scan(&e->parser, &token))
			break; /* it was read before: only memory can be missing */
		more = take_token(e, &token, &in_key, &key);
		yaml_token_delete(&token);
	}
	yaml_parser_delete(&e->parser);
	return more ? -OTA_ENOMEM : 0;
}

/* --- writing */

/* The rest of a block scalar's first line, behind its sign: "| # why". */
static const char *header_comment(const struct editor *e, const struct place *place, int *ret_len)
{
	const char *at = e->text + place->from, *end;

	*ret_len = 0;
	if (place->style != YAML_LITERAL_SCALAR_STYLE && place->style != YAML_FOLDED_SCALAR_STYLE)
		return "";
	/* The text ends where its length says, not with a zero. */
	for (end = at; end < e->text + e->len && *end != '\r' && *end != '\n';)
		end++;
	while (at < end && *at != '#')
		at++;
	*ret_len = (int)(end - at);
	return at;
}

static int write_text(const char *value, yaml_scalar_style_t style, FILE *out)
{
	char *quoted;

	if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE) {
		(void)fputc('\'', out);
		for (; *value != '\0'; value++)
			(void)fprintf(out, "%s%c", *value == '\'' ? "'" : "", *value);
		(void)fputc('\'', out);
		return 0;
	}
	/* A JSON string is a YAML double-quoted scalar (YAML 1.2.2, 1.3). */
	quoted = output_json_quote(value);
	if (!quoted)
		return -OTA_ENOMEM;
	(void)fputs(quoted, out);
	free(quoted);
	return 0;
}

static int write_value(const struct profile *profile, enum profile_key key,
		       yaml_scalar_style_t style, FILE *out)
{
	char value[SETTING_TEXT_MAX];

	(void)profile_get(profile, key, value, sizeof(value));
	if (profile_settings()[key].kind == SETTING_TEXT)
		return write_text(value, style, out);
	(void)fputs(value, out);
	return 0;
}

/* The first value at or behind a byte, among the keys in which the profiles differ. */
static int next_place(const struct editor *e, const bool *change, size_t at)
{
	int found = -1;

	for (int key = 0; key < PROFILE_KEYS; key++) {
		const struct place *place = &e->places[key];

		if (change[key] && place->given && place->from >= at &&
		    (found < 0 || place->from < e->places[found].from))
			found = key;
	}
	return found;
}

static int write_new_keys(const struct editor *e, const bool *change, const struct profile *wanted,
			  FILE *out)
{
	const bool broken = e->end > 0 && e->text[e->end - 1] != '\n' && !e->flow;
	bool first = true;

	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!change[key] || e->places[key].given)
			continue;
		if (broken && first)
			(void)fputs(e->newline, out);
		first = false;
		(void)fprintf(out, "%*s%s: ", e->flow ? 0 : (int)e->indent, "",
			      profile_settings()[key].name);
		if (write_value(wanted, (enum profile_key)key, YAML_ANY_SCALAR_STYLE, out) < 0)
			return -OTA_ENOMEM;
		(void)fputs(e->flow ? ", " : e->newline, out);
	}
	return 0;
}

static void profile_edit_copy(const struct editor *e, size_t from, size_t to, FILE *out)
{
	if (to > from)
		(void)fwrite(e->text + from, 1, to - from, out);
}

static int write_all(const struct editor *e, const bool *change, const struct profile *wanted,
		     FILE *out)
{
	bool added = false;
	size_t at = 0;
	int r = 0;

	while (r == 0) {
		const int key = next_place(e, change, at);
		const struct place *place = &e->places[key >= 0 ? key : 0];
		const char *comment;
		int len;

		if (!added && (key < 0 || e->end <= place->from)) {
			profile_edit_copy(e, at, e->end, out);
			at = e->end;
			added = true;
			r = write_new_keys(e, change, wanted, out);
			continue;
		}
		if (key < 0)
			break;
		profile_edit_copy(e, at, place->from, out);
		at = place->to;
		r = write_value(wanted, (enum profile_key)key, place->style, out);
		comment = header_comment(e, place, &len);
		if (len > 0)
			(void)fprintf(out, " %.*s", len, comment);
	}
	profile_edit_copy(e, at, e->len, out);
	return r;
}

static const char *newline_of(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return end && end > text && end[-1] == '\r' ? "\r\n" : "\n";
}

static int make(struct editor *e, const struct profile *is, const struct profile *wanted,
		char **ret, size_t *ret_len)
{
	bool change[PROFILE_KEYS];
	FILE *out;
	int r = find_places(e);

	if (r < 0)
		return r;
	for (int key = 0; key < PROFILE_KEYS; key++)
		change[key] = profile_differs(is, wanted, (enum profile_key)key);
	out = open_memstream(ret, ret_len);
	if (!out)
		return -OTA_ENOMEM;
	if (e->marked)
		(void)fputs(byte_order_mark, out);
	r = write_all(e, change, wanted, out);
	if (fclose(out) != 0 || r < 0) {
		free(*ret);
		return -OTA_ENOMEM;
	}
	return 0;
}

int profile_edit_text(const char *name, const char *text, size_t len, const struct profile *wanted,
		      char **ret_text, size_t *ret_len, struct setting_errors *errors)
{
	const size_t skip = len >= 3 && memcmp(text, byte_order_mark, 3) == 0 ? 3 : 0;
	struct editor e = {.text = text + skip, .len = len - skip, .marked = skip > 0};
	struct profile is, again;
	char *made = NULL;
	size_t made_len = 0;
	int r = profile_load_text(name, text, len, &is, errors);

	if (r < 0)
		return r;
	e.newline = newline_of(text, len);
	r = make(&e, &is, wanted, &made, &made_len);
	if (r < 0) {
		setting_errors_add(errors, 0, 0, "", "out of memory");
		return r;
	}
	/* A text that does not read back as the wanted values must not go to a disk. */
	r = profile_load_text(name, made, made_len, &again, errors);
	if (r == 0 && !profile_edit_same(&again, wanted)) {
		setting_errors_add(errors, 0, 0, "",
				   "expected the changed text to read back with the new values, "
				   "found another value");
		r = -OTA_EINVAL;
	}
	if (r < 0) {
		free(made);
		return r;
	}
	*ret_text = made;
	*ret_len = made_len;
	return 0;
}
