/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fake of NimBLE's host/ble_hs.h and of what it includes (ble_gap.h, ble_gatt.h,
 * ble_att.h, ble_sm.h, ble_store.h, ble_uuid.h, ble_hs_adv.h, ble_hs_mbuf.h,
 * os_mbuf.h, hci_common.h): only what ota_esp uses, as documented there.
 */
#ifndef FAKE_BLE_HS_H
#define FAKE_BLE_HS_H

#include <stdint.h>

/* --- codes */
#define BLE_HS_FOREVER INT32_MAX
#define BLE_HS_CONN_HANDLE_NONE 0xffff
#define BLE_HS_EAGAIN 1
#define BLE_HS_EALREADY 2
#define BLE_HS_EINVAL 3
#define BLE_HS_ENOENT 5
#define BLE_HS_ENOMEM 6
#define BLE_HS_ENOTCONN 7
#define BLE_HS_ENOTSUP 8
#define BLE_HS_ETIMEOUT 13
#define BLE_HS_EBUSY 15
#define BLE_HS_IO_DISPLAY_ONLY 0x00
#define BLE_HS_IO_NO_INPUT_OUTPUT 0x03
#define BLE_ERR_REM_USER_CONN_TERM 0x13 /* nimble/ble.h */
#define BLE_ATT_ERR_INVALID_ATTR_VALUE_LEN 0x0d
#define BLE_ATT_ERR_UNLIKELY 0x0e
#define BLE_ATT_ERR_INSUFFICIENT_AUTHEN 0x05
#define BLE_ATT_ERR_INSUFFICIENT_RES 0x11

/* --- mbufs; the real packet header lies behind struct os_mbuf in the same block */
struct os_mbuf {
	uint8_t *om_data;
	uint16_t om_len; /* bytes in this mbuf */
	struct os_mbuf *fake_next;
	uint16_t fake_pktlen; /* of the chain; in its first mbuf */
	uint8_t fake_bytes[600];
};

#define OS_MBUF_PKTLEN(om) ((om)->fake_pktlen)

int os_mbuf_free_chain(struct os_mbuf *om);
int os_mbuf_append(struct os_mbuf *om, const void *data, uint16_t len);
int os_msys_num_free(void);
struct os_mbuf *ble_hs_mbuf_from_flat(const void *buf, uint16_t len);
int ble_hs_mbuf_to_flat(const struct os_mbuf *om, void *flat, uint16_t max_len,
			uint16_t *out_copy_len);

/* --- UUIDs and addresses */
enum { BLE_UUID_TYPE_16 = 16, BLE_UUID_TYPE_128 = 128 };

typedef struct {
	uint8_t type;
} ble_uuid_t;
typedef struct {
	ble_uuid_t u;
	uint16_t value;
} ble_uuid16_t;
typedef struct {
	ble_uuid_t u;
	uint8_t value[16];
} ble_uuid128_t;

#define BLE_UUID16_INIT(uuid16)                                                                    \
	{                                                                                          \
		.u = {.type = BLE_UUID_TYPE_16}, .value = (uuid16)                                 \
	}

typedef struct {
	uint8_t type, val[6];
} ble_addr_t;

/* --- GATT */
#define BLE_GATT_CHR_F_READ 0x0002
#define BLE_GATT_CHR_F_WRITE_NO_RSP 0x0004
#define BLE_GATT_CHR_F_WRITE 0x0008
#define BLE_GATT_CHR_F_NOTIFY 0x0010
#define BLE_GATT_CHR_F_WRITE_ENC 0x1000
#define BLE_GATT_CHR_F_WRITE_AUTHEN 0x2000
#define BLE_GATT_SVC_TYPE_END 0
#define BLE_GATT_SVC_TYPE_PRIMARY 1
#define BLE_GATT_ACCESS_OP_READ_CHR 0
#define BLE_GATT_ACCESS_OP_WRITE_CHR 1

typedef uint32_t ble_gatt_chr_flags;
struct ble_gatt_access_ctxt;
typedef int ble_gatt_access_fn(uint16_t conn_handle, uint16_t attr_handle,
			       struct ble_gatt_access_ctxt *ctxt, void *arg);

struct ble_gatt_chr_def {
	const ble_uuid_t *uuid; /* NULL ends an array */
	ble_gatt_access_fn *access_cb;
	void *arg;
	ble_gatt_chr_flags flags;
	uint16_t *val_handle;
};

struct ble_gatt_svc_def {
	uint8_t type;
	const ble_uuid_t *uuid;
	const struct ble_gatt_chr_def *characteristics;
};

struct ble_gatt_access_ctxt {
	uint8_t op;
	struct os_mbuf *om;
	const struct ble_gatt_chr_def *chr;
};

int ble_gatts_count_cfg(const struct ble_gatt_svc_def *defs);
int ble_gatts_add_svcs(const struct ble_gatt_svc_def *svcs);
int ble_gatts_notify_custom(uint16_t conn_handle, uint16_t att_handle, struct os_mbuf *om);
uint16_t ble_att_mtu(uint16_t conn_handle);
int ble_att_set_preferred_mtu(uint16_t mtu);

/* --- GAP */
#define BLE_GAP_EVENT_CONNECT 0
#define BLE_GAP_EVENT_DISCONNECT 1
#define BLE_GAP_EVENT_CONN_UPDATE 3
#define BLE_GAP_EVENT_ADV_COMPLETE 9
#define BLE_GAP_EVENT_ENC_CHANGE 10
#define BLE_GAP_EVENT_PASSKEY_ACTION 11
#define BLE_GAP_EVENT_NOTIFY_TX 13
#define BLE_GAP_EVENT_SUBSCRIBE 14
#define BLE_GAP_EVENT_MTU 15
#define BLE_GAP_EVENT_REPEAT_PAIRING 17
#define BLE_GAP_EVENT_PHY_UPDATE_COMPLETE 18
#ifdef FAKE_PRODUCT /* ESP-IDF 5.1 has it not */
#define BLE_GAP_EVENT_DATA_LEN_CHG 34
#endif
#define BLE_GAP_REPEAT_PAIRING_RETRY 1
#define BLE_GAP_REPEAT_PAIRING_IGNORE 2
#define BLE_GAP_ROLE_MASTER 0
#define BLE_GAP_ROLE_SLAVE 1
#define BLE_GAP_CONN_MODE_UND 2
#define BLE_GAP_DISC_MODE_GEN 2
#define BLE_GAP_ADV_ITVL_MS(t) ((t)*1000 / 625)

struct ble_gap_sec_state {
	unsigned encrypted : 1;
	unsigned authenticated : 1;
	unsigned bonded : 1;
};

struct ble_gap_conn_desc {
	struct ble_gap_sec_state sec_state;
	ble_addr_t peer_id_addr, peer_ota_addr;
	uint16_t conn_handle;
	uint16_t conn_itvl; /* 1.25 ms */
	uint16_t conn_latency;
	uint16_t supervision_timeout; /* 10 ms */
	uint8_t role;
};

struct ble_gap_upd_params {
	uint16_t itvl_min, itvl_max, latency, supervision_timeout, min_ce_len, max_ce_len;
};

struct ble_gap_adv_params {
	uint8_t conn_mode, disc_mode;
	uint16_t itvl_min, itvl_max; /* 0.625 ms */
};

struct ble_gap_event {
	uint8_t type;
	union {
		struct {
			int status;
			uint16_t conn_handle;
		} connect;
		struct {
			int reason;
			struct ble_gap_conn_desc conn;
		} disconnect;
		struct {
			int status;
			uint16_t conn_handle;
		} conn_update;
		struct {
			int status;
			uint16_t conn_handle;
		} enc_change;
		struct {
			struct {
				uint8_t action;
			} params;
			uint16_t conn_handle;
		} passkey;
		struct {
			int status;
			uint16_t conn_handle, attr_handle;
			uint8_t indication : 1;
		} notify_tx;
		struct {
			uint16_t conn_handle, attr_handle;
			uint8_t reason;
			uint8_t prev_notify : 1;
			uint8_t cur_notify : 1;
		} subscribe;
		struct {
			uint16_t conn_handle, channel_id, value;
		} mtu;
		struct {
			uint16_t conn_handle;
		} repeat_pairing;
		struct {
			int status;
			uint16_t conn_handle;
			uint8_t tx_phy, rx_phy;
		} phy_updated;
		struct {
			uint16_t conn_handle, max_tx_octets, max_tx_time, max_rx_octets,
				max_rx_time;
		} data_len_chg;
	};
};

typedef int ble_gap_event_fn(struct ble_gap_event *event, void *arg);

struct ble_gap_event_listener {
	ble_gap_event_fn *fn;
	void *arg;
	struct ble_gap_event_listener *fake_next;
};

int ble_gap_event_listener_register(struct ble_gap_event_listener *listener, ble_gap_event_fn *fn,
				    void *arg);
int ble_gap_conn_find(uint16_t handle, struct ble_gap_conn_desc *out_desc);
int ble_gap_conn_rssi(uint16_t conn_handle, int8_t *out_rssi);
int ble_gap_terminate(uint16_t conn_handle, uint8_t hci_reason);
int ble_gap_update_params(uint16_t conn_handle, const struct ble_gap_upd_params *params);
int ble_gap_set_data_len(uint16_t conn_handle, uint16_t tx_octets, uint16_t tx_time);
int ble_gap_write_sugg_def_data_len(uint16_t sugg_max_tx_octets, uint16_t sugg_max_tx_time);
int ble_gap_set_prefered_default_le_phy(uint8_t tx_phys_mask, uint8_t rx_phys_mask);
int ble_gap_set_prefered_le_phy(uint16_t conn_handle, uint8_t tx_phys_mask, uint8_t rx_phys_mask,
				uint16_t phy_opts);
int ble_gap_adv_active(void);
int ble_gap_adv_stop(void);
int ble_gap_adv_start(uint8_t own_addr_type, const ble_addr_t *direct_addr, int32_t duration_ms,
		      const struct ble_gap_adv_params *adv_params, ble_gap_event_fn *cb,
		      void *cb_arg);

#define BLE_HS_ADV_F_DISC_GEN 0x02
#define BLE_HS_ADV_F_BREDR_UNSUP 0x04

struct ble_hs_adv_fields {
	uint8_t flags;
	const ble_uuid128_t *uuids128;
	uint8_t num_uuids128;
	unsigned uuids128_is_complete : 1;
	const uint8_t *name;
	uint8_t name_len;
	unsigned name_is_complete : 1;
};

int ble_gap_adv_set_fields(const struct ble_hs_adv_fields *adv_fields);
int ble_gap_adv_rsp_set_fields(const struct ble_hs_adv_fields *rsp_fields);

/* --- security and the host's configuration */
#define BLE_SM_IOACT_DISP 3
#define BLE_SM_PAIR_KEY_DIST_ENC 0x01
#define BLE_SM_PAIR_KEY_DIST_ID 0x02

struct ble_sm_io {
	uint8_t action;
	uint32_t passkey;
};

int ble_sm_inject_io(uint16_t conn_handle, struct ble_sm_io *pkey);
struct ble_store_key_sec {
	ble_addr_t peer_addr;
	uint8_t idx;
};
/* The real one also has keys and their marks. */
struct ble_store_value_sec {
	ble_addr_t peer_addr;
	uint8_t ltk[16];
};
int ble_store_read_peer_sec(const struct ble_store_key_sec *key_sec,
			    struct ble_store_value_sec *value_sec);
int ble_store_write_peer_sec(const struct ble_store_value_sec *value_sec);
int ble_store_delete_peer_sec(const struct ble_store_key_sec *key_sec);
struct ble_store_status_event;
int ble_store_util_status_rr(struct ble_store_status_event *event, void *arg);
int ble_hs_id_infer_auto(int privacy, uint8_t *out_addr_type);

struct ble_hs_cfg {
	uint8_t sm_io_cap;
	unsigned sm_bonding : 1;
	unsigned sm_mitm : 1;
	unsigned sm_sc : 1;
	uint8_t sm_our_key_dist, sm_their_key_dist;
	void (*reset_cb)(int reason);
	void (*sync_cb)(void);
	int (*store_status_cb)(struct ble_store_status_event *event, void *arg);
};

extern struct ble_hs_cfg ble_hs_cfg;

#endif
