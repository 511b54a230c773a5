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
