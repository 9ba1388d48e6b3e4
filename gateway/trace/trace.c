/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/trace.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "gateway/trace/label.h"
#include "sn_codec/sn_text.h"

#define DATA_SHOWN 128 /* octets of a payload, or of what is no packet */

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

static size_t print_body(char *buf, size_t size, const struct gw_packet *packet)
{
	if (packet->packet == NULL)
		return print_octets(buf, size, packet->data, packet->len);
	return sn_text_print(buf, size, packet->packet, DATA_SHOWN);
}

const char *trace_print(const struct gw_packet *packet, char *buf)
{
	static const char cut_mark[] = "...";
	char label[LABEL_MAX], peer[PEER_TEXT_MAX], verdict[128] = "";
	size_t head, room, body;

	if (packet->verdict != NULL)
		snprintf(verdict, sizeof verdict, " -- %s", packet->verdict);
	head = (size_t)snprintf(buf, TRACE_LINE_MAX, "%s %s %c ",
	    label_print(packet->client_id, label), peer_print(packet->peer, peer),
	    packet->out ? '<' : '>');
	room = TRACE_LINE_MAX - head - strlen(cut_mark) - strlen(verdict);
	body = print_body(buf + head, room, packet);
	if (body >= room) {
		strcpy(buf + head + room - 1, cut_mark);
		body = room - 1 + strlen(cut_mark);
	}
	strcpy(buf + head + body, verdict);
	return buf;
}

void trace_packet(const struct gw_packet *packet)
{
	char line[TRACE_LINE_MAX];

	log_info("%s", trace_print(packet, line));
}
