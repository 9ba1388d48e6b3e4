/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model sensor: connects, subscribes to "d/ID/#", publishes to "u/ID/0..2", sleeps and wakes,
 * changes its address, forgets what it was doing by a restart.  It retransmits as section 6.13
 * wants of a client, and checks what a client can check: nothing comes outside the window while it
 * sleeps, and no id is used that it was not told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum {
	RETRY_MS = 10000,
	RETRIES = 3,
	KEEP_ALIVE_S = 60,
	IDS_MAX = 64,
};

enum phase {
	OFF, /* about to connect */
	CONNECTING,
	AT_WORK,
	GOING_TO_SLEEP, /* DISCONNECT sent */
	ASLEEP,
	AWAKE, /* PINGREQ sent, PINGRESP not yet heard */
};

struct node {
	struct sim *sim;
	char id[16];
	struct netaddr addr;
	enum phase phase;
	bool persistent; /* CleanSession is not set */
	bool subscribed;
	uint16_t sleep_s;
	int64_t
	    answered_until; /* asleep: answers to what was sent before may still come until then */

	/* the one request that waits for its answer */
	uint8_t request[128];
	size_t request_len;
	uint8_t request_type; /* 0 (ADVERTISE): none */
	uint16_t request_id;
	unsigned repeats;
	uint32_t timer; /* rises with each request, so that late timers can be told */

	uint16_t last_id;
	bool publishing; /* message @pub_seq is not finished */
	bool sent;       /* once at least: from then on with DUP */
	bool released;   /* QoS 2: PUBREC came */
	unsigned pub_seq;
	uint16_t pub_id;
	uint16_t topic_ids[TOPICS]; /* of what it publishes to; 0: to be registered */
	unsigned registering;

	char names[IDS_MAX][32];    /* what the gateway registered */
	uint16_t received[IDS_MAX]; /* QoS 2 ids whose PUBREL has not come */
	unsigned n_received;

	struct ledger published, wanted;
};

static void work(struct node *n);
static void act(struct sim *sim, void *who, uint32_t what);

static void ledger_init(struct ledger *ledger)
{
	memset(ledger, 0, sizeof *ledger);
	for (unsigned i = 0; i < TOPICS; i++)
		ledger->last[i] = -1;
}

struct node *node_new(struct sim *sim, unsigned index)
{
	struct node *n = calloc(1, sizeof *n);

	if (n == NULL)
		abort();
	n->sim = sim;
	snprintf(n->id, sizeof n->id, "n%u", index);
	n->addr = (struct netaddr){ .ip = { 10, 0, 0, (uint8_t)index }, .family = 4, .port = 1000 };
	n->persistent = sim_chance(sim, 800);
	ledger_init(&n->published);
	ledger_init(&n->wanted);
	return n;
}

struct node *node_free(struct node *n)
{
	free(n);
	return NULL;
}

const char *node_id(const struct node *n)
{
	return n->id;
}

bool node_is_at(const struct node *n, const struct netaddr *addr)
{
	return netaddr_equal(&n->addr, addr);
}

struct ledger *node_published(struct node *n)
{
	return &n->published;
}

struct ledger *node_wanted(struct node *n)
{
	return &n->wanted;
}

bool node_is_idle(const struct node *n)
{
	return n->phase == AT_WORK && n->subscribed && !n->publishing;
}

/* ---- sending ---- */

static size_t encode(struct node *n, const struct sn_packet *packet, uint8_t *buf, size_t size)
{
	size_t len;

	if (sn_encode(buf, size, packet, &len) != SN_OK)
		sim_fail(n->sim, "%s cannot encode %s", n->id, sn_type_name(packet->type));
	return len;
}

static void transmit(struct node *n, const uint8_t *data, size_t len)
{
	const struct peer from = { .addr = n->addr };

	sim_tell(n->sim, "%s > %s", n->id, sn_type_name(data[1]));
	sim_to_gateway(n->sim, &from, data, len);
}

static void answer(struct node *n, const struct sn_packet *packet)
{
	uint8_t buf[16];

	transmit(n, buf, encode(n, packet, buf, sizeof buf));
}

static void answer_msg(struct node *n, uint8_t type, uint16_t msg_id)
{
	answer(n, &(struct sn_packet){ .type = type, .msg_ack = { msg_id } });
}

/* A copy that is still on its way when the node connects anew may cross the answer to the next one:
 * then the second looks like another message. */
static void excuse_in_flight(struct ledger *wanted)
{
	for (unsigned i = 0; i < wanted->count; i++)
		if (wanted->entries[i].copies == 0)
			wanted->entries[i].excused = true;
}

/* The gateway does not answer, or sent it away: it starts from nothing but what a persistent
 * session keeps. */
static void give_up(struct node *n, const char *why)
{
	sim_tell(n->sim, "%s gives up: %s", n->id, why);
	excuse_in_flight(&n->wanted);
	n->request_type = 0;
	n->timer++;
	n->phase = OFF;
	n->subscribed = false;
	sim_later(n->sim, 1000 + sim_random(n->sim, 10000), act, n, 0);
}

static void timed_out(struct sim *sim, void *who, uint32_t timer)
{
	struct node *n = who;

	if (n->request_type == 0 || n->timer != timer)
		return;
	if (n->repeats++ == RETRIES) {
		give_up(n, "no answer");
		return;
	}
	if (n->request_type == SN_PUBLISH)
		n->request[2] |= 0x80;
	transmit(n, n->request, n->request_len);
	sim_later(sim, RETRY_MS, timed_out, n, timer);
}

static void request(struct node *n, const struct sn_packet *packet, uint16_t msg_id)
{
	n->request_len = encode(n, packet, n->request, sizeof n->request);
	n->request_type = packet->type;
	n->request_id = msg_id;
	n->repeats = 0;
	n->timer++;
	transmit(n, n->request, n->request_len);
	sim_later(n->sim, RETRY_MS, timed_out, n, n->timer);
}

static bool answers(struct node *n, uint8_t type, uint16_t msg_id)
{
	if (n->request_type != type || n->request_id != msg_id)
		return false;
	n->request_type = 0;
	n->timer++;
	return true;
}

static uint16_t next_id(struct node *n)
{
	if (++n->last_id == 0)
		n->last_id = 1;
	return n->last_id;
}

/* ---- what it does ---- */

static void begin_connect(struct node *n)
{
	n->phase = CONNECTING;
	if (!n->persistent)
		memset(n->topic_ids, 0, sizeof n->topic_ids);
	if (!n->persistent)
		n->n_received = 0;
	request(n, &(struct sn_packet){
	               .type = SN_CONNECT,
	               .connect = {
	                   .flags = { .clean = !n->persistent },
	                   .protocol_id = 1,
	                   .keep_alive = KEEP_ALIVE_S,
	                   .client_id = { (const uint8_t *)n->id, strlen(n->id) },
	               },
	           },
	    0);
}

static void subscribe(struct node *n)
{
	char filter[32];
	int len = snprintf(filter, sizeof filter, "d/%s/#", n->id);
	uint16_t id = next_id(n);

	request(n, &(struct sn_packet){
	               .type = SN_SUBSCRIBE,
	               .subscribe = {
	                   .flags = { .qos = 2 },
	                   .msg_id = id,
	                   .topic = { (const uint8_t *)filter, (size_t)len },
	               },
	           },
	    id);
}

static void register_topic(struct node *n, unsigned topic)
{
	char name[32];
	int len = snprintf(name, sizeof name, "u/%s/%u", n->id, topic);
	uint16_t id = next_id(n);

	n->registering = topic;
	request(n,
	    &(struct sn_packet){
	        .type = SN_REGISTER,
	        .reg = { .msg_id = id, .topic = { (const uint8_t *)name, (size_t)len } },
	    },
	    id);
}

static void send_publish(struct node *n, bool dup)
{
	const struct entry *e = &n->published.entries[n->pub_seq];
	char payload[16];
	int len = snprintf(payload, sizeof payload, "%u", n->pub_seq);
	struct sn_packet packet = {
		.type = SN_PUBLISH,
		.publish = {
			.flags = { .qos = (int8_t)e->qos, .dup = dup },
			.topic_id = n->topic_ids[e->topic],
			.msg_id = n->pub_id,
			.data = { (const uint8_t *)payload, (size_t)len },
		},
	};
	uint8_t buf[64];

	n->sent = true;
	if (e->qos > 0) {
		request(n, &packet, n->pub_id);
		return;
	}
	transmit(n, buf, encode(n, &packet, buf, sizeof buf));
	n->publishing = false;
}

static void send_pubrel(struct node *n)
{
	request(n, &(struct sn_packet){ .type = SN_PUBREL, .msg_ack = { n->pub_id } }, n->pub_id);
}

static void begin_publish(struct node *n)
{
	unsigned seq = n->published.count;

	if (seq == MESSAGES_MAX)
		return;
	n->published.entries[seq] = (struct entry){
		.qos = (uint8_t)sim_random(n->sim, 3),
		.topic = (uint8_t)sim_random(n->sim, TOPICS),
		.excused = !n->persistent,
	};
	n->published.count++;
	n->publishing = true;
	n->sent = n->released = false;
	n->pub_seq = seq;
	n->pub_id = n->published.entries[seq].qos > 0 ? next_id(n) : 0;
}

static void ping(struct node *n)
{
	struct sn_packet packet = { .type = SN_PINGREQ };

	if (n->phase != AT_WORK)
		packet.pingreq.client_id =
		    (struct sn_bytes){ (const uint8_t *)n->id, strlen(n->id) };
	request(n, &packet, 0);
}

static void go_to_sleep(struct node *n)
{
	n->phase = GOING_TO_SLEEP;
	n->sleep_s = (uint16_t)(20 + sim_random(n->sim, 200));
	request(
	    n, &(struct sn_packet){ .type = SN_DISCONNECT, .disconnect = { true, n->sleep_s } }, 0);
}

static void move(struct node *n)
{
	n->addr.port++;
	sim_tell(n->sim, "%s has port %u now", n->id, n->addr.port);
}

/* One whose session ends with the connection may for a while do nothing but publish. */
static bool has_to_subscribe(const struct node *n)
{
	return !n->subscribed && (n->persistent || sim_is_calm(n->sim));
}

/* The next thing to do while nothing waits for an answer. */
static void work(struct node *n)
{
	if (n->request_type != 0 || n->phase != AT_WORK)
		return;
	if (has_to_subscribe(n) || (!n->subscribed && sim_chance(n->sim, 100)))
		subscribe(n);
	else if (n->publishing && n->released)
		send_pubrel(n);
	else if (n->publishing && n->topic_ids[n->published.entries[n->pub_seq].topic] == 0)
		register_topic(n, n->published.entries[n->pub_seq].topic);
	else if (n->publishing)
		send_publish(n, n->sent);
}

static void wake(struct node *n)
{
	if (sim_chance(n->sim, 200))
		move(n);
	if (sim_is_calm(n->sim) || sim_chance(n->sim, 300)) {
		begin_connect(n);
		return;
	}
	n->phase = AWAKE;
	ping(n);
}

static void choose(struct node *n)
{
	if (sim_is_calm(n->sim) || sim_chance(n->sim, 100))
		ping(n);
	else if (sim_chance(n->sim, 150))
		go_to_sleep(n);
	else if (sim_chance(n->sim, 50)) {
		if (sim_chance(n->sim, 500))
			move(n);
		give_up(n, "restart");
	} else
		begin_publish(n);
	work(n);
}

/* Its own clock: what it does next. */
static void act(struct sim *sim, void *who, uint32_t what)
{
	struct node *n = who;

	(void)what;
	if (n->phase == OFF) {
		begin_connect(n);
		return;
	}
	if (n->phase == ASLEEP)
		wake(n);
	else if (n->phase == AT_WORK && (n->publishing || has_to_subscribe(n)))
		work(n);
	else if (n->phase == AT_WORK && n->request_type == 0)
		choose(n);
	if (n->phase == AT_WORK)
		sim_later(sim, 500 + sim_random(sim, 20000), act, n, 0);
}

void node_start(struct node *n)
{
	sim_later(n->sim, sim_random(n->sim, 20000), act, n, 0);
}

/* ---- what it hears ---- */

static void on_connack(struct node *n, const struct sn_packet *packet)
{
	if (n->phase != CONNECTING || !answers(n, SN_CONNECT, 0))
		return;
	if (packet->result.code != SN_ACCEPTED) {
		give_up(n, "refused");
		return;
	}
	n->phase = AT_WORK;
	sim_later(n->sim, sim_random(n->sim, 5000), act, n, 0);
	work(n);
}

static void on_suback(struct node *n, const struct sn_packet *packet)
{
	if (!answers(n, SN_SUBSCRIBE, packet->suback.msg_id))
		return;
	n->subscribed = packet->suback.code == SN_ACCEPTED;
	if (n->subscribed)
		work(n);
}

static void on_regack(struct node *n, const struct sn_packet *packet)
{
	if (!answers(n, SN_REGISTER, packet->topic_ack.msg_id))
		return;
	if (packet->topic_ack.code != SN_ACCEPTED)
		sim_fail(n->sim, "%s: REGISTER was refused", n->id);
	n->topic_ids[n->registering] = packet->topic_ack.topic_id;
	work(n);
}

static void finished(struct node *n)
{
	n->published.entries[n->pub_seq].taken = true;
	n->publishing = false;
}

static void on_puback(struct node *n, const struct sn_packet *packet)
{
	const struct sn_topic_ack *ack = &packet->topic_ack;

	if (ack->code == SN_INVALID_TOPIC_ID) {
		memset(n->topic_ids, 0, sizeof n->topic_ids);
		if (answers(n, SN_PUBLISH, ack->msg_id))
			work(n);
		return;
	}
	if (!answers(n, SN_PUBLISH, ack->msg_id))
		return;
	if (ack->code == SN_ACCEPTED)
		finished(n);
}

static void on_pubrec(struct node *n, const struct sn_packet *packet)
{
	if (!answers(n, SN_PUBLISH, packet->msg_ack.msg_id))
		return;
	n->released = true;
	send_pubrel(n);
}

static void on_pubcomp(struct node *n, const struct sn_packet *packet)
{
	if (answers(n, SN_PUBREL, packet->msg_ack.msg_id))
		finished(n);
}

static void on_register(struct node *n, const struct sn_packet *packet)
{
	const struct sn_register *reg = &packet->reg;

	if (reg->topic_id >= IDS_MAX || reg->topic.len >= sizeof n->names[0])
		sim_fail(n->sim, "%s: a strange REGISTER", n->id);
	memcpy(n->names[reg->topic_id], reg->topic.data, reg->topic.len);
	n->names[reg->topic_id][reg->topic.len] = '\0';
	answer(n, &(struct sn_packet){
	              .type = SN_REGACK,
	              .topic_ack = { .topic_id = reg->topic_id, .msg_id = reg->msg_id },
	          });
}

static bool is_received(struct node *n, uint16_t msg_id)
{
	for (unsigned i = 0; i < n->n_received; i++)
		if (n->received[i] == msg_id)
			return true;
	return false;
}

static void count(struct node *n, const struct sn_publish *publish)
{
	char text[16] = { 0 };

	memcpy(text, publish->data.data,
	    publish->data.len < sizeof text ? publish->data.len : sizeof text - 1);
	sim_arrived(n->sim, &n->wanted, (unsigned)strtoul(text, NULL, 10), n->id);
}

static void on_publish(struct node *n, const struct sn_packet *packet)
{
	const struct sn_publish *publish = &packet->publish;

	if (publish->topic_id >= IDS_MAX || n->names[publish->topic_id][0] == '\0')
		sim_fail(n->sim, "%s: topic id %u was never told", n->id, publish->topic_id);
	if (publish->flags.qos == 2 && is_received(n, publish->msg_id)) {
		answer_msg(n, SN_PUBREC, publish->msg_id);
		return;
	}
	count(n, publish);
	if (publish->flags.qos == 1) {
		answer(n,
		    &(struct sn_packet){
		        .type = SN_PUBACK,
		        .topic_ack = { .topic_id = publish->topic_id, .msg_id = publish->msg_id },
		    });
	} else if (publish->flags.qos == 2) {
		n->received[n->n_received++ % IDS_MAX] = publish->msg_id;
		answer_msg(n, SN_PUBREC, publish->msg_id);
	}
}

static void on_pubrel(struct node *n, const struct sn_packet *packet)
{
	for (unsigned i = 0; i < n->n_received; i++)
		if (n->received[i] == packet->msg_ack.msg_id)
			n->received[i--] = n->received[--n->n_received];
	answer_msg(n, SN_PUBCOMP, packet->msg_ack.msg_id);
}

static void on_pingresp(struct node *n, const struct sn_packet *packet)
{
	(void)packet;
	if (!answers(n, SN_PINGREQ, 0) || n->phase != AWAKE)
		return;
	n->phase = ASLEEP;
	n->answered_until = sim_now(n->sim).us + 1000000;
	sim_later(
	    n->sim, 1000 * (int64_t)n->sleep_s * (500 + sim_random(n->sim, 450)) / 1000, act, n, 0);
}

static void on_disconnect(struct node *n, const struct sn_packet *packet)
{
	(void)packet;
	if (n->phase == GOING_TO_SLEEP && answers(n, SN_DISCONNECT, 0)) {
		n->phase = ASLEEP;
		n->answered_until = sim_now(n->sim).us + 1000000;
		sim_later(n->sim,
		    1000 * (int64_t)n->sleep_s * (500 + sim_random(n->sim, 450)) / 1000, act, n, 0);
	} else if (n->phase == AT_WORK || n->phase == AWAKE) {
		give_up(n, "sent away");
	}
}

/* Only what was on its way when it fell asleep may still come. */
static void check_sleep(struct node *n, uint8_t type)
{
	if (n->phase == ASLEEP && sim_now(n->sim).us > n->answered_until)
		sim_fail(n->sim, "%s sleeps and is sent a %s", n->id, sn_type_name(type));
}

void node_datagram(struct node *n, const uint8_t *data, size_t len)
{
	static void (*const on[256])(struct node *, const struct sn_packet *) = {
		[SN_CONNACK] = on_connack,
		[SN_SUBACK] = on_suback,
		[SN_REGACK] = on_regack,
		[SN_PUBACK] = on_puback,
		[SN_PUBREC] = on_pubrec,
		[SN_PUBCOMP] = on_pubcomp,
		[SN_REGISTER] = on_register,
		[SN_PUBLISH] = on_publish,
		[SN_PUBREL] = on_pubrel,
		[SN_PINGRESP] = on_pingresp,
		[SN_DISCONNECT] = on_disconnect,
	};
	struct sn_packet packet;

	if (sn_decode(data, len, &packet) != SN_OK || on[packet.type] == NULL)
		sim_fail(n->sim, "%s got what is no packet for a client", n->id);
	sim_tell(n->sim, "%s < %s", n->id, sn_type_name(packet.type));
	check_sleep(n, packet.type);
	/* What comes before CONNACK is of the connection that was. */
	if (n->phase != OFF && (n->phase != CONNECTING || packet.type == SN_CONNACK))
		on[packet.type](n, &packet);
}
