/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of images that the product takes, by what their application descriptors say: version,
 * secure version, project.  Nothing of it is linked if Kconfig asks for none of these.
 */
#include "ota_esp_priv.h"

#include <stddef.h>
#include <string.h>

#include "esp_app_desc.h"
#include "esp_efuse.h"
#include "esp_ota_ops.h"

/* esp_app_desc_t in an image: behind esp_image_header_t and the first segment's header. */
#define DESCRIPTOR 32u

/* --- versions */

/* The next number of a version; false when there is none. */
static bool next_number(const char **at, uint32_t *ret)
{
	const char *p = *at;
	uint32_t number = 0;

	while (*p >= '0' && *p <= '9' && number < 100000000u)
		number = number * 10u + (uint32_t)(*p++ - '0');
	if (p == *at || (*p != '.' && *p != '-' && *p != '+' && *p != ' ' && *p != '\0'))
		return false;
	*at = *p == '.' ? p + 1 : "";
	*ret = number;
	return true;
}

bool ota_esp_version_older(const char *a, const char *b)
{
	uint32_t left = 0, right = 0;
	bool more_left, more_right;

	a += *a == 'v' || *a == 'V';
	b += *b == 'v' || *b == 'V';
	if (!next_number(&a, &left) || !next_number(&b, &right))
		return false; /* a commit's hash, say: no order to be told */
	do {
		if (left != right)
			return left < right;
		left = right = 0;
		more_left = next_number(&a, &left);
		more_right = next_number(&b, &right);
	} while (more_left || more_right);
	return false;
}

/* --- an image */

#if defined(CONFIG_OTA_ESP_DOWNGRADE_SECURE_VERSION) ||                                            \
	defined(CONFIG_OTA_ESP_DOWNGRADE_VERSION) || defined(CONFIG_OTA_ESP_SAME_PROJECT) ||       \
	defined(CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK) || defined(CONFIG_OTA_ESP_SIGNED)
#define POLICY
#endif

#ifdef POLICY
/*
 * esp_ota_set_boot_partition() looks at the eFuse as well, but only after the transfer,
 * and then erases the whole slot in one go, longer than the task watchdog waits.
 */
static int judge(const esp_app_desc_t *received, uint32_t *ret_field)
{
	const esp_app_desc_t *running = esp_app_get_description();
	uint32_t least = 0;

	*ret_field = DESCRIPTOR;
	if (received->magic_word != ESP_APP_DESC_MAGIC_WORD)
		return -OTA_EBADMSG;
#ifdef CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
	least = esp_efuse_read_secure_version(); /* CONFIRM raises it */
#endif
	/* An image that was signed once can be sent again for ever: its secure version ends that. */
#if !defined(CONFIG_OTA_ESP_DOWNGRADE_ALLOWED) || defined(CONFIG_OTA_ESP_SIGNED)
	if (least < running->secure_version)
		least = running->secure_version;
#endif
	*ret_field = DESCRIPTOR + offsetof(esp_app_desc_t, secure_version);
	if (received->secure_version < least)
		return -OTA_EPERM;
#ifdef CONFIG_OTA_ESP_SAME_PROJECT
	*ret_field = DESCRIPTOR + offsetof(esp_app_desc_t, project_name);
	if (strncmp(received->project_name, running->project_name,
		    sizeof(received->project_name)) != 0)
		return -OTA_EBADMSG;
#endif
#ifdef CONFIG_OTA_ESP_DOWNGRADE_VERSION
	char version[sizeof(received->version) + 1] = {0};

	memcpy(version, received->version, sizeof(received->version));
	*ret_field = DESCRIPTOR + offsetof(esp_app_desc_t, version);
	if (ota_esp_version_older(version, running->version))
		return -OTA_EPERM;
#endif
	return 0;
}
#endif

int ota_esp_policy_head(void *ctx, const uint8_t *head, uint32_t *ret_detail)
{
	(void)ctx;
#ifdef POLICY
	const void *descriptor = head + DESCRIPTOR; /* the ring is aligned, as heaps do */

	return judge(descriptor, ret_detail);
#else
	(void)head;
	(void)ret_detail;
	return 0;
#endif
}

int ota_esp_policy_slot(const esp_partition_t *slot)
{
#ifdef POLICY
	esp_app_desc_t received;
	uint32_t field;

	if (esp_ota_get_partition_description(slot, &received) != ESP_OK)
		return -OTA_EBADMSG;
	return judge(&received, &field);
#else
	(void)slot;
	return 0;
#endif
}
