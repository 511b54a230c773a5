/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapter at a socket: one host at a time, which is a program with a Bluetooth stack of its
 * own.  Neither a kernel with Bluetooth nor any right is needed.
 */
#include "config.h" /* system extensions: accept4() */

#include "radiod/radio.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_SIZE 4096
#define SEND_TIMEOUT_S 2 /* a host that does not read for so long is ended */

int radio_socket_open(const char *path, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t len = strlen(path);
	int fd, rc = 0;

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		rc = -errno;
	else if (listen(fd, 1) < 0) {
		rc = -errno;
		(void)unlink(path);
	}
	if (rc < 0)
		(void)close(fd);
	else
		*ret_fd = fd;
	return rc;
}

/* The host is gone, or what it sends makes no sense; the next one may come. */
static void radio_socket_drop(struct radio *radio)
{
	radio->io = sd_event_source_disable_unref(radio->io);
	(void)close(radio->fd);
	radio->fd = -1;
	hci_power_cycle(radio->hci);
	log_write(&radio->log, LOG_LEVEL_INFO, "the host left");
}

static void radio_socket_on_packet(void *ctx, const uint8_t *packet, size_t len)
{
	struct radio *radio = ctx;

	hci_input(radio->hci, packet, len);
}

static int radio_socket_on_bytes(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct radio *radio = userdata;
	uint8_t bytes[READ_SIZE];
	ssize_t n;

	(void)source;
	(void)revents;
	radio_now(radio);
	n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		radio_socket_drop(radio);
	} else if (h4_feed(&radio->h4, bytes, (size_t)n, radio_socket_on_packet, radio) < 0) {
		log_write(&radio->log, LOG_LEVEL_WARNING,
			  "the host sends what no HCI packet begins with: it is ended");
		radio_socket_drop(radio);
	}
	radio_watch_moved(radio);
	radio_rearm(radio);
	return 0;
}

int radio_socket_on_host(sd_event_source *source, int listener, uint32_t revents, void *userdata)
{
	const struct timeval patience = {.tv_sec = SEND_TIMEOUT_S};
	struct radio *radio = userdata;
	const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	(void)source;
	(void)revents;
	if (fd < 0)
		return 0; /* it left before it was let in */
	if (radio->fd >= 0) {
		log_write(&radio->log, LOG_LEVEL_WARNING, "a second host is not let in");
		(void)close(fd);
		return 0;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    sd_event_add_io(radio->event, &radio->io, fd, EPOLLIN, radio_socket_on_bytes, radio) <
		    0) {
		(void)close(fd);
		return 0;
	}
	radio->fd = fd;
	h4_init(&radio->h4);
	log_write(&radio->log, LOG_LEVEL_INFO, "a host came");
	return 0;
}

int radio_socket_write(int fd, const uint8_t *packet, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, packet, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			const int error = errno;

			/* The controller may be in the midst of something: what reads drops it. */
			(void)shutdown(fd, SHUT_RDWR);
			return error == EPIPE || error == ECONNRESET ? 0 : -error;
		}
		packet += n;
		len -= (size_t)n;
	}
	return 0;
}
