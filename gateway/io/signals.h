/* SPDX-License-Identifier: BSD-3-Clause */
/* The signals of a daemon as calls in the event loop. */
#ifndef IO_SIGNALS_H
#define IO_SIGNALS_H

struct event_base;
struct signals;

struct signals_acts {
	void (*stop)(void *ctx, const char *name); /* SIGTERM, SIGINT; @name for people */
	void (*reload)(void *ctx);                 /* SIGHUP */
	void (*report)(void *ctx);                 /* SIGUSR1 */
	void *ctx;
};

/* @acts is copied.  NULL when out of memory. */
struct signals *signals_new(struct event_base *base, const struct signals_acts *acts);

/* NULL is fine; returns NULL. */
struct signals *signals_free(struct signals *signals);

#endif
