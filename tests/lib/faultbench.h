/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates of a virtual ESP32 into which something goes wrong, in virtual time: on its board, in
 * the air, in the host's stack, by another central.  The job under test is told nothing of it;
 * what it diagnoses is compared with what was done.
 */
#ifndef OTABENCH_FAULTBENCH_H
#define OTABENCH_FAULTBENCH_H

#include "diagnose/diagnose.h"
#include "host/job_priv.h"
#include "sim/sim_priv.h"
#include "transport/wrap.h"

#define BENCH_PLACES 10u
/* Bytes of an image, about: the last place has the erase of a block of 64 KiB ahead of it. */
#define BENCH_IMAGE 460000u
#define BENCH_DEVICE "esp-sim-01"
#define BENCH_OLD "1.0.0"

/*
 * The place at which a fault strikes: the device, the link, and the share of the image that it has
 * then.
 */
struct bench_place {
	const char *name;
	uint16_t chip;
	enum ota_phy phy;
	uint16_t mtu;
	uint32_t percent;
};
extern const struct bench_place bench_places[BENCH_PLACES];

/* The host's stack between the job and the simulated link, and what it does wrong now. */
struct bench_stack {
	struct wrap wrap;
	struct rng rng;
	struct sched *sched;
	uint32_t drop_data, drop_notify; /* share, in a million */
	uint8_t drop_opcode; /* of notifications; 0: of all of them */
	bool breaks; /* the next ACK contradicts what was sent */
	bool full; /* it takes no Data value */
	bool stuck; /* what it takes never leaves the adapter */
	bool refuses; /* connections fail at once */
	bool deaf; /* the device is not heard */
	bool not_connectable; /* its advertisements say so, and connections fail */
	bool held; /* another program has Data's write socket */
	bool stale; /* it remembers other services */
	const char *release; /* of bluetoothd; NULL: as the simulator has it */
	bool keeps; /* ... which keeps what it remembers of a device that it forgets */
	bool link_only; /* notifications get lost on this link alone */
	uint16_t longest; /* Data value that the device takes, else ERROR; 0: any */
	enum gatt_host host; /* its fault; while it has one, there is no link */
	uint16_t mtu; /* that it tells instead of the link's; 0: the link's */
	uint32_t taken; /* bytes that are stuck */
	struct sched_event later; /* a connection that failed */
	struct sched_event refusal; /* of a value that was too long */
	size_t refused; /* its length */
	enum gatt_reason reason;
};

struct bench;

enum bench_end {
	BENCH_GOES_ON, /* the update completes by itself */
	BENCH_CURED, /* it ends; the device keeps its image, and the cure leads to the new one */
	BENCH_KEPT, /* it ends, and the device keeps its image: nothing here would change that */
};

struct bench_kind {
	const char *name, *how; /* for the table: what happens, and where it was caused */
	enum diagnosis_cause cause;
	const char *evidence; /* a word that the evidence has to have; NULL: any */
	const char *cure; /* words that the cure has to have */
	enum bench_end end;
	enum session_goal goal; /* UPDATE, or LOOK: the device is asked */
	void (*prepare)(struct bench *b); /* before the device has power; may be NULL, as all */
	void (*before)(struct bench *b); /* before the run that is diagnosed */
	void (*strike)(struct bench *b); /* at the place */
	void (*moment)(struct bench *b); /* after each event, from the place on */
	bool again; /* a run that the cure goes ahead of meets the fault, and is not held up by it */
	bool runs_new; /* the run that is diagnosed leaves the new image running */
};

struct bench {
	const struct bench_kind *kind;
	const struct bench_place *place;
	struct sim_config sim;
	struct profile profile;
	bool no_confirm;
	enum { BENCH_PASSKEY_RIGHT, BENCH_PASSKEY_WRONG, BENCH_PASSKEY_NONE } passkey;
	uint64_t seed;

	sd_event *event;
	struct transport *world;
	struct bench_stack *stack;
	struct esp *esp;
	struct job *job;
	bool struck, asked;
	int32_t shown;
	unsigned int image; /* of two, that is sent */
	unsigned int silent_stalls; /* notes of a stall without a reason */
	struct job_result result;
	struct diagnosis cured;
	bool finished;
	uint64_t struck_us;
	struct link *strangers[2]; /* other centrals' */
	char why[1400]; /* what is not as it should be; "" nothing */
};

/* One kind at one place, from the fault to the end; true: all is as it should be, else why. */
bool bench_run(struct bench *b, const struct bench_kind *kind, unsigned int place);

/* For kinds: a run to its end, or until the device has that share of the image; another image
 * may be sent.  A run that is left is dropped as by a host that dies. */
void bench_job(struct bench *b, enum session_goal goal, enum ota_command command);
void bench_leave(struct bench *b, uint32_t percent);
struct board *bench_board(struct bench *b);
struct link *bench_link(struct bench *b);
/* Another central connects, and may write one octet to Control; it stays until it is dropped. */
void bench_stranger(struct bench *b, unsigned int i, int opcode);
void bench_strangers_go(struct bench *b);
/*
 * Does what a diagnosis says: its change of the profile, its command, and if the cure is the user's
 * to do, the deed that stands for its words.  Returns the words that have no deed any more; NULL:
 * it is done.
 */
const char *bench_cure(struct bench *b, const struct diagnosis *diagnosis);
/* A deed whose words are not the program's any more; NULL: there is none. */
const char *bench_stale_deed(void);
/* --set */
void bench_set(struct bench *b, const char *assignment);

void bench_wait(struct bench *b, uint64_t us);
/* Sets the signal and the loss of all packets of the link, and of later ones. */
void bench_air(struct bench *b, int8_t rssi, uint32_t loss_ppm);
/* The adapter, or bluetoothd, goes, and UNTOLD: comes back. */
void bench_host(struct bench *b, enum gatt_host host);

struct transport *bench_stack_create(struct transport *inner, uint64_t seed,
				     struct bench_stack **ret);

#endif
