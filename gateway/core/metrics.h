/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counters of the core.  A row: member, the Prometheus name without its prefix, help.
 */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include <stdint.h>

#define GW_COUNTERS(X)                                                                             \
	X(malformed, "malformed_packets_total", "Datagrams that are no MQTT-SN packet")            \
	X(unexpected, "unexpected_packets_total", "Packets that their sender may not send (now)")  \
	X(strangers, "stranger_packets_total", "Session packets from peers without a session")     \
	X(bad_encapsulation, "bad_encapsulation_total", "Nested or malformed encapsulated frames") \
	X(connects, "connects_total", "CONNECTs accepted")                                         \
	X(connects_refused, "connects_refused_total", "CONNECTs refused")                          \
	X(takeovers, "takeovers_total", "Sessions continued from another address")                 \
	X(disconnects, "disconnects_total", "Clients that said DISCONNECT or were sent away")      \
	X(lost, "clients_lost_total", "Clients lost")                                              \
	X(links_lost, "links_lost_total", "Upstream connections lost")                             \
	X(broker_changes, "broker_changes_total", "Changes from one broker to another")            \
	X(publishes_in, "publishes_in_total", "Messages from clients handed to the broker")        \
	X(publishes_stored, "publishes_stored_total",                                              \
	    "Messages from clients acknowledged before the broker had them")                       \
	X(publishes_repeated, "publishes_repeated_total",                                          \
	    "Repeated PUBLISHes answered from memory")                                             \
	X(publishes_refused, "publishes_refused_total", "PUBLISHes refused with a return code")    \
	X(publishes_dropped, "publishes_dropped_total", "PUBLISHes dropped without an answer")     \
	X(messages_out, "messages_out_total", "Messages delivered to clients")                     \
	X(messages_dropped, "messages_dropped_total", "Messages for clients that were dropped")    \
	X(retransmissions, "retransmissions_total", "Packets sent again for want of an answer")    \
	X(gave_up, "gave_up_total", "Exchanges given up after the last retransmission")            \
	X(limit_hits, "limit_hits_total", "Requests refused because a limit was reached")          \
	X(qos_minus_one_in, "qos_minus_one_in_total", "QoS -1 messages handed to the broker")      \
	X(qos_minus_one_dropped, "qos_minus_one_dropped_total", "QoS -1 messages dropped")         \
	X(searches, "searches_total", "SEARCHGW answered")                                         \
	X(rate_limited, "rate_limited_total", "Packets not answered because of a rate limit")

struct gw_metrics {
#define X(member, name, help) uint64_t member;
	GW_COUNTERS(X)
#undef X
	uint64_t rx[256]; /* packets by message type */
	uint64_t tx[256];
};

#endif
