/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulation: model sensors and a model broker around the real core, on a network that loses,
 * doubles, delays and reorders.  Everything follows from one seed, so that a failing run replays
 * exactly.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/gw.h"

enum {
	NODES_MAX = 16,
	MESSAGES_MAX = 512, /* of one node, in one direction */
	TOPICS = 3,         /* of one node, in one direction */
};

/* One message of the ledger. */
struct entry {
	uint8_t qos;
	uint8_t topic;
	bool taken;      /* its sender was told that it is taken care of */
	bool excused;    /* QoS 2 may come twice: the session does not persist, or was cut in the
	                    middle */
	uint16_t copies; /* how often it arrived */
};

struct ledger {
	struct entry entries[MESSAGES_MAX];
	unsigned count;
	int last[TOPICS]; /* the newest message that arrived, by topic; -1: none */
};

struct sim;
struct node;
struct broker;

/* Pseudo-random numbers from the seed: below @n; true once in @n. */
uint32_t sim_random(struct sim *sim, uint32_t n);
bool sim_chance(struct sim *sim, uint32_t per_mille);

/* Ends the run as failed, with a message; prints the seed. */
void sim_fail(struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Prints a line of the story if it is asked for. */
void sim_tell(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Calls @act(@sim, @who, @what) in @ms milliseconds. */
typedef void sim_act(struct sim *sim, void *who, uint32_t what);
void sim_later(struct sim *sim, int64_t ms, sim_act *act, void *who, uint32_t what);

monotime_t sim_now(const struct sim *sim);
struct gw *sim_gw(struct sim *sim);

/* The node of that client id; there is one. */
struct node *sim_node(struct sim *sim, const char *id);
struct broker *sim_broker(struct sim *sim);

/* True while the world is to be mended so that everything can arrive: no loss, no outage, no sleep.
 */
bool sim_is_calm(const struct sim *sim);

/* A datagram on its way from a node to the gateway, or back. */
void sim_to_gateway(struct sim *sim, const struct peer *from, const uint8_t *data, size_t len);

/* Message @seq has arrived: counts it and checks its order. @what names the direction. */
void sim_arrived(struct sim *sim, struct ledger *ledger, unsigned seq, const char *what);

/* ---- the nodes ---- */

struct node *node_new(struct sim *sim, unsigned index);
struct node *node_free(struct node *node);
void node_start(struct node *node);
void node_datagram(struct node *node, const uint8_t *data, size_t len);

/* Whether the node hears that address, that is, has it now. */
bool node_is_at(const struct node *node, const struct netaddr *addr);

struct ledger *node_published(struct node *node); /* from the node to the broker */
struct ledger *node_wanted(struct node *node);    /* from the broker to the node */
const char *node_id(const struct node *node);

/* Nothing that the node began is unfinished. */
bool node_is_idle(const struct node *node);

/* ---- the broker ---- */

struct broker *broker_new(struct sim *sim);
struct broker *broker_free(struct broker *broker);
/* Sets the upstream ports; their context is the simulation. */
void broker_ports(struct gw_ports *ports);
void broker_start(struct broker *broker);

/* Publishes the next message of the ledger to the node of that client id, if it is subscribed. */
void broker_publish(struct broker *broker, struct node *node);

/* No message waits for a session, and no publish for its acknowledgement. */
bool broker_is_idle(const struct broker *broker);

#endif
