/* SPDX-License-Identifier: BSD-3-Clause */
/* How mqttsn-sub prints a message: -v, -N and -F of mosquitto_sub. */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "tools/sn_inbox.h"

struct output_style {
	const char *format; /* NULL: the payload, with @verbose behind the topic and a blank */
	bool verbose;
	bool no_newline;
};

/* NULL, or the place in @format where something stands that is not known. */
const char *output_check(const char *format);

/* Prints and flushes; @when is the time of %I, %U and @X.  False (errno) if it could not be
 * written. The format must have been checked. */
bool output_print(FILE *out, const struct output_style *style,
    const struct sn_client_message *message, struct timespec when);

#endif
