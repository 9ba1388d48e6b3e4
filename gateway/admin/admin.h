/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The admin server: metrics, the state of the gateway and its clients as JSON, a page for people,
 * the live trace, and an operator's commands, over HTTP.  It sees the core through
 * gateway/core/inspect.h, and the rest through struct admin_ports.
 *
 * Nothing that is asked here keeps the sensors waiting: answers are short (long lists come in
 * pages), connections are few, and a reader that does not read is waited for by nobody.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "gateway/admin/guard.h"
#include "sn_codec/sn_codec.h"

struct admin;
struct event_base;
struct gw;

struct admin_broker {
	const char *address; /* of the one in use */
	size_t sessions;     /* that exist */
	size_t connected;    /* of these */
	size_t shared;       /* of the connected ones, those that clients share, */
	size_t sharing;      /* and the clients that do */
	const char *refused; /* why the last try to connect failed; NULL: it did not */
};

/* A number with its name. */
struct admin_count {
	const char *name, *help;
	bool gauge; /* it may sink; others only grow */
	uint64_t value;
};

enum {
	ADMIN_DTLS_MAX = 16
};

struct admin_listener {
	struct netaddr address;
	uint64_t received;
	uint64_t sent;
	uint64_t send_dropped;
	uint64_t kernel_dropped;
	/* 0: without DTLS; else the same numbers in the same order at all listeners. */
	size_t n_dtls;
	struct admin_count dtls[ADMIN_DTLS_MAX];
};

struct admin_store {
	const char *error; /* why it fails; NULL: it does not */
	uint64_t commits;
	uint64_t failures;
	uint64_t recoveries;
	uint64_t octets;
};

/* What a live reader wants to see; NULL: everything.  Texts as they were asked for. */
struct admin_trace_wish {
	bool pcapng;
	const char *client;
	const char *address;
	const char *type;
	const char *direction;
};

/* Packets that are missing in the trace's file, and for live readers. */
struct admin_trace_lost {
	uint64_t file;
	uint64_t readers;
};

struct admin_trace; /* what a live reader reads; for the server only a handle */

typedef void admin_trace_fn(void *ctx);

struct admin_ports {
	void *ctx; /* handed to each call */

	monotime_t (*now)(void *ctx);
	void (*broker)(void *ctx, struct admin_broker *out);
	/* Listener number @i from 0.  False: there are no more. */
	bool (*listener)(void *ctx, size_t i, struct admin_listener *out);

	/* False: there is no store. */
	bool (*store)(void *ctx, struct admin_store *out);

	/* As gw_disconnect_client() and gw_forget_client(). */
	int (*disconnect)(void *ctx, struct sn_bytes id);
	int (*forget)(void *ctx, struct sn_bytes id);
	/* Reads the configuration anew.  False: it has mistakes, and the old one stays. */
	bool (*reload)(void *ctx);

	struct admin_trace_lost (*trace_lost)(void *ctx);
	/* Opens a stream of trace; @on_data is called, not from within these, when there is
	 * something to take again.  NULL: not possible; *@why tells, as a
	 * constant, what is wrong with the wish, or is NULL: there are too many, or no memory. */
	struct admin_trace *(*trace_open)(void *ctx, const struct admin_trace_wish *wish,
	    admin_trace_fn *on_data, void *data_ctx, const char **why);
	size_t (*trace_take)(struct admin_trace *trace, void *buf, size_t size);
	void (*trace_close)(struct admin_trace *trace);
};

struct admin_config {
	const struct gw *gw;
	struct admin_ports ports;
	struct guard guard; /* its token is copied */
	const char *version;
	int fd; /* a listening socket, non-blocking; the server's from now on */
};

/* NULL when out of memory (the socket is closed then, too). */
struct admin *admin_new(struct event_base *base, const struct admin_config *config);

/* Ends all connections.  NULL is fine; returns NULL. */
struct admin *admin_free(struct admin *admin);

#endif
