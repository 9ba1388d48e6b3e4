/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core under a stream of datagrams, broker events and steps of time.  Each input is a list of
 * acts: an octet that says what happens to whom, then what the act needs.  Whatever comes, what the
 * gateway says is well-formed and within its limits, the ports are used as their contract allows,
 * and in the end nothing is left.
 *
 * Built with limits so small that an input of a few dozen octets reaches them.
 */
#include <string.h>

#include "common/err.h"
#include "gateway/core/gw.h"
#include "tests/fuzz/fuzz.h"

enum {
	SESSIONS_MAX = 16,
	TOKENS_MAX = 8,
	PEERS = 4,
	CLIENTS = 3,
	MAX_PACKET = 100,
	ACTS = 4,
};

enum session_state {
	CLOSED,
	CONNECTING,
	CONNECTED,
	IDLE
};

enum request_kind {
	NO_REQUEST,
	PUBLISHED,
	SUBSCRIBED,
	UNSUBSCRIBED
};

struct request {
	uint16_t token;
	enum request_kind kind;
};

struct up_session {
	struct client *owner;
	enum session_state state;
	bool paused;
	bool shared;
	uint16_t last_token;
	struct request requests[TOKENS_MAX];
	unsigned oldest;
};

struct world {
	const uint8_t *data;
	size_t left;
	struct gw *gw;
	monotime_t now;
	struct up_session sessions[SESSIONS_MAX];
};

static uint8_t take_u8(struct world *w)
{
	if (w->left == 0)
		return 0;
	w->left--;
	return *w->data++;
}

/* ---- the ports ---- */

static void check_said(const uint8_t *data, size_t len)
{
	struct sn_packet packet;

	FUZZ_CHECK(sn_decode(data, len, &packet) == SN_OK);
	if (packet.type == SN_ENCAPSULATED) {
		check_said(packet.encapsulated.inner.data, packet.encapsulated.inner.len);
		return;
	}
	FUZZ_CHECK(len <= MAX_PACKET);
	switch (packet.type) {
	case SN_CONNACK:
	case SN_WILLTOPICRESP:
	case SN_WILLMSGRESP:
		FUZZ_CHECK(packet.result.code <= SN_NOT_SUPPORTED);
		break;
	case SN_REGACK:
	case SN_PUBACK:
		FUZZ_CHECK(packet.topic_ack.code <= SN_NOT_SUPPORTED);
		break;
	case SN_SUBACK:
		FUZZ_CHECK(packet.suback.code <= SN_NOT_SUPPORTED);
		break;
	case SN_PUBLISH:
		FUZZ_CHECK(packet.publish.flags.qos >= 0 && packet.publish.topic_id != 0);
		FUZZ_CHECK((packet.publish.flags.qos == 0) == (packet.publish.msg_id == 0));
		break;
	case SN_DISCONNECT:
		FUZZ_CHECK(!packet.disconnect.has_duration);
		break;
	case SN_PINGREQ:
		FUZZ_CHECK(packet.pingreq.client_id.len == 0);
		break;
	default:
		break;
	}
}

static void port_send(void *ctx, const struct peer *to, const uint8_t *data, size_t len)
{
	(void)ctx;
	FUZZ_CHECK(to->addr.family == 4);
	check_said(data, len);
}

static void port_broadcast(
    void *ctx, uint16_t listener, uint8_t radius, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)radius;
	FUZZ_CHECK(listener == 1);
	check_said(data, len);
}

static struct up_session *port_open(void *ctx, struct client *owner, const struct up_spec *spec)
{
	struct world *w = ctx;

	FUZZ_CHECK(spec->client_id[0] != '\0');
	FUZZ_CHECK(!spec->shared || (spec->clean && spec->will == NULL && owner != NULL));
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (w->sessions[i].state != CLOSED)
			continue;
		w->sessions[i] = (struct up_session){
			.owner = owner, .state = CONNECTING, .shared = spec->shared
		};
		return &w->sessions[i];
	}
	return NULL;
}

static void port_reconnect(void *ctx, struct up_session *s)
{
	(void)ctx;
	FUZZ_CHECK(s->state == IDLE || s->state == CONNECTING);
	s->state = CONNECTING;
}

static void port_close(void *ctx, struct up_session *s, enum up_farewell farewell)
{
	(void)ctx;
	(void)farewell;
	FUZZ_CHECK(s->state != CLOSED);
	s->state = CLOSED;
}

static int ask(struct up_session *s, enum request_kind kind, uint16_t *token)
{
	if (++s->last_token == 0)
		s->last_token = 1;
	*token = s->last_token;
	s->requests[s->last_token % TOKENS_MAX] = (struct request){ s->last_token, kind };
	return 0;
}

static int port_publish(void *ctx, struct up_session *s, const char *topic, struct sn_bytes payload,
    int qos, bool retain, uint16_t *token)
{
	(void)ctx;
	(void)payload;
	(void)retain;
	FUZZ_CHECK(s->state != CLOSED && topic[0] != '\0' && strpbrk(topic, "+#") == NULL);
	if (qos == 0)
		return s->state == CONNECTED ? 0 : -ERR_STATE;
	return ask(s, PUBLISHED, token);
}

static int port_subscribe(
    void *ctx, struct up_session *s, const char *filter, int qos, uint16_t *token)
{
	(void)ctx;
	FUZZ_CHECK(s->state == CONNECTED && !s->shared);
	FUZZ_CHECK(filter[0] != '\0' && qos >= 0 && qos <= 2);
	return ask(s, SUBSCRIBED, token);
}

static int port_unsubscribe(void *ctx, struct up_session *s, const char *filter, uint16_t *token)
{
	(void)ctx;
	FUZZ_CHECK(s->state == CONNECTED && !s->shared && filter[0] != '\0');
	return ask(s, UNSUBSCRIBED, token);
}

static void port_pause(void *ctx, struct up_session *s, bool paused)
{
	(void)ctx;
	FUZZ_CHECK(s->state == CONNECTED && !s->shared);
	s->paused = paused;
}

static void port_note(void *ctx, const struct gw_note *note)
{
	(void)ctx;
	FUZZ_CHECK(note->kind < NOTE_KINDS);
}

/* ---- the acts ---- */

static void act_datagram(struct world *w, uint8_t whom)
{
	struct peer from = {
		.addr = { .ip = { 10, 0, 0, (uint8_t)(whom % PEERS) }, .family = 4, .port = 1 }
	};
	size_t len = take_u8(w);

	from.listener = whom / PEERS % 2;
	if (len > w->left)
		len = w->left;
	gw_rx(w->gw, w->now, &from, w->data, len);
	w->data += len;
	w->left -= len;
}

static void tell(struct world *w, struct up_session *s, struct up_event event)
{
	gw_up_event(w->gw, w->now, s->owner, &event);
}

/* The end of a try to connect, or of a connection. */
static void act_connection(struct world *w, uint8_t whom)
{
	struct up_session *s = &w->sessions[whom % SESSIONS_MAX];
	uint8_t how = take_u8(w);

	if ((s->state == CONNECTING || (s->shared && s->state == IDLE)) && how % 2 == 0) {
		s->state = CONNECTED;
		s->paused = false;
		tell(w, s,
		    (struct up_event){ .kind = UP_CONNECTED,
		        .session_present = how & 2,
		        .broker = how >> 2 & 3,
		        .broker_name = "b" });
	} else if (s->state == CONNECTING) {
		s->state = IDLE;
		tell(w, s, (struct up_event){ .kind = UP_REFUSED, .down = { how & 2, "refused" } });
	} else if (s->state == CONNECTED) {
		s->state = IDLE;
		for (size_t i = 0; i < TOKENS_MAX; i++)
			if (s->requests[i].kind != PUBLISHED)
				s->requests[i].kind = NO_REQUEST;
		tell(w, s, (struct up_event){ .kind = UP_LOST, .down = { .why = "lost" } });
	}
}

/* The broker answers a request, or publishes. */
static void act_broker(struct world *w, uint8_t whom)
{
	static const char *const topics[] = { "a", "ab", "a/b", "t/1", "plant/alarm", "t/2" };
	struct up_session *s = &w->sessions[whom % SESSIONS_MAX];
	uint8_t what = take_u8(w);
	struct request *r = &s->requests[what % TOKENS_MAX];
	enum request_kind kind = r->kind;

	if (s->state != CONNECTED && !(s->shared && s->state != CLOSED))
		return;
	r->kind = NO_REQUEST;
	if (what & 0x80 || kind == NO_REQUEST) {
		if (s->owner != NULL && !s->paused && !s->shared)
			tell(w, s,
			    (struct up_event){
			        .kind = UP_MESSAGE,
			        .message = {
			            .topic = topics[what % 6],
			            .payload = { w->data, w->left < 120 ? w->left : 120 },
			            .qos = what / 8 % 3,
			            .retain = what & 0x40,
			        },
			    });
	} else if (kind == PUBLISHED) {
		tell(w, s, (struct up_event){ .kind = UP_PUBLISHED, .token = r->token });
	} else if (kind == SUBSCRIBED) {
		tell(w, s,
		    (struct up_event){ .kind = UP_SUBSCRIBED,
		        .token = r->token,
		        .granted_qos = what / 8 % 4 - 1 });
	} else {
		tell(w, s, (struct up_event){ .kind = UP_UNSUBSCRIBED, .token = r->token });
	}
}

/* Up to 256 s, by the core's own deadlines. */
static void act_pass(struct world *w, uint8_t whom)
{
	monotime_t end = monotime_add_ms(w->now, (take_u8(w) + 1) * 1000), due;

	(void)whom;
	for (int i = 0; i < 1000 && gw_next_deadline(w->gw, &due) && !monotime_before(end, due);
	     i++) {
		if (monotime_before(w->now, due))
			w->now = due;
		gw_advance(w->gw, w->now);
	}
	w->now = end;
}

static const struct gw_listener listeners[] = {
	{ .max_packet = MAX_PACKET },
	{ .max_packet = MAX_PACKET,
	    .qos_minus_one = true,
	    .qos_minus_one_names = true,
	    .discovery = true },
};

static struct gw_config configuration(const struct topic_predef *predefined)
{
	return (struct gw_config){
		.gateway_id = 1,
		.timers = { .retry = 10000,
		    .retries = 2,
		    .wait = 30000,
		    .connect_timeout = 5000,
		    .hold = 30000,
		    .reconnect_least = 1000,
		    .reconnect_most = 8000,
		    .queue_age = 100000,
		    .session_expiry = 200000 },
		.limits = { .clients = CLIENTS,
		    .connecting = 2,
		    .client_id = 8,
		    .topics = 3,
		    .topic_name = 40,
		    .subscriptions = 2,
		    .publish_window = 2,
		    .queue_messages = 3,
		    .queue_bytes = 1000,
		    .outage_messages = 4,
		    .outage_bytes = 1000,
		    .outage_bytes_total = 1500,
		    .packets = 20,
		    .reconnects = 2,
		    .stranger_answers = 5,
		    .qos_minus_one = 5 },
		.buffer_qos0 = true,
		.wake_connect = GW_WAKE_HONOUR,
		.shared_id = "own",
		.own = { .client_id = "own" },
		.discovery = { .interval = 60000,
		    .standby = true,
		    .missed = 3,
		    .answer_group = true,
		    .answers = 5 },
		.listeners = listeners,
		.n_listeners = 2,
		.predefined = predefined,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const acts[ACTS])(
	    struct world *, uint8_t) = { act_datagram, act_connection, act_broker, act_pass };
	struct world w = { .data = data, .left = len, .now = { 1000000 } };
	struct topic_predef *predefined = topic_predef_new();
	struct gw_config config = configuration(predefined);
	const struct gw_ports ports = {
		.ctx = &w,
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

	FUZZ_CHECK(topic_predef_add(predefined, NULL, 5, "plant/alarm") == 0);
	if (len > 0 && data[0] & 0x80)
		config.wake_connect = GW_WAKE_RESUME;
	if (len > 0 && data[0] & 0x40)
		config.outage = GW_OUTAGE_STORE;
	config.share_connections = len > 0 && data[0] & 0x20;
	w.gw = gw_new(&config, &ports, (struct siphash_key){ 1, 2 });
	FUZZ_CHECK(w.gw != NULL);
	gw_start(w.gw, w.now);
	while (w.left > 0) {
		uint8_t act = take_u8(&w);

		acts[act % ACTS](&w, act / ACTS);
		FUZZ_CHECK(gw_client_count(w.gw) <= CLIENTS);
	}
	gw_free(w.gw);
	topic_predef_free(predefined);
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		FUZZ_CHECK(w.sessions[i].state == CLOSED);
	return 0;
}
