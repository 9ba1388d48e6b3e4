/* SPDX-License-Identifier: BSD-3-Clause */
/* Many MQTT-SN clients of one gateway: their sockets, their timers, their events. */
#ifndef BENCH_SENSORS_H
#define BENCH_SENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "tools/sn_client.h"

#define SENSORS_PAYLOAD_MAX 1024

struct event_base;
struct sensors;

struct sensors_config {
	struct netaddr gateway;
	uint32_t count;
	uint32_t forwarders; /* that they are behind; 0: none, each has a socket of its own */
	bool clean;
	bool stay; /* when they are closed, the gateway is not told */
};

struct sensors_events {
	void (*event)(void *ctx, uint32_t who, struct sn_client_event event);
	/* A message of the broker; must not call the client of @who. */
	void (*message)(void *ctx, uint32_t who, const void *payload, size_t len);
	void (*failed)(void *ctx, const char *why); /* the system refuses */
};

/* None is connected yet.  @events is kept.  NULL after events->failed(). */
struct sensors *sensors_open(struct event_base *base, const struct sensors_config *config,
    const struct sensors_events *events, void *ctx);

/* Those that are not closed say DISCONNECT, unless they are to stay.  NULL is fine; returns NULL.
 */
struct sensors *sensors_close(struct sensors *sensors);

struct sn_client *sensors_client(struct sensors *sensors, uint32_t who);

/* "bench/" and the number; lives as long as the sensors. */
const char *sensors_topic(const struct sensors *sensors, uint32_t who);

/* How many datagrams they have sent. */
uint64_t sensors_sent(const struct sensors *sensors);

#endif
