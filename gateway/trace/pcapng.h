/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng, as much as the trace needs: one section with one interface of raw IP packets (link type
 * 101), little-endian whatever the machine.  IP and UDP headers are made up around each MQTT-SN
 * message, so that Wireshark knows what to do with it:
 *
 *	tshark -r FILE -d udp.port==1884,mqttsn
 *
 * A message from behind a forwarder stands without its encapsulation, which Wireshark would show
 * as "Encapsulated Message" whatever is in it; the node id is in the comment.
 *
 * draft-ietf-opsawg-pcapng; RFC 791, RFC 8200, RFC 768.
 */
#ifndef TRACE_PCAPNG_H
#define TRACE_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/trace/seen.h"

/* Octets of the longest blocks. */
#define PCAPNG_HEAD_MAX   256
#define PCAPNG_PACKET_MAX (65536 + 2048)

/* Writes what a file or stream begins with; returns its length. */
size_t pcapng_head(uint8_t buf[PCAPNG_HEAD_MAX]);

/* Writes the block of a packet, preceded by @lost ones that are missing; returns its length, or 0
 * for what is no packet of IP: too long, or without an address.  Comment, where there is something
 * to say:
 *
 *	client=pump-7 node=0007 verdict="no session" lost=12
 */
size_t pcapng_packet(uint8_t buf[PCAPNG_PACKET_MAX], const struct seen *seen, uint64_t lost);

#endif
