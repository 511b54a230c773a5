/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upkeep of the host's side - hang up, forget, power-cycle - with its words, so
 * that the command line and the screen say the same.
 */
#ifndef OTABENCH_HOST_UPKEEP_H
#define OTABENCH_HOST_UPKEEP_H

#include "transport/transport.h"

/* See transport_ops.upkeep; -OTA_ENOTSUP where the transport has none. */
int upkeep_start(struct transport *t, enum transport_upkeep what, const char *device);
/* Whether there is nothing left to do: done, or there was nothing to begin with. */
bool upkeep_succeeded(enum transport_upkeep what, int status);
/* What came of it, one sentence; device (NULL with POWER_CYCLE) as the user named it.  Returns
 * buf. */
char *upkeep_text(enum transport_upkeep what, int status, const char *device, char *buf,
		  size_t size);

#endif
