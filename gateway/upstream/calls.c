/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/upstream/calls.h"

#include <mosquitto.h>

#include "common/err.h"
#include "gateway/upstream/dial.h"
#include "gateway/upstream/keepalive.h"
#include "gateway/upstream/qos0.h"
#include "gateway/upstream/resolve.h"
#include "gateway/upstream/traffic.h"

#define PATIENCE_TICKS 2

void session_reconnect(struct session *s)
{
	if (s->state == SESSION_IDLE)
		dial(s);
	else
		dial_another(s);
}

/* Whether DISCONNECT, or something before it, may still have to be said. */
static bool has_last_words(const struct session *s)
{
	if (s->state == SESSION_GREETING || s->state == SESSION_CONNECTED)
		return true;
	return s->state != SESSION_IDLE && s->requests.first_held != NULL;
}

bool session_waits_in_vain(const struct session *s)
{
	return s->state == SESSION_GREETING && s->up->connected == 0 &&
	       s->up->tick - s->last_in >= PATIENCE_TICKS;
}

void session_close(struct session *s, enum up_farewell farewell)
{
	struct upstream *up = s->up;

	if (s->state == SESSION_DIALLING)
		resolver_avoid(up->brokers.list[s->broker].resolver, s->address);
	if (session_waits_in_vain(s))
		brokers_failed(&up->brokers, s->broker);
	if (farewell == UP_ABORT || !has_last_words(s)) {
		session_bury(s);
		return;
	}
	session_leave(s);
}

static int add(struct session *s, const struct request *request, uint16_t *token)
{
	bool hold = s->state != SESSION_CONNECTED;
	int rc = requests_add(&s->requests, s->mosq, request, hold, token);

	if (rc < 0 || hold)
		return rc;
	s->packets++;
	session_touch(s);
	return 0;
}

static int publish_once(struct session *s, const struct request *request)
{
	int rc;

	if (s->state != SESSION_CONNECTED)
		return -ERR_STATE;
	if ((rc = requests_check(request)) < 0)
		return rc;
	session_touch(s);
	if (qos0_put(s, request))
		return 0;
	rc = mosquitto_publish(s->mosq, NULL, request->topic, (int)request->payload.len,
	    request->payload.data, 0, request->retain);
	if (rc != MOSQ_ERR_SUCCESS)
		return rc == MOSQ_ERR_NOMEM ? -ERR_NOMEM : -ERR_INVALID;
	s->packets++;
	return 0;
}

int session_publish(struct session *s, const struct request *request, uint16_t *token)
{
	return request->qos == 0 ? publish_once(s, request) : add(s, request, token);
}

int session_subscribe(struct session *s, const char *filter, int qos, uint16_t *token)
{
	struct request request = { .kind = REQUEST_SUBSCRIBE, .qos = qos, .topic = filter };

	return s->state == SESSION_IDLE ? -ERR_STATE : add(s, &request, token);
}

int session_unsubscribe(struct session *s, const char *filter, uint16_t *token)
{
	struct request request = { .kind = REQUEST_UNSUBSCRIBE, .topic = filter };

	return s->state == SESSION_IDLE ? -ERR_STATE : add(s, &request, token);
}

void session_pause(struct session *s, bool paused)
{
	if (s->paused == paused)
		return;
	s->paused = paused;
	keepalive_heard(s);
	traffic_watch_input(s);
}
