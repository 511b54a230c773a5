/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image that a virtual device writes to its slot from the beginning to the end, as
 * esp_ota_write() and Arduino's Update do it: each sector is erased as it is reached.
 */
#include "esp/esp_priv.h"

#include <string.h>

#define SECTOR ESP_SECTOR
#define UNIT 16u /* of a write */

bool esp_writer_is_idle(const struct esp *esp)
{
	return esp->writer.step == ESP_WRITER_IDLE;
}

static enum esp_written operation(struct esp *esp, enum esp_writer_step step, int rc)
{
	struct esp_writer *w = &esp->writer;

	w->step = rc < 0 ? ESP_WRITER_IDLE : step;
	w->failed |= rc < 0;
	if (rc < 0)
		return w->ending ? ESP_WRITTEN_REFUSED : ESP_WRITTEN_ALL;
	esp_hold(esp);
	return ESP_WRITTEN_LATER;
}

static enum esp_written install(struct esp *esp)
{
	struct esp_writer *w = &esp->writer;
	uint8_t hash[OTA_SHA256_SIZE] = {0};

	if (w->failed)
		return ESP_WRITTEN_REFUSED;
	if (!w->checked)
		return operation(esp, ESP_WRITER_CHECKING,
				 board_image_check(esp->board, w->written));
	(void)board_hash_peek(esp->board, hash);
	return operation(esp, ESP_WRITER_INSTALLING, board_set_boot(esp->board, w->written, hash));
}

/* The next operation, where there is one to do. */
static enum esp_written next(struct esp *esp)
{
	struct esp_writer *w = &esp->writer;
	uint32_t len = w->filled - w->filled % UNIT;

	w->step = ESP_WRITER_IDLE;
	if (len == 0 || w->failed)
		return w->ending ? install(esp) : ESP_WRITTEN_ALL;
	if (w->written == w->erased) {
		w->erased += SECTOR;
		return operation(esp, ESP_WRITER_ERASING,
				 board_flash_erase(esp->board, w->erased - SECTOR, SECTOR));
	}
	if (len > w->erased - w->written)
		len = w->erased - w->written;
	(void)board_hash_update(esp->board, w->buf, len);
	w->writing = len;
	return operation(esp, ESP_WRITER_WRITING,
			 board_flash_write(esp->board, w->written, w->buf, len));
}

enum esp_written esp_writer_put(struct esp *esp, const uint8_t *buf, uint32_t len)
{
	struct esp_writer *w = &esp->writer;

	if (w->failed)
		return ESP_WRITTEN_ALL;
	memcpy(w->buf + w->filled, buf, len);
	w->filled += len;
	return next(esp);
}

enum esp_written esp_writer_last(struct esp *esp, const uint8_t *buf, uint32_t len)
{
	struct esp_writer *w = &esp->writer;

	if (!w->failed && len > 0)
		memcpy(w->buf + w->filled, buf, len);
	w->filled += w->failed ? 0 : len;
	return esp_writer_end(esp);
}

enum esp_written esp_writer_end(struct esp *esp)
{
	struct esp_writer *w = &esp->writer;
	const uint32_t rest = w->filled % UNIT;

	w->ending = true;
	if (rest > 0) {
		memset(w->buf + w->filled, 0xff, UNIT - rest);
		w->filled += UNIT - rest;
	}
	return next(esp);
}

enum esp_written esp_writer_op_done(struct esp *esp, int rc)
{
	struct esp_writer *w = &esp->writer;
	const enum esp_writer_step step = w->step;

	w->failed |= rc < 0 && step != ESP_WRITER_KEEPING;
	if (step == ESP_WRITER_INSTALLING) {
		w->step = ESP_WRITER_IDLE;
		return rc < 0 ? ESP_WRITTEN_REFUSED : ESP_WRITTEN_INSTALLED;
	}
	if (step == ESP_WRITER_CHECKING)
		w->checked = true;
	if (step == ESP_WRITER_WRITING) {
		w->written += w->writing;
		w->filled -= w->writing;
		memmove(w->buf, w->buf + w->writing, w->filled);
	}
	return next(esp);
}

/* An operation that is under way goes on to its end, and counts for nothing. */
int esp_writer_begin(struct esp *esp)
{
	const bool busy = !esp_writer_is_idle(esp);

	memset(&esp->writer, 0, sizeof(esp->writer));
	esp->writer.step = busy ? ESP_WRITER_KEEPING : ESP_WRITER_IDLE;
	return board_hash_init(esp->board);
}

void esp_writer_start(struct esp *esp, bool confirms)
{
	memset(&esp->writer, 0, sizeof(esp->writer));
	if (confirms && board_running(esp->board)->pending_verify)
		(void)operation(esp, ESP_WRITER_KEEPING, board_confirm(esp->board));
}
