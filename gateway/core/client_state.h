/* SPDX-License-Identifier: BSD-3-Clause */
/* The states of a client (section 6.14, figure 4). */
#ifndef CORE_CLIENT_STATE_H
#define CORE_CLIENT_STATE_H

enum client_state {
	CLIENT_DISCONNECTED, /* known, but without a connection: new, or a stored session */
	CLIENT_CONNECTING,   /* from CONNECT to CONNACK */
	CLIENT_ACTIVE,
	CLIENT_ASLEEP, /* DISCONNECT with a duration: messages are kept, nothing is sent */
	CLIENT_AWAKE,  /* a sleeper said PINGREQ: its messages are sent, then PINGRESP */
	CLIENT_LOST,   /* supervision expired; a stored session */
	CLIENT_STATES,
};

/* "disconnected", "active", ...; a constant.  "?" for what is no state. */
const char *client_state_name(enum client_state state);

#endif
