/* SPDX-License-Identifier: Apache-2.0 */
/* See setting.h: settings described once, and what is wrong with typed ones. */
#include "base/setting.h"

#include "base/text.h"
#include "base/output.h"
#include "ota/error.h"

#include <stdarg.h>
#include <string.h>

int setting_find(const struct setting *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* The nearest name, for "did you mean"; NULL when none is near. */
static const char *setting_nearest(const struct setting *table, size_t count, const char *name)
{
	struct text_nearest nearest = {.word = name};

	for (size_t i = 0; i < count; i++)
		text_nearest_offer(&nearest, table[i].name);
	return nearest.best;
}

/* Appends to a text in buf; cut where it is full. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static void
append(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(buf + len, size - len, format, ap);
	va_end(ap);
}

static void append_range(const struct setting *setting, char *buf, size_t size)
{
	char min[TEXT_WORD_MAX], max[TEXT_WORD_MAX], step[TEXT_WORD_MAX];

	append(buf, size, "%s, %s..%s", setting->decimals ? "a number" : "a whole number",
	       text_format_decimal(setting->min, setting->decimals, min, sizeof(min)),
	       text_format_decimal(setting->max, setting->decimals, max, sizeof(max)));
	if (setting->unit)
		append(buf, size, " %s", setting->unit);
	if (setting->step > 1)
		append(buf, size, " in steps of %s",
		       text_format_decimal(setting->step, setting->decimals, step, sizeof(step)));
}

char *setting_expected(const struct setting *setting, char *buf, size_t size)
{
	const struct setting_word *word = setting->words;

	buf[0] = '\0';
	if (setting->expected) {
		append(buf, size, "%s", setting->expected);
		return buf;
	}
	for (; word && word->word; word++) {
		bool last = !word[1].word && setting->kind == SETTING_CHOICE;

		append(buf, size, "%s%s",
		       word == setting->words ? ""
		       : last		      ? " or "
					      : ", ",
		       word->word);
	}
	if (setting->kind == SETTING_TEXT)
		append(buf, size, "one line of text, at most %zu bytes", setting->size - 1);
	if (setting->kind != SETTING_NUMBER)
		return buf;
	append(buf, size, "%s", setting->words ? " or " : "");
	append_range(setting, buf, size);
	return buf;
}

static const struct setting_word *find_word(const struct setting *setting, const char *text,
					    size_t len)
{
	for (const struct setting_word *w = setting->words; w && w->word; w++) {
		if (strlen(w->word) == len && memcmp(w->word, text, len) == 0)
			return w;
	}
	return NULL;
}

int setting_parse(const struct setting *setting, const char *text, size_t len, bool quoted,
		  int32_t *ret)
{
	const struct setting_word *word = find_word(setting, text, len);
	int64_t value;
	int r;

	if (word) {
		*ret = word->value;
		return 0;
	}
	if (setting->kind != SETTING_NUMBER || quoted)
		return -OTA_EINVAL;
	r = text_parse_decimal(text, len, setting->decimals, &value);
	if (r < 0)
		return r;
	if (value < setting->min || value > setting->max)
		return -OTA_ERANGE;
	if (setting->step > 1 && value % setting->step != 0)
		return -OTA_ERANGE;
	*ret = (int32_t)(setting->divisor > 1 ? value / setting->divisor : value);
	return 0;
}

char *setting_format(const struct setting *setting, int32_t value, char *buf, size_t size)
{
	for (const struct setting_word *w = setting->words; w && w->word; w++) {
		if (w->value == value) {
			(void)snprintf(buf, size, "%s", w->word);
			return buf;
		}
	}
	return text_format_decimal((int64_t)value * (setting->divisor > 1 ? setting->divisor : 1),
				   setting->decimals, buf, size);
}

/* Enumerations in the structures are read and written as int32_t. */
enum sample { SAMPLE };
_Static_assert(sizeof(enum sample) == sizeof(int32_t), "an enum is as long as an int32_t");

int32_t setting_get(const struct setting *setting, const void *structure)
{
	int32_t value;

	memcpy(&value, (const char *)structure + setting->offset, sizeof(value));
	return value;
}

void setting_put(const struct setting *setting, void *structure, int32_t value)
{
	memcpy((char *)structure + setting->offset, &value, sizeof(value));
}

void setting_errors_init(struct setting_errors *errors, const char *name)
{
	memset(errors, 0, sizeof(*errors));
	(void)output_safe_text(name, strlen(name), errors->name, sizeof(errors->name));
}

void setting_errors_add(struct setting_errors *errors, unsigned int line, unsigned int column,
			const char *key, const char *format, ...)
{
	struct setting_error *error;
	va_list ap;

	if (errors->count == SETTING_ERRORS_MAX) {
		errors->dropped++;
		return;
	}
	error = &errors->items[errors->count++];
	error->line = line;
	error->column = column;
	(void)output_safe_text(key, strlen(key), error->key, sizeof(error->key));
	va_start(ap, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
}

void setting_errors_add_value(struct setting_errors *errors, unsigned int line, unsigned int column,
			      const struct setting *setting, const char *text, size_t len,
			      bool quoted)
{
	struct text_nearest nearest = {0};
	char expected[SETTING_TEXT_MAX], found[80], word[TEXT_WORD_MAX + 1];
	bool number = !quoted && text_is_number(text, len);

	(void)setting_expected(setting, expected, sizeof(expected));
	if (output_safe_text(text, len, found, sizeof(found) - 3) >= sizeof(found) - 3)
		append(found, sizeof(found), "...");
	if (len == 0 && !quoted) {
		setting_errors_add(errors, line, column, setting->name,
				   "expected %s, found nothing", expected);
		return;
	}
	if (!number && len < sizeof(word)) {
		memcpy(word, text, len);
		word[len] = '\0';
		nearest.word = word;
		for (const struct setting_word *w = setting->words; w && w->word; w++)
			text_nearest_offer(&nearest, w->word);
	}
	setting_errors_add(errors, line, column, setting->name, "expected %s, found %s%s%s%s%s%s%s",
			   expected, quoted && setting->kind != SETTING_TEXT ? "the text " : "",
			   number ? "" : "\"", found, number ? "" : "\"",
			   nearest.best ? " (did you mean " : "", nearest.best ? nearest.best : "",
			   nearest.best ? "?)" : "");
}

void setting_errors_add_unknown(struct setting_errors *errors, unsigned int line,
				unsigned int column, const char *key, const struct setting *table,
				size_t count)
{
	const char *nearest = setting_nearest(table, count, key);
	char known[SETTING_TEXT_MAX * 4] = "";

	if (nearest) {
		setting_errors_add(errors, line, column, key, "unknown key (did you mean %s?)",
				   nearest);
		return;
	}
	if (errors->names_listed) {
		setting_errors_add(errors, line, column, key, "unknown key");
		return;
	}
	errors->names_listed = true;
	for (size_t i = 0; i < count; i++)
		append(known, sizeof(known), "%s%s", i == 0 ? "" : ", ", table[i].name);
	setting_errors_add(errors, line, column, key, "unknown key, expected one of %s", known);
}

char *setting_error_format(const struct setting_errors *errors, size_t index, char *buf,
			   size_t size)
{
	const struct setting_error *error = &errors->items[index];

	(void)snprintf(buf, size, "%s:", errors->name);
	if (error->line > 0)
		append(buf, size, "%u:%u:", error->line, error->column);
	append(buf, size, " %s%s%s", error->key, error->key[0] ? ": " : "", error->text);
	return buf;
}
