/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An owner, who updates, and a stranger: how the device comes into each of its states, how the
 * owner's update goes on from there, and what the stranger's connection may do meanwhile.
 */
#ifndef ESPSTATES_H
#define ESPSTATES_H

#include "esphost.h"

#define IMAGE 150000u
#define PART 80000u /* of it: more than a block, so that there is something to resume */

extern struct esphost_image image, foreign; /* the owner's, the stranger's */
extern struct host owner, stranger;
extern bool here; /* the stranger's link is up */

/* The hook that permits the owner alone. */
bool owner_only(uint16_t conn, enum ota_esp_request request, void *arg);
bool owner_comes(void);
bool owner_is_here(void);
bool stranger_comes(void);
void stranger_leaves(void);
bool boots(void); /* what the boot loader chose runs; nobody is connected */
bool finish_all(void); /* an update from its START, to the confirmed image */
bool finish_trial(void); /* the same from the boot of the new image */

/* The kinds of command that a stranger may give by default. */
#define STARTS 0x01u
#define PREPARES 0x02u
#define ABORTS 0x04u
#define CONFIRMS 0x08u
#define ROLLS_BACK 0x10u
#define REBOOTS 0x20u
#define ANY 0x3fu

struct state {
	const char *name;
	bool (*enter)(void); /* the owner where it has one, and the stranger */
	bool (*finish)(void); /* the owner's update, to its end; false: it is not well */
	uint32_t open; /* to strangers, by default */
};

struct action {
	const char *name;
	void (*act)(void);
	uint32_t kind; /* of what may be open to strangers; 0: nothing of it */
};

/* Each ends with a name NULL. */
extern const struct state states[];
extern const struct action actions[];

#endif
