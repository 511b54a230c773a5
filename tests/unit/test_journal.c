/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: its text, its files, and the claim on a device. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "host/journal_writer.h"
#include "keptfile.h"
#include "ota/device.h"

#define DEVICE "24:6F:28:AA:10:01"

static char dir[] = "/tmp/otabench-journal-XXXXXX";
static char error[JOURNAL_TEXT_MAX];

static struct journal sample(void)
{
	struct journal j = {
		.place = JOURNAL_AIR,
		.address = DEVICE,
		.name = "esp-sim-01",
		.process = 4711,
		.at = 1000000,
		.order = 3,
		.count = 2,
	};

	for (size_t i = 0; i < j.count; i++) {
		memset(j.images[i].sha256, (int)(0xa0 + i), OTA_SHA256_SIZE);
		j.images[i].size = 600000;
		j.images[i].received = 270000;
		j.images[i].flushed = 266240;
		j.images[i].forced = 5;
		j.images[i].outcome = SESSION_LINK_LOST;
		(void)snprintf(j.images[i].path, sizeof(j.images[i].path), "%s/app%zu.bin", dir, i);
	}
	return j;
}

static bool is_same(const struct journal *a, const struct journal *b)
{
	bool same = strcmp(a->place, b->place) == 0 && strcmp(a->address, b->address) == 0 &&
		    strcmp(a->name, b->name) == 0 && a->process == b->process && a->at == b->at &&
		    a->order == b->order && a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++) {
		const struct journal_image *x = &a->images[i], *y = &b->images[i];

		same = memcmp(x->sha256, y->sha256, sizeof(x->sha256)) == 0 && x->size == y->size &&
		       x->received == y->received && x->flushed == y->flushed &&
		       x->ended == y->ended && x->no_confirm == y->no_confirm &&
		       x->forced == y->forced && x->outcome == y->outcome &&
		       strcmp(x->path, y->path) == 0;
	}
	return same;
}

/* --- the text */

static void test_text(void **state)
{
	struct journal j = sample(), back = {.count = 0};
	size_t len;
	char *text;

	(void)state;
	/* A name of a file may be any bytes but NUL and '/'. */
	(void)snprintf(j.images[1].path, sizeof(j.images[1].path), "/tmp/\xff\x01\"\\.bin");
	j.images[1].ended = j.images[1].no_confirm = true;
	text = journal_format(&j, &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	assert_int_equal(journal_parse(text, len, &back, error, sizeof(error)), 0);
	assert_true(is_same(&j, &back));
	free(text);
}

/* Whatever one byte becomes, and wherever the file ends, it is no journal. */
static void test_damage(void **state)
{
	struct journal j = sample(), back = {.count = 77};
	size_t len;
	char *text = journal_format(&j, &len);

	(void)state;
	assert_non_null(text);
	for (size_t at = 0; at < len; at++) {
		text[at] ^= 0x04;
		assert_int_equal(journal_parse(text, len, &back, error, sizeof(error)),
				 -OTA_EBADMSG);
		text[at] ^= 0x04;
		assert_int_equal(journal_parse(text, at, &back, error, sizeof(error)),
				 -OTA_EBADMSG);
	}
	assert_int_equal(back.count, 77);
	text[strlen("otabench-journal ")] = '2';
	assert_int_equal(journal_parse(text, len, &back, error, sizeof(error)), -OTA_EBADMSG);
	assert_string_equal(error, "written by another version of otabench");
	free(text);
}

/* A whole file with values that cannot be. */
static void refused(struct journal j)
{
	struct journal back;
	size_t len;
	char *text = journal_format(&j, &len);

	assert_non_null(text);
	assert_int_equal(journal_parse(text, len, &back, error, sizeof(error)), -OTA_EBADMSG);
	assert_non_null(strstr(error, "missing or out of range"));
	free(text);
}

static void test_values(void **state)
{
	struct journal j;

	(void)state;
	j = sample();
	j.images[0].received = j.images[0].size + 1;
	refused(j);
	j = sample();
	j.images[1].size = 0;
	refused(j);
	j = sample();
	j.images[0].path[0] = 'x';
	refused(j);
	j = sample();
	j.address[2] = '/';
	refused(j);
	j = sample();
	j.at = -1;
	refused(j);
	j = sample();
	j.count = 0;
	refused(j);
}

/* --- the files */

static void put(const char *address, const char *name, int64_t at, uint64_t order)
{
	struct journal j = sample();

	(void)snprintf(j.address, sizeof(j.address), "%s", address);
	(void)snprintf(j.name, sizeof(j.name), "%s", name);
	j.at = at;
	j.order = order;
	assert_int_equal(journal_save(&j, error, sizeof(error)), 0);
}

static void clear(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/otabench", dir);
	keptfile_remove(path);
}

static void test_files(void **state)
{
	struct journal j = sample(), back;

	(void)state;
	clear();
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)),
			 -OTA_ENOENT);
	assert_int_equal(journal_save(&j, error, sizeof(error)), 0);
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)), 0);
	assert_true(is_same(&j, &back));
	/* The same address in a simulation is another device. */
	assert_int_equal(journal_load("/tmp/x", DEVICE, &back, error, sizeof(error)), -OTA_ENOENT);
	journal_drop(JOURNAL_AIR, DEVICE);
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)),
			 -OTA_ENOENT);
}

static void test_find(void **state)
{
	struct journal back;

	(void)state;
	clear();
	put("24:6F:28:AA:10:01", "one", 10, 1);
	put("24:6F:28:AA:10:02", "two", 10, 2);
	put("24:6F:28:AA:10:03", "two", 10, 3);
	assert_int_equal(journal_find(JOURNAL_AIR, "one", &back, error, sizeof(error)), 0);
	assert_string_equal(back.address, "24:6F:28:AA:10:01");
	assert_int_equal(
		journal_find(JOURNAL_AIR, "24:6f:28:aa:10:03", &back, error, sizeof(error)), 0);
	assert_int_equal(journal_find(JOURNAL_AIR, "two", &back, error, sizeof(error)),
			 -OTA_EINVAL);
	assert_int_equal(journal_find(JOURNAL_AIR, "three", &back, error, sizeof(error)),
			 -OTA_ENOENT);
}

/* The clock jumps back a day: the latest stays the latest, and what is told says so. */
static void test_clock(void **state)
{
	struct journal_list list;
	char age[64];

	(void)state;
	clear();
	put("24:6F:28:AA:10:01", "before", 1000000, 1);
	put("24:6F:28:AA:10:02", "after", 1000000 - 86400, 2);
	assert_int_equal(journal_list(JOURNAL_AIR, &list), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].name, "after");
	assert_string_equal(journal_age(&list.items[1], 1000000 - 86400, age, sizeof(age)),
			    "the computer's clock was set back since");
	assert_string_equal(journal_age(&list.items[0], 1000000 - 86400 + 300, age, sizeof(age)),
			    "5 min ago");
	journal_list_finish(&list);
}

/* Bounded, and what is kept is the latest: by order, whatever the clock said. */
static void test_prune(void **state)
{
	struct journal_list list;
	char address[SCAN_ADDRESS_SIZE];

	(void)state;
	clear();
	for (unsigned int i = 0; i < JOURNALS_MAX + 6; i++) {
		(void)snprintf(address, sizeof(address), "24:6F:28:AA:11:%02X", i & 0xffu);
		put(address, "x", 1000000 - (int64_t)i, i + 1);
	}
	journal_prune();
	assert_int_equal(journal_list(NULL, &list), 0);
	assert_int_equal(list.count, JOURNALS_MAX);
	assert_int_equal(list.items[0].order, JOURNALS_MAX + 6);
	assert_int_equal(list.items[JOURNALS_MAX - 1].order, 7);
	journal_list_finish(&list);
}

static void test_bad_file(void **state)
{
	struct journal_list list;
	char path[PATH_MAX];
	struct journal back;
	FILE *out;

	(void)state;
	clear();
	put("24:6F:28:AA:10:01", "one", 10, 1);
	assert_int_equal(journal_path(JOURNAL_AIR, DEVICE, path, sizeof(path)), 0);
	out = fopen(path, "w");
	assert_non_null(out);
	(void)fputs("otabench-journal 1", out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(journal_list(JOURNAL_AIR, &list), 0);
	assert_int_equal(list.count, 0);
	assert_non_null(strstr(list.bad, path));
	journal_list_finish(&list);
	assert_int_equal(journal_find(JOURNAL_AIR, "one", &back, error, sizeof(error)),
			 -OTA_EBADMSG);
	assert_non_null(strstr(error, path));
}

/* --- the claim, and one run after another */

static void test_claim(void **state)
{
	struct journal j = sample();
	struct journal_writer *w, *other;
	const int fd = journal_lock(JOURNAL_AIR, "24:6F:28:AA:10:02");

	(void)state;
	clear();
	assert_int_equal(journal_begin(&j, &w, error, sizeof(error)), 0);
	assert_string_equal(error, "");
	assert_true(journal_is_claimed(JOURNAL_AIR, DEVICE));
	assert_false(journal_is_claimed(JOURNAL_AIR, "24:6F:28:AA:10:03"));
	assert_int_equal(journal_begin(&j, &other, error, sizeof(error)), -OTA_EBUSY);
	assert_non_null(strstr(error, "Another otabench (process "));
	journal_end(w, JOURNAL_LEFT, SESSION_NO_OUTCOME, error, sizeof(error));
	assert_false(journal_is_claimed(JOURNAL_AIR, DEVICE));
	if (fd >= 0)
		(void)close(fd);
}

/* A program that is killed has no claim any more, and its journal is there. */
static void test_claim_ends(void **state)
{
	struct journal j = sample(), back;
	struct journal_writer *w;
	int status;
	pid_t pid;

	(void)state;
	clear();
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (journal_begin(&j, &w, error, sizeof(error)) == 0)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_false(journal_is_claimed(JOURNAL_AIR, DEVICE));
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)), 0);
	assert_int_equal(back.process, pid);
}

static struct journal one_image(uint8_t hash)
{
	struct journal j = sample();

	j.count = 1;
	memset(j.images[0].sha256, hash, OTA_SHA256_SIZE);
	j.images[0].received = j.images[0].flushed = 0;
	j.images[0].outcome = SESSION_NO_OUTCOME;
	return j;
}

/* Another image is begun over an interrupted one: until READY the device may hold either. */
static void test_before(void **state)
{
	struct journal first = one_image(0x11), second = one_image(0x22), back;
	const uint8_t old[OTA_HASH_PREFIX] = {0x11, 0x11, 0x11, 0x11};
	struct journal_writer *w;

	(void)state;
	clear();
	assert_int_equal(journal_begin(&first, &w, error, sizeof(error)), 0);
	journal_progress(w, 200000, 196608, false, true);
	journal_end(w, JOURNAL_STOPPED, SESSION_LINK_LOST, error, sizeof(error));
	/* Refused before READY: as it was. */
	assert_int_equal(journal_begin(&second, &w, error, sizeof(error)), 0);
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)), 0);
	assert_int_equal(back.count, 2);
	assert_non_null(journal_image_of(&back, old));
	journal_end(w, JOURNAL_UNTOUCHED, SESSION_REFUSED, error, sizeof(error));
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)), 0);
	assert_int_equal(back.count, 1);
	assert_int_equal(back.images[0].received, 200000);
	assert_int_equal(back.images[0].outcome, SESSION_LINK_LOST);
	/* The same image again: what is known of it stays until the device tells more. */
	assert_int_equal(journal_begin(&first, &w, error, sizeof(error)), 0);
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)), 0);
	assert_int_equal(back.images[0].flushed, 196608);
	journal_end(w, JOURNAL_UNTOUCHED, SESSION_REFUSED, error, sizeof(error));
	/* The device took the other one. */
	assert_int_equal(journal_begin(&second, &w, error, sizeof(error)), 0);
	journal_progress(w, 100, 0, false, true);
	journal_end(w, JOURNAL_LEFT, SESSION_NO_OUTCOME, error, sizeof(error));
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)), 0);
	assert_int_equal(back.count, 1);
	assert_null(journal_image_of(&back, old));
	assert_int_equal(journal_begin(&second, &w, error, sizeof(error)), 0);
	journal_end(w, JOURNAL_OVER, SESSION_CONFIRMED, error, sizeof(error));
	assert_int_equal(journal_load(JOURNAL_AIR, DEVICE, &back, error, sizeof(error)),
			 -OTA_ENOENT);
}

/* No folder can be made: the run goes on, and it is said which file it is about. */
static void test_no_folder(void **state)
{
	struct journal j = one_image(0x11);
	struct journal_writer *w;
	char path[128], now[128];
	FILE *out;

	(void)state;
	clear();
	(void)snprintf(path, sizeof(path), "%s/otabench", dir);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(journal_begin(&j, &w, error, sizeof(error)), 0);
	assert_non_null(
		strstr(error, "/otabench/journals/246F28AA1001.journal: cannot be written"));
	journal_progress(w, 1000, 0, false, true);
	journal_end(w, JOURNAL_LEFT, SESSION_NO_OUTCOME, error, sizeof(error));
	assert_string_equal(error, ""); /* once is enough */
	(void)snprintf(now, sizeof(now), "%s/otabench", dir);
	assert_int_equal(unlink(now), 0);
}

/* --- the image's file */

static void write_file(const char *name, const char *text)
{
	struct keptfile file = {(uint8_t *)(uintptr_t)text, strlen(text)};

	keptfile_put_back(dir, name, &file);
}

static void test_image(void **state)
{
	struct journal_image i = {.size = 9};
	char path[PATH_MAX], other[PATH_MAX];

	(void)state;
	clear();
	sha256_buffer((const uint8_t *)"the image", 9, i.sha256);
	(void)snprintf(i.path, sizeof(i.path), "%s/app.bin", dir);
	write_file("app.bin", "the image");
	assert_true(journal_find_image(&i, path));
	assert_string_equal(path, i.path);
	/* Built again: as long, and not the same. */
	write_file("app.bin", "an image.");
	assert_false(journal_find_image(&i, path));
	/* Renamed. */
	write_file("app-1.bin", "the image");
	(void)snprintf(other, sizeof(other), "%s/app-1.bin", dir);
	assert_true(journal_find_image(&i, path));
	assert_string_equal(path, other);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)setenv("XDG_STATE_HOME", dir, 1);
	(void)setenv("HOME", dir, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	keptfile_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),   cmocka_unit_test(test_damage),
		cmocka_unit_test(test_values), cmocka_unit_test(test_files),
		cmocka_unit_test(test_find),   cmocka_unit_test(test_clock),
		cmocka_unit_test(test_prune),  cmocka_unit_test(test_bad_file),
		cmocka_unit_test(test_claim),  cmocka_unit_test(test_claim_ends),
		cmocka_unit_test(test_before), cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_image),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
