/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text form of the trace: a line for each packet, as in sn_codec/sn_text.h, and for each word
 * with the broker.
 *
 *	pump-7 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 "23.5"         heard
 *	pump-7 broker < PUBLISH qos=1 token=1 "a/b" len=4 "23.5"         said to the broker
 *	pump-7 broker > PUBACK token=1                                   heard from the broker
 *	pump-7 127.0.0.1:4711 < PUBACK tid=1 mid=2 rc=accepted           said
 *	- 127.0.0.1:4712 > PUBLISH qos=0 tid=9 "x" -- no session         refused, and why
 *	- 127.0.0.1:4712 > 021600 -- bad length                          no packet: its octets
 *	pump-7 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 ""...(4)       payloads hidden: the length
 *
 * Words with the broker, in [] what is not there when it is 0 or false; token: the same in a
 *request and its answer, instead of the message id, which stays inside the MQTT library:
 *
 *	CONNECT      [clean] [shared] [will="topic" qos=Q [retain] len=N "message"]
 *	CONNECT      again: a new connection for the session
 *	CONNACK      [present]
 *	REFUSED      no connection came about, and why
 *	LOST         the connection ended, and why
 *	PUBLISH      qos=Q [retain] [token=N] "topic" len=N "payload"
 *	PUBACK       token=N; with QoS 2 that is PUBCOMP
 *	SUBSCRIBE    qos=Q token=N "filter"
 *	SUBACK       token=N, qos=Q or refused
 *	UNSUBSCRIBE  token=N "filter"
 *	UNSUBACK     token=N
 *	DISCONNECT   or CLOSE: without a word, so that the will is published
 *	PAUSE        no more is read from the broker for now
 *	RESUME
 */
#ifndef TRACE_TEXT_H
#define TRACE_TEXT_H

#include <stddef.h>

#include "gateway/trace/seen.h"

#define TRACE_TEXT_MAX 2048 /* with the terminator; what is longer is cut with "..." */

/* Returns @buf, of TRACE_TEXT_MAX octets; no newline. */
const char *text_print(const struct seen *seen, char *buf);

/* The MQTT-SN message of the same name as a word with the broker, for filters. */
int text_type(const struct seen *seen);

#endif
