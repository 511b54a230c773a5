/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed streams, by the input's first byte: bytes as anybody may send them, into the decoder
 * and into a device; and what the host makes of the input as an image, whole and damaged.
 */
#include "base/bytes.h"
#include "base/deflate.h"
#include "device_rig.h"
#include "host/job_stream.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW DEFLATE_WINDOW_LEAST
#define IMAGE 70000u /* a block, and a part of one */
#define SLOT (OTA_BLOCK_SIZE + 2u * OTA_SECTOR_SIZE)
#define BASE 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static int read_base(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	(void)ctx;
	require(len > 0 && offset <= BASE && len <= BASE - offset);
	for (uint32_t i = 0; i < len; i++)
		buf[i] = (uint8_t)((offset + i) * 7u);
	return 0;
}

/* A device's decoder, and what has come out of it. */
struct decoding {
	struct ota_stage inflate, patch_stage;
	struct ota_patch patch;
	struct ota_decoder decoder;
	uint8_t out[IMAGE];
	uint32_t made, size; /* from where it began; all */
	int error;
};

static void begin(struct decoding *d, unsigned int window, bool patched, uint32_t offset,
		  uint32_t size, const uint8_t *base_sha256)
{
	struct ota_patch_config config = {.read = read_base, .base_size = BASE};

	memcpy(config.base_sha256, base_sha256, OTA_SHA256_SIZE);
	d->made = 0;
	d->error = 0;
	require(inflate_create(window, &d->inflate) == 0);
	ota_patch_stage(&d->patch, &config, &d->patch_stage);
	ota_decoder_init(&d->decoder, &d->inflate, &d->patch_stage);
	require(ota_decoder_begin(&d->decoder, patched, offset, size) == 0);
	d->size = size - offset;
}

static void finish(struct decoding *d)
{
	inflate_destroy(&d->inflate);
}

/* Gives all of data in pieces, with as much room at once, until there is an error. */
static void decode(struct decoding *d, const uint8_t *data, size_t size, uint32_t piece,
		   uint32_t room)
{
	bool more = false;

	while (d->error == 0 && (size > 0 || more)) {
		struct ota_piece p = {
			.in = data,
			.in_len = size < piece ? (uint32_t)size : piece,
			.out = d->out + d->made,
			.room = d->size - d->made < room ? d->size - d->made : room,
		};

		d->error = ota_decoder_run(&d->decoder, &p);
		require(p.used <= p.in_len && p.made <= p.room);
		d->made += p.made;
		more = p.more;
		if (p.used == 0 && p.made == 0 && d->error == 0)
			break; /* ota_core takes that for an error */
		data += p.used;
		size -= p.used;
	}
}

/*
 * The cuts between the bytes do not matter, except for which of two faults is found; of a run
 * that ends in an error nothing is used.  So it is where the window is the longest distance that
 * deflate has; with a shorter one a distance beyond it, which no encoder may write, is an error or
 * is not, by what came out at once: then it only has to stay in bounds.
 */
static void as_bytes(const uint8_t *data, size_t size, bool patched, uint32_t offset)
{
	static const uint8_t none[OTA_SHA256_SIZE];
	const uint8_t *base = size >= OTA_PATCH_BORDER ? data : none;
	static struct decoding a, b;
	uint8_t sha256[OTA_SHA256_SIZE] = {0};

	memcpy(sha256, base, OTA_PATCH_PREFIX);
	begin(&a, DEFLATE_WINDOW_MOST, patched, offset, IMAGE, sha256);
	begin(&b, DEFLATE_WINDOW_MOST, patched, offset, IMAGE, sha256);
	decode(&a, data, size, 1024, OTA_SECTOR_SIZE);
	decode(&b, data, size, 61, 1021);
	require((a.error < 0) == (b.error < 0) && (a.error < 0 || a.made == b.made));
	require(memcmp(a.out, b.out, a.made < b.made ? a.made : b.made) == 0);
	finish(&a);
	finish(&b);
	begin(&a, WINDOW, patched, offset, IMAGE, sha256);
	decode(&a, data, size, 61, OTA_SECTOR_SIZE);
	finish(&a);
}

/* Values in order after a START that says what the input says. */
static void as_device(const uint8_t *data, size_t size, uint16_t flags)
{
	static uint8_t base[BASE];
	static struct dut dut;
	const struct dut_options options = {
		.slot_size = SLOT,
		.window = WINDOW,
		.base = base,
		.base_size = BASE,
	};
	struct ota_start start = {.version = OTA_PROTOCOL_VERSION, .flags = flags};
	uint8_t buf[OTA_CONTROL_MAX], value[OTA_DATA_HEADER + 200];
	struct dut_note note;
	uint16_t sequence = 0;

	if (size < 4)
		return;
	require(dut_init(&dut, &options) == 0);
	dut_connect(&dut, 1);
	start.image_size = 1u + bytes_get16(data) + (data[0] & 0xfu) * 512u;
	start.stream_size = (uint32_t)size - 2u;
	dut_control(&dut, 1, buf, (size_t)ota_start_encode(&start, buf, sizeof(buf)));
	dut_settle(&dut);
	for (data += 2, size -= 2; size > 0;) {
		const size_t len = size < 200 ? size : 200;

		while (dut_take(&dut, &note))
			if (note.bytes[0] == OTA_EVT_READY)
				sequence = bytes_get16(note.bytes + 8);
		bytes_put16(value, sequence++);
		memcpy(value + OTA_DATA_HEADER, data, len);
		(void)dut_data(&dut, 1, value, OTA_DATA_HEADER + len, false);
		dut_settle(&dut);
		data += len;
		size -= len;
	}
	dut_command(&dut, 1, OTA_CMD_END);
	dut_settle(&dut);
	require(dut.violation == NULL && dut.set_boots == 0 && dut.boot_slot == 0);
	require(dut.slots[0][0] == 0xa5 && memcmp(dut.slots[0], dut.slots[0] + 1, SLOT - 1u) == 0);
	dut_finish(&dut);
}

/* Places in a stream and offsets in its image go up together, and each finds the other. */
static void places(const struct stream *s)
{
	uint32_t last = 0;

	for (uint32_t at = 0; at <= s->size; at += s->size / 37u + 1u) {
		const uint32_t image = stream_image_at(s, at);

		require(image >= last && image <= s->image_size);
		require(stream_place_of(s, image) <= at || image % OTA_BLOCK_SIZE == 0);
		last = image;
	}
	require(stream_image_at(s, s->size) == s->image_size);
	require(stream_place_of(s, s->image_size) == s->size);
}

/* The input again and again, each time a little other, is an image. */
static void as_image(const uint8_t *data, size_t size, unsigned int window)
{
	static const uint8_t none[OTA_SHA256_SIZE];
	static uint8_t image[IMAGE];
	/* Few are long: those take their time. */
	const uint32_t most = size > 3 && data[3] > 0xf0 ? IMAGE : 4096u;
	const uint32_t len = size < 4 ? 1 : bytes_get16(data) * 3u % most + 1u;
	struct job_stream stream;
	static struct decoding d;
	uint32_t at;

	for (uint32_t i = 0; i < len; i++)
		image[i] = (uint8_t)(size == 0 ? 0 : data[i % size] + i / size);
	require(job_stream_deflate(&stream, image, len, window) == 0);
	require(stream.stream.size <= len + OTA_STREAM_HEAD + stream.stream.count * OTA_BLOCK_HEAD);
	places(&stream.stream);
	begin(&d, window, false, 0, len, none);
	decode(&d, stream.bytes + OTA_STREAM_HEAD, stream.stream.size - OTA_STREAM_HEAD, 1024,
	       OTA_SECTOR_SIZE);
	require(d.error == 0 && d.made == len && memcmp(d.out, image, len) == 0);
	finish(&d);
	/* One byte of it wrong is an error, or another image of no more bytes. */
	at = size < 4 ? 0 : bytes_get16(data + 2) % (stream.stream.size - OTA_STREAM_HEAD);
	stream.bytes[OTA_STREAM_HEAD + at] ^= size < 5 ? 1 : data[4];
	begin(&d, window, false, 0, len, none);
	decode(&d, stream.bytes + OTA_STREAM_HEAD, stream.stream.size - OTA_STREAM_HEAD, 1024,
	       OTA_SECTOR_SIZE);
	finish(&d);
	job_stream_finish(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] & 7u) {
	case 0:
	case 1:
		as_bytes(data + 1, size - 1, false, (data[0] & 1u) * OTA_BLOCK_SIZE);
		break;
	case 2:
	case 3:
		as_bytes(data + 1, size - 1, true, (data[0] & 1u) * OTA_BLOCK_SIZE);
		break;
	case 4:
		as_device(data + 1, size - 1, OTA_START_COMPRESSED);
		break;
	case 5:
		as_device(data + 1, size - 1, OTA_START_COMPRESSED | OTA_START_DELTA);
		break;
	default:
		as_image(data + 1, size - 1, WINDOW + (data[0] >> 4) % 4u);
		break;
	}
	return 0;
}
