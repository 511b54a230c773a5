/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target where libFuzzer is not there, so that `make check` with
 * any compiler runs every target over its corpus and over a fixed number of
 * seeded mutations of it.  The same seed gives the same inputs: a failure here
 * repeats, and does not depend on the time or the machine.  A digest of them is
 * told at the end.
 *
 * usage: fuzz_NAME            one TAP test over tests/fuzz/corpus/NAME
 *        fuzz_NAME FILE...    runs these inputs only (to repeat a failure)
 *   FUZZ_RUNS                 number of mutated inputs (default 20000)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX (64u * 1024u) /* larger corpus files are cut */
#define CORPUS_MAX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The sanitizers' runtime, where it is linked in: called before it exits. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

struct input {
	uint8_t *data;
	size_t size;
};

static struct input corpus[CORPUS_MAX];
static size_t corpus_count;

/* Read by the crash handlers, which may not allocate or lock. */
static uint8_t current[INPUT_MAX];
static size_t current_size;
static char crash_path[256];

static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* Of all inputs so far, so that two runs can be compared. */
static uint64_t digest = 0xcbf29ce484222325u;

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators"). */
static uint32_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1du) >> 32);
}

static size_t random_below(size_t limit)
{
	return limit == 0 ? 0 : random_next() % limit;
}

static void crash_save(void)
{
	static const char text[] = "# the input that failed is in ";
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return;
	if (write(fd, current, current_size) != (ssize_t)current_size ||
	    write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDERR_FILENO, crash_path, strlen(crash_path)) < 0 ||
	    write(STDERR_FILENO, "\n", 1) < 0)
		_exit(1);
	close(fd);
}

static void crash_signal(int number)
{
	crash_save();
	signal(number, SIG_DFL);
	raise(number);
}

static void crash_watch(const char *name)
{
	snprintf(crash_path, sizeof(crash_path), "%s.crash", name);
	signal(SIGABRT, crash_signal);
	if (__sanitizer_set_death_callback != NULL) {
		__sanitizer_set_death_callback(crash_save);
		return;
	}
	signal(SIGSEGV, crash_signal);
	signal(SIGBUS, crash_signal);
	signal(SIGFPE, crash_signal);
	signal(SIGILL, crash_signal);
}

static bool corpus_add(const char *path)
{
	struct input *input = &corpus[corpus_count];
	FILE *file;

	if (corpus_count == CORPUS_MAX)
		return false;
	file = fopen(path, "rbe");
	if (file == NULL)
		return false;
	input->data = malloc(INPUT_MAX);
	if (input->data == NULL) {
		fclose(file);
		return false;
	}
	input->size = fread(input->data, 1, INPUT_MAX, file);
	corpus_count++;
	fclose(file);
	return true;
}

/* Sorted by name, so that the mutations do not depend on the file system. */
static bool corpus_load(const char *directory)
{
	struct dirent **names;
	char path[8192];
	int count = scandir(directory, &names, NULL, alphasort);
	bool ok = true;

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && !corpus_add(path)) {
			printf("# cannot read %s\n", path);
			ok = false;
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return ok;
}

/* FNV-1a, over the inputs with their ends. */
static void digest_add(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		digest = (digest ^ data[i]) * 0x100000001b3u;
	digest = (digest ^ size ^ 0x100u) * 0x100000001b3u;
}

/* A copy of exactly the input's size, so that a sanitizer sees one byte too far. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	if (data != current) {
		memcpy(current, copy, size);
		current_size = size;
	}
	digest_add(copy, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* Values at which lengths and counters go wrong. */
static const uint8_t edges[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x0f, 0x10, 0x1f, 0x20,
				0x3f, 0x40, 0x7f, 0x80, 0xe9, 0xf0, 0xfe, 0xff};

static void insert_bytes(void)
{
	size_t at = random_below(current_size + 1);
	size_t room = INPUT_MAX - current_size;
	size_t length = 1 + random_below(16);

	if (length > room)
		length = room;
	memmove(current + at + length, current + at, current_size - at);
	for (size_t i = 0; i < length; i++)
		current[at + i] = (uint8_t)random_next();
	current_size += length;
}

static void remove_bytes(void)
{
	size_t at = random_below(current_size);
	size_t length = 1 + random_below(16);

	if (length > current_size - at)
		length = current_size - at;
	memmove(current + at, current + at + length, current_size - at - length);
	current_size -= length;
}

/* The tail of another corpus file, from where this one is cut. */
static void cross_over(void)
{
	const struct input *other = &corpus[random_below(corpus_count)];
	size_t cut = random_below(current_size + 1);
	size_t from = random_below(other->size + 1);
	size_t length = other->size - from;

	if (length > INPUT_MAX - cut)
		length = INPUT_MAX - cut;
	if (length > 0)
		memcpy(current + cut, other->data + from, length);
	current_size = cut + length;
}

/* Half of the changes are near the start, where formats keep their headers. */
static void mutate_once(void)
{
	bool header = random_below(2) == 0;
	size_t at = random_below(header && current_size > 64 ? 64 : current_size);

	switch (random_below(8)) {
	case 0:
		insert_bytes();
		return;
	case 1:
		if (current_size > 0)
			remove_bytes();
		return;
	case 2:
		current_size = random_below(current_size + 1);
		return;
	case 3:
		if (corpus_count > 0)
			cross_over();
		return;
	default:
		break;
	}
	if (current_size == 0)
		return;
	switch (random_below(4)) {
	case 0:
		current[at] ^= (uint8_t)(1u << random_below(8));
		break;
	case 1:
		current[at] = (uint8_t)random_next();
		break;
	case 2:
		current[at] = edges[random_below(sizeof(edges))];
		break;
	default:
		for (size_t i = at; i < current_size && i < at + 4; i++)
			current[i] = edges[random_below(sizeof(edges))];
		break;
	}
}

static void generate(void)
{
	size_t rounds = 1 + random_below(8);

	if (corpus_count == 0 || random_below(16) == 0) {
		current_size = random_below(random_below(2) == 0 ? 64 : 1024);
		for (size_t i = 0; i < current_size; i++)
			current[i] = (uint8_t)random_next();
		return;
	}
	const struct input *base = &corpus[random_below(corpus_count)];

	current_size = base->size;
	if (base->size > 0)
		memcpy(current, base->data, base->size);
	while (rounds-- > 0)
		mutate_once();
}

static unsigned long runs_wanted(void)
{
	const char *text = getenv("FUZZ_RUNS");
	char *end;
	unsigned long runs;

	if (text == NULL)
		return 20000;
	runs = strtoul(text, &end, 10);
	return *end == '\0' ? runs : 20000;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash != NULL ? slash + 1 : argv[0];
	const char *srcdir = getenv("OTABENCH_SRCDIR");
	const char *short_name = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
	unsigned long runs = argc > 1 ? 0 : runs_wanted();
	char path[4096];
	bool ok = true;

	crash_watch(name);
	for (int i = 1; i < argc; i++)
		ok = corpus_add(argv[i]) && ok;
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : ".",
		 short_name);
	if (argc == 1)
		ok = corpus_load(path);
	for (size_t i = 0; i < corpus_count; i++)
		run(corpus[i].data, corpus[i].size);
	for (unsigned long i = 0; i < runs; i++) {
		generate();
		run(current, current_size);
	}
	printf("%s 1 - %s: %zu corpus inputs, %lu mutations (%016" PRIx64 ")\n1..1\n",
	       ok ? "ok" : "not ok", name, corpus_count, runs, digest);
	for (size_t i = 0; i < corpus_count; i++)
		free(corpus[i].data);
	return ok ? 0 : 1;
}
