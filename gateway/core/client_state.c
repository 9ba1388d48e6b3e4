/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/client_state.h"

static const char *const names[CLIENT_STATES] = {
	[CLIENT_DISCONNECTED] = "disconnected",
	[CLIENT_CONNECTING] = "connecting",
	[CLIENT_ACTIVE] = "active",
	[CLIENT_ASLEEP] = "asleep",
	[CLIENT_AWAKE] = "awake",
	[CLIENT_LOST] = "lost",
};

const char *client_state_name(enum client_state state)
{
	return (unsigned)state < CLIENT_STATES ? names[state] : "?";
}
