/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet trace: a line of the log for each packet, in the text form of sn_codec/sn_text.h.
 *
 *	pump-7 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 "23.5"         heard
 *	pump-7 127.0.0.1:4711 < PUBACK tid=1 mid=2 rc=accepted           said
 *	- 127.0.0.1:4712 > PUBLISH qos=0 tid=9 "x" -- no session         refused, and why
 *	- 127.0.0.1:4712 > 021600 -- bad length                          no packet: its octets
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stddef.h>

#include "gateway/core/ports.h"

#define TRACE_LINE_MAX 2048 /* a longer packet is cut with "..." */

/* Returns @buf, of TRACE_LINE_MAX octets. */
const char *trace_print(const struct gw_packet *packet, char *buf);

/* Logs the line. */
void trace_packet(const struct gw_packet *packet);

#endif
