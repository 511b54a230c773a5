/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's monitor channel: a copy of every packet between the hosts and the
 * controllers (Linux net/bluetooth/hci_sock.c, hci_send_to_monitor()).  See capture.h.
 */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include "capture/capture.h"

#include "base/bytes.h"
#include "base/hci_socket.h"
#include "base/os_error.h"
#include "capture/btsnoop_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define HEADER 6u /* struct hci_mon_hdr: kind, index, length */
#define LAST_HCI 11u /* BTSNOOP's VENDOR_DIAG; what follows are notes and management */
#define ISO_TX 18u
/* A burst of an update is some 150 packets in a connection event. */
#define RECEIVE_BUFFER (1024 * 1024)

struct capture_monitor {
	struct btsnoop_file file;
	sd_event_source *source;
	uint16_t index; /* BTSNOOP_NO_INDEX: all */
	int fd;
	int error; /* of reading; negative OTA_E* */
};

static uint64_t timeval_us(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000u + (uint64_t)tv->tv_usec;
}

static uint64_t realtime_us(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* When the kernel saw the packet, else now. */
static uint64_t stamp_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct timeval tv;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMP)
			continue;
		memcpy(&tv, CMSG_DATA(c), sizeof(tv));
		return timeval_us(&tv);
	}
	return realtime_us();
}

/*
 * Keys are left out where they travel by themselves: the management records hold link
 * keys in the clear.  HCI commands that start encryption hold one as well, as in any
 * capture of this kind.
 */
static bool wanted(const struct capture_monitor *m, uint16_t kind, uint16_t index)
{
	if (index == BTSNOOP_NO_INDEX)
		return kind == BTSNOOP_SYSTEM_NOTE;
	return (m->index == BTSNOOP_NO_INDEX || index == m->index) &&
	       (kind <= LAST_HCI || kind >= ISO_TX);
}

/* One packet; returns false when there is none. */
static bool take(struct capture_monitor *m)
{
	uint8_t packet[HEADER + BTSNOOP_RECORD_MAX], control[64];
	struct iovec io = {packet, sizeof(packet)};
	struct msghdr message = {.msg_iov = &io,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	const ssize_t n = recvmsg(m->fd, &message, MSG_DONTWAIT);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR && !m->error)
			m->error = os_error_code(errno);
		return errno == EINTR;
	}
	if ((size_t)n < HEADER)
		return n > 0;
	if (wanted(m, bytes_get16(packet), bytes_get16(packet + 2)))
		btsnoop_put(&m->file, bytes_get16(packet + 2), bytes_get16(packet),
			    stamp_of(&message), packet + HEADER, (size_t)n - HEADER);
	return true;
}

static int monitor_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct capture_monitor *m = userdata;

	(void)fd;
	(void)revents;
	while (take(m))
		;
	if (m->error)
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int open_socket(void)
{
	const int fd = hci_socket(HCI_CHANNEL_MONITOR, HCI_NO_DEVICE, false);
	const int on = 1, room = RECEIVE_BUFFER;

	if (fd < 0)
		return fd == -EPERM || fd == -EACCES ? -OTA_EPERM : -OTA_ENOTSUP;
	/* Without these the file is a little less exact, no more. */
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

int capture_monitor(sd_event *event, uint16_t index, FILE *out, const char *note,
		    struct capture_monitor **ret)
{
	struct capture_monitor *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return -OTA_ENOMEM;
	m->index = index;
	m->fd = rc = open_socket();
	if (rc >= 0)
		rc = sd_event_add_io(event, &m->source, m->fd, EPOLLIN, monitor_readable, m);
	if (rc < 0) {
		if (m->fd >= 0)
			(void)close(m->fd);
		free(m);
		return rc == -OTA_EPERM || rc == -OTA_ENOTSUP ? rc : -OTA_ENOMEM;
	}
	btsnoop_begin(&m->file, out);
	btsnoop_note(&m->file, realtime_us(), note);
	*ret = m;
	return 0;
}

int capture_monitor_end(struct capture_monitor *m)
{
	int rc;

	if (!m)
		return 0;
	while (!m->error && take(m))
		;
	rc = btsnoop_flush(&m->file);
	rc = rc ? rc : m->error;
	(void)sd_event_source_disable_unref(m->source);
	(void)close(m->fd);
	(void)fclose(m->file.out);
	free(m);
	return rc;
}
