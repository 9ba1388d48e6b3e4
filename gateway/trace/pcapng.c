/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/pcapng.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/trace/label.h"

enum {
	BLOCK_SECTION = 0x0A0D0D0A,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1A2B3C4D,
	LINKTYPE_RAW = 101,

	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_SHB_USERAPPL = 4,
	OPT_IF_NAME = 2,
	OPT_EPB_FLAGS = 2,
	OPT_EPB_DROPCOUNT = 4,

	INBOUND = 1,
	OUTBOUND = 2,

	IP_HEADER = 20,
	IP6_HEADER = 40,
	UDP_HEADER = 8,
	PROTOCOL_UDP = 17,
	HOP_LIMIT = 64,
	IP_MAX = 65535,

	COMMENT_MAX = 1024,
};

/* --- little-endian blocks --- */

struct block {
	uint8_t *start, *at;
};

static void put_octets(struct block *b, const void *data, size_t len)
{
	if (len > 0)
		memcpy(b->at, data, len);
	b->at += len;
}

static void put_16(struct block *b, uint16_t v)
{
	const uint8_t octets[] = { (uint8_t)v, (uint8_t)(v >> 8) };

	put_octets(b, octets, sizeof octets);
}

static void put_32(struct block *b, uint32_t v)
{
	put_16(b, (uint16_t)v);
	put_16(b, (uint16_t)(v >> 16));
}

static void put_64(struct block *b, uint64_t v)
{
	put_32(b, (uint32_t)v);
	put_32(b, (uint32_t)(v >> 32));
}

static void pad(struct block *b)
{
	while ((b->at - b->start) % 4 != 0)
		*b->at++ = 0;
}

static void begin(struct block *b, uint8_t *buf, uint32_t type)
{
	b->start = b->at = buf;
	put_32(b, type);
	put_32(b, 0); /* the length, when it is known */
}

/* Writes the length at both ends; returns where the next block begins. */
static uint8_t *end(struct block *b)
{
	uint32_t len = (uint32_t)(b->at - b->start) + 4;
	struct block at_start = { .at = b->start + 4 };

	put_32(&at_start, len);
	put_32(b, len);
	return b->at;
}

static void put_option(struct block *b, uint16_t code, const void *value, size_t len)
{
	put_16(b, code);
	put_16(b, (uint16_t)len);
	put_octets(b, value, len);
	pad(b);
}

static void put_text_option(struct block *b, uint16_t code, const char *text)
{
	put_option(b, code, text, strlen(text));
}

/* --- what comes first --- */

static uint8_t *put_section(uint8_t *buf)
{
	struct block b;

	begin(&b, buf, BLOCK_SECTION);
	put_32(&b, BYTE_ORDER_MAGIC);
	put_16(&b, 1); /* version 1.0 */
	put_16(&b, 0);
	put_64(&b, UINT64_MAX); /* the section's length: not known */
	put_text_option(&b, OPT_SHB_USERAPPL, "mqttsn-gateway");
	put_option(&b, OPT_END, NULL, 0);
	return end(&b);
}

/* Time stamps are in microseconds unless an option says otherwise. */
static uint8_t *put_interface(uint8_t *buf)
{
	struct block b;

	begin(&b, buf, BLOCK_INTERFACE);
	put_16(&b, LINKTYPE_RAW);
	put_16(&b, 0);
	put_32(&b, 0); /* no limit to a packet's length */
	put_text_option(&b, OPT_IF_NAME, "mqttsn-gateway");
	put_option(&b, OPT_END, NULL, 0);
	return end(&b);
}

size_t pcapng_head(uint8_t buf[PCAPNG_HEAD_MAX])
{
	return (size_t)(put_interface(put_section(buf)) - buf);
}

/* --- IP and UDP, big-endian --- */

static uint8_t *set_16(uint8_t *at, size_t v)
{
	*at++ = (uint8_t)(v >> 8);
	*at++ = (uint8_t)v;
	return at;
}

/* The sum of RFC 1071, not folded. */
static uint32_t sum_16(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	return len % 2 == 0 ? sum : sum + (uint32_t)(data[len - 1] << 8);
}

static uint16_t checksum(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint8_t *put_ip4(uint8_t *ip, const struct seen *seen, size_t payload)
{
	memset(ip, 0, IP_HEADER);
	ip[0] = 0x45; /* version 4, header of five words */
	set_16(ip + 2, IP_HEADER + payload);
	ip[8] = HOP_LIMIT;
	ip[9] = PROTOCOL_UDP;
	memcpy(ip + 12, seen->from.ip, 4);
	memcpy(ip + 16, seen->to.ip, 4);
	set_16(ip + 10, checksum(sum_16(0, ip, IP_HEADER)));
	return ip + IP_HEADER;
}

static uint8_t *put_ip6(uint8_t *ip, const struct seen *seen, size_t payload)
{
	memset(ip, 0, 8);
	ip[0] = 0x60; /* version 6 */
	set_16(ip + 4, payload);
	ip[6] = PROTOCOL_UDP;
	ip[7] = HOP_LIMIT;
	memcpy(ip + 8, seen->from.ip, 16);
	memcpy(ip + 24, seen->to.ip, 16);
	return ip + IP6_HEADER;
}

static uint8_t *put_udp(uint8_t *udp, const struct seen *seen)
{
	const struct gw_packet *packet = seen->packet;
	size_t len = UDP_HEADER + packet->len;
	size_t hidden = seen->payloads ? 0 : seen_payload(packet);
	uint32_t sum = PROTOCOL_UDP + (uint32_t)len;
	uint8_t *at = udp;
	uint16_t check;

	at = set_16(at, seen->from.port);
	at = set_16(at, seen->to.port);
	at = set_16(at, len);
	at = set_16(at, 0);
	if (packet->len > 0)
		memcpy(at, packet->data, packet->len);
	at += packet->len;
	memset(at - hidden, 0, hidden);

	/* The addresses of the pseudo header; unused octets are 0. */
	sum = sum_16(sum, seen->from.ip, sizeof seen->from.ip);
	sum = sum_16(sum, seen->to.ip, sizeof seen->to.ip);
	check = checksum(sum_16(sum, udp, len));
	set_16(udp + 6, check != 0 ? check : 0xffff); /* 0 would mean: none */
	return at;
}

/* --- a packet --- */

static size_t ip_length(const struct seen *seen)
{
	size_t udp = UDP_HEADER + seen->packet->len;

	if (seen->from.family == 4 && seen->to.family == 4)
		return IP_HEADER + udp <= IP_MAX ? IP_HEADER + udp : 0;
	if (seen->from.family == 6 && seen->to.family == 6)
		return udp <= IP_MAX ? IP6_HEADER + udp : 0;
	return 0;
}

static void put_ip(struct block *b, const struct seen *seen)
{
	size_t udp = UDP_HEADER + seen->packet->len;

	b->at = seen->from.family == 4 ? put_ip4(b->at, seen, udp) : put_ip6(b->at, seen, udp);
	b->at = put_udp(b->at, seen);
}

static const char *print_comment(char buf[COMMENT_MAX], const struct seen *seen, uint64_t lost)
{
	const struct gw_packet *packet = seen->packet;
	const struct peer *peer = packet->peer;
	char label[LABEL_MAX];
	int n = 0;

	if (seen->client_id != NULL)
		n += sprintf(buf, " client=%s", label_print(seen->client_id, label));
	if (peer->encapsulated)
		n += sprintf(buf + n, " node=");
	for (size_t i = 0; peer->encapsulated && i < peer->node_len; i++)
		n += sprintf(buf + n, "%02x", peer->node[i]);
	if (packet->verdict != NULL)
		n += sprintf(buf + n, " verdict=\"%.128s\"", packet->verdict);
	if (lost > 0)
		n += sprintf(buf + n, " lost=%" PRIu64, lost);
	return n > 0 ? buf + 1 : NULL;
}

static void put_packet_options(struct block *b, const struct seen *seen, uint64_t lost)
{
	char comment[COMMENT_MAX];
	const char *text = print_comment(comment, seen, lost);

	if (text != NULL)
		put_text_option(b, OPT_COMMENT, text);
	put_16(b, OPT_EPB_FLAGS);
	put_16(b, 4);
	put_32(b, seen->packet->out ? OUTBOUND : INBOUND);
	if (lost > 0) {
		put_16(b, OPT_EPB_DROPCOUNT);
		put_16(b, 8);
		put_64(b, lost);
	}
	put_option(b, OPT_END, NULL, 0);
}

size_t pcapng_packet(uint8_t buf[PCAPNG_PACKET_MAX], const struct seen *seen, uint64_t lost)
{
	size_t len = ip_length(seen);
	struct block b;

	if (len == 0)
		return 0;
	begin(&b, buf, BLOCK_PACKET);
	put_32(&b, 0); /* the interface */
	put_32(&b, (uint32_t)((uint64_t)seen->wall_us >> 32));
	put_32(&b, (uint32_t)seen->wall_us);
	put_32(&b, (uint32_t)len); /* captured */
	put_32(&b, (uint32_t)len); /* on the wire */
	put_ip(&b, seen);
	pad(&b);
	put_packet_options(&b, seen, lost);
	return (size_t)(end(&b) - buf);
}
