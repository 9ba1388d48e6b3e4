/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/store/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int failure(int rc, char **text, const char *format, ...)
{
	va_list args;
	char *made;

	va_start(args, format);
	if (vasprintf(&made, format, args) < 0)
		made = NULL;
	va_end(args);
	free(*text);
	*text = made;
	return rc;
}
