/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State that the parts of the controller share: hci.c (packets, dispatch), hci_table.c
 * (which commands there are), hci_info.c (what it is), hci_scan.c, hci_adv.c,
 * hci_conn.c (links: made and ended), hci_link.c (links: asked and changed),
 * hci_acl.c (data).
 */
#ifndef OTABENCH_RADIOD_HCI_PRIV_H
#define OTABENCH_RADIOD_HCI_PRIV_H

#include "radiod/hci.h"
#include "base/bytes.h"
#include "base/rng.h"

/* Error codes, Vol 1 Part F 1.3. */
enum hci_error {
	HCI_OK = 0x00,
	HCI_ERR_UNKNOWN_COMMAND = 0x01,
	HCI_ERR_UNKNOWN_CONNECTION = 0x02,
	HCI_ERR_MEMORY = 0x07,
	HCI_ERR_CONNECTION_LIMIT = 0x09,
	HCI_ERR_CONNECTED = 0x0b,
	HCI_ERR_DISALLOWED = 0x0c,
	HCI_ERR_UNSUPPORTED_VALUE = 0x11,
	HCI_ERR_PARAMETERS = 0x12,
	HCI_ERR_RESPONSE_TIMEOUT = 0x22,
	HCI_ERR_ADV_TIMEOUT = 0x3c,
	HCI_ERR_UNKNOWN_SET = 0x42,
};

/* Event codes, 7.7. */
enum hci_event_code {
	HCI_EV_DISCONNECTION_COMPLETE = 0x05,
	HCI_EV_ENCRYPTION_CHANGE = 0x08,
	HCI_EV_REMOTE_VERSION = 0x0c,
	HCI_EV_COMMAND_COMPLETE = 0x0e,
	HCI_EV_COMMAND_STATUS = 0x0f,
	HCI_EV_COMPLETED_PACKETS = 0x13,
	HCI_EV_BUFFER_OVERFLOW = 0x1a,
	HCI_EV_KEY_REFRESHED = 0x30,
	HCI_EV_LE_META = 0x3e,
};

/* Subevents of LE Meta, 7.7.65; bit N - 1 of the LE event mask. */
enum hci_le_event_code {
	HCI_LE_CONNECTION_COMPLETE = 0x01,
	HCI_LE_ADVERTISING_REPORT = 0x02,
	HCI_LE_CONNECTION_UPDATE = 0x03,
	HCI_LE_REMOTE_FEATURES = 0x04,
	HCI_LE_PARAMETER_REQUEST = 0x06,
	HCI_LE_DATA_LENGTH_CHANGE = 0x07,
	HCI_LE_ENHANCED_CONNECTION = 0x0a,
	HCI_LE_PHY_UPDATE = 0x0c,
	HCI_LE_EXTENDED_REPORT = 0x0d,
	HCI_LE_SCAN_TIMEOUT = 0x11,
	HCI_LE_SET_TERMINATED = 0x12,
};

/* LE features, Vol 6 Part B 4.6. */
#define HCI_FEATURE_ENCRYPTION (1u << 0)
#define HCI_FEATURE_PARAM_REQUEST (1u << 1)
#define HCI_FEATURE_EXTENDED_REJECT (1u << 2)
#define HCI_FEATURE_PERIPHERAL_FEATURES (1u << 3)
#define HCI_FEATURE_DATA_LENGTH (1u << 5)
#define HCI_FEATURE_2M (1u << 8)
#define HCI_FEATURE_EXTENDED_ADV (1u << 12)

#define HCI_OCTETS_MIN 27u
#define HCI_TIME_MIN 328u /* us; what 27 octets take, 4.5.10 of Vol 6 Part B */
#define HCI_ACCEPT_LIST 16u
#define HCI_DUPLICATES 32u /* advertisers that the filter remembers */
#define HCI_ADV_SETS 4u
#define HCI_ADV_DATA 31u

struct hci_accept {
	uint8_t type; /* 0 public, 1 random */
	uint8_t address[6]; /* least significant octet first, as all addresses below */
};

struct hci_duplicate {
	uint8_t address[6];
	bool response;
	int8_t rssi;
	uint8_t len;
	uint8_t data[HCI_ADV_DATA];
};

struct hci_scan {
	bool configured, enabled, active, filter;
	uint8_t policy;
	uint32_t interval_us, window_us;
	uint64_t since_us;
	struct sched_event end; /* of a scan with a duration */
	struct hci_duplicate duplicates[HCI_DUPLICATES];
	unsigned int duplicate_count, duplicate_next;
};

/* The connection that is being made. */
struct hci_initiator {
	bool pending, use_list, extended;
	struct hci_accept peer;
	uint8_t own_type;
	struct link_params params;
	struct sched_event cancelled;
};

struct hci_adv_set {
	bool used, enabled;
	uint8_t handle;
	struct sched_event end;
	struct hci *hci;
};

/* The subject of an exchange with the peer's link layer. */
enum hci_exchange_kind { HCI_EXCHANGE_FEATURES, HCI_EXCHANGE_VERSION, HCI_EXCHANGES };

struct hci_conn;

struct hci_exchange {
	struct hci_conn *conn;
	enum hci_exchange_kind kind;
	struct sched_event done;
};

struct hci_conn {
	struct hci *hci;
	struct hci_conn *next;
	uint16_t handle;
	bool open; /* the host knows of it; else only the device still uses the link */
	bool peripheral; /* the device still uses the link */
	struct link *link;
	struct esp *esp;
	uint8_t peer[6], peer_type; /* as in HCI: least significant first; 0 public, 1 random */
	unsigned int used; /* buffers that the host filled */
	unsigned int owed; /* 1 << enum link_procedure: the host awaits an event */
	struct link_state told; /* what the host knows */
	struct hci_exchange exchanges[HCI_EXCHANGES];
	struct sched_event answer_limit; /* of the host's, to a parameter request */
};

/* Features of a version. */
struct hci_capabilities {
	uint8_t number; /* Assigned Numbers, HCI_Version */
	uint64_t features;
	uint16_t data_length;
	uint8_t phys;
};

struct hci {
	struct hci_config config;
	struct hci_capabilities can;
	struct rng rng;
	uint64_t event_mask, le_event_mask;
	uint16_t opcode; /* of the command being run */
	bool legacy_used, extended_used; /* 3.1.1: not both kinds of advertising commands */
	bool listening;
	uint8_t random_address[6];
	bool random_set;
	struct hci_accept accept[HCI_ACCEPT_LIST];
	unsigned int accept_count;
	struct hci_scan scan;
	struct hci_initiator initiator;
	struct hci_adv_set adv_sets[HCI_ADV_SETS];
	bool legacy_advertising;
	uint8_t default_phys; /* what it agrees to when a peer asks */
	uint16_t default_octets, default_time; /* suggested by the host, 7.8.35 */
	struct hci_conn *conns;
};

/* A command being run. */
struct hci_call {
	struct hci *hci;
	const uint8_t *p; /* parameters; after the handle for those of a connection */
	size_t len;
	struct hci_conn *conn; /* only for HCI_CMD_CONN */
	uint8_t *ret; /* return parameters after the status (and handle), zeroed */
};

#define HCI_CMD_STATUS 0x01u /* answered by Command Status */
#define HCI_CMD_CONN 0x02u /* begins with a connection handle, and so do its return parameters */
#define HCI_CMD_MORE 0x04u /* len is the least */
#define HCI_CMD_LEGACY 0x08u
#define HCI_CMD_EXTENDED 0x10u

struct hci_command {
	uint16_t opcode;
	uint16_t bit; /* of the supported commands, 6.27: 8 * octet + bit */
	uint8_t len; /* of its parameters */
	uint8_t returns; /* octets of return parameters after the status (and handle) */
	uint8_t flags;
	uint64_t feature; /* that it needs; 0: none */
	uint8_t (*run)(struct hci_call *call); /* returns an enum hci_error */
};

/* hci.c */
void hci_log(struct hci *hci, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An event with up to 255 octets of parameters, if the host wants it. */
void hci_event(struct hci *hci, enum hci_event_code code, const uint8_t *params, size_t len);
void hci_le_event(struct hci *hci, enum hci_le_event_code code, const uint8_t *params, size_t len);
bool hci_le_wanted(const struct hci *hci, enum hci_le_event_code code);
/* After anything that changes whether advertisements matter. */
void hci_update_listening(struct hci *hci);
/* Sets the state after power-on. */
void hci_set_defaults(struct hci *hci);

/* hci_table.c */
extern const struct hci_command hci_commands[];
extern const size_t hci_command_count;

/* hci_info.c */
uint8_t hci_set_event_mask(struct hci_call *call);
uint8_t hci_reset(struct hci_call *call);
uint8_t hci_read_version(struct hci_call *call);
uint8_t hci_read_commands(struct hci_call *call);
uint8_t hci_read_features(struct hci_call *call);
uint8_t hci_read_address(struct hci_call *call);
uint8_t hci_le_set_event_mask(struct hci_call *call);
uint8_t hci_le_read_buffers(struct hci_call *call);
uint8_t hci_le_read_features(struct hci_call *call);
uint8_t hci_le_read_states(struct hci_call *call);
uint8_t hci_le_set_random_address(struct hci_call *call);
uint8_t hci_le_encrypt(struct hci_call *call);
uint8_t hci_le_rand(struct hci_call *call);
uint8_t hci_le_read_tx_power(struct hci_call *call);
uint8_t hci_le_set_channels(struct hci_call *call);
uint8_t hci_le_read_default_length(struct hci_call *call);
uint8_t hci_le_write_default_length(struct hci_call *call);
uint8_t hci_le_read_max_length(struct hci_call *call);
uint8_t hci_le_set_default_phy(struct hci_call *call);
/* The longest time on air that goes with octets, as reported: 1M, with a MIC. */
uint16_t hci_octets_time(uint16_t octets);

/* hci_scan.c */
uint8_t hci_le_read_accept_size(struct hci_call *call);
uint8_t hci_le_clear_accept(struct hci_call *call);
uint8_t hci_le_add_accept(struct hci_call *call);
uint8_t hci_le_remove_accept(struct hci_call *call);
uint8_t hci_le_set_scan_params(struct hci_call *call);
uint8_t hci_le_set_scan_enable(struct hci_call *call);
uint8_t hci_le_set_ext_scan_params(struct hci_call *call);
uint8_t hci_le_set_ext_scan_enable(struct hci_call *call);
bool hci_accepted(const struct hci *hci, const struct hci_accept *peer);
void hci_scan_init(struct hci *hci);
void hci_scan_stop(struct hci *hci);
void hci_scan_heard(struct hci *hci, struct esp *esp, const struct hci_accept *peer);

/* hci_adv.c */
uint8_t hci_le_set_adv_params(struct hci_call *call);
uint8_t hci_le_read_adv_tx_power(struct hci_call *call);
uint8_t hci_le_set_adv_data(struct hci_call *call);
uint8_t hci_le_set_adv_enable(struct hci_call *call);
uint8_t hci_le_set_set_address(struct hci_call *call);
uint8_t hci_le_set_ext_adv_params(struct hci_call *call);
uint8_t hci_le_set_ext_adv_data(struct hci_call *call);
uint8_t hci_le_set_ext_adv_enable(struct hci_call *call);
uint8_t hci_le_read_max_adv_length(struct hci_call *call);
uint8_t hci_le_read_adv_sets(struct hci_call *call);
uint8_t hci_le_remove_adv_set(struct hci_call *call);
uint8_t hci_le_clear_adv_sets(struct hci_call *call);
void hci_adv_init(struct hci *hci);
void hci_adv_stop(struct hci *hci);

/* hci_conn.c */
uint8_t hci_le_create_connection(struct hci_call *call);
uint8_t hci_le_ext_create_connection(struct hci_call *call);
uint8_t hci_le_cancel_connection(struct hci_call *call);
uint8_t hci_disconnect(struct hci_call *call);
void hci_initiator_init(struct hci *hci);
void hci_initiator_heard(struct hci *hci, struct esp *esp, const struct hci_accept *peer);
struct hci_conn *hci_conn_find(struct hci *hci, uint16_t handle);
/* All links and the one being made, without a word to anyone. */
void hci_conns_drop(struct hci *hci);
bool hci_params_read(const uint8_t *p, struct link_params *ret);

/* hci_link.c */
extern const struct link_ops hci_link_ops; /* for a struct hci_conn */
uint8_t hci_read_rssi(struct hci_call *call);
uint8_t hci_read_conn_tx_power(struct hci_call *call);
uint8_t hci_read_remote_version(struct hci_call *call);
uint8_t hci_le_read_channel_map(struct hci_call *call);
uint8_t hci_le_read_remote_features(struct hci_call *call);
uint8_t hci_le_start_encryption(struct hci_call *call);
uint8_t hci_le_update_connection(struct hci_call *call);
uint8_t hci_le_answer_params(struct hci_call *call);
uint8_t hci_le_refuse_params(struct hci_call *call);
uint8_t hci_le_set_data_length(struct hci_call *call);
uint8_t hci_le_read_phy(struct hci_call *call);
uint8_t hci_le_set_phy(struct hci_call *call);
void hci_conn_init(struct hci_conn *conn);
void hci_conn_quiet(struct hci_conn *conn); /* disarms its timers */
void hci_conn_ended(struct hci_conn *conn, uint8_t reason);

/* hci_acl.c */
void hci_acl_input(struct hci *hci, const uint8_t *packet, size_t len);
void hci_acl_fragment(void *ctx, bool start, const uint8_t *buf, size_t len);
void hci_acl_completed(void *ctx, unsigned int count);

#endif
