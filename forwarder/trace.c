/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/trace.h"

#include <stdio.h>
#include <string.h>

#include "sn_codec/sn_text.h"

#define DATA_SHOWN 128 /* octets of a payload, or of what is no message */

/* As sn_text_print(): returns the length of the whole and cuts what does not fit. */
static size_t print_octets(char *buf, size_t size, const uint8_t *data, size_t len)
{
	char hex[2 * DATA_SHOWN + 1] = "";
	size_t shown = len < DATA_SHOWN ? len : DATA_SHOWN;

	for (size_t i = 0; i < shown; i++)
		sprintf(hex + 2 * i, "%02x", data[i]);
	if (shown < len)
		return (size_t)snprintf(buf, size, "%s...(%zu)", hex, len);
	return (size_t)snprintf(buf, size, "%s", len > 0 ? hex : "nothing");
}

static size_t print_message(char *buf, size_t size, const struct fwd_packet *p)
{
	struct sn_packet packet;

	if (p->encapsulated) {
		packet = (struct sn_packet){
			.type = SN_ENCAPSULATED,
			.encapsulated = { p->radius, p->node_id, { p->data, p->len } },
		};
		return sn_text_print(buf, size, &packet, DATA_SHOWN);
	}
	if (sn_decode(p->data, p->len, &packet) == SN_OK)
		return sn_text_print(buf, size, &packet, DATA_SHOWN);
	return print_octets(buf, size, p->data, p->len);
}

const char *trace_print(const char *side, const struct fwd_packet *packet, char *buf)
{
	static const char cut_mark[] = "...";
	char address[NETADDR_TEXT_MAX], verdict[64] = "";
	bool has_address = packet->addr != NULL;
	size_t head, room, body;

	if (packet->verdict != NULL)
		snprintf(verdict, sizeof verdict, " -- %s", packet->verdict);
	snprintf(buf, TRACE_LINE_MAX / 2, "%s%s%s %c ", side, has_address ? " " : "",
	    has_address ? netaddr_print(packet->addr, address) : "", packet->out ? '<' : '>');
	head = strlen(buf);
	room = TRACE_LINE_MAX - head - strlen(cut_mark) - strlen(verdict);
	body = print_message(buf + head, room, packet);
	if (body >= room) {
		strcpy(buf + head + room - 1, cut_mark);
		body = room - 1 + strlen(cut_mark);
	}
	strcpy(buf + head + body, verdict);
	return buf;
}
