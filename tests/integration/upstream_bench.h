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
	unsigned turns;
	bool hold_flush;
	void (*on_event)(
	    struct bench *bench, const struct heard *heard); /* called in the event, or NULL */
	void *arg;
};

/* Any pointer may stand for a client: the module only hands it back. */
#define CLIENT(n) ((struct client *)(uintptr_t)(n))

void bench_start(struct bench *bench, const struct upstream_config *config);
/* The same in two steps: the loop, and the module. */
void bench_base(struct bench *bench);
void bench_module(struct bench *bench, const struct upstream_config *config);
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

/* Turns for BENCH_QUIET_MS; fails the test if there is an event, or the loop spins. */
void bench_quiet(struct bench *bench);

struct sn_bytes bytes(const char *text);

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

/* Makes its folder, if it has none.  Skips the test if there is no mosquitto. */
void broker_folder(struct broker *broker);

/* @settings: further lines of its configuration, where "%s" stands for a folder of its own.  A
 * @port of 0 is replaced by a free one.  Skips the test if there is no mosquitto. */
void broker_start(struct broker *broker, uint16_t port, const char *settings);

/* Ends it at once, keeping its port and folder. */
void broker_kill(struct broker *broker);

/* Ends it, if it was started, and removes its folder. */
void broker_stop(struct broker *broker);

/* --- A name server on loopback --- */

struct names {
	const char
	    *answer; /* the addresses of every name, by spaces; "": no such name; NULL: silence */
	unsigned asked;
	char resolv_conf[64]; /* a file that points to it */
	struct event *readable;
	int fd;
};

void names_start(struct names *names, struct event_base *base);
void names_stop(struct names *names);

/* --- A socket that stands in for a broker, of one connection at a time --- */

struct fake {
	int listener;
	int fd; /* of the accepted connection, -1: none */
	uint16_t port;
};

/* An MQTT packet as it was read. */
struct mqtt {
	uint8_t type; /* MQTT_PUBLISH, ... */
	uint8_t flags;
	uint16_t mid; /* 0: has none */
	char topic[64];
	char payload[64];
};

enum {
	MQTT_CONNECT = 1,
	MQTT_PUBLISH = 3,
	MQTT_PUBACK = 4,
	MQTT_PUBREC = 5,
	MQTT_PUBREL = 6,
	MQTT_PUBCOMP = 7,
	MQTT_SUBSCRIBE = 8,
	MQTT_UNSUBSCRIBE = 10,
	MQTT_PINGREQ = 12,
	MQTT_DISCONNECT = 14,
};

/* On 127.0.0.1; a @port of 0 is replaced by a free one. */
int listen_on(uint16_t *port, int backlog);

void fake_start(struct fake *fake);
void fake_stop(struct fake *fake);
void fake_accept(struct bench *bench, struct fake *fake);
void fake_close(struct fake *fake);
void fake_reset(struct fake *fake);

/* Octets that wait to be read. */
int fake_waiting(const struct fake *fake);

/* Turns until the next packet is there, and reads it. */
struct mqtt fake_read_any(struct bench *bench, struct fake *fake);

/* The same; fails the test if it is of another type. */
struct mqtt fake_read(struct bench *bench, struct fake *fake, uint8_t type);

/* Turns until the peer closes; fails the test if it writes something first. */
void fake_read_end(struct bench *bench, struct fake *fake);

void fake_send(const struct fake *fake, const void *data, size_t len);
void fake_send_connack(const struct fake *fake, bool session_present, uint8_t code);
void fake_send_ack(const struct fake *fake, uint8_t type, uint16_t mid);
void fake_send_publish(
    const struct fake *fake, const char *topic, const char *text, int qos, uint16_t mid);

/* Accepts, reads CONNECT, answers it. */
void fake_welcome(struct bench *bench, struct fake *fake);

#endif
