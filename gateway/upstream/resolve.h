/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The addresses of one host, found without blocking.  Numbers are taken as they are; names are
 * asked of /etc/hosts and the name servers of resolv.conf, both read anew for each question.  What
 * was found is kept for a while, and longer if asking again fails.
 */
#ifndef UPSTREAM_RESOLVE_H
#define UPSTREAM_RESOLVE_H

#include <stdbool.h>

struct event_base;
struct resolver;

#define RESOLVE_PENDING 1

typedef void resolver_done_fn(void *ctx);

/* @resolv_conf: the file with the name servers.  @done is called on the loop, whenever an answer
 * that resolver_ask() said is pending has come or failed.  NULL when out of memory. */
struct resolver *resolver_new(struct event_base *base, const char *host, const char *resolv_conf,
    resolver_done_fn *done, void *ctx);

/* NULL is fine; returns NULL. */
struct resolver *resolver_free(struct resolver *resolver);

/* 0: there are addresses.  RESOLVE_PENDING: @done will be called; ask again then.  -ERR_SYSTEM:
 * there are none, resolver_why() tells why. */
int resolver_ask(struct resolver *resolver);

/* A constant. */
const char *resolver_why(const struct resolver *resolver);

/* How many addresses there are, and each as a number in text (valid until resolver_ask()). */
unsigned resolver_count(const struct resolver *resolver);
const char *resolver_address(const struct resolver *resolver, unsigned index);

/* Where to begin: the address that answered last. */
unsigned resolver_first(const struct resolver *resolver);
void resolver_worked(struct resolver *resolver, unsigned index);

/* @index did not answer: begin with the next one.  All of them failed: look again soon. */
void resolver_avoid(struct resolver *resolver, unsigned index);
void resolver_all_failed(struct resolver *resolver);

#endif
