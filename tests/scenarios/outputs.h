/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the gateway says, as lines: what a scenario expects and what the core did are brought to the
 * same text and compared.
 *
 *	a < CONNACK rc=accepted              to the peer "a", in the form of sn_codec/sn_text.h
 *	f/aabb radius=3 < GWINFO gw=1        encapsulated, for the node aabb behind the forwarder f
 *	broadcast 0 radius=1 GWINFO gw=1     to the groups of a listener
 *	up < connect a clean will="w" qos=1 retain "gone"
 *	up < publish a topic=t/1 qos=1 retain "23.5"
 *	up < subscribe a "t/#" qos=1         and unsubscribe a "t/#"
 *	up < disconnect a                    likewise abort, reconnect, pause, resume
 *	note a lost                          with "check notes"; "-" for a note about no client
 *	verdict "no session"                 with "check verdicts": why a packet was not served
 */
#ifndef SCENARIOS_OUTPUTS_H
#define SCENARIOS_OUTPUTS_H

#include <stdbool.h>
#include <stdio.h>

#include "gateway/core/ports.h"

enum up_verb {
	VERB_CONNECT,
	VERB_RECONNECT,
	VERB_DISCONNECT,
	VERB_ABORT,
	VERB_PUBLISH,
	/* from here on, only of a session with a connection of its own */
	VERB_SUBSCRIBE,
	VERB_UNSUBSCRIBE,
	VERB_PAUSE,
	VERB_RESUME,
	VERBS,
};

/* A call of the upstream ports; members that a verb does not use are 0. */
struct up_call {
	enum up_verb verb;
	const char *client;    /* whose session */
	struct sn_bytes topic; /* of a PUBLISH or of the will */
	struct sn_bytes text;  /* the payload, the filter, the will's message */
	int qos;
	bool retain;
	bool clean;
	bool shared;
	bool will;
};

/* The lines; to be freed by the caller. */
char *output_packet(const char *peer, unsigned radius, const struct sn_packet *packet);
char *output_broadcast(unsigned listener, unsigned radius, const struct sn_packet *packet);
char *output_up(const struct up_call *call);
char *output_note(enum gw_note_kind kind, const char *client);
char *output_verdict(const char *verdict);

/* The same from the words of a scenario.  NULL if it is no output, and *@wrong tells why (a
 * constant). */
char *output_parse(const char *line, const char **wrong);

/* Prints octets in double quotes, with escapes. */
void output_quoted(FILE *to, struct sn_bytes bytes);

/* "lost" for NOTE_LOST, ... */
const char *note_name(enum gw_note_kind kind);

/* As sn_text_parse(), followed by sn_encode(): *@data (to be freed) and *@len.  NULL, or what is
 * wrong. */
const char *packet_encode(const char *text, uint8_t **data, size_t *len);

#endif
