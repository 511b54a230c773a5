/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on protocols that are not played: what takes most of the time. */
#include "explain/limit_priv.h"

static const enum limit_cause causes[BUDGET_TRANSFER_SHARES] = {
	[BUDGET_AIR] = LIMIT_AIR,
	[BUDGET_ACK] = LIMIT_AIR,
	[BUDGET_HOST] = LIMIT_HOST,
	[BUDGET_STACK] = LIMIT_STACK,
	[BUDGET_BUFFERS] = LIMIT_ADAPTER_BUFFERS,
	[BUDGET_RESPONSE] = LIMIT_WRITE_MODE,
	[BUDGET_PACING] = LIMIT_PACING,
	[BUDGET_WINDOW] = LIMIT_WINDOW,
	[BUDGET_ERASE] = LIMIT_ERASE,
	[BUDGET_PROGRAM] = LIMIT_PROGRAM,
	[BUDGET_READ] = LIMIT_PROGRAM,
	[BUDGET_TASK] = LIMIT_DEVICE_TASK,
	[BUDGET_LOSS] = LIMIT_LOSS,
	[BUDGET_GAPS] = LIMIT_GAPS,
	[BUDGET_DOWN] = LIMIT_RECONNECTS,
	[BUDGET_START] = LIMIT_ERASE, /* of the slot, before the first value */
	[BUDGET_END] = LIMIT_PROGRAM,
};

void limit_by_shares(const struct limit_input *in, struct limit *ret)
{
	uint64_t us[LIMIT_CAUSES] = {0};
	uint32_t ppm;

	*ret = (struct limit){.of_time = true};
	if (in->seconds_us == 0)
		return;
	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
		us[causes[i]] += in->shares[i];
	for (int i = LIMIT_NONE + 1; i < LIMIT_CAUSES; i++) {
		ppm = (uint32_t)(us[i] * PPM / in->seconds_us);
		if (ppm > ret->share_ppm) {
			ret->second = ret->cause;
			ret->second_ppm = ret->share_ppm;
			ret->cause = (enum limit_cause)i;
			ret->share_ppm = ppm;
		} else if (ppm > ret->second_ppm) {
			ret->second = (enum limit_cause)i;
			ret->second_ppm = ppm;
		}
	}
	if (ret->second_ppm < WORTH_PPM) {
		ret->second = LIMIT_NONE;
		ret->second_ppm = 0;
	}
	ret->goodput = ret->predicted = limit_rate(in->bytes, in->seconds_us);
	ret->possible = ret->link_best = limit_link_best(in);
	if (ret->possible < ret->goodput)
		ret->possible = ret->link_best = ret->goodput;
}
