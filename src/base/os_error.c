/* SPDX-License-Identifier: Apache-2.0 */
/* See os_error.h. */
#include "base/os_error.h"

#include <errno.h>

#include "ota/error.h"

int os_error_code(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return -OTA_ENOENT;
	case EACCES:
	case EPERM:
	case EROFS:
		return -OTA_EPERM;
	case EISDIR:
		return -OTA_EINVAL;
	case ENOMEM:
		return -OTA_ENOMEM;
	case ENOSPC:
		return -OTA_ENOSPC;
	case ETXTBSY:
		return -OTA_EBUSY;
	default:
		return -OTA_EIO;
	}
}
