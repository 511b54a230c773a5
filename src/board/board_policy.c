/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of a product for images, as in ota_esp's Kconfig: by project, version and secure
 * version.  It is applied to an image's first bytes, before anything is erased for it, and again to
 * the whole image.
 */
#include "board/board_priv.h"
#include "base/bytes.h"

#include <string.h>

#include "image/image_format.h"
#include "image/lint.h"

#define AT_DESCRIPTOR (IMAGE_HEADER_SIZE + IMAGE_SEGMENT_HEADER)

/* Copies a text in the form of board_running's texts: printable, terminated. */
static void take_text(char ret[33], const uint8_t *field)
{
	size_t i;

	for (i = 0; i < 32 && field[i] != 0; i++)
		ret[i] = field[i] >= 0x20 && field[i] < 0x7f ? (char)field[i] : '?';
	ret[i] = '\0';
}

int board_judge(const struct board *board, const uint8_t *head, uint32_t *ret_field)
{
	const struct board_config *config = &board->config;
	const uint8_t *descriptor = head + AT_DESCRIPTOR;
	const uint32_t secure_version = bytes_get32(descriptor + IMAGE_DESC_SECURE);
	char version[33], project[33];
	bool comparable;

	take_text(version, descriptor + IMAGE_DESC_VERSION);
	take_text(project, descriptor + IMAGE_DESC_PROJECT);
	*ret_field = AT_DESCRIPTOR;
	if (bytes_get32(descriptor) != IMAGE_DESC_MAGIC)
		return config->secure_version > 0 || config->same_project || config->no_older
			       ? -OTA_EBADMSG
			       : 0;
	*ret_field = AT_DESCRIPTOR + IMAGE_DESC_SECURE;
	if (secure_version < config->secure_version ||
	    (config->secure_never_falls && secure_version < board->running.secure_version))
		return -OTA_EPERM;
	*ret_field = AT_DESCRIPTOR + IMAGE_DESC_PROJECT;
	if (config->same_project && strcmp(project, board->running.project) != 0)
		return -OTA_EBADMSG;
	*ret_field = AT_DESCRIPTOR + IMAGE_DESC_VERSION;
	if (config->no_older &&
	    lint_compare_versions(version, board->running.version, &comparable) < 0 && comparable)
		return -OTA_EPERM;
	return 0;
}

int board_head_check(void *ctx, const uint8_t *head, uint32_t *ret_detail)
{
	return board_judge(ctx, head, ret_detail);
}

bool board_way_back(struct board *board)
{
	unsigned int slot;
	const uint8_t *head;
	uint32_t field;
	int r = board_find_fallback(board, &slot);

	if (r < 0)
		return false;
	/* An image on trial may always be given up for the one that ran before it. */
	head = board_slot_map(board, slot, OTA_HEAD_SIZE);
	return board->running.pending_verify || (head && board_judge(board, head, &field) == 0);
}
