/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's insides, shared by its files; see sim.h. */
#ifndef OTABENCH_SIM_SIM_PRIV_H
#define OTABENCH_SIM_SIM_PRIV_H

#include "sim/sim.h"
#include "air/attc.h"
#include "base/fifo.h"
#include "base/rng.h"
#include "air/smp.h"
#include "esp/fleet.h"
#include "transport/stack_log.h"

struct sim;
struct link_use; /* who still needs the link; sim.c */

struct sim_bond {
	const struct esp *esp;
	struct smp_key key;
};

/* The last write request to a characteristic. */
struct sim_asked {
	bool waits; /* refused until the link is encrypted */
	bool again; /* it was asked a second time */
	size_t len;
	uint8_t bytes[ATT_VALUE_MAX];
};

/* Kinds of call; from SUBSCRIBE on, one for each characteristic. */
enum sim_call {
	SIM_CALL_SCAN,
	SIM_CALL_CONNECT,
	SIM_CALL_DISCONNECT,
	SIM_CALL_DISCOVER,
	SIM_CALL_SUBSCRIBE,
	SIM_CALL_READ,
	SIM_CALL_WRITE,
	SIM_CALLS
};

/* The air and the adapter as they became in mid transfer; they stay so for the links to come. */
struct sim_air {
	bool loss_changed, buffers_changed;
	uint32_t loss_ppm;
	uint16_t buffers; /* an event; 0: as config has it */
};

struct sim {
	struct transport base;
	struct sim_config config;
	struct sched sched;
	struct rng rng;
	struct fleet *fleet;

	sd_event *event;
	sd_event_source *turn; /* speed 0: the next steps of the world */
	sd_event_source *timer; /* else: the next event's real time */
	uint64_t real_start, sim_start; /* where both clocks agree */

	struct sched_event alarm;
	struct sched_event later; /* an event that a call promised */
	bool scanning;

	struct esp *target; /* connecting or connected */
	struct sched_event give_up;
	bool connecting;
	struct link *link;
	struct link_use *use;
	struct attc client; /* of the link */
	struct attc_table table; /* of the device that was connected last */
	const struct esp *table_of; /* NULL: of none yet */
	bool misremembered; /* the device refused what that table allows */
	bool looking; /* TRANSPORT_READ_TABLE is at work: the program hears of its end alone */
	int look_status;
	struct attc_table looked; /* what it found */
	const struct esp *looked_at; /* NULL: nothing yet */
	bool client_up;
	const struct attc_chr *chrs[GATT_CHRS]; /* as discovered; NULL: not there */
	const struct attc_chr *events; /* whose notifications are Control's */
	uint16_t mtu;
	uint16_t offered; /* the longest that the host offers; 0: the kind's */
	bool writing[GATT_CHRS]; /* a write request is outstanding */
	struct esp *reset; /* an injected reset that is about to happen */
	struct sched_event faulty;
	struct sim_air air;
	struct sched_event cycle; /* the adapter's next step, off or on */
	bool cycling, off;

	struct smp smp; /* of the link */
	bool encrypting; /* started, not ended */
	bool asking; /* for the passkey */
	bool held; /* the host works */
	bool key_missing; /* the device has no key for this host's bond: the link ends for that */
	int32_t shown; /* on the device's display; -1: nothing */
	struct sim_asked asked[GATT_DATA + 1];
	struct sched_event pairing_over;
	int pairing_status;
	unsigned int bond_count;
	struct sim_bond bonds[FLEET_DEVICES_MAX];

	struct fifo waiting; /* events for a program that has not got its turn */
	unsigned int waiting_count;
	unsigned int waiting_alarms; /* of these */
	struct sched_event program; /* its turn */
	uint64_t stack_busy; /* until then the stack takes no value */
	struct sched_event stack_free; /* and a value was refused */

	struct stack_log calls;
	struct stack_log_tag tags[SIM_CALLS][GATT_CHRS]; /* under way */
	uint64_t data_us; /* the latest Data value */
};

static inline struct sim *sim_of(struct transport *t)
{
	return (struct sim *)t;
}

/* sim_faults.c */
int sim_inject(struct transport *t, enum transport_fault_kind kind, uint64_t arg);
void sim_faulty(void *ctx, uint64_t now_us);
/* Puts the changes of struct sim_air in force on the link. */
void sim_apply_air(struct sim *sim);

/* sim_facts.c */
int sim_facts(struct transport *t, const char *address, struct transport_facts *ret);

/* sim_calls.c: tells the calls to a watcher; both return rc. */
int sim_calls_made(struct sim *sim, enum sim_call call, enum gatt_chr chr, int rc,
		   const char *what);
int sim_calls_write(struct sim *sim, enum gatt_chr chr, enum gatt_write mode, int rc,
		    const uint8_t *buf, size_t len);
void sim_calls_event(struct sim *sim, const struct transport_event *event);

/* sim_clock.c */
int sim_clock_create(struct sim *sim);
void sim_clock_destroy(struct sim *sim);
/* After anything that armed an event from outside of the queue. */
void sim_clock_kick(struct sim *sim);
/* The hold of struct transport_ops. */
void sim_hold(struct transport *t, bool on);

/* sim_gatt.c */
void sim_gatt_begin(struct sim *sim);
void sim_gatt_finish(struct sim *sim);
int sim_gatt_offer_mtu(struct transport *t, uint16_t mtu);
int sim_gatt_discover(struct transport *t);
int sim_gatt_subscribe(struct transport *t, enum gatt_chr chr);
int sim_gatt_read(struct transport *t, enum gatt_chr chr);
int sim_gatt_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		   size_t len);

/* sim_maintenance.c */
int sim_maintenance(struct transport *t, enum transport_maintenance what, const char *device);
void sim_maintenance_step(void *ctx, uint64_t now_us);

/* sim_security.c */
const uint8_t *sim_address(void);
/* The link is up; the link is gone. */
void sim_security_begin(struct sim *sim);
void sim_security_end(struct sim *sim);
void sim_security_input(struct sim *sim, const uint8_t *buf, size_t len);
/* Encryption of the link started, or did not. */
void sim_security_changed(struct sim *sim, uint8_t code);
/* A write request goes out; the device refused it with an enum att_error: true when it
 * waits for the link to be encrypted and is not to be told as failed. */
void sim_security_asked(struct sim *sim, enum gatt_chr chr, const uint8_t *buf, size_t len);
bool sim_security_refused(struct sim *sim, enum gatt_chr chr, int error);
bool sim_security_bonded(const struct sim *sim, const struct esp *esp);
void sim_security_forget(struct sim *sim, const struct esp *esp);
/* The show of struct fleet_config. */
void sim_security_shown(void *ctx, struct esp *esp, int32_t passkey);
int sim_passkey(struct transport *t, int32_t passkey);

/* sim_table.c */
int sim_table(struct transport *t, const char *address, enum transport_table which,
	      struct gatt_table *ret);
int sim_table_look(struct sim *sim, const char *address);
/* An event of the connection that READ_TABLE made. */
void sim_table_event(struct sim *sim, const struct transport_event *event);
/* The stack remembers another firmware of the device that is connected. */
void sim_table_misremember(struct sim *sim);
/* The device answered a request with this enum att_error; ccc: a CCC descriptor was written. */
void sim_table_refused(struct sim *sim, bool ccc, int error);
void sim_table_forget(struct sim *sim, const struct esp *esp);

/* sim_turn.c */
void sim_turn_create(struct sim *sim);
void sim_turn_destroy(struct sim *sim);
/* False: it is busy with the last value, and WRITABLE follows. */
bool sim_stack_takes(struct sim *sim);
void sim_emit(struct sim *sim, const struct transport_event *event);

#endif
