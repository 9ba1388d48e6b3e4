/* SPDX-License-Identifier: BSD-3-Clause */
/* Those who publish in a measurement, and perhaps their receivers: MQTT-SN sensors behind the
 * gateway, or MQTT clients at the broker. */
#ifndef BENCH_PUBLISHERS_H
#define BENCH_PUBLISHERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"

#define PUBLISHERS_PAYLOAD_MAX 1024
#define PUBLISHERS_TOPIC       "bench/" /* and the number of the publisher */
#define PUBLISHERS_SHORT       "bq"     /* the topic of all at QoS -1 */

struct event_base;

struct publishers_config {
	struct netaddr server; /* the gateway or the broker */
	uint32_t count;
	int32_t qos;         /* -1..2 */
	bool receivers;      /* each has a receiver of its own kind, subscribed at QoS 1 */
	uint32_t forwarders; /* that sensors are behind; 0: none */
};

struct publishers_events {
	void (*ready)(void *ctx);                      /* all can publish now */
	void (*acknowledged)(void *ctx, uint32_t who); /* the publish of @who is done; not QoS 0 */
	void (*message)(void *ctx, const void *payload, size_t len); /* a receiver got it */
	void (*failed)(void *ctx, const char *why);
};

struct publishers_ops {
	const char *name;
	/* @config and @events are kept, not copied.  NULL on failure, after events->failed(). */
	void *(*open)(struct event_base *base, const struct publishers_config *config,
	    const struct publishers_events *events, void *ctx);
	/* At QoS 1 and 2 one publish of each publisher may be on its way.  Failure is reported by
	 * events->failed(). */
	void (*publish)(void *publishers, uint32_t who, const void *payload, size_t len);
	/* How many datagrams had to be sent again. */
	uint64_t (*resent)(const void *publishers);
	/* NULL is fine. */
	void (*close)(void *publishers);
};

extern const struct publishers_ops publishers_sensors; /* over UDP through the gateway */
extern const struct publishers_ops publishers_direct;  /* over MQTT */

#endif
