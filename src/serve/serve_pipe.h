/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front over a pipe: the client is a program, which writes a JSON object a line and is
 * answered so.  No adapter is needed, and a test of a client has the device that it asks for.
 *
 *	{"do":"connect","mtu":247}
 *	{"do":"subscribe","uuid":"fb1e4002-...","on":true}
 *	{"do":"read","uuid":"00002a26-...","id":1}
 *	{"do":"write","uuid":"fb1e4002-...","value":"04","response":true,"id":2}
 *	{"do":"disconnect"}
 *
 * Members that are not known are refused, as what is no such object is: -OTA_EINVAL.
 */
#ifndef OTABENCH_SERVE_SERVE_PIPE_H
#define OTABENCH_SERVE_SERVE_PIPE_H

#include "serve/serve.h"

#include <jansson.h>

struct serve_pipe;

/* Takes over value: what an object asked for, by its id (0: none), ended with status. */
typedef void serve_pipe_answer_fn(void *ctx, json_int_t id, int status, json_t *value);

extern const struct serve_front_ops serve_pipe_ops; /* with the front as context */

/* NULL: no memory. */
struct serve_pipe *serve_pipe_create(serve_pipe_answer_fn *answer, void *ctx);
void serve_pipe_attach(struct serve_pipe *p, struct serve *serve);
/* One line, any bytes, without its end.  0, or -OTA_EINVAL with why in ret_text. */
int serve_pipe_line(struct serve_pipe *p, const char *line, char *ret_text, size_t size);
void serve_pipe_destroy(struct serve_pipe *p);

#endif
