/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reload can change, and what not. */
#include <string.h>

#include "gateway/conf/conf.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_listener(const struct conf_listener *a, const struct conf_listener *b)
{
	return netaddr_equal(&a->bind, &b->bind) && netaddr_equal(&a->multicast, &b->multicast) &&
	       same_text(a->interface, b->interface) && a->hops == b->hops &&
	       a->receive_buffer == b->receive_buffer;
}

bool conf_same_listeners(const struct conf *a, const struct conf *b)
{
	for (size_t i = 0; i < a->n_listeners && i < b->n_listeners; i++)
		if (!same_listener(&a->listeners[i], &b->listeners[i]))
			return false;
	return a->n_listeners == b->n_listeners;
}

bool conf_same_broker(const struct conf *one, const struct conf *other)
{
	const struct conf_broker *a = &one->broker, *b = &other->broker;

	return same_text(a->host, b->host) && a->port == b->port && same_text(a->user, b->user) &&
	       same_text(a->password, b->password) && a->tls == b->tls &&
	       same_text(a->tls_ca, b->tls_ca) && same_text(a->tls_cert, b->tls_cert) &&
	       same_text(a->tls_key, b->tls_key) && a->tls_insecure == b->tls_insecure &&
	       a->keep_alive == b->keep_alive && same_text(a->id_prefix, b->id_prefix) &&
	       same_text(a->id_suffix, b->id_suffix);
}
