/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace: a line of the log for each message on each side, in the text form of
 * sn_codec/sn_text.h; behind the side and, of nodes with datagrams, the address.
 *
 *	serial /dev/ttyUSB0 > ENCAPSULATED radius=0 node=0a01 PINGREQ       heard from a node
 *	gateway 192.0.2.1:1884 < ENCAPSULATED radius=0 node=0a01 PINGREQ    passed on
 *	udp 0.0.0.0:1885 192.0.2.7:3000 > 0216ff -- malformed               dropped, and why
 */
#ifndef FORWARDER_TRACE_H
#define FORWARDER_TRACE_H

#include "forwarder/fwd_core.h"

#define TRACE_LINE_MAX 2048 /* a longer message is cut with "..." */

/* @side: what the log calls it.  Returns @buf, of TRACE_LINE_MAX octets. */
const char *trace_print(const char *side, const struct fwd_packet *packet, char *buf);

#endif
