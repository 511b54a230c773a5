/* SPDX-License-Identifier: Apache-2.0 */
/* See profile.h: a profile's values, apart from where they are read from. */
#include "profile/profile_priv.h"

#include "base/text.h"
#include "base/output.h"
#include "ota/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MIN 6 /* 7.5 ms, the shortest: Core Vol 4 Part E 7.8.18 */
#define USUAL_VALUE 495 /* the longest that fills its packets, where no chunk stands */
#define ACK_LEAST 256 /* of ack_interval */
#define ATT_VALUE_HEADER 3 /* opcode and handle, Core Vol 3 Part F 3.4.5 */

void profile_defaults(struct profile *profile)
{
	const struct setting *settings = profile_settings();

	memset(profile, 0, sizeof(*profile));
	profile_set_name(profile, "default");
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (settings[key].kind != SETTING_TEXT)
			setting_put(&settings[key], profile, settings[key].initial);
	}
}

void profile_set_name(struct profile *profile, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t len;

	base = base ? base + 1 : path;
	len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".yaml") == 0)
		len -= 5;
	memset(profile->name, 0, sizeof(profile->name));
	(void)output_safe_text(base, len, profile->name, sizeof(profile->name));
}

static int apply_text(const struct setting *setting, struct profile *profile, const char *text,
		      size_t len)
{
	char *member = (char *)profile + setting->offset;

	/* A block scalar (| or >) ends with a newline. */
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len >= setting->size || !output_is_safe(text, len))
		return -OTA_EINVAL;
	memset(member, 0, setting->size);
	memcpy(member, text, len);
	return 0;
}

int profile_apply(struct profile *profile, enum profile_key key, const char *text, size_t len,
		  bool quoted)
{
	const struct setting *setting = &profile_settings()[key];
	int32_t value;
	int r;

	if (setting->kind == SETTING_TEXT)
		return apply_text(setting, profile, text, len);
	r = setting_parse(setting, text, len, quoted, &value);
	if (r < 0)
		return r;
	setting_put(setting, profile, value);
	return 0;
}

/* The last of the keys that was given, or the first one when none was; PROFILE_KEYS
 * when one was refused, as then nothing can be said. */
static enum profile_key culprit(const struct profile_place *places, const enum profile_key *keys,
				size_t count)
{
	enum profile_key found = keys[0];

	for (size_t i = 0; i < count; i++) {
		const struct profile_place *place = &places[keys[i]], *best = &places[found];

		if (place->bad)
			return PROFILE_KEYS;
		if (place->given && (!best->given || place->line >= best->line))
			found = keys[i];
	}
	return found;
}

#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
static void
complain(struct setting_errors *errors, const struct profile_place *places,
	 const enum profile_key *keys, size_t count, const char *format, ...)
{
	enum profile_key key = culprit(places, keys, count);
	char text[SETTING_TEXT_MAX];
	va_list ap;

	if (key == PROFILE_KEYS)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	setting_errors_add(errors, places[key].line, places[key].column,
			   profile_settings()[key].name, "%s", text);
}

/* Core Vol 4 Part E 7.8.18: the timeout shall be larger than
 * (1 + latency) * interval * 2, or a controller refuses the parameters. */
static void check_supervision(const struct profile *profile, const struct profile_place *places,
			      struct setting_errors *errors)
{
	static const enum profile_key keys[] = {
		PROFILE_KEY_SUPERVISION_TIMEOUT,
		PROFILE_KEY_PERIPHERAL_LATENCY,
		PROFILE_KEY_CONNECTION_INTERVAL,
	};
	bool given = profile->connection_interval > 0;
	/* auto and keep: at least the shortest interval must go together with them. */
	int32_t interval = given ? profile->connection_interval : INTERVAL_MIN;
	/* Hundredths of a millisecond: an interval unit is 125 of them. */
	int64_t least = (int64_t)(1 + profile->peripheral_latency) * interval * 125 * 2;
	char least_ms[TEXT_WORD_MAX], interval_ms[TEXT_WORD_MAX];

	if ((int64_t)profile->supervision_timeout_ms * 100 > least)
		return;
	complain(errors, places, keys, sizeof(keys) / sizeof(keys[0]),
		 "expected supervision_timeout_ms over %s (2 x (1 + peripheral_latency %d) x "
		 "%s interval of %s ms), found %d",
		 text_format_decimal(least, 2, least_ms, sizeof(least_ms)),
		 (int)profile->peripheral_latency, given ? "the connection" : "the shortest",
		 text_format_decimal((int64_t)interval * 125, 2, interval_ms, sizeof(interval_ms)),
		 (int)profile->supervision_timeout_ms);
}

void profile_check(const struct profile *profile, const struct profile_place *places,
		   struct setting_errors *errors)
{
	static const enum profile_key ack[] = {PROFILE_KEY_ACK_INTERVAL, PROFILE_KEY_WINDOW};
	static const enum profile_key backoff[] = {PROFILE_KEY_BACKOFF, PROFILE_KEY_BACKOFF_MAX};
	static const enum profile_key mtu[] = {PROFILE_KEY_CHUNK, PROFILE_KEY_MTU_MAX};

	check_supervision(profile, places, errors);
	/* A full window would wait for an acknowledgement that is not due yet. */
	if (profile->window > 0 && profile->ack_interval > profile->window)
		complain(errors, places, ack, 2,
			 "expected ack_interval at most the window of %d bytes, found %d",
			 (int)profile->window, (int)profile->ack_interval);
	if (profile->backoff_ms > profile->backoff_max_ms)
		complain(errors, places, backoff, 2,
			 "expected backoff_ms at most backoff_max_ms of %d, found %d",
			 (int)profile->backoff_max_ms, (int)profile->backoff_ms);
	if (profile->chunk > profile->mtu_max - ATT_VALUE_HEADER)
		complain(errors, places, mtu, 2,
			 "expected chunk at most mtu_max - 3 = %d bytes, found %d",
			 (int)profile->mtu_max - ATT_VALUE_HEADER, (int)profile->chunk);
}

char *profile_warning(const struct profile *profile, char *buf, size_t size)
{
	const int32_t by_mtu = profile->mtu_max - ATT_VALUE_HEADER;
	const int32_t value = profile->chunk > 0     ? profile->chunk
			      : by_mtu < USUAL_VALUE ? by_mtu
						     : USUAL_VALUE;
	const int32_t payload = value - (int32_t)OTA_DATA_HEADER;
	const int32_t holds = profile->window / payload;
	const int32_t needs = (profile->ack_interval + payload - 1) / payload;

	buf[0] = '\0';
	/* One value is always under way, however small the window. */
	if (profile->window > 0 && profile->ack_interval > 0 && (holds > 0 ? holds : 1) < needs)
		(void)snprintf(
			buf, size,
			"window %d holds %d whole values of %d bytes, ack_interval %d takes "
			"%d: the device waits 100 ms for more each time; ack_interval=%d, or "
			"auto, does not wait",
			(int)profile->window, (int)holds, (int)value, (int)profile->ack_interval,
			(int)needs,
			(int)(profile->window / 4 > ACK_LEAST ? profile->window / 4 : ACK_LEAST));
	return buf;
}

static void set_one(struct profile *profile, const char *assignment, struct profile_place *places,
		    struct setting_errors *errors)
{
	const struct setting *settings = profile_settings();
	const char *value = strchr(assignment, '=');
	char name[SETTING_TEXT_MAX], safe[SETTING_TEXT_MAX];
	size_t len = value ? (size_t)(value - assignment) : 0;
	int key;

	if (!value || len >= sizeof(name)) {
		(void)output_safe_text(assignment, strlen(assignment), safe, sizeof(safe));
		setting_errors_add(errors, 0, 0, "", "expected key=value, found \"%s\"", safe);
		return;
	}
	memcpy(name, assignment, len);
	name[len] = '\0';
	value++;
	key = setting_find(settings, PROFILE_KEYS, name);
	if (key < 0) {
		setting_errors_add_unknown(errors, 0, 0, name, settings, PROFILE_KEYS);
		return;
	}
	places[key].given = true;
	if (profile_apply(profile, (enum profile_key)key, value, strlen(value), false) < 0) {
		places[key].bad = true;
		setting_errors_add_value(errors, 0, 0, &settings[key], value, strlen(value), false);
	}
}

int profile_set(struct profile *profile, const char *const *assignments, size_t count,
		const char *name, struct setting_errors *errors)
{
	struct profile_place places[PROFILE_KEYS] = {0};
	struct profile work = *profile;

	setting_errors_init(errors, name);
	for (size_t i = 0; i < count; i++)
		set_one(&work, assignments[i], places, errors);
	profile_check(&work, places, errors);
	if (errors->count > 0)
		return -OTA_EINVAL;
	*profile = work;
	return 0;
}

char *profile_get(const struct profile *profile, enum profile_key key, char *buf, size_t size)
{
	const struct setting *setting = &profile_settings()[key];

	if (setting->kind != SETTING_TEXT)
		return setting_format(setting, setting_get(setting, profile), buf, size);
	(void)snprintf(buf, size, "%s", (const char *)profile + setting->offset);
	return buf;
}

#define COMMENT_WIDTH 78

/* text as comment lines, broken between words. */
static void write_comment(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > COMMENT_WIDTH) {
			(void)fputc('\n', out);
			column = 0;
		}
		(void)fprintf(out, "%s %.*s", column == 0 ? "#" : "", (int)len, text);
		column += 1 + len + (column == 0);
		text += len;
		while (*text == ' ')
			text++;
	}
	(void)fputc('\n', out);
}

static const char *section_title(enum profile_key key)
{
	if (key == PROFILE_KEY_CHUNK)
		return "Sending";
	if (key == PROFILE_KEY_ACK_TIMEOUT)
		return "Time-outs and retries";
	if (key == PROFILE_KEY_CONNECTION_INTERVAL)
		return "Link: values that the device requests from the adapter";
	if (key == PROFILE_KEY_TELEMETRY)
		return "Telemetry and confirmation";
	return NULL;
}

static int write_key(const struct profile *profile, enum profile_key key, FILE *out)
{
	const struct setting *setting = &profile_settings()[key];
	const char *title = section_title(key);
	char value[SETTING_TEXT_MAX], initial[SETTING_TEXT_MAX], expected[SETTING_TEXT_MAX];
	char line[SETTING_TEXT_MAX * 3];
	char *quoted;

	(void)profile_get(profile, key, value, sizeof(value));
	if (title)
		(void)fprintf(out, "\n# --- %s\n", title);
	(void)fputc('\n', out);
	write_comment(out, setting->help);
	if (setting->kind != SETTING_TEXT) {
		(void)snprintf(line, sizeof(line), "Takes %s; default %s.",
			       setting_expected(setting, expected, sizeof(expected)),
			       setting_format(setting, setting->initial, initial, sizeof(initial)));
		write_comment(out, line);
		(void)fprintf(out, "%s: %s\n", setting->name, value);
		return 0;
	}
	/* A JSON string is a YAML double-quoted scalar (YAML 1.2.2, 1.3). */
	quoted = output_json_quote(value);
	if (!quoted)
		return -OTA_ENOMEM;
	(void)fprintf(out, "%s: %s\n", setting->name, quoted);
	free(quoted);
	return 0;
}

int profile_write(const struct profile *profile, FILE *out)
{
	int r;

	write_comment(out, "A profile of otabench. Omitted keys have their defaults; 'otabench "
			   "profile check FILE' reports mistakes.");
	for (int key = 0; key < PROFILE_KEYS; key++) {
		r = write_key(profile, (enum profile_key)key, out);
		if (r < 0)
			return r;
	}
	return fflush(out) == EOF || ferror(out) ? -OTA_EIO : 0;
}
