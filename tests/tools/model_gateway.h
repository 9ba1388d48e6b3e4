/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The least that is a gateway: it takes publications at QoS 0 to 2, sends messages of its own one
 * after the other, and repeats itself.  For tests in which packets get lost.
 */
#ifndef TESTS_TOOLS_MODEL_GATEWAY_H
#define TESTS_TOOLS_MODEL_GATEWAY_H

#include <stdbool.h>

#include "common/monotime.h"
#include "sn_codec/sn_codec.h"

#define MODEL_MESSAGES 32
#define MODEL_TEXT     32

struct model_message {
	char topic[MODEL_TEXT];
	char data[MODEL_TEXT];
};

struct model_gateway {
	/* Set by the test. */
	void (*send)(void *ctx, const struct sn_packet *packet);
	void *ctx;
	uint32_t retry_ms;
	struct model_message outgoing[MODEL_MESSAGES]; /* sent once the client has subscribed */
	size_t n_outgoing;
	int outgoing_qos;

	struct model_message received[MODEL_MESSAGES]; /* what a broker would have got */
	size_t n_received;

	bool connected, subscribed;
	char names[MODEL_MESSAGES][MODEL_TEXT]; /* of topic id 1, 2, ... */
	size_t n_names;
	uint16_t unreleased[MODEL_MESSAGES]; /* message ids of QoS 2 */
	size_t n_unreleased;

	size_t n_done; /* of outgoing */
	bool waiting;  /* for the answer to .last */
	struct sn_packet last;
	monotime_t due;
	uint16_t msg_id;
	bool registered[MODEL_MESSAGES]; /* by topic id - 1 */
};

void model_gateway_hear(
    struct model_gateway *gateway, monotime_t now, const struct sn_packet *packet);
void model_gateway_advance(struct model_gateway *gateway, monotime_t now);
bool model_gateway_next_deadline(const struct model_gateway *gateway, monotime_t *when);

#endif
