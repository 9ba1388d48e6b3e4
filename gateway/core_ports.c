/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core_ports.h"

#include "common/err.h"
#include "gateway/broker_login.h"
#include "gateway/listeners.h"
#include "gateway/notes.h"
#include "gateway/trace/tracer.h"
#include "gateway/upstream/upstream.h"

const char *core_ports_client_id(const struct core_ports *p, const struct client *owner)
{
	return owner != NULL ? gw_client_id(owner) : (*p->conf)->core.own.client_id;
}

static void port_send(void *ctx, const struct peer *to, const uint8_t *data, size_t len)
{
	struct core_ports *p = ctx;

	listeners_send(p->listeners, to->listener, &to->addr, &to->local, data, len);
}

static void port_broadcast(
    void *ctx, uint16_t listener, uint8_t radius, const uint8_t *data, size_t len)
{
	struct core_ports *p = ctx;

	listeners_broadcast(p->listeners, listener, radius, data, len);
}

static const char *port_identity(void *ctx, uint16_t listener, const struct netaddr *peer)
{
	struct core_ports *p = ctx;

	return listeners_identity(p->listeners, listener, peer);
}

static void trace_call(
    struct core_ports *p, const struct up_session *session, const struct up_call *call)
{
	tracer_call(p->tracer, core_ports_client_id(p, upstream_owner(session)), call);
}

/* NULL: that of all sessions. */
static const struct up_login *login_of(
    struct core_ports *p, const struct client *owner, struct broker_login *room)
{
	return owner != NULL ? broker_login_find(*p->conf, gw_client_id(owner), room) : NULL;
}

static struct up_session *port_up_open(void *ctx, struct client *owner, const struct up_spec *spec)
{
	struct core_ports *p = ctx;
	struct broker_login room;
	struct up_spec full = *spec;
	struct up_session *session;

	full.login = login_of(p, owner, &room);
	session = upstream_open(p->upstream, owner, &full);
	if (tracer_is_on(p->tracer))
		tracer_call(p->tracer, core_ports_client_id(p, owner),
		    &(struct up_call){ .kind = UP_CALL_CONNECT,
		        .spec = spec,
		        .user = full.login != NULL ? full.login->user : NULL,
		        .rc = session != NULL ? 0 : -ERR_NOMEM });
	return session;
}

/* A reload may have changed the login.  Who comes without is refused for good: where it cannot be
 * set, rather let the core's patience end, and try again. */
static void port_up_reconnect(void *ctx, struct up_session *session)
{
	struct core_ports *p = ctx;
	struct broker_login room;
	const struct up_login *login = login_of(p, upstream_owner(session), &room);

	if (tracer_is_on(p->tracer))
		trace_call(p, session,
		    &(struct up_call){
		        .kind = UP_CALL_RECONNECT, .user = login != NULL ? login->user : NULL });
	if (upstream_set_login(session, login) == 0)
		upstream_reconnect(session);
}

static void port_up_close(void *ctx, struct up_session *session, enum up_farewell farewell)
{
	struct core_ports *p = ctx;

	if (tracer_is_on(p->tracer))
		trace_call(
		    p, session, &(struct up_call){ .kind = UP_CALL_CLOSE, .farewell = farewell });
	upstream_close(session, farewell);
}

static int port_up_publish(void *ctx, struct up_session *session, const char *topic,
    struct sn_bytes payload, int qos, bool retain, uint16_t *token)
{
	struct core_ports *p = ctx;
	int rc = upstream_publish(session, topic, payload, qos, retain, token);

	if (tracer_is_on(p->tracer))
		trace_call(p, session,
		    &(struct up_call){ .kind = UP_CALL_PUBLISH,
		        .rc = rc,
		        .topic = topic,
		        .payload = payload,
		        .qos = qos,
		        .retain = retain,
		        .token = rc == 0 && qos > 0 ? *token : 0 });
	return rc;
}

static int port_up_subscribe(
    void *ctx, struct up_session *session, const char *filter, int qos, uint16_t *token)
{
	struct core_ports *p = ctx;
	int rc = upstream_subscribe(session, filter, qos, token);

	if (tracer_is_on(p->tracer))
		trace_call(p, session,
		    &(struct up_call){ .kind = UP_CALL_SUBSCRIBE,
		        .rc = rc,
		        .topic = filter,
		        .qos = qos,
		        .token = rc == 0 ? *token : 0 });
	return rc;
}

static int port_up_unsubscribe(
    void *ctx, struct up_session *session, const char *filter, uint16_t *token)
{
	struct core_ports *p = ctx;
	int rc = upstream_unsubscribe(session, filter, token);

	if (tracer_is_on(p->tracer))
		trace_call(p, session,
		    &(struct up_call){ .kind = UP_CALL_UNSUBSCRIBE,
		        .rc = rc,
		        .topic = filter,
		        .token = rc == 0 ? *token : 0 });
	return rc;
}

static void port_up_pause(void *ctx, struct up_session *session, bool paused)
{
	struct core_ports *p = ctx;

	if (tracer_is_on(p->tracer))
		trace_call(
		    p, session, &(struct up_call){ .kind = UP_CALL_PAUSE, .paused = paused });
	upstream_pause(session, paused);
}

static void port_note(void *ctx, const struct gw_note *note)
{
	struct core_ports *p = ctx;

	notes_say(p->notes, turn_now(p->turn), note);
}

void core_ports_packet(void *ctx, const struct gw_packet *packet)
{
	struct core_ports *p = ctx;

	tracer_packet(p->tracer, packet);
}

struct gw_ports core_ports(struct core_ports *p, const struct gw_store *store)
{
	return (struct gw_ports){
		.ctx = p,
		.send = port_send,
		.broadcast = port_broadcast,
		.identity = port_identity,
		.up_open = port_up_open,
		.up_reconnect = port_up_reconnect,
		.up_close = port_up_close,
		.up_publish = port_up_publish,
		.up_subscribe = port_up_subscribe,
		.up_unsubscribe = port_up_unsubscribe,
		.up_pause = port_up_pause,
		.note = port_note,
		.store = store,
	};
}
