/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a run that are kept, and the names that they have in the file. */
#include "history/history_priv.h"
#include "host/pdu_text.h"

#include <string.h>

static const char *goal_word(int value)
{
	return history_goal_name((enum session_goal)value);
}

static const char *outcome_word(int value)
{
	return session_outcome_name((enum session_outcome)value);
}

static const char *mode_word(int value)
{
	return gatt_write_name((enum gatt_write)value);
}

static const char *phy_word(int value)
{
	return pdu_text_phy((uint8_t)value);
}

static const char *dialect_word(int value)
{
	return dialect_get((enum dialect_id)value)->name;
}

static const char *limit_word(int value)
{
	return limit_cause_name((enum limit_cause)value);
}

static const char *stream_word(int value)
{
	return stream_kind_name((enum stream_kind)value);
}

/* Two columns from when there were two dialects: readers of the file know them. */
static bool dialect_known(const struct history_run *run)
{
	return run->result.dialect != DIALECT_UNKNOWN;
}

static void take_dialect_known(struct history_run *run, bool known)
{
	run->result.dialect = known ? DIALECT_FULL : DIALECT_UNKNOWN;
}

static bool dialect_basic(const struct history_run *run)
{
	return run->result.dialect == DIALECT_BASIC;
}

static void take_dialect_basic(struct history_run *run, bool basic)
{
	if (basic && run->result.dialect != DIALECT_UNKNOWN)
		run->result.dialect = DIALECT_BASIC;
}

#define AT(member)                                                                                 \
	.offset = offsetof(struct history_run, member),                                            \
	.size = sizeof(((struct history_run *)NULL)->member)
#define COLUMN(n, k, member)                                                                       \
	{                                                                                          \
		.name = (n), .kind = HISTORY_COLUMN_##k, AT(member)                                \
	}
#define FIGURE(n, k, member)                                                                       \
	{                                                                                          \
		.name = (n), .kind = HISTORY_COLUMN_##k, AT(member), .figure = true                \
	}
#define SINCE(n, k, member, version)                                                               \
	{                                                                                          \
		.name = (n), .kind = HISTORY_COLUMN_##k, AT(member), .figure = true,               \
		.since = (version)                                                                 \
	}
#define WORD(n, member, fn, count, f)                                                              \
	{                                                                                          \
		.name = (n), .kind = HISTORY_COLUMN_WORD, AT(member), .figure = (f), .word = (fn), \
		.words = (count)                                                                   \
	}

#define FLAG(n, fn)                                                                                \
	{                                                                                          \
		.name = (n), .kind = HISTORY_COLUMN_FLAG, .figure = true, .flag = (fn),            \
		.take = take_##fn                                                                  \
	}

const struct history_column history_columns[] = {
	COLUMN("started_ms", INT, started_ms),
	FIGURE("ended_ms", INT, ended_ms),
	COLUMN("program", TEXT, program),
	WORD("goal", goal, goal_word, SESSION_COMMAND + 1, false),
	COLUMN("options", TEXT, options),
	FIGURE("device", TEXT, device),
	FIGURE("address", TEXT, address),
	COLUMN("profile", TEXT, profile),
	COLUMN("image", TEXT, image),
	COLUMN("project", TEXT, project),
	COLUMN("version", TEXT, version),
	COLUMN("sha256", BYTES, sha256),
	COLUMN("size", UINT, size),
	COLUMN("restart", BOOL, restart),
	COLUMN("resume_only", BOOL, resume_only),
	COLUMN("no_confirm", BOOL, no_confirm),
	COLUMN("forced", UINT, forced),
	COLUMN("virtual_clock", BOOL, result.virtual_clock),
	WORD("outcome", result.outcome, outcome_word, SESSION_OUTCOMES, true),
	FIGURE("error_code", UINT, result.code),
	FIGURE("error_command", UINT, result.opcode),
	FIGURE("error_detail", UINT, result.detail),
	FIGURE("status", INT, result.status),
	FIGURE("what", TEXT, result.what),
	FIGURE("advice", TEXT, result.advice),
	FIGURE("start_us", UINT, start_us),
	FIGURE("seconds_us", UINT, result.seconds_us),
	FIGURE("bytes", UINT, result.bytes),
	FIGURE("goodput", UINT, result.goodput),
	FIGURE("ceiling", UINT, result.ceiling),
	FIGURE("ratio", REAL, result.ratio),
	FIGURE("lowest", UINT, result.rate_lowest),
	FIGURE("queued", UINT, queued),
	FIGURE("received", UINT, received),
	FIGURE("flushed", UINT, flushed),
	FIGURE("sent_bytes", UINT, result.sent_bytes),
	FIGURE("resumed_from", UINT, result.resumed_from),
	FIGURE("retries", UINT, result.retries),
	FIGURE("gaps", UINT, result.gaps),
	FIGURE("resyncs", UINT, result.resyncs),
	FIGURE("stalls", UINT, result.stalls),
	FIGURE("longest_stall_ms", UINT, result.longest_stall_ms),
	FLAG("dialect_known", dialect_known),
	FLAG("basic", dialect_basic),
	FIGURE("mtu", UINT, result.mtu),
	FIGURE("chunk", UINT, result.chunk),
	WORD("write_mode", result.mode, mode_word, GATT_ACQUIRE + 1, true),
	FIGURE("window", UINT, result.window),
	FIGURE("pacing_us", UINT, pacing_us),
	FIGURE("link_known", BOOL, result.link_known),
	WORD("phy", result.link.phy, phy_word, OTA_PHY_2M + 1, true),
	FIGURE("interval_us", UINT, result.link.interval_us),
	FIGURE("data_length", UINT, result.link.data_length),
	FIGURE("encrypted", BOOL, result.link.encrypted),
	FIGURE("buffers", UINT, result.link.buffers),
	FIGURE("buffer_octets", UINT, result.link.buffer_octets),
	FIGURE("refill", BOOL, result.link.refill),
	FIGURE("rssi_median", INT, rssi_median),
	FIGURE("rssi_min", INT, rssi_min),
	FIGURE("running_known", BOOL, result.running_known),
	FIGURE("running_version", TEXT, result.running_version),
	FIGURE("running_sha256", BYTES, result.running_sha256),
	FIGURE("lost_samples", UINT, lost_samples),
	{.name = "dialect",
	 .kind = HISTORY_COLUMN_WORD,
	 AT(result.dialect),
	 .figure = true,
	 .word = dialect_word,
	 .words = DIALECTS,
	 .since = 2},
	/* The limit and the circumstances: unknown for all runs that were recorded before. */
	SINCE("profile_changed", BOOL, profile_changed, 3),
	{.name = "limit",
	 .kind = HISTORY_COLUMN_WORD,
	 AT(result.limit.cause),
	 .figure = true,
	 .word = limit_word,
	 .words = LIMIT_CAUSES,
	 .since = 3},
	SINCE("limit_share_ppm", UINT, result.limit.share_ppm, 3),
	SINCE("possible", UINT, result.limit.possible, 3),
	SINCE("link_best", UINT, result.limit.link_best, 3),
	SINCE("flash", UINT, result.limit.flash, 3),
	SINCE("kernel", TEXT, kernel, 3),
	SINCE("bluetoothd", TEXT, bluetoothd, 3),
	SINCE("adapter", TEXT, adapter, 3),
	SINCE("adapter_maker", TEXT, maker, 3),
	SINCE("adapter_firmware", TEXT, firmware, 3),
	SINCE("chip", TEXT, chip, 3),
	SINCE("device_version", TEXT, device_version, 3),
	{.name = "pattern", .kind = HISTORY_COLUMN_BOOL, AT(pattern), .since = 4},
	{.name = "stream",
	 .kind = HISTORY_COLUMN_WORD,
	 AT(result.stream),
	 .figure = true,
	 .word = stream_word,
	 .words = STREAM_KINDS,
	 .since = 5},
	SINCE("air_bytes", UINT, result.air_bytes, 5),
};
const size_t history_column_count = sizeof(history_columns) / sizeof(history_columns[0]);

int64_t history_integer(const struct history_column *column, const struct history_run *run)
{
	const char *at = (const char *)run + column->offset;
	const bool is_signed = column->kind == HISTORY_COLUMN_INT;
	uint64_t value = 0;

	if (column->kind == HISTORY_COLUMN_FLAG)
		return column->flag(run);

	/* Little or big endian alike: by the member's own type. */
	switch (column->size) {
	case 1:
		return is_signed ? *(const int8_t *)at : *(const uint8_t *)at;
	case 2:
		return is_signed ? *(const int16_t *)(const void *)at
				 : *(const uint16_t *)(const void *)at;
	case 4:
		return is_signed ? (int64_t) * (const int32_t *)(const void *)at
				 : (int64_t) * (const uint32_t *)(const void *)at;
	default: /* the only other size there is: 8 */
		memcpy(&value, at, sizeof(value));
		return (int64_t)value;
	}
}

uint64_t history_whole(double value, uint64_t most)
{
	if (!(value > 0))
		return 0;
	return value < (double)most ? (uint64_t)(value + 0.5) : most;
}

const char *history_goal_name(enum session_goal goal)
{
	switch (goal) {
	case SESSION_UPDATE:
		return "update";
	case SESSION_MEASURE:
		return "measure";
	case SESSION_LOOK:
		return "look";
	case SESSION_COMMAND:
		return "command";
	}
	return "unknown";
}

const char *history_mark_name(enum history_mark_kind kind)
{
	switch (kind) {
	case HISTORY_STALL:
		return "stall";
	case HISTORY_MOVING:
		return "moving";
	case HISTORY_GAP:
		return "gap";
	case HISTORY_RETRY:
		return "retry";
	case HISTORY_RESUME:
		return "resume";
	case HISTORY_LINK_LOST:
		return "link-lost";
	case HISTORY_TUNING:
		return "tuning";
	case HISTORY_STATE:
		return "state";
	case HISTORY_MARKS:
		break;
	}
	return "unknown";
}

const char *history_outcome(const struct history_run *run)
{
	switch (run->state) {
	case HISTORY_RUNNING:
		return "running";
	case HISTORY_LEFT:
		return "left";
	case HISTORY_KILLED:
		return "killed";
	case HISTORY_ENDED:
		break;
	}
	return session_outcome_name(run->result.outcome);
}

unsigned int history_percent(const struct history_run *run)
{
	if (run->size == 0)
		return 0;
	if (run->received >= run->size)
		return 100;
	return (unsigned int)((uint64_t)run->received * 100u / run->size);
}
