/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of image_read() (lint.h), each in a file of its own: the kind of file, its contents,
 * and the findings on them.
 */
#ifndef OTABENCH_IMAGE_IMAGE_PARSE_H
#define OTABENCH_IMAGE_IMAGE_PARSE_H

#include "image/lint.h"

/* Fills image from data and size, as far as the bytes go; image->kind is IMAGE_APPLICATION
 * or IMAGE_BOOT_LOADER afterwards. */
void image_parse(struct image *image, image_sha256_fn *sha256);

/* Finds signature and trailing bytes behind image->image_size, which is not 0. */
void image_find_signature(struct image *image);

/* Returns true if the v2 signature's first block is for these bytes.  False, with *ret_checkable
 * false, if that cannot be checked (SHA-384). */
bool image_signature_matches(const struct image *image, image_sha256_fn *sha256,
			     bool *ret_checkable);

/*
 * Recognises files that are no application image, before and (merged images, boot loaders) after
 * image_parse().  Sets image->kind, adds an error and returns true for such a file.
 */
bool image_recognise(struct image *image, struct lint_report *report);
bool image_recognise_loader(struct image *image, struct lint_report *report);

/* The same two steps for an image that mcuboot_is(). */
void mcuboot_parse(struct image *image, image_sha256_fn *sha256);
void lint_mcuboot(const struct image *image, struct lint_report *report);

/* Says what follows the image. */
void lint_trailing(const struct image *image, struct lint_report *report);

/* Adds the findings about an image that image_parse() has read. */
void lint_image(const struct image *image, image_sha256_fn *sha256, struct lint_report *report);

#endif
