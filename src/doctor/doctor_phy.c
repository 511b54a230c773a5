/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check whether an adapter may use LE 2M, which nearly doubles what a link carries: Linux kept
 * to 1M for years whatever the adapter could, and bluetoothd does not tell.  The kernel's
 * management interface does, to root (doc/mgmt-api.txt of BlueZ, Get PHY Configuration;
 * mgmt_untrusted_commands of net/bluetooth/mgmt.c does not list it).
 */
#include "config.h" /* system extensions: SOCK_CLOEXEC, le16toh() */

#include "doctor/doctor_priv.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET_PHY_CONFIGURATION 0x0044
#define COMMAND_COMPLETE 0x0001
#define COMMAND_STATUS 0x0002
#define PERMISSION_DENIED 0x14
#define ANSWER_MS 3000
#define PACKETS_MAX 64 /* of others, before the answer */
#define LE_2M (1u << 11 | 1u << 12) /* to send and to receive */

struct mgmt_head { /* little-endian, as all here */
	uint16_t code, index, len;
} __attribute__((packed));

struct mgmt_answer {
	struct mgmt_head head;
	uint16_t command;
	uint8_t status;
	uint32_t supported, configurable, selected;
} __attribute__((packed));

/* btmgmt's names of the PHYs, by bit. */
static const char *const phy_names[] = {
	"BR1M1SLOT",  "BR1M3SLOT",  "BR1M5SLOT",  "EDR2M1SLOT", "EDR2M3SLOT",
	"EDR2M5SLOT", "EDR3M1SLOT", "EDR3M3SLOT", "EDR3M5SLOT", "LE1MTX",
	"LE1MRX",     "LE2MTX",	    "LE2MRX",	  "LECODEDTX",	"LECODEDRX",
};

int doctor_phys_parse(const void *packet, size_t len, unsigned int index, struct doctor_phys *ret)
{
	const size_t status_len = offsetof(struct mgmt_answer, supported);
	struct mgmt_answer a;

	memset(&a, 0, sizeof(a));
	memcpy(&a, packet, len < sizeof(a) ? len : sizeof(a));
	if (len < status_len || le16toh(a.head.index) != index ||
	    le16toh(a.command) != GET_PHY_CONFIGURATION)
		return 0;
	if (le16toh(a.head.code) != COMMAND_STATUS && le16toh(a.head.code) != COMMAND_COMPLETE)
		return 0;
	if (a.status != 0 || len < sizeof(a))
		return a.status == PERMISSION_DENIED ? -EPERM : -EIO;
	ret->supported = le32toh(a.supported);
	ret->selected = le32toh(a.selected);
	return 1;
}

static int doctor_phy_ask(int fd, unsigned int index, struct doctor_phys *ret)
{
	const struct mgmt_head command = {.code = htole16(GET_PHY_CONFIGURATION),
					  .index = htole16((uint16_t)index)};
	uint8_t packet[512];
	int rc = 0;

	if (send(fd, &command, sizeof(command), MSG_NOSIGNAL) < 0)
		return -errno;
	for (int i = 0; rc == 0 && i < PACKETS_MAX; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, ANSWER_MS) <= 0)
			return -ETIMEDOUT;
		n = recv(fd, packet, sizeof(packet), 0);
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		rc = doctor_phys_parse(packet, (size_t)n, index, ret);
	}
	return rc > 0 ? 0 : rc < 0 ? rc : -ETIMEDOUT;
}

/*
 * The command takes all that shall be allowed, not what shall be added, and refuses
 * a list without what cannot be turned off.
 */
static void add_advice(unsigned int index, uint32_t phys, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "as root: btmgmt --index %u phy", index);

	for (size_t i = 0; i < sizeof(phy_names) / sizeof(phy_names[0]) && used < size; i++)
		if (phys & 1u << i)
			used += (size_t)snprintf(buf + used, size - used, " %s", phy_names[i]);
}

void doctor_phys_tell(struct doctor *d, unsigned int index, const struct doctor_phys *phys)
{
	char advice[DOCTOR_TEXT];

	if ((phys->supported & LE_2M) != LE_2M) {
		doctor_add(d, DOCTOR_NOTE, "LE 2M", "an adapter with 2M is up to twice as fast",
			   "hci%u has no 2M PHY: every link is 1M", index);
	} else if ((phys->selected & LE_2M) != LE_2M) {
		add_advice(index, phys->selected | LE_2M, advice, sizeof(advice));
		doctor_add(d, DOCTOR_NOTE, "LE 2M", advice,
			   "hci%u has the 2M PHY, but the kernel allows 1M only: a device that "
			   "asks for 2M is refused",
			   index);
	} else {
		doctor_add(d, DOCTOR_GOOD, "LE 2M", "", "hci%u may use the 2M PHY", index);
	}
}

void doctor_check_phy(struct doctor *d, unsigned int index)
{
	struct doctor_phys phys = {.supported = 0};
	const int fd = hci_socket(HCI_CHANNEL_CONTROL, HCI_NO_DEVICE, true);
	const int rc = fd < 0 ? fd : doctor_phy_ask(fd, index, &phys);

	if (fd >= 0)
		close(fd);
	if (rc == 0)
		doctor_phys_tell(d, index, &phys);
	else if (rc == -EPERM)
		doctor_add(d, DOCTOR_NOTE, "LE 2M", "as root: otabench doctor",
			   "only root can read whether hci%u may use the 2M PHY", index);
	else
		doctor_add(d, DOCTOR_NOTE, "LE 2M", "a device may report the PHY of its link",
			   "cannot read whether hci%u may use the 2M PHY (%s)", index,
			   strerror(-rc));
}
