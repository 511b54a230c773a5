/* SPDX-License-Identifier: Apache-2.0 */
/* See simopts.h: reads what --sim asks for. */
#include "config.h" /* system extensions: strdup() */

#include "sim/simopts.h"

#include "image/image.h"
#include "base/text.h"
#include "base/output.h"
#include "ota/error.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_CHIP 0 /* ESP_CHIP_ID_ESP32 */
#define INTERVAL_LINUX 40 /* 50 ms, le_conn_max_interval: net/bluetooth/hci_core.c */

#define AT(member) .offset = offsetof(struct sim_options, member)
#define TEXT(member)                                                                               \
	.offset = offsetof(struct sim_options, member),                                            \
	.size = sizeof(((struct sim_options *)NULL)->member)

static const struct setting_word words_phy[] = {
	{"1M", OTA_PHY_1M},
	{"2M", OTA_PHY_2M},
	{NULL, 0},
};
static const struct setting_word words_flash[] = {
	{"typical", SIM_FLASH_TYPICAL},
	{"ideal", SIM_FLASH_IDEAL},
	{"slow", SIM_FLASH_SLOW},
	{NULL, 0},
};
static const struct setting_word words_dialect[] = {
	{"full", SIM_DIALECT_FULL},
	{"basic", SIM_DIALECT_BASIC},
	{"foreign", SIM_DIALECT_FOREIGN},
	{NULL, 0},
};
static const struct setting_word words_speed[] = {{"max", SIM_SPEED_MAX}, {NULL, 0}};
static const struct setting_word words_security[] = {
	{"none", ESP_OPEN},
	{"just-works", ESP_JUST_WORKS},
	{"passkey", ESP_PASSKEY},
	{"legacy-just-works", ESP_LEGACY_JUST_WORKS},
	{"legacy-passkey", ESP_LEGACY_PASSKEY},
	{NULL, 0},
};
static const struct setting_word words_yes_no[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};
static const struct setting_word words_names[] = {
	{"numbered", FLEET_NAMES_NUMBERED},
	{"twins", FLEET_NAMES_TWINS},
	{"none", FLEET_NAMES_NONE},
	{NULL, 0},
};
static const struct setting_word words_addresses[] = {{"public", 0}, {"random", 1}, {NULL, 0}};
static const struct setting_word words_table[] = {
	{"same", ESP_TABLE_SAME},
	{"moved", ESP_TABLE_MOVED},
	{"shuffled", ESP_TABLE_SHUFFLED},
	{NULL, 0},
};

/* One option, one block, as in profile_keys.c. */
/* clang-format off */
static const struct setting settings[SIM_OPTIONS] = {
	[SIM_DEVICES] = {
		.name = "devices", .kind = SETTING_NUMBER, AT(devices),
		.min = 1, .max = 64, .initial = 5,
		.help = "Number of virtual devices.",
	},
	[SIM_CHIP] = {
		.name = "chip", .kind = SETTING_TEXT,
		.expected = "an ESP32 chip with Bluetooth LE, such as esp32c3",
		.help = "Chip of all devices; not given: the devices differ.",
	},
	[SIM_PHY] = {
		.name = "phy", .kind = SETTING_CHOICE, AT(phy), .words = words_phy,
		.initial = OTA_PHY_1M,
		.help = "PHY that the link keeps; not given: starts on 1M and follows requests.",
	},
	[SIM_INTERVAL] = {
		.name = "interval", .kind = SETTING_NUMBER, AT(interval),
		.min = 750, .max = 400000, .step = 125, .divisor = 125, .decimals = 2,
		.unit = "ms", .initial = INTERVAL_LINUX,
		.help = "Connection interval that the link keeps; not given: starts at 50 ms as Linux "
			"does and follows requests.",
	},
	[SIM_MTU] = {
		.name = "mtu", .kind = SETTING_NUMBER, AT(mtu),
		.min = 23, .max = 517, .unit = "bytes", .initial = 517,
		.help = "ATT MTU that the devices offer.",
	},
	[SIM_DATA_LENGTH] = {
		.name = "data_length", .kind = SETTING_NUMBER, AT(data_length),
		.min = 27, .max = 251, .unit = "bytes", .initial = 251,
		.help = "Longest link-layer payload; 27: no Data Length Extension.",
	},
	[SIM_BUFFERS] = {
		.name = "buffers", .kind = SETTING_TEXT,
		.expected = "COUNTxBYTES or COUNTxBYTES/event, 1..255 and 27..65535",
		.help = "The adapter's LE buffers, such as 3x251; with /event they are refilled only "
			"between connection events. Not given: no limit.",
	},
	[SIM_LOSS] = {
		.name = "loss", .kind = SETTING_NUMBER, AT(loss_ppm),
		.max = 900000, .decimals = 4, .unit = "percent", .initial = 0,
		.help = "Share of link-layer packets that are lost.",
	},
	[SIM_RSSI] = {
		.name = "rssi", .kind = SETTING_NUMBER, AT(rssi),
		.min = -127, .max = 20, .unit = "dBm", .initial = -58,
		.help = "Signal strength of all devices; not given: the devices differ.",
	},
	[SIM_FLASH] = {
		.name = "flash", .kind = SETTING_CHOICE, AT(flash), .words = words_flash,
		.initial = SIM_FLASH_TYPICAL,
		.help = "Erase and program times; ideal: none.",
	},
	[SIM_RING] = {
		.name = "ring", .kind = SETTING_NUMBER, AT(ring_kib),
		.min = 8, .max = 1024, .step = 4, .unit = "KiB", .initial = 32,
		.help = "The device's buffer between link and flash.",
	},
	[SIM_DIALECT] = {
		.name = "dialect", .kind = SETTING_CHOICE, AT(dialect), .words = words_dialect,
		.initial = SIM_DIALECT_FULL,
		.help = "Protocol of all devices; foreign: another protocol under the same service "
			"UUID; not given: the devices differ.",
	},
	[SIM_SEED] = {
		.name = "seed", .kind = SETTING_TEXT,
		.expected = "a whole number, 0..18446744073709551615",
		.help = "Seed of all random numbers: the same seed gives the same run.",
	},
	[SIM_SPEED] = {
		.name = "speed", .kind = SETTING_NUMBER, AT(speed), .words = words_speed,
		.min = 1, .max = 1000000, .decimals = 3, .initial = SIM_SPEED_MAX,
		.help = "Speed relative to real time; max: as fast as the computer can.",
	},
	[SIM_FAULT] = {
		.name = "fault", .kind = SETTING_TEXT,
		.expected = "a fault such as drop-data@N",
		.help = "A fault to inject, such as drop-data@100 or disconnect@65536; may be repeated.",
	},
	[SIM_STATE] = {
		.name = "state", .kind = SETTING_TEXT, TEXT(state),
		.expected = "a directory, at most 4095 bytes",
		.help = "Directory in which the devices' flash is kept between runs.",
	},
	[SIM_VERSION] = {
		.name = "version", .kind = SETTING_TEXT, TEXT(version),
		.help = "Version of the factory firmware.",
	},
	[SIM_PROJECT] = {
		.name = "project", .kind = SETTING_TEXT, TEXT(project),
		.help = "Project name of the factory firmware.",
	},
	[SIM_ENCRYPTED] = {
		.name = "encrypted", .kind = SETTING_CHOICE, AT(encrypted), .words = words_yes_no,
		.help = "Whether the link is encrypted: four more bytes in each packet.",
	},
	[SIM_SUPERVISION] = {
		.name = "supervision", .kind = SETTING_NUMBER, AT(supervision_ms),
		.min = 100, .max = 32000, .step = 10, .unit = "ms", .initial = 420,
		.help = "Supervision timeout that the link keeps; not given: starts at Linux's 420 ms "
			"and follows requests.",
	},
	[SIM_SECURITY] = {
		.name = "security", .kind = SETTING_CHOICE, AT(security), .words = words_security,
		.initial = ESP_OPEN,
		.help = "Pairing that the devices require before an update: just-works, or a passkey "
			"that they show; legacy-: without LE Secure Connections.",
	},
	[SIM_PASSKEY] = {
		.name = "passkey", .kind = SETTING_TEXT,
		.expected = "six digits",
		.help = "Passkey that the devices show; not given: a new one each time.",
	},
	[SIM_NAMES] = {
		.name = "names", .kind = SETTING_CHOICE, AT(names), .words = words_names,
		.initial = FLEET_NAMES_NUMBERED,
		.help = "twins gives the second device the name of the first; with none they "
			"advertise no name.",
	},
	[SIM_ADDRESSES] = {
		.name = "addresses", .kind = SETTING_CHOICE, AT(random_addresses),
		.words = words_addresses,
		.help = "Public device addresses, or static random ones.",
	},
	[SIM_TABLE] = {
		.name = "table", .kind = SETTING_CHOICE, AT(table), .words = words_table,
		.initial = ESP_TABLE_SAME,
		.help = "The GATT table of an updated firmware: the same, with its handles moved, or "
			"in another order without a Database Hash.",
	},
	[SIM_SLOTS] = {
		.name = "slots", .kind = SETTING_TEXT,
		.expected = "[factory:]SIZE[+SIZE...], each 64K..8M and a multiple of 64K",
		.help = "Application partitions of a new flash, such as 2M+2M, factory:1M+2M+2M or "
			"1M; not given: as firmware/partitions.csv has them.",
	},
	[SIM_SECURE_VERSION] = {
		.name = "secure_version", .kind = SETTING_NUMBER, AT(secure_version), .max = 32,
		.help = "Lowest secure version that the eFuse lets boot; 0: no anti-rollback.",
	},
	[SIM_REVISION] = {
		.name = "revision", .kind = SETTING_NUMBER, AT(revision), .max = 9999,
		.help = "Chip revision, major * 100 + minor: 301 is v3.1; not given: one that many "
			"of the chip have.",
	},
	[SIM_SECURE_BOOT] = {
		.name = "secure_boot", .kind = SETTING_CHOICE, AT(secure_boot), .words = words_yes_no,
		.help = "Whether the devices refuse images without a signature block.",
	},
	[SIM_FLASH_ENCRYPTION] = {
		.name = "flash_encryption", .kind = SETTING_CHOICE, AT(flash_encryption),
		.words = words_yes_no,
		.help = "Whether the devices say that their flash is encrypted.",
	},
	[SIM_BOOT_DELAY] = {
		.name = "boot_delay", .kind = SETTING_NUMBER, AT(boot_delay_ms),
		.max = 600000, .unit = "ms",
		.help = "Time that the firmware takes to come up after a restart, besides the boot "
			"loader's.",
	},
};
/* clang-format on */

const struct setting *simopts_settings(void)
{
	return settings;
}

void simopts_defaults(struct sim_options *options)
{
	memset(options, 0, sizeof(*options));
	for (int i = 0; i < SIM_OPTIONS; i++) {
		if (settings[i].kind != SETTING_TEXT)
			setting_put(&settings[i], options, settings[i].initial);
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

static enum esp_dialect dialect_of(const struct sim_options *options)
{
	switch (options->dialect) {
	case SIM_DIALECT_BASIC:
		return ESP_BASIC;
	case SIM_DIALECT_FOREIGN:
		return ESP_FOREIGN;
	case SIM_DIALECT_FULL:
		break;
	}
	return ESP_FULL;
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
		.dialect = dialect_of(o),
		.dialect_all = simopts_given(o, SIM_DIALECT),
		.update_table = (enum esp_update_table)o->table,
		.version = simopts_given(o, SIM_VERSION) ? o->version : NULL,
		.project = simopts_given(o, SIM_PROJECT) ? o->project : NULL,
		.flash_speed = flash_speed_of(o),
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
		.secure_version = (uint32_t)o->secure_version,
		.secure_boot = o->secure_boot != 0,
		.flash_encryption = o->flash_encryption != 0,
		.boot_delay_ms = (uint32_t)o->boot_delay_ms,
		.seed = o->seed,
		.state = o->state[0] != '\0' ? o->state : NULL,
	};
	if (o->slots.count > 0)
		ret->partitions = slots_csv(&o->slots, partitions, SLOTS_CSV_MAX);
}

static int parse_buffers(struct sim_options *options, const char *value)
{
	const char *x = strchr(value, 'x'), *event = strstr(value, "/event");
	uint64_t count, octets;
	size_t len;

	if (!x || (event && event[6] != '\0'))
		return -OTA_EINVAL;
	len = event ? (size_t)(event - x) : strlen(x);
	if (event && event < x)
		return -OTA_EINVAL;
	/* The ranges of HCI LE Read Buffer Size's answer, Core Vol 4 Part E 7.8.2. */
	if (text_parse_unsigned(value, (size_t)(x - value), &count) < 0 || count < 1 ||
	    count > 255 || text_parse_unsigned(x + 1, len - 1, &octets) < 0 || octets < 27 ||
	    octets > 65535)
		return -OTA_EINVAL;
	options->buffers = (int32_t)count;
	options->buffer_octets = (int32_t)octets;
	options->refill = event == NULL;
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
	if (setting != &settings[SIM_STATE] && !output_is_safe(value, len))
		return -OTA_EINVAL;
	memcpy(member, value, len + 1);
	return 0;
}

static int parse_plain(struct sim_options *options, enum sim_option option, const char *value)
{
	const struct setting *setting = &settings[option];
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
	option = setting_find(settings, SIM_OPTIONS, item);
	if (option < 0) {
		setting_errors_add_unknown(errors, 0, 0, item, settings, SIM_OPTIONS);
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
	else if (parse_plain(options, (enum sim_option)option, value) < 0)
		setting_errors_add_value(errors, 0, 0, &settings[option], value, strlen(value),
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
	const struct setting *setting = &settings[option];
	const struct image_chip *chip;

	buf[0] = '\0';
	if (option == SIM_CHIP) {
		chip = image_chip_by_id(options->chip_id);
		(void)snprintf(buf, size, "%s", chip ? chip->name : "unknown");
	} else if (option == SIM_BUFFERS) {
		if (options->buffers > 0)
			(void)snprintf(buf, size, "%dx%d%s", (int)options->buffers,
				       (int)options->buffer_octets,
				       options->refill ? "" : "/event");
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
		fits = append(buf, size, settings[i].name, value);
	}
	for (size_t i = 0; i < options->fault_count && fits; i++) {
		(void)fault_format(&options->faults[i], value, sizeof(value));
		fits = append(buf, size, settings[SIM_FAULT].name, value);
	}
	if (!fits)
		buf[0] = '\0';
	return buf;
}
