/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen of otabench serve: the virtual device, the client that is connected to it, how far
 * its update is, which rules of the protocol the client broke, and what went over the link.
 */
#ifndef OTABENCH_VIEW_VIEW_SERVE_H
#define OTABENCH_VIEW_VIEW_SERVE_H

#include "view/view.h"

enum view_serve_mark { VIEW_SERVE_UNSEEN, VIEW_SERVE_KEPT, VIEW_SERVE_BROKEN };

/* A rule of docs/protocol.md. */
struct view_serve_rule {
	enum view_serve_mark mark;
	const char *section; /* "4.1" */
	const char *name; /* "ready" */
	const char *text; /* the client's duty */
	const char *fault, *detail; /* BROKEN: what the client did; the first time */
	uint32_t times; /* broken */
	uint64_t first_us;
};

/* Texts are made harmless when they are drawn. */
struct view_serve {
	const char *name; /* of the device, as it is advertised */
	const char *front; /* "hci0 02:0B:E0:00:00:01" */
	const char *dialect; /* "full"; "" not known yet */
	const char *chip; /* "ESP32-C3"; "" not known yet */
	const char *security; /* what Control and Data require of the link; "" nothing */
	const char *faults; /* that --sim has: "disconnect@70000"; "" none */
	bool advertises;
	const struct transport_facts *facts; /* NULL: not known yet */
	/* the client */
	bool connected;
	const char *client; /* its address */
	uint64_t connected_us; /* for so long */
	uint16_t mtu; /* 0: not told */
	bool subscribed; /* notifications of Control */
	unsigned int clients, losses; /* connections so far; those that the device's side lost */
	/* the update */
	uint32_t total; /* bytes of the stream; 0: the client did not say, or there is none */
	uint64_t values, bytes; /* written to Data, so far */
	uint32_t received, flushed; /* of the last update, as the device counts; 0: unknown */
	uint64_t took_us; /* from its first value to the last */
	uint32_t rate, average; /* bytes per second that the device received in order */
	/* the verdict */
	const struct view_serve_rule *rules; /* the order of the protocol */
	size_t rule_count; /* 0: the dialect is not this project's, nothing is judged */
	const struct loglist *log;
	/* the lines at the bottom */
	const char *message; /* "" none */
	enum cells_style message_style;
	bool help; /* its list of keys is shown instead */
	size_t help_scroll;
};

/* The whole screen. */
void view_serve_draw(const struct view_serve *v, struct cells *cells);
/* The greatest help_scroll, on a screen of this size. */
size_t view_serve_help_end(const struct cells *cells);

#endif
