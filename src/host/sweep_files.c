/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep_files.h. */
#include "config.h" /* system extensions: open_memstream(), localtime_r() */

#include "host/sweep_files.h"

#include "host/scan.h"

#include "base/file_read.h"
#include "base/file_save.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/sha256.h"
#include "profile/profile_edit.h"
#include "sweep/sweep_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HASH_BYTES 4u
#define MARK "# Found by otabench sweep"
#define PATH_SIZE 4096u

/* --- names */

static void hash_hex(const char *text, size_t len, char ret[2u * HASH_BYTES + 1u])
{
	uint8_t hash[OTA_SHA256_SIZE];

	sha256_buffer((const uint8_t *)text, len, hash);
	(void)hex_encode(hash, HASH_BYTES, ret);
}

static void digits(const char *address, char ret[13])
{
	size_t n = 0;

	for (; *address && n < 12; address++)
		if (*address != ':')
			ret[n++] = *address;
	ret[n] = '\0';
}

char *sweep_profile_name(const struct sweep_pair *pair, char buf[PROFILE_NAME_MAX])
{
	char device[13], adapter[13], hash[2u * HASH_BYTES + 1u];

	digits(pair->device, device);
	digits(pair->adapter, adapter);
	if (pair->simulated) {
		hash_hex(pair->simulated, strlen(pair->simulated), hash);
		(void)snprintf(buf, PROFILE_NAME_MAX, "sweep-%s-sim%s", device, hash);
	} else {
		(void)snprintf(buf, PROFILE_NAME_MAX, "sweep-%s-%s", device,
			       adapter[0] ? adapter : "any");
	}
	return buf;
}

struct sought {
	const char *typed, *tail; /* tail: "-ADAPTER" */
	char *name;
	size_t found;
};

/* The device's name in the comments that write_head() made. */
static bool names_device(const char *path, const char *typed)
{
	FILE *in = file_read_stream(path);
	char line[512], wanted[300];
	bool is = false;

	if (!in)
		return false;
	(void)snprintf(wanted, sizeof(wanted), " (%.249s), ", typed);
	if (fgets(line, sizeof(line), in) && strncmp(line, MARK, strlen(MARK)) == 0 &&
	    fgets(line, sizeof(line), in) && strncmp(line, "# Device ", 9) == 0)
		is = strlen(line) > 26 && strncmp(line + 26, wanted, strlen(wanted)) == 0;
	(void)fclose(in);
	return is;
}

static void look_at(void *userdata, const char *name, const struct profile_source *source)
{
	struct sought *f = userdata;
	const size_t len = strlen(name), tail = strlen(f->tail);
	char device[13];

	digits(f->typed, device);
	if (source->origin != PROFILE_USER || strncmp(name, "sweep-", 6) != 0 || len < 18 + tail ||
	    strcmp(name + len - tail, f->tail) != 0)
		return;
	if (scan_is_address(f->typed) ? strncasecmp(name + 6, device, 12) != 0
				      : !names_device(source->path, f->typed))
		return;
	f->found++;
	(void)snprintf(f->name, PROFILE_NAME_MAX, "%s", name);
}

bool sweep_profile_of(const struct sweep_pair *pair, const char *typed, char name[PROFILE_NAME_MAX])
{
	char any[PROFILE_NAME_MAX];
	struct sought f = {.typed = typed, .name = name};

	(void)sweep_profile_name(pair, any); /* "sweep--TAIL": the device is not known yet */
	f.tail = any + strlen("sweep-") + strspn(any + strlen("sweep-"), "0123456789ABCDEFabcdef");
	return profile_each(look_at, &f) == 0 && f.found == 1;
}

/* --- the profile */

static void write_point(FILE *out, const struct sweep *s, const struct sweep_score *x)
{
	char value[SETTING_TEXT_MAX];

	for (enum sweep_axis a = 0; a < SWEEP_AXES; a++)
		(void)fprintf(out, "%s%s=%s", a == 0 ? "" : " ",
			      profile_settings()[sweep_axis_key(a)].name,
			      sweep_value_text(s, a, x->point.at[a], value, sizeof(value)));
}

static void write_score(FILE *out, const struct sweep_score *x)
{
	char rate[OUTPUT_FIGURE_MAX];

	(void)fprintf(out,
		      "%s +-%.1f %%, %" PRIu32 " run%s, %" PRIu32 " of %" PRIu32 " values lost",
		      output_rate(x->rate, rate, sizeof(rate)),
		      x->rate > 0 ? 100.0 * x->error / x->rate : 0.0, x->runs,
		      x->runs == 1 ? "" : "s", x->gaps, x->values);
}

static void write_head(FILE *out, const struct sweep_pair *pair, const struct sweep *s,
		       const struct sweep_result *r, const char *date)
{
	char rate[OUTPUT_FIGURE_MAX];

	(void)fprintf(out, MARK " on %s%s.\n", date,
		      pair->simulated ? ", SIMULATED: true of no real device" : "");
	(void)fprintf(out, "# Device %s (%s), ", pair->device, pair->name);
	if (pair->simulated)
		(void)fprintf(out, "simulated with \"%s\".\n", pair->simulated);
	else
		(void)fprintf(out, "adapter %s.\n", pair->adapter[0] ? pair->adapter : "unknown");
	(void)fprintf(out, "# Objective %s%s; %zu measurements in a grid of %" PRIu32 ".\n#\n",
		      sweep_objective_name(s->objective),
		      r->met ? "" : " (not met: this comes nearest)", s->count, sweep_grid(s));
	(void)fprintf(out, "# Rate       ");
	write_score(out, &r->best);
	(void)fprintf(out, "\n# Before     %s, as the profile was\n",
		      output_rate(r->first_rate, rate, sizeof(rate)));
	if (r->second.runs > 0) {
		(void)fprintf(out, "# Runner-up  ");
		write_score(out, &r->second);
		(void)fprintf(out, "\n#            ");
		write_point(out, s, &r->second);
		(void)fprintf(out, "\n# Confidence %.0f %% %s\n", r->sure_ppm / 10000.0,
			      SWEEP_SURE_TEXT);
	}
	(void)fputs("\n", out);
}

static int make_text(const struct sweep_pair *pair, const struct profile *bounds,
		     const struct sweep *s, time_t now, char **ret, size_t *ret_len)
{
	struct profile profile = *bounds;
	struct sweep_result result;
	char date[32] = "an unknown day", rate[OUTPUT_FIGURE_MAX];
	struct tm local;
	FILE *out = open_memstream(ret, ret_len);
	int rc;

	if (!out)
		return -OTA_ENOMEM;
	if (!sweep_best(s, &result)) {
		(void)fclose(out);
		return -OTA_EINVAL;
	}
	if (localtime_r(&now, &local))
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &local);
	sweep_apply(s, &result.best.point, &profile);
	(void)snprintf(profile.description, sizeof(profile.description),
		       "%s to %.60s, found on %s%s",
		       output_rate(result.best.rate, rate, sizeof(rate)), pair->name, date,
		       pair->simulated ? ", simulated" : "");
	write_head(out, pair, s, &result, date);
	rc = profile_write(&profile, out);
	if (fclose(out) != 0 && rc == 0)
		rc = -OTA_ENOMEM;
	return rc;
}

static bool is_ours(const char *path)
{
	char found[sizeof(MARK)] = "";
	FILE *in = file_read_stream(path);
	size_t n;

	if (!in)
		return false;
	n = fread(found, 1, sizeof(found) - 1, in);
	(void)fclose(in);
	return n == sizeof(found) - 1 && strcmp(found, MARK) == 0;
}

int sweep_profile_save(const struct sweep_pair *pair, const struct profile *bounds,
		       const struct sweep *s, time_t now, bool force, char path[PATH_SIZE],
		       char *error, size_t size)
{
	unsigned int how = FILE_SAVE_FOLDERS;
	char name[PROFILE_NAME_MAX], *text = NULL;
	size_t len = 0;
	int rc = profile_save_path_as(sweep_profile_name(pair, name), path, PATH_SIZE);

	if (rc < 0) {
		(void)snprintf(error, size, "no folder for profiles: HOME is not set");
		return rc;
	}
	rc = make_text(pair, bounds, s, now, &text, &len);
	if (rc == 0) {
		if (force || is_ours(path))
			how |= FILE_SAVE_REPLACE;
		rc = file_save_as(path, how, text, len, error, size);
	} else {
		(void)snprintf(error, size, "%s: out of memory", path);
	}
	free(text);
	return rc;
}

/* --- the state */

bool sweep_state_path(const struct sweep_pair *pair, const struct profile *bounds,
		      enum sweep_objective objective, char path[PATH_SIZE])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char name[PROFILE_NAME_MAX], hash[2u * HASH_BYTES + 1u], *text = NULL;
	const bool xdg = state && state[0] == '/';
	size_t len = 0;
	FILE *out;
	int n;

	if (!xdg && !(home && home[0] == '/'))
		return false;
	out = open_memstream(&text, &len);
	if (!out)
		return false;
	(void)fprintf(out, "%s\n", sweep_objective_name(objective));
	n = profile_write(bounds, out);
	if (fclose(out) != 0 || n < 0) {
		free(text);
		return false;
	}
	hash_hex(text, len, hash);
	free(text);
	n = snprintf(path, PATH_SIZE, "%s%s/otabench/sweeps/%s-%s.json", xdg ? state : home,
		     xdg ? "" : "/.local/state", sweep_profile_name(pair, name), hash);
	return n > 0 && (size_t)n < PATH_SIZE;
}

int sweep_state_load(const char *path, struct sweep *ret, char *error, size_t size)
{
	FILE *in = file_read_stream(path);
	json_error_t at;
	json_t *json;
	char why[96];
	int rc;

	if (!in && (errno == ENOENT || errno == ENOTDIR))
		return -OTA_ENOENT;
	if (!in) {
		(void)snprintf(error, size, "%s: %s", path, file_read_why(errno));
		return -OTA_EIO;
	}
	json = json_loadf(in, JSON_REJECT_DUPLICATES, &at);
	(void)fclose(in);
	if (!json) {
		(void)snprintf(error, size, "%s:%d: no JSON: %s", path, at.line, at.text);
		return -OTA_EBADMSG;
	}
	rc = sweep_from_json(json, ret, why, sizeof(why));
	if (rc < 0)
		(void)snprintf(error, size, "%s: not the state of a sweep: %s", path, why);
	json_decref(json);
	return rc;
}

/* If memory is short a library may write a text that lacks something: it is read once before it
 * takes the place of a good one. */
static bool is_whole(const char *text, const struct sweep *s)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	struct sweep again;
	char why[96];
	const bool whole = json && sweep_from_json(json, &again, why, sizeof(why)) == 0 &&
			   again.count == s->count;

	json_decref(json);
	return whole;
}

int sweep_state_save(const char *path, const struct sweep *s, char *error, size_t size)
{
	json_t *json = sweep_to_json(s);
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	int rc = -OTA_ENOMEM;

	json_decref(json);
	if (text && is_whole(text, s))
		rc = file_save(path, text, strlen(text), error, size);
	else
		(void)snprintf(error, size, "%s: out of memory", path);
	free(text);
	return rc;
}
