/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMP of MCUmgr, as Zephyr's and mynewt's devices with MCUboot speak it (mcumgr.h has its
 * messages): questions and answers over one characteristic, written without response.
 *
 * An image list tells, with MCUboot's hash, which image runs, before anything is sent: so an update
 * is proved and confirmed as in the full dialect.  The image goes in requests of up to the device's
 * buffer, each in as many values as the MTU asks for; as many are under way as it has buffers, less
 * one for its answer.  Each answer tells the offset that the device wants next, which decides.  At
 * the end the image is set for a test, and the device reset; if it holds the image already, that is
 * all there is to do.
 *
 * A request's begin is marked only by the length of the one before: so a request once begun is
 * always sent to its end, whatever is known of it by then.
 */
#include "core/mcumgr.h"
#include "core/session_mcumgr_priv.h"

#define PROMISE_MS 1000u /* until it resets: MCUMGR_RESET_MS, and time to spare */
#define ASKED_AGAIN 3u

static void ask(struct session *s, enum mcumgr_ask what)
{
	struct cbor_writer map = mcumgr_map(s);

	cbor_put(&map, CBOR_MAP, 0);
	mcumgr_ask_with(s, what, &map, 0, 0);
}

/* Sets an image for a test, or for good. */
static void ask_for(struct session *s, enum mcumgr_ask what, const uint8_t hash[OTA_SHA256_SIZE],
		    bool confirm)
{
	struct cbor_writer map = mcumgr_map(s);

	cbor_put(&map, CBOR_MAP, 2);
	cbor_put_text(&map, "hash");
	cbor_put_bytes(&map, hash, OTA_SHA256_SIZE);
	cbor_put_text(&map, "confirm");
	cbor_put_bool(&map, confirm);
	mcumgr_ask_with(s, what, &map, 0, 0);
}

/* --- what the device runs */

static const uint8_t *image_hash(const struct session *s)
{
	return s->config.boot_sha256;
}

/*
 * Takes from the device's image list the slot that runs, the other one, and the image to be sent.
 */
static void take_images(struct session *s, const struct mcumgr_answer *a)
{
	struct session_mcumgr *m = &s->mcumgr;
	struct session_running *running = &s->running;

	*running = (struct session_running){.boot_hash = true};
	m->holds = m->holds_next = m->other_next = false;
	m->other_known = false;
	for (unsigned int i = 0; i < a->count; i++) {
		const struct mcumgr_image *image = &a->images[i];

		if (image->number != 0)
			continue; /* another core's, which this program does not update */
		if (image->active) {
			running->known = image->has_hash;
			running->on_trial = !image->confirmed;
			memcpy(running->sha256, image->hash, OTA_SHA256_SIZE);
			memcpy(s->version, image->version, sizeof(image->version));
			continue;
		}
		m->other_known = image->has_hash && image->bootable;
		memcpy(m->other, image->hash, OTA_SHA256_SIZE);
		m->other_next = image->pending;
		m->holds =
			image->has_hash && memcmp(image->hash, image_hash(s), OTA_SHA256_SIZE) == 0;
		m->holds_next = m->holds && image->pending;
	}
	running->can_go_back = m->other_known && !m->other_next;
}

static void identify(struct session *s)
{
	struct session_mcumgr *m = &s->mcumgr;

	session_wait(s, SESSION_STEP_INFO, ANSWER_MS);
	if (m->told)
		ask(s, MCUMGR_ASK_STATE);
	else
		ask(s, MCUMGR_ASK_PARAMETERS);
}

/* An older device may take a message of version 2 for none. */
static bool silent(struct session *s)
{
	struct session_mcumgr *m = &s->mcumgr;

	m->in_len = m->in_skip = 0;
	if (mcumgr_is_writing(s) || ++m->asked_again > ASKED_AGAIN)
		return false;
	if (m->ask == MCUMGR_ASK_PARAMETERS)
		m->old = !m->old;
	identify(s);
	return true;
}

/* --- the handshake */

void mcumgr_refused(struct session *s, const struct mcumgr_answer *a, uint8_t opcode)
{
	static const struct {
		uint8_t rc, code;
	} codes[] = {
		{MCUMGR_IMAGE_NO_FREE_SLOT, OTA_ERR_STATE},
		{MCUMGR_IMAGE_PENDING, OTA_ERR_STATE},
		{MCUMGR_IMAGE_WRITE_FAILED, OTA_ERR_WRITE},
		{MCUMGR_IMAGE_ERASE_FAILED, OTA_ERR_ERASE},
		{MCUMGR_IMAGE_TOO_LARGE, OTA_ERR_SIZE},
		{MCUMGR_IMAGE_OVERRUN, OTA_ERR_SIZE},
		{MCUMGR_IMAGE_NEWER, OTA_ERR_VERSION},
		{MCUMGR_IMAGE_HASH_NOT_FOUND, OTA_ERR_IMAGE},
		{MCUMGR_IMAGE_INVALID_HEADER, OTA_ERR_IMAGE},
		{MCUMGR_IMAGE_INVALID_MAGIC, OTA_ERR_IMAGE},
		{MCUMGR_IMAGE_INVALID_HASH, OTA_ERR_IMAGE},
	};
	uint8_t code = OTA_ERR_INTERNAL;

	for (size_t i = 0; a->grouped && i < sizeof(codes) / sizeof(codes[0]); i++)
		if (a->group == MCUMGR_IMAGE && codes[i].rc == a->rc)
			code = codes[i].code;
	if (!a->grouped)
		code = a->rc == MCUMGR_RC_BAD_STATE	? OTA_ERR_STATE
		       : a->rc == MCUMGR_RC_INVALID	? OTA_ERR_IMAGE
		       : a->rc == MCUMGR_RC_NO_ENTRY	? OTA_ERR_IMAGE
		       : a->rc == MCUMGR_RC_UNSUPPORTED ? OTA_ERR_UNSUPPORTED
		       : a->rc == MCUMGR_RC_BUSY	? OTA_ERR_BUSY
		       : a->rc == MCUMGR_RC_DENIED	? OTA_ERR_PERMISSION
							: OTA_ERR_INTERNAL;
	if (code == OTA_ERR_STATE && s->running.on_trial)
		session_device_error(s, code, opcode, OTA_DETAIL_PENDING);
	else
		session_device_error(s, code, opcode, a->rc);
}

/* MCUboot goes back by itself from an image on trial; else the other one is set, for good. */
static void roll_back(struct session *s)
{
	if (s->running.on_trial)
		ask(s, MCUMGR_ASK_RESET);
	else if (s->running.can_go_back)
		ask_for(s, MCUMGR_ASK_CONFIRM, s->mcumgr.other, true);
	else
		session_device_error(s, OTA_ERR_NO_ROLLBACK, OTA_CMD_ROLLBACK, 0);
}

static void run_command(struct session *s)
{
	session_wait(s, SESSION_STEP_ANSWER, ANSWER_MS);
	switch (s->config.command) {
	case OTA_CMD_CONFIRM:
		s->asked = true;
		ask_for(s, MCUMGR_ASK_CONFIRM, s->running.sha256, true);
		break;
	case OTA_CMD_ROLLBACK:
		s->asked = true;
		roll_back(s);
		break;
	case OTA_CMD_REBOOT:
		s->asked = true;
		ask(s, MCUMGR_ASK_RESET);
		break;
	default:
		session_device_error(s, OTA_ERR_UNSUPPORTED, (uint8_t)s->config.command, 0);
		break;
	}
}

static void nothing_left(struct session *s)
{
	s->mcumgr.frame_end = s->config.image_size;
	session_begin_sending(s, s->config.image_size, s->config.image_size, 0);
}

static void begin(struct session *s)
{
	struct session_mcumgr *m = &s->mcumgr;

	switch (s->config.goal) {
	case SESSION_LOOK:
		session_finish(s, SESSION_ANSWERED);
		return;
	case SESSION_MEASURE:
		session_device_error(s, OTA_ERR_UNSUPPORTED, OTA_CMD_START, 0);
		return;
	case SESSION_COMMAND:
		run_command(s);
		return;
	case SESSION_UPDATE:
		if (!s->config.resume_only || m->holds)
			break;
		s->status = -OTA_ENOENT; /* nobody can ask it but by beginning */
		session_finish(s, SESSION_REFUSED);
		return;
	}
	s->started = true;
	if (s->stats.start_us == 0)
		s->stats.start_us = s->now;
	m->frames = 0;
	m->frame_end = 0;
	m->turned = false;
	/* An image that is set already cannot be taken back, so that it is not sent again. */
	if (m->holds && (m->holds_next || !s->config.restart || s->begun))
		nothing_left(s);
	else
		mcumgr_begin_upload(s);
}

/* --- answers */

/* The image list of an answer decides, not that there was no error. */
static void on_test(struct session *s)
{
	if (!s->mcumgr.holds_next) {
		session_broken(s, "it took the image for a test, and lists it otherwise");
		return;
	}
	s->end_answered = true;
	session_wait_work(s, SESSION_STEP_DONE, ANSWER_MS);
	ask(s, MCUMGR_ASK_RESET);
}

static void on_reset(struct session *s)
{
	if (s->config.goal == SESSION_COMMAND) {
		session_finish(s, SESSION_ANSWERED);
		return;
	}
	s->stats.done_us = s->now;
	session_promise(s, PROMISE_MS);
}

static void on_confirm(struct session *s)
{
	if (s->config.goal == SESSION_UPDATE)
		session_confirm_answered(s, OTA_OK);
	else if (s->config.command == OTA_CMD_ROLLBACK)
		ask(s, MCUMGR_ASK_RESET);
	else if (s->running.on_trial)
		session_broken(s, "it said that the image is confirmed, and still has it on trial");
	else
		session_finish(s, SESSION_ANSWERED);
}

static void failed(struct session *s, enum mcumgr_ask what, const struct mcumgr_answer *a)
{
	switch (what) {
	case MCUMGR_ASK_PARAMETERS: /* it does not offer them */
		s->mcumgr.told = true;
		identify(s);
		break;
	case MCUMGR_ASK_STATE: /* no image management */
		session_device_error(s, OTA_ERR_UNSUPPORTED, OTA_CMD_STATUS, a->rc);
		break;
	case MCUMGR_ASK_UPLOAD:
		mcumgr_upload_refused(s, a);
		break;
	case MCUMGR_ASK_TEST:
	case MCUMGR_ASK_RESET:
		mcumgr_refused(s, a,
			       s->config.goal == SESSION_COMMAND ? (uint8_t)s->config.command
								 : OTA_CMD_END);
		break;
	case MCUMGR_ASK_CONFIRM:
		mcumgr_refused(s, a,
			       s->config.goal == SESSION_COMMAND ? (uint8_t)s->config.command
								 : OTA_CMD_CONFIRM);
		break;
	case MCUMGR_ASK_NOTHING:
		break;
	}
}

static void answered(struct session *s, enum mcumgr_ask what, const struct mcumgr_answer *a)
{
	struct session_mcumgr *m = &s->mcumgr;

	if (a->has_images)
		take_images(s, a);
	switch (what) {
	case MCUMGR_ASK_PARAMETERS:
		m->told = true;
		m->buf_size = a->buf_size < UINT16_MAX ? (uint16_t)a->buf_size : UINT16_MAX;
		m->buf_count = a->buf_count < UINT8_MAX ? (uint8_t)a->buf_count : UINT8_MAX;
		identify(s);
		break;
	case MCUMGR_ASK_STATE:
		session_identified(s);
		break;
	case MCUMGR_ASK_UPLOAD:
		mcumgr_on_begun(s, a);
		break;
	case MCUMGR_ASK_TEST:
		on_test(s);
		break;
	case MCUMGR_ASK_RESET:
		on_reset(s);
		break;
	case MCUMGR_ASK_CONFIRM:
		on_confirm(s);
		break;
	case MCUMGR_ASK_NOTHING:
		break;
	}
}

/* Returns true if the answer has what the question was for; else it is none. */
static bool fits(const struct session *s, enum mcumgr_ask what, const struct mcumgr_answer *a)
{
	switch (what) {
	case MCUMGR_ASK_STATE:
	case MCUMGR_ASK_TEST:
	case MCUMGR_ASK_CONFIRM:
		return a->rc != 0 || a->has_images;
	case MCUMGR_ASK_UPLOAD:
		return a->rc != 0 || (a->has_off && a->off <= s->config.image_size);
	case MCUMGR_ASK_NOTHING:
	case MCUMGR_ASK_PARAMETERS:
	case MCUMGR_ASK_RESET:
		break;
	}
	return true;
}

void mcumgr_on_answer(struct session *s, const struct mcumgr_header *h, const uint8_t *map)
{
	struct session_mcumgr *m = &s->mcumgr;
	const enum mcumgr_ask what = (enum mcumgr_ask)m->ask;
	struct mcumgr_answer a;

	if (mcumgr_answer_decode(map, h->length, &a) < 0)
		return;
	if (mcumgr_is_answer(s, h)) {
		if (!fits(s, what, &a) || mcumgr_is_writing(s))
			return;
		m->ask = MCUMGR_ASK_NOTHING;
		m->asked_again = 0;
		if (a.rc != 0)
			failed(s, what, &a);
		else
			answered(s, what, &a);
	} else if (h->op == MCUMGR_WRITE_ANSWER && h->group == MCUMGR_IMAGE &&
		   h->command == MCUMGR_UPLOAD) {
		mcumgr_on_upload(s, h->sequence, &a);
	}
}

/* --- the end */

static void end(struct session *s)
{
	s->ended = true;
	s->mcumgr.frames = 0;
	if (s->mcumgr.holds_next)
		on_test(s);
	else
		ask_for(s, MCUMGR_ASK_TEST, image_hash(s), false);
}

static void confirm(struct session *s)
{
	s->confirm_asked = true;
	ask_for(s, MCUMGR_ASK_CONFIRM, image_hash(s), true);
}

static const struct dialect_ops ops = {
	.identify = identify,
	.silent = silent,
	.begin = begin,
	.rx = mcumgr_rx,
	.writable = mcumgr_flush,
	.sector = mcumgr_window,
	.unit_end = mcumgr_frame_end,
	.header_size = mcumgr_frame_head,
	.header_put = mcumgr_frame_put,
	.value_sent = mcumgr_frame_sent,
	.data_written = session_nothing,
	.watch = mcumgr_watch,
	.watch_at = mcumgr_watch_at,
	.end = end,
	.confirm = confirm,
	/* The bytes stay in the slot, where the next update finds them, or takes their place. */
	.abort = session_plain_stop,
	.abort_written = session_nothing,
};

/* smp_bt.c of Zephyr. */
static const char characteristic[] = "da2e7828-fbce-4e01-ae9e-261174997c48";
#define BOTH_WAYS                                                                                  \
	{                                                                                          \
		characteristic, .all = GATT_PROP_WRITE_COMMAND | GATT_PROP_NOTIFY                  \
	}

const struct dialect session_smp = {
	.id = DIALECT_SMP,
	.name = "smp",
	.title = "SMP protocol of MCUmgr",
	.lacks = "no status, no link parameters",
	.not_offered = "not offered: it speaks smp",
	.tool = "",
	.services = {"8d53dc1d-1db7-4cd3-868b-8a527460aa84"},
	.advertised = true,
	.chrs = {[GATT_CONTROL] = BOTH_WAYS, [GATT_DATA] = BOTH_WAYS},
	.family = DIALECT_MCUMGR,
	.answer = 19, /* its header, and a map with an offset of four octets */
	.write_mode = GATT_COMMAND,
	.mcuboot = true,
	.has_acknowledgements = true,
	.has_hash = true,
	.can_rollback = true,
	.ops = &ops,
};
