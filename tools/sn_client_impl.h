/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of struct sn_client, for its files: sn_client.c, sn_client_connect.c,
 * sn_client_publish.c. */
#ifndef TOOLS_SN_CLIENT_IMPL_H
#define TOOLS_SN_CLIENT_IMPL_H

#include "tools/sn_client.h"

enum state {
	CLOSED,
	CONNECTING,
	ACTIVE,
	DROWSY, /* the DISCONNECT with a duration is not answered yet */
	ASLEEP,
	AWAKE,
	LEAVING,
};

/* A message that is repeated until it is answered.  What the packet points to is the caller's. */
struct request {
	bool open;
	struct sn_packet packet;
	uint16_t msg_id; /* what the answer must carry */
	uint32_t retry_ms;
	unsigned left; /* repeats */
	monotime_t due;
};

struct sn_client {
	struct sn_client_config config;
	struct sn_client_ports ports;
	struct sn_inbox *inbox;
	enum state state;
	monotime_t now; /* of the call that we are in */
	monotime_t last_sent;
	uint16_t msg_id; /* the last one used */

	struct request request;
	bool waiting;        /* it met congestion and starts anew when due */
	unsigned waits_left; /* for it */
	struct request ping;

	struct sn_client_publication *publication; /* what the request is about, or NULL */
	bool registered_again;                     /* for it */
	const char *registered;                    /* the name of the last REGISTER, or NULL */
	uint16_t registered_id;

	uint8_t buf[]; /* max_packet octets */
};

typedef struct sn_client_event event;

#define QUIET ((event){ .kind = SN_CLIENT_QUIET })

/* Into the buffer; sends nothing.  0, -ERR_LIMIT, -ERR_INVALID. */
int sn_client_encode(struct sn_client *client, const struct sn_packet *packet, size_t *len);

/* Encodes and sends.  As sn_client_encode(). */
int sn_client_transmit(struct sn_client *client, const struct sn_packet *packet);

/* Sends the packet as the open request: an answer that carries @msg_id is awaited. */
int sn_client_request(struct sn_client *client, const struct sn_packet *packet, uint16_t msg_id);

uint16_t sn_client_next_msg_id(struct sn_client *client);

/* True if the open request is of @type and an answer with @msg_id is for it. */
bool sn_client_awaits(const struct sn_client *client, enum sn_type type, uint16_t msg_id);

/* Ends the open request. */
event sn_client_done(struct sn_client *client, enum sn_client_event_kind kind);

/* Ends the open request, or puts it off if the code is "congestion". */
event sn_client_refused(struct sn_client *client, uint8_t code);

/* Ends the connection, and with it the open request. */
event sn_client_closed(struct sn_client *client, enum sn_client_why why);

int sn_client_send_connect(struct sn_client *client);
event sn_client_fall_asleep(struct sn_client *client);

/* What the gateway says to connect and to end a connection. */
event sn_client_on_connack(struct sn_client *client, const struct sn_packet *packet);
event sn_client_on_willtopicreq(struct sn_client *client, const struct sn_packet *packet);
event sn_client_on_willmsgreq(struct sn_client *client, const struct sn_packet *packet);
event sn_client_on_disconnect(struct sn_client *client, const struct sn_packet *packet);

/* Goes on with the open publication. */
event sn_client_proceed(struct sn_client *client);

/* The answers of its steps. */
event sn_client_on_regack(struct sn_client *client, const struct sn_packet *packet);
event sn_client_on_puback(struct sn_client *client, const struct sn_packet *packet);
event sn_client_on_pubrec(struct sn_client *client, const struct sn_packet *packet);
event sn_client_on_pubcomp(struct sn_client *client, const struct sn_packet *packet);

#endif
