/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport around another one.  A wrapper writes the operations that it changes;
 * all others go to the inner transport as they come.
 */
#ifndef OTABENCH_TRANSPORT_WRAP_H
#define OTABENCH_TRANSPORT_WRAP_H

#include "transport/transport.h"

/* Embedded as the first member of a wrapper's own structure. */
struct wrap {
	struct transport base;
	struct transport *inner;
	struct transport_ops ops; /* base's: a wrapper offers what its inner one does */
};

/* The transport that t wraps; t is a wrapper's base. */
static inline struct transport *wrap_inner(const struct transport *t)
{
	return ((const struct wrap *)t)->inner;
}

/*
 * changed names the wrapper and holds what it does itself, destroy included, with NULL for
 * the rest; it is copied.  The inner transport's events go to handler, with w.
 */
void wrap_init(struct wrap *w, struct transport *inner, const struct transport_ops *changed,
	       void (*handler)(void *userdata, const struct transport_event *event));
/* An event for the wrapper's user. */
void wrap_emit(struct wrap *w, const struct transport_event *event);

#endif
