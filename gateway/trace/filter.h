/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which packets a trace shows: those that pass every condition that was set.
 *
 *	client     pattern of client ids; '*': any characters, '?': one
 *	address    of the sensor or the forwarder: "10.0.0.5", "10.0.0.5:4711", "fe80::1",
 *"[::1]:4711" type       names of messages: "PUBLISH", "publish,puback" direction  "in": heard by
 *the gateway; "out": said by it; "both"
 *
 * A packet whose client is not known passes no client pattern; what is no packet at all passes no
 * list of types.  What is said to the broker and heard from it has no sensor's address, and goes by
 * the message of MQTT-SN that has the same name.
 */
#ifndef TRACE_FILTER_H
#define TRACE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/netaddr.h"

#define FILTER_CLIENT_MAX 256 /* a pattern, with its terminator */

/* To be embedded; filter_init() and filter_set() write it. */
struct filter {
	char client[FILTER_CLIENT_MAX]; /* "": all */
	struct netaddr address;         /* family 0: all; port 0: any port */
	bool some_types;                /* only those of @types */
	uint8_t types[256 / 8];
	bool no_in, no_out;
};

/* What a filter looks at. */
struct filter_subject {
	const char *client_id;         /* NULL: not known */
	const struct netaddr *address; /* NULL: none */
	int type;                      /* enum sn_type, or -1: none */
	bool out;
};

/* Lets everything pass. */
void filter_init(struct filter *filter);

/* Sets the condition @name, one of those above, in the place of what it was; "" removes it.  NULL;
 * or what is wrong, a constant, then @filter is as it was. */
const char *filter_set(struct filter *filter, const char *name, const char *value);

bool filter_passes(const struct filter *filter, const struct filter_subject *subject);

#endif
