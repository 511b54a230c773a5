/* SPDX-License-Identifier: Apache-2.0 */
/* See maintenance.h. */
#include "host/maintenance.h"

#include <stdio.h>
#include <string.h>

int maintenance_start(struct transport *t, enum transport_maintenance what, const char *device)
{
	return t->ops->maintenance ? t->ops->maintenance(t, what, device) : -OTA_ENOTSUP;
}

bool maintenance_succeeded(enum transport_maintenance what, int status)
{
	switch (what) {
	case TRANSPORT_HANG_UP:
		return status == 0 || status == -OTA_ENOTCONN;
	case TRANSPORT_FORGET:
		return status == 0 || status == -OTA_ENOENT;
	case TRANSPORT_POWER_CYCLE:
	case TRANSPORT_READ_TABLE:
		break;
	}
	return status == 0;
}

static const char *good_text(enum transport_maintenance what, int status)
{
	switch (what) {
	case TRANSPORT_HANG_UP:
		return status == 0 ? "the link is down" : "there is no link to end";
	case TRANSPORT_FORGET:
		return status == 0 ? "forgotten: services are discovered again, a bonded device "
				     "must be paired again"
				   : "nothing is cached for it";
	case TRANSPORT_READ_TABLE:
		return "its services were read";
	case TRANSPORT_POWER_CYCLE:
		break;
	}
	return "the adapter was switched off and on";
}

static const char *bad_text(int status)
{
	switch (status) {
	case -OTA_ENOENT:
		return "the host's Bluetooth stack knows no such device";
	case -OTA_EINVAL:
		return "several devices have that name: use the address";
	case -OTA_EBUSY:
		return "the adapter is busy with a link: cancel first";
	case -OTA_ENODEV:
		return "there is no adapter to use";
	case -OTA_EPERM:
		return "this user has no permission";
	case -OTA_ENOTSUP:
		return "not supported here";
	default: /* the stack's own */
		return strerror(-status);
	}
}

char *maintenance_text(enum transport_maintenance what, int status, const char *device, char *buf,
		       size_t size)
{
	(void)snprintf(buf, size, "%s%s%s", device ? device : "", device ? ": " : "",
		       maintenance_succeeded(what, status) ? good_text(what, status)
							   : bad_text(status));
	return buf;
}
