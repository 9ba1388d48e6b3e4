/* SPDX-License-Identifier: BSD-3-Clause */
/* From the settings of the broker to the upstream side. */
#ifndef GATEWAY_BROKER_SETTINGS_H
#define GATEWAY_BROKER_SETTINGS_H

#include "gateway/conf/conf.h"
#include "gateway/upstream/upstream.h"

struct event_base;

/* The upstream side as @conf wants it; events go to @on_event.  NULL on failure, logged. */
struct upstream *broker_settings_open(
    struct event_base *base, const struct conf *conf, upstream_event_fn *on_event, void *ctx);

#endif
