/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/fwd_core.h"

#include <stdlib.h>
#include <string.h>

#include "forwarder/nodes.h"

enum {
	HEADER_MAX = 3 + SN_NODE_ID_MAX,
	LENGTH_3_OCTETS = 0x01,
	PORT_OCTETS = 2,
};

struct fwd {
	struct fwd_ports ports;
	struct fwd_config config;
	struct nodes *nodes;
	struct choice *choice;
	struct fwd_counters counters;
	uint8_t out[HEADER_MAX + SN_PACKET_MAX];
};

/* --- gateways --- */

static void send_small(struct fwd *f, const struct netaddr *to, const struct sn_packet *packet)
{
	uint8_t buf[8];
	size_t len = 0;

	sn_encode(buf, sizeof buf, packet, &len);
	if (to != NULL)
		f->ports.to_gateway(f->ports.ctx, to, buf, len);
	else
		f->ports.search(f->ports.ctx, buf, len);
}

static void ask_gateway(void *ctx, const struct netaddr *to)
{
	const struct sn_packet ping = { .type = SN_PINGREQ };

	send_small(ctx, to, &ping);
}

static void search_gateways(void *ctx)
{
	const struct sn_packet search = { .type = SN_SEARCHGW };

	send_small(ctx, NULL, &search);
}

static void gateway_changed(void *ctx, const struct netaddr *to)
{
	struct fwd *f = ctx;

	f->counters.gateway_changes++;
	f->ports.gateway_changed(f->ports.ctx, to);
}

/* --- life --- */

struct fwd *fwd_new(const struct fwd_ports *ports, struct siphash_key key)
{
	struct fwd *f = calloc(1, sizeof *f);
	const struct choice_ports choice_ports = {
		.ctx = f,
		.ask = ask_gateway,
		.search = search_gateways,
		.changed = gateway_changed,
	};

	if (f == NULL)
		return NULL;
	f->ports = *ports;
	f->nodes = nodes_new(key);
	f->choice = choice_new(&choice_ports);
	return f->nodes != NULL && f->choice != NULL ? f : fwd_free(f);
}

struct fwd *fwd_free(struct fwd *f)
{
	if (f == NULL)
		return NULL;
	nodes_free(f->nodes);
	choice_free(f->choice);
	free(f);
	return NULL;
}

void fwd_configure(struct fwd *f, const struct fwd_config *config, monotime_t now)
{
	f->config = *config;
	nodes_configure(f->nodes, config->nodes, config->node_age_ms);
	choice_configure(f->choice, &config->gateways, now);
}

void fwd_trace_to(struct fwd *f, void (*packet)(void *ctx, const struct fwd_packet *packet))
{
	f->ports.packet = packet;
}

static void trace(struct fwd *f, struct fwd_packet packet, bool out, const char *verdict)
{
	if (f->ports.packet == NULL)
		return;
	packet.out = out;
	packet.verdict = verdict;
	f->ports.packet(f->ports.ctx, &packet);
}

/* Counts a message that is not passed on. */
static void refuse(
    struct fwd *f, const struct fwd_packet *packet, uint64_t *counter, const char *why)
{
	(*counter)++;
	trace(f, *packet, false, why);
}

/* --- what a message shows of itself --- */

/* False if its Length is not that of the message; *@type is its MsgType else (SN12-FWD-13). */
static bool message_type(const uint8_t *data, size_t len, uint8_t *type)
{
	size_t header = len > 0 && data[0] == LENGTH_3_OCTETS ? 4 : 2;
	size_t total;

	if (len < header)
		return false;
	total = header == 4 ? (size_t)data[1] << 8 | data[2] : data[0];
	*type = data[header - 1];
	/* Of a frame in encapsulation Length covers the header alone (SN12-FWD-03). */
	return total == len || (*type == SN_ENCAPSULATED && header == 2);
}

/* Writes the encapsulated message to f->out and returns its length. */
static size_t encapsulate(
    struct fwd *f, struct sn_bytes id, uint8_t radius, const uint8_t *data, size_t len)
{
	const struct sn_packet frame = {
		.type = SN_ENCAPSULATED,
		.encapsulated = { .radius = radius, .node_id = id, .inner = { data, len } },
	};
	size_t total = 0;

	/* Cannot fail: all ids are at most SN_NODE_ID_MAX octets, all messages SN_PACKET_MAX. */
	sn_encode(f->out, sizeof f->out, &frame, &total);
	return total;
}

/* --- from nodes to the gateway --- */

static size_t id_of_address(const struct netaddr *addr, uint8_t *id)
{
	size_t len = addr->family == 6 ? 16 : 4;

	memcpy(id, addr->ip, len);
	id[len] = (uint8_t)(addr->port >> 8);
	id[len + 1] = (uint8_t)addr->port;
	return len + PORT_OCTETS;
}

/* Takes the frame of a line apart: the node's own id goes to @id, behind its prefix. */
static bool unwrap_frame(struct fwd_packet *packet, size_t prefix_len, uint8_t *id, size_t *id_len)
{
	struct sn_packet frame;

	if (sn_decode(packet->data, packet->len, &frame) != SN_OK ||
	    frame.type != SN_ENCAPSULATED ||
	    prefix_len + frame.encapsulated.node_id.len > SN_NODE_ID_MAX)
		return false;
	*id_len = frame.encapsulated.node_id.len;
	if (*id_len > 0)
		memcpy(id, frame.encapsulated.node_id.data, *id_len);
	packet->encapsulated = true;
	packet->data = frame.encapsulated.inner.data;
	packet->len = frame.encapsulated.inner.len;
	return true;
}

/* Sets the node's id, in @id, and the message.  False if the frame is none. */
static bool identify(struct fwd *f, struct fwd_packet *packet, uint8_t *id)
{
	const struct fwd_side *side = &f->config.sides[packet->side];
	size_t len = 0;

	memcpy(id, side->prefix, side->prefix_len);
	if (side->medium == FWD_DATAGRAMS)
		len = id_of_address(packet->addr, id + side->prefix_len);
	else if (side->medium == FWD_FRAMES &&
	         !unwrap_frame(packet, side->prefix_len, id + side->prefix_len, &len))
		return false;
	packet->node_id = (struct sn_bytes){ id, side->prefix_len + len };
	return true;
}

static void remember(
    struct fwd *f, monotime_t now, const struct node_place *place, const struct fwd_packet *packet)
{
	switch (nodes_heard(f->nodes, now, packet->side, place, packet->node_id)) {
	case NODE_MOVED:
		f->counters.nodes_moved++;
		break;
	case NODE_INSTEAD:
		f->counters.nodes_replaced++;
		break;
	case NODE_NOMEM:
		f->counters.no_memory++;
		break;
	case NODE_NEW:
	case NODE_KNOWN:
		break;
	}
}

static bool fits(struct fwd *f, uint16_t side, const struct fwd_packet *packet)
{
	if (packet->len <= f->config.sides[side].max_packet)
		return true;
	refuse(f, packet, &f->counters.oversize, "longer than max_packet");
	f->ports.oversize(f->ports.ctx, side, packet->len);
	return false;
}

static void pass_to_gateway(struct fwd *f, const struct fwd_packet *packet)
{
	const struct netaddr *gateway = choice_current(f->choice);
	struct fwd_packet out = *packet;
	size_t len;

	if (gateway == NULL) {
		refuse(f, packet, &f->counters.no_gateway, "no gateway");
		return;
	}
	trace(f, *packet, false, NULL);
	len = encapsulate(f, packet->node_id, 0, packet->data, packet->len);
	f->ports.to_gateway(f->ports.ctx, gateway, f->out, len);
	f->counters.to_gateway++;
	out.side = FWD_GATEWAY;
	out.addr = gateway;
	out.encapsulated = true;
	trace(f, out, true, NULL);
}

void fwd_from_node(struct fwd *f, monotime_t now, uint16_t side, const struct node_place *place,
    const uint8_t *data, size_t len)
{
	const struct netaddr *addr = place != NULL ? &place->addr : NULL;
	struct fwd_packet packet = { .side = side, .addr = addr, .data = data, .len = len };
	uint8_t id[SN_NODE_ID_MAX], type;

	if (!identify(f, &packet, id) || !message_type(packet.data, packet.len, &type)) {
		refuse(f, &packet, &f->counters.malformed, "malformed");
		return;
	}
	if (type == SN_ENCAPSULATED) {
		refuse(f, &packet, &f->counters.nested, "encapsulated twice");
		return;
	}
	if (!fits(f, side, &packet))
		return;
	remember(f, now, place, &packet);
	pass_to_gateway(f, &packet);
}

/* --- from the gateway to nodes --- */

/* Writes to @out the packet as it is said to a node of @side. */
static void say(struct fwd *f, uint16_t side, const struct node_place *place, struct sn_bytes id,
    uint8_t radius, const struct fwd_packet *packet)
{
	const struct fwd_side *s = &f->config.sides[side];
	struct fwd_packet out = *packet;
	const uint8_t *data = packet->data;
	size_t len = packet->len;

	out.side = side;
	out.addr = place != NULL ? &place->addr : NULL;
	out.node_id = id;
	out.radius = radius;
	out.encapsulated = s->medium == FWD_FRAMES;
	if (out.encapsulated) {
		len = encapsulate(f, id, radius, data, len);
		data = f->out;
	}
	f->ports.to_node(f->ports.ctx, side, place, data, len);
	trace(f, out, true, NULL);
}

/* The id by which the node is known on its line. */
static struct sn_bytes own_id(const struct fwd *f, const struct node *node)
{
	size_t prefix = f->config.sides[node->side].prefix_len;

	return (struct sn_bytes){ node->id + prefix, node->id_len - prefix };
}

static void say_to_node(
    struct fwd *f, const struct node *node, uint8_t radius, const struct fwd_packet *packet)
{
	bool datagrams = f->config.sides[node->side].medium == FWD_DATAGRAMS;

	say(f, node->side, datagrams ? &node->place : NULL, own_id(f, node), radius, packet);
}

static void pass_to_node(struct fwd *f, const struct fwd_packet *packet)
{
	const struct node *node = nodes_find(f->nodes, packet->node_id);

	if (node == NULL) {
		refuse(f, packet, &f->counters.unknown_nodes, "unknown node");
		return;
	}
	if (!fits(f, node->side, packet))
		return;
	trace(f, *packet, false, NULL);
	say_to_node(f, node, 0, packet);
	f->counters.to_nodes++;
}

static void say_to_group(struct fwd *f, uint16_t side, const struct fwd_packet *packet)
{
	struct fwd_packet out = *packet;

	f->ports.broadcast(f->ports.ctx, side, packet->radius, packet->data, packet->len);
	out.side = side;
	out.addr = NULL;
	out.encapsulated = false;
	trace(f, out, true, NULL);
}

static void say_to_each(struct fwd *f, uint16_t side, const struct fwd_packet *packet)
{
	for (const struct node *n = nodes_first(f->nodes); n != NULL; n = nodes_after(n)) {
		if (n->side == side)
			say_to_node(f, n, packet->radius, packet);
	}
}

/* To all nodes, whatever id the gateway gave (SN12-FWD-12).  Where a side of datagrams has no
 * group, ADVERTISE goes to each node; but an answer to one that searches only to that one, else
 * each search would cost as many datagrams as there are nodes. */
static void broadcast(struct fwd *f, const struct fwd_packet *packet, uint8_t type)
{
	const struct node *searcher = NULL;

	trace(f, *packet, false, NULL);
	f->counters.broadcasts++;
	if (type == SN_GWINFO)
		searcher = nodes_find(f->nodes, packet->node_id);
	for (size_t i = 0; i < f->config.n_sides; i++) {
		const struct fwd_side *side = &f->config.sides[i];

		if (!fits(f, (uint16_t)i, packet))
			continue;
		if (side->medium != FWD_DATAGRAMS)
			say(f, (uint16_t)i, NULL, (struct sn_bytes){ NULL, 0 }, packet->radius,
			    packet);
		else if (side->group)
			say_to_group(f, (uint16_t)i, packet);
		else if (type == SN_ADVERTISE)
			say_to_each(f, (uint16_t)i, packet);
	}
	/* Who asked from outside of the group has no other way to hear. */
	if (searcher != NULL && f->config.sides[searcher->side].medium == FWD_DATAGRAMS &&
	    packet->len <= f->config.sides[searcher->side].max_packet)
		say_to_node(f, searcher, packet->radius, packet);
}

/* @packet is what stands behind the header. */
static void take_encapsulated(struct fwd *f, monotime_t now, struct fwd_packet *packet)
{
	uint8_t type;

	if (!choice_heard(f->choice, now, packet->addr))
		refuse(f, packet, &f->counters.strangers, "no gateway of ours");
	else if (!message_type(packet->data, packet->len, &type))
		refuse(f, packet, &f->counters.malformed, "malformed");
	else if (type == SN_ENCAPSULATED)
		refuse(f, packet, &f->counters.nested, "encapsulated twice");
	else if (type == SN_ADVERTISE || type == SN_GWINFO)
		broadcast(f, packet, type);
	else
		pass_to_node(f, packet);
}

static bool is_in_use(const struct fwd *f, const struct netaddr *addr)
{
	const struct netaddr *gateway = choice_current(f->choice);

	return gateway != NULL && netaddr_equal(gateway, addr);
}

/* What a gateway says to us, or to everyone: only that it is there, and its ADVERTISE. */
static void take_bare(struct fwd *f, monotime_t now, struct fwd_packet *packet)
{
	struct sn_packet message;
	bool ours;

	if (sn_decode(packet->data, packet->len, &message) != SN_OK) {
		refuse(f, packet, &f->counters.malformed, "malformed");
		return;
	}
	/* A GWINFO with an address speaks of another gateway. */
	if (message.type == SN_ADVERTISE ||
	    (message.type == SN_GWINFO && message.gwinfo.address.len == 0))
		ours = choice_found(f->choice, now, packet->addr);
	else
		ours = choice_heard(f->choice, now, packet->addr);
	if (!ours)
		refuse(f, packet, &f->counters.strangers, "no gateway of ours");
	else if (message.type == SN_ADVERTISE && is_in_use(f, packet->addr))
		broadcast(f, packet, SN_ADVERTISE);
	else
		trace(f, *packet, false, NULL);
}

void fwd_from_gateway(
    struct fwd *f, monotime_t now, const struct netaddr *addr, const uint8_t *data, size_t len)
{
	struct fwd_packet packet = { .side = FWD_GATEWAY, .addr = addr, .data = data, .len = len };
	struct sn_packet frame;

	if (sn_decode(data, len, &frame) == SN_OK && frame.type == SN_ENCAPSULATED) {
		packet.encapsulated = true;
		packet.radius = frame.encapsulated.radius;
		packet.node_id = frame.encapsulated.node_id;
		packet.data = frame.encapsulated.inner.data;
		packet.len = frame.encapsulated.inner.len;
		take_encapsulated(f, now, &packet);
	} else {
		take_bare(f, now, &packet);
	}
}

/* --- time, and the rest --- */

void fwd_advance(struct fwd *f, monotime_t now)
{
	nodes_expire(f->nodes, now);
	choice_advance(f->choice, now);
}

monotime_t fwd_next_deadline(const struct fwd *f)
{
	monotime_t next = choice_next_deadline(f->choice), when;

	if (nodes_next_deadline(f->nodes, &when) && monotime_before(when, next))
		next = when;
	return next;
}

const struct netaddr *fwd_gateway(const struct fwd *f)
{
	return choice_current(f->choice);
}

size_t fwd_node_count(const struct fwd *f)
{
	return nodes_count(f->nodes);
}

const struct fwd_counters *fwd_counters(const struct fwd *f)
{
	return &f->counters;
}
