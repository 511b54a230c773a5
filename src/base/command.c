/* SPDX-License-Identifier: Apache-2.0 */
/* See command.h. */
#include "base/command.h"

#include "base/output.h"

#include <string.h>

static void put(struct command *c, const char *text, size_t len)
{
	if (!c->whole || len >= c->size - c->len) {
		c->whole = false;
		return;
	}
	memcpy(c->buf + c->len, text, len);
	c->len += len;
	c->buf[c->len] = '\0';
}

static void put_text(struct command *c, const char *text)
{
	put(c, text, strlen(text));
}

static void put_blank(struct command *c)
{
	if (c->len > 0)
		put(c, " ", 1);
}

/* Characters that no shell treats specially, wherever they stand in a word. */
static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";

	return word[0] != '\0' && strspn(word, plain) == strlen(word);
}

static void put_quoted(struct command *c, const char *word)
{
	put_text(c, "'");
	for (; *word != '\0'; word++)
		if (*word == '\'')
			put_text(c, "'\\''");
		else
			put(c, word, 1);
	put_text(c, "'");
}

static void put_escaped(struct command *c, const char *word)
{
	static const char hex[] = "0123456789abcdef";

	put_text(c, "$'");
	for (; *word != '\0'; word++) {
		const unsigned char byte = (unsigned char)*word;
		const char escape[] = {'\\', 'x', hex[byte >> 4], hex[byte & 0xf]};

		if (byte < ' ' || byte > '~')
			put(c, escape, sizeof(escape));
		else if (byte == '\'' || byte == '\\')
			put(c, (const char[]){'\\', (char)byte}, 2);
		else
			put(c, word, 1);
	}
	put_text(c, "'");
}

static void put_word(struct command *c, const char *word)
{
	if (is_plain(word))
		put_text(c, word);
	else if (output_is_safe(word, strlen(word)))
		put_quoted(c, word);
	else
		put_escaped(c, word);
}

void command_begin_part(struct command *c, char *buf, size_t size)
{
	*c = (struct command){.buf = buf, .size = size, .whole = size > 0};
	if (size > 0)
		buf[0] = '\0';
}

void command_begin(struct command *c, char *buf, size_t size)
{
	command_begin_part(c, buf, size);
	put_text(c, "otabench");
}

void command_add(struct command *c, const char *words)
{
	if (words[0] == '\0')
		return;
	put_blank(c);
	put_text(c, words);
}

void command_word(struct command *c, const char *word)
{
	put_blank(c);
	put_word(c, word);
}

void command_file(struct command *c, const char *path)
{
	put_blank(c);
	/* Not "--", behind which no option may follow; ./'-a b' is one word, too. */
	if (path[0] == '-')
		put_text(c, "./");
	put_word(c, path);
}

bool command_end(struct command *c)
{
	if (!c->whole && c->size > 0)
		c->buf[0] = '\0';
	return c->whole;
}

bool command_is_plain(const char *word)
{
	return is_plain(word) && word[0] != '-';
}
