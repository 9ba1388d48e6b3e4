/* SPDX-License-Identifier: BSD-3-Clause */
/* Which topic name the topic field of a PUBLISH, SUBSCRIBE or UNSUBSCRIBE stands for (section 6.7).
 */
#ifndef CORE_TOPIC_REF_H
#define CORE_TOPIC_REF_H

#include <stdint.h>

#include "sn_codec/sn_codec.h"

struct gw;
struct client;
struct topic;

/* Room for a name that has to be made: a short name, or a predefined one with the client's id in
 * it. */
struct topic_ref_room {
	char text[512];
};

/* Sets *@name, terminated, to what @type and @topic_id mean for @client (NULL: a sender without a
 * session, which has predefined and short names only).  It lives as long as @room, the client's
 * topics and the configuration.
 *
 * SN_ACCEPTED; SN_INVALID_TOPIC_ID: no such id (SN12-TOPIC-02); SN_NOT_SUPPORTED: the reserved
 * type, or a short name that is no topic name (SN12-TOPIC-10). */
enum sn_return_code topic_ref_name(struct gw *gw, const struct client *client, uint8_t type,
    uint16_t topic_id, struct topic_ref_room *room, struct sn_bytes *name);

/* A normal topic of the client is in use from now on: its id is not given away. */
void topic_ref_use(struct gw *gw, const struct client *client, struct topic *topic);

/* Whether @name is longer than a client may have one (limits.topic_name), and not one that it has.
 */
bool topic_ref_is_too_long(const struct gw *gw, const struct client *client, struct sn_bytes name);

#endif
