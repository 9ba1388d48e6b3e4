/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/outbox.h"

#include <stdlib.h>
#include <string.h>

static uint32_t size_of(const struct message *m)
{
	return (uint32_t)(sizeof *m + m->topic_len + 1 + m->payload_len);
}

struct message *outbox_append(
    struct outbox *outbox, const char *topic, struct sn_bytes payload, int qos, bool retain)
{
	size_t topic_len = strlen(topic);
	struct message *m = malloc(sizeof *m + topic_len + 1 + payload.len);

	if (m == NULL)
		return NULL;
	*m = (struct message){
		.payload_len = payload.len,
		.topic_len = (uint16_t)topic_len,
		.qos = (uint8_t)qos,
		.retain = retain,
	};
	memcpy(m->octets, topic, topic_len + 1);
	if (payload.len > 0)
		memcpy(m->octets + topic_len + 1, payload.data, payload.len);
	if (outbox->last != NULL)
		outbox->last->next = m;
	else
		outbox->first = m;
	outbox->last = m;
	outbox->count++;
	outbox->count_qos0 += qos == 0;
	outbox->bytes += size_of(m);
	return m;
}

/* Takes out the message behind @before; NULL: the first. */
static void drop_after(struct outbox *outbox, struct message *before)
{
	struct message **at = before != NULL ? &before->next : &outbox->first;
	struct message *m = *at;

	*at = m->next;
	if (outbox->last == m)
		outbox->last = before;
	outbox->count--;
	outbox->count_qos0 -= m->qos == 0;
	outbox->bytes -= size_of(m);
	free(m);
}

void outbox_drop(struct outbox *outbox, struct message *message)
{
	struct message *before = NULL;

	if (message != outbox->first)
		for (before = outbox->first; before->next != message; before = before->next)
			;
	drop_after(outbox, before);
}

struct message *outbox_oldest_qos0(const struct outbox *outbox, bool but_first)
{
	struct message *m = outbox->first;

	if (but_first && m != NULL)
		m = m->next;
	while (m != NULL && m->qos > 0)
		m = m->next;
	return m;
}
