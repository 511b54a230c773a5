/* SPDX-License-Identifier: Apache-2.0 */
/* See privatebus.h. */
#include "config.h" /* system extensions: mkdtemp(), pipe2() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "privatebus.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define must(expression) assert_true((expression) >= 0)

static struct {
	pid_t parent, pid; /* 0: none runs */
	char folder[100], config[120], socket[120], address[400];
} running;

/*
 * The rules of a system bus as far as they matter to a connection that owns no name:
 * signals to whom it likes.  Calls and names are open, because all of the test runs as
 * one user; answers that nobody asked for are, too, which is more than a system bus lets by.
 */
static const char config_text[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\""
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<busconfig><listen>unix:path=%s</listen><auth>EXTERNAL</auth>"
	"<policy context=\"default\"><allow own=\"*\"/><allow user=\"*\"/>"
	"<allow send_destination=\"*\" eavesdrop=\"true\"/>"
	"<allow eavesdrop=\"true\"/></policy></busconfig>\n";

void private_bus_stop(void)
{
	if (running.pid == 0 || running.parent != getpid())
		return;
	(void)kill(running.pid, SIGKILL);
	(void)waitpid(running.pid, NULL, 0);
	(void)unlink(running.config);
	(void)unlink(running.socket);
	(void)rmdir(running.folder);
	running.pid = 0;
}

static void write_config(void)
{
	const char *under = getenv("TMPDIR");
	FILE *file;

	(void)snprintf(running.folder, sizeof(running.folder), "%s/otabench-bus-XXXXXX",
		       under && strlen(under) < 60 ? under : "/tmp");
	assert_non_null(mkdtemp(running.folder));
	(void)snprintf(running.socket, sizeof(running.socket), "%s/bus", running.folder);
	(void)snprintf(running.config, sizeof(running.config), "%s/config", running.folder);
	file = fopen(running.config, "we");
	assert_non_null(file);
	assert_true(fprintf(file, config_text, running.socket) > 0);
	assert_int_equal(fclose(file), 0);
}

static void run_daemon(int address_fd)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* where the test is killed */
	if (dup2(address_fd, STDOUT_FILENO) >= 0)
		(void)execlp("dbus-daemon", "dbus-daemon", "--config-file", running.config,
			     "--nofork", "--nopidfile", "--print-address=1", (char *)NULL);
	_exit(127);
}

/* Waits for the bus's first line, which it prints when it listens. */
static void start(void)
{
	static bool registered;
	int fds[2];
	bool listens;
	FILE *told;

	write_config();
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	running.parent = getpid();
	running.pid = fork();
	assert_true(running.pid >= 0);
	if (running.pid == 0)
		run_daemon(fds[1]);
	if (!registered)
		(void)atexit(private_bus_stop);
	registered = true;
	(void)close(fds[1]);
	told = fdopen(fds[0], "r");
	assert_non_null(told);
	listens = fgets(running.address, sizeof(running.address), told) != NULL;
	(void)fclose(told);
	if (!listens) {
		private_bus_stop();
		print_message("# there is no dbus-daemon that starts\n");
		skip();
	}
	running.address[strcspn(running.address, "\n")] = '\0';
}

sd_bus *private_bus_open(sd_event *event)
{
	sd_bus *bus = NULL;
	const char *name;

	if (running.pid == 0)
		start();
	must(sd_bus_new(&bus));
	must(sd_bus_set_address(bus, running.address));
	must(sd_bus_set_bus_client(bus, 1));
	must(sd_bus_negotiate_fds(bus, 1));
	must(sd_bus_start(bus));
	must(sd_bus_get_unique_name(bus, &name));
	if (event)
		must(sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL));
	return bus;
}

void private_bus_close(sd_bus *bus)
{
	if (!bus)
		return;
	(void)sd_bus_detach_event(bus);
	(void)sd_bus_flush(bus);
	sd_bus_close(bus);
	sd_bus_unref(bus);
}
