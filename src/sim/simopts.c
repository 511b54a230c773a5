/* SPDX-License-Identifier: Apache-2.0 */
/* See simopts.h: reads what --sim asks for. */
#include "config.h" /* system extensions: strdup() */

#include "sim/simopts.h"
#include "sim/simopts_priv.h"

#include "image/image.h"
#include "base/text.h"
#include "base/output.h"
#include "sign/sign_key.h"
#include "ota/error.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_CHIP 0 /* ESP_CHIP_ID_ESP32 */

void simopts_defaults(struct sim_options *options)
{
	memset(options, 0, sizeof(*options));
	for (int i = 0; i < SIM_OPTIONS; i++) {
		if (simopts_keys[i].kind != SETTING_TEXT)
			setting_put(&simopts_keys[i], options, simopts_keys[i].initial);
	}
	options->chip_id = DEFAULT_CHIP;
	options->refill = true;
	options->seed = 1;
	options->passkey = -1;
}

bool simopts_given(const struct sim_options *options, enum sim_option option)
{
	return (options->given & UINT64_C(1) << option) != 0;
}

static enum flash_speed flash_speed_of(const struct sim_options *options)
{
	switch (options->flash) {
	case SIM_FLASH_IDEAL:
		return FLASH_IDEAL;
	case SIM_FLASH_SLOW:
		return FLASH_SLOW;
	case SIM_FLASH_TYPICAL:
		break;
	}
	return FLASH_TYPICAL;
}

void simopts_kind(const struct sim_options *o, char partitions[SLOTS_CSV_MAX],
		  struct fleet_kind *ret)
{
	*ret = (struct fleet_kind){
		.devices = (unsigned int)o->devices,
		.names = (enum fleet_names)o->names,
		.random_addresses = o->random_addresses != 0,
		.chip_id = o->chip_id,
		.chip_all = simopts_given(o, SIM_CHIP),
		.dialect = esp_dialect_of((enum dialect_id)o->dialect),
		.foreign = esp_dialect_of((enum dialect_id)o->dialect) >= ESP_FOREIGN
				   ? (enum dialect_id)o->dialect
				   : DIALECT_UNKNOWN,
		.dialect_each = o->dialect == DIALECT_UNKNOWN,
		.dialect_all = simopts_given(o, SIM_DIALECT),
		.mcumgr = (enum esp_mcumgr_kind)o->smp,
		.mcumgr_buf_size = (uint16_t)o->smp_buffer_size,
		.mcumgr_buf_count = (uint8_t)o->smp_buffers,
		.update_table = (enum esp_update_table)o->table,
		.version = simopts_given(o, SIM_VERSION) ? o->version : NULL,
		.project = simopts_given(o, SIM_PROJECT) ? o->project : NULL,
		.flash_speed = flash_speed_of(o),
		.flash_mode = (enum esp_flash_mode)o->flash_mode,
		.rx_buffers =
			simopts_given(o, SIM_RX_BUFFERS) ? (uint16_t)o->rx_buffers : (uint16_t)0,
		.task_delay_ms = (uint32_t)o->task_delay_ms,
		.acl_wait_given = simopts_given(o, SIM_ACL_WAIT),
		.acl_wait_ms = (uint32_t)o->acl_wait_ms,
		.ring_size = (uint32_t)o->ring_kib * 1024u,
		.rssi = simopts_given(o, SIM_RSSI) ? (int8_t)o->rssi : (int8_t)0,
		.data_length = (uint16_t)o->data_length,
		.mtu = (uint16_t)o->mtu,
		/* With a PHY asked for, the devices have it whatever their chip. */
		.phys = !simopts_given(o, SIM_PHY)  ? 0
			: o->phy == (int)OTA_PHY_2M ? OTA_PHYS_1M | OTA_PHYS_2M
						    : OTA_PHYS_1M,
		.loss_ppm = (uint32_t)o->loss_ppm,
		.security = (enum esp_security)o->security,
		.passkey = o->passkey,
		.revision_given = simopts_given(o, SIM_REVISION),
		.revision = (uint16_t)o->revision,
		.block_revision_given = simopts_given(o, SIM_BLOCK_REVISION),
		.block_revision = (uint16_t)o->block_revision,
		.boot_reason = (enum ota_reset)o->boot_reason,
		.secure_version = (uint32_t)o->secure_version,
		.secure_boot = o->secure_boot != 0,
		.flash_encryption = o->flash_encryption != 0,
		.no_rollback = o->no_rollback != 0,
		.signed_only = simopts_given(o, SIM_PUBLIC_KEY),
		.skip = o->skip != 0,
		.deflate_window = (unsigned int)o->deflate_window,
		.delta = o->delta != 0,
		.same_project = (o->policy & SIM_POLICY_PROJECT) != 0,
		.no_older = (o->policy & SIM_POLICY_NEWER) != 0,
		.forbids = o->permit == 0,
		.commands_only = o->commands_only != 0,
		.boot_delay_ms = (uint32_t)o->boot_delay_ms,
		.seed = o->seed,
		.state = o->state[0] != '\0' ? o->state : NULL,
	};
	memcpy(ret->public_key, o->public_key, sizeof(ret->public_key));
	if (o->slots.count > 0)
		ret->partitions = slots_csv(&o->slots, partitions, SLOTS_CSV_MAX);
}

static int parse_buffers(struct sim_options *options, const char *value)
{
	const char *x = strchr(value, 'x'), *how = strchr(value, '/');
	const bool event = how && strcmp(how, "/event") == 0;
	const bool late = how && strcmp(how, "/late") == 0;
	uint64_t count, octets;
	size_t len;

	if (!x || (how && (how < x || (!event && !late))))
		return -OTA_EINVAL;
	len = how ? (size_t)(how - x) : strlen(x);
	/* The ranges of HCI LE Read Buffer Size's answer, Core Vol 4 Part E 7.8.2. */
	if (text_parse_unsigned(value, (size_t)(x - value), &count) < 0 || count < 1 ||
	    count > 255 || text_parse_unsigned(x + 1, len - 1, &octets) < 0 || octets < 27 ||
	    octets > 65535)
		return -OTA_EINVAL;
	options->buffers = (int32_t)count;
	options->buffer_octets = (int32_t)octets;
	options->refill = !event;
	options->late = late;
	return 0;
}

static void parse_fault(struct sim_options *options, const char *value,
			struct setting_errors *errors)
{
	char why[SETTING_TEXT_MAX], safe[SETTING_TEXT_MAX];

	if (options->fault_count == SIM_FAULTS_MAX) {
		setting_errors_add(errors, 0, 0, "fault", "expected at most %u, found more",
				   SIM_FAULTS_MAX);
		return;
	}
	if (fault_parse(value, &options->faults[options->fault_count], why, sizeof(why)) == 0) {
		options->fault_count++;
		return;
	}
	(void)output_safe_text(value, strlen(value), safe, sizeof(safe));
	setting_errors_add(errors, 0, 0, "fault", "%s in \"%s\"", why, safe);
}

static void parse_chip(struct sim_options *options, const char *value,
		       struct setting_errors *errors)
{
	const struct image_chip *chip = image_chip_by_name(value);
	struct text_nearest nearest = {.word = value};
	const struct image_chip *chips;
	char names[SETTING_TEXT_MAX] = "";
	size_t count;

	if (chip && chip->bluetooth_le) {
		options->chip_id = chip->id;
		return;
	}
	chips = image_chips(&count);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names);

		if (!chips[i].bluetooth_le)
			continue;
		text_nearest_offer(&nearest, chips[i].name);
		(void)snprintf(names + len, sizeof(names) - len, "%s%s", len > 0 ? ", " : "",
			       chips[i].name);
	}
	setting_errors_add(errors, 0, 0, "chip", "expected one of %s, found %s%s%s%s", names,
			   chip ? "a chip without Bluetooth LE" : "none of them",
			   !chip && nearest.best ? " (did you mean " : "",
			   !chip && nearest.best ? nearest.best : "",
			   !chip && nearest.best ? "?)" : "");
}

static int parse_text(struct sim_options *options, const struct setting *setting, const char *value)
{
	char *member = (char *)options + setting->offset;
	size_t len = strlen(value);

	if (len == 0 || len >= setting->size)
		return -OTA_EINVAL;
	/* A path is the file system's business, and may be any bytes. */
	if (setting != &simopts_keys[SIM_STATE] && setting != &simopts_keys[SIM_PUBLIC_KEY] &&
	    !output_is_safe(value, len))
		return -OTA_EINVAL;
	memcpy(member, value, len + 1);
	return 0;
}

/* The public half is enough; a private key's is taken, if it is not encrypted. */
static void parse_key(struct sim_options *options, const char *path, struct setting_errors *errors)
{
	char why[SETTING_TEXT_MAX] = "", safe[SETTING_TEXT_MAX];
	struct sign_key key;

	if (parse_text(options, &simopts_keys[SIM_PUBLIC_KEY], path) < 0) {
		setting_errors_add_value(errors, 0, 0, &simopts_keys[SIM_PUBLIC_KEY], path,
					 strlen(path), false);
		return;
	}
	if (sign_key_read(&key, path, NULL, NULL, why, sizeof(why)) < 0) {
		(void)output_safe_text(why, strlen(why), safe, sizeof(safe));
		setting_errors_add(errors, 0, 0, "public_key", "%s", safe);
	}
	memcpy(options->public_key, key.pair.point, sizeof(options->public_key));
	sign_key_finish(&key);
}

static int parse_plain(struct sim_options *options, enum sim_option option, const char *value)
{
	const struct setting *setting = &simopts_keys[option];
	int32_t number;
	int r;

	if (option == SIM_BUFFERS)
		return parse_buffers(options, value);
	if (option == SIM_SLOTS)
		return slots_parse(value, &options->slots);
	if (option == SIM_SEED)
		return text_parse_unsigned(value, strlen(value), &options->seed);
	if (option == SIM_PASSKEY)
		return text_parse_passkey(value, &options->passkey);
	if (setting->kind == SETTING_TEXT)
		return parse_text(options, setting, value);
	r = setting_parse(setting, value, strlen(value), false, &number);
	if (r == 0)
		setting_put(setting, options, number);
	return r;
}

static void parse_option(struct sim_options *options, char *item, struct setting_errors *errors)
{
	char *value = strchr(item, '=');
	char safe[SETTING_TEXT_MAX];
	int option;

	if (!value) {
		(void)output_safe_text(item, strlen(item), safe, sizeof(safe));
		setting_errors_add(errors, 0, 0, "", "expected key=value, found \"%s\"", safe);
		return;
	}
	*value++ = '\0';
	option = setting_find(simopts_keys, SIM_OPTIONS, item);
	if (option < 0) {
		setting_errors_add_unknown(errors, 0, 0, item, simopts_keys, SIM_OPTIONS);
		return;
	}
	if (option != SIM_FAULT && simopts_given(options, (enum sim_option)option)) {
		setting_errors_add(errors, 0, 0, item, "expected once, found again");
		return;
	}
	options->given |= UINT64_C(1) << option;
	if (option == SIM_FAULT)
		parse_fault(options, value, errors);
	else if (option == SIM_CHIP)
		parse_chip(options, value, errors);
	else if (option == SIM_PUBLIC_KEY)
		parse_key(options, value, errors);
	else if (parse_plain(options, (enum sim_option)option, value) < 0)
		setting_errors_add_value(errors, 0, 0, &simopts_keys[option], value, strlen(value),
					 false);
}

/* Cuts the next item off *rest, in place, resolving escapes; NULL at the end. */
static char *next_item(char **rest)
{
	char *item = *rest, *out = item;
	const char *in = item;

	if (!item)
		return NULL;
	while (*in != '\0' && *in != ',') {
		if (*in == '\\' && (in[1] == ',' || in[1] == '\\'))
			in++;
		*out++ = *in++;
	}
	*rest = *in == ',' ? item + (in - item) + 1 : NULL;
	*out = '\0';
	return item;
}

int simopts_parse(struct sim_options *options, const char *text, struct setting_errors *errors)
{
	struct sim_options *work;
	char *copy, *rest;
	int r = 0;

	setting_errors_init(errors, "--sim");
	if (!text || text[0] == '\0')
		return 0;
	work = malloc(sizeof(*work));
	copy = rest = strdup(text);
	if (!work || !copy) {
		setting_errors_add(errors, 0, 0, "", "out of memory");
		r = -OTA_ENOMEM;
	} else {
		*work = *options;
		for (char *item = next_item(&rest); item; item = next_item(&rest))
			parse_option(work, item, errors);
		if (errors->count > 0)
			r = -OTA_EINVAL;
		else
			*options = *work;
	}
	free(copy);
	free(work);
	return r;
}

static void format_faults(const struct sim_options *options, char *buf, size_t size)
{
	char text[FAULT_TEXT_MAX];

	for (size_t i = 0; i < options->fault_count; i++) {
		size_t len = strlen(buf);

		(void)snprintf(buf + len, size - len, "%s%s", i > 0 ? " " : "",
			       fault_format(&options->faults[i], text, sizeof(text)));
	}
}

char *simopts_get(const struct sim_options *options, enum sim_option option, char *buf, size_t size)
{
	const struct setting *setting = &simopts_keys[option];
	const struct image_chip *chip;

	buf[0] = '\0';
	if (option == SIM_CHIP) {
		chip = image_chip_by_id(options->chip_id);
		(void)snprintf(buf, size, "%s", chip ? chip->name : "unknown");
	} else if (option == SIM_BUFFERS) {
		if (options->buffers > 0)
			(void)snprintf(buf, size, "%dx%d%s", (int)options->buffers,
				       (int)options->buffer_octets,
				       options->late	 ? "/late"
				       : options->refill ? ""
							 : "/event");
	} else if (option == SIM_SLOTS) {
		return slots_format(&options->slots, buf, size);
	} else if (option == SIM_SEED) {
		(void)snprintf(buf, size, "%llu", (unsigned long long)options->seed);
	} else if (option == SIM_PASSKEY) {
		if (options->passkey >= 0)
			(void)snprintf(buf, size, "%06d", (int)options->passkey);
	} else if (option == SIM_FAULT) {
		format_faults(options, buf, size);
	} else if (setting->kind == SETTING_TEXT) {
		(void)snprintf(buf, size, "%s", (const char *)options + setting->offset);
	} else {
		return setting_format(setting, setting_get(setting, options), buf, size);
	}
	return buf;
}

/* ",name=value" with what means something within a list escaped; false: it does not fit. */
static bool append(char *buf, size_t size, const char *name, const char *value)
{
	size_t len = strlen(buf);

	len += (size_t)snprintf(buf + len, size - len, "%s%s=", len > 0 ? "," : "", name);
	for (; *value != '\0' && len + 2 < size; value++) {
		if (*value == ',' || *value == '\\')
			buf[len++] = '\\';
		buf[len++] = *value;
		buf[len] = '\0';
	}
	return *value == '\0' && len + 1 < size;
}

char *simopts_format(const struct sim_options *options, char *buf, size_t size)
{
	char value[sizeof(options->state)];
	bool fits = true;

	buf[0] = '\0';
	for (int i = 0; i < SIM_OPTIONS && fits; i++) {
		if (!simopts_given(options, (enum sim_option)i) || i == SIM_FAULT)
			continue;
		(void)simopts_get(options, (enum sim_option)i, value, sizeof(value));
		fits = append(buf, size, simopts_keys[i].name, value);
	}
	for (size_t i = 0; i < options->fault_count && fits; i++) {
		(void)fault_format(&options->faults[i], value, sizeof(value));
		fits = append(buf, size, simopts_keys[SIM_FAULT].name, value);
	}
	if (!fits)
		buf[0] = '\0';
	return buf;
}

/* A value that was not given is left to the simulator's own choice: 0, or "follows". */
void simopts_config(const struct sim_options *o, char partitions[SLOTS_CSV_MAX],
		    struct sim_config *ret)
{
	*ret = (struct sim_config){
		.buffers = (uint16_t)o->buffers,
		.buffer_octets = (uint16_t)o->buffer_octets,
		.refill = o->refill,
		.late = o->late,
		.encrypted = o->encrypted != 0,
		.host_delay_us = (uint32_t)o->host_delay_ms * 1000u,
		.stack_delay_us = (uint32_t)o->stack_delay_us,
		.speed = (uint32_t)o->speed,
	};

	simopts_kind(o, partitions, &ret->kind);
	if (simopts_given(o, SIM_PHY))
		ret->phy = (enum ota_phy)o->phy;
	if (simopts_given(o, SIM_INTERVAL))
		ret->interval = (uint16_t)o->interval;
	if (simopts_given(o, SIM_SUPERVISION))
		ret->supervision = (uint16_t)(o->supervision_ms / 10);
}

void simopts_device_name(const struct sim_options *options, unsigned int index, char *buf,
			 size_t size)
{
	fleet_device_name((enum fleet_names)options->names, index, buf, size);
}
