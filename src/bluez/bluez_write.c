/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three ways to write: WriteValue(request), WriteValue(command), and the
 * socket of AcquireWrite.
 *
 * Commands, either way, are queued by bluetoothd without end (src/shared/att.c),
 * so nothing here tells what was sent; the session's credits bound what is in
 * flight.  AcquireWrite cuts values over 512 octets without a word (sock_read()
 * of src/gatt-client.c), so they are refused.
 */
#include "config.h" /* system extensions: MSG_NOSIGNAL */

#include "bluez/bluez_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Under dbus-daemon's max_replies_per_connection, 128 where nobody raised it. */
#define COMMANDS_MAX 64u
#define RELEASE_US 1000000u

static void drop_socket(struct bluez *b)
{
	sd_event_source_disable_unref(b->fd_io);
	b->fd_io = NULL;
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

void bluez_write_reset(struct bluez *b)
{
	drop_socket(b);
	bluez_timer_stop(&b->released);
	b->socket = BLUEZ_SOCKET_NONE;
	b->socket_for_mtu = b->socket_useless = false;
	memset(b->writing, 0, sizeof(b->writing));
	b->commands = 0;
	b->blocked = false;
	b->refusal_told = false;
}

static void writable(struct bluez *b)
{
	const struct transport_event event = {.kind = TRANSPORT_WRITABLE};

	if (!b->blocked || b->phase != BLUEZ_UP)
		return;
	b->blocked = false;
	bluez_emit(b, &event);
}

bool bluez_data_held(const struct bluez *b)
{
	const struct bluez_object *o = bluez_find(b, BLUEZ_IS_CHR, b->chrs[GATT_DATA]);

	return b->phase == BLUEZ_UP && b->socket == BLUEZ_SOCKET_NONE && o && o->acquired;
}

/* A refused command is told as a failed write, once a connection. */
static void bluez_write_refused(struct bluez *b, const sd_bus_error *error)
{
	const int status = bluez_error_status(error);

	if (status == -OTA_ENOTCONN || b->refusal_told)
		return; /* its end is told by itself */
	b->refusal_told = true;
	bluez_log(b, "%s: %s%s", error->name, error->message ? error->message : "",
		  bluez_error_is_held(error) ? " (by another program)" : "");
	bluez_gatt_told(b, TRANSPORT_WRITTEN, GATT_DATA, status, NULL, 0);
}

/* --- the socket */

static void released(struct bluez *b)
{
	bluez_timer_stop(&b->released);
	if (b->socket != BLUEZ_SOCKET_RELEASING)
		return;
	b->socket = BLUEZ_SOCKET_NONE;
	if (b->discover_wanted && b->socket_for_mtu)
		bluez_gatt_tell(b);
	b->socket_for_mtu = false;
	writable(b);
}

/*
 * Closed by this side: WriteValue is NotPermitted until bluetoothd has noticed, which
 * WriteAcquired tells.  By bluetoothd: the link is going, which the bus tells a moment
 * later and with its reason; until then a write is not refused, but has to wait.
 */
static void bluez_write_release(struct bluez *b)
{
	drop_socket(b);
	b->socket = BLUEZ_SOCKET_RELEASING;
	bluez_after(b, &b->released, RELEASE_US, released);
}

void bluez_write_acquired(struct bluez *b, bool acquired)
{
	if (!acquired)
		released(b);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct bluez *b = userdata;

	(void)fd;
	if (events & (EPOLLHUP | EPOLLERR)) {
		bluez_write_release(b);
	} else {
		(void)sd_event_source_set_io_events(source, 0);
		writable(b);
	}
	return 0;
}

static int bluez_write_keep(struct bluez *b, int fd)
{
	b->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (b->fd < 0)
		return -OTA_EIO;
	return sd_event_add_io(b->event, &b->fd_io, b->fd, 0, on_socket, b);
}

/* Without the socket: by command, or not at all where another program has it. */
static void not_acquired(struct bluez *b, const sd_bus_error *error)
{
	b->socket = BLUEZ_SOCKET_NONE;
	if (b->socket_for_mtu) {
		b->socket_for_mtu = false;
		if (b->discover_wanted)
			bluez_gatt_tell(b);
		return;
	}
	if (error && bluez_error_is_held(error)) {
		bluez_write_refused(b, error);
		return;
	}
	bluez_log(b, "AcquireWrite: %s; writing by command instead",
		  error ? error->name : "malformed answer");
	b->socket_useless = true;
	writable(b);
}

static void on_acquired(struct bluez_request *call, sd_bus_message *reply,
			const sd_bus_error *error)
{
	struct bluez *b = call->b;
	uint16_t mtu;
	int fd;

	if (error || sd_bus_message_read(reply, "hq", &fd, &mtu) <= 0 ||
	    bluez_write_keep(b, fd) < 0) {
		drop_socket(b);
		not_acquired(b, error);
		return;
	}
	b->socket = BLUEZ_SOCKET_HELD;
	bluez_gatt_mtu(b, mtu);
	if (b->socket_for_mtu)
		bluez_write_release(b);
	else
		writable(b);
}

static int acquire(struct bluez *b)
{
	sd_bus_message *m = NULL;
	int rc = bluez_gatt_begin(b, GATT_DATA, "AcquireWrite", &m);

	if (rc >= 0)
		rc = sd_bus_message_append(m, "a{sv}", 0);
	rc = bluez_send(b, BLUEZ_FOR_LINK, GATT_DATA, m, rc, on_acquired);
	if (rc == 0)
		b->socket = BLUEZ_SOCKET_ASKED;
	return rc;
}

bool bluez_write_ask_mtu(struct bluez *b)
{
	if (!(b->properties[GATT_DATA] & GATT_PROP_WRITE_COMMAND) || acquire(b) < 0)
		return false;
	b->socket_for_mtu = true;
	return true;
}

static int write_socket(struct bluez *b, const uint8_t *buf, size_t len)
{
	if (send(b->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len) {
		stack_log_data(&b->base, &b->told, len);
		return 0;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
		(void)sd_event_source_set_io_events(b->fd_io, EPOLLOUT);
		return -OTA_EAGAIN;
	}
	bluez_write_release(b);
	return -OTA_EAGAIN;
}

/* --- WriteValue */

static void on_written(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;

	(void)reply;
	b->writing[call->chr] = false;
	if (error && bluez_error_is_stale(error) && bluez_forget_cache(b))
		return;
	if (error && bluez_error_is_in_progress(error) && bluez_forget_stuck(b))
		return;
	if (!error)
		bluez_agent_written(b);
	if (error)
		bluez_log(b, "WriteValue: %s: %s", error->name,
			  error->message ? error->message : "");
	bluez_gatt_told(b, TRANSPORT_WRITTEN, call->chr, error ? bluez_error_status(error) : 0,
			NULL, 0);
	writable(b);
}

static void on_commanded(struct bluez_request *call, sd_bus_message *reply,
			 const sd_bus_error *error)
{
	struct bluez *b = call->b;

	(void)reply;
	b->commands--;
	if (error)
		bluez_write_refused(b, error);
	if (b->commands <= COMMANDS_MAX / 2)
		writable(b);
}

static int write_value(struct bluez *b, enum gatt_chr chr, bool request, const uint8_t *buf,
		       size_t len)
{
	sd_bus_message *m = NULL;
	int rc = bluez_gatt_begin(b, chr, "WriteValue", &m);

	if (rc >= 0)
		rc = sd_bus_message_append_array(m, 'y', buf, len);
	if (rc >= 0)
		rc = sd_bus_message_append(m, "a{sv}", 1, "type", "s",
					   request ? "request" : "command");
	return bluez_send(b, BLUEZ_FOR_LINK, chr, m, rc, request ? on_written : on_commanded);
}

/* Sends it, or -OTA_EAGAIN. */
static int write_command(struct bluez *b, enum gatt_chr chr, bool by_socket, const uint8_t *buf,
			 size_t len)
{
	int rc;

	if (b->writing[chr])
		return -OTA_EAGAIN; /* WriteValue would be InProgress */
	if (chr == GATT_DATA && b->socket == BLUEZ_SOCKET_HELD) {
		if (by_socket)
			return write_socket(b, buf, len);
		bluez_write_release(b);
	}
	if (chr == GATT_DATA && b->socket != BLUEZ_SOCKET_NONE)
		return -OTA_EAGAIN;
	if (by_socket) {
		rc = acquire(b);
		return rc < 0 ? rc : -OTA_EAGAIN;
	}
	if (b->commands >= COMMANDS_MAX)
		return -OTA_EAGAIN;
	rc = write_value(b, chr, false, buf, len);
	if (rc == 0)
		b->commands++;
	return rc;
}

static int write_request(struct bluez *b, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	int rc;

	if (b->writing[chr])
		return -OTA_EBUSY;
	if (chr == GATT_DATA && b->socket == BLUEZ_SOCKET_HELD)
		bluez_write_release(b);
	if (chr == GATT_DATA && b->socket != BLUEZ_SOCKET_NONE)
		return -OTA_EAGAIN;
	rc = write_value(b, chr, true, buf, len);
	b->writing[chr] = rc == 0;
	return rc;
}

int bluez_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		size_t len)
{
	struct bluez *b = bluez_of(t);
	const bool by_socket = mode == GATT_ACQUIRE && chr == GATT_DATA && !b->socket_useless;
	int rc;

	if (b->phase != BLUEZ_UP)
		return -OTA_ENOTCONN;
	if (!b->chrs[chr][0])
		return -OTA_ENOENT;
	if (len > OTA_VALUE_MAX || (mode != GATT_REQUEST && len + OTA_ATT_HEADER > b->mtu))
		return -OTA_EMSGSIZE;
	rc = mode == GATT_REQUEST ? write_request(b, chr, buf, len)
				  : write_command(b, chr, by_socket, buf, len);
	if (rc == -OTA_EAGAIN)
		b->blocked = true;
	return rc;
}
