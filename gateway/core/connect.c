/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/connect.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/core.h"
#include "gateway/core/identity.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"
#include "gateway/core/sleep.h"
#include "gateway/core/topic_name.h"

enum {
	PROTOCOL_ID = 0x01
};

/* What a CONNECT asked for; becomes the session's when the broker has accepted. */
struct setup {
	bool clean;
	bool has_will; /* the Will flag: the client is prompted */
	uint16_t keep_alive;
	enum up_farewell farewell; /* to the session that this one replaces */
	struct will *will;
};

struct setup *connect_setup_free(struct setup *setup)
{
	if (setup == NULL)
		return NULL;
	will_free(setup->will);
	free(setup);
	return NULL;
}

/* CONNACK with a refusal, counted and noted.  @client: NULL if it has no setup. */
static void refuse(struct gw *gw, const struct client *client, const struct peer *to,
    enum sn_return_code code, const char *why)
{
	gw->metrics.connects_refused++;
	if (gw->heard != NULL)
		gw->heard->verdict = why;
	gw_note(gw, NOTE_REFUSED, client, why);
	say_result(gw, to, SN_CONNACK, code);
}

/* Refuses a client whose setup has begun: what it had before stays (SN12-STATE-02). */
static void refuse_setup(
    struct gw *gw, struct client *client, enum sn_return_code code, const char *why)
{
	refuse(gw, client, client->peer, code, why);
	client_set_state(gw, client, CLIENT_DISCONNECTED);
}

/* Two sessions of one id would throw each other off the broker again and again.  Connections that
 * clients share have the id that was the gateway's own when it started, and a number. */
static bool is_our_own(const struct gw *gw, struct sn_bytes client_id)
{
	const char *own = gw->config.own.client_id, *shared = gw->config.shared_id;
	size_t at;

	if (own != NULL && client_id.len == strlen(own) &&
	    memcmp(own, client_id.data, client_id.len) == 0)
		return true;
	if (!gw->config.share_connections)
		return false;
	at = strlen(shared);
	if (client_id.len < at + 2 || memcmp(shared, client_id.data, at) != 0 ||
	    client_id.data[at] != '-')
		return false;
	for (at++; at < client_id.len; at++)
		if (client_id.data[at] < '0' || client_id.data[at] > '9')
			return false;
	return true;
}

const char *connect_barred(const struct gw *gw, struct sn_bytes client_id)
{
	if (is_our_own(gw, client_id))
		return "the client id is the gateway's own";
	return admission_refusal(gw->config.admission, client_id);
}

/* Why this CONNECT can never be accepted, or NULL. */
static const char *check(
    const struct gw *gw, const struct peer *from, const struct sn_connect *connect)
{
	if (connect->protocol_id != PROTOCOL_ID)
		return "unknown protocol id";
	if (connect->client_id.len == 0)
		return "empty client id";
	if (connect->client_id.len > gw->config.limits.client_id)
		return "client id too long";
	if (!topic_utf8_valid(connect->client_id))
		return "client id is not valid UTF-8";
	if (!identity_allows(gw, from, connect->client_id))
		return "client id is not the identity that was proved";
	return connect_barred(gw, connect->client_id);
}

/* The same CONNECT again while its setup goes on: our answer was lost, or is still to come
 * (SN12-CONN-10). */
static bool is_repeat(
    const struct client *client, const struct peer *from, const struct sn_connect *connect)
{
	return client->state == CLIENT_CONNECTING && peer_equal(client->peer, from) &&
	       client->setup->clean == connect->flags.clean &&
	       client->setup->has_will == connect->flags.will &&
	       client->setup->keep_alive == connect->keep_alive;
}

static const char *limit_reached(struct gw *gw, const struct peer *from, const struct client *known)
{
	if (gw->clients.in_state[CLIENT_CONNECTING] >= gw->config.limits.connecting)
		return "limits.connecting";
	if (known == NULL && gw->clients.count >= gw->config.limits.clients)
		return "limits.clients";
	if (!connect_rate_take(gw, from))
		return "limits.connects";
	return NULL;
}

static void prompt(struct gw *gw, struct client *client, uint8_t type)
{
	say_plain(gw, client->peer, type);
	pending_start(gw, client, type, 0);
}

void connect_repeat_prompt(struct gw *gw, struct client *client, uint8_t type, uint16_t msg_id)
{
	(void)msg_id;
	prompt(gw, client, type);
}

/* The will is known: now the broker is asked.  A session that goes on as it was keeps its
 * connection (SN12-OPEN-12). */
static void ask_broker(struct gw *gw, struct client *client)
{
	const struct setup *setup = client->setup;
	const struct will *will = setup->has_will ? setup->will
	                          : setup->clean  ? NULL
	                                          : client->will;

	pending_stop(gw, client);
	if (link_is_up(&client->link) && !client->clean && !setup->clean &&
	    will_equal(will, client->will)) {
		connect_accepted(gw, client, true);
		link_refresh(gw, client);
		return;
	}
	if (link_will_do(gw, client, setup->clean, will)) {
		connect_accepted(gw, client, true);
		spool_pump(gw, client); /* it may have been held back */
		return;
	}
	link_close(gw, client, setup->farewell);
	if (gw->broker_away && connect_goes_on(gw, client)) {
		link_open_later(gw, client);
		return;
	}
	if (link_open(gw, client, setup->clean, will) < 0)
		refuse_setup(gw, client, SN_CONGESTION, "no upstream session to be had");
}

static void begin_setup(
    struct gw *gw, struct client *client, const struct peer *from, const struct sn_connect *connect)
{
	struct setup *setup = calloc(1, sizeof *setup);
	bool moved = client->peer != NULL && !peer_equal(client->peer, from);

	if (setup == NULL ||
	    ((client->peer == NULL || moved) && clients_bind(&gw->clients, client, from) < 0)) {
		connect_setup_free(setup);
		refuse(gw, NULL, from, SN_CONGESTION, "out of memory");
		client_set_state(gw, client, CLIENT_CONNECTING);
		client_set_state(gw, client, CLIENT_DISCONNECTED);
		return;
	}
	if (moved) {
		gw->metrics.takeovers++;
		gw_note(gw, NOTE_TAKEN_OVER, client, NULL);
	}
	setup->clean = connect->flags.clean;
	setup->has_will = connect->flags.will;
	setup->keep_alive = connect->keep_alive;
	/* As MQTT would: a client that restarts is not lost, one that is pushed out is
	 * (SN12-WILL-12). */
	setup->farewell = moved ? UP_ABORT : UP_DISCONNECT;
	client_set_state(gw, client, CLIENT_CONNECTING);
	client->setup = setup;
	if (moved)
		keep_address_left(gw, client);
	/* A connection that is still hoped for would answer for this setup before its time. */
	if (!link_is_up(&client->link))
		link_close(gw, client, setup->farewell);
	if (setup->has_will)
		prompt(gw, client, SN_WILLTOPICREQ);
	else
		ask_broker(gw, client);
}

void connect_push_out(struct gw *gw, struct client *client)
{
	if (client->state == CLIENT_CONNECTING)
		connect_abandon(gw, client);
	else
		client_lose(gw, client, "another client has its address");
}

void connect_connect(
    struct gw *gw, const struct peer *from, struct client *client, const struct sn_packet *packet)
{
	const struct sn_connect *connect = &packet->connect;
	const char *why = check(gw, from, connect);
	struct client *known;

	if (why != NULL) {
		refuse(gw, NULL, from, SN_NOT_SUPPORTED, why);
		return;
	}
	known = clients_find_id(&gw->clients, connect->client_id);
	if (known != NULL && is_repeat(known, from, connect)) {
		if (!pending_none(&known->pending))
			prompt(gw, known, known->pending.type);
		return;
	}
	if (known != NULL && sleep_returns(gw, known, client, from, connect))
		return;
	why = limit_reached(gw, from, known);
	if (why != NULL) {
		gw_refuse_limit(gw, known, why);
		refuse(gw, NULL, from, SN_CONGESTION, why);
		return;
	}
	if (hold_off_is_on(gw, connect->client_id)) {
		refuse(gw, NULL, from, SN_CONGESTION, "the broker did not take it just now");
		return;
	}
	if (client != NULL && client != known)
		connect_push_out(gw, client);
	if (known == NULL && (known = clients_add(gw, connect->client_id)) == NULL) {
		gw_note(gw, NOTE_NOMEM, NULL, NULL);
		refuse(gw, NULL, from, SN_CONGESTION, "out of memory");
		return;
	}
	begin_setup(gw, known, from, connect);
}

void connect_willtopic(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct sn_will_topic *will_topic = &packet->will_topic;

	if (pending_is(&client->pending, SN_WILLMSGREQ,
	        0)) { /* it did not hear our prompt for the message */
		prompt(gw, client, SN_WILLMSGREQ);
		return;
	}
	if (!pending_is(&client->pending, SN_WILLTOPICREQ, 0)) {
		gw->metrics.unexpected++;
		gw_refuse(gw, client, "no prompt for a will topic is open");
		return;
	}
	if (will_topic->topic.len == 0) { /* no will after all (SN12-CLEAN-05) */
		ask_broker(gw, client);
		return;
	}
	if (!will_topic_valid(will_topic)) {
		refuse_setup(gw, client, SN_NOT_SUPPORTED, "unusable will topic");
		return;
	}
	client->setup->will =
	    will_new(will_topic->topic, (uint8_t)will_topic->flags.qos, will_topic->flags.retain);
	if (client->setup->will == NULL) {
		refuse_setup(gw, client, SN_CONGESTION, "out of memory");
		return;
	}
	prompt(gw, client, SN_WILLMSGREQ);
}

void connect_willmsg(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	if (!pending_is(&client->pending, SN_WILLMSGREQ, 0)) {
		gw->metrics.unexpected++;
		gw_refuse(gw, client, "no prompt for a will message is open");
		return;
	}
	if (will_set_message(client->setup->will, packet->will_msg.message) < 0) {
		refuse_setup(gw, client, SN_CONGESTION, "out of memory");
		return;
	}
	ask_broker(gw, client);
}

void connect_accepted(struct gw *gw, struct client *client, bool session_present)
{
	struct setup *setup = client->setup;

	if (setup->clean)
		client_clear_session(gw, client);
	else
		client_resume_session(gw, client);
	if (setup->has_will) {
		will_free(client->will);
		client->will = setup->will;
		setup->will = NULL;
	}
	client->clean = setup->clean;
	client->keep_alive = setup->keep_alive;
	client_set_state(gw, client, CLIENT_ACTIVE);
	gw->metrics.connects++;
	gw_note(gw, NOTE_CONNECTED, client, NULL);
	say_result(gw, client->peer, SN_CONNACK, SN_ACCEPTED);
	if (!session_present) /* a session that goes on has been asked already */
		subscribe_restore(gw, client, true);
	pub_out_pump(gw, client);
}

/* Only what the gateway itself knows can be gone on with: an unknown session, and the end of one,
 * need the broker's word. */
bool connect_goes_on(struct gw *gw, struct client *client)
{
	if (gw->config.outage != GW_OUTAGE_STORE || client->clean || client->setup->clean)
		return false;
	connect_accepted(gw, client, true);
	return true;
}

void connect_refused(struct gw *gw, struct client *client, bool permanent, const char *why)
{
	if (!permanent)
		hold_off_begin(gw, client_id_bytes(client));
	refuse_setup(gw, client, permanent ? SN_NOT_SUPPORTED : SN_CONGESTION, why);
}

void connect_abandon(struct gw *gw, struct client *client)
{
	client_set_state(gw, client, CLIENT_DISCONNECTED);
}
