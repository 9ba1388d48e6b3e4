/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/store/player.h"

#include <stdio.h>
#include <string.h>

static bool chance(struct player *p)
{
	return rng_below(&p->rng, 2) == 1;
}

static struct sn_bytes octets(struct player *p, char *buf, size_t most)
{
	size_t len = rng_below(&p->rng, (uint32_t)most + 1);

	for (size_t i = 0; i < len; i++)
		buf[i] = (char)rng_next(&p->rng);
	return (struct sn_bytes){ (const uint8_t *)buf, len };
}

static const char *text(struct player *p, char *buf)
{
	static const char *const names[] = { "a", "plant/boiler", "sensor/#", "+", "caf\xc3\xa9" };

	strcpy(buf, names[rng_below(&p->rng, sizeof names / sizeof names[0])]);
	return buf;
}

static void put_client(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	static const char *const addresses[] = { "127.0.0.1:4711", "[fe80::1%7]:1", "10.0.0.1:2" };
	static const enum client_state states[] = { CLIENT_DISCONNECTED, CLIENT_ACTIVE,
		CLIENT_ASLEEP, CLIENT_AWAKE, CLIENT_LOST };
	char id[32], topic[32], message[64];
	struct up_will will = { text(p, topic), octets(p, message, sizeof message),
		(int)rng_below(&p->rng, 3), chance(p) };
	struct peer peer = { .listener = (uint16_t)rng_below(&p->rng, 3) };
	struct stored_client client = {
		.key = key,
		.id = id,
		.state = states[rng_below(&p->rng, 5)],
		.peer = chance(p) ? &peer : NULL,
		.clean = chance(p),
		.has_deadline = chance(p),
		.keep_alive = (uint16_t)rng_next(&p->rng),
		.sleep_duration = (uint16_t)rng_next(&p->rng),
		.deadline = monotime_now(),
		.will = chance(p) ? &will : NULL,
	};

	snprintf(id, sizeof id, "client-%u", (unsigned)key);
	netaddr_parse(&peer.addr, addresses[rng_below(&p->rng, 3)], 0);
	if (chance(p))
		netaddr_parse(&peer.local, addresses[rng_below(&p->rng, 3)], 0);
	if (chance(p)) {
		peer.encapsulated = 1;
		peer.node_len = (uint8_t)octets(p, (char *)peer.node, 8).len;
	}
	for (size_t i = 0; i < n; i++)
		ports[i].put_client(ports[i].ctx, &client);
}

static void put_topic(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	char name[32];
	struct stored_topic topic = {
		.id = (uint16_t)(1 + rng_below(&p->rng, 5)), .told = chance(p), .used = chance(p)
	};

	text(p, name);
	topic.name = (struct sn_bytes){ (const uint8_t *)name, strlen(name) };
	for (size_t i = 0; i < n; i++)
		ports[i].put_topic(ports[i].ctx, key, &topic);
}

static void put_subscription(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	char filter[32];
	struct stored_subscription s = { text(p, filter), (uint8_t)rng_below(&p->rng, 3), chance(p),
		(uint16_t)rng_next(&p->rng) };

	for (size_t i = 0; i < n; i++)
		ports[i].put_subscription(ports[i].ctx, key, &s);
}

static void drop_subscription(
    struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	char filter[32];

	text(p, filter);
	for (size_t i = 0; i < n; i++)
		ports[i].drop_subscription(ports[i].ctx, key, filter);
}

static void put_received(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	struct stored_received r = { (uint16_t)rng_below(&p->rng, 5), (uint16_t)rng_next(&p->rng),
		(uint32_t)rng_next(&p->rng) };

	for (size_t i = 0; i < n; i++)
		ports[i].put_received(ports[i].ctx, key, &r);
}

static void drop_received(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	uint16_t msg_id = (uint16_t)rng_below(&p->rng, 5);

	for (size_t i = 0; i < n; i++)
		ports[i].drop_received(ports[i].ctx, key, msg_id);
}

static void drop_message_at(struct player *p, size_t at, const struct gw_store *ports, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ports[i].drop_message(ports[i].ctx, p->messages[at].key, p->messages[at].way,
		    p->messages[at].sequence);
	p->messages[at].sequence = 0;
}

static void put_message(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	size_t at = rng_below(&p->rng, PLAYER_MESSAGES);
	char topic[32], payload[200];
	struct stored_message m = {
		.way = (enum stored_way)rng_below(&p->rng, 2),
		.sequence = p->last_sequence + 1,
		.topic = text(p, topic),
		.payload = octets(p, payload, sizeof payload),
		.qos = (uint8_t)rng_below(&p->rng, 3),
		.stage = (uint8_t)rng_below(&p->rng, 3),
		.retain = chance(p),
		.msg_id = (uint16_t)rng_next(&p->rng),
		.queued = monotime_now(),
	};

	if (p->messages[at].sequence != 0)
		drop_message_at(p, at, ports, n);
	p->last_sequence = m.sequence;
	p->messages[at].sequence = m.sequence;
	p->messages[at].key = key;
	p->messages[at].way = m.way;
	for (size_t i = 0; i < n; i++)
		ports[i].put_message(ports[i].ctx, key, &m);
}

static void mark_message(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	size_t at = rng_below(&p->rng, PLAYER_MESSAGES);
	uint16_t msg_id = (uint16_t)rng_next(&p->rng);
	uint8_t stage = (uint8_t)rng_below(&p->rng, 3);

	(void)key;
	if (p->messages[at].sequence == 0)
		return;
	for (size_t i = 0; i < n; i++)
		ports[i].mark_message(ports[i].ctx, p->messages[at].key, p->messages[at].way,
		    p->messages[at].sequence, msg_id, stage);
}

static void drop_message(struct player *p, uint64_t key, const struct gw_store *ports, size_t n)
{
	size_t at = rng_below(&p->rng, PLAYER_MESSAGES);

	(void)key;
	if (p->messages[at].sequence != 0)
		drop_message_at(p, at, ports, n);
}

static void drop_client(struct player *p, size_t which, const struct gw_store *ports, size_t n)
{
	for (size_t i = 0; i < PLAYER_MESSAGES; i++)
		if (p->messages[i].sequence != 0 && p->messages[i].key == p->keys[which])
			drop_message_at(p, i, ports, n);
	for (size_t i = 0; i < n; i++)
		ports[i].drop_client(ports[i].ctx, p->keys[which]);
	p->keys[which] = 0;
}

typedef void call_fn(struct player *, uint64_t key, const struct gw_store *, size_t n);

void player_call(struct player *p, const struct gw_store *ports, size_t n)
{
	static call_fn *const calls[] = { put_client, put_topic, put_subscription,
		drop_subscription, put_received, drop_received, put_message, put_message,
		put_message, mark_message, mark_message, drop_message };
	size_t which = rng_below(&p->rng, PLAYER_CLIENTS);

	if (p->keys[which] == 0) {
		p->keys[which] = ++p->last_key;
		put_client(p, p->keys[which], ports, n);
	} else if (rng_below(&p->rng, 25) == 0) {
		drop_client(p, which, ports, n);
	} else {
		calls[rng_below(&p->rng, sizeof calls / sizeof calls[0])](
		    p, p->keys[which], ports, n);
	}
}

void player_turn(struct player *p, const struct gw_store *ports, size_t n)
{
	for (uint32_t calls = rng_below(&p->rng, 12); calls > 0; calls--)
		player_call(p, ports, n);
}
