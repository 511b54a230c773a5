/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two peers write whatever they like, and power fails whenever it likes: no sequence
 * of commands boots an image that was refused, not finished, or older where policy
 * says no.  ota_core runs on the modelled board, with otadata and boot loader as
 * ESP-IDF has them.
 *
 * Images that may boot are told apart by a book of the slots that this test keeps: an entry
 * ends with the first erase, and begins when the boot slot is set for an image that
 * was sent whole and that the policy wants.  A failure prints its seed; OTABENCH_SEED
 * runs that one alone, POLICY_RUNS another number of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/sha256.h"
#include "board/board.h"
#include "image/image_build.h"
#include "image/lint.h"
#include "ota/error.h"

#include <stdlib.h>
#include <string.h>

#define RUNS 10000u
#define STEPS 200u
#define RING (2u * OTA_SECTOR_SIZE)
#define CONNS 2u
#define SLOTS 3u
#define NOBODYS 0xffu /* nothing that may boot */
#define CHIP 5u /* ESP32-C3 */

static const struct {
	const char *project, *version;
	uint32_t secure_version, size;
	bool damaged;
} kinds[] = {
	{"mine", "1.0.0", 1, 5000, false}, /* the factory's */
	{"mine", "1.1.0", 1, 9000, false},  {"mine", "2.0.0", 1, 14000, false},
	{"mine", "0.9.0", 1, 5000, false},  {"mine", "3.0.0", 0, 5000, false},
	{"other", "3.0.0", 1, 9000, false}, {"mine", "2.5.0", 1, 9000, true},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *const layouts[] = {
	"nvs,data,nvs,0x9000,0x5000\notadata,data,ota,0xe000,0x2000\n"
	"app0,app,ota_0,0x10000,64K\napp1,app,ota_1,0x20000,64K\n",
	"nvs,data,nvs,0x9000,0x5000\notadata,data,ota,0xe000,0x2000\n"
	"app0,app,ota_0,0x10000,64K\napp1,app,ota_1,0x20000,64K\napp2,app,ota_2,0x30000,64K\n",
	"nvs,data,nvs,0x9000,0x5000\notadata,data,ota,0xe000,0x2000\n"
	"fact,app,factory,0x10000,64K\napp0,app,ota_0,0x20000,64K\napp1,app,ota_1,0x30000,64K\n",
};

static struct {
	uint8_t *bytes;
	uint32_t size;
	uint8_t sha256[OTA_SHA256_SIZE];
} images[KINDS];

struct peer {
	bool connected, sending, basic;
	unsigned int kind; /* of the image that it sends */
	uint32_t offset, limit;
	uint16_t sequence;
};

static struct {
	uint64_t seed;
	struct rng rng;
	struct sched sched;
	struct board_config config;
	struct board *board;
	struct ota_device dev;
	uint8_t ring[RING], scratch[OTA_SECTOR_SIZE];
	uint32_t wear;
	bool up, reboots, confirms, forbids;
	struct peer peers[CONNS];
	uint8_t book[SLOTS + 1]; /* by slot, the factory's last: the kind that may boot */
	unsigned int floor; /* the kind that was last confirmed */
	uint32_t erases, losses, updates;
} w;

static void broken(const char *text)
{
	print_error("seed %llu: %s\n", (unsigned long long)w.seed, text);
	fail();
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)rng_below(&w.rng, n);
}

static bool chance(uint32_t percent)
{
	return below(100) < percent;
}

static uint32_t now_ms(void)
{
	return (uint32_t)(sched_now(&w.sched) / 1000u);
}

static unsigned int place(unsigned int slot)
{
	return slot == BOARD_FACTORY ? SLOTS : slot;
}

static unsigned int kind_of(const uint8_t sha256[OTA_SHA256_SIZE])
{
	for (unsigned int i = 0; i < KINDS; i++)
		if (memcmp(images[i].sha256, sha256, OTA_SHA256_SIZE) == 0)
			return i;
	return NOBODYS;
}

static bool older(unsigned int a, unsigned int b)
{
	bool comparable;

	return lint_compare_versions(kinds[a].version, kinds[b].version, &comparable) < 0;
}

/* --- the platform: the board's, with a look at what is asked for */

static int op_erase(void *ctx, uint32_t offset, uint32_t len)
{
	w.book[place(board_update_slot(ctx))] = NOBODYS;
	w.erases += offset == 0;
	return board_flash_erase(ctx, offset, len);
}

/* The book's own idea of policy: not a line of it is ota_core's or the board's. */
static int op_set_boot(void *ctx, uint32_t size, const uint8_t sha256[OTA_SHA256_SIZE])
{
	const unsigned int kind = kind_of(sha256);
	const unsigned int running = kind_of(board_running(w.board)->sha256);

	(void)ctx;
	if (kind == NOBODYS || size != images[kind].size || kinds[kind].damaged)
		broken("an image that was not sent whole is made bootable");
	if (w.config.same_project && strcmp(kinds[kind].project, "mine") != 0)
		broken("another project's image is made bootable");
	if (w.config.no_older && older(kind, running))
		broken("an older image is made bootable");
	if (kinds[kind].secure_version < w.config.secure_version)
		broken("a secure version under the eFuse's is made bootable");
	w.book[place(board_update_slot(w.board))] = (uint8_t)kind;
	w.updates++;
	return board_set_boot(w.board, size, sha256);
}

static int op_confirm(void *ctx)
{
	w.confirms = true;
	return board_confirm(ctx);
}

static void op_reboot(void *ctx, uint32_t delay_ms)
{
	(void)ctx;
	(void)delay_ms;
	w.reboots = true;
}

static bool op_permit(void *ctx, uint16_t conn, uint8_t opcode)
{
	(void)ctx;
	(void)opcode;
	return conn == 0 || !w.forbids;
}

static int op_notify(void *ctx, uint16_t conn, const uint8_t *buf, size_t len)
{
	struct peer *peer = &w.peers[conn];
	struct ota_ready ready;
	struct ota_ack ack;
	struct ota_gap gap;

	(void)ctx;
	if (buf[0] == OTA_EVT_READY) {
		peer->sending = true;
		peer->offset = 0;
		peer->limit = images[peer->kind].size;
		if (ota_ready_decode(buf, len, &ready) == 0) {
			peer->offset = ready.offset;
			peer->limit = ready.limit;
			peer->sequence = ready.sequence;
		}
	} else if (buf[0] == OTA_EVT_ACK && ota_ack_decode(buf, len, &ack) == 0) {
		peer->limit = ack.limit;
	} else if (buf[0] == OTA_EVT_GAP && ota_gap_decode(buf, len, &gap) == 0) {
		peer->offset = gap.offset;
		peer->sequence = gap.sequence;
	} else if (buf[0] == OTA_EVT_ERROR) {
		peer->sending = false;
	}
	return 0;
}

static int op_link_request(void *ctx, uint16_t conn, const struct ota_link_request *req)
{
	(void)ctx;
	(void)conn;
	(void)req;
	return -OTA_ENOTSUP;
}

static void op_link_state(void *ctx, uint16_t conn, struct ota_link *ret)
{
	(void)ctx;
	(void)conn;
	(void)ret;
}

static int8_t op_rssi(void *ctx, uint16_t conn)
{
	(void)ctx;
	(void)conn;
	return 127;
}

static void op_info(void *ctx, struct ota_info *ret)
{
	(void)ctx;
	ret->version = ret->min_version = OTA_PROTOCOL_VERSION;
	ret->ring_size = RING;
	board_info(w.board, ret);
}

static const struct ota_device_ops ops = {
	.flash_erase = op_erase,
	.flash_write = board_flash_write,
	.flash_read = board_flash_read,
	.head_check = board_head_check,
	.image_check = board_image_check,
	.set_boot = op_set_boot,
	.persist = board_persist,
	.confirm = op_confirm,
	.rollback = board_rollback,
	.reboot = op_reboot,
	.permit = op_permit,
	.hash_init = board_hash_init,
	.hash_update = board_hash_update,
	.hash_peek = board_hash_peek,
	.notify = op_notify,
	.link_request = op_link_request,
	.link_state = op_link_state,
	.rssi = op_rssi,
	.info = op_info,
};

/* --- boots */

/* The running image is the book's for its slot, and no older than the one confirmed. */
static void check_running(void)
{
	const struct board_running *running = board_running(w.board);
	const unsigned int kind = kind_of(running->sha256);

	if (kind == NOBODYS || w.book[place(running->slot)] != kind)
		broken("an image runs that was refused, or never finished");
	if (w.config.no_older && older(kind, w.floor))
		broken("an image runs that is older than the one that was confirmed");
	if (!running->pending_verify)
		w.floor = kind;
}

static void boot(void)
{
	const struct ota_device_config config = {
		.ops = &ops,
		.ctx = w.board,
		.ring = w.ring,
		.ring_size = RING,
		.scratch = w.scratch,
		.confirm_timeout_ms = 120000,
		.wear = &w.wear,
	};
	struct ota_record record;
	bool recorded;
	int r = -OTA_EIO;

	w.up = w.reboots = w.confirms = false;
	memset(w.peers, 0, sizeof(w.peers));
	for (int tries = 0; r == -OTA_EIO && tries < 3; tries++)
		r = board_boot(w.board, NULL);
	if (r < 0)
		broken("nothing boots");
	check_running();
	recorded = board_record(w.board, &record) == 0;
	if (ota_device_init(&w.dev, &config, recorded ? &record : NULL, now_ms()) < 0)
		broken("the configuration is refused");
	w.up = true;
}

static void on_done(void *ctx, int result)
{
	(void)ctx;
	if (w.confirms && result == 0)
		w.floor = kind_of(board_running(w.board)->sha256);
	w.confirms = false;
	if (w.up)
		ota_device_op_done(&w.dev, result, now_ms());
}

static void on_power_lost(void *ctx)
{
	(void)ctx;
	w.losses++;
	w.wear = (uint32_t)rng_u64(&w.rng); /* what RTC memory holds then */
	w.up = false;
}

/* Lets at most n events of the board happen; boots where that is wanted. */
static void let_happen(uint32_t n)
{
	while (n-- > 0 && w.up && sched_step(&w.sched))
		;
	if (w.up && !w.reboots)
		return;
	if (w.up && chance(30))
		return; /* a moment in which more is written */
	boot();
}

static void wait_ms(uint32_t ms)
{
	sched_advance(&w.sched, sched_now(&w.sched) + ms * 1000ull);
	if (w.up)
		ota_device_tick(&w.dev, now_ms());
	let_happen(1);
}

/* --- what peers do */

static void control(uint16_t conn, const uint8_t *buf, size_t len)
{
	ota_device_control(&w.dev, conn, buf, len, now_ms());
}

static void start(uint16_t conn)
{
	struct peer *peer = &w.peers[conn];
	struct ota_start m = {.version = OTA_PROTOCOL_VERSION};
	uint8_t buf[OTA_CONTROL_MAX] = {OTA_CMD_START};

	peer->kind = below(KINDS);
	peer->basic = chance(25);
	peer->sending = false;
	if (peer->basic) {
		control(conn, buf, 1);
		return;
	}
	m.image_size = m.stream_size = images[peer->kind].size;
	if (chance(20))
		m.flags = chance(34)   ? OTA_START_SINK
			  : chance(50) ? OTA_START_PATTERN
				       : OTA_START_RESTART;
	if (chance(5))
		m.image_size = m.stream_size = 300; /* part of it only */
	memcpy(m.sha256, images[peer->kind].sha256, sizeof(m.sha256));
	m.sha256[0] ^= (uint8_t)chance(5);
	control(conn, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
}

static void value(uint16_t conn)
{
	struct peer *peer = &w.peers[conn];
	const uint32_t size = images[peer->kind].size;
	const uint32_t header = peer->basic ? 0 : OTA_DATA_HEADER;
	uint8_t buf[OTA_VALUE_MAX] = {(uint8_t)peer->sequence, (uint8_t)(peer->sequence >> 8)};
	uint32_t len = 1u + below(OTA_VALUE_MAX - header);
	const uint32_t end = peer->limit < size ? peer->limit : size;

	if (peer->offset >= end)
		return;
	if (len > end - peer->offset)
		len = end - peer->offset;
	memcpy(buf + header, images[peer->kind].bytes + peer->offset, len);
	buf[header] ^= (uint8_t)(chance(1) && chance(50));
	if (ota_device_data(&w.dev, conn, buf, header + len, peer->basic, now_ms()) == 0) {
		peer->offset += len;
		peer->sequence++;
	}
}

static void command(uint16_t conn)
{
	static const uint8_t opcodes[] = {OTA_CMD_ABORT,    OTA_CMD_END,
					  OTA_CMD_CONFIRM,  OTA_CMD_CONFIRM,
					  OTA_CMD_REBOOT,   OTA_CMD_ROLLBACK,
					  OTA_CMD_ROLLBACK, OTA_CMD_RESYNC,
					  OTA_CMD_PREPARE,  0x7f};
	const uint8_t buf[5] = {opcodes[below(sizeof(opcodes))]};

	control(conn, buf, buf[0] == OTA_CMD_PREPARE ? sizeof(buf) : 1);
}

/* Most of an image, mostly followed by END: without that nothing would ever be finished. */
static void send_on(uint16_t conn)
{
	static const uint8_t end = OTA_CMD_END;
	struct peer *peer = &w.peers[conn];

	for (int i = 0; i < 200 && w.up && peer->sending && !w.reboots; i++) {
		value(conn);
		if (peer->offset == images[peer->kind].size || chance(1))
			break;
		let_happen(1);
		if (chance(20))
			wait_ms(100);
	}
	if (w.up && peer->sending && peer->offset == images[peer->kind].size && chance(80)) {
		wait_ms(1000);
		if (w.up)
			control(conn, &end, 1);
	}
}

static void disconnect(uint16_t conn)
{
	w.peers[conn] = (struct peer){.connected = false};
	ota_device_disconnected(&w.dev, conn, now_ms());
}

static void step(void)
{
	const uint16_t conn = (uint16_t)below(CONNS);
	struct peer *peer = &w.peers[conn];

	if (chance(6))
		board_cut_power_in(w.board, 1u + below(30));
	if (!peer->connected) {
		peer->connected = true;
		ota_device_connected(&w.dev, conn, now_ms());
	}
	switch (below(10)) {
	case 0:
	case 1:
		start(conn);
		break;
	case 2:
	case 3:
	case 4:
		send_on(conn);
		break;
	case 5:
	case 6:
		command(conn);
		break;
	case 7:
		value(conn);
		break;
	case 8:
		if (chance(30))
			disconnect(conn);
		break;
	default:
		wait_ms(chance(20) ? 125000 : below(2000));
		break;
	}
	if (w.up)
		let_happen(chance(50) ? below(4) : 500);
	else
		boot();
}

static void run(uint64_t seed)
{
	const struct board_callbacks callbacks = {.op_done = on_done, .power_lost = on_power_lost};
	uint64_t began;

	memset(&w, 0, sizeof(w));
	w.seed = seed;
	rng_init(&w.rng, seed);
	sched_init(&w.sched, 1000);
	w.config = (struct board_config){
		.sched = &w.sched,
		.chip_id = CHIP,
		.chip_revision = 300,
		.block_revision = 103,
		.partitions = layouts[seed % (sizeof(layouts) / sizeof(layouts[0]))],
		.secure_version = chance(50),
		.same_project = chance(50),
		.no_older = chance(70),
		.seed = seed,
	};
	w.forbids = chance(30);
	assert_int_equal(board_create(&w.config, &w.board, NULL, 0), 0);
	assert_int_equal(board_install(w.board, images[0].bytes, images[0].size), 0);
	board_set_callbacks(w.board, &callbacks);
	memset(w.book, NOBODYS, sizeof(w.book));
	w.book[seed % 3 == 2 ? SLOTS : 0] = 0;
	began = now_ms();
	boot();
	for (uint32_t i = 0; i < STEPS; i++)
		step();
	if (w.erases > (w.losses + 1u) * (OTA_WEAR_BURST + 1u) + (now_ms() - began) / OTA_WEAR_MS)
		broken("the first block was erased too often");
	board_destroy(w.board);
	sched_finish(&w.sched);
}

static void test_random(void **state)
{
	const char *text = getenv("OTABENCH_SEED");
	const char *count = getenv("POLICY_RUNS");
	const uint64_t runs = count ? strtoull(count, NULL, 10) : RUNS;
	uint64_t updates = 0, losses = 0;

	(void)state;
	if (text) {
		run(strtoull(text, NULL, 10));
		return;
	}
	for (uint64_t seed = 0; seed < runs; seed++) {
		run(seed);
		updates += w.updates;
		losses += w.losses;
	}
	print_message("# %llu runs, %llu updates, %llu losses of power\n", (unsigned long long)runs,
		      (unsigned long long)updates, (unsigned long long)losses);
	/* Otherwise these runs would show nothing. */
	assert_true(updates > runs);
	assert_true(losses > runs / 2u);
}

static int make_images(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < KINDS; i++) {
		const struct image_build build = {.chip_id = CHIP,
						  .project = kinds[i].project,
						  .version = kinds[i].version,
						  .secure_version = kinds[i].secure_version,
						  .size = kinds[i].size,
						  .seed = i + 1u};
		const uint32_t size = image_build_size(kinds[i].size);
		size_t built;

		images[i].bytes = malloc(size);
		if (!images[i].bytes ||
		    image_build(&build, sha256_buffer, images[i].bytes, size, &built) < 0)
			return -1;
		images[i].bytes[1000] ^= (uint8_t)kinds[i].damaged; /* its own hash tells */
		images[i].size = (uint32_t)built;
		sha256_buffer(images[i].bytes, built, images[i].sha256);
	}
	return 0;
}

static int free_images(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < KINDS; i++)
		free(images[i].bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests_name("device_policy", tests, make_images, free_images);
}
