/* SPDX-License-Identifier: Apache-2.0 */
/* A transfer that stands or crawls: what the device's own words, or their absence, tell. */
#include "diagnose/diagnose_priv.h"

#define LONG_ERASE_MS 1000u /* of one operation; 64 KiB take 150 to 2000 ms (data sheets) */
#define LONG_WRITE_MS 300u /* of one operation; 4 KiB take 15 ms */

#define SECTOR 4096u /* what waits for the rest of a sector is not programmed yet */

static unsigned int ms(uint64_t us)
{
	return (unsigned int)(us / 1000u);
}

/* START was written, and READY has not come. */
static bool awaits_ready(const struct diagnosis_facts *f)
{
	return f->stats->start_us != 0 && !f->begun && f->goal == SESSION_UPDATE;
}

static bool ready_is_late(const struct diagnosis_facts *f)
{
	return awaits_ready(f) &&
	       (f->outcome == SESSION_STALLED || f->outcome == SESSION_NOT_FOUND ||
		f->state_us >= 1000u * (uint64_t)LONG_ERASE_MS);
}

static bool no_credit(const struct diagnosis_facts *f)
{
	return dialect_get(f->dialect)->has_acknowledgements && f->begun && !f->ended &&
	       f->stats->queued >= f->stats->limit && f->stats->received < f->size;
}

/* Bytes flushed by ACK, or by STATUS if ACKs got lost. */
static uint32_t flushed(const struct session_stats *st)
{
	return st->status_known && st->status.flushed > st->flushed ? st->status.flushed
								    : st->flushed;
}

/* Announced, and nothing written behind it yet (PROGRESS, protocol.md 5.4). */
static bool erases(const struct session_stats *st)
{
	return st->progress.phase == OTA_PHASE_ERASE && st->progress.done < st->progress.total &&
	       flushed(st) <= st->progress.done;
}

uint8_t diagnose_erasing(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const struct ota_progress *p = &f->stats->progress;
	const struct ota_telemetry *t = &f->stats->telemetry;

	if (!diagnose_failed(f) || f->ended || f->stats->start_us == 0)
		return 0;
	if (ready_is_late(f)) {
		/* If the device says so, nothing is erased for a START alone (protocol.md 4.1). */
		if (dialect_get(f->dialect)->has_acknowledgements && p->phase != OTA_PHASE_ERASE)
			return 0;
		diagnose_say(evidence, "START was written, and READY has not come in %u ms",
			     f->outcome == SESSION_NO_OUTCOME ? ms(f->state_us)
							      : f->ready_timeout_ms);
		return p->phase == OTA_PHASE_ERASE ? CERTAIN : PROVED;
	}
	if (!diagnose_stands(f))
		return 0;
	/* A chip that erases is silent since it said so, or receives until its ring is full. */
	if (erases(f->stats) && (f->erase_last || no_credit(f))) {
		diagnose_say(evidence, "it announced an erase: %u of %u bytes are done", p->done,
			     p->total);
		return f->losses.erasing > 0 ? LIKELY : CERTAIN - 2u;
	}
	if (f->stats->telemetry_known && t->erase_ms >= LONG_ERASE_MS) {
		diagnose_say(evidence, "its latest erase took %u ms", t->erase_ms);
		return LIKELY;
	}
	return 0;
}

/* A link that was made anew has told nothing yet, and the flash is the same. */
static uint16_t write_ms(const struct diagnosis_facts *f)
{
	return f->stats->telemetry_known ? f->stats->telemetry.write_ms : f->write_ms;
}

uint8_t diagnose_programming(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const struct ota_telemetry *t = &f->stats->telemetry;

	if (!diagnose_failed(f) || !diagnose_stands(f) || f->ended || write_ms(f) < LONG_WRITE_MS ||
	    (!no_credit(f) && !diagnose_is_silent(f) && f->silences < 2))
		return 0;
	if (!f->stats->telemetry_known) {
		diagnose_say(evidence, "on the link before, its latest write took %u ms",
			     f->write_ms);
		return PROVED - 5u;
	}
	diagnose_say(evidence, "%u bytes in its ring, its latest write took %u ms", t->ring_fill,
		     t->write_ms);
	return t->write_ms > t->erase_ms ? PROVED : POSSIBLE;
}

/* Returns true if the device's own figures of its flash explain why it was silent. */
bool diagnose_flash_works(const struct diagnosis_facts *f)
{
	const struct ota_telemetry *t = &f->stats->telemetry;

	return write_ms(f) >= LONG_WRITE_MS ||
	       (f->stats->telemetry_known && t->erase_ms >= LONG_ERASE_MS);
}

uint8_t diagnose_device_task(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const struct session_stats *st = f->stats;

	if (!diagnose_failed(f) || !diagnose_stands(f) || !no_credit(f) ||
	    st->received < flushed(st) + SECTOR || diagnose_is_silent(f))
		return 0;
	if (erases(st) || f->unheard > 0)
		return 0;
	if (diagnose_flash_works(f))
		return 0;
	diagnose_say(evidence, "no credit: %u bytes wait in its ring, and it is not erasing",
		     st->received - flushed(st));
	return st->telemetry_known ? PROVED : LIKELY;
}

uint8_t diagnose_flash_fault(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->code != OTA_ERR_ERASE && f->code != OTA_ERR_WRITE && f->code != OTA_ERR_READ &&
	    f->code != OTA_ERR_HASH && f->code != OTA_ERR_PERSIST && f->code != OTA_ERR_BOOT_SLOT)
		return 0;
	if (f->code == OTA_ERR_HASH)
		diagnose_say(evidence, "%s", ota_code_text(f->code));
	else
		diagnose_say(evidence, "%s (%s, at %u)", ota_code_text(f->code),
			     ota_code_name(f->code), f->detail);
	return CERTAIN;
}

uint8_t diagnose_notifications_lost(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->unheard > 0) {
		diagnose_say(evidence, "asked, it had received %u bytes of which no ACK had come",
			     f->unheard);
		return CERTAIN - 1u;
	}
	if (!diagnose_failed(f) || diagnose_losses(f) > 0)
		return 0;
	if (ready_is_late(f) && dialect_get(f->dialect)->has_acknowledgements) {
		diagnose_say(evidence, "START was answered by its stack, and READY has not come");
		return PROVED;
	}
	/* The device's stack answers, so that link and device are well. */
	if (!diagnose_is_silent(f) || f->written == 0 || f->queries <= f->answers)
		return 0;
	diagnose_say(evidence, "its stack answered %u writes since the last of them, %u ms ago",
		     f->written, ms(f->silent_us));
	return f->written > 1 ? PROVED : LIKELY;
}

uint8_t diagnose_values_dropped(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const struct session_stats *st = f->stats;
	const uint16_t dropped = st->telemetry_known ? st->telemetry.dropped : 0;

	if (!diagnose_failed(f) || f->ended || !f->begun ||
	    !dialect_get(f->dialect)->has_acknowledgements)
		return 0;
	if (diagnose_stands(f) && erases(st) && f->erase_last)
		return 0; /* it answers late */
	/* Without a GAP only its answers tell: what was written before them did not arrive. */
	if (st->gaps == 0 && (f->missing == 0 || f->unheard > 0))
		return 0;
	diagnose_say(evidence, "%u gaps in %u values, %u not accepted, %u bytes unacknowledged",
		     st->gaps, st->values, dropped, diagnose_under_way(f));
	if (diagnose_losses(f) > 0 && st->gaps < 3)
		return POSSIBLE;
	return st->gaps >= 3 || f->outcome == SESSION_NO_HEADWAY ? PROVED - 2u : LIKELY;
}

uint8_t diagnose_writes_unseen(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const bool unseen = f->dialect != DIALECT_UNKNOWN &&
			    !dialect_get(f->dialect)->has_acknowledgements &&
			    f->mode != GATT_REQUEST && f->begun;

	if (unseen && f->erred &&
	    (f->outcome == SESSION_NO_OUTCOME || f->verdict == SESSION_VERDICT_OLD)) {
		diagnose_say(evidence,
			     "it reported a failure after %u values of %u bytes, most of them "
			     "without response",
			     f->stats->values, f->chunk);
		return LIKELY + 5u;
	}
	if (!unseen || !diagnose_failed(f) ||
	    (f->outcome != SESSION_DEVICE_ERROR && f->outcome != SESSION_NO_HEADWAY &&
	     f->outcome != SESSION_STALLED && f->outcome != SESSION_NO_OUTCOME))
		return 0;
	if (f->outcome == SESSION_NO_OUTCOME && !(f->stalled && f->ended))
		return 0;
	diagnose_say(evidence, "%u values of %u bytes were written without response",
		     f->stats->values, f->chunk);
	return f->outcome == SESSION_DEVICE_ERROR ? LIKELY + 5u : LIKELY;
}

uint8_t diagnose_mtu(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->code == OTA_ERR_LENGTH && f->opcode == 0) {
		diagnose_say(evidence, "it refused a value of %u bytes; ATT MTU %u", f->detail,
			     f->mtu);
		return CERTAIN;
	}
	if (f->status == -OTA_EMSGSIZE) {
		diagnose_say(evidence, "the stack refused a value as too long for ATT MTU %u",
			     f->mtu);
		return PROVED;
	}
	return 0;
}

uint8_t diagnose_silent(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	const uint64_t timeout_us = f->link.supervision_timeout * 10000ull;
	const bool up = f->state != SESSION_CONNECTING && f->state != SESSION_WAITING &&
			f->state != SESSION_RECONNECTING;

	if (!diagnose_failed(f) || diagnose_losses(f) > 0 || !f->begun || f->stack_full)
		return 0;
	if (f->outcome != SESSION_NO_OUTCOME ? f->outcome != SESSION_STALLED
					     : !up || !diagnose_is_silent(f) || !f->stalled)
		return 0;
	diagnose_say(evidence, "nothing was heard for %u ms, %u questions had no answer",
		     ms(f->silent_us), f->queries > f->answers ? f->queries - f->answers : 0);
	/* A link that outlives its timeout is acknowledged by the device's controller. */
	return timeout_us > 0 && f->silent_us > timeout_us && f->queries > f->answers ? LIKELY + 5u
										      : POSSIBLE;
}

uint8_t diagnose_no_headway(const struct diagnosis_facts *f, char evidence[DIAGNOSIS_TEXT])
{
	if (f->outcome != SESSION_NO_HEADWAY)
		return 0;
	diagnose_say(evidence, "%llu bytes were sent, and %u received",
		     (unsigned long long)f->stats->sent_bytes, f->stats->received);
	return POSSIBLE;
}
