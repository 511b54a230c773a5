/* SPDX-License-Identifier: Apache-2.0 */
/* The operating system's errors, of which there is no end, as this program's few. */
#ifndef OTABENCH_BASE_OS_ERROR_H
#define OTABENCH_BASE_OS_ERROR_H

/* A negative OTA_E* for an errno; -OTA_EIO for what has none of its own. */
int os_error_code(int error);

#endif
