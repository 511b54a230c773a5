/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State that the parts of ota_esp share: one struct with everything that changes, and
 * the rule under which it may be touched.
 *
 * Two tasks meet here.  NimBLE's host task delivers writes and GAP events; the
 * update's own task works on flash and keeps time.  Every call into ota_core
 * happens between ota_esp_enter() and ota_esp_leave(), which hold one lock.
 *
 * Under it nothing waits for the controller, for NimBLE or for the product: no function
 * of NimBLE is called but the count of its buffers, and no hook of the product.  NimBLE
 * waits up to seconds for the controller, with its own locks held, and calls back, where
 * this lock is taken.  So link requests and notifications are noted, and made by
 * ota_esp_leave() after it let go; and what the link is was asked beforehand
 * (ota_esp_link_refresh()).  The fakes of tests/esp hold the firmware to it.
 */
#ifndef OTA_ESP_PRIV_H
#define OTA_ESP_PRIV_H

#include "ota_esp.h"

#include "ota/device.h"
#include "ota/signed.h"
#include "ota/skip.h"
#include "ota/error.h"

#include "esp_idf_version.h"
#include "esp_partition.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "sdkconfig.h"

#include "host/ble_hs.h"

/* Mbed TLS 4, in ESP-IDF 6.0, keeps its own SHA-256 functions private. */
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0)
#include "psa/crypto.h"
#define OTA_ESP_PSA
#else
#include "mbedtls/sha256.h"
#endif

/* CONFIG_SOC_BLE_50_SUPPORTED: soc_caps.h of C3, S3, C6, H2 and later. */
#if defined(CONFIG_SOC_BLE_50_SUPPORTED) && defined(CONFIG_BT_NIMBLE_LL_CFG_FEAT_LE_2M_PHY)
#define OTA_ESP_2M
#endif

#define OTA_ESP_CONNECTIONS CONFIG_BT_NIMBLE_MAX_CONNECTIONS /* all but one are told *busy* */
#define OTA_ESP_OUTBOX 4 /* notifications; ota_core keeps the others */
/* Between looks at whether to advertise, a wake-up each: a tenth of what advertising takes. */
#if defined(CONFIG_OTA_ESP_ADV_INTERVAL_MS) && CONFIG_OTA_ESP_ADV_INTERVAL_MS > 100
#define OTA_ESP_LOOK_MS (10u * CONFIG_OTA_ESP_ADV_INTERVAL_MS)
#else
#define OTA_ESP_LOOK_MS 1000u
#endif
#define OTA_ESP_RSSI_UNKNOWN 127 /* Core Vol 4 Part E 7.5.4 */
#define OTA_ESP_START_WAIT_MS 1500u /* for the central's answer to a parameter request */
#define OTA_ESP_DYING_MS 100u /* from a failed update of parameters to DISCONNECT, at most */
#define OTA_ESP_NAME_MAX 29 /* one structure of a 31-byte scan response */

/* Work for the flash task: an [async] operation of struct ota_device_ops. */
enum ota_esp_job_kind {
	OTA_ESP_JOB_NONE,
	OTA_ESP_JOB_ERASE,
	OTA_ESP_JOB_WRITE,
	OTA_ESP_JOB_READ,
	OTA_ESP_JOB_CHECK,
	OTA_ESP_JOB_SET_BOOT,
	OTA_ESP_JOB_PERSIST,
	OTA_ESP_JOB_CONFIRM,
	OTA_ESP_JOB_ROLLBACK,
	OTA_ESP_JOB_DECODE,
};

struct ota_esp_job {
	enum ota_esp_job_kind kind;
	uint32_t offset, len; /* of the update slot; len is the image's size for the later kinds */
	union { /* the core's, unchanged until the job is done */
		const uint8_t *in; /* WRITE, SET_BOOT (the hash) */
		uint8_t *out; /* READ */
		const struct ota_record *record; /* PERSIST */
		struct ota_piece *piece; /* DECODE */
	};
};

struct ota_esp_hash {
#ifdef OTA_ESP_PSA
	psa_hash_operation_t context;
#else
	mbedtls_sha256_context context;
#endif
	bool active;
};

/* The events that a LINK request waits for before it is answered. */
#define OTA_ESP_WAITS_PARAMS 0x1u /* CONN_UPDATE */
#define OTA_ESP_WAITS_PHY 0x2u /* PHY_UPDATE_COMPLETE */
#define OTA_ESP_WAITS_CALLS 0x4u /* until all calls were made */

struct ota_esp_conn {
	uint16_t handle; /* BLE_HS_CONN_HANDLE_NONE: free */
	ble_addr_t peer; /* over the air, when it was first heard of */
	bool established; /* CONNECT came, so DISCONNECT or the next CONNECT will */
	bool subscribed; /* to Control's notifications */
	bool host_chose; /* LINK was used: parameters are the host's business */
	bool fast; /* parameters for an update were asked for */
	uint8_t tx_phy, rx_phy; /* enum ota_phy; 1M until an event says otherwise */
	uint16_t tx_octets, rx_octets; /* 0 = never told */
	uint16_t interval, latency, timeout, mtu; /* as ota_esp_link_refresh() found them */
	int8_t rssi;
	bool reports; /* it asked for TELEMETRY */
	bool phy_asked; /* by this side, and not answered yet */
	uint8_t asked; /* times parameters were asked for since START */
	struct ota_link_request request; /* to be made by ota_esp_leave() */
	uint8_t todo; /* OTA_ESP_WAITS_*: parts of the request not made yet */
	uint8_t later; /* parts to be made when the procedure under way has ended */
	uint8_t waits; /* OTA_ESP_WAITS_* */
	uint8_t code; /* enum ota_code of the request so far */
	bool wrote; /* to Control */
	bool closing; /* it was asked to end at `used`, and may take a while */
	uint32_t used; /* ms; when it was made, or last permitted something */
};

/* A START kept back until the link is fit for what erasing does to it. */
struct ota_esp_start {
	uint16_t conn; /* BLE_HS_CONN_HANDLE_NONE: none */
	uint8_t len;
	uint8_t bytes[OTA_CONTROL_MAX];
	uint32_t until; /* ms */
};

struct ota_esp {
	struct ota_esp_config config;
	const esp_partition_t *running, *update;
	uint8_t *ring;

	SemaphoreHandle_t lock, wake;
	TaskHandle_t task;
	esp_timer_handle_t guard; /* restarts a new image that confirms nothing */

	uint32_t now; /* ms; advanced by ota_esp_enter() */
	uint32_t last_us;
	bool asleep; /* the task waits to be woken, for wake_in ms at most */
	uint32_t wake_in; /* UINT32_MAX: for ever */
	uint32_t asleep_since; /* ms */
	struct ota_esp_job job; /* the mailbox; ota_core posts one at a time */
	bool watched; /* the task is known to the task watchdog */
	bool watch_refused; /* by it, in this session */
	uint8_t stack_left; /* OTA_STACK_UNIT; the least that the task had */

	bool inspected; /* info is complete */
	bool new_image; /* another ran before, or may have: attributes may have moved */
	bool session; /* as last told to the application */
	uint8_t percent; /* the same, of the image in flash */
	bool confirm_wanted; /* by ota_esp_confirm() or Kconfig */
	bool vouched; /* by ota_esp_confirm() */
	uint32_t confirm_at; /* ms; when to ask ota_core (again) */
	bool permitted; /* the application's answer to the command under way */
	struct ota_notification outbox[OTA_ESP_OUTBOX]; /* a ring */
	uint8_t outbox_first, outbox_count;
	bool sending; /* a task takes from the outbox */
	bool notify_blocked; /* the last notification found no buffer */
	bool notify_kept; /* ota_core has one that found no place in the outbox */
	uint32_t notify_retry; /* ms */
	bool reboot, rollback;
	uint32_t reboot_at,
		reboot_limit; /* ms; when to, and when whatever still waits to be sent */
	int msys_idle; /* free mbufs while nothing waits to be sent */

	bool owns_nimble, synced;
	int advertise_rc; /* of the last try */
	uint32_t looked; /* ms; when whether to advertise was looked at */
	char name[OTA_ESP_NAME_MAX + 1];
	uint16_t control_handle, data_handle;
	ble_uuid128_t uuid[4]; /* service, Control, Data, Info */
	struct ble_gap_event_listener listener;
	struct ota_esp_conn conns[OTA_ESP_CONNECTIONS];
	struct ota_esp_start start;
	uint16_t pairing_conn; /* of a bonded peer that pairs again; host task */
	struct ble_store_value_sec old_bond; /* its part of the bond meanwhile */

	struct ota_esp_hash hash; /* ota_core's */
	struct ota_info info; /* what Info says, kept up to date */
	struct ota_device device;
#ifdef CONFIG_OTA_ESP_SIGNED
	struct ota_signed gate;
	bool signature_due; /* the task is to check what the gate keeps */
#endif
#ifdef CONFIG_OTA_ESP_DEFLATE
	struct ota_stream stream;
#ifdef CONFIG_OTA_ESP_SKIP
	struct ota_skip skip;
#endif
	struct ota_esp_unpack *unpack; /* NULL: no update is decoded */
#endif

	/* Large members come last: a member within 2 KiB of the start takes one instruction less
	 * at each use. */
	StaticSemaphore_t lock_memory, wake_memory;
	StaticTask_t task_memory;
	uint8_t value[OTA_VALUE_MAX]; /* host task: a value that came in pieces */
	uint8_t scratch[OTA_SECTOR_SIZE]; /* the task's: ota_core reads back into it by jobs */
	StackType_t stack[CONFIG_OTA_ESP_TASK_STACK / sizeof(StackType_t)];
};

extern struct ota_esp ota_esp;
extern uint32_t ota_esp_wear; /* ota_core's; survives a restart */

/* ota_esp.c */
/* Messages to the console.  ESP-IDF's macros cost 60 bytes at each use, these once. */
void ota_esp_warn(const char *what);
void ota_esp_error(const char *what, int code); /* "cannot ..." */

/* ota_esp_ops.c */
extern const struct ota_device_ops ota_esp_ops; /* ctx is the struct ota_esp */

/*
 * ota_esp_signed.c, and ota_core's entry points: they go through the gate if there is one.  All are
 * called with the lock held, except for check, which the task runs without it.
 */
#ifdef CONFIG_OTA_ESP_SIGNED
bool ota_esp_signed_init(struct ota_esp *s); /* false: the keys are none */
void ota_esp_signed_check(void);
#define ota_esp_core_control(s, conn, buf, len)                                                    \
	ota_signed_control(&(s)->gate, conn, buf, len, (s)->now)
#else
#define ota_esp_core_control(s, conn, buf, len)                                                    \
	ota_device_control(&(s)->device, conn, buf, len, (s)->now)
#endif

/* ota_esp_stream.c: streams that are not the image itself.  All are called with the lock held,
 * except for decode, which the task runs without it. */
#ifdef CONFIG_OTA_ESP_DEFLATE
bool ota_esp_stream_init(struct ota_esp *s); /* false: no memory to keep */
void ota_esp_stream_inspected(struct ota_esp *s); /* the running image can be a base */
void ota_esp_stream_rest(struct ota_esp *s); /* neither an update nor its work is under way */
int ota_esp_stream_decode(struct ota_piece *piece);
#endif

/* ota_esp_control.c */
/* A write to Control, from the host task.  Negative when it was refused and
 * there was no buffer to say so. */
int ota_esp_control(uint16_t conn, const uint8_t *buf, size_t len);
/* Hands a START that was kept back to ota_core; with the lock held. */
void ota_esp_release_start(void);
/* The link's parameters changed, or a request for them failed, which a START may wait for;
 * NimBLE's host task. */
void ota_esp_control_updated(uint16_t conn, int status);
/* Milliseconds until a connection is to be closed because it does nothing; UINT32_MAX: none
 * is.  And which it is now, to be closed without the lock, BLE_HS_CONN_HANDLE_NONE: none.
 * With the lock held. */
uint32_t ota_esp_idle_in(struct ota_esp *s);
uint16_t ota_esp_idle_take(struct ota_esp *s);

/* ota_esp_task.c */
void ota_esp_enter(void);
/* Lets go, wakes the task when it has something to do, and does what had to
 * wait for the lock to be free. */
void ota_esp_leave(void);
/* The same without a look at the session's state: for Data, 340 times a second. */
void ota_esp_leave_quickly(void);
void ota_esp_unlock(void); /* lets go and wakes the task, but sends nothing */
bool ota_esp_tick_due(const struct ota_esp *s); /* ota_core's; with the lock held */
void ota_esp_task(void *arg);
void ota_esp_feed(void); /* tells the watchdog that flash work gets on */

/* ota_esp_flash.c: run by the task, without the lock; 0 or a negative OTA_E*. */
int ota_esp_flash_run(const struct ota_esp_job *job);

/* ota_esp_image.c */
bool ota_esp_image_slots(void); /* facts known at once; false: nowhere to write to */
void ota_esp_image_inspect(void); /* what takes reading the running image */
int ota_esp_image_check(uint32_t size);
/* Returns true if a ROLLBACK has where to go, and may; reads all of that image. */
bool ota_esp_image_way_back(void);
/*
 * The slot that a valid entry of otadata names, index 0 or 1; NULL: none.  The entry
 * stands at *ret_offset of *ret_otadata, in a sector of its own.
 */
const esp_partition_t *ota_esp_image_entry(uint32_t index, uint32_t *ret_offset,
					   const esp_partition_t **ret_otadata);

/* ota_esp_policy.c: what Kconfig and the eFuse say of an image; 0 or a negative OTA_E*. */
int ota_esp_policy_head(void *ctx, const uint8_t *head, uint32_t *ret_detail); /* head_check */
int ota_esp_policy_slot(const esp_partition_t *slot); /* of the image in it */
/* Returns true if version a is older than b, as far as both begin with numbers and dots. */
bool ota_esp_version_older(const char *a, const char *b);

/* ota_esp_record.c */
struct ota_esp_booted { /* the image last made bootable */
	uint32_t address; /* of its slot */
	uint32_t size; /* bytes that were sent, which is what sha256 covers */
	uint8_t sha256[OTA_SHA256_SIZE];
};
int ota_esp_record_load(struct ota_record *ret);
int ota_esp_record_store(const struct ota_record *record);
int ota_esp_booted_load(struct ota_esp_booted *ret);
int ota_esp_booted_store(const struct ota_esp_booted *booted);

/* ota_esp_hash.c */
int ota_esp_hash_begin(struct ota_esp_hash *hash); /* ends the hash under way */
int ota_esp_hash_add(struct ota_esp_hash *hash, const uint8_t *buf, uint32_t len);
int ota_esp_hash_peek(const struct ota_esp_hash *hash, uint8_t ret[OTA_SHA256_SIZE]);
void ota_esp_hash_end(struct ota_esp_hash *hash);

/* ota_esp_gatt.c */
int ota_esp_gatt_register(void);
/* Notes a notification, with the lock held; -OTA_EAGAIN: no place, and the task will tick
 * when there may be one; -OTA_ENOTCONN: nobody listens. */
int ota_esp_gatt_post(struct ota_esp *s, uint16_t conn, const uint8_t *buf, size_t len);
/* Returns true if there is something to send and no task sends it yet; with the lock held. */
bool ota_esp_gatt_can_send(const struct ota_esp *s);
void ota_esp_gatt_send(void); /* without the lock, by the task that set s->sending */

/* ota_esp_information.c: the service's UUID and characteristics */
extern const ble_uuid16_t ota_esp_information;
extern const struct ble_gatt_chr_def ota_esp_information_table[];

/* ota_esp_conn.c; find, count and unsure with the lock held, the others without */
struct ota_esp_conn *ota_esp_conn_find(uint16_t handle);
struct ota_esp_conn *ota_esp_conn_enter(uint16_t handle); /* takes the lock and finds */
uint16_t ota_esp_conn_at(int i); /* an entry's handle, or NONE; without the lock */
int ota_esp_conn_count(void);
bool ota_esp_conn_unsure(const struct ota_esp *s); /* whether one may end unsaid */
bool ota_esp_conn_any(void);
/* Makes the entry of a connection that something was heard of; false: it is gone, not for
 * updates, or one too many.  NimBLE's host task. */
bool ota_esp_conn_seen(uint16_t handle);
void ota_esp_conn_sweep(void); /* forgets connections that ended unsaid */
void ota_esp_conn_close_all(void);
int ota_esp_conn_listen(void);

/* ota_esp_gap.c; without the lock, wanted with it */
int ota_esp_gap_start(void);
bool ota_esp_gap_wanted(const struct ota_esp *s); /* whether the device shall advertise */
void ota_esp_gap_advertise(void); /* where it shall, and does not */
void ota_esp_gap_stop(void); /* advertising and every connection */

/* ota_esp_link.c */
/* Asks NimBLE what the link is, and the controller for the RSSI; without the lock. */
void ota_esp_link_refresh(uint16_t conn, bool rssi);
void ota_esp_link_measure(void); /* the same for the receiver of TELEMETRY, when it is due */
int ota_esp_link_note(void *ctx, uint16_t conn, const struct ota_link_request *request);
void ota_esp_link_run(void); /* without the lock: makes the requests noted */
void ota_esp_link_state(void *ctx, uint16_t conn, struct ota_link *ret);
int8_t ota_esp_link_rssi(void *ctx, uint16_t conn);
/* Asks for parameters that survive an erase, for a START or once more after the central's
 * answer; false: the link has them, or nothing more is to be asked. */
bool ota_esp_link_prepare(uint16_t conn, bool again);
void ota_esp_link_relax(void);
/* A part of a request ended, or the central changed something; status 0 = well. */
void ota_esp_link_event(uint16_t conn, uint8_t waited, int status);
void ota_esp_link_connected(uint16_t conn);
void ota_esp_link_subscribed(uint16_t conn);

#endif
