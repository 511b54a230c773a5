/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of Mbed TLS 3's header of this name and of those that it includes: only what ota_esp
 * uses, as documented there. */
#ifndef FAKE_MBEDTLS_ECDSA_H
#define FAKE_MBEDTLS_ECDSA_H

#include <stddef.h>

typedef enum { MBEDTLS_ECP_DP_NONE = 0, MBEDTLS_ECP_DP_SECP256R1 = 3 } mbedtls_ecp_group_id;

typedef struct {
	unsigned char bytes[32];
} mbedtls_mpi;

typedef struct {
	mbedtls_ecp_group_id id;
} mbedtls_ecp_group;

typedef struct {
	unsigned char bytes[65];
} mbedtls_ecp_point;

void mbedtls_mpi_init(mbedtls_mpi *x);
void mbedtls_mpi_free(mbedtls_mpi *x);
int mbedtls_mpi_read_binary(mbedtls_mpi *x, const unsigned char *buf, size_t len);
void mbedtls_ecp_group_init(mbedtls_ecp_group *group);
void mbedtls_ecp_group_free(mbedtls_ecp_group *group);
int mbedtls_ecp_group_load(mbedtls_ecp_group *group, mbedtls_ecp_group_id id);
void mbedtls_ecp_point_init(mbedtls_ecp_point *point);
void mbedtls_ecp_point_free(mbedtls_ecp_point *point);
int mbedtls_ecp_point_read_binary(const mbedtls_ecp_group *group, mbedtls_ecp_point *point,
				  const unsigned char *buf, size_t len);
int mbedtls_ecp_check_pubkey(const mbedtls_ecp_group *group, const mbedtls_ecp_point *point);
/* Of a digest. */
int mbedtls_ecdsa_verify(mbedtls_ecp_group *group, const unsigned char *buf, size_t len,
			 const mbedtls_ecp_point *q, const mbedtls_mpi *r, const mbedtls_mpi *s);

#endif
