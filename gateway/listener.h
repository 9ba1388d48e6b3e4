/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One listener of struct listeners, for listeners.c and listeners_change.c alone: a UDP socket,
 * perhaps with a multicast group or with DTLS.
 */
#ifndef GATEWAY_LISTENER_H
#define GATEWAY_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/conf/conf.h"
#include "gateway/dtls/dtls.h"
#include "gateway/listeners.h"

struct multicast;

struct listener {
	struct listeners *all;
	uint16_t index; /* GW_LISTENER_GONE: what it hears is for nobody any more */
	struct udp_listener *udp;
	struct multicast *multicast;   /* NULL: none */
	struct dtls *dtls;             /* NULL: none */
	struct listener *next_leaving; /* in struct listeners */
};

struct listeners {
	struct event_base *base;
	struct listen_fds *inherited;
	struct listeners_hooks hooks;
	size_t n;
	struct listener **items;
	struct listener *leaving; /* to be closed when they have been flushed */
};

/* Opens number @index, without DTLS.  @shared: the port may be that of a listener that is about to
 * go.  NULL on failure, logged. */
struct listener *listener_open(
    struct listeners *all, size_t index, const struct conf_listener *conf, bool shared);

/* NULL is fine; returns NULL. */
struct listener *listener_free(struct listener *listener);

/* What DTLS asks of @listener, which must outlive it or its next ports. */
struct dtls_ports listener_dtls_ports(struct listener *listener);

/* Gives it DTLS where the configuration says so.  False on failure, logged. */
bool listener_open_dtls(struct listener *listener, const struct conf_listener *conf);

/* Sends what is queued. */
void listener_flush(struct listener *listener);

#endif
