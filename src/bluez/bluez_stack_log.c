/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second log over BlueZ: every method call with its answer and how long that
 * took, and what bluetoothd signals of the adapter and of the device in use.  Of
 * other devices in the air it says nothing: they are many, and not the subject.
 */
#include "bluez/bluez_priv.h"

#include <stdio.h>
#include <string.h>

#define VALUES_MAX 150u /* bytes of text for a signal's properties */

/* "hci0/dev_24_6F_28_AA_10_02" */
static const char *short_path(const char *path)
{
	return strncmp(path, "/org/bluez/", 11) == 0 ? path + 11 : path;
}

/* "Device1" */
static const char *short_interface(const char *interface)
{
	const char *dot = interface ? strrchr(interface, '.') : NULL;

	return dot ? dot + 1 : "";
}

/* --- calls */

/* WriteValue's bytes and way; the message is sealed, and read again from its beginning. */
static void written_text(sd_bus_message *m, char *buf, size_t size, size_t *ret_len)
{
	const void *bytes = NULL;
	const char *key, *type = "";
	char hex[VALUES_MAX];

	*ret_len = 0;
	buf[0] = '\0';
	if (sd_bus_message_rewind(m, 1) < 0 ||
	    sd_bus_message_read_array(m, 'y', &bytes, ret_len) < 0)
		return;
	if (sd_bus_message_enter_container(m, 'a', "{sv}") > 0 &&
	    sd_bus_message_enter_container(m, 'e', "sv") > 0)
		(void)sd_bus_message_read(m, "sv", &key, "s", &type);
	(void)snprintf(buf, size, " %s %s", type, stack_log_hex(bytes, *ret_len, hex, sizeof(hex)));
}

void bluez_stack_log_made(struct bluez *b, struct bluez_request *call, sd_bus_message *m)
{
	const char *member = sd_bus_message_get_member(m), *path = sd_bus_message_get_path(m);
	char written[VALUES_MAX + 16] = "";
	size_t len = 0;

	if (!b->base.watcher || !member || !path)
		return;
	if (strcmp(member, "WriteValue") == 0)
		written_text(m, written, sizeof(written), &len);
	if (call->chr == GATT_DATA && len > 0) {
		call->data_us = bluez_now(&b->base);
		stack_log_data(&b->base, &b->told, len);
		return;
	}
	if (call->chr < GATT_CHRS)
		(void)snprintf(call->what, sizeof(call->what), "%s %s", stack_log_chr(call->chr),
			       member);
	else
		(void)snprintf(call->what, sizeof(call->what), "%s.%s",
			       short_interface(sd_bus_message_get_interface(m)), member);
	stack_log_made(&b->base, &b->told, &call->tag, "%s%s  %s", call->what, written,
		       short_path(path));
}

/* The returned values, if they are short and informative. */
static void reply_text(const struct bluez_request *call, sd_bus_message *reply, char *buf,
		       size_t size)
{
	const void *bytes = NULL;
	uint16_t mtu = 0;
	size_t len = 0;
	int fd;

	buf[0] = '\0';
	if (strstr(call->what, "ReadValue") &&
	    sd_bus_message_read_array(reply, 'y', &bytes, &len) >= 0) {
		buf[0] = ' ';
		(void)stack_log_hex(bytes, len, buf + 1, size - 1);
	} else if (strstr(call->what, "AcquireWrite") &&
		   sd_bus_message_read(reply, "hq", &fd, &mtu) > 0) {
		(void)snprintf(buf, size, " MTU %u", mtu);
	}
	(void)sd_bus_message_rewind(reply, 1); /* for whom it is */
}

void bluez_stack_log_done(struct bluez *b, struct bluez_request *call, sd_bus_message *reply,
			  const sd_bus_error *error)
{
	char text[VALUES_MAX];

	if (!b->base.watcher)
		return;
	if (call->data_us > 0) {
		stack_log_data_done(&b->base, &b->told, bluez_now(&b->base) - call->data_us,
				    error != NULL);
		if (error)
			stack_log_refused(&b->base, &b->told, "Data WriteValue: %s: %s",
					  error->name, error->message ? error->message : "");
		return;
	}
	if (error) {
		stack_log_done(&b->base, &b->told, &call->tag, true, "%s: %s: %s", call->what,
			       error->name, error->message ? error->message : "");
		return;
	}
	reply_text(call, reply, text, sizeof(text));
	stack_log_done(&b->base, &b->told, &call->tag, false, "%s%s", call->what, text);
}

void bluez_stack_log_forgotten(struct bluez *b, struct bluez_request *call)
{
	stack_log_done(&b->base, &b->told, &call->tag, true, "%s: its answer is not waited for",
		       call->what);
}

/* --- signals */

/* Returns true for the path of the adapter in use, of the device, or of an object below that. */
static bool bluez_stack_log_is_ours(const struct bluez *b, const char *path)
{
	return strcmp(path, b->adapter) == 0 ||
	       (b->device[0] && (strcmp(path, b->device) == 0 || bluez_below(path, b->device)));
}

/* A value of a simple type; others by their type alone.  The reader is left behind it. */
static int value_text(sd_bus_message *m, char *buf, size_t size)
{
	const char *contents;
	char type, hex[64];
	const void *bytes;
	size_t len;
	union {
		int boolean;
		int16_t n;
		uint16_t q;
		uint32_t u;
		const char *s;
	} v;
	int rc = sd_bus_message_peek_type(m, &type, &contents);

	buf[0] = '\0';
	if (rc <= 0 || type != 'v')
		return rc < 0 ? rc : -OTA_EBADMSG;
	if (strcmp(contents, "b") == 0 && (rc = sd_bus_message_read(m, "v", "b", &v.boolean)) > 0)
		(void)snprintf(buf, size, "%s", v.boolean ? "true" : "false");
	else if (strcmp(contents, "n") == 0 && (rc = sd_bus_message_read(m, "v", "n", &v.n)) > 0)
		(void)snprintf(buf, size, "%d", v.n);
	else if (strcmp(contents, "q") == 0 && (rc = sd_bus_message_read(m, "v", "q", &v.q)) > 0)
		(void)snprintf(buf, size, "%u", v.q);
	else if (strcmp(contents, "u") == 0 && (rc = sd_bus_message_read(m, "v", "u", &v.u)) > 0)
		(void)snprintf(buf, size, "%u", v.u);
	else if (strcmp(contents, "s") == 0 && (rc = sd_bus_message_read(m, "v", "s", &v.s)) > 0)
		(void)snprintf(buf, size, "%.60s", v.s);
	else if (strcmp(contents, "ay") == 0) {
		rc = sd_bus_message_enter_container(m, 'v', "ay");
		if (rc >= 0)
			rc = sd_bus_message_read_array(m, 'y', &bytes, &len);
		if (rc < 0)
			return rc;
		(void)snprintf(buf, size, "%s", stack_log_hex(bytes, len, hex, sizeof(hex)));
		rc = sd_bus_message_exit_container(m);
	} else {
		(void)snprintf(buf, size, "(%.20s)", contents);
		rc = sd_bus_message_skip(m, "v");
	}
	return rc;
}

static void properties_text(sd_bus_message *m, char *buf, size_t size)
{
	size_t at = 0;
	const char *name;
	char value[80];

	buf[0] = '\0';
	if (sd_bus_message_enter_container(m, 'a', "{sv}") <= 0)
		return;
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		if (sd_bus_message_read(m, "s", &name) <= 0 ||
		    value_text(m, value, sizeof(value)) < 0 || sd_bus_message_exit_container(m) < 0)
			return;
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at, " %.40s=%s", name, value);
	}
}

void bluez_stack_log_changed(struct bluez *b, sd_bus_message *m)
{
	const char *path = sd_bus_message_get_path(m), *interface;
	enum gatt_chr chr = GATT_CONTROL;
	char text[VALUES_MAX];

	if (!b->base.watcher || !path || !bluez_stack_log_is_ours(b, path))
		return;
	if (sd_bus_message_read(m, "s", &interface) > 0) {
		properties_text(m, text, sizeof(text));
		while (chr < GATT_CHRS && strcmp(path, b->chrs[chr]) != 0)
			chr++;
		if (text[0] != '\0' && chr < GATT_CHRS)
			stack_log_signal(&b->base, &b->told, "%s%s", stack_log_chr(chr), text);
		else if (text[0] != '\0')
			stack_log_signal(&b->base, &b->told, "%s%s  %s", short_interface(interface),
					 text, short_path(path));
	}
	(void)sd_bus_message_rewind(m, 1); /* for whom it is */
}

void bluez_stack_log_object(struct bluez *b, const char *path, bool added)
{
	if (b->base.watcher && bluez_stack_log_is_ours(b, path))
		stack_log_signal(&b->base, &b->told, "%s %s", added ? "added" : "removed",
				 short_path(path));
}
