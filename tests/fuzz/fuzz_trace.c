/* SPDX-License-Identifier: Apache-2.0 */
/* The trace reader: any file is played or refused with a line; and then run to its end. */
#include "config.h" /* system extensions: fmemopen() */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "transport/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *userdata, const struct transport_event *event)
{
	volatile uint8_t sink = 0;

	(void)userdata;
	for (size_t i = 0; event->data && i < event->len; i++)
		sink ^= event->data[i];
	if (event->adv)
		for (const char *c = event->adv->name; *c; c++)
			sink ^= (uint8_t)*c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)data, size, "r") : NULL;
	struct transport *t = NULL;
	sd_event *event = NULL;
	unsigned int line;

	if (!file)
		return 0;
	if (sd_event_new(&event) >= 0 && trace_replay_stream(event, file, &t, &line) == 0) {
		t->handler = ignore;
		while (sd_event_run(event, 0) > 0)
			;
		t->ops->destroy(t);
	}
	sd_event_unref(event);
	fclose(file);
	return 0;
}
