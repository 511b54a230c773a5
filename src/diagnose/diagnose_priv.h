/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of diagnose.  A judge says how certain its cause is, in percent, 0 where
 * nothing speaks for it, and writes what it saw.  Judges know nothing of each other: where
 * two causes explain the same, the one with the stronger evidence is the more certain.
 */
#ifndef OTABENCH_DIAGNOSE_PRIV_H
#define OTABENCH_DIAGNOSE_PRIV_H

#include "diagnose/diagnose.h"

#define CERTAIN 97u /* the device, or the stack, said so */
#define PROVED 90u /* no other cause looks like this */
#define LIKELY 75u
#define POSSIBLE 55u
#define LEAST 50u /* below this nothing is told */

/* Writes the setting that cures a cause that was found, or leaves it "". */
typedef void diagnosis_changer(const struct diagnosis_facts *f, char change[DIAGNOSIS_CHANGE]);

typedef uint8_t diagnosis_judge(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT]);

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void diagnose_say(char evidence[DIAGNOSIS_TEXT], const char *format, ...);

/* Returns true for a run under way, or one that ended without success. */
bool diagnose_failed(const struct diagnosis_facts *f);
/* The transfer stands, or ended so. */
bool diagnose_stands(const struct diagnosis_facts *f);
/* Handed over, and not known to have arrived. */
uint32_t diagnose_under_way(const struct diagnosis_facts *f);
/* The device said nothing for longer than one under way ever does. */
bool diagnose_is_silent(const struct diagnosis_facts *f);
bool diagnose_flash_works(const struct diagnosis_facts *f);
/* Links that ended in mid run, however they did. */
unsigned int diagnose_losses(const struct diagnosis_facts *f);
bool diagnose_is_weak(int8_t rssi);
/* Milliseconds that discovery takes at least with an interval of so many of 1.25 ms. */
uint32_t diagnose_discovery_ms(uint16_t interval);

/* diagnose_change.c */
diagnosis_changer diagnose_more_patience, diagnose_fewer_notifications, diagnose_less_at_a_time,
	diagnose_wait_for_each, diagnose_shorter_values, diagnose_longer_timeout,
	diagnose_longer_connect, diagnose_same_interval;
/* diagnose_transfer.c */
diagnosis_judge diagnose_erasing, diagnose_programming, diagnose_device_task, diagnose_flash_fault,
	diagnose_notifications_lost, diagnose_values_dropped, diagnose_writes_unseen, diagnose_mtu,
	diagnose_no_headway, diagnose_silent;
/* diagnose_host.c */
diagnosis_judge diagnose_host_queue, diagnose_adapter_buffers, diagnose_adapter_off,
	diagnose_adapter_blocked, diagnose_adapter_gone, diagnose_daemon_gone,
	diagnose_daemon_silent, diagnose_bus_policy, diagnose_no_bus, diagnose_stale_cache,
	diagnose_held_here, diagnose_pairing_needed, diagnose_pairing_refused, diagnose_bond_lost;
/* diagnose_release.c */
diagnosis_judge diagnose_daemon_old;
/* diagnose_link.c */
diagnosis_judge diagnose_fading, diagnose_out_of_range, diagnose_interference, diagnose_supervision,
	diagnose_timing, diagnose_interval, diagnose_interval_changed, diagnose_connect_fails,
	diagnose_not_advertising, diagnose_not_connectable, diagnose_hung_up;
/* diagnose_device.c */
diagnosis_judge diagnose_reset, diagnose_other_slot, diagnose_other_client, diagnose_permission,
	diagnose_too_often, diagnose_dialect, diagnose_protocol, diagnose_no_return,
	diagnose_on_trial, diagnose_rolled_back, diagnose_same_version, diagnose_image_refused,
	diagnose_left_behind;

#endif
