/* SPDX-License-Identifier: Apache-2.0 */
/* The repairs that the program may do itself: see enum doctor_fix. */
#include "config.h" /* system extensions: O_CLOEXEC */

#include "doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_US 25000000u /* a daemon is started, or firmware loaded into an adapter */

const char *doctor_fix_text(const struct doctor_finding *f, char *ret, size_t size)
{
	switch (f->fix) {
	case DOCTOR_FIX_NONE:
		ret[0] = '\0';
		break;
	case DOCTOR_FIX_UNBLOCK:
		(void)snprintf(ret, size, "release the software switch: write 0 to %s", f->target);
		break;
	case DOCTOR_FIX_AWAKE:
		(void)snprintf(
			ret, size,
			"keep the adapter awake until it is plugged in again: write on to %s",
			f->target);
		break;
	case DOCTOR_FIX_POWER:
		(void)snprintf(ret, size, "switch on %s", f->target);
		break;
	case DOCTOR_FIX_START:
		(void)snprintf(ret, size, "ask D-Bus to start bluetoothd");
		break;
	}
	return ret;
}

static int put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	n = n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;
	(void)close(fd);
	return (int)n;
}

static int power_on(sd_bus *bus, const char *path)
{
	sd_bus_message *m = NULL, *reply = NULL;
	int rc = sd_bus_message_new_method_call(bus, &m, "org.bluez", path,
						"org.freedesktop.DBus.Properties", "Set");

	if (rc >= 0)
		rc = sd_bus_message_append(m, "ssv", "org.bluez.Adapter1", "Powered", "b", 1);
	if (rc >= 0)
		rc = sd_bus_call(bus, m, ANSWER_US, NULL, &reply);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return rc < 0 ? rc : 0;
}

static int start(sd_bus *bus, const char *name)
{
	sd_bus_message *m = NULL, *reply = NULL;
	int rc = sd_bus_message_new_method_call(bus, &m, "org.freedesktop.DBus",
						"/org/freedesktop/DBus", "org.freedesktop.DBus",
						"StartServiceByName");

	if (rc >= 0)
		rc = sd_bus_message_append(m, "su", name, 0);
	if (rc >= 0)
		rc = sd_bus_call(bus, m, ANSWER_US, NULL, &reply);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return rc < 0 ? rc : 0;
}

static int over_bus(const struct doctor_finding *f, sd_bus *given)
{
	sd_bus *bus = given ? sd_bus_ref(given) : NULL;
	int rc = bus ? 0 : sd_bus_open_system(&bus);

	if (rc >= 0)
		rc = f->fix == DOCTOR_FIX_POWER ? power_on(bus, f->target) : start(bus, f->target);
	if (given)
		sd_bus_unref(bus);
	else
		sd_bus_flush_close_unref(bus);
	return rc < 0 ? rc : 0;
}

int doctor_mend(const struct doctor_finding *f, const struct doctor_config *config)
{
	switch (f->fix) {
	case DOCTOR_FIX_NONE:
		break;
	case DOCTOR_FIX_UNBLOCK:
		return put(f->target, "0");
	case DOCTOR_FIX_AWAKE:
		return put(f->target, "on");
	case DOCTOR_FIX_POWER:
	case DOCTOR_FIX_START:
		return over_bus(f, config->bus);
	}
	return -EINVAL;
}
