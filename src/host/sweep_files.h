/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a search for settings: its state, while it is not at its end, and the profile
 * that it wrote for a device behind an adapter.  What was found in a simulation has a name
 * that belongs to the very options of that simulation, and no real device's.
 */
#ifndef OTABENCH_HOST_SWEEP_FILES_H
#define OTABENCH_HOST_SWEEP_FILES_H

#include "sweep/sweep.h"

#include <time.h>

/* The device and the adapter that were measured. */
struct sweep_pair {
	char device[18]; /* its address */
	char name[250]; /* as the device calls itself, safe to print */
	char adapter[18]; /* its address; "": not known */
	const char *simulated; /* the options of the simulation; NULL: none.  The owner's */
};

/* A plain name for the pair's profile: "sweep-246F28AA1001-001A7DDA7113".  Returns buf. */
char *sweep_profile_name(const struct sweep_pair *pair, char buf[PROFILE_NAME_MAX]);
/*
 * The name of the profile that was found for a device, typed as its address or its name, with
 * the pair's adapter or simulation.  False: there is none, or several devices have that name.
 */
bool sweep_profile_of(const struct sweep_pair *pair, const char *typed,
		      char name[PROFILE_NAME_MAX]);
/*
 * Writes it: bounds with the values of the best point, and comments that say how it was found.
 * Only a file that a search wrote is replaced, unless force.  0 with its path, or the errors of
 * file_save() with a sentence.
 */
int sweep_profile_save(const struct sweep_pair *pair, const struct profile *bounds,
		       const struct sweep *s, time_t now, bool force, char path[4096], char *error,
		       size_t size);
/* The state of a search within these bounds.  False: no folder for it. */
bool sweep_state_path(const struct sweep_pair *pair, const struct profile *bounds,
		      enum sweep_objective objective, char path[4096]);
/* 0 with *ret; -OTA_ENOENT: none; -OTA_EBADMSG, -OTA_EIO with a sentence that names the file. */
int sweep_state_load(const char *path, struct sweep *ret, char *error, size_t size);
int sweep_state_save(const char *path, const struct sweep *s, char *error, size_t size);

#endif
