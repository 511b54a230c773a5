/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict: what limits a transfer, the change that helps most, and what it gains.
 *
 * Each cause is judged by what its absence would gain: the transfer is played twice
 * (predict.h), as it was and without the cause.  The cause with the largest gain is the limit.
 * The measured time calibrates what is played: gains are ratios of two played times.
 * Freestanding.
 */
#ifndef OTABENCH_EXPLAIN_LIMIT_H
#define OTABENCH_EXPLAIN_LIMIT_H

#include "explain/budget.h"
#include "explain/predict.h"

enum limit_cause {
	LIMIT_NONE, /* not enough is known */
	LIMIT_AIR, /* the link carries what it can */
	LIMIT_INTERVAL,
	LIMIT_PHY,
	LIMIT_DATA_LENGTH,
	LIMIT_MTU,
	LIMIT_CHUNK,
	LIMIT_WINDOW,
	LIMIT_ACK_INTERVAL,
	LIMIT_PACING,
	LIMIT_WRITE_MODE,
	LIMIT_ADAPTER_BUFFERS,
	LIMIT_ADAPTER_FRAGMENTS,
	LIMIT_HOST,
	LIMIT_STACK,
	LIMIT_RING,
	LIMIT_ERASE,
	LIMIT_PROGRAM,
	LIMIT_DEVICE_TASK,
	LIMIT_LOSS,
	LIMIT_GAPS,
	LIMIT_RECONNECTS,
	LIMIT_CAUSES
};

struct limit_input {
	struct predict now; /* as it was; loss_ppm and drop_ppm are filled in here */
	uint64_t seconds_us; /* of the transfer */
	uint32_t bytes; /* brought over in it */
	uint32_t values, gaps; /* sent; lost */
	uint64_t shares[BUDGET_TRANSFER_SHARES];
	uint16_t mtu;
	bool adapter_late; /* it fills its buffers once an event, and missed events at first */
	/* Bytes per second with this interval, and with the one before the trials, if intervals
	 * were tried, while nothing else held values up; 0: they were not. */
	uint32_t clean_rate, first_rate;
	uint32_t first_us; /* that interval */
	bool device_2m; /* the device has it */
	bool phy_refused; /* it was asked for 2M, and the link stayed on 1M */
	/* The profile decides it, and the link did not refuse. */
	bool interval_auto, chunk_auto, window_auto, ack_auto; /* chosen anew for another link */
	bool may_phy, may_interval, may_data_length, may_mtu, may_mode;
};

#define LIMIT_CHANGE_MAX 48u

struct limit {
	enum limit_cause cause, second; /* second: NONE where nothing else gains much */
	/* The share of the transfer's time that is saved without the cause; for air and
	 * reconnects the share that they take. */
	uint32_t share_ppm, second_ppm;
	char change[LIMIT_CHANGE_MAX]; /* key=value of a profile; "" none helps */
	uint32_t goodput, predicted; /* bytes per second: now; after the change, or as now */
	/* The rates that link and flash can carry, as bytes of the air; flash 0: not measured. */
	uint32_t link_best, flash;
	uint32_t possible; /* the least of them */
	uint32_t erase_us, write_us; /* of 64 KiB; 0: not measured */
	bool of_time; /* the shares are what both take of the time, and not what would be saved */
	bool adapter_late; /* known before, or it took as long as with such an adapter */
};

/* The rate of the link with the best settings, bytes per second; of *in only now.link,
 * now.header, mtu, device_2m and may_* are used.  0: not known. */
uint32_t limit_link_best(const struct limit_input *in);
/* Percent of what is possible that was reached, at most 100; 0: not known. */
uint32_t limit_of_possible(const struct limit *limit);
/* *ret has cause NONE where the input does not suffice. */
void limit_judge(const struct limit_input *in, struct limit *ret);
/* The same where the protocol is not played: the cause is what most of the time went to.  Nothing
 * is advised. */
void limit_by_shares(const struct limit_input *in, struct limit *ret);
/* "air", "adapter-buffers": the name in JSON and in the manual. */
const char *limit_cause_name(enum limit_cause cause);

#endif
