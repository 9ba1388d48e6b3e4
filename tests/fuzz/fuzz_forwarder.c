/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forwarder under a stream of octets on lines of each framing, datagrams of nodes and gateways,
 * and steps of time.  Each input is a list of acts: an octet that says what happens, one for how
 * many octets it takes, then these.  Whatever comes, what the forwarder says is well-formed and
 * within its limits, and each frame that a line yields comes back when it is wrapped again.
 */
#include <string.h>

#include "forwarder/framer.h"
#include "forwarder/fwd_core.h"
#include "tests/fuzz/fuzz.h"

enum {
	MAX_PACKET = 60,
	FRAME_MAX = MAX_PACKET + 3 + SN_NODE_ID_MAX,
	NODES = 4,
	UDP = FRAMINGS, /* the side behind those of the framings */
	UDP_GROUP,
	SIDES,
	ADDRESSES = 4,
};

enum act {
	ON_LINE,      /* octets on a line, as they are */
	ON_LINE_GOOD, /* a whole frame on a line */
	FROM_NODE,
	FROM_GATEWAY,
	TIME_PASSES,
	ACTS,
};

struct world {
	struct fwd *fwd;
	monotime_t now;
	struct framer *framers[FRAMINGS];
	struct line {
		struct world *world;
		enum framing framing;
	} lines[FRAMINGS];
};

static const struct fwd_side sides[SIDES] = {
	[FRAMING_SLIP] = { FWD_FRAMES, .max_packet = MAX_PACKET },
	[FRAMING_HDLC] = { FWD_FRAMES, .max_packet = MAX_PACKET, .prefix_len = 2 },
	[FRAMING_PLAIN] = { FWD_MESSAGES, .max_packet = MAX_PACKET, .prefix_len = 1 },
	[UDP] = { FWD_DATAGRAMS, .max_packet = MAX_PACKET },
	[UDP_GROUP] = { FWD_DATAGRAMS, .max_packet = MAX_PACKET, .group = true },
};

/* --- what is said --- */

static size_t header_length(const uint8_t *data, size_t len)
{
	struct sn_packet frame;

	FUZZ_CHECK(sn_decode(data, len, &frame) == SN_OK);
	FUZZ_CHECK(frame.type == SN_ENCAPSULATED);
	return len - frame.encapsulated.inner.len;
}

static void check_message(const uint8_t *data, size_t len)
{
	FUZZ_CHECK(len >= 2);
	FUZZ_CHECK(len == (data[0] == 1 ? (size_t)data[1] << 8 | data[2] : data[0]));
	FUZZ_CHECK(data[data[0] == 1 ? 3 : 1] != SN_ENCAPSULATED);
}

static void to_gateway(void *ctx, const struct netaddr *to, const uint8_t *data, size_t len)
{
	size_t header;

	(void)ctx;
	FUZZ_CHECK(to->family == 4);
	if (len == 2)
		return; /* a question whether it is there */
	header = header_length(data, len);
	check_message(data + header, len - header);
	FUZZ_CHECK(len - header <= MAX_PACKET);
}

static void search(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	FUZZ_CHECK(len == 3 && data[1] == SN_SEARCHGW);
}

static void to_node(
    void *ctx, uint16_t side, const struct node_place *place, const uint8_t *data, size_t len)
{
	size_t header = side == FRAMING_SLIP || side == FRAMING_HDLC ? header_length(data, len) : 0;

	(void)ctx;
	FUZZ_CHECK(side < SIDES);
	FUZZ_CHECK((place != NULL) == (side >= UDP));
	check_message(data + header, len - header);
	FUZZ_CHECK(len - header <= MAX_PACKET);
}

static void broadcast(void *ctx, uint16_t side, uint8_t radius, const uint8_t *data, size_t len)
{
	(void)ctx;
	FUZZ_CHECK(side == UDP_GROUP && radius <= 3 && len <= MAX_PACKET);
	check_message(data, len);
}

static void gateway_changed(void *ctx, const struct netaddr *to)
{
	(void)ctx;
	FUZZ_CHECK(to != NULL);
}

static void oversize(void *ctx, uint16_t side, size_t len)
{
	(void)ctx;
	FUZZ_CHECK(side < SIDES && len > MAX_PACKET);
}

static void packet(void *ctx, const struct fwd_packet *p)
{
	(void)ctx;
	FUZZ_CHECK(p->side == FWD_GATEWAY || p->side < SIDES);
	FUZZ_CHECK(p->verdict == NULL || !p->out);
}

/* --- what comes --- */

struct again {
	const uint8_t *frame;
	size_t len;
	unsigned n;
};

static void compare(void *ctx, const uint8_t *frame, size_t len)
{
	struct again *again = ctx;

	again->n++;
	FUZZ_CHECK(len == again->len && memcmp(frame, again->frame, len) == 0);
}

static void check_comes_back(enum framing framing, const uint8_t *frame, size_t len)
{
	struct again again = { frame, len, 0 };
	struct framer *framer = framer_new(framing, FRAME_MAX, compare, &again);
	uint8_t *out = malloc(framer_room(framing, len));
	size_t written;

	FUZZ_CHECK(framer != NULL && out != NULL);
	written = framer_wrap(framing, frame, len, out);
	FUZZ_CHECK(written <= framer_room(framing, len));
	framer_push(framer, (monotime_t){ 0 }, out, written);
	FUZZ_CHECK(again.n == 1);
	free(out);
	framer_free(framer);
}

static void on_frame(void *ctx, const uint8_t *frame, size_t len)
{
	const struct line *line = ctx;

	FUZZ_CHECK(len > 0 && len <= FRAME_MAX);
	check_comes_back(line->framing, frame, len);
	fwd_from_node(
	    line->world->fwd, line->world->now, (uint16_t)line->framing, NULL, frame, len);
}

static struct netaddr address(unsigned n)
{
	return (struct netaddr){
		.ip = { 10, 0, 0, 1 }, .port = (uint16_t)(1000 + n % ADDRESSES), .family = 4
	};
}

static void act(struct world *w, uint8_t what, const uint8_t *data, size_t len)
{
	unsigned who = what / ACTS;
	enum framing framing = (enum framing)(who % FRAMINGS);
	struct node_place place = { .addr = address(who) };
	uint8_t out[2 * (255 + 2) + 2];

	switch ((enum act)(what % ACTS)) {
	case ON_LINE:
		framer_push(w->framers[framing], w->now, data, len);
		break;
	case ON_LINE_GOOD:
		framer_push(w->framers[framing], w->now, out, framer_wrap(framing, data, len, out));
		break;
	case FROM_NODE:
		fwd_from_node(w->fwd, w->now, who & 1 ? UDP : UDP_GROUP, &place, data, len);
		break;
	case FROM_GATEWAY:
		fwd_from_gateway(w->fwd, w->now, &place.addr, data, len);
		break;
	case TIME_PASSES:
		w->now = monotime_add_ms(w->now, 50 * (int64_t)(len + 1));
		break;
	case ACTS:
		break;
	}
}

static void begin(struct world *w)
{
	const struct fwd_ports ports = { w, to_gateway, search, to_node, broadcast, gateway_changed,
		oversize, packet };
	const struct fwd_config config = {
		.sides = sides,
		.n_sides = SIDES,
		.nodes = NODES,
		.node_age_ms = 5000,
		.gateways = { .fixed = { address(0), address(1) },
		    .n_fixed = 2,
		    .discover = true,
		    .probe = 1000,
		    .missed = 1 },
	};

	*w = (struct world){ .fwd = fwd_new(&ports, (struct siphash_key){ 1, 2 }) };
	FUZZ_CHECK(w->fwd != NULL);
	fwd_configure(w->fwd, &config, w->now);
	for (int i = 0; i < FRAMINGS; i++) {
		w->lines[i] = (struct line){ w, (enum framing)i };
		w->framers[i] = framer_new((enum framing)i, FRAME_MAX, on_frame, &w->lines[i]);
		FUZZ_CHECK(w->framers[i] != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w;

	begin(&w);
	while (len >= 2) {
		size_t n = data[1] < len - 2 ? data[1] : len - 2;

		act(&w, data[0], data + 2, n);
		fwd_advance(w.fwd, w.now);
		FUZZ_CHECK(fwd_node_count(w.fwd) <= NODES);
		FUZZ_CHECK(monotime_before(w.now, fwd_next_deadline(w.fwd)));
		data += 2 + n;
		len -= 2 + n;
	}
	for (int i = 0; i < FRAMINGS; i++)
		framer_free(w.framers[i]);
	fwd_free(w.fwd);
	return 0;
}
