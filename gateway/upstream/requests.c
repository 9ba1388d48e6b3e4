/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/upstream/requests.h"

#define REMAINING_LENGTH_MAX 268435455u /* of an MQTT packet */

struct request_entry {
	TAILQ_ENTRY(request_entry) link;
	struct request request; /* its pointers are valid while it is held */
	uint16_t token;
	uint16_t mid; /* 0: held; libmosquitto never uses 0 */
	char copy[];  /* of topic and payload */
};

void requests_init(struct requests *requests)
{
	*requests = (struct requests){ 0 };
	TAILQ_INIT(&requests->queue);
}

static bool is_counted(const struct requests *requests, const struct request *request)
{
	return requests->qos2_most > 0 && request->kind == REQUEST_PUBLISH && request->qos == 2;
}

static void forget(struct requests *requests, struct request_entry *entry)
{
	if (requests->first_held == entry)
		requests->first_held = TAILQ_NEXT(entry, link);
	TAILQ_REMOVE(&requests->queue, entry, link);
	requests->qos2 -= entry->mid != 0 && is_counted(requests, &entry->request);
	free(entry);
}

void requests_clear(struct requests *requests)
{
	struct request_entry *entry;

	while ((entry = TAILQ_FIRST(&requests->queue)) != NULL)
		forget(requests, entry);
}

static uint16_t next_token(struct requests *requests)
{
	if (++requests->last_token == 0)
		requests->last_token = 1;
	return requests->last_token;
}

static struct request_entry *entry_new(const struct request *request, bool hold)
{
	size_t topic_size = hold ? strlen(request->topic) + 1 : 0;
	size_t payload_len = hold ? request->payload.len : 0;
	struct request_entry *entry = malloc(sizeof(*entry) + topic_size + payload_len);

	if (entry == NULL)
		return NULL;
	entry->request = *request;
	entry->mid = 0;
	if (!hold)
		return entry;
	entry->request.topic = memcpy(entry->copy, request->topic, topic_size);
	entry->request.payload.data = (const uint8_t *)entry->copy + topic_size;
	if (payload_len > 0)
		memcpy(entry->copy + topic_size, request->payload.data, payload_len);
	return entry;
}

int requests_check(const struct request *request)
{
	int len = (int)strlen(request->topic);

	if (len == 0 || len > UINT16_MAX ||
	    mosquitto_validate_utf8(request->topic, len) != MOSQ_ERR_SUCCESS)
		return -ERR_INVALID;
	if (request->payload.len > REMAINING_LENGTH_MAX - 4u - (unsigned)len)
		return -ERR_INVALID;
	if (request->kind == REQUEST_PUBLISH)
		return mosquitto_pub_topic_check(request->topic) == MOSQ_ERR_SUCCESS ? 0
		                                                                     : -ERR_INVALID;
	return mosquitto_sub_topic_check(request->topic) == MOSQ_ERR_SUCCESS ? 0 : -ERR_INVALID;
}

static int submit(struct mosquitto *mosq, const struct request *request, uint16_t *mid)
{
	int id = 0;
	int rc = MOSQ_ERR_INVAL;

	switch (request->kind) {
	case REQUEST_PUBLISH:
		rc = mosquitto_publish(mosq, &id, request->topic, (int)request->payload.len,
		    request->payload.data, request->qos, request->retain);
		break;
	case REQUEST_SUBSCRIBE:
		rc = mosquitto_subscribe(mosq, &id, request->topic, request->qos);
		break;
	case REQUEST_UNSUBSCRIBE:
		rc = mosquitto_unsubscribe(mosq, &id, request->topic);
		break;
	}
	*mid = (uint16_t)id;
	if (rc == MOSQ_ERR_SUCCESS)
		return 0;
	return rc == MOSQ_ERR_NOMEM ? -ERR_NOMEM : -ERR_INVALID;
}

static bool is_one_too_many(const struct requests *requests, const struct request *request)
{
	return is_counted(requests, request) && requests->qos2 >= requests->qos2_most;
}

int requests_add(struct requests *requests, struct mosquitto *mosq, const struct request *request,
    bool hold, uint16_t *token)
{
	struct request_entry *entry;
	int rc = requests_check(request);

	if (rc < 0)
		return rc;
	hold = hold || requests->first_held != NULL || is_one_too_many(requests, request);
	entry = entry_new(request, hold);
	if (entry == NULL)
		return -ERR_NOMEM;
	if (!hold && (rc = submit(mosq, request, &entry->mid)) < 0) {
		free(entry);
		return rc;
	}
	TAILQ_INSERT_TAIL(&requests->queue, entry, link);
	if (hold && requests->first_held == NULL)
		requests->first_held = entry;
	requests->qos2 += !hold && is_counted(requests, request);
	*token = entry->token = next_token(requests);
	return 0;
}

int requests_release(struct requests *requests, struct mosquitto *mosq)
{
	struct request_entry *entry;
	int rc;

	while ((entry = requests->first_held) != NULL) {
		if (is_one_too_many(requests, &entry->request))
			break;
		rc = submit(mosq, &entry->request, &entry->mid);
		if (rc < 0) {
			entry->mid = 0;
			return rc;
		}
		requests->first_held = TAILQ_NEXT(entry, link);
		requests->qos2 += is_counted(requests, &entry->request);
	}
	return 0;
}

void requests_connection_lost(struct requests *requests)
{
	struct request_entry *entry, *next;

	for (entry = TAILQ_FIRST(&requests->queue); entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, link);
		if (entry->request.kind != REQUEST_PUBLISH)
			forget(requests, entry);
	}
}

uint16_t requests_answered(struct requests *requests, enum request_kind kind, int mid, void **asker)
{
	struct request_entry *entry;
	uint16_t token;

	TAILQ_FOREACH (entry, &requests->queue, link) {
		if (entry->mid != mid || entry->mid == 0 || entry->request.kind != kind)
			continue;
		token = entry->token;
		*asker = entry->request.asker;
		forget(requests, entry);
		return token;
	}
	return 0;
}

void requests_disown(struct requests *requests, const void *asker, uint32_t n)
{
	struct request_entry *entry = TAILQ_FIRST(&requests->queue);

	for (; n > 0 && entry != NULL; entry = TAILQ_NEXT(entry, link)) {
		if (entry->request.asker != asker)
			continue;
		entry->request.asker = NULL;
		n--;
	}
}
