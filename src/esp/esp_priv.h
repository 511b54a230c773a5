/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual ESP32's insides, shared by its files; see esp.h. */
#ifndef OTABENCH_ESP_ESP_PRIV_H
#define OTABENCH_ESP_ESP_PRIV_H

#include "esp/esp.h"
#include "air/att.h"
#include "base/rng.h"
#include "ota/decoder.h"
#include "ota/patch.h"
#include "ota/signed.h"
#include "ota/skip.h"
#include "air/smp.h"

#define ESP_START_US 250000u /* from the boot loader's end to the first advertisement */
#define ESP_CLOSE_US 300000u /* a restart waits this long for its links to close */
#define ESP_TX_FRAMES 12u /* notifications NimBLE can queue (MSYS blocks) */
#define ESP_HOST_LATENCY 300u /* us, from the controller to the application */
#define ESP_ACL_BUFFERS 24u /* that NimBLE's blocked task still has: sdkconfig.defaults */
#define ESP_WRITE_USUAL 1024u /* WRITE_SIZE of ota_esp.c, where the processor stops for it */
#define ESP_RETRY_US 20000u /* look again for a notification buffer */

enum esp_power { ESP_OFF, ESP_BOOTING, ESP_RUNNING, ESP_CLOSING };

struct esp_conn {
	struct esp *esp;
	uint16_t id;
	struct link *link; /* NULL: free */
	bool accepted; /* promised to a central that is about to make the link */
	void (*released)(void *ctx);
	void *released_ctx;
	struct att_server att;
	size_t waiting_len; /* a Data value that NimBLE's task waits for room with; 0: none */
	uint8_t waiting[OTA_VALUE_MAX];
	bool waiting_command; /* it wants no response */
	uint32_t waited; /* ticks */
	unsigned int procedures; /* 1 << enum link_procedure: of a LINK command, not ended */
	struct link_params wish; /* of it */
	uint8_t signal_id; /* of the last L2CAP request; 0: none */
	bool refused; /* one of them was */
	uint32_t used; /* ms; when it was made, or last permitted something */
	bool wrote; /* to Control */
	uint8_t peer[ESP_PEER];
	struct smp smp; /* only where security is asked for */
	struct smp_key key; /* that the link is, or is to be, encrypted with */
	bool encrypted;
};

/* A central that was paired with, as it is in NVS. */
struct esp_bond {
	uint8_t peer[ESP_PEER];
	struct smp_key key;
	bool subscribed; /* to Service Changed */
	bool changed; /* and it is to be told */
};

#define ESP_SECTOR 4096u

/* An update by sectors: what the device waits for. */
enum esp_sectors_step {
	ESP_SECTORS_IDLE,
	ESP_SECTORS_RECEIVING,
	/* the end of a flash operation: */
	ESP_SECTORS_CLEARING, /* the slot, before START is answered */
	ESP_SECTORS_ERASING,
	ESP_SECTORS_WRITING,
	ESP_SECTORS_CHECKING,
	ESP_SECTORS_INSTALLING,
	ESP_SECTORS_OVER, /* it is about to restart */
	ESP_SECTORS_CONFIRMING,
};

struct esp_sectors {
	enum esp_sectors_step step;
	uint16_t conn; /* that wrote last */
	uint32_t size, written; /* bytes of the image */
	uint32_t erased; /* bytes of the slot, before START was answered */
	uint16_t sector; /* the next one */
	uint8_t packet; /* the next value in it */
	uint32_t fill; /* bytes of it in buf */
	uint32_t overruns;
	bool dead; /* nothing takes what is received */
	bool stopped; /* STOP was answered behind the last sector */
	uint8_t buf[ESP_SECTOR + 16u];
};

#define ESP_PARTS_BUFFER 20000u
#define ESP_PARTS_FILE (1536u * 1024u) /* of its file system */

enum esp_parts_step {
	ESP_PARTS_NORMAL,
	ESP_PARTS_RECEIVING,
	ESP_PARTS_ALL, /* about to install */
	/* the end of a flash operation: */
	ESP_PARTS_FLASHING,
	ESP_PARTS_CHECKING,
	ESP_PARTS_INSTALLING,
	ESP_PARTS_OVER, /* it is about to restart */
};

struct esp_parts {
	enum esp_parts_step step;
	uint16_t conn; /* that wrote last */
	uint32_t expected, received; /* bytes of the image */
	uint32_t parts, chunk; /* as it was told */
	uint32_t current; /* the part that ended last */
	unsigned int filling, writing; /* buffers */
	uint32_t writing_len; /* of the part on its way to the file; 0: none is */
	uint32_t installed, erased; /* bytes of the slot */
	uint32_t overruns, lost, formats;
	struct sched_event later;
	uint8_t *file; /* ESP_PARTS_FILE, made with the board; file_len are there */
	uint32_t file_len;
	uint8_t buffers[2][ESP_PARTS_BUFFER];
};

#define ESP_WRITER_BUF (10u * 512u + 512u)

enum esp_writer_step {
	ESP_WRITER_IDLE,
	/* the end of a flash operation: */
	ESP_WRITER_ERASING,
	ESP_WRITER_WRITING,
	ESP_WRITER_CHECKING,
	ESP_WRITER_INSTALLING,
	ESP_WRITER_KEEPING, /* what runs */
};

/* An image that goes to the slot from its beginning to its end; esp_writer.c. */
struct esp_writer {
	enum esp_writer_step step;
	bool failed; /* an operation did */
	bool ending, checked;
	uint32_t written, erased; /* bytes of the slot */
	uint32_t filled; /* bytes in buf ... */
	uint32_t writing; /* ... of which so many are being written */
	uint8_t buf[ESP_WRITER_BUF + 16u];
};

struct esp_angerer {
	uint16_t conn; /* that wrote last */
	uint16_t packet; /* bytes of each value */
	bool updating, waiting, done;
	uint8_t value[512]; /* the latest */
};

enum esp_arduino_state {
	ESP_ARDUINO_ENABLED,
	ESP_ARDUINO_UPLOAD,
	ESP_ARDUINO_TERMINATED,
	ESP_ARDUINO_INSTALL,
};

#define ESP_ARDUINO_VALUE 511u /* BLE_OTA_PACKAGE_SIZE over NimBLE */
#define ESP_ARDUINO_BUFFER (10u * ESP_ARDUINO_VALUE)

struct esp_arduino {
	enum esp_arduino_state state;
	uint16_t conn; /* that wrote last */
	uint8_t code; /* why it is TERMINATED */
	bool unbuffered; /* since an update ended early, until a restart */
	bool checksum;
	uint32_t size, received; /* bytes of the image */
	uint32_t crc;
	uint32_t capacity, fill; /* of buf */
	uint8_t owed; /* the answer that follows when the flash has ended */
	uint32_t lost; /* values that came while the flash worked */
	uint8_t buf[ESP_ARDUINO_BUFFER];
};

#define ESP_MCUMGR_BUF 4096u
#define ESP_MCUMGR_BUFS 16u

enum esp_mcumgr_step {
	ESP_MCUMGR_IDLE,
	/* the end of a flash operation: */
	ESP_MCUMGR_CLEARING, /* the slot, before the first part is written */
	ESP_MCUMGR_WRITING,
	ESP_MCUMGR_SETTING, /* the image that boots next */
	ESP_MCUMGR_KEEPING, /* the one that runs */
	ESP_MCUMGR_OVER, /* it is about to restart */
};

struct esp_mcumgr_request {
	uint16_t conn;
	uint32_t len;
	uint8_t bytes[ESP_MCUMGR_BUF];
};

struct esp_mcumgr {
	enum esp_mcumgr_step step;
	/* Requests in the order in which they came; the first one is being worked at, the last one
	 * may still be incomplete. */
	struct esp_mcumgr_request *queue; /* ESP_MCUMGR_BUFS, made with the board */
	unsigned int count;
	uint32_t expected; /* bytes that the last one lacks; 0: it is whole */
	/* The upload under way, which a restart forgets: */
	bool uploading;
	uint32_t size, off, erased;
	size_t sha_len;
	uint8_t sha[OTA_SHA256_SIZE];
	const uint8_t *data; /* of the request that is being worked at */
	uint32_t data_len;
	uint32_t filled; /* bytes in buf, that are not a whole block yet */
	uint8_t buf[ESP_MCUMGR_BUF + 64u];
	/* The answer that is being sent, in notifications. */
	uint16_t out_len, out_at;
	uint8_t out[1024];
	bool pending, permanent; /* the other slot boots next; and stays */
	uint32_t losses;
};

struct esp {
	struct esp_config config;
	char name[ESP_NAME_MAX];
	char address[18];
	struct board *board; /* NULL: not made yet */
	struct ota_device device;
	struct ota_signed gate; /* before it, where gated */
	bool gated;
	struct sched_event verify; /* a signature has been checked */
	struct ota_stream stream; /* where compressed streams are taken, or blocks are kept */
	struct ota_skip skip;
	struct ota_decoder decoder;
	struct ota_stage inflate; /* ctx NULL: they are not */
	struct ota_patch patch; /* where delta updates are taken */
	struct ota_piece *piece;
	struct sched_event decode; /* of it */
	uint8_t sector[OTA_SECTOR_SIZE];
	uint8_t *ring; /* made with the board */
	uint8_t scratch[OTA_SECTOR_SIZE];
	enum esp_power power;
	bool device_up;
	struct esp_conn conns[ESP_CONNS];
	struct sched_event boot, tick, restart;
	struct sched_event op; /* the update's task hears of its operation's end */
	int op_result; /* then */
	struct rng rng;
	int16_t rssi_walk; /* dB from the mean, in tenths */
	uint64_t rssi_at;
	uint64_t restart_at; /* us */
	uint32_t boots;
	uint32_t foreign_writes; /* esp_foreign_writes() */
	struct esp_sectors sectors; /* ESP_SECTORS */
	struct esp_parts parts; /* ESP_PARTS */
	struct esp_mcumgr mcumgr; /* ESP_MCUMGR */
	struct esp_writer writer; /* ESP_ANGERER, ESP_ARDUINO */
	struct esp_angerer angerer; /* ESP_ANGERER */
	struct esp_arduino arduino; /* ESP_ARDUINO */
	uint32_t wear; /* ota_core's, which a restart by software leaves alone */
	enum ota_reset reset_reason; /* of the latest */
	uint8_t phys;
	bool held; /* the flash stops the processor */
	bool blocked; /* NimBLE's task waits for something */
	uint64_t blocked_until; /* us; by esp_block() */
	struct sched_event block_tick;
	unsigned int bond_count;
	struct esp_bond bonds[ESP_BONDS]; /* the oldest first */
};

uint32_t esp_now_ms(const struct esp *esp);
void esp_log(struct esp *esp, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* After every call into ota_core: its next deadline. */
void esp_rearm(struct esp *esp);
/* Closes the links, then starts again. */
void esp_restart(struct esp *esp, uint32_t delay_ms);

/* esp_board.c: failures are told as esp_create() does */
/* Finds out whether the board could be made, without making it. */
int esp_check_board(const struct esp *esp, char *ret_text, size_t size);
int esp_make_board(struct esp *esp, char *ret_text, size_t size);
void esp_drop_board(struct esp *esp);

/* esp_ops.c */
extern const struct ota_device_ops esp_device_ops;
void esp_hold(struct esp *esp);

/* esp_signed.c: ota_core's entry points, through the gate where the product has one */
void esp_signed_start(struct esp *esp);
void esp_signed_stop(struct esp *esp);
void esp_control(struct esp *esp, uint16_t conn, const uint8_t *buf, size_t len);
void esp_gone(struct esp *esp, uint16_t conn);
void esp_tick(struct esp *esp);
bool esp_deadline(const struct esp *esp, uint32_t *ret_ms);

/* esp_stream.c: compressed streams, after ota_device_init() */
void esp_stream_start(struct esp *esp);
void esp_stream_stop(struct esp *esp);
void esp_stream_info(const struct esp *esp, struct ota_info *info);
void esp_stream_finish(struct esp *esp);

/* esp_link.c */
struct esp_conn *esp_conn_by_id(struct esp *esp, uint16_t conn);
/* One of the procedures of a LINK command has ended, with an HCI error code. */
void esp_procedure_done(struct esp_conn *conn, enum link_procedure procedure, uint8_t code);
/* The notify of struct ota_device_ops. */
int esp_notify(struct esp_conn *conn, const uint8_t *buf, size_t len);
/* ATT MTU in force. */
uint16_t esp_conn_mtu(const struct esp_conn *conn);
void esp_drop_links(struct esp *esp);
bool esp_has_links(const struct esp *esp);
/* Returns true if a connection is to be closed for idleness; *ret_ms: when. */
bool esp_idle_deadline(const struct esp *esp, uint32_t *ret_ms);
void esp_close_idle(struct esp *esp);

/* A Data value: an enum att_error, or ATT_LATER: it waits for room. */
int esp_link_data_written(struct esp_conn *conn, const uint8_t *buf, size_t len, bool command,
			  bool can_wait);

/* The firmware of another project. */
struct esp_firmware {
	void (*start)(struct esp *esp);
	/* A value of a characteristic, ATT_FOREIGN_1 for the first one of the table. */
	void (*written)(struct esp_conn *conn, enum att_value_id id, const uint8_t *buf,
			size_t len);
	/* An operation of the board has ended. */
	void (*op_done)(struct esp *esp, int rc);
};

extern const struct esp_firmware esp_sectors_firmware, esp_parts_firmware, esp_angerer_firmware,
	esp_mcumgr_firmware, esp_arduino_firmware;
/* NULL: it is ota_core's, or refuses every write. */
const struct esp_firmware *esp_firmware(const struct esp *esp);

/* esp_parts.c */
void esp_parts_stop(struct esp *esp);
void esp_parts_finish(struct esp *esp);

/* esp_writer.c */
enum esp_written {
	ESP_WRITTEN_LATER, /* an operation was begun */
	ESP_WRITTEN_ALL, /* it is idle */
	ESP_WRITTEN_INSTALLED, /* esp_writer_end() has succeeded ... */
	ESP_WRITTEN_REFUSED, /* ... or not */
};
/* As a restart leaves it.  confirms: what runs, if it is on trial. */
void esp_writer_start(struct esp *esp, bool confirms);
int esp_writer_begin(struct esp *esp);
/* Adds bytes, ESP_WRITER_BUF at most; none if an operation is under way. */
enum esp_written esp_writer_put(struct esp *esp, const uint8_t *buf, uint32_t len);
/* The last ones, and the end. */
enum esp_written esp_writer_last(struct esp *esp, const uint8_t *buf, uint32_t len);
/* Fills the last block, and installs what is there, where the boot loader would take it. */
enum esp_written esp_writer_end(struct esp *esp);
enum esp_written esp_writer_op_done(struct esp *esp, int rc);
bool esp_writer_is_idle(const struct esp *esp);

/* esp_mcumgr_image.c: its image management.  Each writes the fields of an answer's map, or an
 * error. */
struct mcumgr_header;
struct cbor_writer;
enum esp_mcumgr_result { ESP_MCUMGR_ANSWERED, ESP_MCUMGR_LATER }; /* an operation was begun */
enum esp_mcumgr_result esp_mcumgr_image(struct esp *esp, const struct mcumgr_header *h,
					const uint8_t *map, struct cbor_writer *w);
/* Answers after that operation has ended. */
enum esp_mcumgr_result esp_mcumgr_image_done(struct esp *esp, int rc, struct cbor_writer *w);
/* "rc", or "err" of the group; of version 1 what the one is in the other. */
void esp_mcumgr_error(const struct esp *esp, struct cbor_writer *w, uint16_t group, uint32_t rc);
bool esp_mcumgr_is_old(const struct esp *esp);

/* esp_mcumgr.c: the same, ESP_MCUMGR */
void esp_mcumgr_writable(struct esp *esp);
void esp_mcumgr_finish(struct esp *esp);
void esp_mcumgr_gone(struct esp *esp, uint16_t conn);

/* esp_task.c: NimBLE's task */
/* Keeps the task waiting with this value until there is room or the firmware has waited enough. */
int esp_task_wait(struct esp_conn *conn, const uint8_t *buf, size_t len, bool command);
void esp_task_tick(void *ctx, uint64_t now_us);
/* The chip's controller, where the configuration does not say: PDUs that it keeps while no
 * task takes them ... */
uint32_t esp_receive_pdus(const struct esp *esp);
/* ... and how long one waits for a buffer of a task that is blocked, until it is dropped; 0:
 * for ever. */
uint32_t esp_acl_wait_us(const struct esp *esp);

/* esp_security.c */
/* Reads the bonds that flash remembers.  changed: another image runs, and their attributes may
 * be others. */
void esp_security_load(struct esp *esp, bool changed);
void esp_security_begin(struct esp_conn *conn);
void esp_security_end(struct esp_conn *conn);
void esp_security_input(struct esp_conn *conn, const uint8_t *buf, size_t len);
void esp_security_changed(struct esp_conn *conn, uint8_t code);
/* The subscribed and the confirmed of struct att_server_ops. */
void esp_security_subscribed(void *ctx, enum att_value_id id, uint16_t ccc);
void esp_security_confirmed(void *ctx, enum att_value_id id);
/* The key_wanted of struct link_ops. */
void esp_security_key(void *ctx, const uint8_t rand[8], uint16_t ediv);
/* Checks that a value may be written over the link as it is: an enum att_error. */
int esp_security_permits(const struct esp_conn *conn, enum att_value_id id);
/* The same of one write to Control, where the product demands it for some commands alone. */
int esp_security_permits_command(const struct esp_conn *conn, const uint8_t *buf, size_t len);

/* esp_l2cap.c: every channel but ATT */
void esp_l2cap_input(struct esp_conn *conn, uint16_t cid, const uint8_t *buf, size_t len);
/* Asks a central whose link layer cannot be asked. */
int esp_l2cap_ask_params(struct esp_conn *conn, const struct link_params *params);

#endif
