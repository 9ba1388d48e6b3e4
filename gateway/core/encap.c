/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/encap.h"

#include <string.h>

bool encap_unwrap(const struct peer *from, const uint8_t **data, size_t *len, struct peer *node)
{
	struct sn_packet frame;

	if (*len < 2 || (*data)[1] != SN_ENCAPSULATED || sn_decode(*data, *len, &frame) != SN_OK)
		return false;
	node->local = from->local;
	node->addr = from->addr;
	node->listener = from->listener;
	node->encapsulated = 1;
	node->node_len = (uint8_t)frame.encapsulated.node_id.len;
	if (node->node_len > 0)
		memcpy(node->node, frame.encapsulated.node_id.data, node->node_len);
	*data = frame.encapsulated.inner.data;
	*len = frame.encapsulated.inner.len;
	return true;
}

size_t encap_header(const struct peer *to, uint8_t radius, uint8_t *buf)
{
	const struct sn_packet frame = {
		.type = SN_ENCAPSULATED,
		.encapsulated = { .radius = radius, .node_id = { to->node, to->node_len } },
	};
	size_t len = 0;

	if (!to->encapsulated)
		return 0;
	/* Cannot fail: the buffer is large enough, and the node id came from a decoded frame. */
	sn_encode(buf, 3 + SN_NODE_ID_MAX, &frame, &len);
	return len;
}
