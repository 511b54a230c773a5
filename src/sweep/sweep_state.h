/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A search as JSON, so that it can be interrupted: axes, facts and samples, from which all else
 * follows.  Whose search it is, its owner adds.
 */
#ifndef OTABENCH_SWEEP_SWEEP_STATE_H
#define OTABENCH_SWEEP_SWEEP_STATE_H

#include "sweep/sweep.h"

#include <jansson.h>

/* NULL: out of memory. */
json_t *sweep_to_json(const struct sweep *s);
/*
 * 0 with *ret, or -OTA_EBADMSG with what is wrong in why and *ret untouched: a member is
 * missing or out of range.  A file may hold anything.
 */
int sweep_from_json(const json_t *from, struct sweep *ret, char *why, size_t size);
#endif
