/* SPDX-License-Identifier: BSD-3-Clause */
/* A request to the admin server: what is understood of it lies within it, and is safe to show. */
#include <string.h>

#include "gateway/admin/guard.h"
#include "gateway/admin/json.h"
#include "tests/fuzz/fuzz.h"

static void check_within(const char *text, const char *head, size_t len)
{
	FUZZ_CHECK(text >= head && text + strlen(text) < head + len);
}

/* As a value it is one text of valid JSON, whatever it holds. */
static void check_json(const char *value, size_t len)
{
	struct text out = { 0 };
	struct json json = { .text = &out };

	json_text(&json, NULL, value, len);
	FUZZ_CHECK(out.len >= 2 && out.data[0] == '"' && out.data[out.len - 1] == '"');
	for (size_t i = 1; i < out.len - 1; i++) {
		FUZZ_CHECK((unsigned char)out.data[i] >= ' ' && out.data[i] != '"');
		if (out.data[i] == '\\')
			FUZZ_CHECK(++i < out.len - 1 && strchr("\"\\u", out.data[i]) != NULL);
	}
	text_clear(&out);
}

static void check_decoded(const char *text)
{
	char buf[64];
	int len = http_decode(text, strlen(text), buf, sizeof buf);

	FUZZ_CHECK(len >= -1 && len < (int)sizeof buf && len <= (int)strlen(text));
	if (len < 0)
		return;
	FUZZ_CHECK(buf[len] == '\0');
	check_json(buf, (size_t)len);
}

static void check_query(const char *query)
{
	static const char *const names[] = { "client", "a", "limit" };
	char buf[32];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int len = http_query(query, names[i], buf, sizeof buf);

		FUZZ_CHECK(len >= -1 && len < (int)sizeof buf);
		FUZZ_CHECK(len < 0 || buf[len] == '\0');
	}
}

/* Nobody acts without the token, and nobody from elsewhere looks. */
static void check_guard(const struct http_request *request)
{
	static const struct guard guard = { .token = "0123456789abcdef" };
	bool known =
	    request->authorization != NULL && strstr(request->authorization, guard.token) != NULL;
	const char *why;

	FUZZ_CHECK(guard_check(&guard, GUARD_ACT, request, &why) != 0 || known);
	FUZZ_CHECK(guard_check(&guard, GUARD_READ, request, &why) != 0 || known ||
	           (!request->cross_site && guard_host_is_safe(request->host)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *head = malloc(len > 0 ? len : 1);
	struct http_request request;

	FUZZ_CHECK(head != NULL);
	memcpy(head, data, len);
	check_json(head, len);
	if (http_request_parse(head, len, &request) == 0) {
		FUZZ_CHECK(request.path[0] == '/');
		check_within(request.path, head, len);
		if (request.host != NULL)
			check_within(request.host, head, len);
		check_decoded(request.path);
		check_query(request.query);
		check_guard(&request);
	}
	free(head);
	return 0;
}
