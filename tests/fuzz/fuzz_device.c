/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any writes, connections, times, flash results, deaf links and power cuts into
 * the device's state machine, over the flash of the tests' rig.
 *
 * The input is a list of steps: an octet that says what happens and one that is
 * its argument; a raw write has that many octets after them.  Steps that a good
 * host would take (a START with the right hash, the next value in order) are
 * among them, since no mutation finds a SHA-256.
 */
#include "base/bytes.h"
#include "base/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	STEP_CONTROL, /* raw write */
	STEP_DATA, /* raw value */
	STEP_COMMAND, /* an opcode alone */
	STEP_START, /* of one of the images, flags in the argument */
	STEP_VALUES, /* the next ones in order */
	STEP_BASIC_VALUES,
	STEP_OP_END,
	STEP_SETTLE,
	STEP_WAIT,
	STEP_CONNECT,
	STEP_DISCONNECT,
	STEP_FAIL, /* an operation to come */
	STEP_DEAF,
	STEP_POWER_CUT,
	STEP_BOOT,
	STEP_LINK_CHANGED,
	STEPS
};

#define SLOT_SIZE (OTA_BLOCK_SIZE + 3u * OTA_SECTOR_SIZE)
#define CONNS 3u
#define RAW_MAX 600u

static uint8_t image[SLOT_SIZE];
static uint8_t stream[SLOT_SIZE + 64u]; /* of a session with kept blocks */
static uint8_t kept; /* its map */
static struct dut dut;
static uint32_t starts, readies, set_boots;

static void broken(const char *text)
{
	fprintf(stderr, "%s\n", text);
	abort();
}

static void check_notes(void)
{
	struct dut_note note;
	struct ota_ack ack;
	struct ota_ready ready;
	struct ota_gap gap;

	while (dut_take(&dut, &note)) {
		const uint8_t *b = note.bytes;

		if (b[0] == OTA_EVT_READY && ++readies > starts)
			broken("READY without START");
		if (!dut.dev.stream && ota_ack_decode(b, note.len, &ack) == 0 &&
		    (ack.flushed > ack.received || ack.received > ack.limit))
			broken("ACK: flushed <= received <= limit does not hold");
		if (ota_ready_decode(b, note.len, &ready) == 0 && ready.offset > ready.limit)
			broken("READY: offset <= limit does not hold");
		if (ota_gap_decode(b, note.len, &gap) == 0 &&
		    gap.offset > (dut.dev.stream ? sizeof(stream) : SLOT_SIZE) &&
		    dut.dev.rx.kind != OTA_KIND_SINK)
			broken("GAP outside of the slot, or the stream");
	}
}

/* An image that boots is what its hash says. */
static void check_boot(void)
{
	uint8_t hash[OTA_SHA256_SIZE];
	const unsigned int slot = dut.boot_slot;

	if (dut.set_boots == set_boots)
		return;
	set_boots = dut.set_boots;
	sha256_buffer(dut.slots[slot], dut.image_size[slot], hash);
	if (memcmp(hash, dut.image_hash[slot], sizeof(hash)) != 0)
		broken("made bootable what does not hash to what was announced");
}

static void check(void)
{
	uint32_t at;

	if (dut.violation != NULL)
		broken(dut.violation);
	check_notes();
	check_boot();
	ota_device_deadline(&dut.dev, &at);
}

static void start(uint16_t conn, uint8_t arg)
{
	static const uint32_t sizes[] = {16, 5000, OTA_BLOCK_SIZE, SLOT_SIZE};
	static struct ota_start cache[4];
	uint8_t buf[OTA_CONTROL_MAX];
	struct ota_start m;

	if (cache[0].version == 0)
		for (int i = 0; i < 4; i++)
			dut_start(&cache[i], image, sizes[i]);
	m = cache[arg & 3u];
	m.flags = (uint16_t)(((arg >> 2) & 3u) | (arg & 0x80u ? OTA_START_PATTERN : 0u));
	m.ack_interval = (uint16_t)((arg >> 4) * 300u);
	if (arg & 0x40u) {
		m.flags |= OTA_START_SKIP;
		m.stream_size = m.image_size + 64u;
		kept = arg >> 4 & 3u;
	}
	starts++;
	dut_control(&dut, conn, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
}

/* The image's blocks from the session's first on, each stored, except for those of the map. */
static uint32_t make_stream(void)
{
	const uint32_t size = dut.dev.rx.image_size;
	uint32_t at = OTA_STREAM_HEAD + 1u;

	stream[OTA_STREAM_HEAD] = kept;
	for (uint32_t from = dut.dev.stream->offset; from < size; from += OTA_BLOCK_SIZE) {
		const uint32_t left = size - from;
		const uint32_t len = left < OTA_BLOCK_SIZE ? left : OTA_BLOCK_SIZE;

		if ((unsigned int)kept >> from / OTA_BLOCK_SIZE & 1u)
			continue;
		bytes_put32(stream + at, len);
		memcpy(stream + at + OTA_BLOCK_HEAD, image + from, len);
		at += OTA_BLOCK_HEAD + len;
	}
	bytes_put32(stream, at);
	return at;
}

/* The next values of a session with kept blocks; false: it has none. */
static bool stream_values(uint16_t conn, uint8_t arg)
{
	uint8_t buf[OTA_VALUE_MAX];

	if (dut.off || dut.dev.state != OTA_STATE_RECEIVING || !dut.dev.stream)
		return false;
	for (uint32_t i = 0; i <= arg && dut.dev.state == OTA_STATE_RECEIVING; i++) {
		const uint32_t end = make_stream(), at = dut.dev.stream->received;
		const uint32_t len = at > end ? 0 : end - at < 500u ? end - at : 500u;

		if (len == 0)
			break;
		buf[0] = (uint8_t)dut.dev.expected;
		buf[1] = (uint8_t)(dut.dev.expected >> 8);
		memcpy(buf + OTA_DATA_HEADER, stream + at, len);
		if (at - dut.dev.stream->taken + len > dut.config.ring_size)
			dut_settle(&dut);
		(void)dut_data(&dut, conn, buf, OTA_DATA_HEADER + len, false);
		if (dut.off)
			break;
	}
	return true;
}

static void values(uint16_t conn, uint8_t arg, bool basic)
{
	uint8_t buf[OTA_VALUE_MAX];
	const uint32_t header = basic ? 0 : OTA_DATA_HEADER;

	if (!basic && stream_values(conn, arg))
		return;
	for (uint32_t i = 0; i <= arg; i++) {
		const uint32_t at = dut.dev.rx.received;
		uint32_t len = SLOT_SIZE - (at < SLOT_SIZE ? at : SLOT_SIZE);

		if (dut.off || dut.dev.state != OTA_STATE_RECEIVING || len == 0)
			return;
		if (dut.dev.rx.received + len > dut.dev.rx.image_size)
			len = dut.dev.rx.image_size - dut.dev.rx.received;
		if (len > 500)
			len = 500;
		buf[0] = (uint8_t)dut.dev.expected;
		buf[1] = (uint8_t)(dut.dev.expected >> 8);
		memcpy(buf + header, image + at, len);
		if (dut_data(&dut, conn, buf, header + len, basic) == -OTA_EAGAIN ||
		    dut.dev.rx.received - dut.dev.rx.flushed + 500 > dut.config.ring_size)
			dut_op_end(&dut);
	}
}

static void step(enum step what, uint8_t arg, const uint8_t *raw, size_t raw_size)
{
	const uint16_t conn = (uint16_t)(arg % CONNS);
	uint8_t op[5] = {0};

	switch (what) {
	case STEP_CONTROL:
		starts += raw_size > 0 && raw[0] == OTA_CMD_START;
		dut_control(&dut, (uint16_t)(raw_size % CONNS), raw, raw_size);
		break;
	case STEP_DATA:
		dut_data(&dut, (uint16_t)(raw_size % CONNS), raw, raw_size, raw_size & 4u);
		break;
	case STEP_COMMAND:
		op[0] = arg / CONNS % 16u;
		op[3] = op[0] == OTA_CMD_BLOCKS ? 9 : 0;
		starts += op[0] == OTA_CMD_START;
		dut_control(&dut, conn, op,
			    op[0] == OTA_CMD_PREPARE || op[0] == OTA_CMD_BLOCKS ? sizeof(op) : 1);
		break;
	case STEP_START:
		start(0, arg);
		break;
	case STEP_VALUES:
		values(dut.dev.conn, arg, false);
		break;
	case STEP_BASIC_VALUES:
		values(dut.dev.conn, arg, true);
		break;
	case STEP_OP_END:
		for (uint32_t i = 0; i <= arg && dut_op_end(&dut); i++)
			;
		break;
	case STEP_SETTLE:
		dut_settle(&dut);
		break;
	case STEP_WAIT:
		dut_wait(&dut, arg < 250 ? arg * 4u : 60000u);
		break;
	case STEP_CONNECT:
		dut_connect(&dut, conn);
		break;
	case STEP_DISCONNECT:
		dut_disconnect(&dut, conn);
		break;
	case STEP_FAIL:
		dut.fail_op = (enum ota_op)(1u + arg % 8u);
		dut.fail_count = 1u + arg / 64u;
		dut.fail_code = arg & 8u ? -OTA_EIO : -OTA_EPERM;
		dut.fail_at_once = arg & 16u;
		break;
	case STEP_DEAF:
		dut.deaf = arg == 255 ? DUT_FOREVER : arg % 16u;
		break;
	case STEP_POWER_CUT:
		dut.cut_at = dut.ops + 1u + arg / 2u % 8u;
		dut.cut_keeps = arg & 1u;
		break;
	case STEP_BOOT:
		dut_boot(&dut);
		break;
	case STEP_LINK_CHANGED:
		if (!dut.off)
			ota_device_link_changed(&dut.dev, conn, arg, dut.now);
		break;
	case STEPS:
		break;
	}
}

static void set_up(uint8_t options)
{
	static const struct dut_options base;
	struct dut_options o = base;

	if (image[0] != 0xe9)
		dut_image(image, sizeof(image), 9);
	o.slot_size = SLOT_SIZE;
	o.ring_size = OTA_SECTOR_SIZE * (2u + (options & 3u));
	o.manual = options & 4u;
	o.basic_only = (options & 0x38u) == 0x38u;
	o.max_value = options & 0x40u ? 512 : 0;
	o.confirm_timeout_ms = options & 0x80u ? 5000 : 0;
	o.skip = !o.basic_only;
	if (dut_init(&dut, &o) < 0)
		abort();
	if (options & 0x20u)
		memcpy(dut.slots[1], image, SLOT_SIZE);
	starts = readies = set_boots = 0;
	kept = 0; /* an input does the same whichever came before it */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	set_up(data[0]);
	for (size_t i = 1; i + 1 < size;) {
		const enum step what = (enum step)(data[i] % STEPS);
		const uint8_t arg = data[i + 1];
		size_t raw = what == STEP_CONTROL || what == STEP_DATA ? arg : 0;

		i += 2;
		if (raw > size - i)
			raw = size - i;
		step(what, arg, data + i, raw);
		i += raw;
		if (dut.off) {
			check_notes(); /* of the session that is forgotten now */
			dut_boot(&dut);
		}
		check();
	}
	dut_finish(&dut);
	return 0;
}
