/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dbus-daemon of the test's own: it says who sent a message, tells of owners,
 * and, as the system bus does, carries signals between any two connections.
 */
#ifndef OTABENCH_PRIVATEBUS_H
#define OTABENCH_PRIVATEBUS_H

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/*
 * A new connection, with its name on the bus.  The daemon is started for the first and
 * stopped with the program; without dbus-daemon the test is skipped.  event: NULL, or
 * where the connection is attached.
 */
sd_bus *private_bus_open(sd_event *event);
void private_bus_close(sd_bus *bus);
/* Every connection is lost; the next begins another daemon. */
void private_bus_stop(void);

#endif
