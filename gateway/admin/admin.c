/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/admin/admin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/admin/http_server.h"
#include "gateway/admin/page.h"
#include "gateway/admin/pages.h"
#include "gateway/admin/traces.h"

#define ID_MAX        8192 /* octets of a client id, with its terminator */
#define CLIENTS_LEAST 100  /* in a page, unless another number is asked for */
#define CLIENTS_MOST  500

struct admin {
	struct pages pages;
	struct guard guard;
	char *token;
	char page_policy[PAGE_POLICY_MAX];
	struct http_server *server;
};

static const char JSON[] = "application/json";

/* --- documents --- */

static void answer_page(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	struct text body = { 0 };

	(void)request;
	text_add(&body, page_data, page_data_len);
	http_header(x, "Content-Security-Policy", admin->page_policy);
	http_reply(x, 200, "text/html; charset=utf-8", &body);
}

static void answer_metrics(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	struct text body = { 0 };
	int status = metrics_page(&admin->pages, &body);

	(void)request;
	http_reply(x, status, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static void answer_health(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	struct text body = { 0 };
	int status = health_page(&admin->pages, &body);

	(void)request;
	http_reply(x, status, JSON, &body);
}

static void answer_status(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	struct text body = { 0 };
	int status = status_page(&admin->pages, &body);

	(void)request;
	http_reply(x, status, JSON, &body);
}

/* --- clients --- */

static int state_of(const char *name)
{
	for (int state = 0; state < CLIENT_STATES; state++)
		if (strcmp(client_state_name((enum client_state)state), name) == 0)
			return state;
	return -1;
}

/* A number in @base from @least to @most.  False if @text is none. */
static bool read_number(
    const char *text, int base, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	if (*text == '-' || *text == '+')
		return false;
	*out = strtoul(text, &end, base);
	return *end == '\0' && end != text && *out >= least && *out <= most;
}

/* NULL, or what is wrong with the parameters. */
static const char *read_clients_wish(
    const char *query, struct clients_wish *wish, char *pattern, size_t pattern_size)
{
	char after[16], limit[16], state[16];
	unsigned long number;
	int len;

	*wish = (struct clients_wish){ .limit = CLIENTS_LEAST, .state = -1 };
	len = http_query(query, "after", after, sizeof after);
	if (len < 0 || (len > 0 && !read_number(after, 16, 0, UINT32_MAX, &number)))
		return "after: must be the \"next\" of a page";
	if (len > 0)
		wish->after = (inspect_place)number;

	len = http_query(query, "limit", limit, sizeof limit);
	if (len < 0 || (len > 0 && !read_number(limit, 10, 1, CLIENTS_MOST, &number)))
		return "limit: must be 1 to 500";
	if (len > 0)
		wish->limit = number;

	len = http_query(query, "state", state, sizeof state);
	if (len < 0 || (len > 0 && (wish->state = state_of(state)) < 0))
		return "state: is none";

	len = http_query(query, "match", pattern, pattern_size);
	if (len < 0)
		return "match: is malformed or too long";
	wish->pattern = len > 0 ? pattern : NULL;
	return NULL;
}

static void answer_clients(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	struct text body = { 0 };
	struct clients_wish wish;
	char pattern[512];
	const char *wrong = read_clients_wish(request->query, &wish, pattern, sizeof pattern);

	if (wrong != NULL) {
		http_refuse(x, 400, wrong);
		return;
	}
	http_reply(x, clients_page(&admin->pages, &wish, &body), JSON, &body);
}

/* --- one client --- */

/* The client id in "/clients/ID" or "/clients/ID/...", decoded; -1 if it is malformed. */
static int read_id(const char *path, char *id)
{
	path += strlen("/clients/");
	return http_decode(path, strcspn(path, "/"), id, ID_MAX);
}

static void answer_client(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	struct text body = { 0 };
	char id[ID_MAX];
	int len = read_id(request->path, id);

	if (len < 0) {
		http_refuse(x, 400, "the client id is malformed");
		return;
	}
	if (client_page(&admin->pages, (struct sn_bytes){ (uint8_t *)id, (size_t)len }, &body) ==
	    404)
		http_refuse(x, 404, "no such client");
	else
		http_reply(x, 200, JSON, &body);
}

static void reply_done(struct http_exchange *x, const char *done)
{
	struct text body = { 0 };

	text_printf(&body, "{\"done\":\"%s\"}\n", done);
	http_reply(x, 200, JSON, &body);
}

static void act_on_client(struct http_exchange *x, const struct http_request *request,
    int (*act)(void *ctx, struct sn_bytes id), void *ctx, const char *done)
{
	char id[ID_MAX];
	int len = read_id(request->path, id);
	int rc = -ERR_INVALID;

	if (len >= 0)
		rc = act(ctx, (struct sn_bytes){ (uint8_t *)id, (size_t)len });
	if (rc == -ERR_INVALID)
		http_refuse(x, 404, "no such client");
	else if (rc < 0)
		http_refuse(x, 409, "the client is not connected");
	else
		reply_done(x, done);
}

static void disconnect_client(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	const struct admin_ports *ports = &admin->pages.ports;

	act_on_client(x, request, ports->disconnect, ports->ctx, "disconnected");
}

static void forget_client(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	const struct admin_ports *ports = &admin->pages.ports;

	act_on_client(x, request, ports->forget, ports->ctx, "forgotten");
}

/* --- the rest --- */

static void reload(struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	const struct admin_ports *ports = &admin->pages.ports;

	(void)request;
	if (ports->reload(ports->ctx))
		reply_done(x, "reloaded");
	else
		http_refuse(x, 409, "the old configuration stays; the log tells why");
}

static void answer_trace(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	traces_answer(&admin->pages.ports, x, request, false);
}

static void answer_pcapng(
    struct admin *admin, struct http_exchange *x, const struct http_request *request)
{
	traces_answer(&admin->pages.ports, x, request, true);
}

/* --- routes --- */

#define READS (HTTP_GET | HTTP_HEAD)

/* In a path, '*' stands for what is not empty and has no '/'. */
static const struct route {
	const char *path;
	unsigned methods;
	const char *allow;
	enum guard_access access;
	void (*answer)(
	    struct admin *admin, struct http_exchange *x, const struct http_request *request);
} routes[] = {
	{ "/", READS, "GET, HEAD", GUARD_PAGE, answer_page },
	{ "/metrics", READS, "GET, HEAD", GUARD_READ, answer_metrics },
	{ "/healthz", READS, "GET, HEAD", GUARD_READ, answer_health },
	{ "/status", READS, "GET, HEAD", GUARD_READ, answer_status },
	{ "/clients", READS, "GET, HEAD", GUARD_READ, answer_clients },
	{ "/clients/*", READS, "GET, HEAD", GUARD_READ, answer_client },
	{ "/clients/*/disconnect", HTTP_POST, "POST", GUARD_ACT, disconnect_client },
	{ "/clients/*/forget", HTTP_POST, "POST", GUARD_ACT, forget_client },
	{ "/trace", HTTP_GET, "GET", GUARD_READ, answer_trace },
	{ "/trace.pcapng", HTTP_GET, "GET", GUARD_READ, answer_pcapng },
	{ "/reload", HTTP_POST, "POST", GUARD_ACT, reload },
};

static bool path_matches(const char *pattern, const char *path)
{
	for (; *pattern != '\0'; pattern++) {
		size_t len = *pattern == '*' ? strcspn(path, "/") : *pattern == *path;

		if (len == 0)
			return false;
		path += len;
	}
	return *path == '\0';
}

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (path_matches(routes[i].path, path))
			return &routes[i];
	return NULL;
}

static void answer(void *ctx, struct http_exchange *x, const struct http_request *request)
{
	struct admin *admin = ctx;
	const struct route *route = find_route(request->path);
	const char *why;
	int refusal;

	admin->pages.requests++;
	if (route == NULL) {
		http_refuse(x, 404, "no such page");
		return;
	}
	refusal = guard_check(&admin->guard, route->access, request, &why);
	if (refusal == 0 && !(route->methods & request->method)) {
		http_header(x, "Allow", route->allow);
		http_refuse(x, 405, "not by this method");
		return;
	}
	if (refusal == 0) {
		route->answer(admin, x, request);
		return;
	}
	admin->pages.refused++;
	if (refusal == 401)
		http_header(x, "WWW-Authenticate", "Bearer");
	http_refuse(x, refusal, why);
}

struct admin *admin_new(struct event_base *base, const struct admin_config *config)
{
	struct admin *admin = calloc(1, sizeof *admin);

	if (admin == NULL) {
		close(config->fd);
		return NULL;
	}
	admin->server = http_server_new(base, config->fd, answer, admin);
	if (admin->server == NULL || !page_policy(admin->page_policy))
		return admin_free(admin);
	admin->pages = (struct pages){
		.gw = config->gw,
		.ports = config->ports,
		.version = config->version,
		.actions = config->guard.token != NULL,
		.started = config->ports.now(config->ports.ctx),
	};
	admin->guard = config->guard;
	if (config->guard.token == NULL)
		return admin;
	admin->token = strdup(config->guard.token);
	if (admin->token == NULL)
		return admin_free(admin);
	admin->guard.token = admin->token;
	return admin;
}

struct admin *admin_free(struct admin *admin)
{
	if (admin == NULL)
		return NULL;
	http_server_free(admin->server);
	free(admin->token);
	free(admin);
	return NULL;
}
