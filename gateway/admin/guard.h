/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may ask what.  The danger at a loopback address is a web page from elsewhere that runs in a
 * browser of this machine: it can send requests here, by a name of its own that it lets point here
 * (DNS rebinding) even as if it were ours.  The token protects against those who are on the
 * machine, and in the network.
 */
#ifndef ADMIN_GUARD_H
#define ADMIN_GUARD_H

#include <stdbool.h>

#include "gateway/admin/http_request.h"

struct guard {
	const char *token; /* NULL: none */
	bool token_for_reading;
};

enum guard_access {
	GUARD_PAGE, /* holds nothing of the gateway's: open to all */
	GUARD_READ,
	GUARD_ACT,
};

/* 0 if the request may have that; else the status to refuse it with, 401 or 403, and *@why. */
int guard_check(const struct guard *guard, enum guard_access access,
    const struct http_request *request, const char **why);

/* True if the Host field (NULL: none) cannot be the name that a stranger lets point here: none, an
 * IP address, or localhost, with or without a port. */
bool guard_host_is_safe(const char *host);

/* True if the Authorization field (NULL: none) holds the token.  The time that it takes tells
 * nothing about the token. */
bool guard_has_token(const char *authorization, const char *token);

#endif
