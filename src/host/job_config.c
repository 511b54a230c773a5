/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a profile's values, which people write, to the session's, which are
 * bytes, units of the air and flags.
 */
#include "host/job_priv.h"

static enum session_stall_action stall_action(enum profile_stall_action action)
{
	switch (action) {
	case PROFILE_STALL_WARN:
		return SESSION_STALL_WARN;
	case PROFILE_STALL_PAUSE:
		return SESSION_STALL_PAUSE;
	case PROFILE_STALL_ABORT:
		return SESSION_STALL_ABORT;
	}
	return SESSION_STALL_WARN;
}

static uint8_t job_config_phys(enum profile_phy phy)
{
	switch (phy) {
	case PROFILE_PHY_KEEP:
		return 0;
	case PROFILE_PHY_1M:
		return OTA_PHYS_1M;
	case PROFILE_PHY_AUTO:
	case PROFILE_PHY_2M:
		return OTA_PHYS_2M;
	}
	return 0;
}

/* auto is 0 for the session: it or the device chooses. */
static uint32_t or_auto(int32_t value)
{
	return value < 0 ? 0 : (uint32_t)value;
}

static void apply_link(const struct profile *profile, struct session_config *ret)
{
	ret->link = (struct ota_link_request){
		.supervision_timeout = (uint16_t)(profile->supervision_timeout_ms / 10),
		.phys = job_config_phys(profile->phy),
		.data_length = profile->data_length == PROFILE_AUTO
				       ? 251
				       : (uint16_t)or_auto(profile->data_length),
	};
	ret->link_auto = profile->connection_interval == PROFILE_AUTO;
	if (profile->connection_interval == PROFILE_KEEP)
		return;
	ret->link.latency = (uint16_t)profile->peripheral_latency;
	ret->link.interval_min = ret->link.interval_max =
		(uint16_t)or_auto(profile->connection_interval);
}

void job_apply_profile(const struct profile *profile, struct session_config *ret)
{
	ret->chunk = (uint16_t)or_auto(profile->chunk);
	ret->mode_auto = profile->write_mode == PROFILE_AUTO;
	ret->mode = profile_write_mode(profile);
	ret->window = or_auto(profile->window);
	ret->pacing_us = (uint32_t)profile->pacing_us;
	ret->basic_pacing_us = (uint32_t)profile->basic_pacing_us;
	ret->ack_interval = (uint16_t)or_auto(profile->ack_interval);
	ret->mtu_max = (uint16_t)profile->mtu_max;
	apply_link(profile, ret);
	ret->telemetry_ms = (uint16_t)profile->telemetry_ms;
	ret->prepare = profile->prepare == PROFILE_PREPARE_YES;
	ret->confirm = profile->confirm == PROFILE_CONFIRM_AUTO;
	ret->stall_action = stall_action(profile->stall_action);
	ret->stall_ms = (uint32_t)profile->stall_ms;
	ret->ack_timeout_ms = (uint32_t)profile->ack_timeout_ms;
	ret->connect_timeout_ms = (uint32_t)profile->connect_timeout_ms;
	ret->ready_timeout_ms = (uint32_t)profile->ready_timeout_ms;
	ret->basic_ready_timeout_ms = (uint32_t)profile->basic_ready_timeout_ms;
	ret->verify_timeout_ms = (uint32_t)profile->verify_timeout_ms;
	ret->reconnect_timeout_ms = (uint32_t)profile->reconnect_timeout_ms;
	ret->retries = (uint32_t)profile->retries;
	ret->backoff_ms = (uint32_t)profile->backoff_ms;
	ret->backoff_max_ms = (uint32_t)profile->backoff_max_ms;
}
