/* SPDX-License-Identifier: Apache-2.0 */
/* See pdu_text.h. */
#include "host/pdu_text.h"
#include "base/bytes.h"
#include "base/hex.h"

#include "image/image.h"
#include "ota/skip.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static char *
say(char *buf, size_t size, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(buf, size, format, ap);
	va_end(ap);
	return buf;
}

static const char *pdu_text_hex(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	return hex_encode(bytes, 2 * len < size ? len : (size - 1) / 2, buf);
}

/* A malformed one: its name and what is wrong with it. */
static char *pdu_text_cut(const char *name, size_t len, char *buf, size_t size)
{
	return say(buf, size, "%s cut short: %zu byte%s", name, len, len == 1 ? "" : "s");
}

const char *pdu_text_phy(uint8_t phy)
{
	switch (phy) {
	case OTA_PHY_1M:
		return "1M";
	case OTA_PHY_2M:
		return "2M";
	case OTA_PHY_CODED:
		return "coded";
	default:
		return "unknown";
	}
}

/* Names of the bits that are set, with commas; what no name is known for as a number. */
static char *bits(uint32_t value, const char *const *names, size_t count, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (!(value & 1u << i) || len >= size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "," : "", names[i]);
		value &= ~(1u << i);
	}
	if (value && len < size)
		len += (size_t)snprintf(buf + len, size - len, "%s0x%x", len ? "," : "", value);
	return len ? buf : say(buf, size, "none");
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

char *pdu_text_slot(uint8_t slot, char *buf, size_t size)
{
	return slot == PDU_TEXT_FACTORY ? say(buf, size, "factory") : say(buf, size, "%u", slot);
}

char *pdu_text_flags(uint8_t flags, char *buf, size_t size)
{
	static const char *const names[] = {"pending-verify", "can-rollback", "resumable",
					    "encrypted", "secure-boot"};

	return bits(flags, names, COUNT(names), buf, size);
}

char *pdu_text_features(uint32_t features, char *buf, size_t size)
{
	static const char *const names[] = {"resume",	"sink",	      "link",	"telemetry",
					    "rollback", "compressed", "signed", "times",
					    "prepare",	"pattern",    "delta",	"skip"};

	return bits(features, names, COUNT(names), buf, size);
}

static char *start_flags(uint16_t flags, char *buf, size_t size)
{
	static const char *const names[] = {"sink",    "restart", "compressed", "signed",
					    "pattern", "delta",	  "skip"};

	return bits(flags, names, COUNT(names), buf, size);
}

char *pdu_text_phys(uint8_t set, char *buf, size_t size)
{
	static const char *const names[] = {"1M", "2M", "coded"};

	return bits(set, names, COUNT(names), buf, size);
}

/* --- commands */

static char *pdu_text_start(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_start m;
	char flags[48], digest[2 * 8 + 1];

	if (ota_start_decode(bytes, len, &m) < 0)
		return pdu_text_cut("START", len, buf, size);
	return say(
		buf, size, "START version=%u flags=%s size=%u stream=%u ack-interval=%u sha256=%s",
		m.version, start_flags(m.flags, flags, sizeof(flags)), m.image_size, m.stream_size,
		m.ack_interval, pdu_text_hex(m.sha256, 8, digest, sizeof(digest)));
}

static char *link_request(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_link_request m;
	char set[32];

	if (ota_link_request_decode(bytes, len, &m) < 0)
		return pdu_text_cut("LINK", len, buf, size);
	return say(buf, size,
		   "LINK interval=%.2f..%.2fms latency=%u supervision=%ums phys=%s data-length=%u",
		   m.interval_min * 1.25, m.interval_max * 1.25, m.latency,
		   m.supervision_timeout * 10u, pdu_text_phys(m.phys, set, sizeof(set)),
		   m.data_length);
}

static char *telemetry_request(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	uint16_t period;

	if (ota_telemetry_request_decode(bytes, len, &period) < 0)
		return pdu_text_cut("TELEMETRY", len, buf, size);
	return say(buf, size, "TELEMETRY period=%ums", period);
}

static char *blocks_request(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_blocks_request m;

	if (ota_blocks_request_decode(bytes, len, &m) < 0)
		return pdu_text_cut("BLOCKS", len, buf, size);
	return say(buf, size, "BLOCKS first=%u count=%u", m.first, m.count);
}

static char *prepare(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	uint32_t erases;

	if (ota_prepare_decode(bytes, len, &erases) < 0)
		return pdu_text_cut("PREPARE", len, buf, size);
	return erases > 0 ? say(buf, size, "PREPARE size=%u", erases)
			  : say(buf, size, "PREPARE size=slot");
}

char *pdu_text_command(const uint8_t *bytes, size_t len, const struct dialect *dialect, char *buf,
		       size_t size)
{
	if (len == 0)
		return say(buf, size, "an empty command");
	if (dialect->family == DIALECT_SECTORS)
		return pdu_text_sectors_command(bytes, len, buf, size);
	if (dialect->family == DIALECT_PARTS)
		return pdu_text_parts_command(bytes, len, buf, size);
	if (dialect->family == DIALECT_PACKAGES)
		return pdu_text_packages_command(bytes, len, buf, size);
	if (dialect->family == DIALECT_MCUMGR)
		return pdu_text_mcumgr(bytes, len, buf, size);
	if (!dialect->one_byte && bytes[0] == OTA_CMD_START)
		return pdu_text_start(bytes, len, buf, size);
	if (!dialect->one_byte && bytes[0] == OTA_CMD_LINK)
		return link_request(bytes, len, buf, size);
	if (!dialect->one_byte && bytes[0] == OTA_CMD_TELEMETRY)
		return telemetry_request(bytes, len, buf, size);
	if (!dialect->one_byte && bytes[0] == OTA_CMD_PREPARE)
		return prepare(bytes, len, buf, size);
	if (!dialect->one_byte && bytes[0] == OTA_CMD_BLOCKS)
		return blocks_request(bytes, len, buf, size);
	if (strcmp(ota_command_name(bytes[0]), "unknown") == 0)
		return say(buf, size, "unknown command 0x%02x, %zu bytes", bytes[0], len);
	return say(buf, size, "%s", ota_command_name(bytes[0]));
}

/* --- notifications */

static char *ready(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_ready m;
	char image[24] = "";

	if (ota_ready_decode(bytes, len, &m) < 0)
		return pdu_text_cut("READY", len, buf, size);
	if (len >= OTA_READY_STREAM_SIZE)
		say(image, sizeof(image), " image=%u", ota_ready_image_offset(&m, bytes, len));
	return say(buf, size,
		   "READY offset=%u%s limit=%u sequence=%u max-value=%u ack-interval=%u%s",
		   m.offset, image, m.limit, m.sequence, m.max_value, m.ack_interval,
		   m.flags & OTA_READY_RESUMED ? " resumed" : "");
}

static char *error(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_error_event m;

	if (ota_error_decode(bytes, len, &m) < 0)
		return pdu_text_cut("ERROR", len, buf, size);
	return say(buf, size, "ERROR %s on %s detail=%u", ota_code_name(m.code),
		   m.opcode ? ota_command_name(m.opcode) : "DATA", m.detail);
}

static char *pdu_text_done(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_done m;
	char digest[2 * OTA_DONE_PREFIX + 1], slot[8], reboot[16];

	if (ota_done_decode(bytes, len, &m) < 0)
		return pdu_text_cut("DONE", len, buf, size);
	(void)snprintf(slot, sizeof(slot), m.slot == 0xff ? "none" : "%u", m.slot);
	(void)snprintf(reboot, sizeof(reboot), m.reboot_ms == OTA_NO_REBOOT ? "no" : "%ums",
		       m.reboot_ms);
	return say(buf, size, "DONE size=%u slot=%s reboot=%s sha256=%s", m.size, slot, reboot,
		   pdu_text_hex(m.hash, sizeof(m.hash), digest, sizeof(digest)));
}

static char *progress(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_progress m;

	if (ota_progress_decode(bytes, len, &m) < 0)
		return pdu_text_cut("PROGRESS", len, buf, size);
	return say(buf, size, "PROGRESS %s done=%u total=%u", ota_phase_name(m.phase), m.done,
		   m.total);
}

/* " reset=panic resets=3 panics=2", as far as it is known. */
static char *resets(uint8_t reason, uint8_t count, uint8_t panics, char *buf, size_t size)
{
	char counted[16] = "", of_them[16] = "";

	if (count > 0)
		(void)say(counted, sizeof(counted), " resets=%u", count);
	if (panics > 0)
		(void)say(of_them, sizeof(of_them), " panics=%u", panics);
	return say(buf, size, "%s%s%s%s", reason != OTA_RESET_UNKNOWN ? " reset=" : "",
		   reason != OTA_RESET_UNKNOWN ? ota_reset_name(reason) : "", counted, of_them);
}

char *pdu_text_resets(uint8_t reason, uint8_t count, uint8_t panics, char *buf, size_t size)
{
	char since[64] = "", of_them[24] = "";

	if (panics > 0)
		(void)say(of_them, sizeof(of_them), " (panics: %u)", panics);
	if (count > 0)
		(void)say(since, sizeof(since), "; %u reset%s since the update began%s", count,
			  count == 1 ? "" : "s", of_them);
	if (reason == OTA_RESET_UNKNOWN && count == 0)
		return say(buf, size, "%s", "");
	return say(buf, size, "%s%s", ota_reset_name(reason), since);
}

static char *pdu_text_status(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_status m;
	char digest[2 * OTA_HASH_PREFIX + 1], flags[80], slot[8], starts[64];

	if (ota_status_decode(bytes, len, &m) < 0)
		return pdu_text_cut("STATUS", len, buf, size);
	return say(buf, size,
		   "STATUS %s received=%u flushed=%u sha256=%s slot=%s last-error=%s flags=%s%s",
		   ota_state_name(m.state), m.received, m.flushed,
		   pdu_text_hex(m.hash, sizeof(m.hash), digest, sizeof(digest)),
		   pdu_text_slot(m.slot, slot, sizeof(slot)), ota_code_name(m.last_error),
		   pdu_text_flags(m.flags, flags, sizeof(flags)),
		   resets(m.reset_reason, m.resets, m.panics, starts, sizeof(starts)));
}

static char *result(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_result m;

	if (ota_result_decode(bytes, len, &m) < 0)
		return pdu_text_cut("RESULT", len, buf, size);
	return say(buf, size, "RESULT %s %s", ota_command_name(m.opcode), ota_code_name(m.code));
}

static char *ack(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_ack m;

	if (ota_ack_decode(bytes, len, &m) < 0)
		return pdu_text_cut("ACK", len, buf, size);
	return say(buf, size, "ACK received=%u flushed=%u limit=%u", m.received, m.flushed,
		   m.limit);
}

static char *gap(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	static const char *const reasons[] = {
		[0] = "unknown",
		[OTA_GAP_MISSING] = "missing",
		[OTA_GAP_REPEAT] = "repeated",
		[OTA_GAP_ASKED] = "asked",
	};
	struct ota_gap m;

	if (ota_gap_decode(bytes, len, &m) < 0)
		return pdu_text_cut("GAP", len, buf, size);
	return say(buf, size, "GAP sequence=%u offset=%u reason=%s", m.sequence, m.offset,
		   reasons[m.reason < COUNT(reasons) ? m.reason : 0]);
}

static char *link(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_link m;

	if (ota_link_decode(bytes, len, &m) < 0)
		return pdu_text_cut("LINK", len, buf, size);
	return say(buf, size,
		   "LINK %s interval=%.2fms latency=%u supervision=%ums phy=%s/%s octets=%u/%u "
		   "mtu=%u",
		   ota_code_name(m.code), m.interval * 1.25, m.latency, m.supervision_timeout * 10u,
		   pdu_text_phy(m.tx_phy), pdu_text_phy(m.rx_phy), m.tx_octets, m.rx_octets, m.mtu);
}

static char *telemetry(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_telemetry m;
	char rssi[16] = "unknown", stack[32] = "";

	if (ota_telemetry_decode(bytes, len, &m) < 0)
		return pdu_text_cut("TELEMETRY", len, buf, size);
	if (m.rssi != 127)
		(void)snprintf(rssi, sizeof(rssi), "%ddBm", m.rssi);
	if (m.stack_left > 0)
		(void)snprintf(stack, sizeof(stack), " stack-left=%u",
			       m.stack_left * OTA_STACK_UNIT);
	return say(buf, size,
		   "TELEMETRY rssi=%s interval=%.2fms phy=%s/%s octets=%u ring=%u erase=%ums "
		   "write=%ums dropped=%u notify-fails=%u%s",
		   rssi, m.interval * 1.25, pdu_text_phy(m.tx_phy), pdu_text_phy(m.rx_phy),
		   m.rx_octets, m.ring_fill, m.erase_ms, m.write_ms, m.dropped, m.notify_fails,
		   stack);
}

static char *times(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_times m;

	if (ota_times_decode(bytes, len, &m) < 0)
		return pdu_text_cut("TIMES", len, buf, size);
	return say(buf, size, "TIMES clock=%ums erase=%ums write=%ums read=%ums store=%ums",
		   m.clock_ms, m.erase_ms, m.write_ms, m.read_ms, m.store_ms);
}

static char *blocks(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	struct ota_blocks m;
	char digests[OTA_DIGESTS * 9u + 1u] = "";

	if (ota_blocks_decode(bytes, len, &m) < 0)
		return pdu_text_cut("BLOCKS", len, buf, size);
	for (unsigned int i = 0; i < m.count; i++)
		say(digests + 9u * i, sizeof(digests) - 9u * i, " %08x", m.crc[i]);
	return say(buf, size, "BLOCKS first=%u crc=%s", m.first, digests + 1);
}

char *pdu_text_notification(const uint8_t *bytes, size_t len, const struct dialect *dialect,
			    char *buf, size_t size)
{
	typedef char *describe_fn(const uint8_t *, size_t, char *, size_t);
	static describe_fn *const functions[] = {
		[OTA_EVT_READY] = ready,
		[OTA_EVT_ERROR] = error,
		[OTA_EVT_DONE] = pdu_text_done,
		[OTA_EVT_PROGRESS] = progress,
		[OTA_EVT_STATUS] = pdu_text_status,
		[OTA_EVT_RESULT] = result,
		[OTA_EVT_ACK] = ack,
		[OTA_EVT_GAP] = gap,
		[OTA_EVT_LINK] = link,
		[OTA_EVT_TELEMETRY] = telemetry,
		[OTA_EVT_TIMES] = times,
		[OTA_EVT_BLOCKS] = blocks,
	};

	if (len == 0)
		return say(buf, size, "an empty notification");
	if (dialect->family == DIALECT_SECTORS)
		return pdu_text_sectors_answer(bytes, len, buf, size);
	if (dialect->family == DIALECT_PARTS)
		return pdu_text_parts_notification(bytes, len, buf, size);
	if (dialect->family == DIALECT_PACKAGES)
		return pdu_text_packages_notification(bytes, len, buf, size);
	if (dialect->family == DIALECT_MCUMGR)
		return pdu_text_mcumgr(bytes, len, buf, size);
	if (bytes[0] >= COUNT(functions) || !functions[bytes[0]])
		return say(buf, size, "unknown notification 0x%02x, %zu bytes", bytes[0], len);
	if (dialect->one_byte)
		return say(buf, size, "%s", ota_event_name(bytes[0]));
	return functions[bytes[0]](bytes, len, buf, size);
}

/* --- values */

char *pdu_text_data(const uint8_t *bytes, size_t len, const struct dialect *dialect, char *buf,
		    size_t size)
{
	if (dialect->header == 0)
		return say(buf, size, "DATA length=%zu", len);
	if (len < dialect->header)
		return pdu_text_cut("DATA", len, buf, size);
	if (dialect->family == DIALECT_SECTORS)
		return say(buf, size, "DATA sector=%u value=%u length=%zu", bytes_get16(bytes),
			   bytes[2], len - dialect->header);
	if (dialect->family == DIALECT_PARTS)
		return say(buf, size, "DATA value=%u length=%zu", bytes[1], len - dialect->header);
	return say(buf, size, "DATA sequence=%u length=%zu", bytes_get16(bytes),
		   len - OTA_DATA_HEADER);
}

char *pdu_text_info(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	const struct image_chip *chip;
	struct ota_info m;
	char digest[2 * 8 + 1], flags[80], slot[8], block[16] = "", starts[64];

	if (ota_info_decode(bytes, len, &m) < 0)
		return pdu_text_cut("INFO", len, buf, size);
	chip = image_chip_by_id(m.chip_id);
	if (m.block_revision != OTA_REVISION_UNKNOWN)
		(void)say(block, sizeof(block), " block=%u", m.block_revision);
	return say(buf, size,
		   "INFO version=%u features=0x%x chip=%s slot=%s/%u slot-size=%u ring=%u "
		   "running=%s flags=%s%s%s",
		   m.version, m.features, chip ? chip->name : "unknown",
		   pdu_text_slot(m.running_slot, slot, sizeof(slot)), m.slot_count, m.slot_size,
		   m.ring_size, pdu_text_hex(m.running_sha256, 8, digest, sizeof(digest)),
		   pdu_text_flags(m.flags, flags, sizeof(flags)), block,
		   resets(m.reset_reason, m.resets, m.panics, starts, sizeof(starts)));
}
