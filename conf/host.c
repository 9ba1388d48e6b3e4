/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/host.h"

#include <stdlib.h>
#include <string.h>

enum {
	HOST_MAX = 255,
	PORT_DIGITS = 5,
};

bool host_split(char *text, char **host, char **port)
{
	char *end = strchr(text, ']');
	char *colon = strrchr(text, ':');

	*host = text;
	*port = NULL;
	if (*text == '[') {
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*host = text + 1;
		colon = end[1] == ':' ? end + 1 : NULL;
		*end = '\0';
	} else if (colon != strchr(text, ':')) {
		colon = NULL;
	}
	if (colon != NULL) {
		*colon = '\0';
		*port = colon + 1;
	}
	return true;
}

static bool parse_port(const char *text, uint16_t *port)
{
	size_t len = strlen(text);
	unsigned long n;

	if (len == 0 || len > PORT_DIGITS || strspn(text, "0123456789") != len)
		return false;
	n = strtoul(text, NULL, 10);
	*port = (uint16_t)n;
	return n >= 1 && n <= UINT16_MAX;
}

bool host_parse(char *text, uint16_t default_port, char **host, uint16_t *port)
{
	char *digits;

	if (!host_split(text, host, &digits) || **host == '\0' || strlen(*host) > HOST_MAX)
		return false;
	*port = default_port;
	return digits == NULL || parse_port(digits, port);
}

bool host_valid(const char *text)
{
	char copy[HOST_MAX + sizeof "[]:65535"], *host;
	uint16_t port;

	if (strlen(text) >= sizeof copy)
		return false;
	strcpy(copy, text);
	return host_parse(copy, 1, &host, &port);
}
