/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A screen as a picture: what the terminal would show, for documents and bug
 * reports, made by the program itself so that it cannot differ from it.
 */
#ifndef OTABENCH_VIEW_SVG_H
#define OTABENCH_VIEW_SVG_H

#include "view/cells.h"

/*
 * Lines, blocks and braille are drawn as shapes, since no two fonts have them of
 * the same width; text is fitted to its columns for the same reason.  The same
 * cells give the same bytes.  Errors are left in out, for ferror().
 */
void svg_write(const struct cells *cells, FILE *out);

#endif
