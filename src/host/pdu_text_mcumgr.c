/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of SMP in words: see src/core/mcumgr.h. */
#include "host/pdu_text.h"

#include "base/hex.h"
#include "base/output.h"
#include "core/mcumgr.h"

#include <stdio.h>
#include <string.h>

static const char *command_name(const struct mcumgr_header *h)
{
	if (h->group == MCUMGR_OS && h->command == MCUMGR_PARAMETERS)
		return "PARAMETERS";
	if (h->group == MCUMGR_OS && h->command == MCUMGR_RESET)
		return "RESET";
	if (h->group == MCUMGR_IMAGE && h->command == MCUMGR_STATE)
		return "IMAGES";
	if (h->group == MCUMGR_IMAGE && h->command == MCUMGR_UPLOAD)
		return "UPLOAD";
	if (h->group == MCUMGR_IMAGE && h->command == MCUMGR_ERASE)
		return "ERASE";
	return "unknown command";
}

static size_t add_image(const struct mcumgr_image *image, char *buf, size_t size)
{
	char version[4u * MCUMGR_VERSION_TEXT], hash[9];

	(void)output_safe_text(image->version, strlen(image->version), version, sizeof(version));
	return (size_t)snprintf(
		buf, size, "; slot %u: %s %s%s%s%s%s", image->slot, version,
		image->has_hash ? hex_encode(image->hash, 4, hash) : "no hash",
		image->active ? " active" : "", image->confirmed ? " confirmed" : "",
		image->pending ? " pending" : "", image->permanent ? " permanent" : "");
}

static void add_answer(const struct mcumgr_answer *a, char *buf, size_t size)
{
	size_t at = 0;

	if (a->rc != 0 && a->grouped)
		at += (size_t)snprintf(buf, size, " error %u of group %u", a->rc, a->group);
	else if (a->rc != 0)
		at += (size_t)snprintf(buf, size, " error %u", a->rc);
	if (a->has_off && at < size)
		at += (size_t)snprintf(buf + at, size - at, " off=%u", a->off);
	if (a->has_match && at < size)
		at += (size_t)snprintf(buf + at, size - at, " match=%s", a->match ? "yes" : "no");
	if (a->buf_count != 0 && at < size)
		at += (size_t)snprintf(buf + at, size - at, " buf-size=%u buf-count=%u",
				       a->buf_size, a->buf_count);
	for (unsigned int i = 0; i < a->count && at < size; i++)
		at += add_image(&a->images[i], buf + at, size - at);
}

char *pdu_text_mcumgr(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	static const char *const ops[] = {"READ", "ANSWER", "WRITE", "ANSWER"};
	struct mcumgr_header h = {.op = MCUMGR_READ};
	struct mcumgr_answer a;
	int n;

	if (len >= MCUMGR_HEADER)
		mcumgr_header_get(bytes, &h);
	if (len < MCUMGR_HEADER || (unsigned int)h.op > MCUMGR_WRITE_ANSWER ||
	    len > (size_t)MCUMGR_HEADER + h.length) {
		(void)snprintf(buf, size, "more of a message, %zu bytes", len);
		return buf;
	}
	n = snprintf(buf, size, "%s %s number=%u version=%u", ops[h.op], command_name(&h),
		     h.sequence, h.version + 1u);
	if (n < 0 || (size_t)n >= size)
		return buf;
	if (len < (size_t)MCUMGR_HEADER + h.length)
		(void)snprintf(buf + n, size - (size_t)n, ", the first %zu of %u bytes", len,
			       MCUMGR_HEADER + h.length);
	else if ((h.op == MCUMGR_READ_ANSWER || h.op == MCUMGR_WRITE_ANSWER) &&
		 mcumgr_answer_decode(bytes + MCUMGR_HEADER, h.length, &a) == 0)
		add_answer(&a, buf + n, size - (size_t)n);
	return buf;
}
