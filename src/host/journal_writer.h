/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a journal while a transfer runs.  What is written before START is on the disk when
 * the call returns; later states are handed to a thread, as the disk may take seconds, and
 * nothing of a transfer may wait for it.
 */
#ifndef OTABENCH_HOST_JOURNAL_WRITER_H
#define OTABENCH_HOST_JOURNAL_WRITER_H

#include "host/journal.h"

struct journal_writer;

/*
 * Claims the device and writes what is about to be sent: one image, its place, the device.
 * What an older journal tells of the same image is kept, another image stands behind the new
 * one.  -OTA_EBUSY: another program updates the device, which error says; -OTA_ENOMEM.
 * 0 otherwise, with a sentence in error where it could not be written ("": it was).
 */
int journal_begin(const struct journal *first, struct journal_writer **ret, char *error,
		  size_t size);
/* Notes how far the update is; ready: the device took this image, and so dropped another one. */
void journal_progress(struct journal_writer *writer, uint32_t received, uint32_t flushed,
		      bool ended, bool ready);
/* A sentence on what could not be written, once; "" none. */
void journal_warning(struct journal_writer *writer, char *buf, size_t size);

enum journal_end {
	JOURNAL_LEFT, /* the program ends over the run: the latest state is written */
	JOURNAL_STOPPED, /* the run ended, and is to be resumed */
	JOURNAL_OVER, /* it ended, or was given up: no journal */
	JOURNAL_UNTOUCHED, /* nothing was changed on the device: the journal is as before */
};
/* Gives the claim back; writer is gone.  outcome: with STOPPED.  error as of journal_begin(). */
void journal_end(struct journal_writer *writer, enum journal_end how, enum session_outcome outcome,
		 char *error, size_t size);

#endif
