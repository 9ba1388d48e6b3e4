/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/client_id.h"

#include <stdio.h>

void client_id_make(char *out, const char *name, const char *prefix, pid_t process, uint32_t random)
{
	if (prefix != NULL)
		snprintf(out, CLIENT_ID_MAX, "%s%ld", prefix, (long)process);
	else
		snprintf(
		    out, CLIENT_ID_MAX, "mqttsn-%s-%ld-%04x", name, (long)process, random & 0xffff);
}
