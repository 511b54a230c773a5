/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: what is accepted, and that every mistake is named with its place,
 * what was expected and what was found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "profile/profile.h"
#include "ota/error.h"

static struct setting_errors errors;

/* All messages, a line each. */
static const char *messages(void)
{
	static char all[SETTING_ERRORS_MAX * 1024];
	char line[1024];
	size_t len = 0;

	all[0] = '\0';
	for (size_t i = 0; i < errors.count; i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s\n",
					setting_error_format(&errors, i, line, sizeof(line)));
	return all;
}

/* text is refused with exactly these messages, and the profile stays as it was. */
static void assert_refused_bytes(const char *text, size_t len, const char *expected)
{
	struct profile profile, before;

	memset(&profile, 0x5a, sizeof(profile));
	before = profile;
	assert_int_equal(profile_load_text("p.yaml", text, len, &profile, &errors), -OTA_EINVAL);
	assert_string_equal(messages(), expected);
	assert_memory_equal(&profile, &before, sizeof(profile));
}

static void assert_refused(const char *text, const char *expected)
{
	assert_refused_bytes(text, strlen(text), expected);
}

static void load_good(const char *text, struct profile *ret)
{
	int r = profile_load_text("p.yaml", text, strlen(text), ret, &errors);

	assert_string_equal(messages(), "");
	assert_int_equal(r, 0);
}

static void test_defaults(void **state)
{
	struct profile profile;

	(void)state;
	profile_defaults(&profile);
	assert_string_equal(profile.name, "default");
	assert_string_equal(profile.description, "");
	assert_int_equal(profile.chunk, PROFILE_AUTO);
	assert_int_equal(profile.write_mode, PROFILE_AUTO);
	assert_int_equal(profile.window, PROFILE_AUTO);
	assert_int_equal(profile.pacing_us, 0);
	assert_int_equal(profile.ack_interval, PROFILE_AUTO);
	assert_int_equal(profile.basic_pacing_us, 20000);
	assert_int_equal(profile.mtu_max, 517);
	assert_int_equal(profile.ack_timeout_ms, 2000);
	assert_int_equal(profile.retries, 5);
	assert_int_equal(profile.backoff_ms, 500);
	assert_int_equal(profile.backoff_max_ms, 8000);
	assert_int_equal(profile.connect_timeout_ms, 15000);
	assert_int_equal(profile.ready_timeout_ms, 20000);
	assert_int_equal(profile.basic_ready_timeout_ms, 60000);
	assert_int_equal(profile.verify_timeout_ms, 30000);
	assert_int_equal(profile.reconnect_timeout_ms, 60000);
	assert_int_equal(profile.stall_ms, 1000);
	assert_int_equal(profile.stall_action, PROFILE_STALL_WARN);
	assert_int_equal(profile.connection_interval, PROFILE_AUTO);
	assert_int_equal(profile.peripheral_latency, 0);
	assert_int_equal(profile.supervision_timeout_ms, 5000);
	assert_int_equal(profile.phy, PROFILE_PHY_AUTO);
	assert_int_equal(profile.data_length, PROFILE_AUTO);
	assert_int_equal(profile.telemetry_ms, 1000);
	assert_int_equal(profile.confirm, PROFILE_CONFIRM_AUTO);
}

/* Every key has a name, a reason and a member of its own. */
static void test_table(void **state)
{
	const struct setting *settings = profile_settings();

	(void)state;
	for (int a = 0; a < PROFILE_KEYS; a++) {
		assert_non_null(settings[a].name);
		assert_true(strlen(settings[a].help) > 20);
		assert_int_equal(setting_find(settings, PROFILE_KEYS, settings[a].name), a);
		for (int b = 0; b < a; b++)
			assert_int_not_equal(settings[a].offset, settings[b].offset);
	}
}

static void test_every_key(void **state)
{
	static const char text[] = "description: 'fast: and \"loose\"'\n"
				   "chunk: 244\n"
				   "write_mode: acquire\n"
				   "window: 16384\n"
				   "pacing_us: 1000000\n"
				   "ack_interval: 4096\n"
				   "mtu_max: 247\n"
				   "basic_pacing_us: 0\n"
				   "ack_timeout_ms: 100\n"
				   "retries: 0\n"
				   "backoff_ms: 60000\n"
				   "backoff_max_ms: 300000\n"
				   "connect_timeout_ms: 120000\n"
				   "ready_timeout_ms: 1000\n"
				   "basic_ready_timeout_ms: 300000\n"
				   "verify_timeout_ms: 300000\n"
				   "reconnect_timeout_ms: 600000\n"
				   "stall_ms: 200\n"
				   "stall_action: abort\n"
				   "connection_interval_ms: 11.25\n"
				   "peripheral_latency: 4\n"
				   "supervision_timeout_ms: 420\n"
				   "phy: 2M\n"
				   "data_length: 27\n"
				   "telemetry_ms: off\n"
				   "confirm: never\n";
	struct profile profile;

	(void)state;
	load_good(text, &profile);
	assert_string_equal(profile.name, "p");
	assert_string_equal(profile.description, "fast: and \"loose\"");
	assert_int_equal(profile.chunk, 244);
	assert_int_equal(profile.write_mode, GATT_ACQUIRE);
	assert_int_equal(profile.window, 16384);
	assert_int_equal(profile.pacing_us, 1000000);
	assert_int_equal(profile.ack_interval, 4096);
	assert_int_equal(profile.mtu_max, 247);
	assert_int_equal(profile.basic_pacing_us, 0);
	assert_int_equal(profile.ack_timeout_ms, 100);
	assert_int_equal(profile.retries, 0);
	assert_int_equal(profile.backoff_ms, 60000);
	assert_int_equal(profile.backoff_max_ms, 300000);
	assert_int_equal(profile.connect_timeout_ms, 120000);
	assert_int_equal(profile.ready_timeout_ms, 1000);
	assert_int_equal(profile.basic_ready_timeout_ms, 300000);
	assert_int_equal(profile.verify_timeout_ms, 300000);
	assert_int_equal(profile.reconnect_timeout_ms, 600000);
	assert_int_equal(profile.stall_ms, 200);
	assert_int_equal(profile.stall_action, PROFILE_STALL_ABORT);
	assert_int_equal(profile.connection_interval, 9);
	assert_int_equal(profile.peripheral_latency, 4);
	assert_int_equal(profile.supervision_timeout_ms, 420);
	assert_int_equal(profile.phy, PROFILE_PHY_2M);
	assert_int_equal(profile.data_length, 27);
	assert_int_equal(profile.telemetry_ms, 0);
	assert_int_equal(profile.confirm, PROFILE_CONFIRM_NEVER);
}

static void test_accepted_forms(void **state)
{
	struct profile profile;

	(void)state;
	load_good("%YAML 1.2\n---\n{chunk: 'auto', \"retries\": 7}\n...\n", &profile);
	assert_int_equal(profile.chunk, PROFILE_AUTO);
	assert_int_equal(profile.retries, 7);
	load_good("\xef\xbb\xbf"
		  "retries: 8",
		  &profile);
	assert_int_equal(profile.retries, 8);
	load_good("telemetry_ms: 0\nconnection_interval_ms: keep\nphy: keep\ndata_length: keep\n",
		  &profile);
	assert_int_equal(profile.telemetry_ms, 0);
	assert_int_equal(profile.connection_interval, PROFILE_KEEP);
	assert_int_equal(profile.phy, PROFILE_PHY_KEEP);
	assert_int_equal(profile.data_length, PROFILE_KEEP);
	load_good("description: >\n  two lines\n  folded\nretries: 1\n", &profile);
	assert_string_equal(profile.description, "two lines folded");
	load_good("connection_interval_ms: 7.50\r\nretries: 1\r\n", &profile);
	assert_int_equal(profile.connection_interval, 6);
	load_good("connection_interval_ms: 4000\nsupervision_timeout_ms: 32000\n", &profile);
	assert_int_equal(profile.connection_interval, 3200);
}

static void test_unknown_key(void **state)
{
	(void)state;
	assert_refused("retries: 5\nchunck: 244\n",
		       "p.yaml:2:1: chunck: unknown key (did you mean chunk?)\n");
	assert_refused("  ack-timeout-ms: 5\n",
		       "p.yaml:1:3: ack-timeout-ms: unknown key (did you mean ack_timeout_ms?)\n");
	assert_refused("supervision: 5\n", "p.yaml:1:1: supervision: unknown key (did you mean "
					   "supervision_timeout_ms?)\n");
	/* An unknown key's value does not matter. */
	assert_refused("windw:\n  - a: {b: [c]}\n  - d\nretries: x\n",
		       "p.yaml:1:1: windw: unknown key (did you mean window?)\n"
		       "p.yaml:4:10: retries: expected a whole number, 0..100, found \"x\"\n");
	assert_refused("\"\\e[31m\": 1\n? [a, b]\n: 2\n<<: *x\n",
		       "p.yaml:1:1: \\x1b[31m: unknown key, expected one of description, chunk, "
		       "write_mode, window, pacing_us, ack_interval, mtu_max, basic_pacing_us, "
		       "prepare, signature, stream, skip, ack_timeout_ms, retries, backoff_ms, "
		       "backoff_max_ms, "
		       "connect_timeout_ms, "
		       "ready_timeout_ms, basic_ready_timeout_ms, verify_timeout_ms, "
		       "reconnect_timeout_ms, stall_ms, stall_action, pause_below_dbm, "
		       "continue_above_dbm, connection_interval_ms, "
		       "peripheral_latency, supervision_timeout_ms, phy, data_length, "
		       "telemetry_ms, confirm\n"
		       "p.yaml:2:3: expected a key, found a list\n"
		       "p.yaml:4:1: <<: unknown key\n");
}

static void test_duplicate_key(void **state)
{
	(void)state;
	assert_refused("chunk: 20\nretries: 1\nchunk: 30\n",
		       "p.yaml:3:1: chunk: expected each key once, found it again (first on line "
		       "1)\n");
}

static void test_wrong_type(void **state)
{
	(void)state;
	assert_refused("pacing_us: fast\n", "p.yaml:1:12: pacing_us: expected a whole number, "
					    "0..1000000 us, found \"fast\"\n");
	assert_refused("retries: \"5\"\n", "p.yaml:1:10: retries: expected a whole number, 0..100, "
					   "found the text \"5\"\n");
	assert_refused("retries: 2.5\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found 2.5\n");
	assert_refused("retries: 010\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found \"010\"\n");
	assert_refused("retries: 0x10\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found \"0x10\"\n");
	assert_refused("retries: 1_0\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found \"1_0\"\n");
	assert_refused("retries:\nchunk: ~\n",
		       "p.yaml:1:9: retries: expected a whole number, 0..100, found nothing\n"
		       "p.yaml:2:8: chunk: expected auto or a whole number, 20..512 bytes, found "
		       "\"~\"\n");
	assert_refused("retries: [5]\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found a list\n");
	assert_refused("chunk:\n  size: 20\nretries: 3\n",
		       "p.yaml:2:3: chunk: expected auto or a whole number, 20..512 bytes, found a "
		       "mapping\n");
	assert_refused("retries: *five\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found an alias\n");
	assert_refused("retries: !!int 5\n", "p.yaml:1:10: retries: expected a whole number, "
					     "0..100, found a value with a tag\n");
	assert_refused("write_mode: comand\n",
		       "p.yaml:1:13: write_mode: expected auto, request, command or acquire, found "
		       "\"comand\" (did you mean command?)\n");
	assert_refused("phy: 2m\n", "p.yaml:1:6: phy: expected auto, keep, 1M or 2M, found \"2m\" "
				    "(did you mean 2M?)\n");
	assert_refused("write_mode: 1\n", "p.yaml:1:13: write_mode: expected auto, request, "
					  "command or acquire, found 1\n");
	assert_refused("chunk: keep\n", "p.yaml:1:8: chunk: expected auto or a whole number, "
					"20..512 bytes, found \"keep\"\n");
	assert_refused("description: \"a\\nb\"\n",
		       "p.yaml:1:14: description: expected one line of text, at most 199 bytes, "
		       "found \"a\\x0ab\"\n");
	assert_refused("description: \"\\e]0;x\\a\"\n",
		       "p.yaml:1:14: description: expected one line of text, at most 199 bytes, "
		       "found \"\\x1b]0;x\\x07\"\n");
}

static void test_out_of_range(void **state)
{
	(void)state;
	assert_refused("chunk: 600\n", "p.yaml:1:8: chunk: expected auto or a whole number, "
				       "20..512 bytes, found 600\n");
	assert_refused("chunk: 19\nretries: -1\n",
		       "p.yaml:1:8: chunk: expected auto or a whole number, 20..512 bytes, found "
		       "19\n"
		       "p.yaml:2:10: retries: expected a whole number, 0..100, found -1\n");
	assert_refused("window: 99999999999999999999999\n",
		       "p.yaml:1:9: window: expected auto or a whole number, 512..1048576 bytes, "
		       "found 99999999999999999999999\n");
	/* 2^32 + 244 must not pass as 244. */
	assert_refused("chunk: 4294967540\n", "p.yaml:1:8: chunk: expected auto or a whole number, "
					      "20..512 bytes, found 4294967540\n");
	assert_refused("telemetry_ms: 99\n",
		       "p.yaml:1:15: telemetry_ms: expected off, 0 or a whole number, 100..60000 "
		       "ms, found 99\n");
	assert_refused("connection_interval_ms: 10.5\n",
		       "p.yaml:1:25: connection_interval_ms: expected auto, keep or a number, "
		       "7.5..4000 ms in steps of 1.25, found 10.5\n");
	assert_refused("connection_interval_ms: 7.501\n",
		       "p.yaml:1:25: connection_interval_ms: expected auto, keep or a number, "
		       "7.5..4000 ms in steps of 1.25, found 7.501\n");
	assert_refused("supervision_timeout_ms: 425\n",
		       "p.yaml:1:25: supervision_timeout_ms: expected a whole number, 100..32000 "
		       "ms in steps of 10, found 425\n");
}

/* Keys that are fine alone and impossible together. */
static void test_inconsistent(void **state)
{
	struct profile profile;

	(void)state;
	assert_refused("connection_interval_ms: 50\nperipheral_latency: 4\nsupervision_timeout_ms: "
		       "500\n",
		       "p.yaml:3:25: supervision_timeout_ms: expected supervision_timeout_ms over "
		       "500 (2 x (1 + peripheral_latency 4) x the connection interval of 50 ms), "
		       "found 500\n");
	load_good("connection_interval_ms: 50\nperipheral_latency: 4\nsupervision_timeout_ms: "
		  "510\n",
		  &profile);
	/* Named where the last of the three was set; the timeout here is the default. */
	assert_refused(
		"peripheral_latency: 499\n",
		"p.yaml:1:21: peripheral_latency: expected supervision_timeout_ms over 7500 "
		"(2 x (1 + peripheral_latency 499) x the shortest interval of 7.5 ms), found "
		"5000\n");
	assert_refused("ack_interval: 4096\nwindow: 4000\n",
		       "p.yaml:2:9: window: expected ack_interval at most the window of 4000 "
		       "bytes, found 4096\n");
	assert_refused("backoff_max_ms: 499\n",
		       "p.yaml:1:17: backoff_max_ms: expected backoff_ms at most backoff_max_ms "
		       "of 499, found 500\n");
	assert_refused("mtu_max: 185\nchunk: 183\n",
		       "p.yaml:2:8: chunk: expected chunk at most mtu_max - 3 = 182 bytes, found "
		       "183\n");
	/* A refused value is one mistake, not two. */
	assert_refused("chunk: 495\nmtu_max: 18\n", "p.yaml:2:10: mtu_max: expected a whole "
						    "number, 23..517 bytes, found 18\n");
}

static void test_shape(void **state)
{
	(void)state;
	assert_refused("- chunk: 20\n",
		       "p.yaml:1:1: expected a mapping of keys to values, found a list\n");
	assert_refused("chunk\n",
		       "p.yaml:1:1: expected a mapping of keys to values, found a single value\n");
	assert_refused("", "p.yaml:1:1: expected at least one key, found an empty file\n");
	assert_refused("# only a comment\n",
		       "p.yaml:1:1: expected at least one key, found an empty file\n");
	assert_refused("{}", "p.yaml:1:1: expected at least one key, found none\n");
	assert_refused("retries: 1\n---\nretries: 2\n",
		       "p.yaml:2:1: expected one document, found another\n");
	/* A second document is told even when the first has mistakes. */
	assert_refused("retries: x\n--- 5\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found \"x\"\n"
		       "p.yaml:2:1: expected one document, found another\n");
}

static void test_broken_yaml(void **state)
{
	(void)state;
	assert_refused("retries: x\nchunk: [20\nphy: 1M\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found \"x\"\n"
		       "p.yaml:2:8: chunk: expected auto or a whole number, 20..512 bytes, found a "
		       "list\n"
		       "p.yaml:3:4: expected well-formed YAML, found a mistake: did not find "
		       "expected ',' or ']' while parsing a flow sequence\n");
	assert_refused("retries: @5\n",
		       "p.yaml:1:10: expected well-formed YAML, found a mistake: found character "
		       "that cannot start any token while scanning for the next token\n");
	assert_refused("chunk: \"20\n",
		       "p.yaml:2:1: expected well-formed YAML, found a mistake: found unexpected "
		       "end of stream while scanning a quoted scalar\n");
	assert_refused("retries: 5\n chunk: 20\n",
		       "p.yaml:1:10: retries: expected a whole number, 0..100, found \"5 chunk\"\n"
		       "p.yaml:2:7: expected well-formed YAML, found a mistake: mapping values are "
		       "not allowed in this context\n");
}

static void test_binary(void **state)
{
	static const char nul[] = "retries: 5\nchu\0nk: 5\n";
	static const char image[] = "\xe9\x05\x02\x20\x00\x00";
	static const char wide[] = "\xff\xfe"
				   "c\0h\0";

	(void)state;
	assert_refused_bytes(nul, sizeof(nul) - 1,
			     "p.yaml:2:4: expected UTF-8 text, found the value 0x00 (control "
			     "characters are not allowed): not a text file?\n");
	assert_refused_bytes(image, sizeof(image) - 1,
			     "p.yaml:1:2: expected UTF-8 text, found the value 0x05 (invalid "
			     "trailing UTF-8 octet): not a text file?\n");
	assert_refused_bytes(wide, sizeof(wide) - 1,
			     "p.yaml:1:1: expected UTF-8 text, found the value 0xff (invalid "
			     "leading UTF-8 octet): not a text file?\n");
	/* Columns count characters, not bytes. */
	assert_refused("description: \"\xc3\xa4\xc3\xa4\" \x01\n",
		       "p.yaml:1:19: expected UTF-8 text, found the value 0x01 (control characters "
		       "are not allowed): not a text file?\n");
}

static void test_too_large(void **state)
{
	char *text = malloc(PROFILE_FILE_MAX + 1);
	struct profile profile;

	(void)state;
	assert_non_null(text);
	(void)snprintf(text, PROFILE_FILE_MAX, "retries: 5\n#");
	memset(text + strlen(text), ' ', PROFILE_FILE_MAX + 1 - strlen(text));
	assert_int_equal(profile_load_text("p", text, PROFILE_FILE_MAX, &profile, &errors), 0);
	assert_refused_bytes(text, PROFILE_FILE_MAX + 1,
			     "p.yaml: expected at most 65536 bytes, found more\n");
	/* The nesting is as deep as fits: no stack may overflow. */
	(void)snprintf(text, PROFILE_FILE_MAX, "retries: ");
	memset(text + strlen(text), '[', PROFILE_FILE_MAX - strlen(text));
	assert_int_equal(profile_load_text("p", text, PROFILE_FILE_MAX, &profile, &errors),
			 -OTA_EINVAL);
	free(text);
}

static void test_many_errors(void **state)
{
	struct profile profile;
	char text[2048] = "";

	(void)state;
	for (unsigned int i = 0; i < SETTING_ERRORS_MAX + 3; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "key%u: 1\n", i);
	assert_int_equal(profile_load_text("p", text, strlen(text), &profile, &errors),
			 -OTA_EINVAL);
	assert_int_equal(errors.count, SETTING_ERRORS_MAX);
	assert_int_equal(errors.dropped, 3);
	assert_int_equal(errors.items[SETTING_ERRORS_MAX - 1].line, SETTING_ERRORS_MAX);
}

static void assert_set(struct profile *profile, const char *assignment, const char *expected)
{
	int r = profile_set(profile, &assignment, 1, "--set", &errors);

	assert_string_equal(messages(), expected);
	assert_int_equal(r, expected[0] == '\0' ? 0 : -OTA_EINVAL);
}

static void test_set(void **state)
{
	static const char *const both[] = {"peripheral_latency=499",
					   "supervision_timeout_ms=10000"};
	static const char *const half[] = {"retries=9", "chunk=9", "windw=5"};
	struct profile profile;

	(void)state;
	profile_defaults(&profile);
	assert_set(&profile, "chunk=244", "");
	assert_int_equal(profile.chunk, 244);
	assert_set(&profile, "description=a=b", "");
	assert_string_equal(profile.description, "a=b");
	assert_set(&profile, "description=", "");
	assert_string_equal(profile.description, "");
	assert_set(&profile, "connection_interval_ms=7.5", "");
	assert_int_equal(profile.connection_interval, 6);
	assert_set(&profile, "chunk", "--set: expected key=value, found \"chunk\"\n");
	assert_set(&profile, "chunk=",
		   "--set: chunk: expected auto or a whole number, 20..512 "
		   "bytes, found nothing\n");
	assert_set(&profile, "=5",
		   "--set: unknown key, expected one of description, chunk, write_mode, window, "
		   "pacing_us, ack_interval, mtu_max, basic_pacing_us, prepare, signature, stream, "
		   "skip, ack_timeout_ms, "
		   "retries, "
		   "backoff_ms, backoff_max_ms, connect_timeout_ms, ready_timeout_ms, "
		   "basic_ready_timeout_ms, verify_timeout_ms, reconnect_timeout_ms, stall_ms, "
		   "stall_action, pause_below_dbm, continue_above_dbm, "
		   "connection_interval_ms, peripheral_latency, "
		   "supervision_timeout_ms, phy, data_length, telemetry_ms, confirm\n");
	assert_set(&profile, "mtu_max=246",
		   "--set: mtu_max: expected chunk at most mtu_max - 3 = 243 bytes, found 244\n");
	assert_set(&profile, "peripheral_latency=499",
		   "--set: peripheral_latency: expected supervision_timeout_ms over 7500 (2 x (1 + "
		   "peripheral_latency 499) x the connection interval of 7.5 ms), found 5000\n");
	/* Together they are fine, in this order too. */
	assert_int_equal(profile_set(&profile, both, 2, "--set", &errors), 0);
	assert_int_equal(profile.peripheral_latency, 499);
	/* All or nothing, and all mistakes. */
	assert_int_equal(profile_set(&profile, half, 3, "--set", &errors), -OTA_EINVAL);
	assert_string_equal(
		messages(),
		"--set: chunk: expected auto or a whole number, 20..512 bytes, found 9\n"
		"--set: windw: unknown key (did you mean window?)\n");
	assert_int_equal(profile.retries, 5);
}

static void test_get(void **state)
{
	struct profile profile;
	char buf[SETTING_TEXT_MAX];

	(void)state;
	profile_defaults(&profile);
	assert_string_equal(profile_get(&profile, PROFILE_KEY_CHUNK, buf, sizeof(buf)), "auto");
	assert_string_equal(profile_get(&profile, PROFILE_KEY_TELEMETRY, buf, sizeof(buf)), "1000");
	profile.telemetry_ms = 0;
	assert_string_equal(profile_get(&profile, PROFILE_KEY_TELEMETRY, buf, sizeof(buf)), "off");
	profile.connection_interval = 6;
	assert_string_equal(
		profile_get(&profile, PROFILE_KEY_CONNECTION_INTERVAL, buf, sizeof(buf)), "7.5");
	profile.connection_interval = 12;
	assert_string_equal(
		profile_get(&profile, PROFILE_KEY_CONNECTION_INTERVAL, buf, sizeof(buf)), "15");
	assert_string_equal(profile_get(&profile, PROFILE_KEY_PHY, buf, sizeof(buf)), "auto");
	assert_string_equal(profile_get(&profile, PROFILE_KEY_DESCRIPTION, buf, sizeof(buf)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_table),
		cmocka_unit_test(test_every_key),    cmocka_unit_test(test_accepted_forms),
		cmocka_unit_test(test_unknown_key),  cmocka_unit_test(test_duplicate_key),
		cmocka_unit_test(test_wrong_type),   cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_inconsistent), cmocka_unit_test(test_shape),
		cmocka_unit_test(test_broken_yaml),  cmocka_unit_test(test_binary),
		cmocka_unit_test(test_too_large),    cmocka_unit_test(test_many_errors),
		cmocka_unit_test(test_set),	     cmocka_unit_test(test_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
