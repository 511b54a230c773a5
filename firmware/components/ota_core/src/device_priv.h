/* SPDX-License-Identifier: Apache-2.0 */
/* Calls between the parts of the device's state machine; see ota/device.h. */
#ifndef OTA_DEVICE_PRIV_H
#define OTA_DEVICE_PRIV_H

#include "ota/device.h"
#include "ota/error.h"

#include <string.h>

#define LINK_ANSWER_MS 3000u /* a central that has not reacted by then will not */
#define ACK_DELAY_MS 100u /* acknowledge a smaller rest when data pauses */
#define NOTIFY_RETRY_MS 50u /* when the platform does not tell of free buffers */
#define REBOOT_WAIT_MS 2000u /* a host that takes no notification by then is not there */
#define WEAR_NONE 0x0ec00000u /* no erases counted; what else is in its high half is no count */
#define GAP_WAIT_MAX_MS 16000u /* longer than the round trip at any legal interval */

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Puts bytes accepted in order into the ring, as its byte at and further. */
static inline void ring_put(struct ota_device *dev, uint32_t at, const uint8_t *buf, uint32_t len)
{
	const uint32_t head = at % dev->config.ring_size;
	const uint32_t first = min_u32(len, dev->config.ring_size - head);

	memcpy(dev->config.ring + head, buf, first);
	memcpy(dev->config.ring, buf + first, len - first);
}

/* Returns true if conn's host speaks the basic dialect: opcodes alone. */
static inline bool is_basic(const struct ota_device *dev, uint16_t conn)
{
	return dev->config.basic_only || (conn == dev->basic_conn && conn != OTA_NO_CONN);
}

/* device_notify.c */
void device_notify(struct ota_device *dev, uint16_t conn, const uint8_t *buf, int len);
void device_notify_flush(struct ota_device *dev);
void device_notify_forget(struct ota_device *dev, uint16_t conn);
void device_send_result(struct ota_device *dev, uint16_t conn, uint8_t opcode, uint8_t code);
void device_send_error(struct ota_device *dev, uint16_t conn, uint8_t code, uint8_t opcode,
		       uint32_t detail);
void device_send_progress(struct ota_device *dev, uint8_t phase, uint32_t done, uint32_t total);
void device_send_ready(struct ota_device *dev);
/*
 * Sends DONE for an image that boots next, in reboot_ms, or for a measurement, with OTA_NO_REBOOT.
 */
void device_send_done(struct ota_device *dev, uint32_t reboot_ms);
void device_send_status(struct ota_device *dev, uint16_t conn);
void device_send_link(struct ota_device *dev, uint16_t conn, uint8_t code);
void device_send_telemetry(struct ota_device *dev);
/* Sends TIMES to the connection that gets telemetry, if there is one. */
void device_send_times(struct ota_device *dev);
void device_send_gap(struct ota_device *dev, uint8_t reason);
/* Sends an ACK when enough bytes moved since the last, or anything did and force is set. */
void device_ack(struct ota_device *dev, bool force);

/* device_work.c */
/* Sets the time to now_ms: the time since the last call goes to what the device was doing. */
void device_pass(struct ota_device *dev, uint32_t now_ms);
/* Starts the next operation when none is outstanding, and takes the steps between. */
void device_work(struct ota_device *dev);
/* Starts the next write, erase, record or read-back the session needs; false: nothing to do. */
bool device_flash_step(struct ota_device *dev);
/* Starts reading the next bytes up to end into the hash; false: they all are. */
bool device_hash_step(struct ota_device *dev, uint32_t end);
/* Starts the next erase of what the session needs; false: all is. */
bool device_erase_step(struct ota_device *dev);
bool device_persist(struct ota_device *dev, const struct ota_record *record);
void device_clear_record(struct ota_device *dev);
/* Returns true if the flash is free to store that the firmware has started again. */
bool device_counts_reset(const struct ota_device *dev);
/* Reboots once the queued notifications went out. */
void device_reboot(struct ota_device *dev);
/* Book-keeping around an operation: set before the platform is called. */
void device_op(struct ota_device *dev, enum ota_op op, uint32_t at, uint32_t len);
/* The platform's answer to starting it; a failure ends the operation at once. */
void device_op_started(struct ota_device *dev, int rc);
uint32_t device_limit(const struct ota_device *dev);

/* Seconds until an update may begin; 0: now. */
uint32_t device_worn(struct ota_device *dev);

/* device_prepare.c and device_verify.c: one step each; false: nothing to do now. */
/* Returns true if the START being prepared resumes where a lost link left. */
bool device_can_adopt(const struct ota_device *dev);
/* A START during PREPARE's erases: the session begins at once, beside the one under way. */
void device_take_over(struct ota_device *dev);
bool device_prepare_step(struct ota_device *dev);
bool device_verify_step(struct ota_device *dev);

/* device_control.c */
void device_abort_finish(struct ota_device *dev);
/* Returns true if a session is under way which another connection than conn started. */
bool device_owned_by_other(const struct ota_device *dev, uint16_t conn);
/* ERROR's detail with OTA_ERR_STATE. */
uint32_t device_state_detail(const struct ota_device *dev);

/* device.c */
/* Info as ops->info tells it now. */
void device_info(const struct ota_device *dev, struct ota_info *ret);
/*
 * Ends the session with an error, notified to its owner.  It stays to be
 * resumed, unless the code says that the image itself is at fault.
 */
void device_fail(struct ota_device *dev, uint8_t code, uint8_t opcode, uint32_t detail);
/* Forgets the image and its record; the running slot is untouched. */
void device_drop(struct ota_device *dev);
/* The same for what must never boot: its first sector is erased next. */
void device_refuse(struct ota_device *dev);
/* A measurement has ended. */
void device_measured(struct ota_device *dev);
/*
 * Looks at what the image begins with, once that arrived.  false: it is refused, and
 * the session ended.
 */
bool device_head_ok(struct ota_device *dev);
/* IDLE, or SUSPENDED where there is something to resume. */
enum ota_state device_rest_state(const struct ota_device *dev);

#endif
