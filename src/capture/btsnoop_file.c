/* SPDX-License-Identifier: Apache-2.0 */
/* See btsnoop_file.h. */
#include "capture/btsnoop_file.h"

#include "base/os_error.h"

#include <errno.h>
#include <string.h>

#define DATALINK_MONITOR 2001u
/* 1970-01-01 in the format's time, microseconds since the year 0. */
#define EPOCH_US 0x00dcddb30f2f8000u
#define RECORD_HEADER 24u

/* The format is big-endian, unlike what it holds. */
static void put_be(uint8_t *p, uint64_t value, unsigned int octets)
{
	for (unsigned int i = 0; i < octets; i++)
		p[i] = (uint8_t)(value >> (8 * (octets - 1 - i)));
}

static void write_all(struct btsnoop_file *f, const void *bytes, size_t len)
{
	if (f->error || len == 0)
		return;
	errno = 0;
	if (fwrite(bytes, 1, len, f->out) != len)
		f->error = os_error_code(errno);
}

void btsnoop_begin(struct btsnoop_file *f, FILE *out)
{
	uint8_t header[16] = "btsnoop";

	f->out = out;
	f->error = 0;
	put_be(header + 8, 1, 4); /* version */
	put_be(header + 12, DATALINK_MONITOR, 4);
	write_all(f, header, sizeof(header));
}

void btsnoop_put(struct btsnoop_file *f, uint16_t index, uint16_t kind, uint64_t unix_us,
		 const uint8_t *data, size_t len)
{
	uint8_t header[RECORD_HEADER] = {0};

	put_be(header, len, 4); /* as it was, and as it is here */
	put_be(header + 4, len, 4);
	put_be(header + 8, (uint64_t)index << 16 | kind, 4);
	put_be(header + 16, unix_us + EPOCH_US, 8);
	write_all(f, header, sizeof(header));
	write_all(f, data, len);
}

void btsnoop_note(struct btsnoop_file *f, uint64_t unix_us, const char *text)
{
	btsnoop_put(f, BTSNOOP_NO_INDEX, BTSNOOP_SYSTEM_NOTE, unix_us, (const uint8_t *)text,
		    strlen(text) + 1);
}

int btsnoop_flush(struct btsnoop_file *f)
{
	errno = 0;
	if (!f->error && fflush(f->out) != 0)
		f->error = os_error_code(errno);
	return f->error;
}
