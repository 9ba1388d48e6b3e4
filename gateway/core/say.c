/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/say.h"

#include "gateway/core/core.h"
#include "gateway/core/encap.h"

static void trace_said(struct gw *gw, const struct peer *to, const uint8_t *data, size_t len,
    const struct sn_packet *packet)
{
	const struct client *client;

	if (gw->ports.packet == NULL)
		return;
	client = clients_find_peer(&gw->clients, to);
	gw->ports.packet(gw->ports.ctx, &(struct gw_packet){
	                                    .out = true,
	                                    .peer = to,
	                                    .client_id = client != NULL ? client->id : NULL,
	                                    .data = data,
	                                    .len = len,
	                                    .packet = packet,
	                                });
}

bool say(struct gw *gw, const struct peer *to, const struct sn_packet *packet)
{
	return say_radius(gw, to, 0, packet);
}

bool say_radius(
    struct gw *gw, const struct peer *to, uint8_t radius, const struct sn_packet *packet)
{
	size_t most = gw->config.listeners[to->listener].max_packet;
	size_t header = encap_header(to, radius, gw->out);
	size_t len;

	if (sn_encode(gw->out + header, most, packet, &len) != SN_OK)
		return false;
	gw_trace_heard(gw);
	trace_said(gw, to, gw->out + header, len, packet);
	gw->metrics.tx[packet->type]++;
	gw->ports.send(gw->ports.ctx, to, gw->out, header + len);
	return true;
}

void say_plain(struct gw *gw, const struct peer *to, enum sn_type type)
{
	say(gw, to, &(struct sn_packet){ .type = (uint8_t)type });
}

void say_result(struct gw *gw, const struct peer *to, enum sn_type type, enum sn_return_code code)
{
	say(gw, to,
	    &(struct sn_packet){ .type = (uint8_t)type, .result = { .code = (uint8_t)code } });
}

void say_topic_ack(struct gw *gw, const struct peer *to, enum sn_type type, uint16_t topic_id,
    uint16_t msg_id, enum sn_return_code code)
{
	say(gw, to,
	    &(struct sn_packet){
	        .type = (uint8_t)type,
	        .topic_ack = { .topic_id = topic_id, .msg_id = msg_id, .code = (uint8_t)code },
	    });
}

void say_msg_ack(struct gw *gw, const struct peer *to, enum sn_type type, uint16_t msg_id)
{
	say(gw, to, &(struct sn_packet){ .type = (uint8_t)type, .msg_ack = { .msg_id = msg_id } });
}

void say_suback(struct gw *gw, const struct peer *to, uint16_t topic_id, uint16_t msg_id,
    int granted_qos, enum sn_return_code code)
{
	say(gw, to,
	    &(struct sn_packet){
	        .type = SN_SUBACK,
	        .suback = {
	            .flags = { .qos = (int8_t)granted_qos },
	            .topic_id = topic_id,
	            .msg_id = msg_id,
	            .code = (uint8_t)code,
	        },
	    });
}
