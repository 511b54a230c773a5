/* SPDX-License-Identifier: Apache-2.0 */
/* See bus_error.h. */
#include "base/bus_error.h"

#include <stdbool.h>
#include <string.h>

#define BUS "org.freedesktop.DBus.Error."

/*
 * A name that ends in a dot stands for all that begin so.  dbus-daemon says TimedOut of a service
 * that it started and that did not take its name, and Timeout and NoReply are sd-bus's and the
 * bus's words for a call without an answer.  sd-bus calls errors of its own connection "System.".
 */
static const struct {
	const char *name;
	enum bus_failure failure;
} names[] = {
	{BUS "AccessDenied", BUS_REFUSED},
	{BUS "AuthFailed", BUS_REFUSED},
	{BUS "ServiceUnknown", BUS_NOT_RUNNING},
	{BUS "NameHasNoOwner", BUS_NOT_RUNNING},
	{BUS "TimedOut", BUS_NOT_RUNNING},
	{BUS "Spawn.", BUS_NOT_RUNNING},
	{"org.freedesktop.systemd1.", BUS_NOT_RUNNING},
	{BUS "NoReply", BUS_NO_ANSWER},
	{BUS "Timeout", BUS_NO_ANSWER},
	{BUS "Disconnected", BUS_LOST},
	{"System.Error.ECONNRESET", BUS_LOST},
	{"System.Error.ENOTCONN", BUS_LOST},
	{"System.Error.EPIPE", BUS_LOST},
};

static bool is_name(const char *name, const char *known)
{
	const size_t len = strlen(known);

	return known[len - 1] == '.' ? strncmp(name, known, len) == 0 : strcmp(name, known) == 0;
}

enum bus_failure bus_error_failure(const char *name)
{
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (is_name(name, names[i].name))
			return names[i].failure;
	return BUS_OTHER;
}
