/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/admin/http_request.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum status {
	OK = 0,
	BAD_REQUEST = 400,
	CONTENT_TOO_LARGE = 413,
	NOT_IMPLEMENTED = 501,
	VERSION_NOT_SUPPORTED = 505,
};

/* tchar of RFC 9110, 5.6.2 */
static bool is_token(const char *text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		bool alphanumeric = (*text >= '0' && *text <= '9') ||
		                    (*text >= 'A' && *text <= 'Z') ||
		                    (*text >= 'a' && *text <= 'z');

		if (!alphanumeric && strchr(others, *text) == NULL)
			return false;
	}
	return true;
}

/* Visible ASCII: neither blanks nor controls nor anything that needed percent-encoding. */
static bool is_target(const char *text)
{
	if (*text != '/')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* Cuts the line that ends with CR LF off *@rest; NULL if a stray CR, LF or NUL is in it. */
static char *take_line(char **rest, const char *end)
{
	char *line = *rest;
	char *cr = memchr(line, '\r', (size_t)(end - line));

	if (cr == NULL || cr + 1 >= end || cr[1] != '\n')
		return NULL;
	*cr = '\0';
	*rest = cr + 2;
	return strlen(line) == (size_t)(cr - line) && strchr(line, '\n') == NULL ? line : NULL;
}

static enum status take_version(const char *version)
{
	if (strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0)
		return OK;
	if (strncmp(version, "HTTP/", 5) == 0 && strlen(version) == 8)
		return VERSION_NOT_SUPPORTED;
	return BAD_REQUEST;
}

static enum http_method method_of(const char *name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = { { "GET", HTTP_GET }, { "HEAD", HTTP_HEAD }, { "POST", HTTP_POST } };

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return HTTP_OTHER;
}

static enum status parse_request_line(char *line, struct http_request *out)
{
	char *target = strchr(line, ' ');
	char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
	char *query;

	if (version == NULL)
		return BAD_REQUEST;
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line) || !is_target(target))
		return BAD_REQUEST;
	out->method = method_of(line);
	query = strchr(target, '?');
	if (query != NULL)
		*query++ = '\0';
	out->version = version;
	out->path = target;
	out->query = query != NULL ? query : "";
	return take_version(version);
}

/* --- header fields --- */

/* A field that stands twice could be read in one way here and in another elsewhere. */
static enum status take_once(const char **field, const char *value)
{
	if (*field != NULL)
		return BAD_REQUEST;
	*field = value;
	return OK;
}

static enum status take_host(struct http_request *out, const char *value)
{
	return take_once(&out->host, value);
}

static enum status take_authorization(struct http_request *out, const char *value)
{
	return take_once(&out->authorization, value);
}

static enum status take_fetch_site(struct http_request *out, const char *value)
{
	out->cross_site = strcmp(value, "same-origin") != 0 && strcmp(value, "none") != 0;
	return OK;
}

static enum status take_content_length(struct http_request *out, const char *value)
{
	(void)out;
	if (*value == '\0' || value[strspn(value, "0123456789")] != '\0')
		return BAD_REQUEST;
	return value[strspn(value, "0")] == '\0' ? OK : CONTENT_TOO_LARGE;
}

static enum status take_transfer_encoding(struct http_request *out, const char *value)
{
	(void)out;
	(void)value;
	return NOT_IMPLEMENTED;
}

static const struct {
	const char *name;
	enum status (*take)(struct http_request *out, const char *value);
} fields[] = {
	{ "host", take_host },
	{ "authorization", take_authorization },
	{ "sec-fetch-site", take_fetch_site },
	{ "content-length", take_content_length },
	{ "transfer-encoding", take_transfer_encoding },
};

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return text;
}

static enum status parse_field(char *line, struct http_request *out)
{
	char *value = strchr(line, ':');

	if (value == NULL)
		return BAD_REQUEST;
	*value++ = '\0';
	if (!is_token(line)) /* also a folded line, and a blank before the colon */
		return BAD_REQUEST;
	value = trim(value);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strcasecmp(fields[i].name, line) == 0)
			return fields[i].take(out, value);
	return OK;
}

int http_request_parse(char *head, size_t len, struct http_request *out)
{
	const char *end = head + len;
	char *line = take_line(&head, end);
	enum status status;

	*out = (struct http_request){ 0 };
	status = line != NULL ? parse_request_line(line, out) : BAD_REQUEST;
	while (status == OK) {
		line = take_line(&head, end);
		if (line == NULL)
			return BAD_REQUEST;
		if (*line == '\0')
			break;
		status = parse_field(line, out);
	}
	if (status == OK && out->host == NULL && strcmp(out->version, "HTTP/1.1") == 0)
		return BAD_REQUEST;
	return (int)status;
}

/* --- percent-encoding --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The octet at text[*i], which is moved behind it; -1 if it is malformed. */
static int decode_octet(const char *text, size_t len, size_t *i)
{
	int high, low;

	if (text[*i] != '%')
		return (unsigned char)text[(*i)++];
	if (len - *i < 3)
		return -1;
	high = hex_digit(text[*i + 1]);
	low = hex_digit(text[*i + 2]);
	*i += 3;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* @plus: what a '+' stands for. */
static int decode(const char *text, size_t len, char plus, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		int octet = text[i] == '+' ? (i++, plus) : decode_octet(text, len, &i);

		if (octet < 0 || n + 1 >= size)
			return -1;
		buf[n++] = (char)octet;
	}
	buf[n] = '\0';
	return (int)n;
}

int http_decode(const char *text, size_t len, char *buf, size_t size)
{
	return decode(text, len, '+', buf, size);
}

int http_query(const char *query, const char *name, char *buf, size_t size)
{
	size_t name_len = strlen(name);

	while (*query != '\0') {
		size_t len = strcspn(query, "&");

		if (len > name_len && query[name_len] == '=' && memcmp(query, name, name_len) == 0)
			return decode(query + name_len + 1, len - name_len - 1, ' ', buf, size);
		query += len + (query[len] == '&');
	}
	*buf = '\0';
	return 0;
}
