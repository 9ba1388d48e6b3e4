/* SPDX-License-Identifier: BSD-3-Clause */
/* Those who publish in a measurement: MQTT-SN sensors behind the gateway, or MQTT clients at the
 * broker. */
#ifndef BENCH_PUBLISHERS_H
#define BENCH_PUBLISHERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"

#define PUBLISHERS_PAYLOAD_MAX 1024
#define PUBLISHERS_TOPIC       "bench/" /* and the number of the publisher */

struct event_base;

struct publishers_config {
	struct netaddr server; /* the gateway or the broker */
	uint32_t count;
	uint32_t qos; /* 0 or 1 */
};

struct publishers_events {
	void (*ready)(void *ctx);                      /* all can publish now */
	void (*acknowledged)(void *ctx, unsigned who); /* at QoS 1: the publish of @who is done */
	void (*failed)(void *ctx, const char *why);
};

struct publishers_ops {
	const char *name;
	/* @config and @events are kept, not copied.  NULL on failure, after events->failed(). */
	void *(*open)(struct event_base *base, const struct publishers_config *config,
	    const struct publishers_events *events, void *ctx);
	/* At QoS 1 one publish of each publisher may be on its way.  Failure is reported by
	 * events->failed(). */
	void (*publish)(void *publishers, unsigned who, const void *payload, size_t len);
	/* How many messages had to be sent again. */
	uint64_t (*resent)(const void *publishers);
	/* NULL is fine. */
	void (*close)(void *publishers);
};

extern const struct publishers_ops publishers_sensors; /* over UDP through the gateway */
extern const struct publishers_ops publishers_direct;  /* libmosquitto */

#endif
