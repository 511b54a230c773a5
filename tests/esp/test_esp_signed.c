/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware with CONFIG_OTA_ESP_SIGNED: once over Mbed TLS 3, once over PSA with the key that
 * counts as the second one.
 */
#define IMAGE 120000u
#include "espfixture.h"

#include "base/ecdsa.h"
#include "base/hex.h"
#include "base/sha256.h"
#include "ota/statement.h"

/* RFC 6979, A.2.5: the private half of the key in tests/esp/fakes/include/sdkconfig.h. */
static const char secret[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

static struct ecdsa_key product_key(void)
{
	struct ecdsa_key key;

	assert_int_equal(hex_decode(secret, key.secret, ECDSA_SCALAR), 0);
	assert_int_equal(ecdsa_complete(&key), 0);
	return key;
}

/* Of the image at hand, as this product's maker signs it. */
static struct ota_statement ours(uint32_t secure_version)
{
	struct ota_statement s = {.chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID,
				  .secure_version = secure_version,
				  .image_size = host.size};

	memcpy(s.project, "otabench-sim", 12);
	memcpy(s.version, "1.1.0", 5);
	sha256_buffer(host.image, host.size, s.sha256);
	return s;
}

static size_t signed_start(const struct ecdsa_key *key, const struct ota_statement *statement,
			   uint8_t buf[OTA_CONTROL_MAX])
{
	struct ota_start start = {.version = OTA_PROTOCOL_VERSION,
				  .flags = OTA_START_SIGNED,
				  .image_size = host.size,
				  .stream_size = host.size};
	uint8_t message[OTA_STATEMENT_SIZE], signature[OTA_SIGNATURE_SIZE];

	sha256_buffer(host.image, host.size, start.sha256);
	ota_statement_pack(statement, message);
	assert_int_equal(ecdsa_sign(key, message, sizeof(message), signature), 0);
	assert_int_equal(ota_start_encode(&start, buf, OTA_CONTROL_MAX), OTA_START_SIZE);
	ota_statement_encode(statement, signature, buf + OTA_START_SIZE);
	return OTA_START_SIZE + OTA_SIGNED_SIZE;
}

static size_t started(const struct ecdsa_key *key, uint8_t buf[OTA_CONTROL_MAX])
{
	const struct ota_statement statement = ours(1);

	return signed_start(key, &statement, buf);
}

static bool begins_with(const struct ecdsa_key *key, const struct ota_statement *statement)
{
	uint8_t buf[OTA_CONTROL_MAX];
	const size_t len = signed_start(key, statement, buf);

	host.error.code = OTA_OK;
	return fake_write(host.conn, CONTROL, buf, len) == 0 &&
	       esphost_wait(&host, OTA_EVT_READY, 20000);
}

static bool begins(const struct ecdsa_key *key, uint32_t secure_version)
{
	const struct ota_statement statement = ours(secure_version);

	return begins_with(key, &statement);
}

static void signed_image_is_taken(void **state)
{
	const struct ecdsa_key key = product_key();
	struct ota_info info;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	esphost_info(&host, &info);
	assert_true(info.features & OTA_FEATURE_SIGNED);
	assert_true(info.abilities & OTA_ABILITY_SIGNED_ONLY);
	assert_false(info.features & (OTA_FEATURE_PREPARE | OTA_FEATURE_PATTERN));
	assert_true(begins(&key, 1));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
	assert_true(esphost_restarts(10000));
	assert_int_equal(fake_ecdsa_held(), 0);
}

static void others_are_refused_before_an_erase(void **state)
{
	static const uint8_t basic = OTA_CMD_START;
	struct ecdsa_key key = product_key(), stranger;
	struct ota_statement statement;
	uint8_t buf[OTA_CONTROL_MAX];
	size_t len;

	(void)state;
	assert_int_equal(ecdsa_generate(&stranger), 0);
	esphost_connect(&host, image.bytes, image.size);
	assert_false(esphost_start(&host, 0));
	assert_int_equal(host.error.code, OTA_ERR_SIGNATURE);
	assert_int_equal(host.error.detail, 0);
	assert_false(begins(&stranger, 1));
	assert_int_equal(host.error.code, OTA_ERR_SIGNATURE);
	assert_int_equal(host.error.detail, 1);
	assert_false(begins(&key, 0)); /* the image that runs has 1 */
	assert_int_equal(host.error.code, OTA_ERR_VERSION);
	assert_int_equal(host.error.detail, OTA_DETAIL_SECURE_VERSION);
	/* The same maker's key, for other products of his. */
	statement = ours(1);
	memcpy(statement.project, "other", 6);
	assert_false(begins_with(&key, &statement));
	assert_int_equal(host.error.code, OTA_ERR_IMAGE);
	assert_int_equal(host.error.detail, OTA_DETAIL_PROJECT);
	statement = ours(1);
	statement.chip_id ^= 9;
	assert_false(begins_with(&key, &statement));
	assert_int_equal(host.error.code, OTA_ERR_CHIP);
	/* An image that it was not made for, and a bit of it. */
	statement = ours(1);
	len = signed_start(&key, &statement, buf);
	buf[OTA_START_SIZE - 1] ^= 1;
	host.error.code = OTA_OK;
	assert_int_equal(fake_write(host.conn, CONTROL, buf, len), 0);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 20000));
	assert_int_equal(host.error.code, OTA_ERR_SIGNATURE);
	len = signed_start(&key, &statement, buf);
	buf[len - 1] ^= 1;
	host.error.code = OTA_OK;
	assert_int_equal(fake_write(host.conn, CONTROL, buf, len), 0);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 20000));
	assert_int_equal(host.error.code, OTA_ERR_SIGNATURE);
	host.error.code = OTA_OK;
	assert_int_equal(fake_write(host.conn, CONTROL, &basic, 1), 0);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 1000));
	assert_int_equal(fake_board.erases, 0);
	assert_int_equal(fake_ecdsa_held(), 0);
	/* The right one after them waits for its turn, and is taken. */
	assert_true(begins(&key, 1));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void who_leaves_gets_nothing(void **state)
{
	const struct ecdsa_key key = product_key();
	uint8_t buf[OTA_CONTROL_MAX];
	size_t len;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	len = started(&key, buf);
	assert_int_equal(fake_write(host.conn, CONTROL, buf, len), 0);
	fake_disconnect(host.conn);
	fake_run_ms(20000);
	assert_int_equal(esphost_owner(), OTA_NO_CONN);
	assert_int_equal(fake_board.erases, 0);
	esphost_connect(&host, image.bytes, image.size);
	assert_true(begins(&key, 1));
}

static void lost_link_is_resumed(void **state)
{
	const struct ecdsa_key key = product_key();

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(begins(&key, 1));
	assert_true(esphost_send(&host, 90000));
	fake_disconnect(host.conn);
	fake_run_ms(2000);
	esphost_connect(&host, image.bytes, image.size);
	assert_true(begins(&key, 1));
	assert_true(host.offset > 0);
	host.sent = host.offset;
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static int command(uint8_t opcode)
{
	return fake_write(host.conn, CONTROL, &opcode, 1);
}

/* CONFIG_OTA_ESP_SECURITY_COMMANDS: without it any link will do. */
static void what_is_not_signed_needs_the_link(void **state)
{
#ifdef CONFIG_OTA_ESP_SECURITY_COMMANDS
	const int refusal = BLE_ATT_ERR_INSUFFICIENT_AUTHEN;
#else
	const int refusal = 0;
#endif
	const struct ecdsa_key key = product_key();
	uint8_t buf[OTA_CONTROL_MAX];
	size_t len;

	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	assert_true(begins(&key, 1));
	assert_true(esphost_send(&host, 90000));
	assert_int_equal(command(OTA_CMD_ABORT), 0); /* the owner's own */
	esphost_drain(&host);
	assert_true(begins(&key, 1));
	assert_true(esphost_send(&host, 90000));
	fake_disconnect(host.conn);
	fake_run_ms(2000);
	esphost_connect(&host, image.bytes, image.size);
	len = started(&key, buf);
	buf[2] |= OTA_START_RESTART; /* what could be resumed would be lost */
	assert_int_equal(fake_write(host.conn, CONTROL, buf, len), refusal);
	if (refusal == 0)
		return;
	assert_int_equal(command(OTA_CMD_STATUS), 0);
	assert_int_equal(command(OTA_CMD_ABORT), refusal);
	assert_int_equal(command(OTA_CMD_CONFIRM), refusal);
	assert_int_equal(command(OTA_CMD_ROLLBACK), refusal);
	assert_int_equal(command(OTA_CMD_REBOOT), refusal);
	fake_link(host.conn)->encrypted = true; /* by just works pairing */
	assert_int_equal(command(OTA_CMD_ABORT), refusal);
	/* None of it has cost anything, and who has the image goes on. */
	assert_true(begins(&key, 1));
	assert_true(host.offset > 0);
	fake_disconnect(host.conn);
	fake_run_ms(2000);
	esphost_connect(&host, image.bytes, image.size);
	fake_link(host.conn)->encrypted = fake_link(host.conn)->authenticated = true;
	assert_int_equal(command(OTA_CMD_ABORT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ESP_TEST(signed_image_is_taken),
		ESP_TEST(others_are_refused_before_an_erase),
		ESP_TEST(who_leaves_gets_nothing),
		ESP_TEST(lost_link_is_resumed),
		ESP_TEST(what_is_not_signed_needs_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
