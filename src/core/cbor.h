/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little of CBOR (RFC 8949) that SMP's messages need: maps with short keys, numbers, flags,
 * texts and octets.  Memory is the caller's, nothing is copied, and any bytes are accepted: what
 * is not well-formed ends the reading.
 */
#ifndef OTABENCH_CORE_CBOR_H
#define OTABENCH_CORE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Major types, RFC 8949 section 3.1. */
enum cbor_type {
	CBOR_UINT,
	CBOR_NEGATIVE,
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_SIMPLE, /* false, true, null; floats too, which nothing here needs */
};

#define CBOR_FALSE 20u
#define CBOR_TRUE 21u
#define CBOR_BREAK 0xffu /* a SIMPLE's value: the end of what has no length */

struct cbor_item {
	enum cbor_type type;
	uint64_t value; /* number; length; pairs or items; NEGATIVE: -1 - value; SIMPLE: which */
	bool open; /* ARRAY, MAP: its end is marked, not counted */
	const uint8_t *bytes; /* BYTES, TEXT: value of them */
};

struct cbor_reader {
	const uint8_t *at, *end;
	bool bad; /* not well-formed, or deeper than anything here */
};

/* A map or an array that is being gone through. */
struct cbor_walk {
	uint64_t left; /* pairs, items */
	bool open;
};

void cbor_read(struct cbor_reader *r, const uint8_t *buf, size_t len);
/* The next item; of an array or a map, its head alone.  False: there is none, or it is bad. */
bool cbor_next(struct cbor_reader *r, struct cbor_item *ret);
/* Skips the contents of item, which was read last. */
void cbor_skip(struct cbor_reader *r, const struct cbor_item *item);
/* Begins a map or array that is the next item; false: it is something else, or bad. */
bool cbor_enter(struct cbor_reader *r, enum cbor_type type, struct cbor_walk *ret);
/* Does the same as cbor_enter() for a head that was read. */
bool cbor_enter_item(const struct cbor_item *item, enum cbor_type type, struct cbor_walk *ret);
/* The next key of a map, a text, and the head of its value; false: there are no more, or bad.
 * Of a key that is no text, ret_key's type tells. */
bool cbor_pair(struct cbor_reader *r, struct cbor_walk *w, struct cbor_item *ret_key,
	       struct cbor_item *ret_value);
/* The head of the next item of an array; false: there are no more, or it is bad. */
bool cbor_element(struct cbor_reader *r, struct cbor_walk *w, struct cbor_item *ret);
/* Returns true if the item is this text. */
bool cbor_is_text(const struct cbor_item *item, const char *text);

/* Writes in the shortest form.  What does not fit shows in at > size, and is not written. */
struct cbor_writer {
	uint8_t *buf;
	size_t size, at;
};

void cbor_put(struct cbor_writer *w, enum cbor_type type, uint64_t value);
void cbor_put_text(struct cbor_writer *w, const char *text);
void cbor_put_bytes(struct cbor_writer *w, const uint8_t *buf, size_t len);
void cbor_put_bool(struct cbor_writer *w, bool value);
/* An ARRAY or MAP whose end is cbor_put_end(). */
void cbor_put_open(struct cbor_writer *w, enum cbor_type type);
void cbor_put_end(struct cbor_writer *w);
/* Octets that such a head takes. */
size_t cbor_head_size(uint64_t value);

#endif
