/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From nothing to a device that is known: link, services, dialect, Info and
 * versions; and, after the reboot, the same way again to the proof.
 */
#include "core/session_priv.h"

static void discovery_done(struct session *s);
static void all_read(struct session *s);

static void session_connect_call(struct session *s, int rc)
{
	if (rc < 0)
		session_failed(s, rc);
}

void session_connect(struct session *s)
{
	int rc;

	session_hang_up(s);
	if (s->closing && s->now >= s->closing_until)
		session_forget_link(s);
	if (s->closing) { /* the old link's end has not been told yet */
		session_wait(s, s->step == SESSION_STEP_NONE ? SESSION_STEP_LINK_UP : s->step, 100);
		return;
	}
	session_enter(s, s->proving ? SESSION_RECONNECTING : SESSION_CONNECTING);
	session_wait(s, SESSION_STEP_LINK_UP, s->config.connect_timeout_ms);
	s->connecting = true;
	rc = s->ops->connect(s->ctx);
	if (rc < 0)
		s->connecting = false;
	session_connect_call(s, rc);
}

void session_connected(struct session *s, uint16_t mtu, uint64_t now_us)
{
	s->now = now_us;
	if (s->closing)
		return;
	s->connecting = false;
	if (s->step != SESSION_STEP_LINK_UP ||
	    (s->state != SESSION_CONNECTING && s->state != SESSION_RECONNECTING)) {
		s->link_up = true; /* a late success of a connect given up */
		session_hang_up(s);
		return;
	}
	s->link_up = true;
	s->adapter_gone = false;
	s->heard_at = s->spoke_at = now_us;
	session_mtu(s, mtu, now_us);
	if (!s->proving)
		session_enter(s, SESSION_DISCOVERING);
	session_wait(s, SESSION_STEP_DISCOVER, s->config.connect_timeout_ms);
	session_connect_call(s, s->ops->discover(s->ctx));
}

/* Reads the next of Info, version and model that the device has. */
static void read_next(struct session *s, enum session_step from)
{
	static const struct {
		enum session_step step;
		enum gatt_chr chr;
	} reads[] = {
		{SESSION_STEP_INFO, GATT_INFO},
		{SESSION_STEP_VERSION, GATT_FIRMWARE_REVISION},
		{SESSION_STEP_MODEL, GATT_MODEL},
	};

	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		if (reads[i].step <= from || !(s->properties[reads[i].chr] & GATT_PROP_READ))
			continue;
		session_wait(s, reads[i].step, s->config.connect_timeout_ms);
		session_connect_call(s, s->ops->read(s->ctx, reads[i].chr));
		return;
	}
	all_read(s);
}

static void begin_reading(struct session *s)
{
	s->have_info = false;
	s->running = (struct session_running){.known = false};
	s->version[0] = s->model[0] = '\0';
	read_next(s, SESSION_STEP_SUBSCRIBE);
}

void session_discovered(struct session *s, enum dialect_id dialect,
			const uint8_t properties[GATT_CHRS], uint64_t now_us)
{
	s->now = now_us;
	if (s->step != SESSION_STEP_DISCOVER || !session_live(s))
		return;
	memcpy(s->properties, properties, sizeof(s->properties));
	if (dialect_get(dialect)->id == DIALECT_UNKNOWN) {
		session_finish(s, SESSION_NO_SERVICE);
		return;
	}
	s->dialect = dialect_get(dialect);
	s->data_subscribed = false;
	if (!s->proving)
		session_note(s, SESSION_NOTE_DIALECT, s->dialect->id - 1u);
	if (!dialect_is_driven(s->dialect)) {
		/* A subscription would be a write, too. */
		if (s->config.goal == SESSION_LOOK)
			begin_reading(s);
		else
			session_finish(s, SESSION_OTHER_DIALECT);
		return;
	}
	session_wait(s, SESSION_STEP_SUBSCRIBE, s->config.connect_timeout_ms);
	session_connect_call(s, s->ops->subscribe(s->ctx, GATT_CONTROL));
}

void session_subscribed(struct session *s, int status, uint64_t now_us)
{
	s->now = now_us;
	if (s->step != SESSION_STEP_SUBSCRIBE || !session_live(s))
		return;
	if (status < 0) {
		session_connect_call(s, status);
		return;
	}
	if (!s->data_subscribed && s->dialect->ops->rx_data) {
		s->data_subscribed = true;
		session_wait(s, SESSION_STEP_SUBSCRIBE, s->config.connect_timeout_ms);
		session_connect_call(s, s->ops->subscribe(s->ctx, GATT_DATA));
		return;
	}
	begin_reading(s);
}

/*
 * Bytes from the peer: kept as they are except for the terminator; whoever prints them cleans them.
 */
static void text_copy(char to[SESSION_TEXT], const uint8_t *buf, size_t len)
{
	size_t n = len < SESSION_TEXT - 1 ? len : SESSION_TEXT - 1;

	memcpy(to, buf, n);
	to[n] = '\0';
}

void session_read(struct session *s, enum gatt_chr chr, int status, const uint8_t *buf, size_t len,
		  uint64_t now_us)
{
	s->now = now_us;
	if (!session_live(s))
		return;
	if (chr == GATT_INFO && s->step == SESSION_STEP_INFO) {
		if (status < 0) {
			session_failed(s, status);
			return;
		}
		if (ota_info_decode(buf, len, &s->info) < 0) {
			s->status = -OTA_EBADMSG;
			session_retry(s, SESSION_PROTOCOL);
			return;
		}
		s->have_info = true;
		s->running.known = true;
		s->running.on_trial = (s->info.flags & OTA_INFO_PENDING_VERIFY) != 0;
		memcpy(s->running.sha256, s->info.running_sha256, OTA_SHA256_SIZE);
		if (s->state == SESSION_CONFIRMING ||
		    (s->state == SESSION_PREPARING && s->confirm_told))
			session_confirm_read(s);
		else
			read_next(s, SESSION_STEP_INFO);
	} else if (chr == GATT_FIRMWARE_REVISION && s->step == SESSION_STEP_VERSION) {
		if (status == 0)
			text_copy(s->version, buf, len);
		read_next(s, SESSION_STEP_VERSION);
	} else if (chr == GATT_MODEL && s->step == SESSION_STEP_MODEL) {
		if (status == 0)
			text_copy(s->model, buf, len);
		read_next(s, SESSION_STEP_MODEL);
	}
}

/* The first connection: false when nothing is to be sent. */
static bool begin_allowed(struct session *s)
{
	const int rc = s->ops->approve(s->ctx, s->have_info ? &s->info : NULL, s->version);

	memcpy(s->version_before, s->version, sizeof(s->version_before));
	if (rc < 0) {
		s->status = rc;
		session_finish(s, rc == -OTA_EBUSY    ? SESSION_IN_USE
				  : rc == -OTA_ESTALE ? SESSION_DEVICE_CHANGED
						      : SESSION_REFUSED);
		return false;
	}
	if (!session_runs_image(s) || s->config.force_same)
		return true;
	/* An earlier run that ended between reboot and CONFIRM: what is left is CONFIRM. */
	if (s->running.on_trial && s->config.confirm)
		session_confirm(s);
	else
		session_finish(s, SESSION_ALREADY_RUNNING);
	return false;
}

static void all_read(struct session *s)
{
	if (s->dialect->ops->identify)
		s->dialect->ops->identify(s);
	else
		discovery_done(s);
}

void session_identified(struct session *s)
{
	if (s->state == SESSION_CONFIRMING)
		session_confirm_read(s);
	else
		discovery_done(s);
}

static void discovery_done(struct session *s)
{
	session_wait(s, SESSION_STEP_NONE, 0);
	if (s->proving) {
		session_prove(s);
		return;
	}
	/* Told too late to cancel: it runs. */
	if (s->ended && session_runs_image(s)) {
		session_prove(s);
		return;
	}
	if (s->cancel) {
		session_abort(s);
		return;
	}
	if (dialect_is_driven(s->dialect)) {
		if (!s->started && !begin_allowed(s))
			return;
		session_enter(s, SESSION_PREPARING);
	}
	session_prepare(s);
}

void session_prepare(struct session *s)
{
	s->dialect->ops->begin(s);
}

/* --- time-outs */

void session_wait_work(struct session *s, enum session_step step, uint32_t ms)
{
	s->waiting_since = s->now;
	session_wait(s, step, ms);
}

void session_works(struct session *s, uint32_t ms)
{
	const uint64_t last = s->waiting_since + (uint64_t)ms * WORK_TIMES * MS;
	const uint64_t at = s->now + ms * MS;

	s->step_deadline = at < last ? at : last;
}

bool session_may_ask(struct session *s)
{
	if (s->silent >= SILENT_MAX || s->futile >= s->config.retries + SILENT_MAX)
		return false;
	s->silent++;
	if (s->state != SESSION_PAUSED) /* nothing is meant to move */
		s->futile++;
	return true;
}

bool session_has_goal(struct session *s)
{
	switch (s->config.goal) {
	case SESSION_LOOK:
		session_finish(s, SESSION_ANSWERED);
		return false;
	case SESSION_MEASURE:
		session_device_error(s, OTA_ERR_UNSUPPORTED, OTA_CMD_START, 0);
		return false;
	case SESSION_COMMAND:
		break;
	case SESSION_UPDATE:
		if (!s->config.resume_only)
			break;
		s->status = -OTA_ENOENT; /* such a dialect begins at 0 */
		session_finish(s, SESSION_REFUSED);
		return false;
	}
	return true;
}

/* The action after a time-out. */
static void silence(struct session *s)
{
	switch (s->state) {
	case SESSION_REBOOTING:
		if (s->link_up && s->dialect && s->dialect->keeps_update) {
			session_device_error(s, OTA_ERR_IMAGE, OTA_CMD_END, 0);
			break; /* it restarts where it takes the image, and else tells nothing */
		}
		session_hang_up(s); /* it said it would reboot; look whether it did */
		session_wait(s, SESSION_STEP_LINK_DOWN, ANSWER_MS);
		break;
	case SESSION_RECONNECTING:
		session_hang_up(s);
		session_rebooted(s);
		break;
	case SESSION_CONFIRMING:
		session_confirm_silent(s);
		break;
	case SESSION_CANCELLING:
		if (s->cancel)
			session_cancelled_untold(s, -OTA_ETIMEDOUT);
		else
			session_retry(s, SESSION_STALLED);
		break;
	case SESSION_VERIFYING:
		if ((s->dialect && !s->dialect->has_status) || !session_may_ask(s)) {
			session_retry(s, SESSION_STALLED);
			break;
		}
		session_note(s, SESSION_NOTE_QUERY, session_image_at(s, s->stats.received));
		session_wait(s, SESSION_STEP_DONE, ANSWER_MS);
		session_opcode(s, OTA_CMD_STATUS);
		break;
	case SESSION_IDLE:
	case SESSION_CONNECTING:
	case SESSION_DISCOVERING:
	case SESSION_PREPARING:
	case SESSION_SENDING:
	case SESSION_PAUSED:
	case SESSION_WAITING:
	case SESSION_DONE:
	case SESSION_FAILED:
	case SESSION_STATES:
		session_retry(s,
			      s->state == SESSION_CONNECTING ? SESSION_LINK_LOST : SESSION_STALLED);
		break;
	}
}

void session_step_expired(struct session *s)
{
	const enum session_step step = s->step;

	s->step_deadline = NEVER;
	if (step == SESSION_STEP_INFO && session_live(s) && s->dialect && s->dialect->ops->silent &&
	    s->dialect->ops->silent(s))
		return;
	if (s->state == SESSION_WAITING && s->link_up && !s->closing && s->dialect) {
		session_enter(s, SESSION_PREPARING);
		session_prepare(s);
	} else if (s->state == SESSION_WAITING ||
		   (s->state == SESSION_RECONNECTING && step == SESSION_STEP_LINK_DOWN)) {
		session_connect(s);
	} else if (step == SESSION_STEP_BLOCKS) {
		session_skip_known(s); /* what was not told is sent */
	} else {
		silence(s);
	}
}
