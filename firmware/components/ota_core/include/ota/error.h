/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Return codes shared by the device, the virtual device and the host.
 *
 * Functions return 0 (or a length) on success and a negative OTA_E* on
 * failure.  The values are Linux errno numbers so that host code can hand them
 * to strerror(); they are spelled out because newlib and picolibc number some
 * of them differently and both ends must agree in logs and traces.
 */
#ifndef OTA_ERROR_H
#define OTA_ERROR_H

enum {
	OTA_EPERM = 1, /* not allowed: policy, encryption, privileges */
	OTA_ENOENT = 2, /* no such file, device, key or record */
	OTA_EIO = 5, /* flash or file input/output failed */
	OTA_EAGAIN = 11, /* no buffer or credit now; try again when told */
	OTA_ENOMEM = 12, /* out of memory (host only) */
	OTA_EBUSY = 16, /* another operation or connection owns it */
	OTA_ENODEV = 19, /* no adapter, or it vanished */
	OTA_EINVAL = 22, /* a value out of its documented range */
	OTA_ENOSPC = 28, /* does not fit: slot, disk, caller's buffer */
	OTA_ERANGE = 34, /* offset or length outside the object */
	OTA_EPROTO = 71, /* peer broke the protocol */
	OTA_EBADMSG = 74, /* bytes are not a well-formed message or image */
	OTA_EMSGSIZE = 90, /* message longer or shorter than its definition */
	OTA_ENOTSUP = 95, /* peer or build does not offer this */
	OTA_ECONNRESET = 104, /* link lost */
	OTA_ENOTCONN = 107, /* no link */
	OTA_ETIMEDOUT = 110, /* no answer in time */
	OTA_ESTALE = 116, /* the device is another than when it was last met (host only) */
	OTA_ECANCELED = 125, /* the user cancelled */
};

#endif
