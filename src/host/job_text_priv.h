/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run in words: functions shared by the files around job_text.c. */
#ifndef OTABENCH_HOST_JOB_TEXT_PRIV_H
#define OTABENCH_HOST_JOB_TEXT_PRIV_H

#include "host/job_priv.h"

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void job_say(char to[JOB_TEXT_MAX], const char *format, ...);
/* Says what a command on the device does. */
void job_advise(const struct job *job, struct job_result *r, const char *verb,
		enum job_command_on on, const char *does);
/*
 * Advises the cure of the likeliest cause.  If none is known: to diagnose, or to move closer if a
 * link ended unheard or the run was only a look.
 */
void job_advise_cure(const struct job *job, struct job_result *r);
/* The command that goes on; a cure where nothing can be resumed. */
void job_advise_resume(const struct job *job, struct job_result *r);
void job_safe_version(const char *version, char to[JOB_TEXT_MAX / 4]);

/* job_text_lost.c */
void job_explain_lost(const struct job *job, struct job_result *r);
/* The device or the adapter went away in mid update; nothing before one began. */
void job_explain_gone(const struct job *job, struct job_result *r);
/* The failure may come from data that the stack has cached. */
void job_explain_misremembered(const struct job *job, struct job_result *r);
/* Given up although the device still speaks. */
void job_explain_endless(const struct job *job, struct job_result *r);

/* job_text_device.c */
void job_explain_device_error(const struct job *job, struct job_result *r);
/* The device asks for an encrypted link, and there is none. */
void job_explain_not_paired(const struct job *job, struct job_result *r);

#endif
