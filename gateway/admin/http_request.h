/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The head of an HTTP/1.x request (RFC 9112), as far as this server needs it: requests have no
 * body, and each is the only one of its connection.  No I/O.
 */
#ifndef ADMIN_HTTP_REQUEST_H
#define ADMIN_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum http_method {
	HTTP_GET = 1u << 0,
	HTTP_HEAD = 1u << 1,
	HTTP_POST = 1u << 2,
	HTTP_OTHER = 1u << 3, /* a token that is none of these */
};

struct http_request {
	enum http_method method;
	const char *version;       /* "HTTP/1.0" or "HTTP/1.1" */
	const char *path;          /* begins with '/'; not decoded */
	const char *query;         /* what follows '?'; "" */
	const char *host;          /* NULL: none was given */
	const char *authorization; /* NULL: none was given */
	bool cross_site;           /* a browser says that a page from elsewhere asks */
};

/* Understands a head: @len octets that end with the empty line, which are written to.  The strings
 * of @out point into them.  0, or the status with which to refuse it: 400, 413 (it
 * has a body), 501, 505. */
int http_request_parse(char *head, size_t len, struct http_request *out);

/* Writes the @len octets at @text without their percent-encoding to @buf, of @size octets, and ends
 * them with '\0'.  Their number; -1 if they are malformed or too long. */
int http_decode(const char *text, size_t len, char *buf, size_t size);

/* The value of the parameter @name in the query, decoded as by http_decode(), and '+' as a space.
 * Its length; -1 if it is malformed or too long; 0 and "" if it is not there. */
int http_query(const char *query, const char *name, char *buf, size_t size);

#endif
