/* SPDX-License-Identifier: Apache-2.0 */
/* See crypto.h. */
#include "base/crypto.h"

#include <gcrypt.h>

void crypto_prepare(void)
{
	/* Digests, and the keys of virtual devices: no secrets, so no secure memory (gcrypt
	 * manual, 2.4). */
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return;
	gcry_check_version(NULL);
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}
