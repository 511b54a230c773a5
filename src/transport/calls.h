/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a backend tells its calls to whoever watches (transport_watch()).
 *
 * Every function does nothing while nobody does; where making a text costs
 * something, the backend looks at transport.watcher first.  Data values come
 * hundreds a second and are summed up: the sum is told before the next other
 * line, and once a second.
 */
#ifndef OTABENCH_TRANSPORT_CALLS_H
#define OTABENCH_TRANSPORT_CALLS_H

#include "transport/transport.h"

struct calls {
	uint32_t last_id;
	uint32_t values, errors; /* Data values since the last sum */
	uint64_t bytes, since_us, slowest_us;
};

/* A call under way; id 0: it is not told. */
struct call_tag {
	uint32_t id;
	uint64_t at_us;
};

#define CALLS_PRINTF(a, b) __attribute__((format(printf, a, b)))

void calls_made(struct transport *t, struct calls *c, struct call_tag *ret, const char *format, ...)
	CALLS_PRINTF(4, 5);
/* Its answer; the tag is used up. */
void calls_done(struct transport *t, struct calls *c, struct call_tag *tag, bool error,
		const char *format, ...) CALLS_PRINTF(5, 6);
/* One that could not even be made. */
void calls_refused(struct transport *t, struct calls *c, const char *format, ...)
	CALLS_PRINTF(3, 4);
void calls_signal(struct transport *t, struct calls *c, const char *format, ...) CALLS_PRINTF(3, 4);
/* A Data value was handed over; and where the stack answers, how long that took. */
void calls_data(struct transport *t, struct calls *c, size_t len);
void calls_data_done(struct transport *t, struct calls *c, uint64_t took_us, bool error);

/* "Control", "Data", "Info" ... */
const char *calls_chr(enum gatt_chr chr);
/* Bytes in hexadecimal, cut with "..." where buf ends.  Returns buf. */
char *calls_hex(const uint8_t *bytes, size_t len, char *buf, size_t size);

#endif
