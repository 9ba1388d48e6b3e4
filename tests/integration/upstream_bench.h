/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bench of the upstream tests: a real mosquitto, sockets that stand in for brokers, and the
 * module itself on a loop that settles after each turn as the gateway's does.  Every wait is for a
 * condition, and has a deadline.
 */
#ifndef UPSTREAM_BENCH_H
#define UPSTREAM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <event2/event.h>

#include "gateway/upstream/upstream.h"

#define BENCH_WAIT_MS  8000 /* until a condition counts as failed */
#define BENCH_QUIET_MS 150  /* how long nothing has to happen, where nothing must */

/* An event as it was heard, with copies of what it pointed to. */
struct heard {
	struct client *owner;
	struct up_event event;
	char topic[64];
	char payload[64];
};

struct bench {
	struct event_base *base;
	struct upstream *up;
	struct heard heard[4096];
	size_t n_heard;
	size_t n_seen; /* taken by bench_next() */
	bool hold_flush;
	void (*on_event)(
	    struct bench *bench, const struct heard *heard); /* called in the event, or NULL */
	void *arg;
};

/* Any pointer may stand for a client: the module only hands it back. */
#define CLIENT(n) ((struct client *)(uintptr_t)(n))

void bench_start(struct bench *bench, const struct upstream_config *config);
void bench_stop(struct bench *bench);

/* One turn of the loop, of at most @ms, and its end. */
void bench_turn(struct bench *bench, unsigned ms);

/* Turns until @condition holds; fails the test after BENCH_WAIT_MS. */
#define bench_until(bench, condition)                                                              \
	do {                                                                                       \
		int64_t until_ = bench_now_ms() + BENCH_WAIT_MS;                                   \
		while (!(condition)) {                                                             \
			cr_assert(bench_now_ms() < until_, "waited in vain for %s", #condition);   \
			bench_turn(bench, 50);                                                     \
		}                                                                                  \
	} while (0)

/* Turns for @ms. */
void bench_run(struct bench *bench, unsigned ms);

int64_t bench_now_ms(void);

/* Waits for the next event and returns it; fails the test if it is of another kind. */
const struct heard *bench_next(struct bench *bench, enum up_event_kind kind);

/* Opens a session and waits for UP_CONNECTED. */
struct up_session *bench_connect(struct bench *bench, int client, const char *id, bool clean);

/* --- mosquitto --- */

struct broker {
	pid_t pid;
	uint16_t port;
	char dir[64];
};

/* @settings: further lines of its configuration, where "%s" stands for a folder of its own.  A
 * @port of 0 is replaced by a free one.  Skips the test if there is no mosquitto. */
void broker_start(struct broker *broker, uint16_t port, const char *settings);

/* Ends it at once, keeping its port and folder. */
void broker_kill(struct broker *broker);

/* Ends it and removes its folder. */
void broker_stop(struct broker *broker);

/* --- A socket that listens on loopback --- */

int listen_on_free_port(uint16_t *port, int backlog);

#endif
