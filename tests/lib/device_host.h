/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for the device of device_rig.h that keeps docs/protocol.md to the
 * letter and complains when the device does not, with an air between the two
 * that the test may let lose, repeat and delay what is written.  It knows
 * nothing of the program's own host (src/core/session.h), on purpose.
 */
#ifndef OTABENCH_DEVICE_HOST_H
#define OTABENCH_DEVICE_HOST_H

#include "device_rig.h"
#include "patch/patch.h"

#define HOST_AIR 32u /* writes on their way */

enum host_phase {
	HOST_IDLE, /* START not written */
	HOST_STARTING, /* until READY */
	HOST_ASKING, /* until the digests are there: BLOCKS */
	HOST_SENDING,
	HOST_ENDING, /* END written, until DONE */
	HOST_DONE,
	HOST_REFUSED, /* ERROR came; error tells */
};

struct host_write {
	bool control;
	uint16_t len;
	uint8_t bytes[OTA_VALUE_MAX];
};

struct host {
	struct dut *dut;
	uint16_t conn;
	const uint8_t *image;
	uint32_t size;
	uint8_t sha256[OTA_SHA256_SIZE];
	unsigned int window; /* of a compressed stream; 0: the image is sent as it is */
	const struct patch *patch; /* sent compressed in place of the image; or NULL */
	bool skip; /* blocks that the slot holds are asked for, and left out */
	bool mapped; /* which these are is known */
	uint8_t map[OTA_SKIP_MAP];
	uint32_t kept; /* bytes of them */
	uint8_t *stream; /* this session's */
	uint32_t begins; /* of the image, where the session begins */
	uint32_t to_send; /* bytes of this session's stream; of the image where there is none */

	enum host_phase phase;
	uint32_t offset; /* next byte to send */
	uint32_t furthest; /* highest offset since READY */
	uint32_t limit, received, flushed; /* as the device said */
	uint16_t sequence;
	bool resyncing; /* RESYNC written, no GAP since */
	struct ota_ready ready;
	struct ota_error_event error;
	struct ota_done done;
	uint64_t sent; /* payload bytes, repeated ones included */
	uint32_t starts, readies, gaps, errors; /* gaps: since READY */
	uint16_t gap_sequence; /* of the latest */
	const char *complaint; /* the first thing the device did wrong */

	struct host_write air[HOST_AIR];
	uint32_t air_head, air_count;
};

void host_init(struct host *host, struct dut *dut, uint16_t conn, const uint8_t *image,
	       uint32_t size);
/* From now on by compressed streams; host_finish() is due then. */
void host_compress(struct host *host, unsigned int window);
/* Leaves blocks out from now on; host_finish() is due then. */
void host_skip(struct host *host);
void host_finish(struct host *host);
/* The stream for the image's bytes from offset on, allocated by malloc(), in *ret_size bytes. */
uint8_t *host_make_stream(const struct host *host, uint32_t offset, uint32_t *ret_size);
/* Writes START; false when the air is full. */
bool host_start(struct host *host, uint16_t flags);
/* Writes the next value, of at most chunk bytes with its header, or END when all is sent.
 * False: nothing to write now (no credit, the air full, not sending). */
bool host_write(struct host *host, uint32_t chunk);
bool host_command(struct host *host, enum ota_command cmd);
/* One at a time: each moves the numbering on, and eight moves bring it back. */
bool host_resync(struct host *host);
/* The oldest write arrives, twice if repeated; false: none on its way. */
bool host_deliver(struct host *host, bool repeated);
/* The oldest write is lost, unless it is a command: those are acknowledged. */
bool host_lose(struct host *host);
/* Takes in what the device notified. */
void host_hear(struct host *host);
/* The link is lost, with all on its way; the host forgets its session. */
void host_link_lost(struct host *host);
/* Everything without faults until DONE, REFUSED or no more progress; true: DONE. */
bool host_run(struct host *host, uint32_t chunk);

#endif
