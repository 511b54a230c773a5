/* SPDX-License-Identifier: Apache-2.0 */
/* The BlueZ transport's insides, shared by its files; see bluez.h. */
#ifndef OTABENCH_BLUEZ_BLUEZ_PRIV_H
#define OTABENCH_BLUEZ_BLUEZ_PRIV_H

#include "bluez/bluez.h"
#include "transport/stack_log.h"

#define BLUEZ "org.bluez"
#define BLUEZ_ADAPTER "org.bluez.Adapter1"
#define BLUEZ_DEVICE "org.bluez.Device1"
#define BLUEZ_SERVICE "org.bluez.GattService1"
#define BLUEZ_CHR "org.bluez.GattCharacteristic1"
#define BLUEZ_PATH_MAX 128u
#define BLUEZ_NAME_MAX 249u /* Core Vol 3 Part C 12.1: 248 octets */
#define BLUEZ_CALL_US 60000000u /* more than ATT's own 30 s and a pairing's patience */
#define BLUEZ_LOAD_US 5000000u /* for what bluetoothd has at hand */
#define BLUEZ_FRESH_US 5000000u /* an advertisement this young: the device is there */
#define BLUEZ_FIND_MS 10000u
#define BLUEZ_PULSE_MS 2000u
#define BLUEZ_HANG_UP_US 5000000u /* bluetoothd itself waits 2 s (DISCONNECT_TIMER) */
#define BLUEZ_OBJECTS_US 2000000u /* from ServicesResolved until the objects are there */
#define BLUEZ_RSSI_NONE 127 /* what a controller says that does not measure it */
#define BLUEZ_UNHEARD INT16_MIN /* of an object's rssi */

enum bluez_kind { BLUEZ_IS_ADAPTER, BLUEZ_IS_DEVICE, BLUEZ_IS_SERVICE, BLUEZ_IS_CHR, BLUEZ_KINDS };

/* One object of bluetoothd's that matters here, with the properties that do. */
struct bluez_object {
	struct bluez_object *next;
	enum bluez_kind kind;
	char path[BLUEZ_PATH_MAX];
	bool stale; /* not yet seen in the answer that is being read */
	bool powered; /* adapter */
	bool blocked; /* adapter: by rfkill, as bluetoothd says [5.66] */
	char address[18]; /* device, adapter */
	bool random; /* device, adapter: that is a random address */
	char modalias[32]; /* adapter: BlueZ's own vendor and product, and its release */
	char name[BLUEZ_NAME_MAX]; /* device */
	int16_t rssi; /* device, dBm, 127 unknown; BLUEZ_UNHEARD in this discovery */
	uint64_t heard_us; /* device: its last advertisement; 0: none */
	bool connected, resolved, paired; /* device */
	uint32_t dialects, by_data; /* device: that its services leave; of those with data */
	char uuid[GATT_UUID_TEXT]; /* service, characteristic; lower case */
	uint8_t properties; /* characteristic: GATT_PROP_* */
	uint16_t mtu; /* characteristic; 0: not told [before 5.62] */
	bool acquired; /* characteristic: some client holds its write socket */
};

/* Properties that a signal gave for an object, changed or not. */
enum {
	BLUEZ_TOLD_HEARD = 1 << 0, /* an advertisement of the device */
	BLUEZ_TOLD_CONNECTED = 1 << 1,
	BLUEZ_TOLD_MTU = 1 << 2,
	BLUEZ_TOLD_ACQUIRED = 1 << 3,
};

/* The content of one message on an object, as far as it was read. */
struct bluez_change {
	struct bluez *b;
	struct bluez_object *o;
	unsigned int told; /* BLUEZ_TOLD_* */
	bool signalled; /* PropertiesChanged, so that a Value is news */
};

enum bluez_phase {
	BLUEZ_IDLE,
	BLUEZ_FINDING, /* discovery runs until the device is heard */
	BLUEZ_QUIETING, /* it was heard: discovery is being stopped */
	BLUEZ_CONNECTING, /* Connect() was called */
	BLUEZ_UP,
};

/* One step at a time: StopDiscovery is refused while StartDiscovery is unanswered. */
enum bluez_discovery { BLUEZ_QUIET, BLUEZ_STARTING, BLUEZ_DISCOVERING, BLUEZ_STOPPING };

/* The socket of AcquireWrite. */
enum bluez_socket {
	BLUEZ_SOCKET_NONE,
	BLUEZ_SOCKET_ASKED,
	BLUEZ_SOCKET_HELD,
	BLUEZ_SOCKET_RELEASING, /* closed here; bluetoothd has not noticed */
};

/* Why there is no adapter to use. */
enum bluez_problem {
	BLUEZ_LOADING, /* bluetoothd has not answered yet */
	BLUEZ_NO_DAEMON,
	BLUEZ_NO_ANSWER,
	BLUEZ_NO_PERMISSION,
	BLUEZ_NO_ADAPTER,
	BLUEZ_NO_SUCH_ADAPTER,
	BLUEZ_ADAPTER_OFF,
	BLUEZ_ADAPTER_BLOCKED, /* rfkill */
	BLUEZ_POWERING,
	BLUEZ_NO_BUS, /* it went away */
};

/* The time for which an answer is of interest. */
enum bluez_scope {
	BLUEZ_FOR_LINK, /* until the connection, or the attempt, is over */
	BLUEZ_FOR_ADAPTER, /* until the adapter is gone */
	BLUEZ_FOR_EVER,
};

struct bluez;

/* A method call under way. */
struct bluez_request {
	struct bluez_request *next;
	struct bluez *b;
	sd_bus_slot *slot;
	enum bluez_scope scope;
	enum gatt_chr chr;
	struct stack_log_tag tag; /* in the second log */
	char what[64];
	uint64_t data_us; /* a Data value, given over then; 0: it is none */
	/* NULL: an error is logged.  error is NULL where the call succeeded. */
	void (*done)(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error);
};

struct bluez_timer {
	sd_event_source *source;
	void (*fn)(struct bluez *b);
	struct bluez *b;
};

struct bluez_hci; /* bluez_hci.c */
struct bluez_look; /* bluez_table.c */
struct bluez_agent; /* bluez_agent.c */

struct bluez {
	struct transport base;
	struct bluez_config config;
	char wanted_adapter[16];
	char sysfs[128];
	sd_event *event;
	sd_bus *bus;
	sd_bus_slot *gate, *owner_match, *owner_call;
	char owner[256]; /* unique name of org.bluez's owner; "": none, or not told yet */
	bool foreign_told; /* that others send */
	sd_bus_slot *matches[4];
	struct bluez_request *calls;
	struct bluez_object *objects;
	char adapter[BLUEZ_PATH_MAX]; /* the one in use while present */
	char release[16]; /* bluetoothd's, as it told last; "": it did not */
	bool present; /* bluetoothd and a powered adapter are there */
	bool loaded; /* all objects were read since bluetoothd came */
	enum bluez_problem problem; /* while not present */
	enum gatt_host host; /* what the latest problem that was no mere wait means */
	bool denied; /* the bus let a call not pass */
	bool pinged; /* ... and has not answered yet */
	bool silent; /* bluetoothd owes even that answer for longer than a period */
	enum gatt_pairing pairing; /* told in this connection, or the one before */
	bool bonded; /* there was a bond when the connection was begun */

	sd_event_source *alarm;
	struct bluez_timer patience; /* with the connection, by phase */
	struct bluez_timer rescan, released, refused, reload, pulse;

	bool scanning; /* the user wants it */
	enum bluez_discovery discovery;
	bool discovery_failed; /* told once until it works */

	enum bluez_phase phase;
	char address[18]; /* asked for by connect() */
	char device[BLUEZ_PATH_MAX];
	bool hanging_up; /* disconnect() was called */
	bool answered; /* Connect() was */
	bool dropped; /* Connected turned false before Connect() was answered */
	enum gatt_reason reason; /* as Disconnected() told [5.83] or HCI, else GATT_UNKNOWN */
	sd_bus_slot *device_match;
	char known[18]; /* address where the OTA characteristics were seen */
	char forgotten[18]; /* address whose cache was dropped, until its Info was read */
	char misremembered[18]; /* address whose cache does not fit and is kept */
	char unstuck[18]; /* address that was removed to end an access of an earlier link */

	bool discover_wanted; /* discover() waits for the services */
	bool looking; /* GetManagedObjects() was called for them */
	bool mapped; /* DISCOVERED was told */
	char chrs[GATT_CHRS][BLUEZ_PATH_MAX];
	char events[BLUEZ_PATH_MAX]; /* whose notifications are Control's */
	enum dialect_id dialect; /* of the device, as bluez_gatt_map() found it */
	uint8_t properties[GATT_CHRS];
	bool writing[GATT_CHRS]; /* a write request is outstanding */
	uint16_t mtu;
	enum transport_source mtu_source;

	enum bluez_socket socket;
	bool socket_for_mtu; /* asked only to learn the MTU */
	bool socket_useless; /* on this connection: write by command instead */
	int fd; /* the socket held, -1: none */
	sd_event_source *fd_io;
	unsigned int commands; /* WriteValue(command) without an answer yet */
	bool blocked; /* a write was refused with -OTA_EAGAIN */
	bool refusal_told; /* on this connection */

	struct bluez_hci *hci;
	struct bluez_agent *agent;
	struct bluez_look *look; /* of TRANSPORT_READ_TABLE, NULL: there was none */
	struct stack_log told; /* the second log */

	bool maintenance; /* bluez_maintenance() is at work */
	char cycled[BLUEZ_PATH_MAX]; /* the adapter being switched off and on; "": none */
	bool cycled_on; /* ... to which bluetoothd said yes */
};

static inline struct bluez *bluez_of(struct transport *t)
{
	return (struct bluez *)t;
}

/* bluez.c */
void bluez_log(struct bluez *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bluez_emit(struct bluez *b, const struct transport_event *event);
uint64_t bluez_now(struct transport *t);
/* Calls fn once, us from now. */
void bluez_after(struct bluez *b, struct bluez_timer *timer, uint64_t us,
		 void (*fn)(struct bluez *b));
void bluez_timer_stop(struct bluez_timer *timer);

/* bluez_owner.c */
/* Lets only messages of bluetoothd and the bus reach a match or an object from here on. */
int bluez_owner_watch(struct bluez *b);
void bluez_owner_unwatch(struct bluez *b);
/* bluetoothd sent it, or the bus. */
bool bluez_owner_sent(const struct bluez *b, sd_bus_message *m);
/* Logs, once, that another program sent a message. */
void bluez_owner_foreign(struct bluez *b, sd_bus_message *m);

/* bluez_request.c */
/*
 * Sends m, which is released in any case; rc < 0: building it failed, which is
 * returned.  done() comes once, unless the call is cancelled first.
 */
int bluez_send(struct bluez *b, enum bluez_scope scope, enum gatt_chr chr, sd_bus_message *m,
	       int rc,
	       void (*done)(struct bluez_request *call, sd_bus_message *reply,
			    const sd_bus_error *error));
/* A call without arguments. */
int bluez_request(struct bluez *b, enum bluez_scope scope, const char *path, const char *interface,
		  const char *member,
		  void (*done)(struct bluez_request *call, sd_bus_message *reply,
			       const sd_bus_error *error));
/* The same as the last thing: no answer is wanted. */
void bluez_request_last(struct bluez *b, const char *path, const char *interface,
			const char *member);
/* Forgets the calls of this scope and of shorter ones. */
void bluez_cancel(struct bluez *b, enum bluez_scope scope);

/* bluez_calls.c: tells the calls to a watcher.  A message that was looked at is rewound. */
void bluez_stack_log_made(struct bluez *b, struct bluez_request *call, sd_bus_message *m);
void bluez_stack_log_done(struct bluez *b, struct bluez_request *call, sd_bus_message *reply,
			  const sd_bus_error *error);
void bluez_stack_log_forgotten(struct bluez *b, struct bluez_request *call);
void bluez_stack_log_changed(struct bluez *b, sd_bus_message *m);
void bluez_stack_log_object(struct bluez *b, const char *path, bool added);

/* bluez_adapter.c */
/* Asks for all objects; then an adapter is chosen. */
int bluez_adapter_load(struct bluez *b);
void bluez_adapter_changed(struct bluez *b, const struct bluez_object *o);
/* Any adapter was unplugged; o is no longer in the list. */
void bluez_adapter_removed(struct bluez *b, const struct bluez_object *o);
void bluez_daemon_gone(struct bluez *b, enum bluez_problem problem);
void bluez_daemon_back(struct bluez *b);

/* The present fault of the host's own side. */
enum gatt_host bluez_adapter_host(struct bluez *b);
/* The one in use, else the one that would be; false: there is none. */
bool bluez_adapter_path(const struct bluez *b, char *buf, size_t size);
/* Sets Powered. */
int bluez_adapter_power(struct bluez *b, const char *path, bool on,
			void (*done)(struct bluez_request *call, sd_bus_message *reply,
				     const sd_bus_error *error));
/* b->cycled is on again, or with a negative status cannot be switched. */
void bluez_adapter_cycled(struct bluez *b, int status);

/* bluez_pulse.c */
/* A connection begins. */
void bluez_pulse_start(struct bluez *b);
/* The daemon is another, or none. */
void bluez_pulse_forget(struct bluez *b);

/* bluez_maintenance.c */
int bluez_maintenance(struct transport *t, enum transport_maintenance what, const char *device);
void bluez_maintenance_end(struct bluez *b, int status);
void bluez_maintenance_powered(struct bluez *b, const struct bluez_object *o);
/* The same for an adapter that was unplugged. */
void bluez_maintenance_removed(struct bluez *b, const struct bluez_object *o);

/* bluez_rfkill.c */
/* Returns true if a switch, of hardware or software, keeps the adapter of that path off. */
bool bluez_rfkill_blocks(const struct bluez *b, const char *adapter);

/* bluez_scan.c */
int bluez_scan_start(struct transport *t);
int bluez_scan_stop(struct transport *t);
/* Starts or stops discovery as scan and connection want it now. */
void bluez_discovery_update(struct bluez *b);
/* The adapter is gone, and its discovery with it. */
void bluez_discovery_forget(struct bluez *b);
void bluez_heard(struct bluez *b, const struct bluez_object *o);

/* bluez_connect.c */
int bluez_connect(struct transport *t, const char *address);
int bluez_disconnect(struct transport *t);
/* The connection, or the attempt at one, is over. */
void bluez_ended(struct bluez *b, enum gatt_reason reason);
void bluez_device_changed(struct bluez *b, const struct bluez_object *o, unsigned int told);
/* Discovery has stopped. */
void bluez_connect_quiet(struct bluez *b);
/* The agent is the one that is asked. */
void bluez_connect_ready(struct bluez *b);
/* The services that bluetoothd remembers do not fit the device any more. */
bool bluez_forget_cache(struct bluez *b);
/*
 * InProgress, while this program writes nothing else: bluetoothd keeps a write that it
 * repeats once the link is encrypted (handle_error_rsp() of src/shared/att.c) when that link ends
 * instead, and refuses all that follow, on later links as well.  Seen with 5.82 and 5.87, after a
 * wrong passkey.  The device is removed, once and unless it is paired: true, and the link ends.
 */
bool bluez_forget_stuck(struct bluez *b);

/* bluez_properties.c */

/*
 * Reads the properties of one interface, "a{sv}", into c->o and says in c->told what came.
 * Returns 0 or more, or sd-bus's negative error.
 */
int bluez_read_properties(struct bluez_change *c, sd_bus_message *m);

/* bluez_objects.c */
/* An answer to GetManagedObjects(); changes are not told. */
int bluez_objects_read(struct bluez *b, sd_bus_message *reply);
int bluez_objects_watch(struct bluez *b);
void bluez_objects_clear(struct bluez *b);
struct bluez_object *bluez_find(const struct bluez *b, enum bluez_kind kind, const char *path);
struct bluez_object *bluez_find_address(const struct bluez *b, const char *address);
/* Returns true if path lies below parent. */
bool bluez_below(const char *path, const char *parent);
/* An object appeared, changed, or was just taken from the list. */
void bluez_object_changed(struct bluez *b, struct bluez_object *o, unsigned int told);
void bluez_object_gone(struct bluez *b, const struct bluez_object *o);

/* bluez_gatt.c */
void bluez_gatt_reset(struct bluez *b);
/* ServicesResolved may have become true. */
void bluez_gatt_look(struct bluez *b);
void bluez_gatt_chr_changed(struct bluez *b, const struct bluez_object *o, unsigned int told);
void bluez_gatt_chr_gone(struct bluez *b, const struct bluez_object *o);
/* Tells DISCOVERED; the MTU is known, or will not be. */
void bluez_gatt_tell(struct bluez *b);
void bluez_gatt_mtu(struct bluez *b, uint16_t mtu);
void bluez_gatt_told(struct bluez *b, enum transport_event_kind kind, enum gatt_chr chr, int status,
		     const uint8_t *data, size_t len);
/*
 * Notes that a call failed: a refusal by the bus, or one that lacks a pairing or a right, is kept.
 */
void bluez_gatt_refused(struct bluez *b, enum gatt_chr chr, const sd_bus_error *error);
/* A PropertiesChanged with a Value. */
void bluez_gatt_value(struct bluez *b, const char *path, const uint8_t *buf, size_t len);
/* A call to a characteristic; or a negative OTA_E*. */
int bluez_gatt_begin(struct bluez *b, enum gatt_chr chr, const char *member, sd_bus_message **ret);
int bluez_gatt_discover(struct transport *t);
int bluez_gatt_subscribe(struct transport *t, enum gatt_chr chr);
int bluez_gatt_read(struct transport *t, enum gatt_chr chr);

/* bluez_table.c */
int bluez_table(struct transport *t, const char *address, enum transport_table which,
		struct gatt_table *ret);
/* bluez_maintenance_end() follows; or a negative OTA_E*. */
int bluez_table_look(struct bluez *b, const struct bluez_object *device);
bool bluez_table_looking(const struct bluez *b);
/* The device's Connected may have turned false. */
void bluez_table_left(struct bluez *b, const struct bluez_object *device);
void bluez_table_stop(struct bluez *b);

/* bluez_write.c */
void bluez_write_reset(struct bluez *b);
int bluez_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		size_t len);
/* Asks for the socket of Data to learn the MTU, then tells DISCOVERED; false: cannot. */
bool bluez_write_ask_mtu(struct bluez *b);
/* Some client's write socket of Data came or went. */
void bluez_write_acquired(struct bluez *b, bool acquired);

/* Another program has Data's write socket. */
bool bluez_data_held(const struct bluez *b);

/* bluez_error.c */
int bluez_error_status(const sd_bus_error *error);
/* The meaning of a failed Connect(). */
enum gatt_reason bluez_error_reason(const sd_bus_error *error);
/* The daemon went away while it owed the answer. */
bool bluez_error_is_loss(const sd_bus_error *error);
/* Another client holds the characteristic. */
bool bluez_error_is_held(const sd_bus_error *error);
/* The handle is not what bluetoothd remembers: ATT errors 0x01, 0x0a, and 0x02 or 0x03 for
 * what its properties allow. */
bool bluez_error_is_stale(const sd_bus_error *error);
bool bluez_error_is_in_progress(const sd_bus_error *error);
/* Returns true for ATT errors 0x80 to 0x9f.  The device's stack answers for a CCC descriptor
 * with none of these: so another attribute was written. */
bool bluez_error_is_applications(const sd_bus_error *error);
/* The state of pairing, by the error that refused an access. */
enum gatt_pairing bluez_error_pairing(const sd_bus_error *error);
/* The reason in Device1.Disconnected(name, message) [5.83]. */
enum gatt_reason bluez_disconnect_reason(const char *name);

/* bluez_agent.c */
/*
 * Offers the agent, while a device is being connected or is connected.  True:
 * bluez_connect_ready() follows.  A connection keeps the capability that the
 * adapter had when it began, which bluetoothd sets behind its answer: a Connect()
 * sent along with RequestDefaultAgent can be ahead of it.
 */
bool bluez_agent_start(struct bluez *b);
void bluez_agent_stop(struct bluez *b);
/* The link is gone; tells what of a pairing that was under way. */
void bluez_agent_hung_up(struct bluez *b, enum gatt_reason reason);
/* A passkey was asked for in this connection. */
bool bluez_agent_asked(const struct bluez *b);
/* A write was answered, which a device that wants pairing does not do before. */
void bluez_agent_written(struct bluez *b);
/* The device's Paired may have become true. */
void bluez_agent_look(struct bluez *b, const struct bluez_object *device);
int bluez_passkey(struct transport *t, int32_t passkey);

/* bluez_hci.c */
/*
 * Reads RSSI and buffers of the link that is up, where the kernel lets this user.  From
 * Connected on, so that an encryption that fails before Connect() is answered is seen.
 */
void bluez_hci_start(struct bluez *b);
void bluez_hci_stop(struct bluez *b);
/* Why the link that just went down did, as far as the kernel told; else GATT_UNKNOWN. */
enum gatt_reason bluez_hci_reason(struct bluez *b);
void bluez_hci_state(const struct bluez *b, struct transport_link *ret);

#endif
