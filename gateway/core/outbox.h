/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages that wait for one client, in order; the first one is perhaps in flight.  The queue
 * alone: what may be dropped and when to send is pub_out's affair.
 */
#ifndef CORE_OUTBOX_H
#define CORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "sn_codec/sn_codec.h"

enum message_stage {
	MESSAGE_QUEUED,
	MESSAGE_SENT,     /* at least once; the next time with DUP */
	MESSAGE_RELEASED, /* QoS 2: PUBREC came, PUBREL is what goes out now */
};

struct message {
	struct message *next;
	uint64_t sequence; /* in the store; 0: not there */
	monotime_t queued; /* since when it waits */
	size_t payload_len;
	uint16_t topic_len;
	uint16_t msg_id; /* 0 until it is sent at QoS 1 or 2 */
	uint8_t qos;
	uint8_t stage; /* enum message_stage */
	bool retain;
	bool corrected; /* the client rejected its topic id once: a normal id, told anew, is the
	                   last try */
	char octets[];  /* the topic name, terminated, then the payload */
};

struct outbox {
	struct message *first;
	struct message *last;
	uint32_t count;
	uint32_t count_qos0; /* of these, messages of QoS 0 */
	uint32_t bytes;
	bool paused; /* the broker is not read until there is room again (SN12-SLEEP-18) */
};

/* Appends a message, its parts copied.  NULL when out of memory. */
struct message *outbox_append(
    struct outbox *outbox, const char *topic, struct sn_bytes payload, int qos, bool retain);

/* True if outbox_oldest_qos0() would find one. */
static inline bool outbox_has_qos0(const struct outbox *outbox, bool but_first)
{
	bool first = but_first && outbox->first != NULL && outbox->first->qos == 0;

	return outbox->count_qos0 > (first ? 1 : 0);
}

/* The oldest QoS 0 message, or NULL.  @but_first: the first message is in flight and does not
 * count.
 */
struct message *outbox_oldest_qos0(const struct outbox *outbox, bool but_first);

/* Takes out and frees the message, which must be there. */
void outbox_drop(struct outbox *outbox, struct message *message);

static inline struct sn_bytes message_topic(const struct message *m)
{
	return (struct sn_bytes){ (const uint8_t *)m->octets, m->topic_len };
}

static inline struct sn_bytes message_payload(const struct message *m)
{
	return (struct sn_bytes){ (const uint8_t *)m->octets + m->topic_len + 1, m->payload_len };
}

#endif
