/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/watch.h"

#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/memory.h"

/* One per peer that ever had something in flight. */
struct flight {
	struct flight *next;
	char *peer;
	bool open;
	uint8_t type; /* SN_REGISTER, SN_PUBLISH, or SN_PUBREL for the second half of QoS 2 */
	uint16_t msg_id;
	uint8_t *data; /* as it was sent first, DUP cleared; NULL for PUBREL */
	size_t len;
};

struct watch {
	struct flight *flights;
};

struct watch *watch_new(void)
{
	return memory_get(sizeof(struct watch));
}

struct watch *watch_free(struct watch *watch)
{
	struct flight *flight;

	if (watch == NULL)
		return NULL;
	while ((flight = watch->flights) != NULL) {
		watch->flights = flight->next;
		free(flight->data);
		free(flight->peer);
		free(flight);
	}
	free(watch);
	return NULL;
}

static struct flight *flight_of(struct watch *watch, const char *peer)
{
	struct flight *flight;

	for (flight = watch->flights; flight != NULL; flight = flight->next)
		if (strcmp(flight->peer, peer) == 0)
			return flight;
	flight = memory_get(sizeof(*flight));
	flight->peer = memory_text(peer, strlen(peer));
	flight->next = watch->flights;
	watch->flights = flight;
	return flight;
}

/* ---- one packet ---- */

static const char *check_code(const struct sn_packet *packet)
{
	return packet->result.code > SN_NOT_SUPPORTED ? "a reserved return code (SN12-RC-05)"
	                                              : NULL;
}

static const char *check_topic_ack(const struct sn_packet *packet)
{
	const struct sn_topic_ack *ack = &packet->topic_ack;

	if (ack->code > SN_NOT_SUPPORTED)
		return "a reserved return code (SN12-RC-05)";
	if (packet->type == SN_REGACK && (ack->code == SN_ACCEPTED) != (ack->topic_id != 0))
		return "a topic id where none belongs, or none where one does (SN12-RC-07)";
	return packet->type == SN_REGACK && ack->topic_id == 0xFFFF
	           ? "topic id 0xFFFF (SN12-FIELD-09)"
	           : NULL;
}

static const char *check_suback(const struct sn_packet *packet)
{
	const struct sn_suback *ack = &packet->suback;

	if (ack->code > SN_NOT_SUPPORTED)
		return "a reserved return code (SN12-RC-05)";
	if (ack->code != SN_ACCEPTED && ack->topic_id != 0)
		return "a topic id in a rejection (SN12-RC-07)";
	return ack->flags.qos < 0 ? "QoS 3 in a SUBACK" : NULL;
}

static const char *check_publish(const struct sn_packet *packet)
{
	const struct sn_publish *publish = &packet->publish;

	if (publish->flags.qos < 0)
		return "QoS -1 to a client (SN12-GPUB-08)";
	if ((publish->flags.qos > 0) != (publish->msg_id != 0))
		return "a message id at QoS 0, or none at QoS 1 or 2 (SN12-MSGID-03)";
	if (publish->flags.qos == 0 && publish->flags.dup)
		return "DUP at QoS 0 (SN12-RETRY-04)";
	return publish->flags.topic_type == SN_TOPIC_RESERVED ? "the reserved topic type" : NULL;
}

static const char *check_register(const struct sn_packet *packet)
{
	if (packet->reg.topic_id == 0 || packet->reg.topic_id == 0xFFFF)
		return "REGISTER of a reserved topic id (SN12-FIELD-09)";
	return packet->reg.msg_id == 0 ? "REGISTER with message id 0 (SN12-MSGID-03)" : NULL;
}

static const char *check_disconnect(const struct sn_packet *packet)
{
	return packet->disconnect.has_duration ? "DISCONNECT with a duration (SN12-DISC-04)" : NULL;
}

static const char *check_pingreq(const struct sn_packet *packet)
{
	return packet->pingreq.client_id.len > 0 ? "PINGREQ with a client id (SN12-PING-05)" : NULL;
}

static const char *check_gwinfo(const struct sn_packet *packet)
{
	return packet->gwinfo.address.len > 0 ? "GWINFO with an address (SN12-DISCO-06)" : NULL;
}

static const char *check_nothing(const struct sn_packet *packet)
{
	(void)packet;
	return NULL;
}

/* What a gateway sends at all, and to one peer or to all. */
static const struct {
	const char *(*check)(const struct sn_packet *packet);
	bool broadcast;
} sendable[256] = {
	[SN_ADVERTISE] = { check_nothing, true },
	[SN_GWINFO] = { check_gwinfo, true },
	[SN_CONNACK] = { check_code, false },
	[SN_WILLTOPICREQ] = { check_nothing, false },
	[SN_WILLMSGREQ] = { check_nothing, false },
	[SN_REGISTER] = { check_register, false },
	[SN_REGACK] = { check_topic_ack, false },
	[SN_PUBLISH] = { check_publish, false },
	[SN_PUBACK] = { check_topic_ack, false },
	[SN_PUBCOMP] = { check_nothing, false },
	[SN_PUBREC] = { check_nothing, false },
	[SN_PUBREL] = { check_nothing, false },
	[SN_SUBACK] = { check_suback, false },
	[SN_UNSUBACK] = { check_nothing, false },
	[SN_PINGREQ] = { check_pingreq, false },
	[SN_PINGRESP] = { check_nothing, false },
	[SN_DISCONNECT] = { check_disconnect, false },
	[SN_WILLTOPICRESP] = { check_code, false },
	[SN_WILLMSGRESP] = { check_code, false },
};

/* ---- one at a time (SN12-GPUB-11, SN12-REG-05) ---- */

/* True if @packet starts, goes on with or repeats an exchange that the client must answer; then
 * *@msg_id is set.  PUBREL may also answer the PUBREC of an exchange that is forgotten. */
static bool wants_answer(
    const struct flight *flight, const struct sn_packet *packet, uint16_t *msg_id)
{
	if (packet->type == SN_REGISTER)
		*msg_id = packet->reg.msg_id;
	else if (packet->type == SN_PUBLISH && packet->publish.flags.qos > 0)
		*msg_id = packet->publish.msg_id;
	else if (packet->type == SN_PUBREL && flight->type != SN_REGISTER &&
	         packet->msg_ack.msg_id == flight->msg_id)
		*msg_id = packet->msg_ack.msg_id;
	else
		return false;
	return true;
}

/* The packet without its DUP bit, to compare a resend with what was sent first. */
static uint8_t *copy_first(const struct sn_packet *packet, const uint8_t *data, size_t len)
{
	uint8_t *copy = memory_get(len);
	size_t flags = data[0] == 0x01 ? 4 : 2;

	memcpy(copy, data, len);
	if (packet->type == SN_PUBLISH)
		copy[flags] &= 0x7F;
	return copy;
}

static const char *check_repeat(
    const struct flight *flight, const struct sn_packet *packet, const uint8_t *copy, size_t len)
{
	if (packet->type == SN_PUBLISH && !packet->publish.flags.dup)
		return "a PUBLISH sent again without DUP (SN12-GPUB-13)";
	if (len != flight->len || memcmp(copy, flight->data, len) != 0)
		return "a packet sent again is not the same as before (SN12-RETRY-02)";
	return NULL;
}

static const char *check_flight(
    struct flight *flight, const struct sn_packet *packet, const uint8_t *data, size_t len)
{
	uint16_t msg_id;
	const char *wrong = NULL;
	uint8_t *copy;

	if (!wants_answer(flight, packet, &msg_id))
		return NULL;
	copy = copy_first(packet, data, len);
	if (flight->open && flight->type == packet->type && flight->msg_id == msg_id)
		wrong = check_repeat(flight, packet, copy, len);
	else if (flight->open)
		wrong =
		    "a second REGISTER or QoS 1/2 PUBLISH while one is in flight (SN12-GPUB-11, SN12-REG-05)";
	free(flight->data);
	flight->data = copy;
	flight->len = len;
	flight->open = true;
	flight->type = packet->type;
	flight->msg_id = msg_id;
	return wrong;
}

const char *watch_out(struct watch *watch, const char *peer, const struct sn_packet *packet,
    const uint8_t *data, size_t len)
{
	const char *wrong;

	if (sendable[packet->type].check == NULL)
		return "not for a gateway to send";
	if (peer == NULL && !sendable[packet->type].broadcast)
		return "not to be broadcast";
	wrong = sendable[packet->type].check(packet);
	if (wrong != NULL || peer == NULL)
		return wrong;
	if (packet->type == SN_DISCONNECT || packet->type == SN_CONNACK) {
		flight_of(watch, peer)->open = false;
		return NULL;
	}
	return check_flight(flight_of(watch, peer), packet, data, len);
}

void watch_in(struct watch *watch, const char *peer, const struct sn_packet *packet)
{
	struct flight *flight = flight_of(watch, peer);

	switch (packet->type) {
	case SN_CONNECT:
	case SN_DISCONNECT:
	case SN_PINGREQ: /* a sleeper may wake anew after the gateway gave up (SN12-STATE-18) */
		flight->open = flight->open && packet->type == SN_PINGREQ &&
		               packet->pingreq.client_id.len == 0;
		break;
	case SN_REGACK:
		if (flight->type == SN_REGISTER && packet->topic_ack.msg_id == flight->msg_id)
			flight->open = false;
		break;
	case SN_PUBACK:
		if (flight->type == SN_PUBLISH && packet->topic_ack.msg_id == flight->msg_id)
			flight->open = false;
		break;
	case SN_PUBREC:
		if (flight->type == SN_PUBLISH && packet->msg_ack.msg_id == flight->msg_id)
			flight->open = false;
		break;
	case SN_PUBCOMP:
		if (flight->type == SN_PUBREL && packet->msg_ack.msg_id == flight->msg_id)
			flight->open = false;
		break;
	default:
		break;
	}
}
