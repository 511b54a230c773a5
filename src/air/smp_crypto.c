/* SPDX-License-Identifier: Apache-2.0 */
/* See smp_crypto.h; libgcrypt does the work. */
#include "air/smp_crypto.h"
#include "base/crypto.h"

#include <gcrypt.h>
#include <stdbool.h>
#include <string.h>

#define CURVE "NIST P-256"
#define COORDINATE 32u

static uint8_t *reverse(uint8_t *to, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = from[len - 1u - i];
	return to + len;
}

/* --- AES */

int smp_e(const uint8_t key[SMP_BLOCK], const uint8_t text[SMP_BLOCK], uint8_t ret[SMP_BLOCK])
{
	uint8_t k[SMP_BLOCK], t[SMP_BLOCK];
	gcry_cipher_hd_t aes;
	bool ok;

	crypto_prepare();
	(void)reverse(k, key, SMP_BLOCK);
	(void)reverse(t, text, SMP_BLOCK);
	if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0))
		return -OTA_ENOMEM;
	ok = !gcry_cipher_setkey(aes, k, SMP_BLOCK) &&
	     !gcry_cipher_encrypt(aes, t, SMP_BLOCK, NULL, 0);
	gcry_cipher_close(aes);
	if (!ok)
		return -OTA_ENOMEM;
	(void)reverse(ret, t, SMP_BLOCK);
	return 0;
}

/* key as on the air, the message most significant octet first. */
static int cmac(const uint8_t key[SMP_BLOCK], const uint8_t *message, size_t len,
		uint8_t ret[SMP_BLOCK])
{
	uint8_t k[SMP_BLOCK], mac[SMP_BLOCK];
	size_t mac_len = sizeof(mac);
	gcry_mac_hd_t h;
	bool ok;

	crypto_prepare();
	(void)reverse(k, key, SMP_BLOCK);
	if (gcry_mac_open(&h, GCRY_MAC_CMAC_AES, 0, NULL))
		return -OTA_ENOMEM;
	ok = !gcry_mac_setkey(h, k, SMP_BLOCK) && !gcry_mac_write(h, message, len) &&
	     !gcry_mac_read(h, mac, &mac_len);
	gcry_mac_close(h);
	if (!ok)
		return -OTA_ENOMEM;
	(void)reverse(ret, mac, SMP_BLOCK);
	return 0;
}

static void exclusive_or(uint8_t *to, const uint8_t *from)
{
	for (unsigned int i = 0; i < SMP_BLOCK; i++)
		to[i] ^= from[i];
}

/* --- legacy pairing */

int smp_c1(const uint8_t key[SMP_BLOCK], const uint8_t random[SMP_BLOCK],
	   const struct smp_pairing *pairing, uint8_t ret[SMP_BLOCK])
{
	uint8_t p1[SMP_BLOCK], p2[SMP_BLOCK] = {0}, block[SMP_BLOCK];
	int rc;

	p1[0] = pairing->initiator[6];
	p1[1] = pairing->responder[6];
	memcpy(p1 + 2, pairing->request, SMP_FEATURES);
	memcpy(p1 + 9, pairing->response, SMP_FEATURES);
	memcpy(p2, pairing->responder, 6);
	memcpy(p2 + 6, pairing->initiator, 6);
	memcpy(block, random, SMP_BLOCK);
	exclusive_or(block, p1);
	rc = smp_e(key, block, block);
	if (rc < 0)
		return rc;
	exclusive_or(block, p2);
	return smp_e(key, block, ret);
}

int smp_s1(const uint8_t key[SMP_BLOCK], const uint8_t responder[SMP_BLOCK],
	   const uint8_t initiator[SMP_BLOCK], uint8_t ret[SMP_BLOCK])
{
	uint8_t block[SMP_BLOCK];

	memcpy(block, initiator, SMP_BLOCK / 2);
	memcpy(block + SMP_BLOCK / 2, responder, SMP_BLOCK / 2);
	return smp_e(key, block, ret);
}

/* --- LE Secure Connections */

int smp_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[SMP_BLOCK], uint8_t z,
	   uint8_t ret[SMP_BLOCK])
{
	uint8_t m[2 * COORDINATE + 1], *p = m;

	p = reverse(p, u, COORDINATE);
	p = reverse(p, v, COORDINATE);
	*p = z;
	return cmac(x, m, sizeof(m), ret);
}

int smp_f5(const uint8_t w[SMP_DHKEY], const uint8_t n1[SMP_BLOCK], const uint8_t n2[SMP_BLOCK],
	   const uint8_t a1[SMP_ADDRESS], const uint8_t a2[SMP_ADDRESS], uint8_t ret_mac[SMP_BLOCK],
	   uint8_t ret_ltk[SMP_BLOCK])
{
	/* 6C888391 AAF5A538 60370BDB 5A6083BE */
	static const uint8_t salt[SMP_BLOCK] = {0xbe, 0x83, 0x60, 0x5a, 0xdb, 0x0b, 0x37, 0x60,
						0x38, 0xa5, 0xf5, 0xaa, 0x91, 0x83, 0x88, 0x6c};
	static const uint8_t id[4] = {'b', 't', 'l', 'e'};
	uint8_t t[SMP_BLOCK], secret[SMP_DHKEY];
	uint8_t m[1 + sizeof(id) + 2 * SMP_BLOCK + 2 * SMP_ADDRESS + 2], *p = m + 1;
	int rc;

	(void)reverse(secret, w, SMP_DHKEY);
	rc = cmac(salt, secret, SMP_DHKEY, t);
	memcpy(p, id, sizeof(id));
	p = reverse(p + sizeof(id), n1, SMP_BLOCK);
	p = reverse(p, n2, SMP_BLOCK);
	p = reverse(p, a1, SMP_ADDRESS);
	p = reverse(p, a2, SMP_ADDRESS);
	p[0] = 0x01; /* 256 bits */
	p[1] = 0x00;
	m[0] = 0;
	if (rc == 0)
		rc = cmac(t, m, sizeof(m), ret_mac);
	m[0] = 1;
	return rc == 0 ? cmac(t, m, sizeof(m), ret_ltk) : rc;
}

int smp_f6(const uint8_t w[SMP_BLOCK], const uint8_t n1[SMP_BLOCK], const uint8_t n2[SMP_BLOCK],
	   const uint8_t r[SMP_BLOCK], const uint8_t io[3], const uint8_t a1[SMP_ADDRESS],
	   const uint8_t a2[SMP_ADDRESS], uint8_t ret[SMP_BLOCK])
{
	uint8_t m[3 * SMP_BLOCK + 3 + 2 * SMP_ADDRESS], *p = m;

	p = reverse(p, n1, SMP_BLOCK);
	p = reverse(p, n2, SMP_BLOCK);
	p = reverse(p, r, SMP_BLOCK);
	p = reverse(p, io, 3);
	p = reverse(p, a1, SMP_ADDRESS);
	(void)reverse(p, a2, SMP_ADDRESS);
	return cmac(w, m, sizeof(m), ret);
}

/* --- P-256 */

/* A curve with one point and one scalar of it. */
struct multiplication {
	gcry_ctx_t curve;
	gcry_mpi_t scalar, x, y;
	gcry_mpi_point_t point, result;
};

static void smp_crypto_finish(struct multiplication *m)
{
	gcry_mpi_point_release(m->point);
	gcry_mpi_point_release(m->result);
	gcry_mpi_release(m->scalar);
	gcry_mpi_release(m->x);
	gcry_mpi_release(m->y);
	gcry_ctx_release(m->curve);
}

static gcry_mpi_t number(const uint8_t *bytes)
{
	uint8_t turned[COORDINATE];
	gcry_mpi_t ret = NULL;

	(void)reverse(turned, bytes, COORDINATE);
	(void)gcry_mpi_scan(&ret, GCRYMPI_FMT_USG, turned, COORDINATE, NULL);
	return ret;
}

static int bytes_of(gcry_mpi_t value, uint8_t ret[COORDINATE])
{
	uint8_t turned[COORDINATE] = {0};
	size_t len = 0;

	if (gcry_mpi_print(GCRYMPI_FMT_USG, NULL, 0, &len, value) || len > COORDINATE ||
	    gcry_mpi_print(GCRYMPI_FMT_USG, turned + COORDINATE - len, len, NULL, value))
		return -OTA_EINVAL;
	(void)reverse(ret, turned, COORDINATE);
	return 0;
}

static bool scalar_valid(const struct multiplication *m)
{
	gcry_mpi_t order = gcry_mpi_ec_get_mpi("n", m->curve, 1);
	const bool valid =
		order && gcry_mpi_cmp_ui(m->scalar, 0) > 0 && gcry_mpi_cmp(m->scalar, order) < 0;

	gcry_mpi_release(order);
	return valid;
}

static int smp_crypto_begin(struct multiplication *m, const uint8_t key[SMP_PRIVATE])
{
	crypto_prepare();
	*m = (struct multiplication){.curve = NULL};
	if (gcry_mpi_ec_new(&m->curve, NULL, CURVE))
		return -OTA_ENOMEM;
	m->scalar = number(key);
	m->x = gcry_mpi_new(0);
	m->y = gcry_mpi_new(0);
	m->result = gcry_mpi_point_new(0);
	if (!m->scalar)
		return -OTA_ENOMEM;
	return scalar_valid(m) ? 0 : -OTA_EINVAL;
}

/* scalar times point, as coordinates in x and y. */
static int multiply(struct multiplication *m)
{
	gcry_mpi_ec_mul(m->result, m->scalar, m->point, m->curve);
	return gcry_mpi_ec_get_affine(m->x, m->y, m->result, m->curve) ? -OTA_EBADMSG : 0;
}

int smp_public_key(const uint8_t key[SMP_PRIVATE], uint8_t ret[SMP_PUBLIC])
{
	struct multiplication m;
	int rc = smp_crypto_begin(&m, key);

	if (rc == 0) {
		m.point = gcry_mpi_ec_get_point("g", m.curve, 1);
		rc = m.point ? multiply(&m) : -OTA_ENOMEM;
	}
	if (rc == 0)
		rc = bytes_of(m.x, ret);
	if (rc == 0)
		rc = bytes_of(m.y, ret + COORDINATE);
	smp_crypto_finish(&m);
	return rc;
}

int smp_dhkey(const uint8_t key[SMP_PRIVATE], const uint8_t peer[SMP_PUBLIC],
	      uint8_t ret[SMP_DHKEY])
{
	struct multiplication m;
	int rc = smp_crypto_begin(&m, key);

	if (rc == 0) {
		gcry_mpi_t x = number(peer), y = number(peer + COORDINATE);

		m.point = gcry_mpi_point_new(0);
		if (x && y) {
			(void)gcry_mpi_point_snatch_set(m.point, x, y, gcry_mpi_set_ui(NULL, 1));
		} else {
			gcry_mpi_release(x);
			gcry_mpi_release(y);
			rc = -OTA_ENOMEM;
		}
	}
	/* A point beside the curve would give away the private key. */
	if (rc == 0 && !gcry_mpi_ec_curve_point(m.point, m.curve))
		rc = -OTA_EBADMSG;
	if (rc == 0)
		rc = multiply(&m);
	if (rc == 0)
		rc = bytes_of(m.x, ret);
	smp_crypto_finish(&m);
	return rc;
}
