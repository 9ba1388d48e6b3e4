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

/* Drops the message behind @before; NULL: the first. */
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

void outbox_drop_first(struct outbox *outbox)
{
	drop_after(outbox, NULL);
}

bool outbox_drop_oldest_qos0(struct outbox *outbox, bool but_first)
{
	struct message *before = NULL;

	for (struct message *m = outbox->first; m != NULL; before = m, m = m->next) {
		if (m->qos > 0 || (but_first && before == NULL))
			continue;
		drop_after(outbox, before);
		return true;
	}
	return false;
}
