/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for the PDUs of Control, Data and Info: the log shows them beside the
 * bytes.  Made with ota_core's own decoders, so that the log cannot read a PDU
 * otherwise than the program does.
 */
#ifndef OTABENCH_HOST_PDU_TEXT_H
#define OTABENCH_HOST_PDU_TEXT_H

#include "core/dialect.h"

#include <stddef.h>

#define PDU_TEXT_SIZE 256u /* long enough for every text */

/*
 * Each writes one line without newline, printable ASCII, NUL terminated, and
 * returns buf.  Bytes that are no such PDU are described as what they are.
 * dialect: the one that the peer speaks.
 */
char *pdu_text_command(const uint8_t *bytes, size_t len, const struct dialect *dialect, char *buf,
		       size_t size);
char *pdu_text_notification(const uint8_t *bytes, size_t len, const struct dialect *dialect,
			    char *buf, size_t size);
/* pdu_text_sectors.c: the same of a dialect with sectors, and a notification of Data. */
char *pdu_text_sectors_command(const uint8_t *bytes, size_t len, char *buf, size_t size);
char *pdu_text_sectors_answer(const uint8_t *bytes, size_t len, char *buf, size_t size);
char *pdu_text_sectors_data(const uint8_t *bytes, size_t len, char *buf, size_t size);
/* pdu_text_parts.c: of fbiego's dialects, at least one byte. */
char *pdu_text_parts_command(const uint8_t *bytes, size_t len, char *buf, size_t size);
char *pdu_text_parts_notification(const uint8_t *bytes, size_t len, char *buf, size_t size);
/* pdu_text_packages.c: of ArduinoBleOTA, likewise. */
char *pdu_text_packages_command(const uint8_t *bytes, size_t len, char *buf, size_t size);
char *pdu_text_packages_notification(const uint8_t *bytes, size_t len, char *buf, size_t size);
/* pdu_text_mcumgr.c: of SMP, likewise; a message may come in pieces. */
char *pdu_text_mcumgr(const uint8_t *bytes, size_t len, char *buf, size_t size);
/* "DATA sequence=12 length=242", "DATA sector=3 value=7 length=242" */
char *pdu_text_data(const uint8_t *bytes, size_t len, const struct dialect *dialect, char *buf,
		    size_t size);
char *pdu_text_info(const uint8_t *bytes, size_t len, char *buf, size_t size);

/* OTA_INFO_* as words: "pending-verify,can-rollback", "none". */
char *pdu_text_flags(uint8_t flags, char *buf, size_t size);
/* OTA_FEATURE_* and OTA_PHYS_* in the same way. */
char *pdu_text_features(uint32_t features, char *buf, size_t size);
char *pdu_text_phys(uint8_t set, char *buf, size_t size);
#define PDU_TEXT_FACTORY 0xffu /* the running slot is the factory partition */
/* A running slot: its number, or "factory". */
char *pdu_text_slot(uint8_t slot, char *buf, size_t size);
/* "panic; 3 resets since the update began (panics: 2)", of Info or STATUS; "": nothing is known. */
char *pdu_text_resets(uint8_t reason, uint8_t count, uint8_t panics, char *buf, size_t size);
/* "2M", "unknown" */
const char *pdu_text_phy(uint8_t phy);

#endif
