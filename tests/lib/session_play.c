/* SPDX-License-Identifier: Apache-2.0 */
/* See session_play.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "session_play.h"

static const char *const chr_names[GATT_CHRS] = {"control", "data",  "info",
						 "version", "model", "manufacturer"};

static uint8_t image[1u << 20];

static void act(struct play *play, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void act(struct play *play, const char *format, ...)
{
	va_list ap;

	if (play->done == PLAY_ACTIONS)
		fail_msg("more than %u actions", PLAY_ACTIONS);
	va_start(ap, format);
	(void)vsnprintf(play->actions[play->done++], PLAY_ACTION_TEXT, format, ap);
	va_end(ap);
}

static void append(char *text, size_t size, const char *word)
{
	const size_t len = strlen(text);

	(void)snprintf(text + len, size - len, "%s ", word);
}

static int on_connect(void *ctx)
{
	act(ctx, "connect");
	return ((struct play *)ctx)->connect_rc;
}

static int on_disconnect(void *ctx)
{
	act(ctx, "disconnect");
	return ((struct play *)ctx)->disconnect_rc;
}

static int on_discover(void *ctx)
{
	act(ctx, "discover");
	return ((struct play *)ctx)->discover_rc;
}

static int on_subscribe(void *ctx, enum gatt_chr chr)
{
	act(ctx, "subscribe %s", chr_names[chr]);
	return ((struct play *)ctx)->subscribe_rc;
}

static int on_read(void *ctx, enum gatt_chr chr)
{
	act(ctx, "read %s", chr_names[chr]);
	return ((struct play *)ctx)->read_rc;
}

static int on_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	struct play *play = ctx;
	char hex[PLAY_ACTION_TEXT - 40];
	const int rc = chr == GATT_DATA ? play->data_rc : play->control_rc;

	if (rc < 0)
		return rc;
	if (chr == GATT_DATA && play->data_room == 0)
		return -OTA_EAGAIN;
	if (chr == GATT_DATA) {
		play->data_room--;
		play->data_bytes += (uint32_t)len;
	}
	hex[0] = '\0';
	for (size_t i = 0; i < len && 2 * i + 3 < sizeof(hex); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", buf[i]);
	act(play, "%s %s %s", gatt_write_name(mode), chr_names[chr], hex);
	return 0;
}

static void on_link(void *ctx, struct airtime_link *ret)
{
	*ret = ((struct play *)ctx)->link;
}

static int on_approve(void *ctx, const struct ota_info *info, const char *version)
{
	struct play *play = ctx;

	assert_non_null(version);
	assert_true(info == NULL || info->version == 1);
	play->approvals++;
	return play->approve_rc;
}

static void on_state(void *ctx, enum session_state from, enum session_state to)
{
	struct play *play = ctx;

	assert_int_not_equal(from, to);
	append(play->states, sizeof(play->states), session_state_name(to));
}

static void on_note(void *ctx, enum session_note note, uint32_t value)
{
	struct play *play = ctx;
	char word[64];

	(void)snprintf(word, sizeof(word), "%s=%u", session_note_name(note), value);
	append(play->notes, sizeof(play->notes), word);
}

static const struct session_ops ops = {
	.connect = on_connect,
	.disconnect = on_disconnect,
	.discover = on_discover,
	.subscribe = on_subscribe,
	.read = on_read,
	.write = on_write,
	.link = on_link,
	.approve = on_approve,
	.state_changed = on_state,
	.note = on_note,
};

void play_init(struct play *play, enum session_goal goal, uint32_t size)
{
	memset(play, 0, sizeof(*play));
	play->actions = calloc(PLAY_ACTIONS, sizeof(*play->actions));
	assert_non_null(play->actions);
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)i;
	play->now = 1000000;
	play->version = "1.0.0";
	play->data_room = UINT32_MAX;
	play->link = (struct airtime_link){
		.phy = OTA_PHY_1M, .data_length = 251, .interval_us = 15000, .refill = true};
	play->info = (struct ota_info){
		.version = 1,
		.min_version = 1,
		.features = OTA_FEATURE_RESUME | OTA_FEATURE_SINK | OTA_FEATURE_ROLLBACK,
		.slot_count = 2,
		.phys = OTA_PHYS_1M | OTA_PHYS_2M,
		.slot_size = 0x140000,
		.ring_size = 32768,
	};
	play->config = (struct session_config){
		.goal = goal,
		.image = goal == SESSION_UPDATE ? image : NULL,
		.image_size = size,
		.mode_auto = true,
		.mtu_max = 517,
		.basic_pacing_us = 20000,
		.confirm = true,
		.stall_ms = 1000,
		.ack_timeout_ms = 2000,
		.connect_timeout_ms = 15000,
		.ready_timeout_ms = 20000,
		.basic_ready_timeout_ms = 60000,
		.verify_timeout_ms = 30000,
		.reconnect_timeout_ms = 60000,
		.retries = 5,
		.backoff_ms = 500,
		.backoff_max_ms = 8000,
	};
	for (size_t i = 0; i < OTA_SHA256_SIZE; i++)
		play->config.sha256[i] = (uint8_t)(0xa0 + i);
}

void play_start(struct play *play)
{
	assert_int_equal(session_init(&play->s, &play->config, &ops, play, play->now), 0);
	session_start(&play->s, play->now);
}

void play_finish(struct play *play)
{
	play_expect_none(play);
	free(play->actions);
	play->actions = NULL;
}

void play_expect(struct play *play, const char *action)
{
	char wanted[PLAY_ACTION_TEXT];
	size_t len = 0, words = 0;

	if (play->taken == play->done)
		fail_msg("expected '%s', found no action", action);
	/* The first two blanks part words, later ones only make bytes readable. */
	for (; *action && len + 1 < sizeof(wanted); action++)
		if (*action != ' ' || words++ < 2)
			wanted[len++] = *action;
	wanted[len] = '\0';
	assert_string_equal(play->actions[play->taken++], wanted);
}

void play_expect_none(struct play *play)
{
	if (play->taken < play->done)
		fail_msg("unexpected '%s'", play->actions[play->taken]);
}

void play_skip(struct play *play)
{
	play->taken = play->done = 0;
}

size_t play_count(const struct play *play, const char *prefix)
{
	size_t count = 0;

	for (size_t i = play->taken; i < play->done; i++)
		count += strncmp(play->actions[i], prefix, strlen(prefix)) == 0;
	return count;
}

void play_pass(struct play *play, uint32_t ms)
{
	const uint64_t end = play->now + ms * 1000ull;
	uint64_t at;

	for (unsigned int i = 0; (at = session_deadline(&play->s)) <= end; i++) {
		if (i > 100000)
			fail_msg("time does not pass");
		play->now = at > play->now ? at : play->now;
		session_tick(&play->s, play->now);
	}
	play->now = end;
	session_tick(&play->s, play->now);
}

static uint8_t digit(char c)
{
	assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void play_rx(struct play *play, const char *hex)
{
	uint8_t buf[64];
	size_t digits = 0;

	memset(buf, 0, sizeof(buf));
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_true(digits < 2 * sizeof(buf));
		buf[digits / 2] = (uint8_t)(buf[digits / 2] << 4 | digit(*hex));
		digits++;
	}
	session_rx(&play->s, buf, digits / 2, play->now);
}

void play_rx_ack(struct play *play, uint32_t received, uint32_t flushed, uint32_t limit)
{
	const struct ota_ack m = {.received = received, .flushed = flushed, .limit = limit};
	uint8_t buf[20];

	session_rx(&play->s, buf, (size_t)ota_ack_encode(&m, buf, sizeof(buf)), play->now);
}

void play_rx_gap(struct play *play, uint16_t sequence, uint32_t offset, uint8_t reason)
{
	const struct ota_gap m = {.sequence = sequence, .offset = offset, .reason = reason};
	uint8_t buf[20];

	session_rx(&play->s, buf, (size_t)ota_gap_encode(&m, buf, sizeof(buf)), play->now);
}

void play_rx_ready(struct play *play, uint32_t offset, uint32_t limit)
{
	const struct ota_ready m = {
		.offset = offset, .limit = limit, .max_value = 512, .ack_interval = 8192};
	uint8_t buf[20];

	session_rx(&play->s, buf, (size_t)ota_ready_encode(&m, buf, sizeof(buf)), play->now);
}

void play_rx_done(struct play *play, uint32_t size, uint16_t reboot_ms)
{
	struct ota_done m = {.size = size, .slot = 1, .reboot_ms = reboot_ms};
	uint8_t buf[20];

	memcpy(m.hash, play->config.sha256, sizeof(m.hash));
	session_rx(&play->s, buf, (size_t)ota_done_encode(&m, buf, sizeof(buf)), play->now);
}

void play_rx_status(struct play *play, enum ota_state state, uint32_t received)
{
	const struct ota_status m = {.state = (uint8_t)state, .received = received};
	uint8_t buf[20];

	session_rx(&play->s, buf, (size_t)ota_status_encode(&m, buf, sizeof(buf)), play->now);
}

void play_rx_error(struct play *play, uint8_t code, uint8_t opcode, uint32_t detail)
{
	const struct ota_error_event m = {.code = code, .opcode = opcode, .detail = detail};
	uint8_t buf[20];

	session_rx(&play->s, buf, (size_t)ota_error_encode(&m, buf, sizeof(buf)), play->now);
}

void play_info(struct play *play)
{
	uint8_t info[OTA_INFO_SIZE];

	play_expect(play, "read info");
	assert_int_equal(ota_info_encode(&play->info, info, sizeof(info)), OTA_INFO_SIZE);
	session_read(&play->s, GATT_INFO, 0, info, sizeof(info), play->now);
}

void play_confirmed(struct play *play)
{
	play_expect(play, "request control 06");
	play_written(play, GATT_CONTROL);
	play_rx(play, "06 06 00");
	play->info.flags &= (uint8_t)~OTA_INFO_PENDING_VERIFY;
	play_info(play);
}

void play_written(struct play *play, enum gatt_chr chr)
{
	session_written(&play->s, chr, 0, play->now);
}

void play_lost(struct play *play, enum gatt_reason reason)
{
	session_disconnected(&play->s, reason, play->now);
}

void play_discovered(struct play *play, const uint8_t *properties)
{
	static const char *const uuids[] = {OTA_UUID_CONTROL, OTA_UUID_DATA, OTA_UUID_INFO};
	struct gatt_found found[3];
	const struct dialect *dialect;
	size_t count = 0;

	for (size_t i = 0; i < 3; i++)
		if (properties[i])
			found[count++] =
				(struct gatt_found){OTA_UUID_SERVICE, uuids[i], properties[i]};
	dialect = dialect_find(found, count);
	session_discovered(&play->s, dialect ? dialect->id : DIALECT_UNKNOWN, properties,
			   play->now);
}

void play_link_up(struct play *play, uint16_t mtu, const uint8_t *properties)
{
	play_expect(play, "connect");
	session_connected(&play->s, OTA_ATT_MTU_MIN, play->now);
	play_expect(play, "discover");
	session_mtu(&play->s, mtu, play->now);
	play_discovered(play, properties);
	play_expect(play, "subscribe control");
	session_subscribed(&play->s, 0, play->now);
	if (properties[GATT_INFO])
		play_info(play);
	play_expect(play, "read version");
	session_read(&play->s, GATT_FIRMWARE_REVISION, 0, (const uint8_t *)play->version,
		     strlen(play->version), play->now);
	if (properties[GATT_MODEL]) {
		play_expect(play, "read model");
		session_read(&play->s, GATT_MODEL, 0, (const uint8_t *)"esp32c3", 7, play->now);
	}
}

void play_sending(struct play *play, uint16_t mtu, uint32_t offset, uint32_t limit)
{
	play_link_up(play, mtu, PLAY_FULL);
	assert_int_equal(play_count(play, "request control 01"), 1);
	play_skip(play);
	play_written(play, GATT_CONTROL);
	play_rx_ready(play, offset, limit);
	assert_int_equal(play->s.state, SESSION_SENDING);
}

void play_begin(struct play *play)
{
	play_init(play, SESSION_UPDATE, PLAY_SIZE);
	play_start(play);
}

void play_to_sending(struct play *play)
{
	play_begin(play);
	play_sending(play, OTA_ATT_MTU_MIN, 0, PLAY_SIZE);
	play_skip(play);
}

void play_to_verifying(struct play *play)
{
	play_to_sending(play);
	play_rx_ack(play, PLAY_SIZE, 0, PLAY_SIZE);
	play_expect(play, "request control 04");
	play_written(play, GATT_CONTROL);
}

void play_to_rebooted(struct play *play)
{
	play_to_verifying(play);
	play_rx_done(play, PLAY_SIZE, 300);
	play_pass(play, 350);
	play_lost(play, GATT_BY_DEVICE);
	memcpy(play->info.running_sha256, play->config.sha256, 32);
	play->info.flags = OTA_INFO_PENDING_VERIFY;
}

void play_end(struct play *play)
{
	play_skip(play);
	play_finish(play);
}
