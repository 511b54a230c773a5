/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/vhci: Linux's virtual HCI driver (drivers/bluetooth/hci_vhci.c), through
 * which a process is a Bluetooth controller.
 *
 * One read() is one packet from the host and one write() is one to it, each with
 * its type in front, as hci_input() takes and gives them.  The controller is gone
 * when the descriptor is closed.
 */
#ifndef OTABENCH_RADIOD_VHCI_H
#define OTABENCH_RADIOD_VHCI_H

#include <stddef.h>
#include <stdint.h>

#define VHCI_PATH "/dev/vhci"

/*
 * Makes a controller.  The descriptor, not blocking, is the caller's to close;
 * *ret_index is N of hciN.  A negative errno: -ENOENT no such device (hci_vhci is
 * not loaded), -EACCES, -EPROTO when the driver answers something else.
 */
int vhci_open(const char *path, int *ret_fd, uint16_t *ret_index);
/* A packet from the host: its length, 0 when there is none now, or a negative errno. */
int vhci_read(int fd, uint8_t *buf, size_t size);
/* A packet to the host.  One that a host which is down does not take is dropped. */
int vhci_write(int fd, const uint8_t *packet, size_t len);

#endif
