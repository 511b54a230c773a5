/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of the fake org.bluez. */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include "bluezfake_priv.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- answers */

void fake_reply(struct fake *f, sd_bus_message *call)
{
	(void)f;
	must(sd_bus_reply_method_return(call, ""));
}

void fake_reply_error(struct fake *f, sd_bus_message *call, const char *name, const char *text)
{
	(void)f;
	must(sd_bus_reply_method_errorf(call, name, "%s", text));
}

void fake_answer(struct fake *f, size_t i)
{
	assert_true(i < f->held_count);
	fake_reply(f, f->held[i]);
}

void fake_refuse(struct fake *f, size_t i, const char *name, const char *text)
{
	assert_true(i < f->held_count);
	fake_reply_error(f, f->held[i], name, text);
}

void fake_forget_held(struct fake *f)
{
	for (size_t i = 0; i < f->held_count; i++)
		sd_bus_message_unref(f->held[i]);
	f->held_count = 0;
}

const char *fake_calls(struct fake *f)
{
	return fake_take(&f->calls);
}

/* --- adapter */

static void get_objects(struct fake *f, sd_bus_message *call)
{
	sd_bus_message *reply = NULL;

	must(sd_bus_message_new_method_return(call, &reply));
	fake_put_objects(f, reply);
	must(sd_bus_send(f->server, reply, NULL));
	sd_bus_message_unref(reply);
}

static void start_discovery(struct fake *f, sd_bus_message *call)
{
	f->discovering = true;
	fake_reply(f, call);
	for (unsigned int i = 0; i < FAKE_DEVICES; i++)
		if (f->devices[i].audible)
			fake_advertise(f, i);
}

static void stop_discovery(struct fake *f, sd_bus_message *call)
{
	f->discovering = false;
	fake_forget_rssi(f);
	fake_reply(f, call);
}

static void set_property(struct fake *f, sd_bus_message *call)
{
	const char *interface, *name;
	int value;

	must(sd_bus_message_read(call, "ssv", &interface, &name, "b", &value));
	assert_string_equal(name, "Powered");
	fake_reply(f, call);
	fake_adapter_powered(f, 0, value != 0);
}

static void remove_device(struct fake *f, sd_bus_message *call)
{
	const char *path;

	must(sd_bus_message_read(call, "o", &path));
	assert_string_equal(path, FAKE_DEVICE);
	fake_reply(f, call);
	if (f->devices[0].connected)
		fake_disconnected(f, 0, NULL);
	fake_remove_device(f, 0);
}

/* --- device */

static void connect_device(struct fake *f, sd_bus_message *call)
{
	if (f->radio) {
		fake_radio_connect(f, call);
		return;
	}
	fake_reply(f, call);
	if (!f->connects_by_itself)
		return;
	fake_connected(f, 0, true);
	if (f->resolves_early)
		fake_resolved(f, 0, true);
	fake_export(f, 0, GATT_CONTROL, GATT_CHRS);
	if (!f->resolves_early)
		fake_resolved(f, 0, true);
}

static void disconnect_device(struct fake *f, sd_bus_message *call)
{
	/* src/device.c: device_request_disconnect() */
	for (size_t i = 0; i < f->held_count; i++)
		if (sd_bus_message_is_method_call(f->held[i], FAKE_IS_DEVICE, "Connect"))
			fake_reply_error(f, f->held[i], "org.bluez.Error.Failed",
					 "br-connection-canceled");
	fake_reply(f, call);
	if (f->radio)
		fake_radio_disconnect(f);
	else if (f->devices[0].connected)
		fake_disconnected(f, 0, NULL);
}

/* --- characteristics */

static enum gatt_chr chr_of(struct fake *f, const char *path)
{
	char buf[FAKE_PATH];
	enum gatt_chr chr = GATT_CONTROL;

	while (chr < GATT_CHRS && strcmp(fake_chr_path(f, 0, chr, buf, sizeof(buf)), path) != 0)
		chr++;
	return chr;
}

static void read_value(struct fake *f, sd_bus_message *call, enum gatt_chr chr)
{
	if (f->radio) {
		fake_radio_read(f, chr, call);
		return;
	}
	must(sd_bus_reply_method_return(call, "ay", 3, 'v', '0' + (int)chr, '!'));
}

static void take_value(struct fake *f, const void *value, size_t len)
{
	assert_true(len <= sizeof(f->last));
	memcpy(f->last, value, len);
	f->last_len = len;
	f->values++;
}

static void write_value(struct fake *f, sd_bus_message *call, enum gatt_chr chr)
{
	const char *key, *type;
	const void *value;
	size_t len;

	must(sd_bus_message_read_array(call, 'y', &value, &len));
	must(sd_bus_message_enter_container(call, 'a', "{sv}"));
	must(sd_bus_message_read(call, "{sv}", &key, "s", &type));
	assert_string_equal(key, "type");
	fake_add(&f->calls, " %s %zu\n", type, len);
	if (chr == GATT_DATA && (f->fd >= 0 || f->write_held)) {
		fake_reply_error(f, call, "org.bluez.Error.NotPermitted", "Write acquired");
		return;
	}
	if (chr == GATT_DATA)
		take_value(f, value, len);
	if (strcmp(type, "command") == 0)
		fake_reply(f, call); /* once it is queued */
	if (f->radio)
		fake_radio_write(f, chr, value, len, strcmp(type, "request") == 0 ? call : NULL);
	else if (strcmp(type, "request") == 0)
		fake_reply(f, call);
}

void fake_close_socket(struct fake *f)
{
	if (f->fd < 0)
		return;
	sd_event_source_disable_unref(f->fd_io);
	f->fd_io = NULL;
	close(f->fd);
	f->fd = -1;
}

/* src/gatt-client.c: sock_read(), sock_hup() */
static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct fake *f = userdata;
	uint8_t buf[512];
	ssize_t n;

	(void)source;
	(void)events;
	if (f->fd_deaf)
		return sd_event_source_set_enabled(f->fd_io, SD_EVENT_OFF);
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n > 0) {
		take_value(f, buf, (size_t)n);
		if (f->radio)
			fake_radio_write(f, GATT_DATA, buf, (size_t)n, NULL);
	} else {
		fake_close_socket(f);
		fake_write_acquired(f, false);
	}
	return 0;
}

static void acquire_write(struct fake *f, sd_bus_message *call)
{
	int fds[2];

	if (f->fd >= 0 || f->write_held) {
		fake_reply_error(f, call, "org.bluez.Error.NotPermitted", "Write acquired");
		return;
	}
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
	f->fd = fds[0];
	must(sd_event_add_io(f->event, &f->fd_io, f->fd, EPOLLIN, on_socket, f));
	must(sd_bus_reply_method_return(call, "hq", fds[1], f->mtu));
	close(fds[1]);
	fake_write_acquired(f, true);
}

static void start_notify(struct fake *f, sd_bus_message *call)
{
	if (f->radio)
		fake_radio_subscribe(f, call);
	else
		fake_reply(f, call);
}

/* --- the table */

static bool serve_chr(struct fake *f, sd_bus_message *call, const char *member)
{
	const enum gatt_chr chr = chr_of(f, sd_bus_message_get_path(call));

	if (chr == GATT_CHRS)
		return false;
	if (strcmp(member, "ReadValue") == 0)
		read_value(f, call, chr);
	else if (strcmp(member, "WriteValue") == 0)
		write_value(f, call, chr);
	else if (strcmp(member, "AcquireWrite") == 0)
		acquire_write(f, call);
	else if (strcmp(member, "StartNotify") == 0)
		start_notify(f, call);
	else
		return false;
	return true;
}

static bool serve(struct fake *f, sd_bus_message *call, const char *member)
{
	static const struct {
		const char *member;
		void (*fn)(struct fake *f, sd_bus_message *call);
	} methods[] = {
		{"GetManagedObjects", get_objects}, {"Set", set_property},
		{"SetDiscoveryFilter", fake_reply}, {"StartDiscovery", start_discovery},
		{"StopDiscovery", stop_discovery},  {"RemoveDevice", remove_device},
		{"Connect", connect_device},	    {"Disconnect", disconnect_device},
		{"RegisterAgent", fake_reply},	    {"RequestDefaultAgent", fake_reply},
		{"UnregisterAgent", fake_reply},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].member, member) != 0)
			continue;
		methods[i].fn(f, call);
		return true;
	}
	return serve_chr(f, call, member);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct fake *f = userdata;
	const char *member = sd_bus_message_get_member(m);
	uint8_t type;

	(void)ret_error;
	must(sd_bus_message_get_type(m, &type));
	if (type != SD_BUS_MESSAGE_METHOD_CALL)
		return 0;
	fake_add(&f->calls, "%s%s", member, strcmp(member, "WriteValue") == 0 ? "" : "\n");
	if (f->hold && strcmp(f->hold, member) == 0) {
		assert_true(f->held_count < FAKE_HELD);
		f->held[f->held_count++] = sd_bus_message_ref(m);
		return 1;
	}
	if (f->error.member && strcmp(f->error.member, member) == 0) {
		f->error.member = NULL;
		fake_reply_error(f, m, f->error.name, f->error.text);
		return 1;
	}
	return serve(f, m, member);
}

void fake_serve(struct fake *f)
{
	must(sd_bus_add_filter(f->server, NULL, on_message, f));
}
