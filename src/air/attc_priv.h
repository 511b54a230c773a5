/* SPDX-License-Identifier: Apache-2.0 */
/* Between attc.c (requests) and attc_discover.c. */
#ifndef OTABENCH_AIR_ATTC_PRIV_H
#define OTABENCH_AIR_ATTC_PRIV_H

#include "air/attc.h"

/* Sends the next PDU of the request under way, to be answered by response. */
void attc_ask(struct attc *c, const uint8_t *pdu, size_t len, uint8_t response);
/* Ends the request under way with its event, which tells of the first len octets of
 * c->value, and begins the next one. */
void attc_done(struct attc *c, int status, size_t len);

void attc_discover_begin(struct attc *c);
void attc_discover_response(struct attc *c, const uint8_t *pdu, size_t len);
void attc_discover_error(struct attc *c, int error);

#endif
