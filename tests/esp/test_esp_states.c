/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger beside the owner, in every state of the device: each thing that its connection
 * can send, once for each state, by default and where the product permits the owner alone.
 *
 * What the owner's update costs and how it ends is taken without the stranger first, and has
 * to be the same beside him.  Only what firmware/README.md grants to strangers by default is
 * looked at less closely: that the device is not worse off than before, and takes the update.
 */
#include "espstates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOND 7
#define PATIENCE_MS 2000u /* more than it takes without the stranger */
#define VALID 2 /* ESP_OTA_IMG_VALID */

/* --- what it costs, and how it ends */

struct outcome {
	bool well;
	uint32_t erases, otadata_erases, restarts, rollbacks, confirms;
	uint32_t ms; /* from the stranger's deed to the end */
};

static void begin(bool permit)
{
	esphost_power_on();
	fake_board.state[0] = VALID;
	fake_radio.bond = BOND;
	if (permit)
		esphost_config.permit = owner_only;
}

static struct outcome outcome(bool well, uint32_t began)
{
	return (struct outcome){.well = well && fake_board.running == 1 &&
					fake_board.state[1] == VALID && !fake_breach &&
					fake_radio.bond == BOND,
				.erases = fake_board.erases,
				.otadata_erases = fake_board.otadata_erases,
				.restarts = fake_board.restarts,
				.rollbacks = fake_board.rollbacks,
				.confirms = fake_board.confirms,
				.ms = fake_now_ms() - began};
}

static struct outcome run(const struct state *state, const struct action *action, bool permit)
{
	uint32_t began;
	bool well;

	begin(permit);
	if (!boots() || !state->enter())
		return (struct outcome){.well = false};
	began = fake_now_ms();
	if (action)
		action->act();
	well = state->finish();
	return outcome(well, began);
}

/*
 * A command that is open to strangers is done: the device restarts where it was told to, runs an
 * image that was whole, and takes the owner's update once the stranger has left.
 */
static bool run_open(const struct state *state, const struct action *action)
{
	begin(false);
	if (!boots() || !state->enter())
		return false;
	action->act();
	fake_run_ms(3000);
	for (int i = 0; i < 3 && fake_restarted(); i++) {
		if (!boots())
			return false;
		fake_run_ms(3000);
	}
	if (here)
		stranger_leaves();
	if (fake_board.running == 1 && fake_board.state[1] == VALID)
		return !fake_breach; /* it was confirmed; by whomever */
	if (!owner_is_here() && !owner_comes())
		return false;
	if (fake_board.running == 0) {
		esphost_command(&owner, OTA_CMD_ABORT);
		esphost_wait(&owner, OTA_EVT_RESULT, 5000);
		owner.error.code = OTA_OK;
		return outcome(finish_all(), 0).well;
	}
	return outcome(finish_trial(), 0).well;
}

static bool alike(const struct outcome *a, const struct outcome *b)
{
	return a->well && a->erases == b->erases && a->otadata_erases == b->otadata_erases &&
	       a->restarts == b->restarts && a->rollbacks == b->rollbacks &&
	       a->confirms == b->confirms && a->ms <= b->ms + PATIENCE_MS;
}

static int beside(const struct state *state, bool permit)
{
	const struct outcome alone = run(state, NULL, permit);
	int wrong = 0;

	if (!alone.well) {
		print_error("%s: not without a stranger\n", state->name);
		return 1;
	}
	for (const struct action *action = actions; action->name; action++) {
		const bool open = !permit && (action->kind & state->open);
		struct outcome got = {.well = false};
		bool well;

		if (open) {
			well = run_open(state, action);
		} else {
			got = run(state, action, permit);
			well = alike(&got, &alone);
		}
		if (well)
			continue;
		print_error("%s, %s%s: %s, erases %u (%u), otadata %u (%u), restarts %u (%u), "
			    "confirms %u (%u), %u ms (%u); ERROR %u to 0x%02x, %s\n",
			    state->name, action->name, permit ? ", forbidden" : "",
			    got.well ? "ends well" : "ends badly", got.erases, alone.erases,
			    got.otadata_erases, alone.otadata_erases, got.restarts, alone.restarts,
			    got.confirms, alone.confirms, got.ms, alone.ms, owner.error.code,
			    owner.error.opcode, fake_breach ? fake_breach : "no breach");
		fake_breach = NULL;
		wrong++;
	}
	return wrong;
}

static void in_every_state(bool permit)
{
	int wrong = 0;

	image = esphost_image("otabench-sim", "1.1.0", IMAGE, 1, 2);
	foreign = esphost_image("otabench-sim", "1.2.0", IMAGE, 1, 3);
	for (const struct state *state = states; state->name; state++)
		wrong += beside(state, permit);
	free(image.bytes);
	free(foreign.bytes);
	assert_int_equal(wrong, 0);
}

static void by_default(void **state)
{
	(void)state;
	in_every_state(false);
}

static void where_the_owner_is_permitted_alone(void **state)
{
	(void)state;
	in_every_state(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default),
		cmocka_unit_test(where_the_owner_is_permitted_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
