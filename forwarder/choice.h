/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which gateway is in use: fixed ones in order of preference, then those found by ADVERTISE and
 * GWINFO in the order in which they were found (section 6.1).
 *
 * A gateway is alive while anything is heard of it; one that is silent is asked with PINGREQ, which
 * a gateway answers whoever asks (DISCONNECT: we are no client).  When the gateway in use has left
 * several of these unanswered, the most preferred one that is alive takes its place; a more
 * preferred one takes it back when it has been alive for as long.  When none is alive the choice
 * stays as it is.  No I/O, time is an argument.
 */
#ifndef FORWARDER_CHOICE_H
#define FORWARDER_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/netaddr.h"

enum {
	CHOICE_FIXED_MAX = 16,
	CHOICE_MAX = 32, /* with those that were found */
};

struct choice_config {
	struct netaddr fixed[CHOICE_FIXED_MAX];
	size_t n_fixed;
	bool discover; /* take others, too, and search for them */
	uint32_t
	    probe; /* ms of silence after which a gateway is asked, and between two questions */
	uint32_t missed; /* questions that it may leave unanswered */
};

struct choice_ports {
	void *ctx;
	/* To send PINGREQ to a gateway. */
	void (*ask)(void *ctx, const struct netaddr *to);
	/* To send SEARCHGW to the multicast group. */
	void (*search)(void *ctx);
	/* Another gateway is in use. */
	void (*changed)(void *ctx, const struct netaddr *to);
};

struct choice;

/* NULL when out of memory. */
struct choice *choice_new(const struct choice_ports *ports);

/* NULL is fine; returns NULL. */
struct choice *choice_free(struct choice *choice);

/* Takes the settings, copied.  A gateway in use stays so unless it is not wanted any more. */
void choice_configure(struct choice *choice, const struct choice_config *config, monotime_t now);

/* The gateway in use, or NULL.  Valid until the next call that is not const. */
const struct netaddr *choice_current(const struct choice *choice);

/* Something was heard of @from.  False if it is no gateway that we know. */
bool choice_heard(struct choice *choice, monotime_t now, const struct netaddr *from);

/* The gateway @from told that it is one.  False if it is not wanted. */
bool choice_found(struct choice *choice, monotime_t now, const struct netaddr *from);

/* Asks and changes, if it is time. */
void choice_advance(struct choice *choice, monotime_t now);

/* When choice_advance() should be called. */
monotime_t choice_next_deadline(const struct choice *choice);

#endif
