/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way in which a backend tells its calls to whoever watches (transport_watch()).
 *
 * Every function does nothing while nobody watches; where making a text costs something, the
 * backend looks at transport.watcher first.  Data values come hundreds a second and are summed up:
 * the sum is told before the next other line, and once a second.
 */
#ifndef OTABENCH_TRANSPORT_STACK_LOG_H
#define OTABENCH_TRANSPORT_STACK_LOG_H

#include "transport/transport.h"

struct stack_log {
	uint32_t last_id;
	uint32_t values, errors; /* Data values since the last sum */
	uint64_t bytes, since_us, slowest_us;
};

/* A call under way; id 0: it is not told. */
struct stack_log_tag {
	uint32_t id;
	uint64_t at_us;
};

#define STACK_LOG_PRINTF(a, b) __attribute__((format(printf, a, b)))

void stack_log_made(struct transport *t, struct stack_log *c, struct stack_log_tag *ret,
		    const char *format, ...) STACK_LOG_PRINTF(4, 5);
/* Tells the call's answer; the tag is used up. */
void stack_log_done(struct transport *t, struct stack_log *c, struct stack_log_tag *tag, bool error,
		    const char *format, ...) STACK_LOG_PRINTF(5, 6);
/* One that could not even be made. */
void stack_log_refused(struct transport *t, struct stack_log *c, const char *format, ...)
	STACK_LOG_PRINTF(3, 4);
void stack_log_signal(struct transport *t, struct stack_log *c, const char *format, ...)
	STACK_LOG_PRINTF(3, 4);
/* A Data value was handed over; and where the stack answers, how long that took. */
void stack_log_data(struct transport *t, struct stack_log *c, size_t len);
void stack_log_data_done(struct transport *t, struct stack_log *c, uint64_t took_us, bool error);

/* "Control", "Data", "Info" ... */
const char *stack_log_chr(enum gatt_chr chr);
/* Bytes in hexadecimal, cut with "..." where buf ends.  Returns buf. */
char *stack_log_hex(const uint8_t *bytes, size_t len, char *buf, size_t size);

#endif
