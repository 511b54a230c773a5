/* SPDX-License-Identifier: Apache-2.0 */
/* libgcrypt, set up in one place. */
#ifndef OTABENCH_BASE_CRYPTO_H
#define OTABENCH_BASE_CRYPTO_H

/* Before the first use of libgcrypt, and any number of times. */
void crypto_prepare(void);

#endif
