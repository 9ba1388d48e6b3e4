/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/err.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const texts[] = {
	[0] = "success",
	[ERR_NOMEM] = "out of memory",
	[ERR_LIMIT] = "limit reached",
	[ERR_INVALID] = "not acceptable",
	[ERR_EXISTS] = "exists already",
	[ERR_STATE] = "not possible now",
};

const char *err_text(int rc)
{
	size_t n = sizeof texts / sizeof texts[0];

	if (rc == -ERR_SYSTEM)
		return strerror(errno);
	if (rc > 0 || rc <= -(int)n)
		return "unknown error";
	return texts[-rc];
}
