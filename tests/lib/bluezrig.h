/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BlueZ transport over the fake org.bluez, with its events as text: one line
 * each, so that a test states a whole conversation.
 */
#ifndef OTABENCH_BLUEZRIG_H
#define OTABENCH_BLUEZRIG_H

#include "bluezfake.h"

struct rig {
	sd_event *event;
	struct fake fake;
	struct transport *t;
	struct fake_text events; /* "connected 23\nmtu 517\n" */
	struct fake_text log; /* what the transport logged */
};

/* The fake only; rig_open() opens the transport on it. */
void rig_init(struct rig *r);
void rig_finish(struct rig *r);
/* The same for cmocka: the state is a struct rig. */
int bluez_rig_setup(void **state);
int bluez_rig_teardown(void **state);
/* Until an adapter is ready or bluez_ready() says why not, which is returned. */
int rig_open(struct rig *r, const struct bluez_config *config);
/* With the defaults, and find_ms short. */
void rig_ready(struct rig *r);
/* rig_ready(), then connected, discovered and subscribed; events and calls are forgotten. */
void rig_connect(struct rig *r);

/* Events since the last time, once nothing is pending any more. */
const char *rig_events(struct rig *r);
/* Waits until text is among them (and does not forget them); the test fails after 20 s. */
void rig_until(struct rig *r, const char *text);
/* Returns the log so far. */
const char *rig_log(struct rig *r);

#define rig_expect(r, text) assert_string_equal(rig_events(r), text)
#define rig_expect_calls(r, text) assert_string_equal(fake_calls(&(r)->fake), text)

#endif
