/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A served device as its screen shows it: what serve.h tells and what the device counts go in,
 * struct view_serve comes out.  It knows no terminal.
 */
#ifndef OTABENCH_CLI_SERVE_WATCH_H
#define OTABENCH_CLI_SERVE_WATCH_H

#include "serve/serve.h"
#include "view/view_serve.h"

#define SERVE_WATCH_SAMPLES 32u /* of the rate: some 3 s of frames */

struct serve_watch {
	struct transport *t;
	const char *name, *front, *security; /* as struct view_serve has them */
	struct serve *serve; /* NULL until there is one */
	struct loglist log;
	char faults[256];
	bool advertises;
	struct transport_facts facts;
	bool facts_known;
	/* the client */
	bool connected, subscribed;
	char client[SERVE_CLIENT];
	uint64_t since_us;
	uint16_t mtu;
	unsigned int clients, losses;
	/* Values of Data that stand as one line of the log, the line of that number. */
	uint64_t run_line;
	unsigned long run_values, run_bytes; /* 0: none is open */
	uint64_t values, bytes; /* in all */
	/* the update: as the device counted last */
	uint32_t total, received, flushed;
	uint32_t first_received; /* ... when it began, at: */
	uint64_t first_us, last_us;
	struct {
		uint64_t at_us;
		uint32_t received;
	} samples[SERVE_WATCH_SAMPLES];
	size_t sample_count; /* ever taken */
	struct view_serve_rule rules[GRADE_RULES];
	bool changed; /* since serve_watch_take_changed() */
};

/* t: of the simulated device; the texts must last.  serve follows once it is there. */
void serve_watch_init(struct serve_watch *w, struct transport *t, const char *name,
		      const char *front, const char *security);
/* A fault that --sim has. */
void serve_watch_fault(struct serve_watch *w, const char *text);
void serve_watch_news(struct serve_watch *w, const struct serve_news *news);
/* A line of the log: what the front or the user did. */
void serve_watch_note(struct serve_watch *w, enum loglist_kind kind, enum cells_style style,
		      const char *text);
/* Asks the device for its figures: before a frame. */
void serve_watch_look(struct serve_watch *w);
/* The snapshot that is drawn, but for the lines at the bottom; valid until the next call of any. */
void serve_watch_view(struct serve_watch *w, struct view_serve *ret);
bool serve_watch_take_changed(struct serve_watch *w);

#endif
