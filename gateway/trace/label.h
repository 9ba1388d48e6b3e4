/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a client is named in the log.  Client ids come from the air: whatever they hold, a line of
 * the log stays one line, and a terminal that shows it stays sane.
 */
#ifndef TRACE_LABEL_H
#define TRACE_LABEL_H

#include "sn_codec/sn_codec.h"

#define LABEL_MAX 96 /* with the terminator */

/* @client_id with all but visible ASCII as \xHH, cut with "..." where it is long; "-" for NULL.
 * Returns @buf, of LABEL_MAX octets. */
const char *label_print(const char *client_id, char *buf);

/* The same for octets, which may be anything. */
const char *label_print_bytes(struct sn_bytes client_id, char *buf);

#endif
