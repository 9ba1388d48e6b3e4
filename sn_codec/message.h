/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of section 5.4: what stands behind Length and MsgType.  One row per type; reader and
 * writer of a message stand side by side in message.c.
 */
#ifndef SN_CODEC_MESSAGE_H
#define SN_CODEC_MESSAGE_H

#include "sn_codec/sn_codec.h"
#include "sn_codec/wire.h"

struct message {
	const char *name; /* NULL: a reserved type */

	/* Both are NULL for a reserved type and for ENCAPSULATED, which frame.c takes care of.
	 * @packet is zeroed before it is read into. */
	void (*read)(struct wire_reader *r, struct sn_packet *packet);
	void (*write)(struct wire_writer *w, const struct sn_packet *packet);
};

/* By MsgType. */
extern const struct message message_table[256];

#endif
