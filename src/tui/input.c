/* SPDX-License-Identifier: Apache-2.0 */
/* See input.h. */
#include "config.h" /* system extensions: DT_DIR */

#include "tui/input.h"

#include "view/key.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void input_set(struct input *input, const char *text)
{
	(void)snprintf(input->text, sizeof(input->text), "%s", text);
	input->cursor = strlen(input->text);
}

/* --- editing */

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t previous(const struct input *input)
{
	size_t at = input->cursor;

	while (at > 0 && continues(input->text[--at]))
		;
	return at;
}

static size_t following(const struct input *input)
{
	size_t at = input->cursor;

	if (input->text[at] == '\0')
		return at;
	while (continues(input->text[++at]))
		;
	return at;
}

/* Takes out the bytes from one place up to another; the cursor comes to the first. */
static void cut(struct input *input, size_t from, size_t to)
{
	memmove(input->text + from, input->text + to, strlen(input->text + to) + 1);
	input->cursor = from;
}

static void insert(struct input *input, const char *bytes, size_t len)
{
	const size_t old = strlen(input->text);

	if (old + len >= sizeof(input->text))
		return;
	memmove(input->text + input->cursor + len, input->text + input->cursor,
		old - input->cursor + 1);
	memcpy(input->text + input->cursor, bytes, len);
	input->cursor += len;
}

static void insert_character(struct input *input, int32_t key)
{
	const uint32_t c = (uint32_t)key;
	char bytes[4];
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t first[5] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return;
	for (size_t i = len; i-- > 0;)
		bytes[i] = (char)(i > 0 ? 0x80 | (c >> (6 * (len - 1 - i)) & 0x3f)
					: first[len] | (c >> (6 * (len - 1))));
	insert(input, bytes, len);
}

static void cut_word(struct input *input)
{
	const size_t end = input->cursor;
	size_t from = end;

	while (from > 0 && (input->text[from - 1] == ' ' || input->text[from - 1] == '/'))
		from--;
	while (from > 0 && input->text[from - 1] != ' ' && input->text[from - 1] != '/')
		from--;
	cut(input, from, end);
}

enum input_result input_key(struct input *input, int32_t key)
{
	switch (key) {
	case TUI_KEY_ENTER:
		return INPUT_DONE;
	case TUI_KEY_ESCAPE:
	case KEY_CTRL('c'):
		return INPUT_CANCELLED;
	case TUI_KEY_TAB:
		return INPUT_COMPLETE;
	case TUI_KEY_BACKSPACE:
		if (input->text[0] == '\0')
			return INPUT_CANCELLED;
		cut(input, previous(input), input->cursor);
		break;
	case TUI_KEY_DELETE:
		cut(input, input->cursor, following(input));
		break;
	case TUI_KEY_LEFT:
		input->cursor = previous(input);
		break;
	case TUI_KEY_RIGHT:
		input->cursor = following(input);
		break;
	case TUI_KEY_HOME:
	case KEY_CTRL('a'):
		input->cursor = 0;
		break;
	case TUI_KEY_END:
	case KEY_CTRL('e'):
		input->cursor = strlen(input->text);
		break;
	case KEY_CTRL('u'):
		cut(input, 0, input->cursor);
		break;
	case KEY_CTRL('k'):
		input->text[input->cursor] = '\0';
		break;
	case KEY_CTRL('w'):
		cut_word(input);
		break;
	default: /* every other key is a character, or means nothing */
		insert_character(input, key);
		break;
	}
	return INPUT_EDITED;
}

/* --- completing */

struct matches {
	const char *prefix;
	char common[INPUT_MAX]; /* what all have in common */
	size_t count;
	bool folder; /* the only one is a folder */
	char *list;
	size_t list_size, list_len;
};

static void offer(struct matches *m, const char *name, bool folder)
{
	size_t same = 0;
	int len;

	if (strncmp(name, m->prefix, strlen(m->prefix)) != 0)
		return;
	if (m->count++ == 0)
		(void)snprintf(m->common, sizeof(m->common), "%s", name);
	while (m->common[same] != '\0' && m->common[same] == name[same])
		same++;
	while (same > 0 && continues(m->common[same]))
		same--;
	m->common[same] = '\0';
	m->folder = folder;
	if (!m->list || m->list_len >= m->list_size)
		return;
	len = snprintf(m->list + m->list_len, m->list_size - m->list_len, "%s%s%s",
		       m->list_len > 0 ? "  " : "", name, folder ? "/" : "");
	m->list_len += len > 0 ? (size_t)len : 0;
}

/* Puts what the matches have in common in the place of the prefix. */
static size_t take(struct input *input, const struct matches *m, size_t prefix_len)
{
	if (m->count == 0)
		return 0;
	input->cursor = strlen(input->text);
	cut(input, input->cursor - prefix_len, input->cursor);
	insert(input, m->common, strlen(m->common));
	if (m->count == 1 && m->folder)
		insert(input, "/", 1);
	return m->count;
}

static bool is_folder(const char *folder, const char *name)
{
	char path[INPUT_MAX * 2];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void expand_home(struct input *input, size_t start)
{
	const char *home = getenv("HOME");

	if (strncmp(input->text + start, "~/", 2) != 0 || !home)
		return;
	cut(input, start, start + 1);
	insert(input, home, strlen(home));
	input->cursor = strlen(input->text);
}

size_t input_complete_path(struct input *input, size_t start, char *ret_list, size_t size)
{
	struct matches m = {.list = ret_list, .list_size = size};
	char folder[INPUT_MAX], prefix[INPUT_MAX];
	const char *slash;
	DIR *dir;

	if (ret_list && size > 0)
		ret_list[0] = '\0';
	if (start > strlen(input->text))
		return 0;
	expand_home(input, start);
	slash = strrchr(input->text + start, '/');
	(void)snprintf(prefix, sizeof(prefix), "%s", slash ? slash + 1 : input->text + start);
	(void)snprintf(folder, sizeof(folder), "%.*s",
		       slash ? (int)(slash + 1 - (input->text + start)) : 1,
		       slash ? input->text + start : ".");
	m.prefix = prefix;
	dir = opendir(folder);
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		/* Hidden files only for those who ask for them. */
		if (e->d_name[0] != '.' || prefix[0] == '.')
			offer(&m, e->d_name, is_folder(folder, e->d_name));
	}
	if (dir)
		(void)closedir(dir);
	return take(input, &m, strlen(prefix));
}

size_t input_complete_word(struct input *input, size_t start, const char *const *words,
			   char *ret_list, size_t size)
{
	struct matches m = {.list = ret_list, .list_size = size};
	char prefix[INPUT_MAX];

	if (ret_list && size > 0)
		ret_list[0] = '\0';
	if (start > strlen(input->text))
		return 0;
	(void)snprintf(prefix, sizeof(prefix), "%s", input->text + start);
	m.prefix = prefix;
	for (size_t i = 0; words[i]; i++)
		offer(&m, words[i], false);
	return take(input, &m, strlen(prefix));
}
