/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/netaddr.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"

/* The longest "address%scope". */
#define HOST_MAX (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)

static void set_ipv4(struct netaddr *out, const void *ip)
{
	memset(out, 0, sizeof *out);
	out->family = 4;
	memcpy(out->ip, ip, 4);
}

static void set_ipv6(struct netaddr *out, const struct in6_addr *ip)
{
	if (IN6_IS_ADDR_V4MAPPED(ip)) {
		set_ipv4(out, ip->s6_addr + 12);
		return;
	}
	memset(out, 0, sizeof *out);
	out->family = 6;
	memcpy(out->ip, ip, 16);
}

int netaddr_from_sockaddr(struct netaddr *out, const struct sockaddr *sa)
{
	/* Copied, since a caller's buffer need not be aligned for either. */
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof in);
		set_ipv4(out, &in.sin_addr);
		out->port = ntohs(in.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&in6, sa, sizeof in6);
		set_ipv6(out, &in6.sin6_addr);
		out->port = ntohs(in6.sin6_port);
		if (out->family == 6)
			out->scope = in6.sin6_scope_id;
		return 0;
	default:
		return -ERR_INVALID;
	}
}

socklen_t netaddr_to_sockaddr(const struct netaddr *addr, struct sockaddr_storage *out)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(out, 0, sizeof *out);
	switch (addr->family) {
	case 4:
		in.sin_port = htons(addr->port);
		memcpy(&in.sin_addr, addr->ip, 4);
		memcpy(out, &in, sizeof in);
		return sizeof in;
	case 6:
		in6.sin6_port = htons(addr->port);
		in6.sin6_scope_id = addr->scope;
		memcpy(&in6.sin6_addr, addr->ip, 16);
		memcpy(out, &in6, sizeof in6);
		return sizeof in6;
	default:
		return 0;
	}
}

/* Decimal digits only: no sign, no space, nothing behind. */
static bool parse_number(const char *text, uint32_t most, uint32_t *out)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > most)
			return false;
	}
	*out = (uint32_t)value;
	return true;
}

static bool parse_scope(const char *text, uint32_t *out)
{
	if (parse_number(text, UINT32_MAX, out))
		return *out != 0;
	*out = if_nametoindex(text);
	return *out != 0;
}

static bool parse_ipv4(struct netaddr *out, const char *host)
{
	struct in_addr ip;

	if (inet_pton(AF_INET, host, &ip) != 1)
		return false;
	set_ipv4(out, &ip);
	return true;
}

/* Cuts @host at its scope. */
static bool parse_ipv6(struct netaddr *out, char *host)
{
	char *percent = strchr(host, '%');
	struct in6_addr ip;

	if (percent != NULL)
		*percent = '\0';
	if (inet_pton(AF_INET6, host, &ip) != 1)
		return false;
	set_ipv6(out, &ip);
	if (percent == NULL)
		return true;
	return out->family == 6 && parse_scope(percent + 1, &out->scope);
}

/* Finds where the address in @text starts and ends; *port is what follows its colon, or NULL. */
static bool split(const char *text, bool *ipv6, const char **host, size_t *len, const char **port)
{
	const char *colon = strchr(text, ':');
	const char *end;

	*port = NULL;
	*host = text;
	*ipv6 = true;
	if (*text == '[') {
		*host = text + 1;
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		if (end[1] == ':')
			*port = end + 2;
	} else if (colon != NULL && strchr(colon + 1, ':') != NULL) {
		end = text + strlen(text);
	} else {
		*ipv6 = false;
		end = colon != NULL ? colon : text + strlen(text);
		if (colon != NULL)
			*port = colon + 1;
	}
	*len = (size_t)(end - *host);
	return true;
}

int netaddr_parse(struct netaddr *out, const char *text, uint16_t default_port)
{
	char buf[HOST_MAX];
	const char *host, *port_text;
	size_t len;
	bool ipv6;
	uint32_t port = default_port;
	struct netaddr addr;

	if (!split(text, &ipv6, &host, &len, &port_text) || len >= sizeof buf)
		return -ERR_INVALID;
	memcpy(buf, host, len);
	buf[len] = '\0';
	if (!(ipv6 ? parse_ipv6(&addr, buf) : parse_ipv4(&addr, buf)))
		return -ERR_INVALID;
	if (port_text != NULL && !parse_number(port_text, UINT16_MAX, &port))
		return -ERR_INVALID;
	addr.port = (uint16_t)port;
	*out = addr;
	return 0;
}

const char *netaddr_print(const struct netaddr *addr, char *buf)
{
	char ip[INET6_ADDRSTRLEN];
	char scope[12] = "";

	switch (addr->family) {
	case 4:
		inet_ntop(AF_INET, addr->ip, ip, sizeof ip);
		snprintf(buf, NETADDR_TEXT_MAX, "%s:%u", ip, addr->port);
		break;
	case 6:
		inet_ntop(AF_INET6, addr->ip, ip, sizeof ip);
		if (addr->scope != 0)
			snprintf(scope, sizeof scope, "%%%" PRIu32, addr->scope);
		snprintf(buf, NETADDR_TEXT_MAX, "[%.39s%s]:%u", ip, scope, addr->port);
		break;
	default:
		snprintf(buf, NETADDR_TEXT_MAX, "none");
	}
	return buf;
}

bool netaddr_equal(const struct netaddr *a, const struct netaddr *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

bool netaddr_is_loopback(const struct netaddr *addr)
{
	struct in6_addr ip;

	if (addr->family == 4)
		return addr->ip[0] == 127;
	memcpy(&ip, addr->ip, sizeof ip);
	return addr->family == 6 && IN6_IS_ADDR_LOOPBACK(&ip);
}

bool netaddr_is_multicast(const struct netaddr *addr)
{
	if (addr->family == 4)
		return addr->ip[0] >> 4 == 0xe;
	return addr->family == 6 && addr->ip[0] == 0xff;
}

bool netaddr_is_any(const struct netaddr *addr)
{
	static const uint8_t any[sizeof addr->ip];

	return memcmp(addr->ip, any, sizeof any) == 0;
}
