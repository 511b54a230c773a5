/* SPDX-License-Identifier: Apache-2.0 */
/* The actions that are possible with a device, between recover.c and recover_why.c. */
#ifndef OTABENCH_HOST_RECOVER_PRIV_H
#define OTABENCH_HOST_RECOVER_PRIV_H

#include "host/recover.h"

/* It keeps part of an update; that is of the image that is chosen here. */
bool recover_holds_session(const struct recover_known *k);
bool recover_same_image(const struct recover_known *k);
/* An update from here stopped halfway: the device keeps what it has, unless it lost it since. */
bool recover_interrupted(const struct recover_known *k);
/* An OTA_INFO_* of the device is known; and set. */
bool recover_knows(const struct recover_known *k, uint8_t flag);
bool recover_has(const struct recover_known *k, uint8_t flag);

/* The reason against an action; NULL: it is possible. */
const char *recover_why_not_upload(const struct recover_known *k);
const char *recover_why_not_resume(const struct recover_known *k);
const char *recover_why_not_command(const struct recover_known *k);
/* The same of a command that needs a flag; without: the words for its absence. */
const char *recover_why_not_flag(const struct recover_known *k, uint8_t flag, const char *without);
const char *recover_why_not_abort(const struct recover_known *k);
/* The device would refuse PREPARE where its other slot is needed. */
const char *recover_why_not_prepare(const struct recover_known *k);
const char *recover_why_not_pause(const struct recover_known *k);
const char *recover_why_not_cancel(const struct recover_known *k);

#endif
