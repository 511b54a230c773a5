/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Literal conversations with the device of device_rig.h, in the bytes that go over the
 * air: "07 00 10 00 00".  Spaces are free; what follows ';' is a comment.
 * Each helper fails the cmocka test that called it, at its line.
 */
#ifndef OTABENCH_DEVICE_TALK_H
#define OTABENCH_DEVICE_TALK_H

#include "device_rig.h"

#define TALK_MAX 1024u

/* Bytes of text into buf, which holds TALK_MAX; their number.  Fails on what is not hex. */
size_t talk_hex_at(const char *text, uint8_t *buf, const char *file, int line);
void talk_says_at(struct dut *dut, uint16_t conn, const char *text, const char *file, int line);
void talk_silent_at(struct dut *dut, const char *file, int line);
void talk_sound_at(const struct dut *dut, const char *file, int line);

#define talk_hex(text, buf) talk_hex_at(text, buf, __FILE__, __LINE__)
/* The next notification goes to conn and is exactly this. */
#define says(dut, conn, text) talk_says_at(dut, conn, text, __FILE__, __LINE__)
/* No notification is left. */
#define silent(dut) talk_silent_at(dut, __FILE__, __LINE__)
/* The device did nothing that hardware would not forgive. */
#define sound(dut) talk_sound_at(dut, __FILE__, __LINE__)

/* For cmocka: a device that conn is connected to, and an image that it accepts; 0 or -1. */
int talk_set_up(struct dut *dut, const struct dut_options *options, uint16_t conn,
		uint8_t *ret_image, uint32_t size, uint64_t seed);
/* ... and its end, which fails the test where sound() does. */
int talk_tear_down(struct dut *dut);

/* Writes to Control and to Data. */
void tell(struct dut *dut, uint16_t conn, const char *text);
int value(struct dut *dut, uint16_t conn, const char *text);
/* A numbered value of len bytes of image from offset. */
int send_value(struct dut *dut, uint16_t conn, uint16_t sequence, const uint8_t *image,
	       uint32_t offset, uint32_t len);
/* All of image from offset on, in values of 240 bytes, numbered from sequence; settles on
 * the way.  Returns the next sequence number. */
uint16_t send_rest(struct dut *dut, uint16_t conn, uint16_t sequence, const uint8_t *image,
		   uint32_t offset, uint32_t size);
/* START of image with flags, from conn. */
void start_full(struct dut *dut, uint16_t conn, const uint8_t *image, uint32_t size,
		uint16_t flags);

/* START, and the first bytes of image, up to sent; what the device says to it is forgotten. */
void talk_receive(struct dut *dut, uint16_t conn, const uint8_t *image, uint32_t size,
		  uint32_t sent);
/* Link or power are lost, and conn is there again; what is said meanwhile is forgotten. */
void talk_lose_link(struct dut *dut, uint16_t conn);
void talk_lose_power(struct dut *dut, uint16_t conn);
struct ota_status talk_status(struct dut *dut);

#endif
