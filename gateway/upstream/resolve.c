/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdio.h>
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

/* What evdns hands back, in the end, even when everything else is gone. */
struct question {
	struct resolver *resolver; /* NULL: nobody waits */
};

struct resolver {
	struct event_base *base;
	char *host;
	char *resolv_conf;
	resolver_done_fn *done;
	void *ctx;
	struct evdns_base *dns;    /* made for each question */
	struct question *question; /* not answered yet, or NULL */
	bool numeric;              /* nothing to ask */
	bool in_call;              /* in evdns_getaddrinfo(), which may answer at once */
	bool answered;
	monotime_t answered_at;
	int64_t life_ms;
	const char *why;
	unsigned first;
	unsigned count;
	char addresses[MAX_ADDRESSES][NETADDR_TEXT_MAX];
};

static void add(struct resolver *r, const struct netaddr *addr)
{
	char *text;
	size_t len;

	if (r->count == MAX_ADDRESSES)
		return;
	text = r->addresses[r->count++];
	evutil_inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->ip, text, NETADDR_TEXT_MAX);
	len = strlen(text);
	if (addr->scope != 0)
		snprintf(text + len, NETADDR_TEXT_MAX - len, "%%%u", addr->scope);
}

static void take(struct resolver *r, const struct evutil_addrinfo *list)
{
	struct netaddr addr;

	r->count = 0;
	r->first = 0;
	for (; list != NULL; list = list->ai_next) {
		if (netaddr_from_sockaddr(&addr, list->ai_addr) == 0)
			add(r, &addr);
	}
}

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
	r->numeric = netaddr_parse(&number, host, 0) == 0 && number.port == 0;
	if (r->numeric)
		add(r, &number);
	return r;
}

struct resolver *resolver_free(struct resolver *r)
{
	if (r == NULL)
		return NULL;
	if (r->question != NULL)
		r->question->resolver = NULL;
	if (r->dns != NULL)
		evdns_base_free(r->dns, 1);
	free(r->resolv_conf);
	free(r->host);
	free(r);
	return NULL;
}

static void answered(struct resolver *r, int result, const struct evutil_addrinfo *list)
{
	r->answered = true;
	r->answered_at = monotime_now();
	r->life_ms = result == 0 ? LIFE_MS : RETRY_MS;
	r->why = result == 0 ? "the name has no address" : evutil_gai_strerror(result);
	if (result == 0) /* else what was found before may still be true */
		take(r, list);
	if (!r->in_call)
		r->done(r->ctx);
}

static void on_answer(int result, struct evutil_addrinfo *list, void *arg)
{
	struct question *question = arg;
	struct resolver *r = question->resolver;

	free(question);
	if (r != NULL) {
		r->question = NULL;
		answered(r, result, list);
	}
	if (list != NULL)
		evutil_freeaddrinfo(list);
}

/* A new base each time, so that changes of resolv.conf and /etc/hosts are seen. */
static struct evdns_base *dns_new(const struct resolver *r)
{
	struct evdns_base *dns = evdns_base_new(r->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);

	if (dns == NULL)
		return NULL;
	/* Without a file it takes 127.0.0.1 for the name server, which is the convention. */
	evdns_base_resolv_conf_parse(dns, DNS_OPTIONS_ALL, r->resolv_conf);
	/* Small routers are known to lose the mixed case that evdns would send. */
	evdns_base_set_option(dns, "randomize-case", "0");
	/* It would ask a silent name server for google.com, to see whether it is back. */
	evdns_base_set_option(dns, "initial-probe-timeout", "3600");
	return dns;
}

static void ask(struct resolver *r)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

	if (r->dns != NULL)
		evdns_base_free(r->dns, 0);
	r->dns = dns_new(r);
	r->question = malloc(sizeof(*r->question));
	if (r->dns == NULL || r->question == NULL) {
		free(r->question);
		r->question = NULL;
		answered(r, EVUTIL_EAI_MEMORY, NULL);
		return;
	}
	r->question->resolver = r;
	evdns_getaddrinfo(r->dns, r->host, NULL, &hints, on_answer, r->question);
}

static bool fresh(const struct resolver *r)
{
	return r->answered && monotime_ms_between(r->answered_at, monotime_now()) < r->life_ms;
}

int resolver_ask(struct resolver *r)
{
	if (!r->numeric && r->question == NULL && !fresh(r)) {
		r->in_call = true;
		ask(r);
		r->in_call = false;
	}
	if (r->question != NULL)
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
	if (index < r->count)
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
