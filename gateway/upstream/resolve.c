/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "common/err.h"
#include "common/monotime.h"
#include "common/netaddr.h"
#include "gateway/upstream/resolve.h"

#define MAX_ADDRESSES 8
#define LIFE_MS       300000 /* how long an answer is taken for true */
#define RETRY_MS      2000   /* no question sooner than this after the last answer */

struct resolver {
	struct event_base *base;
	char *host;
	char *resolv_conf;
	resolver_done_fn *done;
	void *ctx;
	struct evdns_base *dns; /* made for each question */
	bool numeric;           /* nothing to ask */
	bool asking;
	bool in_call; /* in evdns_getaddrinfo(), which may answer at once */
	bool answered;
	monotime_t answered_at;
	int64_t life_ms;
	const char *why;
	unsigned first;
	unsigned count;
	char addresses[MAX_ADDRESSES][NETADDR_TEXT_MAX];
};

struct resolver *resolver_new(struct event_base *base, const char *host, const char *resolv_conf,
    resolver_done_fn *done, void *ctx)
{
	struct resolver *r = calloc(1, sizeof(*r));
	struct netaddr number;

	if (r == NULL)
		return NULL;
	r->base = base;
	r->done = done;
	r->ctx = ctx;
	r->why = "not asked yet";
	r->host = strdup(host);
	r->resolv_conf = strdup(resolv_conf);
	if (r->host == NULL || r->resolv_conf == NULL)
		return resolver_free(r);
	r->numeric = strlen(host) < NETADDR_TEXT_MAX && netaddr_parse(&number, host, 1) == 0;
	if (r->numeric) {
		strcpy(r->addresses[0], host);
		r->count = 1;
	}
	return r;
}

struct resolver *resolver_free(struct resolver *r)
{
	if (r == NULL)
		return NULL;
	r->done = NULL;
	if (r->dns != NULL)
		evdns_base_free(r->dns, 1);
	free(r->resolv_conf);
	free(r->host);
	free(r);
	return NULL;
}

static void take(struct resolver *r, const struct evutil_addrinfo *list)
{
	struct netaddr addr;

	r->count = 0;
	r->first = 0;
	for (; list != NULL && r->count < MAX_ADDRESSES; list = list->ai_next) {
		char *text = r->addresses[r->count];

		if (netaddr_from_sockaddr(&addr, list->ai_addr) < 0)
			continue;
		if (addr.family == 4)
			evutil_inet_ntop(AF_INET, addr.ip, text, NETADDR_TEXT_MAX);
		else
			evutil_inet_ntop(AF_INET6, addr.ip, text, NETADDR_TEXT_MAX);
		r->count++;
	}
}

static void on_answer(int result, struct evutil_addrinfo *list, void *arg)
{
	struct resolver *r = arg;

	r->asking = false;
	r->answered = true;
	r->answered_at = monotime_now();
	r->life_ms = LIFE_MS;
	if (result == 0) {
		take(r, list);
		r->why = "the name has no address";
	} else {
		/* What was found before may still be true. */
		r->why = evutil_gai_strerror(result);
		r->life_ms = RETRY_MS;
	}
	if (list != NULL)
		evutil_freeaddrinfo(list);
	if (!r->in_call && r->done != NULL)
		r->done(r->ctx);
}

/* A new base each time, so that changes of resolv.conf and /etc/hosts are seen. */
static struct evdns_base *dns_new(const struct resolver *r)
{
	struct evdns_base *dns = evdns_base_new(r->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);

	if (dns == NULL)
		return NULL;
	/* Without a readable file this sets the name server to 127.0.0.1, which is the convention.
	 */
	evdns_base_resolv_conf_parse(dns, DNS_OPTIONS_ALL, r->resolv_conf);
	/* Small routers are known to lose the mixed case that evdns sends by default. */
	evdns_base_set_option(dns, "randomize-case", "0");
	return dns;
}

static void ask(struct resolver *r)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

	if (r->dns != NULL)
		evdns_base_free(r->dns, 1);
	r->dns = dns_new(r);
	if (r->dns == NULL) {
		on_answer(EVUTIL_EAI_MEMORY, NULL, r);
		return;
	}
	r->asking = true;
	evdns_getaddrinfo(r->dns, r->host, NULL, &hints, on_answer, r);
}

static bool fresh(const struct resolver *r)
{
	return r->answered && monotime_ms_between(r->answered_at, monotime_now()) < r->life_ms;
}

int resolver_ask(struct resolver *r)
{
	if (!r->numeric && !r->asking && !fresh(r)) {
		r->in_call = true;
		ask(r);
		r->in_call = false;
	}
	if (r->asking)
		return RESOLVE_PENDING;
	return r->count > 0 ? 0 : -ERR_SYSTEM;
}

const char *resolver_why(const struct resolver *r)
{
	return r->why;
}

unsigned resolver_count(const struct resolver *r)
{
	return r->count;
}

const char *resolver_address(const struct resolver *r, unsigned index)
{
	return r->addresses[index % MAX_ADDRESSES];
}

unsigned resolver_first(const struct resolver *r)
{
	return r->first;
}

void resolver_worked(struct resolver *r, unsigned index)
{
	r->first = index;
}

void resolver_avoid(struct resolver *r, unsigned index)
{
	if (r->first == index && r->count > 0)
		r->first = (index + 1) % r->count;
}

void resolver_all_failed(struct resolver *r)
{
	r->life_ms = RETRY_MS;
}
