/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarder encapsulation (section 5.5; SN12-FWD-*): splits the header off on the way in and puts
 * it on on the way out.
 */
#ifndef CORE_ENCAP_H
#define CORE_ENCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/peer.h"

/* If the datagram of @from is a well-formed encapsulated frame, sets *@node to the peer behind the
 * forwarder and
 * *@data, *@len to the inner message.  Else false, and nothing changes. */
bool encap_unwrap(const struct peer *from, const uint8_t **data, size_t *len, struct peer *node);

/* Writes the header for a message to @to, with broadcast radius 0..3, into @buf of at least 3 +
 * SN_NODE_ID_MAX octets. Returns its length; 0 for a peer that is not behind a forwarder. */
size_t encap_header(const struct peer *to, uint8_t radius, uint8_t *buf);

#endif
