/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/admin/guard.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "common/netaddr.h"

bool guard_host_is_safe(const char *host)
{
	static const char local[] = "localhost";
	struct netaddr addr;

	if (host == NULL)
		return true;
	if (strncasecmp(host, local, sizeof local - 1) == 0) {
		const char *port = host + sizeof local - 1;

		return *port == '\0' ||
		       (*port == ':' && port[1 + strspn(port + 1, "0123456789")] == '\0');
	}
	return netaddr_parse(&addr, host, 80) == 0;
}

static bool same_secret(const char *given, const char *secret)
{
	size_t given_len = strlen(given), len = strlen(secret);
	unsigned different = given_len != len;

	for (size_t i = 0; i < given_len; i++)
		different |= (unsigned)(given[i] ^ secret[i % len]);
	return different == 0;
}

bool guard_has_token(const char *authorization, const char *token)
{
	static const char scheme[] = "Bearer ";

	if (authorization == NULL || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
		return false;
	authorization += sizeof scheme - 1;
	return same_secret(authorization + strspn(authorization, " "), token);
}

int guard_check(const struct guard *guard, enum guard_access access,
    const struct http_request *request, const char **why)
{
	bool known = guard->token != NULL && guard_has_token(request->authorization, guard->token);

	if (access == GUARD_PAGE || known)
		return 0;
	if (request->cross_site || !guard_host_is_safe(request->host)) {
		*why = "asked from another site";
		return 403;
	}
	if (access == GUARD_ACT && guard->token == NULL) {
		*why = "no admin.token is configured, so there are no actions";
		return 403;
	}
	if (access == GUARD_READ && !guard->token_for_reading)
		return 0;
	*why = "needs the token: Authorization: Bearer TOKEN";
	return 401;
}
