/* SPDX-License-Identifier: Apache-2.0 */
/* Between att.c, att_find.c (discovery) and att_write.c. */
#ifndef OTABENCH_AIR_ATT_PRIV_H
#define OTABENCH_AIR_ATT_PRIV_H

#include "air/att.h"

void att_reply(struct att_server *server, const uint8_t *pdu, size_t len);
void att_reply_error(struct att_server *server, uint8_t opcode, uint16_t handle, int error);
/* A value into buf of ATT_VALUE_MAX octets: its length, or a negative enum att_error. */
int att_value_read(struct att_server *server, const struct att_attribute *attribute, uint8_t *buf);

void att_find_information(struct att_server *server, const uint8_t *pdu, size_t len);
void att_find_by_type_value(struct att_server *server, const uint8_t *pdu, size_t len);
void att_read_by_type(struct att_server *server, const uint8_t *pdu, size_t len);
void att_read_by_group_type(struct att_server *server, const uint8_t *pdu, size_t len);

void att_write_request(struct att_server *server, const uint8_t *pdu, size_t len);
void att_write_command(struct att_server *server, const uint8_t *pdu, size_t len);
void att_prepare_write(struct att_server *server, const uint8_t *pdu, size_t len);
void att_execute_write(struct att_server *server, const uint8_t *pdu, size_t len);

#endif
