/* SPDX-License-Identifier: Apache-2.0 */
/* Finds profiles: by path, the user's, the installation's, the built-in ones. */
#include "config.h" /* system extensions */

#include "profile/profile_priv.h"

#include "base/text.h"
#include "base/output.h"
#include "ota/error.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_in_yaml(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

bool profile_is_plain_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= PROFILE_NAME_MAX || name[0] == '.')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "._-+") == len;
}

/* Formats into a path; false when it does not fit. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static bool
make_path(char *buf, size_t size, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(buf, size, format, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size;
}

/* XDG Base Directory Specification 0.8: the variable counts when it is an absolute path. */
bool profile_user_directory(char *buf, size_t size)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && config[0] == '/')
		return make_path(buf, size, "%s/otabench/profiles", config);
	if (home && home[0] == '/')
		return make_path(buf, size, "%s/.config/otabench/profiles", home);
	return false;
}

static bool find_in(const char *directory, const char *name, enum profile_origin origin,
		    struct profile_source *ret)
{
	char path[sizeof(ret->path)];

	if (!make_path(path, sizeof(path), "%s/%s.yaml", directory, name) ||
	    access(path, F_OK) != 0)
		return false;
	*ret = (struct profile_source){.origin = origin};
	memcpy(ret->path, path, strlen(path) + 1);
	return true;
}

static bool find_builtin(const char *name, struct profile_source *ret)
{
	for (const struct profile_builtin *b = profile_builtins; b->name; b++) {
		if (strcmp(b->name, name) != 0)
			continue;
		*ret = (struct profile_source){
			.origin = PROFILE_BUILTIN,
			.text = (const char *)b->text,
			.len = b->len,
		};
		(void)make_path(ret->path, sizeof(ret->path), "%s.yaml (built in)", name);
		return true;
	}
	return false;
}

int profile_find(const char *name, struct profile_source *ret)
{
	struct profile_source path = {.origin = PROFILE_PATH};
	char directory[sizeof(ret->path)];

	if (strchr(name, '/') || ends_in_yaml(name)) {
		if (!make_path(path.path, sizeof(path.path), "%s", name))
			return -OTA_EINVAL;
		*ret = path;
		return 0;
	}
	if (!profile_is_plain_name(name))
		return -OTA_EINVAL;
	if (profile_user_directory(directory, sizeof(directory)) &&
	    find_in(directory, name, PROFILE_USER, ret))
		return 0;
	if (find_in(profile_data_directory, name, PROFILE_SYSTEM, ret) || find_builtin(name, ret))
		return 0;
	return -OTA_ENOENT;
}

static void offer_name(void *userdata, const char *name, const struct profile_source *source)
{
	(void)source;
	text_nearest_offer(userdata, name);
}

/* The nearest name lives in profile_each()'s memory, so the message is made in two goes. */
struct name_copy {
	struct text_nearest nearest;
	char name[PROFILE_NAME_MAX];
};

static void keep_nearest(void *userdata, const char *name, const struct profile_source *source)
{
	struct name_copy *copy = userdata;
	const char *before = copy->nearest.best;

	offer_name(&copy->nearest, name, source);
	if (copy->nearest.best == before)
		return;
	memcpy(copy->name, name, strlen(name) + 1);
	copy->nearest.best = copy->name;
}

static void add_not_found(struct setting_errors *errors, const char *name)
{
	struct name_copy copy = {.nearest.word = name};

	(void)profile_each(keep_nearest, &copy);
	setting_errors_add(
		errors, 0, 0, "",
		"expected a profile's name or a path to a .yaml file, found neither%s%s%s",
		copy.nearest.best ? " (did you mean " : "", copy.name,
		copy.nearest.best ? "?)" : "; 'otabench profile list' names them");
}

int profile_open(const char *name, struct profile *ret, struct profile_source *ret_source,
		 struct setting_errors *errors)
{
	struct profile_source source;
	int r;

	r = profile_find(name, &source);
	if (r < 0) {
		setting_errors_init(errors, name);
		add_not_found(errors, name);
		return r;
	}
	if (source.text)
		r = profile_load_text(source.path, source.text, source.len, ret, errors);
	else
		r = profile_load_file(source.path, ret, errors);
	if (r < 0)
		return r;
	if (source.origin != PROFILE_PATH)
		profile_set_name(ret, name);
	if (ret_source)
		*ret_source = source;
	return 0;
}

const char *profile_origin_name(enum profile_origin origin)
{
	switch (origin) {
	case PROFILE_PATH:
		return "path";
	case PROFILE_USER:
		return "user";
	case PROFILE_SYSTEM:
		return "system";
	case PROFILE_BUILTIN:
		return "built in";
	}
	return "unknown";
}

struct name_list {
	char (*names)[PROFILE_NAME_MAX];
	size_t count, size;
};

static int add_name(struct name_list *list, const char *name, size_t len)
{
	if (list->count == list->size) {
		size_t size = list->size ? list->size * 2 : 16;
		void *names = realloc(list->names, size * sizeof(list->names[0]));

		if (!names)
			return -OTA_ENOMEM;
		list->names = names;
		list->size = size;
	}
	memcpy(list->names[list->count], name, len);
	list->names[list->count][len] = '\0';
	list->count++;
	return 0;
}

/* A directory that is not there holds no profiles. */
static int add_directory(struct name_list *list, const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (!directory)
		return 0;
	/* Safe with threads as long as each has its own stream: readdir(3). */
	/* cppcheck-suppress readdirCalled */
	while (r == 0 && (entry = readdir(directory))) {
		char name[PROFILE_NAME_MAX];
		size_t len = strlen(entry->d_name);

		if (!ends_in_yaml(entry->d_name) || len - 5 >= sizeof(name))
			continue;
		memcpy(name, entry->d_name, len - 5);
		name[len - 5] = '\0';
		if (profile_is_plain_name(name))
			r = add_name(list, name, len - 5);
	}
	(void)closedir(directory);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int profile_each(void (*fn)(void *userdata, const char *name, const struct profile_source *source),
		 void *userdata)
{
	char directory[sizeof(((struct profile_source *)NULL)->path)];
	struct name_list list = {0};
	struct profile_source source;
	int r = 0;

	if (profile_user_directory(directory, sizeof(directory)))
		r = add_directory(&list, directory);
	if (r == 0)
		r = add_directory(&list, profile_data_directory);
	for (const struct profile_builtin *b = profile_builtins; r == 0 && b->name; b++)
		r = add_name(&list, b->name, strlen(b->name));
	if (list.count > 0)
		qsort(list.names, list.count, sizeof(list.names[0]), compare_names);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		if (i > 0 && strcmp(list.names[i], list.names[i - 1]) == 0)
			continue;
		if (profile_find(list.names[i], &source) == 0)
			fn(userdata, list.names[i], &source);
	}
	free(list.names);
	return r;
}
