/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/ping.h"

#include "gateway/core/core.h"
#include "gateway/core/say.h"
#include "gateway/core/sleep.h"

/* Answered at once, whatever the broker does (SN12-PING-01).  An active client may put its id into
 * it (SN12-PING-08); to a sleeper it means: send what you have (SN12-SLEEP-04, -15). */
void ping_pingreq(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	(void)packet;
	if (client->state == CLIENT_ACTIVE)
		say_plain(gw, client->peer, SN_PINGRESP);
	else
		sleep_wake(gw, client);
}

/* That it was heard is all that counts (SN12-PING-06). */
void ping_pingresp(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	(void)gw;
	(void)client;
	(void)packet;
}
