/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reload can change, and what not. */
#include <string.h>

#include "gateway/conf/conf.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool conf_same_listener(const struct conf_listener *a, const struct conf_listener *b)
{
	return netaddr_equal(&a->bind, &b->bind) && netaddr_equal(&a->multicast, &b->multicast) &&
	       same_text(a->interface, b->interface) && a->hops == b->hops &&
	       a->receive_buffer == b->receive_buffer;
}

/* The sections that are read once, at the start; but for a few settings. */
static const char *const fixed[] = { "broker", "admin", "persistence" };
static const char *const live[] = { "broker.logins_file", "broker.outage",
	"broker.unlisted_clients" };

struct audience {
	settings_path_fn *tell;
	void *ctx;
};

static void tell_unless_live(void *ctx, const char *path)
{
	const struct audience *to = ctx;

	for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) {
		if (strcmp(path, live[i]) == 0)
			return;
	}
	to->tell(to->ctx, path);
}

void conf_needs_restart(
    const struct conf *a, const struct conf *b, settings_path_fn *tell, void *ctx)
{
	struct audience to = { tell, ctx };

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		settings_compare(&a->settings, &b->settings, fixed[i], tell_unless_live, &to);
}
