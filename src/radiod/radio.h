/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench-radio: virtual ESP32s behind a virtual adapter that the kernel takes
 * for a real one, or a program with a Bluetooth stack of its own for its controller.
 *
 * radio_main.c reads the options, radio_air.c runs the world in real time between
 * the host (radio_host.c: the kernel, or a program at radio_socket.c) and the devices,
 * radio_control.c does what can be asked of it while it runs, radio_faults.c what was
 * asked for beforehand.
 */
#ifndef OTABENCH_RADIOD_RADIO_H
#define OTABENCH_RADIOD_RADIO_H

#include "base/log_stderr.h"
#include "sim/simopts.h"
#include "radiod/h4.h"
#include "radiod/hci.h"
#include "esp/fleet.h"

#include <jansson.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#define RADIO_LINE_MAX 256u

struct radio_options {
	struct sim_options sim;
	enum hci_version version;
	const char *path; /* of the vhci device */
	const char *listen; /* a socket for a host instead, or NULL */
	bool control; /* commands on standard input */
	bool watch; /* status of devices when they change */
	uint32_t watch_ms; /* looked at that often; 0: at every change */
};

/* The status of a device that was told last. */
struct radio_watched {
	uint32_t received, boots;
	uint8_t state;
	bool connected;
};

/* A fault that waits for its place in the stream. */
struct radio_fault {
	const struct fault_spec *spec;
	bool done;
};

struct radio {
	struct radio_options options;
	struct log log;
	FILE *out; /* JSON lines */
	sd_event *event;
	sd_event_source *timer, *io, *listen_io, *input, *signals[2];
	int fd; /* to and from the host; -1: none */
	int listener; /* where one may come, or -1 */
	struct h4 h4; /* what came from a socket */
	uint16_t index; /* of hciN */
	struct sched sched; /* on CLOCK_MONOTONIC, us */
	struct fleet *fleet;
	struct hci *hci;
	uint64_t muted; /* 1 << device: it is not heard */
	struct radio_fault faults[SIM_FAULTS_MAX];
	struct sched_event fault_tick, watch_tick;
	struct radio_watched watched[FLEET_DEVICES_MAX];
	char line[RADIO_LINE_MAX]; /* of standard input, incomplete */
	size_t line_len;
};

/* radio_air.c: until told to end.  Returns an enum cli_exit. */
int radio_run(struct radio *radio);
/* Brings the world up to now; to be called before anything from outside is handled. */
void radio_now(struct radio *radio);
/* After anything that armed an event from outside of the queue. */
void radio_rearm(struct radio *radio);
/* The device's number, or -1. */
int radio_device_index(struct radio *radio, const struct esp *esp);

/* radio_host.c */
/* Makes the adapter, or the socket.  An enum cli_exit; the log says why not. */
int radio_host_open(struct radio *radio);
/* Lets the event loop look after it.  A negative errno. */
int radio_host_watch(struct radio *radio);
void radio_host_tell_ready(struct radio *radio);
/* A packet for the host; dropped where there is none. */
void radio_host_send(struct radio *radio, const uint8_t *packet, size_t len);
void radio_host_close(struct radio *radio);
/*
 * Pulls the adapter out, or puts it in again: the host sees it go and come, the
 * devices stay and lose their links by the supervision timeout.  False: it is as asked
 * already, or cannot be had.
 */
bool radio_unplug(struct radio *radio);
bool radio_plug(struct radio *radio);

/* radio_socket.c */
/* Listens at path, which must not exist.  A negative errno. */
int radio_socket_open(const char *path, int *ret_fd);
/* An event handler: a host wants in. */
int radio_socket_on_host(sd_event_source *source, int listener, uint32_t revents, void *userdata);
/* A negative errno; a host that left meanwhile is no error. */
int radio_socket_write(int fd, const uint8_t *packet, size_t len);

/* radio_control.c */
/* {"t": seconds of CLOCK_MONOTONIC, "event": name}; NULL: no memory. */
json_t *radio_event(struct radio *radio, const char *name);
/* Prints and releases it. */
void radio_emit(struct radio *radio, json_t *event);
int radio_control_begin(struct radio *radio);
void radio_watch_begin(struct radio *radio);
/* The world has moved, and the host has not run since: with --watch=0, what changed. */
void radio_watch_moved(struct radio *radio);

/* radio_faults.c */
/* Returns true if this kind of fault is possible here; *ret_why (may be NULL): why not. */
bool radio_fault_possible(enum fault_kind kind, const char **ret_why);
void radio_faults_begin(struct radio *radio);

#endif
