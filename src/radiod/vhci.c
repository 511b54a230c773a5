/* SPDX-License-Identifier: Apache-2.0 */
/* See vhci.h. */
#include "config.h" /* system extensions: O_CLOEXEC, poll() */

#include "radiod/vhci.h"
#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define TYPE_VENDOR 0xffu /* HCI_VENDOR_PKT: to and from the driver itself */
#define CREATE_PRIMARY 0x00u /* a controller that the host sets up as any other */
#define CREATED_LEN 4u /* type, what was asked for, index */
#define ANSWER_MS 2000

static int vhci_create(int fd, uint16_t *ret_index)
{
	const uint8_t request[2] = {TYPE_VENDOR, CREATE_PRIMARY};
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};
	uint8_t answer[CREATED_LEN];
	ssize_t n;

	if (write(fd, request, sizeof(request)) < 0)
		return -errno;
	n = poll(&pollfd, 1, ANSWER_MS);
	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	n = read(fd, answer, sizeof(answer));
	if (n < 0)
		return -errno;
	if (n != CREATED_LEN || answer[0] != TYPE_VENDOR || answer[1] != CREATE_PRIMARY)
		return -EPROTO;
	*ret_index = bytes_get16(answer + 2);
	return 0;
}

int vhci_open(const char *path, int *ret_fd, uint16_t *ret_index)
{
	const int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = vhci_create(fd, ret_index);
	if (rc < 0)
		(void)close(fd);
	else
		*ret_fd = fd;
	return rc;
}

int vhci_read(int fd, uint8_t *buf, size_t size)
{
	const ssize_t n = read(fd, buf, size);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return (int)n;
}

int vhci_write(int fd, const uint8_t *packet, size_t len)
{
	/* hci_recv_frame() answers ENXIO while the interface is down. */
	if (write(fd, packet, len) < 0 && errno != ENXIO)
		return -errno;
	return 0;
}
