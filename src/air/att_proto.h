/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Attribute Protocol's numbers, for the server of the virtual ESP32 and the
 * client of the simulated central (Core Vol 3 Part F 3.4).
 */
#ifndef OTABENCH_AIR_ATT_PROTO_H
#define OTABENCH_AIR_ATT_PROTO_H

#include "base/bytes.h"

#include <stdint.h>

enum att_opcode {
	ATT_ERROR_RSP = 0x01,
	ATT_MTU_REQ = 0x02,
	ATT_MTU_RSP = 0x03,
	ATT_FIND_INFO_REQ = 0x04,
	ATT_FIND_INFO_RSP = 0x05,
	ATT_FIND_BY_TYPE_REQ = 0x06,
	ATT_FIND_BY_TYPE_RSP = 0x07,
	ATT_READ_BY_TYPE_REQ = 0x08,
	ATT_READ_BY_TYPE_RSP = 0x09,
	ATT_READ_REQ = 0x0a,
	ATT_READ_RSP = 0x0b,
	ATT_READ_BLOB_REQ = 0x0c,
	ATT_READ_BLOB_RSP = 0x0d,
	ATT_READ_MULTIPLE_REQ = 0x0e,
	ATT_READ_BY_GROUP_REQ = 0x10,
	ATT_READ_BY_GROUP_RSP = 0x11,
	ATT_WRITE_REQ = 0x12,
	ATT_WRITE_RSP = 0x13,
	ATT_PREPARE_REQ = 0x16,
	ATT_PREPARE_RSP = 0x17,
	ATT_EXECUTE_REQ = 0x18,
	ATT_EXECUTE_RSP = 0x19,
	ATT_NOTIFICATION = 0x1b,
	ATT_INDICATION = 0x1d,
	ATT_CONFIRMATION = 0x1e,
	ATT_READ_MULTIPLE_VAR_REQ = 0x20,
	ATT_WRITE_CMD = 0x52,
};
#define ATT_COMMAND_FLAG 0x40u /* never answered, 3.3.1 */

enum att_error {
	ATT_OK = 0,
	ATT_ERR_HANDLE = 0x01,
	ATT_ERR_READ_NOT_PERMITTED = 0x02,
	ATT_ERR_WRITE_NOT_PERMITTED = 0x03,
	ATT_ERR_PDU = 0x04,
	ATT_ERR_AUTHENTICATION = 0x05, /* the link must be encrypted, or with a better key */
	ATT_ERR_NOT_SUPPORTED = 0x06,
	ATT_ERR_OFFSET = 0x07,
	ATT_ERR_QUEUE_FULL = 0x09,
	ATT_ERR_NOT_FOUND = 0x0a,
	ATT_ERR_NOT_LONG = 0x0b,
	ATT_ERR_LENGTH = 0x0d,
	ATT_ERR_UNLIKELY = 0x0e,
	ATT_ERR_ENCRYPTION = 0x0f, /* the link must be encrypted, and there is a key */
	ATT_ERR_GROUP_TYPE = 0x10,
	ATT_ERR_RESOURCES = 0x11,
	ATT_ERR_APPLICATION = 0x80, /* up to 0x9f: the application's own */
	ATT_ERR_APPLICATION_LAST = 0x9f,
	ATT_ERR_CCC = 0xfd, /* improperly configured; Core Specification Supplement Part B 1.2 */
};

/* Assigned numbers. */
#define ATT_UUID_GAP 0x1800u
#define ATT_UUID_GATT 0x1801u
#define ATT_UUID_DEVICE_INFORMATION 0x180au
#define ATT_UUID_BATTERY 0x180fu
#define ATT_UUID_PRIMARY_SERVICE 0x2800u
#define ATT_UUID_SECONDARY_SERVICE 0x2801u
#define ATT_UUID_CHARACTERISTIC 0x2803u
#define ATT_UUID_CCC 0x2902u
#define ATT_UUID_DEVICE_NAME 0x2a00u
#define ATT_UUID_APPEARANCE 0x2a01u
#define ATT_UUID_SERVICE_CHANGED 0x2a05u
#define ATT_UUID_BATTERY_LEVEL 0x2a19u
#define ATT_UUID_MODEL 0x2a24u
#define ATT_UUID_FIRMWARE_REVISION 0x2a26u
#define ATT_UUID_MANUFACTURER 0x2a29u
#define ATT_UUID_DATABASE_HASH 0x2b2au

#define ATT_CCC_NOTIFY 0x0001u
#define ATT_CCC_INDICATE 0x0002u

#define ATT_MTU_MIN 23u
#define ATT_MTU_MAX 517u /* a value of 512 octets and the longest header, 3.2.9 */
#define ATT_VALUE_MAX 512u

/* A UUID as it is on the air: little-endian, 2 or 16 octets. */
struct att_uuid {
	uint8_t len;
	uint8_t bytes[16];
};

#endif
