/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connection setup (sections 6.2, 6.3; SN12-CONN-*): CONNECT, the will prompts, and CONNACK when
 * the broker has accepted.
 */
#ifndef CORE_CONNECT_H
#define CORE_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/ports.h"
#include "sn_codec/sn_codec.h"

struct gw;
struct client;
struct setup;

/* CONNECT from @from; @client is bound to that address, or NULL. */
void connect_connect(
    struct gw *gw, const struct peer *from, struct client *client, const struct sn_packet *packet);
void connect_willtopic(struct gw *gw, struct client *client, const struct sn_packet *packet);
void connect_willmsg(struct gw *gw, struct client *client, const struct sn_packet *packet);

/* Why a client of this id is not served, whatever it says: it is not admitted (MAP-CONN-15), or its
 * id is that of the gateway's own session.  A constant; NULL: it is. */
const char *connect_barred(const struct gw *gw, struct sn_bytes client_id);

/* The broker's word on the link that the setup opened. */
void connect_accepted(struct gw *gw, struct client *client, bool session_present);
void connect_refused(struct gw *gw, struct client *client, bool permanent, const char *why);

/* The broker cannot be reached: if the setup is of a session that goes on and can do without it for
 * a while, accepts the client and returns true.  The link is the caller's to open. */
bool connect_goes_on(struct gw *gw, struct client *client);

/* Sends the open will prompt, @type, again. */
void connect_repeat_prompt(struct gw *gw, struct client *client, uint8_t type, uint16_t msg_id);

/* Ends a setup without a word to the client: it stopped answering, or went away. */
void connect_abandon(struct gw *gw, struct client *client);

/* Another client speaks from the address of @client, which therefore is gone (SN12-CONN-09). */
void connect_push_out(struct gw *gw, struct client *client);

/* NULL is fine; returns NULL. */
struct setup *connect_setup_free(struct setup *setup);

#endif
