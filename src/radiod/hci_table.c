/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every command that the virtual controller knows.  What is not in here is an
 * Unknown HCI Command, and its bit of Read Local Supported Commands is clear:
 * both follow from this one table.
 */
#include "radiod/hci_priv.h"

#define STATUS HCI_CMD_STATUS
#define CONN HCI_CMD_CONN
#define MORE HCI_CMD_MORE
#define OLD HCI_CMD_LEGACY
#define NEW HCI_CMD_EXTENDED
#define DLE HCI_FEATURE_DATA_LENGTH
#define PARAM HCI_FEATURE_PARAM_REQUEST
/* The PHY commands came with 5.0, whatever PHYs there are. */
#define V5 HCI_FEATURE_EXTENDED_ADV

/* Opcode, bit, length, returned octets, flags, feature.  One command, one line. */
/* clang-format off */
const struct hci_command hci_commands[] = {
	{0x0406, 5, 3, 0, STATUS | CONN, 0, hci_disconnect},
	{0x041d, 23, 2, 0, STATUS | CONN, 0, hci_read_remote_version},
	{0x0c01, 46, 8, 0, 0, 0, hci_set_event_mask},
	{0x0c03, 47, 0, 0, 0, 0, hci_reset},
	{0x0c2d, 82, 3, 1, CONN, 0, hci_read_conn_tx_power},
	{0x1001, 115, 0, 8, 0, 0, hci_read_version},
	{0x1002, 116, 0, 64, 0, 0, hci_read_commands},
	{0x1003, 117, 0, 8, 0, 0, hci_read_features},
	{0x1009, 121, 0, 6, 0, 0, hci_read_address},
	{0x1405, 125, 2, 1, CONN, 0, hci_read_rssi},
	{0x2001, 200, 8, 0, 0, 0, hci_le_set_event_mask},
	{0x2002, 201, 0, 3, 0, 0, hci_le_read_buffers},
	{0x2003, 202, 0, 8, 0, 0, hci_le_read_features},
	{0x2005, 204, 6, 0, 0, 0, hci_le_set_random_address},
	{0x2006, 205, 15, 0, OLD, 0, hci_le_set_adv_params},
	{0x2007, 206, 0, 1, OLD, 0, hci_le_read_adv_tx_power},
	{0x2008, 207, 32, 0, OLD, 0, hci_le_set_adv_data},
	{0x2009, 208, 32, 0, OLD, 0, hci_le_set_adv_data},
	{0x200a, 209, 1, 0, OLD, 0, hci_le_set_adv_enable},
	{0x200b, 210, 7, 0, OLD, 0, hci_le_set_scan_params},
	{0x200c, 211, 2, 0, OLD, 0, hci_le_set_scan_enable},
	{0x200d, 212, 25, 0, OLD | STATUS, 0, hci_le_create_connection},
	{0x200e, 213, 0, 0, 0, 0, hci_le_cancel_connection},
	{0x200f, 214, 0, 1, 0, 0, hci_le_read_accept_size},
	{0x2010, 215, 0, 0, 0, 0, hci_le_clear_accept},
	{0x2011, 216, 7, 0, 0, 0, hci_le_add_accept},
	{0x2012, 217, 7, 0, 0, 0, hci_le_remove_accept},
	{0x2013, 218, 14, 0, STATUS | CONN, 0, hci_le_update_connection},
	{0x2014, 219, 5, 0, 0, 0, hci_le_set_channels},
	{0x2015, 220, 2, 5, CONN, 0, hci_le_read_channel_map},
	{0x2016, 221, 2, 0, STATUS | CONN, 0, hci_le_read_remote_features},
	{0x2017, 222, 32, 16, 0, 0, hci_le_encrypt},
	{0x2018, 223, 0, 8, 0, 0, hci_le_rand},
	{0x2019, 224, 28, 0, STATUS | CONN, 0, hci_le_start_encryption},
	{0x201c, 227, 0, 8, 0, 0, hci_le_read_states},
	{0x2020, 268, 14, 0, CONN, PARAM, hci_le_answer_params},
	{0x2021, 269, 3, 0, CONN, PARAM, hci_le_refuse_params},
	{0x2022, 270, 6, 0, CONN, DLE, hci_le_set_data_length},
	{0x2023, 271, 0, 4, 0, DLE, hci_le_read_default_length},
	{0x2024, 272, 4, 0, 0, DLE, hci_le_write_default_length},
	{0x202f, 283, 0, 8, 0, DLE, hci_le_read_max_length},
	{0x2030, 284, 2, 2, CONN, V5, hci_le_read_phy},
	{0x2031, 285, 3, 0, 0, V5, hci_le_set_default_phy},
	{0x2032, 286, 7, 0, STATUS | CONN, V5, hci_le_set_phy},
	{0x2035, 289, 7, 0, NEW, V5, hci_le_set_set_address},
	{0x2036, 290, 25, 1, NEW, V5, hci_le_set_ext_adv_params},
	{0x2037, 291, 4, 0, NEW | MORE, V5, hci_le_set_ext_adv_data},
	{0x2038, 292, 4, 0, NEW | MORE, V5, hci_le_set_ext_adv_data},
	{0x2039, 293, 2, 0, NEW | MORE, V5, hci_le_set_ext_adv_enable},
	{0x203a, 294, 0, 2, NEW, V5, hci_le_read_max_adv_length},
	{0x203b, 295, 0, 1, NEW, V5, hci_le_read_adv_sets},
	{0x203c, 296, 1, 0, NEW, V5, hci_le_remove_adv_set},
	{0x203d, 297, 0, 0, NEW, V5, hci_le_clear_adv_sets},
	{0x2041, 301, 3, 0, NEW | MORE, V5, hci_le_set_ext_scan_params},
	{0x2042, 302, 6, 0, NEW, V5, hci_le_set_ext_scan_enable},
	{0x2043, 303, 10, 0, NEW | MORE | STATUS, V5, hci_le_ext_create_connection},
	{0x204b, 311, 0, 2, 0, V5, hci_le_read_tx_power},
};
/* clang-format on */

const size_t hci_command_count = sizeof(hci_commands) / sizeof(hci_commands[0]);
