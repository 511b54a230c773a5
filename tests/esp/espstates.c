/* SPDX-License-Identifier: Apache-2.0 */
#include "espstates.h"

struct esphost_image image, foreign;
struct host owner, stranger;
bool here;
static uint16_t permitted; /* the owner's connection */

bool owner_only(uint16_t conn, enum ota_esp_request request, void *arg)
{
	(void)request;
	(void)arg;
	return conn == permitted;
}

static bool slow_self_test(void *arg)
{
	(void)arg;
	vTaskDelay(pdMS_TO_TICKS(500));
	return true;
}

/* --- both */

bool owner_comes(void)
{
	esphost_connect(&owner, image.bytes, image.size);
	permitted = owner.conn;
	return owner.conn != 0xffff;
}

static void owner_is_away(void)
{
	owner.conn = permitted = 0xffff;
}

bool owner_is_here(void)
{
	return owner.conn != 0xffff && fake_link(owner.conn)->up;
}

bool boots(void)
{
	here = false;
	owner_is_away();
	return esphost_boot();
}

bool stranger_comes(void)
{
	esphost_connect(&stranger, foreign.bytes, foreign.size);
	here = stranger.conn != 0xffff;
	return here;
}

static bool in_state(void *arg)
{
	struct ota_status status;

	ota_esp_enter();
	ota_device_status(&ota_esp.device, &status);
	ota_esp_unlock();
	return status.state == *(const enum ota_state *)arg;
}

static bool runs_into(enum ota_state state)
{
	return fake_run_until(in_state, &state, 20000);
}

static int owner_writes_prepare(void)
{
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_prepare_encode(0, buf, sizeof(buf));

	return fake_write(owner.conn, CONTROL, buf, (size_t)len);
}

void stranger_leaves(void)
{
	fake_disconnect(stranger.conn);
	here = false;
}

/* --- the owner's update, from each state to its end */

/* The host's patience with *busy* and *state*, as docs/protocol.md has it. */
static bool confirms(void)
{
	for (int i = 0; i < 10; i++) {
		esphost_command(&owner, OTA_CMD_CONFIRM);
		if (!esphost_wait(&owner, OTA_EVT_RESULT, 5000))
			return false;
		if (owner.result.code == OTA_OK)
			return true;
		fake_run_ms(500);
	}
	return false;
}

bool finish_trial(void)
{
	if (!owner_is_here() && !owner_comes())
		return false;
	return confirms();
}

static bool finish_reboot(void)
{
	if (!esphost_restarts(5000) || fake_board.boot != 1 || !boots())
		return false;
	return owner_comes() && finish_trial();
}

static bool finish_verifying(void)
{
	return esphost_wait(&owner, OTA_EVT_DONE, 60000) && finish_reboot();
}

static bool finish_transfer(void)
{
	return esphost_send(&owner, owner.size) && esphost_end(&owner) && finish_reboot();
}

/* No one hurried the START: the link was made fit for erases before. */
static bool finish_start(void)
{
	return esphost_wait(&owner, OTA_EVT_READY, 60000) &&
	       fake_link(owner.conn)->timeout == CONFIG_OTA_ESP_SUPERVISION_TIMEOUT &&
	       finish_transfer();
}

static bool finish_measuring(void)
{
	return esphost_send(&owner, owner.size) && esphost_end(&owner) && finish_all();
}

bool finish_all(void)
{
	if (!owner_is_here() && !owner_comes())
		return false;
	return esphost_start(&owner, 0) && finish_transfer();
}

static bool finish_idle(void)
{
	return owner_comes() && esphost_start(&owner, 0) && finish_transfer();
}

static bool finish_preparing(void)
{
	return esphost_wait(&owner, OTA_EVT_RESULT, 60000) && finish_all();
}

static bool finish_suspended(void)
{
	return owner_comes() && esphost_start(&owner, 0) && owner.offset >= OTA_BLOCK_SIZE &&
	       finish_transfer();
}

static bool finish_confirming(void)
{
	return esphost_wait(&owner, OTA_EVT_RESULT, 5000) && owner.result.code == OTA_OK;
}

/* --- the states */

static bool idle(void)
{
	return stranger_comes();
}

static bool connected(void)
{
	return owner_comes() && stranger_comes();
}

/* START is kept back until the link is fit. */
static bool held(void)
{
	return connected() && esphost_write_start(&owner, 0) == 0 && ota_esp.start.len > 0;
}

static bool preparing(void)
{
	return connected() && owner_writes_prepare() == 0 && runs_into(OTA_STATE_PREPARING);
}

/* The record in NVS is compared with flash, after a power cut. */
static bool comparing(void)
{
	if (!owner_comes() || !esphost_start(&owner, 0) || !esphost_send(&owner, PART))
		return false;
	fake_run_ms(1000);
	return boots() && connected() && esphost_write_start(&owner, 0) == 0 &&
	       runs_into(OTA_STATE_PREPARING);
}

static bool ready(void)
{
	return connected() && esphost_start(&owner, 0);
}

static bool receiving(void)
{
	return ready() && esphost_send(&owner, PART);
}

static bool measuring(void)
{
	return connected() && esphost_start(&owner, OTA_START_SINK) && esphost_send(&owner, PART);
}

/* Nothing comes for a while. */
static bool paused(void)
{
	if (!receiving())
		return false;
	fake_run_ms(20000);
	return true;
}

static bool suspended(void)
{
	if (!owner_comes() || !esphost_start(&owner, 0) || !esphost_send(&owner, PART))
		return false;
	fake_disconnect(owner.conn);
	owner_is_away();
	fake_run_ms(1000);
	return stranger_comes();
}

static bool verifying(void)
{
	return ready() && esphost_send(&owner, owner.size) &&
	       esphost_command(&owner, OTA_CMD_END) == 0 && runs_into(OTA_STATE_VERIFYING);
}

static bool rebooting(void)
{
	return ready() && esphost_send(&owner, owner.size) && esphost_end(&owner);
}

static bool into_trial(void)
{
	return owner_comes() && esphost_start(&owner, 0) && esphost_send(&owner, owner.size) &&
	       esphost_end(&owner) && esphost_restarts(5000) && boots();
}

static bool on_trial_before_the_owner(void)
{
	return into_trial() && stranger_comes();
}

static bool on_trial(void)
{
	return into_trial() && connected();
}

static bool confirming(void)
{
	esphost_config.self_test = slow_self_test;
	return on_trial() && esphost_command(&owner, OTA_CMD_CONFIRM) == 0;
}

static bool after_rollback(void)
{
	return into_trial() && boots() && fake_board.running == 0 && connected();
}

const struct state states[] = {
	{"idle", idle, finish_idle, ANY},
	{"connected", connected, finish_all, ANY},
	{"START kept back", held, finish_start, CONFIRMS | ROLLS_BACK | REBOOTS},
	{"preparing", preparing, finish_preparing, 0},
	{"comparing", comparing, finish_start, 0},
	{"ready", ready, finish_transfer, 0},
	{"receiving", receiving, finish_transfer, 0},
	{"measuring", measuring, finish_measuring, CONFIRMS},
	{"paused", paused, finish_transfer, 0},
	{"suspended", suspended, finish_suspended, ANY},
	{"verifying", verifying, finish_verifying, 0},
	{"rebooting", rebooting, finish_reboot, 0},
	{"on trial, the owner away", on_trial_before_the_owner, finish_trial, ANY},
	{"on trial", on_trial, finish_trial, ANY},
	{"confirming", confirming, finish_confirming, ANY & ~CONFIRMS},
	{"after a rollback", after_rollback, finish_all, ANY},
	{.name = NULL},
};
