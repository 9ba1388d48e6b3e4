/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/memory.h"

struct up_session *session_new(
    struct up_session **list, const char *client_id, struct client *owner)
{
	struct up_session *session = memory_get(sizeof(*session));

	session->client_id = memory_text(client_id, strlen(client_id));
	session->owner = owner;
	session->next = *list;
	*list = session;
	return session;
}

static void session_free(struct up_session *session)
{
	struct pending *pending;

	while ((pending = session->pending) != NULL) {
		session->pending = pending->next;
		free(pending);
	}
	free(session->client_id);
	free(session);
}

void sessions_free(struct up_session **list)
{
	struct up_session *session;

	while ((session = *list) != NULL) {
		*list = session->next;
		session_free(session);
	}
}

struct up_session *session_find(struct up_session *list, const char *client_id)
{
	while (list != NULL &&
	       (list->state == SESSION_CLOSED || strcmp(list->client_id, client_id) != 0))
		list = list->next;
	return list;
}

uint16_t session_expect(struct up_session *session, enum up_event_kind answer)
{
	struct pending **end = &session->pending;
	struct pending *pending = memory_get(sizeof(*pending));

	while (*end != NULL)
		end = &(*end)->next;
	*end = pending;
	pending->answer = answer;
	pending->token = ++session->last_token;
	if (answer == UP_PUBLISHED)
		pending->nth = ++session->publishes;
	return pending->token;
}

static void remove_at(struct pending **at)
{
	struct pending *pending = *at;

	*at = pending->next;
	free(pending);
}

bool session_answer(
    struct up_session *session, enum up_event_kind answer, unsigned nth, uint16_t *token)
{
	struct pending **at = &session->pending;

	while (*at != NULL && ((*at)->answer != answer || (nth != 0 && (*at)->nth != nth)))
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	*token = (*at)->token;
	remove_at(at);
	return true;
}

void session_lost(struct up_session *session)
{
	struct pending **at = &session->pending;

	session->state = SESSION_IDLE;
	while (*at != NULL) {
		if ((*at)->answer == UP_PUBLISHED)
			at = &(*at)->next;
		else
			remove_at(at);
	}
}
