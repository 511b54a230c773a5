/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any client and any device against the verdict: no rule is kept and broken at once, no finding
 * lacks its words, and what was broken stays broken.
 *
 * The input is a list of events: a byte that says what it is, one that says how long it is, and
 * its bytes.
 */
#include "serve/grade.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(struct grade *g, unsigned int what, const uint8_t *buf, size_t len)
{
	switch (what % 9u) {
	case 0:
		grade_connected(g, (uint16_t)(23u + len), what & 0x80u);
		break;
	case 1:
		grade_disconnected(g, what & 0x80u);
		break;
	case 2:
		grade_subscribed(g, what & 0x80u);
		break;
	case 3:
		grade_info(g, buf, len);
		break;
	case 4:
		grade_control(g, (enum grade_mode)(what / 9u % 3u), buf, len);
		break;
	case 5:
	case 6:
		grade_data(g, (enum grade_mode)(what / 9u % 3u), buf, len);
		break;
	case 7:
		grade_notified(g, buf, len);
		break;
	default:
		grade_mtu(g, (uint16_t)(23u + len));
		break;
	}
}

static void look(const struct grade *g, uint32_t *broken)
{
	for (unsigned int i = 0; i < GRADE_RULES; i++) {
		const struct grade_finding *f = &g->findings[i];
		const bool is = f->mark == GRADE_BROKEN;

		if (is != (f->times > 0) || (*broken & 1u << i && !is) ||
		    !memchr(f->detail, '\0', sizeof(f->detail)) || (is && f->detail[0] == '\0'))
			abort();
		*broken |= (uint32_t)is << i;
	}
	if (grade_good(g) != (*broken == 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t broken = 0;
	struct grade g;
	size_t at = 0;

	grade_init(&g);
	while (at + 2 <= size) {
		const unsigned int what = data[at];
		size_t len = data[at + 1];

		at += 2;
		if (len > size - at)
			len = size - at;
		grade_at(&g, at);
		play(&g, what, data + at, len);
		look(&g, &broken);
		at += len;
	}
	grade_end(&g);
	look(&g, &broken);
	return 0;
}
