/* SPDX-License-Identifier: Apache-2.0 */
/* See bundle.h. */
#include "config.h" /* system extensions: mkdir(), localtime_r(), openat(), open_memstream() */

#include "replay/bundle.h"

#include "base/file_read.h"
#include "base/output.h"
#include "doctor/doctor.h"
#include "replay/archive.h"
#include "replay/scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* A bundle being written. */
struct pack {
	const struct bundle *b;
	int folder; /* -1: an archive */
	struct archive_out *archive;
	char name[BUNDLE_NAME_MAX]; /* of the folder in the archive */
	struct scrub scrub;
	char readme[2048];
	size_t readme_len;
	char *why;
	size_t why_size;
};

/* The name for a bundle made now, in local time; returns buf. */
static char *bundle_name(char *buf, size_t size)
{
	const time_t now = time(NULL);
	struct tm local;

	if (!localtime_r(&now, &local) ||
	    strftime(buf, size, "otabench-bundle-%Y%m%d-%H%M%S", &local) == 0)
		(void)snprintf(buf, size, "otabench-bundle");
	return buf;
}

static int complain(struct pack *p, const char *name)
{
	const int error = errno != 0 ? errno : OTA_EIO;

	(void)snprintf(p->why, p->why_size, "%s: %s", name, strerror(error));
	return -error;
}

static int store_in_folder(struct pack *p, const char *name, const char *text, size_t len)
{
	const int fd = openat(p->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out) {
		const int r = complain(p, name);

		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	errno = 0;
	(void)fwrite(text, 1, len, out);
	if (ferror(out)) {
		const int r = complain(p, name);

		(void)fclose(out);
		return r;
	}
	return fclose(out) == 0 ? 0 : complain(p, name);
}

/* Stores a text, always scrubbed. */
static int store(struct pack *p, const char *name, const char *text, size_t len)
{
	size_t clean_len = 0;
	char *clean = strcmp(name, BUNDLE_TRACE) == 0
			      ? scrub_trace(&p->scrub, text, len, &clean_len)
			      : scrub_text(&p->scrub, text, len, &clean_len);
	int r;

	if (!clean) {
		errno = ENOMEM;
		return complain(p, name);
	}
	r = p->archive
		    ? archive_add(p->archive, p->name, name, clean, clean_len, p->why, p->why_size)
		    : store_in_folder(p, name, clean, clean_len);
	free(clean);
	return r;
}

/* Adds a file to the list in README.txt. */
static void list(struct pack *p, const char *name, const char *what)
{
	const size_t left = sizeof(p->readme) - p->readme_len;
	const int n = snprintf(p->readme + p->readme_len, left, "%-13s %s\n", name, what);

	p->readme_len += n > 0 && (size_t)n < left ? (size_t)n : 0;
}

/* One file of text. */
static int put(struct pack *p, const char *name, const char *what,
	       void (*write)(const struct bundle *b, FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return complain(p, name);
	write(p->b, out);
	r = fclose(out) == 0 ? store(p, name, text, len) : complain(p, name);
	free(text);
	if (r == 0)
		list(p, name, what);
	return r;
}

/* --- the files */

static void field(FILE *out, const char *label, const char *text)
{
	char safe[JOB_TEXT_MAX * 4];

	(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
	(void)fprintf(out, "%-14s %s\n", label, safe);
}

static void write_versions(const struct bundle *b, FILE *out)
{
	const time_t now = time(NULL);
	struct utsname system;
	char text[256] = "";
	struct tm local;

	field(out, "program", PACKAGE_STRING);
	if (localtime_r(&now, &local) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &local) > 0)
		field(out, "written", text);
	if (uname(&system) == 0) {
		(void)snprintf(text, sizeof(text), "%.64s %.64s %.64s", system.sysname,
			       system.release, system.machine);
		field(out, "system", text);
	}
	(void)snprintf(text, sizeof(text), "%s", archive_libraries());
	field(out, "libraries", text);
	if (b->now && b->now->link.bluetoothd[0])
		field(out, "bluetoothd", b->now->link.bluetoothd);
	if (b->source)
		field(out, "source", b->source);
}

static void write_result(const struct job_result *r, FILE *out)
{
	char text[OUTPUT_FIGURE_MAX];

	(void)fprintf(out, "\n");
	field(out, "outcome", session_outcome_name(r->outcome));
	field(out, "what", r->what);
	if (r->advice[0] != '\0')
		field(out, "advice", r->advice);
	(void)fprintf(out, "%-14s %u opcode 0x%02x detail %" PRIu32 " status %d\n", "code", r->code,
		      r->opcode, r->detail, r->status);
	field(out, "transferred", output_bytes(r->bytes, text, sizeof(text)));
	field(out, "time", output_duration(r->seconds_us, text, sizeof(text)));
	field(out, "rate", output_rate(r->goodput, text, sizeof(text)));
	field(out, "link ceiling", output_rate(r->ceiling, text, sizeof(text)));
	(void)fprintf(out, "%-14s %u retries, %u gaps, %u resyncs, %u stalls, longest %u ms\n",
		      "trouble", r->retries, r->gaps, r->resyncs, r->stalls, r->longest_stall_ms);
	field(out, "encrypted", r->encrypted ? "yes" : "no, or unknown");
	if (r->link_known)
		(void)fprintf(
			out,
			"%-14s interval %.2f ms, PHY %u, data length %u, MTU %u, values of %u "
			"by %s, window %" PRIu32 "\n",
			"while sending", r->link.interval_us / 1000.0, (unsigned int)r->link.phy,
			r->link.data_length, r->mtu, r->chunk, gatt_write_name(r->mode), r->window);
	if (r->running_known)
		field(out, "now runs", r->running_version);
	if (r->virtual_clock)
		field(out, "clock", "virtual: times are modelled, not measured");
}

static void write_link(const struct job_snapshot *now, FILE *out)
{
	const struct ota_link *l = &now->link.link;

	(void)fprintf(out, "\n");
	(void)fprintf(out, "%-14s %u (source: %s)\n", "MTU", now->mtu,
		      transport_source_name(now->link.mtu_source));
	(void)fprintf(out, "%-14s %u bytes by %s, window %" PRIu32 ", pacing %" PRIu32 " us\n",
		      "values", now->chunk, gatt_write_name(now->mode), now->window,
		      now->pacing_us);
	(void)fprintf(out, "%-14s interval %.2f ms, latency %u, supervision %u ms (source: %s)\n",
		      "link", l->interval * 1.25, l->latency, l->supervision_timeout * 10u,
		      transport_source_name(now->link.link_source));
	(void)fprintf(out, "%-14s PHY %u/%u, data length %u/%u\n", "", l->tx_phy, l->rx_phy,
		      l->tx_octets, l->rx_octets);
	if (now->link.rssi != 127)
		(void)fprintf(out, "%-14s %d dBm (source: %s)\n", "RSSI", now->link.rssi,
			      transport_source_name(now->link.rssi_source));
	(void)fprintf(out, "%-14s %u of %u bytes (source: %s)\n", "buffers", now->link.buffers,
		      now->link.buffer_octets, transport_source_name(now->link.buffer_source));
}

static void write_device(const struct job_snapshot *now, FILE *out)
{
	const struct ota_info *i = &now->info;
	const struct ota_telemetry *t = &now->stats.telemetry;

	(void)fprintf(out, "\n");
	field(out, "device", now->device);
	field(out, "address", now->address);
	field(out, "state", job_state_name(now));
	if (now->dialect == DIALECT_UNKNOWN)
		return;
	field(out, "dialect", dialect_get(now->dialect)->name);
	field(out, "version", now->version);
	field(out, "model", now->model);
	if (now->have_info)
		(void)fprintf(out,
			      "%-14s protocol %u, features 0x%" PRIx32
			      ", chip %u revision %u, slots %u of %" PRIu32
			      " bytes, running %u, ring %" PRIu32
			      ", flags 0x%02x, eFuse block %u, reset %s, %u resets, %u panics, "
			      "abilities 0x%02x\n",
			      "info", i->version, (uint32_t)i->features, i->chip_id,
			      i->chip_revision, i->slot_count, i->slot_size, i->running_slot,
			      (uint32_t)i->ring_size, i->flags, i->block_revision,
			      ota_reset_name(i->reset_reason), i->resets, i->panics, i->abilities);
	(void)fprintf(out,
		      "%-14s queued %" PRIu32 ", received %" PRIu32 ", flushed %" PRIu32
		      " of %" PRIu32 ", limit %" PRIu32 "\n",
		      "progress", now->stats.queued, now->stats.received, now->stats.flushed,
		      now->size, now->stats.limit);
	if (now->stats.telemetry_known)
		(void)fprintf(out,
			      "%-14s ring %u, erase %u ms, write %u ms, dropped %u, RSSI %d, "
			      "stack left %u bytes (0: unknown)\n",
			      "telemetry", (unsigned int)t->ring_fill, t->erase_ms, t->write_ms,
			      t->dropped, t->rssi, t->stack_left * OTA_STACK_UNIT);
}

static void write_report(const struct lint_report *report, FILE *out)
{
	(void)fprintf(out, "\n");
	for (size_t i = 0; i < report->count; i++) {
		const struct lint_finding *f = &report->findings[i];

		(void)fprintf(out, "%-14s %s: %s\n", i == 0 ? "image" : "",
			      lint_severity_name(f->severity), f->text);
	}
}

static void write_summary(const struct bundle *b, FILE *out)
{
	write_versions(b, out);
	if (b->result)
		write_result(b->result, out);
	if (b->now) {
		write_device(b->now, out);
		write_link(b->now, out);
	}
	if (b->report)
		write_report(b->report, out);
}

static void write_profile(const struct bundle *b, FILE *out)
{
	/* A failed write shows in ferror(out). */
	(void)profile_write(b->profile, out);
}

static void write_control(const struct bundle *b, FILE *out)
{
	b->control_log(b->userdata, out);
}

static void write_calls(const struct bundle *b, FILE *out)
{
	b->calls_log(b->userdata, out);
}

static void write_doctor(const struct bundle *b, FILE *out)
{
	const struct doctor_config config = {.root = NULL};
	struct doctor d;

	(void)b;
	memset(&d, 0, sizeof(d));
	doctor_collect(&d, &config);
	for (size_t i = 0; i < d.count; i++) {
		(void)fprintf(out, "%s: ", doctor_level_name(d.findings[i].level));
		field(out, d.findings[i].check, d.findings[i].found);
		if (d.findings[i].advice[0] != '\0')
			field(out, "", d.findings[i].advice);
	}
}

static void write_screens(const struct bundle *b, FILE *out)
{
	b->screens(b->userdata, out);
}

/* All of a stream, or NULL with errno. */
static char *read_all(FILE *in, size_t *ret_len)
{
	char *text = NULL, buf[8192];
	FILE *out = open_memstream(&text, ret_len);
	size_t n;
	bool bad;

	if (!out)
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		(void)fwrite(buf, 1, n, out);
	bad = ferror(in) || ferror(out);
	if (fclose(out) == 0 && !bad)
		return text;
	free(text);
	return NULL;
}

static int copy(struct pack *p, FILE *in, const char *from, const char *name, const char *what)
{
	size_t len = 0;
	char *text = read_all(in, &len);
	int r;

	if (!text)
		return complain(p, from);
	r = store(p, name, text, len);
	free(text);
	if (r == 0)
		list(p, name, what);
	return r;
}

/* Learns the names of devices before the first file is written. */
static int learn(struct pack *p, FILE *in)
{
	size_t len = 0;
	char *text = read_all(in, &len);

	if (!text)
		return complain(p, BUNDLE_TRACE);
	scrub_learn(&p->scrub, text, len);
	free(text);
	rewind(in);
	return 0;
}

/* Returns 0 with NULL where nothing was recorded. */
static int open_recording(struct pack *p, FILE **ret)
{
	*ret = p->b->recording;
	if (*ret)
		rewind(*ret);
	else if (p->b->trace)
		*ret = file_read_stream(p->b->trace);
	return *ret || !p->b->trace ? 0 : complain(p, p->b->trace);
}

static int copy_journal(struct pack *p)
{
	FILE *in = p->b->journal ? file_read_stream(p->b->journal) : NULL;
	int r;

	if (!in)
		return 0; /* nothing was left behind */
	r = copy(p, in, p->b->journal, "journal.txt",
		 "what is kept of an update that was not finished");
	(void)fclose(in);
	return r;
}

/* --- all of it */

static int write_files(struct pack *p, FILE *recording)
{
	const struct bundle *b = p->b;
	int r = put(p, "summary.txt", "versions, result, device, link, checks of the image",
		    write_summary);

	if (r == 0 && b->profile)
		r = put(p, "profile.yaml", "the settings of the run, for otabench --profile",
			write_profile);
	if (r == 0 && b->control_log)
		r = put(p, "control.log", "commands and notifications of the OTA service",
			write_control);
	if (r == 0 && b->calls_log)
		r = put(p, "calls.log", "calls to the Bluetooth stack, and its answers",
			write_calls);
	if (r == 0 && b->screens)
		r = put(p, "screens.txt", "the screen when this was written", write_screens);
	if (r == 0)
		r = copy_journal(p);
	if (r == 0 && b->doctor)
		r = put(p, "doctor.txt", "the checks of this computer's Bluetooth", write_doctor);
	if (r == 0 && recording)
		r = copy(p, recording, b->trace ? b->trace : BUNDLE_TRACE, BUNDLE_TRACE,
			 "all traffic of the transport, without the image's bytes; 'otabench "
			 "replay' "
			 "shows it, also from the bundle");
	return r == 0 ? store(p, BUNDLE_README, p->readme, p->readme_len) : r;
}

static int write_all(struct pack *p)
{
	FILE *recording = NULL;
	const int opened = open_recording(p, &recording);
	int r = 0;

	p->readme_len =
		(size_t)snprintf(p->readme, sizeof(p->readme),
				 "A run of otabench, as it was known when this was written.\n\n");
	if (p->b->now)
		scrub_name(&p->scrub, p->b->now->device);
	if (recording)
		r = learn(p, recording);
	if (r == 0)
		r = write_files(p, recording);
	if (recording && recording != p->b->recording)
		(void)fclose(recording);
	return r == 0 ? opened : r;
}

static int open_folder(struct pack *p, const char *path)
{
	if (mkdir(path, 0700) < 0)
		return complain(p, path);
	p->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->folder < 0 ? complain(p, path) : 0;
}

int bundle_write(const struct bundle *b, char *ret_path, size_t size, char *ret_why,
		 size_t why_size)
{
	struct pack p = {.b = b, .folder = -1, .why = ret_why, .why_size = why_size};
	char own[BUNDLE_NAME_MAX];
	const char *path = b->path;
	int r;

	scrub_init(&p.scrub, b->anonymous);
	(void)bundle_name(p.name, sizeof(p.name));
	if (!path) {
		(void)snprintf(own, sizeof(own), "%.40s.tar.gz", p.name);
		path = own;
	}
	r = archive_is_named(path) ? archive_create(path, b->replace, &p.archive, ret_why, why_size)
				   : open_folder(&p, path);
	if (r == 0)
		r = write_all(&p);
	if (p.archive) {
		const int closed = archive_close(p.archive, r == 0, ret_why, why_size);

		r = r == 0 ? closed : r;
	}
	if (p.folder >= 0)
		(void)close(p.folder);
	if (r == 0)
		(void)snprintf(ret_path, size, "%s", path);
	return r;
}

/* --- the job's log */

void bundle_job_log(void *userdata, FILE *out)
{
	static const char signs[] = {
		[JOB_OUT] = '>', [JOB_IN] = '<', [JOB_STATE] = '!', [JOB_NOTE] = '!'};
	const struct job *job = userdata;
	struct job_snapshot now;

	job_snapshot(job, &now);
	if (now.log_count > JOB_LOG_MAX)
		(void)fprintf(out, "# %zu earlier lines are not kept\n",
			      now.log_count - JOB_LOG_MAX);
	for (size_t i = 0; i < now.log_count; i++) {
		const struct job_log_entry *e = job_log(job, i);

		if (!e)
			continue;
		(void)fprintf(out, "%10" PRIu64 ".%06" PRIu64 " %c %s", e->at_us / 1000000u,
			      e->at_us % 1000000u, signs[e->direction], e->text);
		for (size_t n = 0; job_log_is_value(e) && n < e->len && n < JOB_BYTES_MAX; n++)
			(void)fprintf(out, "%s%02x", n == 0 ? "  [" : " ", e->bytes[n]);
		(void)fprintf(out, "%s\n", job_log_is_value(e) && e->len > 0 ? "]" : "");
	}
}
