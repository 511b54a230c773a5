/* SPDX-License-Identifier: Apache-2.0 */
/* See bluezanswer.h. */
#include "config.h" /* system extensions: pipe2() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bluezanswer.h"
#include "privatebus.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int append_adapter(sd_bus_message *reply, const struct bluez_answer *a)
{
	int rc = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");

	if (rc >= 0)
		rc = sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}");
	if (rc >= 0)
		rc = sd_bus_message_append(reply, "o", "/org/bluez/hci0");
	if (rc >= 0)
		rc = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
	if (rc >= 0)
		rc = sd_bus_message_append(reply, "{sa{sv}}", "org.bluez.Adapter1", 3, "Address",
					   "s", "00:AA:01:00:00:23", "Powered", "b", a->powered,
					   "Modalias", "s", a->modalias ? a->modalias : "");
	if (rc >= 0 && a->peripheral)
		rc = sd_bus_message_append(reply, "{sa{sv}}", "org.bluez.GattManager1", 0);
	if (rc >= 0 && a->peripheral)
		rc = sd_bus_message_append(reply, "{sa{sv}}", "org.bluez.LEAdvertisingManager1", 0);
	for (int i = 0; i < 3 && rc >= 0; i++)
		rc = sd_bus_message_close_container(reply);
	return rc;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const struct bluez_answer *a = userdata;
	sd_bus_message *reply = NULL;
	sd_bus *bus = NULL;
	int rc;

	(void)ret_error;
	if (!sd_bus_message_is_method_call(m, NULL, "GetManagedObjects"))
		return 0; /* sd-bus refuses other calls */
	if (a->dies)
		_exit(0);
	if (a->foreign)
		bus = private_bus_open(NULL);
	if (a->error)
		return sd_bus_reply_method_errorf(m, a->error, "no");
	rc = sd_bus_message_new_method_return(m, &reply);
	if (rc >= 0 && a->malformed)
		rc = sd_bus_message_append(reply, "s", "an adapter");
	else if (rc >= 0 && a->adapter)
		rc = append_adapter(reply, a);
	else if (rc >= 0)
		rc = sd_bus_message_append(reply, "a{oa{sa{sv}}}", 0);
	if (rc >= 0)
		rc = sd_bus_send(bus, reply, NULL);
	if (bus)
		(void)sd_bus_flush(bus);
	sd_bus_message_unref(reply);
	return rc < 0 ? rc : 1;
}

static void run(int ready, struct bluez_answer *a)
{
	sd_bus *bus = private_bus_open(NULL);
	int rc = sd_bus_add_filter(bus, NULL, on_call, a);

	if (rc >= 0)
		rc = sd_bus_request_name(bus, "org.bluez", 0);
	if (rc >= 0 && write(ready, "", 1) != 1)
		rc = -1;
	while (rc >= 0) {
		rc = sd_bus_process(bus, NULL);
		if (rc == 0)
			rc = sd_bus_wait(bus, UINT64_MAX);
	}
	_exit(1);
}

pid_t bluez_answer_start(struct bluez_answer *a)
{
	int fds[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run(fds[1], a);
	(void)close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	(void)close(fds[0]);
	return child;
}

void bluez_answer_stop(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}
