/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the core costs for each thing that it does, with ports that do nothing.
 *
 *	bench_core [CLIENTS]
 *
 * Each operation is done once by every client (1000), within measure(), and told in a line: its
 * name, how often it was done, nanoseconds each.  tests/core/budget.sh has callgrind count the
 * instructions of each call of measure().
 */
#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/core/gw.h"

#define CLIENTS_DEFAULT 1000
#define CLIENTS_MAX     1000000
#define PAYLOAD         64
#define TOPIC           "bench/temperature"
#define NODES           100 /* behind each forwarder */

struct bench {
	struct gw *gw;
	monotime_t now;
	uint32_t n;
	struct client **owner; /* of each client's session, told by port_open() */
	uint32_t opened;
	uint16_t token; /* what port_publish() gave last */
	uint64_t datagrams;
	uint64_t publishes;
	uint8_t said;      /* type of the last one */
	bool encapsulated; /* the clients are behind forwarders */
};

static uint8_t payload[PAYLOAD];

/* --- ports --- */

static void port_send(void *ctx, const struct peer *to, const uint8_t *data, size_t len)
{
	struct bench *b = ctx;

	(void)to;
	b->datagrams++;
	b->said = data[len > 3 && data[1] == SN_ENCAPSULATED ? data[0] + 1 : 1];
}

static void port_broadcast(
    void *ctx, uint16_t listener, uint8_t radius, const uint8_t *data, size_t len)
{
	(void)ctx, (void)listener, (void)radius, (void)data, (void)len;
}

static struct up_session *port_open(void *ctx, struct client *owner, const struct up_spec *spec)
{
	struct bench *b = ctx;

	(void)spec;
	b->owner[b->opened++] = owner;
	return (struct up_session *)b;
}

static void port_reconnect(void *ctx, struct up_session *session)
{
	(void)ctx, (void)session;
}

static void port_close(void *ctx, struct up_session *session, enum up_farewell farewell)
{
	(void)ctx, (void)session, (void)farewell;
}

static int port_publish(void *ctx, struct up_session *session, const char *topic,
    struct sn_bytes data, int qos, bool retain, uint16_t *token)
{
	struct bench *b = ctx;

	(void)session, (void)topic, (void)data, (void)retain;
	b->publishes++;
	if (qos > 0)
		*token = b->token = (uint16_t)(b->token % UINT16_MAX + 1);
	return 0;
}

static int port_subscribe(
    void *ctx, struct up_session *session, const char *filter, int qos, uint16_t *token)
{
	struct bench *b = ctx;

	(void)session, (void)filter, (void)qos;
	*token = b->token = (uint16_t)(b->token % UINT16_MAX + 1);
	return 0;
}

static int port_unsubscribe(
    void *ctx, struct up_session *session, const char *filter, uint16_t *token)
{
	return port_subscribe(ctx, session, filter, 0, token);
}

static void port_pause(void *ctx, struct up_session *session, bool paused)
{
	(void)ctx, (void)session, (void)paused;
}

static void port_note(void *ctx, const struct gw_note *note)
{
	(void)ctx, (void)note;
}

/* --- what comes in --- */

static struct peer peer_of(const struct bench *b, uint32_t i)
{
	struct peer peer = { .addr = { .family = 4, .port = (uint16_t)(1024 + i % 60000) } };

	if (b->encapsulated)
		peer.addr.port = (uint16_t)(1024 + i / NODES % 60000);
	peer.addr.ip[0] = 10;
	peer.addr.ip[3] = (uint8_t)(i / 60000);
	return peer;
}

static void hear(struct bench *b, uint32_t i, const struct sn_packet *packet)
{
	const uint8_t node[] = { (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
		(uint8_t)i };
	struct sn_packet frame = { .type = SN_ENCAPSULATED,
		.encapsulated = { .node_id = { node, sizeof node } } };
	struct peer peer = peer_of(b, i);
	uint8_t buf[512];
	size_t head = 0, len;

	if (b->encapsulated && sn_encode(buf, sizeof buf, &frame, &head) != SN_OK)
		abort();
	if (sn_encode(buf + head, sizeof buf - head, packet, &len) != SN_OK)
		abort();
	gw_rx(b->gw, b->now, &peer, buf, head + len);
}

static void hear_publish(struct bench *b, uint32_t i, int qos)
{
	hear(b, i,
	    &(struct sn_packet){ .type = SN_PUBLISH,
	        .publish = { .flags.qos = (int8_t)qos,
	            .topic_id = 1,
	            .msg_id = qos > 0 ? 7 : 0,
	            .data = { payload, sizeof payload } } });
}

static void told(struct bench *b, uint32_t i, enum up_event_kind kind)
{
	gw_up_event(
	    b->gw, b->now, b->owner[i], &(struct up_event){ .kind = kind, .token = b->token });
}

static void told_message(struct bench *b, uint32_t i, int qos)
{
	gw_up_event(b->gw, b->now, b->owner[i],
	    &(struct up_event){ .kind = UP_MESSAGE,
	        .message = {
	            .topic = TOPIC, .payload = { payload, sizeof payload }, .qos = qos } });
}

/* --- the operations --- */

static struct sn_bytes id_of(uint32_t i, char text[16])
{
	return (struct sn_bytes){ (uint8_t *)text, (size_t)snprintf(text, 16, "sensor-%u", i) };
}

static void connect_client(struct bench *b, uint32_t i)
{
	char id[16];

	hear(b, i,
	    &(struct sn_packet){ .type = SN_CONNECT,
	        .connect = { .flags.clean = true,
	            .protocol_id = 1,
	            .keep_alive = 600,
	            .client_id = id_of(i, id) } });
	told(b, i, UP_CONNECTED);
}

static void register_topic(struct bench *b, uint32_t i)
{
	hear(b, i,
	    &(struct sn_packet){ .type = SN_REGISTER,
	        .reg = { .msg_id = 1, .topic = { (const uint8_t *)TOPIC, sizeof TOPIC - 1 } } });
}

static void subscribe(struct bench *b, uint32_t i)
{
	hear(b, i,
	    &(struct sn_packet){ .type = SN_SUBSCRIBE,
	        .subscribe = { .flags.qos = 1,
	            .msg_id = 2,
	            .topic = { (const uint8_t *)TOPIC, sizeof TOPIC - 1 } } });
	told(b, i, UP_SUBSCRIBED);
}

static void publish_qos0(struct bench *b, uint32_t i)
{
	hear_publish(b, i, 0);
}

static void publish_qos1(struct bench *b, uint32_t i)
{
	hear_publish(b, i, 1);
	told(b, i, UP_PUBLISHED);
}

static void publish_qos2(struct bench *b, uint32_t i)
{
	hear_publish(b, i, 2);
	told(b, i, UP_PUBLISHED);
	hear(b, i, &(struct sn_packet){ .type = SN_PUBREL, .msg_ack.msg_id = 7 });
}

static void message_qos0(struct bench *b, uint32_t i)
{
	told_message(b, i, 0);
}

/* The gateway's message ids count from 1, for each client. */
static void acknowledge(struct bench *b, uint32_t i, uint16_t msg_id)
{
	hear(b, i,
	    &(struct sn_packet){
	        .type = SN_PUBACK, .topic_ack = { .topic_id = 1, .msg_id = msg_id } });
}

static void message_qos1(struct bench *b, uint32_t i)
{
	told_message(b, i, 1);
	acknowledge(b, i, 1);
}

static void ping(struct bench *b, uint32_t i)
{
	hear(b, i, &(struct sn_packet){ .type = SN_PINGREQ });
}

static void go_to_sleep(struct bench *b, uint32_t i)
{
	hear(b, i,
	    &(struct sn_packet){
	        .type = SN_DISCONNECT, .disconnect = { .has_duration = true, .duration = 60 } });
}

static void keep_for_sleeper(struct bench *b, uint32_t i)
{
	told_message(b, i, 1);
}

static void wake(struct bench *b, uint32_t i)
{
	char id[16];

	hear(b, i, &(struct sn_packet){ .type = SN_PINGREQ, .pingreq.client_id = id_of(i, id) });
}

static void wake_with_message(struct bench *b, uint32_t i)
{
	wake(b, i);
	acknowledge(b, i, 2);
}

static void look_for_deadlines(struct bench *b, uint32_t i)
{
	monotime_t when;

	(void)i;
	b->now = monotime_add_ms(b->now, 1);
	if (gw_next_deadline(b->gw, &when) && !monotime_before(b->now, when))
		gw_advance(b->gw, b->now);
}

static void nonsense(struct bench *b, uint32_t i)
{
	struct peer peer = peer_of(b, i);

	gw_rx(b->gw, b->now, &peer, (const uint8_t[]){ 5, SN_PUBLISH, 0 }, 3);
}

static void leave(struct bench *b, uint32_t i)
{
	hear(b, i, &(struct sn_packet){ .type = SN_DISCONNECT });
}

/* In the order of a sensor's life: each finds what the one before has left. */
static const struct operation {
	const char *name;
	void (*act)(struct bench *b, uint32_t i);
	unsigned datagrams; /* that must come of it, or it is not what was measured */
	unsigned publishes;
	uint8_t last; /* type of the last datagram */
} operations[] = {
	{ "CONNECT", connect_client, 1, 0, SN_CONNACK },
	{ "REGISTER", register_topic, 1, 0, SN_REGACK },
	{ "SUBSCRIBE", subscribe, 1, 0, SN_SUBACK },
	{ "PUBLISH-QoS-0", publish_qos0, 0, 1, 0 },
	{ "PUBLISH-QoS-1", publish_qos1, 1, 1, SN_PUBACK },
	{ "PUBLISH-QoS-2", publish_qos2, 2, 1, SN_PUBCOMP },
	{ "message-QoS-0", message_qos0, 1, 0, SN_PUBLISH },
	{ "message-QoS-1", message_qos1, 1, 0, SN_PUBLISH },
	{ "PINGREQ", ping, 1, 0, SN_PINGRESP },
	{ "sleep", go_to_sleep, 1, 0, SN_DISCONNECT },
	{ "message-for-sleeper", keep_for_sleeper, 0, 0, 0 },
	{ "wake-with-message", wake_with_message, 2, 0, SN_PINGRESP },
	{ "wake", wake, 1, 0, SN_PINGRESP },
	{ "idle-turn", look_for_deadlines, 0, 0, 0 },
	{ "malformed", nonsense, 0, 0, 0 },
	{ "DISCONNECT", leave, 1, 0, SN_DISCONNECT },
};

/* What callgrind counts. */
__attribute__((noinline)) static void measure(struct bench *b, const struct operation *op)
{
	for (uint32_t i = 0; i < b->n; i++)
		op->act(b, i);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool run(struct bench *b, const struct operation *op, const char *prefix)
{
	double began;

	b->datagrams = b->publishes = 0;
	b->said = 0;
	began = seconds();
	measure(b, op);
	printf("%s%s %u %.0f\n", prefix, op->name, b->n, (seconds() - began) * 1e9 / b->n);
	if (b->datagrams == (uint64_t)op->datagrams * b->n &&
	    b->publishes == (uint64_t)op->publishes * b->n && b->said == op->last)
		return true;
	fprintf(stderr, "%s: %lu datagrams, %lu publishes, the last of type 0x%02x\n", op->name,
	    (unsigned long)b->datagrams, (unsigned long)b->publishes, b->said);
	return false;
}

/* --- */

static const struct gw_listener listener = { .max_packet = 1024 };

static struct gw *new_core(struct bench *b)
{
	const struct gw_config config = {
		.timers = {
			.retry = 10000,
			.retries = 5,
			.wait = 300000,
			.connect_timeout = 10000,
			.hold = 60000,
			.reconnect_least = 1000,
			.reconnect_most = 60000,
		},
		.limits = {
			.clients = CLIENTS_MAX,
			.connecting = CLIENTS_MAX,
			.connects = 10,
			.client_id = 64,
			.topics = 64,
			.topic_name = 1024,
			.subscriptions = 32,
			.publish_window = 16,
			.queue_messages = 100,
			.queue_bytes = 65536,
			.reconnects = 100,
			.stranger_answers = 100,
		},
		.listeners = &listener,
		.n_listeners = 1,
	};
	const struct gw_ports ports = {
		.ctx = b,
		.send = port_send,
		.broadcast = port_broadcast,
		.up_open = port_open,
		.up_reconnect = port_reconnect,
		.up_close = port_close,
		.up_publish = port_publish,
		.up_subscribe = port_subscribe,
		.up_unsubscribe = port_unsubscribe,
		.up_pause = port_pause,
		.note = port_note,
	};

	return gw_new(&config, &ports, (struct siphash_key){ 1, 2 });
}

/* Whole lives of all clients; the memory that the core has for each once they have subscribed. */
static bool run_all(uint32_t n, bool encapsulated)
{
	struct bench b = { .n = n,
		.now = { .us = 1000000 },
		.encapsulated = encapsulated,
		.owner = calloc(n, sizeof *b.owner) };
	size_t before, after = 0;
	bool ok = b.owner != NULL && (b.gw = new_core(&b)) != NULL;

	before = mallinfo2().uordblks;
	for (size_t i = 0; ok && i < sizeof operations / sizeof operations[0]; i++) {
		ok = run(&b, &operations[i], encapsulated ? "encapsulated-" : "");
		if (operations[i].act == subscribe)
			after = mallinfo2().uordblks;
	}
	if (ok)
		fprintf(stderr, "octets of the core for each client: %zu\n", (after - before) / n);
	gw_free(b.gw);
	free(b.owner);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : CLIENTS_DEFAULT;

	if (n < 1 || n > CLIENTS_MAX || argc > 2) {
		fputs("usage: bench_core [CLIENTS]\n", stderr);
		return 2;
	}
	return run_all((uint32_t)n, false) && run_all((uint32_t)n, true) ? EXIT_SUCCESS
	                                                                 : EXIT_FAILURE;
}
