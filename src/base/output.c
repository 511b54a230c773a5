/* SPDX-License-Identifier: Apache-2.0 */
/* See output.h: JSON lines, figures for people, harmless text. */
#include "config.h" /* system extensions: fileno() */

#include "base/output.h"

#include "base/text.h"
#include "ota/error.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * Length of the well-formed UTF-8 character at s (Unicode 15, table 3-7), or 0;
 * *ret_code is its code point.
 */
static size_t utf8_decode(const unsigned char *s, size_t len, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code = s[0];
	size_t need;

	if (code < 0x80)
		need = 1;
	else if ((code & 0xe0) == 0xc0)
		need = 2;
	else if ((code & 0xf0) == 0xe0)
		need = 3;
	else if ((code & 0xf8) == 0xf0)
		need = 4;
	else
		return 0;
	if (need > len)
		return 0;
	if (need > 1)
		code &= 0x7fu >> need;
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	if (code < least[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return need;
}

static bool code_is_harmless(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
		{0x0, 0x1f}, /* C0 */
		{0x7f, 0x9f}, /* DEL and C1 */
		{0xad, 0xad}, /* soft hyphen */
		{0x61c, 0x61c}, /* Arabic letter mark */
		{0x180e, 0x180e}, /* a space without width */
		{0x200b, 0x200f}, /* zero width, direction marks */
		{0x2028, 0x202e}, /* separators, embeddings and overrides */
		{0x2060, 0x206f}, /* invisible operators, isolates */
		{0xfdd0, 0xfdef}, /* noncharacters */
		{0xfeff, 0xfeff}, /* byte order mark */
		{0xfff0, 0xfffb}, /* interlinear annotation */
		{0xfffe, 0xffff}, /* noncharacters */
		{0xe0000, 0xe0fff}, /* tags */
	};

	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		if (code >= harmful[i].first && code <= harmful[i].last)
			return false;
	}
	return true;
}

size_t output_safe_text(const void *bytes, size_t len, char *buf, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = bytes;
	size_t total = 0, written = 0;

	for (size_t i = 0; i < len;) {
		uint32_t code = 0;
		size_t n = utf8_decode(s + i, len - i, &code);
		char unit[4] = {'\\', 'x', hex[s[i] >> 4], hex[s[i] & 0xf]};
		size_t unit_len = sizeof(unit);

		if (n > 0 && code_is_harmless(code)) {
			memcpy(unit, s + i, n);
			unit_len = n;
			i += n;
		} else {
			i++;
		}
		/* Once something did not fit nothing after it is written. */
		if (written == total && written + unit_len < size) {
			memcpy(buf + written, unit, unit_len);
			written += unit_len;
		}
		total += unit_len;
	}
	if (size > 0)
		buf[written] = '\0';
	return total;
}

bool output_is_safe(const void *bytes, size_t len)
{
	return output_safe_text(bytes, len, NULL, 0) == len;
}

json_t *output_json_seconds(uint64_t us)
{
	/* Fifteen significant digits, as output_json_line() prints, keep microseconds
	 * exact for thirty years. */
	return json_real((double)us / 1e6);
}

json_t *output_json_text(const void *bytes, size_t len)
{
	size_t size = output_safe_text(bytes, len, NULL, 0) + 1;
	char *text = malloc(size);
	json_t *string;

	if (!text)
		return NULL;
	(void)output_safe_text(bytes, len, text, size);
	string = json_string(text);
	free(text);
	return string;
}

char *output_json_quote(const char *text)
{
	json_t *string = json_string(text);
	char *quoted;

	if (!string)
		return NULL;
	quoted = json_dumps(string, JSON_ENCODE_ANY);
	json_decref(string);
	return quoted;
}

int output_json_line(FILE *out, json_t *object)
{
	char *text;
	int r = 0;

	if (!object)
		return -OTA_ENOMEM;
	text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
	json_decref(object);
	if (!text)
		return -OTA_ENOMEM;
	if (fputs(text, out) == EOF || fputc('\n', out) == EOF || fflush(out) != 0)
		r = -OTA_EIO;
	free(text);
	return r;
}

bool output_reader_left(FILE *out)
{
	struct pollfd at = {.fd = fileno(out), .events = POLLOUT};

	return at.fd >= 0 && poll(&at, 1, 0) == 1 && (at.revents & POLLERR) != 0;
}

bool output_is_terminal(FILE *out)
{
	int fd = fileno(out);

	return fd >= 0 && isatty(fd);
}

bool output_has_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && no_color[0] != '\0')
		return false;
	return term && strcmp(term, "dumb") != 0 && output_is_terminal(out);
}

unsigned int output_height(FILE *out)
{
	struct winsize size = {0};

	if (!output_is_terminal(out) || ioctl(fileno(out), TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_row;
}

unsigned int output_width(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = {0};
	uint64_t width;
	int fd = fileno(out);

	if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (columns && text_parse_unsigned(columns, strlen(columns), &width) == 0 && width > 0 &&
	    width <= 10000)
		return (unsigned int)width;
	return 80;
}

static char *figure_bytes(uint64_t bytes, const char *suffix, char *buf, size_t size)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	uint64_t unit = 1000;
	uint64_t tenths;
	size_t i = 0;

	if (bytes < 1000) {
		(void)snprintf(buf, size, "%u B%s", (unsigned int)bytes, suffix);
		return buf;
	}
	/* The next unit already where rounding would show 1000.0. */
	while (i + 1 < sizeof(units) / sizeof(units[0]) && bytes >= unit * 1000 - unit / 20) {
		unit *= 1000;
		i++;
	}
	tenths = bytes / (unit / 10);
	if (bytes % (unit / 10) >= unit / 20)
		tenths++;
	(void)snprintf(buf, size, "%llu.%llu %s%s", (unsigned long long)(tenths / 10),
		       (unsigned long long)(tenths % 10), units[i], suffix);
	return buf;
}

char *output_bytes(uint64_t bytes, char *buf, size_t size)
{
	return figure_bytes(bytes, "", buf, size);
}

char *output_rate(uint64_t bytes_per_second, char *buf, size_t size)
{
	return figure_bytes(bytes_per_second, "/s", buf, size);
}

char *output_duration(uint64_t us, char *buf, size_t size)
{
	uint64_t tenths = us / 100000 + (us % 100000 >= 50000);
	uint64_t seconds = tenths / 10;

	if (tenths < 36000)
		(void)snprintf(buf, size, "%u:%02u.%u", (unsigned int)(seconds / 60),
			       (unsigned int)(seconds % 60), (unsigned int)(tenths % 10));
	else
		(void)snprintf(buf, size, "%llu:%02u:%02u", (unsigned long long)(seconds / 3600),
			       (unsigned int)(seconds / 60 % 60), (unsigned int)(seconds % 60));
	return buf;
}
