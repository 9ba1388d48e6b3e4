/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/admin/http_request.h"

static char head[4096];
static struct http_request request;

/* Parsed in a copy of just its size, so that the sanitizer sees a step beyond it. */
static int parse(const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	int status;

	memcpy(copy, text, len);
	status = http_request_parse(copy, len, &request);
	free(copy);
	cr_assert_lt(len, sizeof head);
	memcpy(head, text, len);
	cr_assert_eq(http_request_parse(head, len, &request), status);
	return status;
}

#define PARSE(text) parse(text, sizeof(text) - 1)

Test(http_request, a_request_is_understood)
{
	cr_assert_eq(PARSE("GET /clients/a%20b?limit=5&match=x HTTP/1.1\r\n"
	                   "Host: 127.0.0.1:9884\r\n"
	                   "User-Agent: curl/7.88.1\r\n"
	                   "AUTHORIZATION:\t Bearer secret \t\r\n"
	                   "\r\n"),
	    0);
	cr_expect_eq(request.method, HTTP_GET);
	cr_expect_str_eq(request.path, "/clients/a%20b");
	cr_expect_str_eq(request.query, "limit=5&match=x");
	cr_expect_str_eq(request.host, "127.0.0.1:9884");
	cr_expect_str_eq(request.authorization, "Bearer secret");
	cr_expect_not(request.cross_site);
}

Test(http_request, what_is_not_there_is_null)
{
	cr_assert_eq(PARSE("POST / HTTP/1.0\r\n\r\n"), 0);
	cr_expect_eq(request.method, HTTP_POST);
	cr_expect_str_eq(request.path, "/");
	cr_expect_str_eq(request.query, "");
	cr_expect_null(request.host);
	cr_expect_null(request.authorization);
}

Test(http_request, other_methods_are_known_as_such)
{
	cr_expect_eq(PARSE("HEAD / HTTP/1.0\r\n\r\n"), 0);
	cr_expect_eq(request.method, HTTP_HEAD);
	cr_expect_eq(PARSE("PATCH / HTTP/1.0\r\n\r\n"), 0);
	cr_expect_eq(request.method, HTTP_OTHER);
	cr_expect_eq(PARSE("get / HTTP/1.0\r\n\r\n"), 0);
	cr_expect_eq(request.method, HTTP_OTHER);
}

Test(http_request, a_browser_tells_where_a_request_comes_from)
{
	cr_expect_eq(PARSE("GET / HTTP/1.0\r\nSec-Fetch-Site: same-origin\r\n\r\n"), 0);
	cr_expect_not(request.cross_site);
	cr_expect_eq(PARSE("GET / HTTP/1.0\r\nSec-Fetch-Site: none\r\n\r\n"), 0);
	cr_expect_not(request.cross_site);
	cr_expect_eq(PARSE("GET / HTTP/1.0\r\nSec-Fetch-Site: cross-site\r\n\r\n"), 0);
	cr_expect(request.cross_site);
	cr_expect_eq(PARSE("GET / HTTP/1.0\r\nSec-Fetch-Site: same-site\r\n\r\n"), 0);
	cr_expect(request.cross_site, "another port of this machine is another's page");
}

Test(http_request, malformed_ones_are_refused)
{
	static const struct {
		const char *text;
		int status;
	} bad[] = {
		{ "\r\n\r\n", 400 },
		{ "GET\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400 },
		{ " GET / HTTP/1.0\r\n\r\n", 400 },
		{ "G@T / HTTP/1.0\r\n\r\n", 400 },
		{ "GET http://x/ HTTP/1.0\r\n\r\n", 400 },
		{ "GET * HTTP/1.0\r\n\r\n", 400 },
		{ "GET /\xc3\xa4 HTTP/1.0\r\n\r\n", 400 },
		{ "GET /\x01 HTTP/1.0\r\n\r\n", 400 },
		{ "GET / FTP/1.0\r\n\r\n", 400 },
		{ "GET / HTTP/2.0\r\n\r\n", 505 },
		{ "GET / HTTP/1.1\r\n\r\n", 400 }, /* no Host */
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nHost : a\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\n folded\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nno colon\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\n: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\rX: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\nX: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nX: y\nZ: z\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nX: y\rZ\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nContent-Length: \r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nContent-Length: -1\r\n\r\n", 400 },
		{ "GET / HTTP/1.0\r\nContent-Length: 0x1\r\n\r\n", 400 },
		{ "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n", 413 },
		{ "POST / HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n", 413 },
		{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 501 },
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int status = parse(bad[i].text, strlen(bad[i].text));

		cr_expect_eq(status, bad[i].status, "%s: %d", bad[i].text, status);
	}
	cr_expect_eq(PARSE("GET / HTTP/1.0\r\nX: a\0b\r\n\r\n"), 400);
	cr_expect_eq(PARSE("GET /\0 HTTP/1.0\r\n\r\n"), 400);
	cr_expect_eq(PARSE("POST / HTTP/1.0\r\nContent-Length: 00\r\n\r\n"), 0);
}

Test(http_request, no_part_of_a_request_is_one)
{
	static const char whole[] =
	    "GET /status?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";

	for (size_t len = 0; len < sizeof whole - 1; len++)
		cr_expect_neq(parse(whole, len), 0, "%zu octets", len);
	cr_expect_eq(parse(whole, sizeof whole - 1), 0);
}

/* --- percent-encoding --- */

static void expect_decoded(const char *text, const char *wanted, int wanted_len)
{
	char buf[8];
	int len = http_decode(text, strlen(text), buf, sizeof buf);

	cr_expect_eq(len, wanted_len, "%s: %d", text, len);
	if (len >= 0)
		cr_expect(memcmp(buf, wanted, (size_t)len + 1) == 0, "%s", text);
}

Test(http_request, percent_encoding_is_undone)
{
	expect_decoded("", "", 0);
	expect_decoded("a+b", "a+b", 3);
	expect_decoded("%41%2f%c3%A4", "A/\xc3\xa4", 4);
	expect_decoded("%00x", "\0x", 2);
	expect_decoded("1234567", "1234567", 7);
	expect_decoded("12345678", NULL, -1);
	expect_decoded("%", NULL, -1);
	expect_decoded("a%4", NULL, -1);
	expect_decoded("%4g", NULL, -1);
	expect_decoded("%%41", NULL, -1);
}

static void expect_parameter(const char *query, const char *name, const char *wanted)
{
	char buf[16];
	int len = http_query(query, name, buf, sizeof buf);

	if (wanted == NULL)
		cr_expect_eq(len, -1, "%s", query);
	else
		cr_expect(
		    len == (int)strlen(wanted) && strcmp(buf, wanted) == 0, "%s: %s", query, buf);
}

Test(http_request, parameters_are_found_by_their_names)
{
	expect_parameter("a=1&b=2", "a", "1");
	expect_parameter("a=1&b=2", "b", "2");
	expect_parameter("a=1&b=2", "c", "");
	expect_parameter("ab=1", "a", "");
	expect_parameter("a&a=&b", "a", "");
	expect_parameter("x=%26+%2B", "x", "& +");
	expect_parameter("a=1&a=2", "a", "1");
	expect_parameter("&&a==", "a", "=");
	expect_parameter("a=%zz", "a", NULL);
	expect_parameter("a=0123456789abcdef", "a", NULL);
}
