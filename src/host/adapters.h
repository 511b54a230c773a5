/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection interval that was measured to suit a Bluetooth adapter, kept across runs:
 * otabench/adapters in $XDG_STATE_HOME (default ~/.local/state), a line each of address, PHY
 * and interval, the latest first.  Nothing else tells how an adapter fills its buffers.
 */
#ifndef OTABENCH_HOST_ADAPTERS_H
#define OTABENCH_HOST_ADAPTERS_H

#include <stdbool.h>
#include <stdint.h>

#define ADAPTERS_MAX 32u /* lines; the oldest goes */
#define ADAPTERS_ADDRESS 18u /* "00:11:22:33:44:55", terminated */

/*
 * The remembered interval in units of 1.25 ms, 6..3200; 0: nothing is known, or the file cannot be
 * read.
 */
uint16_t adapters_interval(const char *address, bool phy_2m);
/* Puts it first.  0; -OTA_EINVAL: not an address, out of range, or no folder for the file;
 * the codes of file_save(): not being able to remember is no reason to stop. */
int adapters_learn(const char *address, bool phy_2m, uint16_t interval);

#endif
