/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares an image with the device that is to take it, before anything is
 * erased.  What a boot loader would refuse after the transfer is refused here
 * (bootloader_common_check_chip_validity(), esp_efuse_check_secure_version());
 * so is what is most likely a slip: another project, an older version.
 */
#include "image/lint.h"

#include <stdio.h>
#include <string.h>

/* Project names that a template or a prebuilt core brings, so that every sketch has them. */
static bool is_generic(const char *project)
{
	static const char *const names[] = {"", "esp32-arduino-lib-builder", "arduino-lib-builder",
					    "app-template"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(project, names[i]) == 0)
			return true;
	}
	return false;
}

static const char *chip_title(uint16_t id, char *buf, size_t size)
{
	const struct image_chip *chip = image_chip_by_id(id);

	if (chip != NULL)
		return chip->title;
	snprintf(buf, size, "unknown chip 0x%04x", id);
	return buf;
}

static void lint_chip(const struct image *image, const struct ota_info *info,
		      struct lint_report *report)
{
	char a[24], b[24];
	const char *title = chip_title(image->chip_id, a, sizeof(a));

	if (info == NULL)
		lint_add(report, LINT_CHIP, LINT_NOTE, false,
			 "The device does not report its chip. Make sure that it is an %s: another "
			 "chip would refuse the image or fail to start.",
			 title);
	else if (info->chip_id != image->chip_id)
		lint_add(report, LINT_CHIP, LINT_ERROR, true,
			 "The image is for the %s, the device is an %s. Build for the device's "
			 "chip.",
			 title, chip_title(info->chip_id, b, sizeof(b)));
	else
		lint_add(report, LINT_CHIP, LINT_OK, false, "Image and device are for the %s.",
			 title);
}

static void lint_revision(const struct image *image, const struct ota_info *info,
			  struct lint_report *report)
{
	unsigned int rev, bound = 0;
	const char *how = NULL;

	/* Another chip's revisions say nothing. */
	if (info == NULL || info->chip_id != image->chip_id)
		return;
	rev = info->chip_revision;
	if (rev < image->min_revision) {
		how = "later";
		bound = image->min_revision;
	} else if (rev > image->max_revision) {
		how = "earlier";
		bound = image->max_revision;
	}
	if (how != NULL)
		lint_add(
			report, LINT_REVISION, LINT_ERROR, true,
			"The image requires chip revision v%u.%u or %s, the device has v%u.%u and "
			"would not boot it. Build for a range that includes the device's revision.",
			bound / 100, bound % 100, how, rev / 100, rev % 100);
	else
		lint_add(report, LINT_REVISION, LINT_OK, false,
			 "The image accepts the device's chip revision v%u.%u.", rev / 100,
			 rev % 100);
}

/* bootloader_common_check_efuse_blk_validity() */
static void lint_block_revision(const struct image *image, const struct ota_info *info,
				struct lint_report *report)
{
	const unsigned int min = image->min_block, max = image->max_block;
	const unsigned int rev = info != NULL ? info->block_revision : OTA_REVISION_UNKNOWN;
	const bool early = min != 0 && rev < min, late = max != 0 && rev > max;

	if (rev == OTA_REVISION_UNKNOWN || info->chip_id != image->chip_id ||
	    (min == 0 && max == 0))
		return;
	if (early || late)
		lint_add(report, LINT_REVISION, LINT_ERROR, true,
			 "The image requires eFuse block revision v%u.%u or %s, the device has "
			 "v%u.%u and would not boot it. Build for a range that includes the "
			 "device's.",
			 (early ? min : max) / 100, (early ? min : max) % 100,
			 early ? "later" : "earlier", rev / 100, rev % 100);
	else
		lint_add(report, LINT_REVISION, LINT_OK, false,
			 "The image accepts the device's eFuse block revision v%u.%u.", rev / 100,
			 rev % 100);
}

static void lint_size(const struct image *image, const struct ota_info *info,
		      struct lint_report *report)
{
	if (info != NULL && info->slot_size == 0 && info->slot_count == 1)
		lint_add(report, LINT_SIZE, LINT_ERROR, true,
			 "The device has one application slot and runs from it, so there is none "
			 "for "
			 "an update. Flash a partition table with two slots over USB.");
	else if (info == NULL || info->slot_size == 0)
		lint_add(report, LINT_SIZE, LINT_NOTE, false,
			 "The device does not report the size of its update slot; it refuses %zu "
			 "bytes if they do not fit.",
			 image->size);
	else if (image->size > info->slot_size && image->size - image->trailing <= info->slot_size)
		lint_add(report, LINT_SIZE, LINT_ERROR, true,
			 "The file has %zu bytes, the update slot %u; but the image ends before: "
			 "cut the file to %zu bytes.",
			 image->size, info->slot_size, image->size - image->trailing);
	else if (image->size > info->slot_size)
		lint_add(
			report, LINT_SIZE, LINT_ERROR, true,
			"The image has %zu bytes, the update slot %u: %zu too many. Make the image "
			"smaller, or the slots larger in the partition table.",
			image->size, info->slot_size, image->size - info->slot_size);
	else
		lint_add(report, LINT_SIZE, LINT_OK, false,
			 "%zu bytes fit the update slot of %u, which leaves %zu.", image->size,
			 info->slot_size, info->slot_size - image->size);
}

static void lint_signature(const struct image *image, const struct ota_info *info,
			   struct lint_report *report)
{
	if (info == NULL || (info->flags & OTA_INFO_SECURE_BOOT) == 0)
		return;
	if (image->signature == IMAGE_SIGNATURE_NONE)
		lint_add(report, LINT_SIGNATURE, LINT_ERROR, true,
			 "The device has secure boot on and the image is not signed: it would be "
			 "refused after the transfer. Sign it with the device's key (espsecure "
			 "sign-data).");
	else
		lint_add(report, LINT_SIGNATURE, LINT_OK, false,
			 "The device has secure boot on, and the image is signed.");
}

/* Returns true if both sides name their project. */
static bool lint_project(const struct image *image, const struct ota_info *info,
			 struct lint_report *report)
{
	char running[sizeof(info->project) + 1] = "";

	if (is_generic(image->project)) {
		lint_add(report, LINT_PROJECT, LINT_NOTE, false,
			 "The image's project name '%s' is a default, so name and version do not "
			 "identify it. Set the project name to have them checked.",
			 image->project);
		return false;
	}
	if (info == NULL)
		return true;
	for (size_t i = 0; i < sizeof(info->project) && info->project[i] != '\0'; i++) {
		char c = info->project[i];

		running[i] = '?';
		if (c >= 0x20 && c < 0x7f)
			running[i] = c;
	}
	if (is_generic(running)) {
		lint_add(
			report, LINT_PROJECT, LINT_NOTE, false,
			"The device does not report its project ('%s'). Make sure that %s is meant "
			"for it.",
			running, image->project);
		return false;
	}
	if (strcmp(running, image->project) != 0) {
		lint_add(report, LINT_PROJECT, LINT_ERROR, true,
			 "The image is of project %s, the device runs %s. Choose another image or "
			 "device.",
			 image->project, running);
		return false;
	}
	lint_add(report, LINT_PROJECT, LINT_OK, false, "The device runs the same project, %s.",
		 running);
	return true;
}

static void lint_downgrade(const struct image *image, const char *running,
			   struct lint_report *report)
{
	char shown[33];
	bool comparable;
	size_t i;
	int c = lint_compare_versions(image->version, running, &comparable);

	for (i = 0; i < sizeof(shown) - 1 && running[i] != '\0'; i++) {
		shown[i] = '?';
		if (running[i] >= 0x20 && running[i] < 0x7f)
			shown[i] = running[i];
	}
	shown[i] = '\0';
	if (*running == '\0')
		lint_add(report, LINT_DOWNGRADE, LINT_NOTE, false,
			 "The device does not report its version, so %s may be older than what "
			 "runs.",
			 image->version[0] != '\0' ? image->version : "the image");
	else if (!comparable)
		lint_add(report, LINT_DOWNGRADE, LINT_NOTE, false,
			 "Version '%s' and the running '%s' cannot be ordered: make sure that this "
			 "is "
			 "not a downgrade.",
			 image->version, shown);
	else if (c < 0)
		lint_add(report, LINT_DOWNGRADE, LINT_ERROR, true,
			 "Version %s is older than %s, which the device runs. Choose a newer "
			 "image, or force the downgrade.",
			 image->version, shown);
	else
		lint_add(report, LINT_DOWNGRADE, LINT_OK, false, "Version %s is %s %s, which runs.",
			 image->version, c > 0 ? "newer than" : "the same as", shown);
}

static void lint_secure_version(const struct image *image, const struct ota_info *info,
				struct lint_report *report)
{
	if (info == NULL || !image->has_descriptor)
		return;
	if (image->secure_version < info->secure_version)
		lint_add(report, LINT_SECURE_VERSION, LINT_ERROR, true,
			 "The image's secure version %u is below the device's %u: its boot loader "
			 "would always refuse it. Raise CONFIG_BOOTLOADER_APP_SECURE_VERSION.",
			 image->secure_version, info->secure_version);
	else
		lint_add(report, LINT_SECURE_VERSION, LINT_OK, false,
			 "Secure version %u is not below the device's %u.", image->secure_version,
			 info->secure_version);
}

static void lint_same(struct lint_report *report)
{
	lint_add(report, LINT_SAME, LINT_NOTE, false,
		 "The device already runs this image: there is nothing to update.");
}

/* Returns true if the image is of the kind that the device's boot loader boots. */
static bool lint_kind(const struct image *image, const struct lint_device *device,
		      struct lint_report *report)
{
	const bool mcuboot = image->kind == IMAGE_MCUBOOT;

	if (mcuboot == device->mcuboot)
		return true;
	if (mcuboot)
		lint_add(
			report, LINT_FORMAT, LINT_ERROR, false,
			"This is an MCUboot image, and the device's boot loader is ESP-IDF's. Give "
			"the application's .bin (ESP-IDF: build/PROJECT.bin).");
	else
		lint_add(
			report, LINT_FORMAT, LINT_ERROR, false,
			"The device speaks SMP, so that its boot loader is MCUboot, and this is no "
			"MCUboot image. Give the signed one (Zephyr: build/zephyr/"
			"zephyr.signed.bin).");
	return false;
}

void lint_device(const struct image *image, const struct lint_device *device,
		 struct lint_report *report)
{
	const struct ota_info *info = device->info;
	const char *version = device->version != NULL ? device->version : "";

	if (!lint_kind(image, device, report))
		return;
	if (image->kind == IMAGE_MCUBOOT) {
		lint_size(image, NULL, report);
		lint_downgrade(image, version, report);
		if (device->running_hash != NULL &&
		    memcmp(device->running_hash, image->mcuboot.hash, OTA_SHA256_SIZE) == 0)
			lint_same(report);
		return;
	}
	lint_chip(image, info, report);
	lint_revision(image, info, report);
	lint_block_revision(image, info, report);
	lint_size(image, info, report);
	lint_signature(image, info, report);
	if (image->has_descriptor && lint_project(image, info, report))
		lint_downgrade(image, version, report);
	lint_secure_version(image, info, report);
	if (info != NULL && (info->abilities & OTA_ABILITY_NO_ROLLBACK) != 0)
		lint_add(report, LINT_ROLLBACK, LINT_WARNING, false,
			 "The device's boot loader does not roll back: an image that fails stays, "
			 "and takes a cable to replace. Test it on a device at hand first.");
	if (info != NULL && info->running_size == image->size &&
	    memcmp(info->running_sha256, image->sha256, sizeof(image->sha256)) == 0)
		lint_same(report);
}
