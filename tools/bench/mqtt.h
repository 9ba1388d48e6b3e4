/* SPDX-License-Identifier: BSD-3-Clause */
/* One MQTT 3.1.1 client on a libevent loop, as simple as a measurement allows: it connects at once
 * (the broker is on this machine), sends no keep-alive and does not reconnect.  It reads and writes
 * as much as there is with one system call: who measures shares the machine with what is measured,
 * and libmosquitto's calls for each packet would take it half of a core. */
#ifndef BENCH_MQTT_H
#define BENCH_MQTT_H

#include <stddef.h>

#include "common/netaddr.h"

struct event_base;
struct mqtt;

/* What it reports.  Publishing is allowed in there. */
struct mqtt_events {
	void (*connected)(void *ctx);
	void (*subscribed)(void *ctx);
	void (*acknowledged)(void *ctx); /* a publish of QoS 1 or 2 is done */
	void (*message)(void *ctx, const void *payload, size_t len);
	void (*failed)(void *ctx, const char *why);
};

/* @events is kept, not copied; members may be NULL.  NULL on failure (*@why tells, a constant). */
struct mqtt *mqtt_open(struct event_base *base, const struct netaddr *broker,
    const struct mqtt_events *events, void *ctx, const char **why);
/* DISCONNECT and free.  NULL is fine; returns NULL. */
struct mqtt *mqtt_close(struct mqtt *mqtt);

/* NULL, or what went wrong (a constant). */
const char *mqtt_publish(
    struct mqtt *mqtt, const char *topic, const void *payload, size_t len, int qos);
const char *mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos);

#endif
