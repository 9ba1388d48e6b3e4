/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/sleep.h"

#include "gateway/core/connect.h"
#include "gateway/core/core.h"
#include "gateway/core/identity.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"

/* Repeated, because our DISCONNECT was lost, it is answered again (SN12-SLEEP-20). */
void sleep_begin(struct gw *gw, struct client *client, uint16_t seconds)
{
	client->sleep_duration = seconds;
	say_plain(gw, client->peer, SN_DISCONNECT);
	gw_note_value(gw, NOTE_ASLEEP, client, NULL, seconds);
	client_set_state(gw, client, CLIENT_ASLEEP);
}

static bool is_connected(const struct client *client)
{
	return client->state == CLIENT_ACTIVE || client->state == CLIENT_ASLEEP ||
	       client->state == CLIENT_AWAKE;
}

/* Gives the client the address it speaks from.  False when out of memory; then it has none and is
 * lost. */
static bool move(struct gw *gw, struct client *client, const struct peer *from)
{
	if (peer_equal(client->peer, from))
		return true;
	gw->metrics.takeovers++;
	if (clients_bind(&gw->clients, client, from) == 0) {
		gw_note(gw, NOTE_TAKEN_OVER, client, NULL);
		keep_client(gw, client);
		client_heard(gw, client, from);
		return true;
	}
	gw_note(gw, NOTE_NOMEM, client, NULL);
	client_lose(gw, client, "out of memory");
	return false;
}

struct client *sleep_find(
    struct gw *gw, const struct peer *from, struct client *bound, struct sn_bytes id)
{
	struct client *client = clients_find_id(&gw->clients, id);

	if (client == bound || client == NULL || !is_connected(client))
		return client == bound ? bound : NULL;
	if (!identity_allows(gw, from, id))
		return NULL;
	if (bound != NULL)
		connect_push_out(gw, bound);
	return move(gw, client, from) ? client : NULL;
}

/* A PINGREQ in the window - ours was slow, or lost - goes on with what is open, it does not start
 * again (SN12-SLEEP-09). */
void sleep_wake(struct gw *gw, struct client *client)
{
	if (client->state == CLIENT_ASLEEP) {
		gw_note(gw, NOTE_AWAKE, client, NULL);
		client_set_state(gw, client, CLIENT_AWAKE);
	} else if (!pending_none(&client->pending)) {
		pending_repeat(gw, client);
	}
	pub_out_pump(gw, client);
}

void sleep_end_window(struct gw *gw, struct client *client)
{
	say_plain(gw, client->peer, SN_PINGRESP);
	client_set_state(gw, client, CLIENT_ASLEEP);
}

void sleep_drained(struct gw *gw, struct client *client)
{
	if (client->state == CLIENT_AWAKE)
		sleep_end_window(gw, client);
}

bool sleep_returns(struct gw *gw, struct client *client, struct client *bound,
    const struct peer *from, const struct sn_connect *connect)
{
	if (client->state != CLIENT_ASLEEP && client->state != CLIENT_AWAKE)
		return false;
	if (gw->config.wake_connect != GW_WAKE_RESUME)
		return false;
	if (bound != NULL && bound != client)
		connect_push_out(gw, bound);
	if (!move(gw, client, from)) {
		say_result(gw, from, SN_CONNACK, SN_CONGESTION);
		return true;
	}
	pending_stop(gw, client);
	client->keep_alive = connect->keep_alive;
	client_resume_session(gw, client);
	link_hold_anew(gw, client);
	client_set_state(gw, client, CLIENT_ACTIVE);
	gw->metrics.connects++;
	gw_note(gw, NOTE_CONNECTED, client, "back from sleep");
	say_result(gw, client->peer, SN_CONNACK, SN_ACCEPTED);
	pub_out_pump(gw, client);
	return true;
}
