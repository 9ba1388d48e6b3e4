/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scenario as it was read: the configuration, then acts with the outputs of the gateway that each
 *must cause, in order.  README.md tells the whole language.
 *
 *	a > CONNECT id=a clean keepalive=60      | up < connect a clean
 *	up > connected a                         | a < CONNACK rc=accepted
 *	pass 120s                                | at 90s up < abort a; at 90s note a lost
 *
 * '#' begins a comment; a line that begins with '|' goes on with the expectations of the act above
 *it.
 */
#ifndef SCENARIOS_SCRIPT_H
#define SCENARIOS_SCRIPT_H

#include <stdio.h>

#include "gateway/core/ports.h"
#include "tests/scenarios/setup.h"
#include "tests/scenarios/words.h"

/* An output that must come.  Without "at" it may come any time during the act. */
struct expected {
	char *text; /* as outputs.h prints it */
	bool timed;
	int64_t from_us, to_us; /* since the act began, both included */
};

enum act_kind {
	ACT_PACKET,    /* a > CONNECT id=a; f/aabb > PINGREQ; a > raw 02 16 "text" */
	ACT_UP,        /* up > connected a session-present */
	ACT_FAIL,      /* fail publish invalid; fail memory 2 */
	ACT_PASS,      /* pass 120s */
	ACT_METRIC,    /* metric strangers 3 */
	ACT_CLIENTS,   /* clients 2 */
	ACT_START,     /* start: the gateway's own session and discovery */
	ACT_SHUTDOWN,  /* shutdown */
	ACT_RESTART,   /* restart: ended in order, and started again with what the store has */
	ACT_CRASH,     /* crash: the same without a farewell */
	ACT_CONFIGURE, /* configure set limits.clients=2 */
	ACT_LISTENERS, /* listeners 1 new */
	ACT_PROVEN,    /* proven a pump: the peer is pump, whatever it says */
};

/* Ports that can be made to fail. */
enum fail_port {
	FAIL_OPEN,
	FAIL_PUBLISH,
	FAIL_SUBSCRIBE,
	FAIL_UNSUBSCRIBE,
	FAIL_PORTS,
	FAIL_MEMORY = FAIL_PORTS, /* no port: an allocation of the core */
};

struct step {
	unsigned line;
	char *text;         /* the act as it stands in the file */
	struct words words; /* what the pointers below point into */
	enum act_kind kind;
	union {
		struct {
			/* "a"; "a:1" on listener 1; "f/aabb" behind a forwarder */
			const char *peer;
			uint8_t *data;
			size_t len;
		} packet;
		struct {
			const char *client;
			struct up_event event; /* its token is set by the world */
			unsigned nth; /* UP_PUBLISHED: which of the session; 0: the oldest open */
		} up;
		struct {
			enum fail_port port;
			int rc; /* FAIL_MEMORY: which of the allocations to come */
		} fail;
		int64_t pass_us;
		struct words configure; /* what follows that word */
		struct {
			int from[SETUP_LISTENERS]; /* as in setup_relist() */
			size_t n;
		} listeners;
		struct {
			const char *peer;
			const char *identity;
		} proven;
		struct {
			const char *name;
			uint64_t value;
		} count; /* ACT_METRIC, ACT_CLIENTS */
	};
	struct expected *expected;
	size_t n_expected;
};

struct script {
	const char *name; /* the caller's */
	struct setup setup;
	struct step *steps;
	size_t n_steps;
};

/* Reads a scenario.  All mistakes are written to @errors as "NAME:LINE: what"; then NULL is
 * returned. */
struct script *script_read(FILE *in, const char *name, FILE *errors);

/* NULL is fine; returns NULL. */
struct script *script_free(struct script *script);

/* Reads the act whose @text and @words are set (acts.c).  NULL, or what is wrong with it. */
const char *act_read(struct step *step);

/* The counter @name of @metrics ("lost", "rx.PUBLISH"), or NULL if there is none. */
const uint64_t *act_metric(const struct gw_metrics *metrics, const char *name);

#endif
