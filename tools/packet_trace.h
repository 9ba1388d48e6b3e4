/* SPDX-License-Identifier: BSD-3-Clause */
/* What -d shows. */
#ifndef TOOLS_PACKET_TRACE_H
#define TOOLS_PACKET_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* A line on standard error: @arrow and the packet as text, cut where it is long; of what is no
 * packet, why not. */
void packet_trace(char arrow, const uint8_t *data, size_t len);

#endif
