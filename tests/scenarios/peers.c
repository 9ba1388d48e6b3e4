/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/memory.h"

#define PORT 1024

void peers_free(struct peers *peers)
{
	for (size_t i = 0; i < peers->n; i++)
		free(peers->names[i]);
	peers->n = 0;
}

static size_t number_of(struct peers *peers, const char *name, size_t len)
{
	for (size_t i = 0; i < peers->n; i++)
		if (strlen(peers->names[i]) == len && memcmp(peers->names[i], name, len) == 0)
			return i;
	if (peers->n == PEERS_MAX) {
		fputs("too many peers\n", stderr);
		exit(99);
	}
	peers->names[peers->n] = memory_text(name, len);
	return peers->n++;
}

struct peer peers_find(struct peers *peers, const char *name)
{
	const char *colon = strchr(name, ':');
	size_t number = number_of(peers, name, strcspn(name, ":/")) + 1;

	return (struct peer){
		.addr = {
			.ip = { 10, 0, (uint8_t)(number >> 8), (uint8_t)number },
			.port = PORT,
			.family = 4,
		},
		.listener = colon == NULL ? 0 : (uint16_t)(colon[1] - '0'),
	};
}

bool peers_name(const struct peers *peers, unsigned listener, const struct netaddr *to,
    const struct sn_encapsulated *frame, char name[PEER_NAME_MAX])
{
	size_t number = (size_t)(to->ip[2] << 8 | to->ip[3]);
	char *at = name;

	if (to->family != 4 || to->port != PORT || number == 0 || number > peers->n)
		return false;
	at += sprintf(at, "%s", peers->names[number - 1]);
	if (listener > 0)
		at += sprintf(at, ":%u", listener);
	if (frame != NULL)
		at += sprintf(at, "/");
	for (size_t i = 0; frame != NULL && i < frame->node_id.len; i++)
		at += sprintf(at, "%02x", frame->node_id.data[i]);
	return true;
}
