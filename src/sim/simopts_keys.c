/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of --sim: name, values, default and help of each. */
#include "sim/simopts.h"
#include "sim/simopts_priv.h"

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
static const struct setting_word words_flash_mode[] = {
	{"usual", ESP_FLASH_USUAL},
	{"auto-suspend", ESP_FLASH_AUTO_SUSPEND},
	{"psram", ESP_FLASH_PSRAM},
	{"lenient", ESP_FLASH_LENIENT},
	{NULL, 0},
};
static const struct setting_word words_smp[] = {
	{"usual", ESP_MCUMGR_USUAL},
	{"version-1", ESP_MCUMGR_VERSION_1},
	{"image-check", ESP_MCUMGR_IMAGE_CHECK},
	{"rejects", ESP_MCUMGR_REJECTS},
	{"self-confirms", ESP_MCUMGR_SELF_CONFIRMS},
	{NULL, 0},
};
static const struct setting_word words_dialect[] = {
	{"full", DIALECT_FULL},
	{"basic", DIALECT_BASIC},
	{"foreign", DIALECT_FOREIGN},
	{"fbiego", DIALECT_FBIEGO},
	{"fbiego-compact", DIALECT_FBIEGO_COMPACT},
	{"ble-ota", DIALECT_BLE_OTA},
	{"ble-ota-raw", DIALECT_BLE_OTA_RAW},
	{"bleota", DIALECT_BLEOTA},
	{"nimbleota", DIALECT_NIMBLEOTA},
	{"angerer", DIALECT_ANGERER},
	{"arduino-ble-ota", DIALECT_ARDUINO_BLE_OTA},
	{"arduino-ble-ota-1", DIALECT_ARDUINO_BLE_OTA_1},
	{"smp", DIALECT_SMP},
	{"nordic-dfu", DIALECT_NORDIC_DFU},
	{"nordic-legacy-dfu", DIALECT_NORDIC_LEGACY_DFU},
	{"meshtastic", DIALECT_MESHTASTIC},
	{"matter", DIALECT_MATTER},
	{"silabs", DIALECT_SILABS},
	{"ti-oad", DIALECT_TI_OAD},
	{"each", DIALECT_UNKNOWN},
	{NULL, 0},
};
static const struct setting_word words_off[] = {{"off", 0}, {NULL, 0}};
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
static const struct setting_word words_bootloader[] = {
	{"rollback", 0},
	{"no-rollback", 1},
	{NULL, 0},
};
static const struct setting_word words_policy[] = {
	{"any", 0},
	{"project", SIM_POLICY_PROJECT},
	{"newer", SIM_POLICY_NEWER},
	{"both", SIM_POLICY_PROJECT | SIM_POLICY_NEWER},
	{NULL, 0},
};
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
/* The words are those of ota_reset_name(). */
static const struct setting_word words_reset[] = {
	{"power-on", OTA_RESET_POWER_ON},
	{"pin", OTA_RESET_PIN},
	{"software", OTA_RESET_SOFTWARE},
	{"panic", OTA_RESET_PANIC},
	{"interrupt-watchdog", OTA_RESET_INTERRUPT_WATCHDOG},
	{"task-watchdog", OTA_RESET_TASK_WATCHDOG},
	{"watchdog", OTA_RESET_WATCHDOG},
	{"deep-sleep", OTA_RESET_DEEP_SLEEP},
	{"brown-out", OTA_RESET_BROWN_OUT},
	{"sdio", OTA_RESET_SDIO},
	{"usb", OTA_RESET_USB},
	{"jtag", OTA_RESET_JTAG},
	{"efuse", OTA_RESET_EFUSE},
	{"power-glitch", OTA_RESET_POWER_GLITCH},
	{"cpu-lockup", OTA_RESET_CPU_LOCKUP},
	{NULL, 0},
};

/* One option, one block, as in profile_keys.c. */
/* clang-format off */
const struct setting simopts_keys[SIM_OPTIONS] = {
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
		.expected = "COUNTxBYTES, COUNTxBYTES/event or COUNTxBYTES/late, 1..255 and 27..65535",
		.help = "The adapter's LE buffers, such as 3x251; with /event they are refilled only "
			"between connection events; with /late also too late for the next event, if this "
			"one lasted long, as some USB adapters do. Not given: no limit.",
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
		.initial = DIALECT_FULL,
		.help = "Protocol of all devices; each: another one for each device.  Those that are "
			"left alone have the services and the advertisement, and refuse every write; "
			"foreign: an unknown one under the same service UUID.  Not given: the devices "
			"differ.",
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
	[SIM_PUBLIC_KEY] = {
		.name = "public_key", .kind = SETTING_TEXT, TEXT(public_key_file),
		.expected = "a file with a key, at most 4095 bytes",
		.help = "Key, as 'otabench key' makes it, of devices that take images signed by it "
			"only, and none of a lower secure version than the one that runs.",
	},
	[SIM_DEFLATE] = {
		.name = "deflate", .kind = SETTING_NUMBER, AT(deflate_window), .words = words_off,
		.min = 12, .max = 15, .initial = 12,
		.help = "Window of compressed streams that the devices take, log2 of bytes: 12 is "
			"4 KiB, 15 is 32 KiB; off: they take none.",
	},
	[SIM_DELTA] = {
		.name = "delta", .kind = SETTING_CHOICE, AT(delta), .words = words_yes_no,
		.initial = 1,
		.help = "Whether devices that take compressed streams take what differs from the "
			"image that they run, too.",
	},
	[SIM_SKIP] = {
		.name = "skip", .kind = SETTING_CHOICE, AT(skip), .words = words_yes_no,
		.initial = 1,
		.help = "Whether devices tell which blocks of 64 KiB their free slot holds, so that "
			"these need not be sent again.",
	},
	[SIM_SMP] = {
		.name = "smp", .kind = SETTING_CHOICE, AT(smp), .words = words_smp,
		.initial = ESP_MCUMGR_USUAL,
		.help = "Devices with SMP: version-1 is an older release, without parameters; with "
			"image-check the upload's hash is compared; rejects refuses every upload; "
			"with self-confirms a new image confirms itself when it starts.",
	},
	[SIM_SMP_BUFFERS] = {
		.name = "smp_buffers", .kind = SETTING_NUMBER, AT(smp_buffers),
		.min = 1, .max = 16, .initial = 4,
		.help = "Their buffers for requests and answers: buf_count.",
	},
	[SIM_SMP_BUFFER_SIZE] = {
		.name = "smp_buffer_size", .kind = SETTING_NUMBER, AT(smp_buffer_size),
		.min = 128, .max = 4096, .unit = "bytes", .initial = 2475,
		.help = "Size of each: buf_size.",
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
		.expected = "[factory:]SIZE[+SIZE...], each 64K..16M and a multiple of 64K",
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
	[SIM_BLOCK_REVISION] = {
		.name = "block_revision", .kind = SETTING_NUMBER, AT(block_revision), .max = 9999,
		.help = "Revision of the eFuse's block, major * 100 + minor: 103 is v1.3; not "
			"given: one that many of the chip have.",
	},
	[SIM_BOOT_REASON] = {
		.name = "boot_reason", .kind = SETTING_CHOICE, AT(boot_reason),
		.words = words_reset, .initial = OTA_RESET_POWER_ON,
		.help = "Why the devices started, as they tell it, if their firmware did not ask "
			"for it.",
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
	[SIM_BOOTLOADER] = {
		.name = "bootloader", .kind = SETTING_CHOICE, AT(no_rollback),
		.words = words_bootloader,
		.help = "Boot loader of the devices: one that rolls back what nobody confirms, or, as "
			"with older Arduino cores, one that does not.",
	},
	[SIM_POLICY] = {
		.name = "policy", .kind = SETTING_CHOICE, AT(policy), .words = words_policy,
		.help = "Images that the devices accept: any, those of the project that runs, none "
			"older than what runs, or both.",
	},
	[SIM_PERMIT] = {
		.name = "permit", .kind = SETTING_CHOICE, AT(permit), .words = words_yes_no,
		.initial = 1,
		.help = "Whether the devices permit an update and commands that decide about their "
			"firmware.",
	},
	[SIM_COMMANDS_ONLY] = {
		.name = "commands_only", .kind = SETTING_CHOICE, AT(commands_only),
		.words = words_yes_no,
		.help = "With public_key and security: whether the devices require pairing for what no "
			"signature covers alone - abort, confirm, rollback, reboot, and a transfer by "
			"which one that could be resumed is lost.",
	},
	[SIM_FLASH_MODE] = {
		.name = "flash_mode", .kind = SETTING_CHOICE, AT(flash_mode),
		.words = words_flash_mode, .initial = ESP_FLASH_USUAL,
		.help = "What an erase or a write of the flash stops: usual, code in the flash: all "
			"code, and the controller holds rx_buffers packets; auto-suspend, a flash that "
			"suspends its work, and psram, code in PSRAM: nothing; lenient, no chip: "
			"erases stop the code, and the controller holds any number.",
	},
	[SIM_RX_BUFFERS] = {
		.name = "rx_buffers", .kind = SETTING_NUMBER, AT(rx_buffers),
		.min = 1, .max = 255, .initial = 8,
		.help = "Packets that the devices' controllers hold for code that does not run; not "
			"given: 8 on ESP32, C3 and S3, 24 on later chips, and with lenient any number.",
	},
	[SIM_ACL_WAIT] = {
		.name = "acl_wait", .kind = SETTING_NUMBER, AT(acl_wait_ms),
		.max = 60000, .initial = 290, .unit = "ms",
		.help = "Time that a packet waits for a buffer of the devices' Bluetooth task, before "
			"the controller drops it, unsaid; 0: it waits for ever; not given: 290, 29 "
			"ticks, on ESP32, C3 and S3, and 0 on later chips and with lenient.",
	},
	[SIM_TASK_DELAY] = {
		.name = "task_delay", .kind = SETTING_NUMBER, AT(task_delay_ms),
		.max = 1000, .unit = "ms",
		.help = "Time that the devices' update task waits for the processor after each "
			"operation of the flash.",
	},
	[SIM_HOST_DELAY] = {
		.name = "host_delay", .kind = SETTING_NUMBER, AT(host_delay_ms),
		.max = 1000, .unit = "ms",
		.help = "Time that this program waits for its turn once there is something for it, "
			"as on a busy computer.",
	},
	[SIM_STACK_DELAY] = {
		.name = "stack_delay", .kind = SETTING_NUMBER, AT(stack_delay_us),
		.max = 1000000, .unit = "us",
		.help = "Time that the Bluetooth stack takes for each Data value before it takes the "
			"next.",
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
	return simopts_keys;
}
