/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapter's other end: the kernel, through /dev/vhci, or a program at a socket.
 * What differs between the two is decided here.
 */
#include "config.h" /* system extensions: those of radio.h's headers */

#include "radiod/radio.h"
#include "cli/cli.h"
#include "radiod/vhci.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PACKETS_PER_TURN 32

void radio_host_send(struct radio *radio, const uint8_t *packet, size_t len)
{
	int rc;

	if (radio->fd < 0)
		return;
	rc = radio->options.listen ? radio_socket_write(radio->fd, packet, len)
				   : vhci_write(radio->fd, packet, len);
	if (rc < 0)
		log_write(&radio->log, LOG_LEVEL_WARNING, "writing to the host: %s", strerror(-rc));
}

static int radio_host_on_packet(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct radio *radio = userdata;
	uint8_t packet[HCI_PACKET_MAX];
	int n;

	(void)source;
	if (revents & (EPOLLHUP | EPOLLERR)) {
		log_write(&radio->log, LOG_LEVEL_ERROR, "the kernel closed the adapter");
		return sd_event_exit(radio->event, CLI_NO_ADAPTER);
	}
	radio_now(radio);
	for (int i = 0; i < PACKETS_PER_TURN; i++) {
		n = vhci_read(fd, packet, sizeof(packet));
		if (n < 0) {
			log_write(&radio->log, LOG_LEVEL_ERROR, "reading from the kernel: %s",
				  strerror(-n));
			return sd_event_exit(radio->event, CLI_NO_ADAPTER);
		}
		if (n == 0)
			break;
		hci_input(radio->hci, packet, (size_t)n);
	}
	radio_watch_moved(radio);
	radio_rearm(radio);
	return 0;
}

static int radio_host_listen(struct radio *radio)
{
	const char *path = radio->options.listen;
	const int rc = radio_socket_open(path, &radio->listener);

	if (rc == 0)
		return CLI_OK;
	log_write(&radio->log, LOG_LEVEL_ERROR, "%s: %s%s", path, strerror(-rc),
		  rc == -EADDRINUSE ? " (remove it if no otabench-radio serves it)" : "");
	return rc == -EACCES || rc == -EPERM ? CLI_NO_PERMISSION : CLI_NO_ADAPTER;
}

int radio_host_open(struct radio *radio)
{
	const char *path = radio->options.path;
	int rc;

	if (radio->options.listen)
		return radio_host_listen(radio);
	rc = vhci_open(path, &radio->fd, &radio->index);
	if (rc == 0)
		return CLI_OK;
	log_write(&radio->log, LOG_LEVEL_ERROR, "%s: %s%s", path, strerror(-rc),
		  rc == -ENOENT || rc == -ENODEV ? " (try: modprobe hci_vhci)" : "");
	return rc == -EACCES || rc == -EPERM ? CLI_NO_PERMISSION : CLI_NO_ADAPTER;
}

int radio_host_watch(struct radio *radio)
{
	if (radio->options.listen)
		return sd_event_add_io(radio->event, &radio->listen_io, radio->listener, EPOLLIN,
				       radio_socket_on_host, radio);
	return sd_event_add_io(radio->event, &radio->io, radio->fd, EPOLLIN, radio_host_on_packet,
			       radio);
}

void radio_host_tell_ready(struct radio *radio)
{
	char name[16];
	json_t *event = radio_event(radio, "ready");

	snprintf(name, sizeof(name), "hci%u", radio->index);
	if (radio->options.listen)
		(void)json_object_set_new(event, "socket", json_string(radio->options.listen));
	else
		(void)json_object_set_new(event, "adapter", json_string(name));
	radio_emit(radio, event);
}

void radio_host_close(struct radio *radio)
{
	radio->io = sd_event_source_disable_unref(radio->io);
	radio->listen_io = sd_event_source_disable_unref(radio->listen_io);
	if (radio->fd >= 0)
		(void)close(radio->fd);
	if (radio->listener >= 0) {
		(void)close(radio->listener);
		(void)unlink(radio->options.listen);
	}
	radio->fd = radio->listener = -1;
}

static bool radio_host_plugged(const struct radio *radio)
{
	return radio->fd >= 0 || radio->listener >= 0;
}

bool radio_unplug(struct radio *radio)
{
	if (!radio_host_plugged(radio))
		return false;
	radio_now(radio);
	radio_host_close(radio);
	hci_power_cycle(radio->hci);
	return true;
}

bool radio_plug(struct radio *radio)
{
	if (radio_host_plugged(radio) || radio_host_open(radio) != CLI_OK)
		return false;
	if (radio_host_watch(radio) < 0) {
		(void)radio_unplug(radio);
		return false;
	}
	radio_host_tell_ready(radio);
	return true;
}
