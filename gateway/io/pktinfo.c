/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/io/pktinfo.h"

#include <string.h>

void pktinfo_ask(int fd, uint8_t family)
{
	int on = 1;

	if (family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
	else
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

/* --- reading --- */

static void read_ipv4(const struct cmsghdr *message, struct netaddr *local)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct in_pktinfo info;

	memcpy(&info, CMSG_DATA(message), sizeof info);
	in.sin_addr = info.ipi_spec_dst; /* not ipi_addr, which may be a group's */
	netaddr_from_sockaddr(local, (struct sockaddr *)&in);
}

/* A socket of both families tells an IPv4 address as a mapped one. */
static void read_ipv6(const struct cmsghdr *message, struct netaddr *local)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(message), sizeof info);
	in6.sin6_addr = info.ipi6_addr;
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
		in6.sin6_scope_id = info.ipi6_ifindex;
	netaddr_from_sockaddr(local, (struct sockaddr *)&in6);
}

bool pktinfo_read(const struct cmsghdr *message, struct netaddr *local)
{
	if (message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_PKTINFO)
		read_ipv4(message, local);
	else if (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_PKTINFO)
		read_ipv6(message, local);
	else
		return false;
	return !netaddr_is_multicast(local);
}

/* --- writing --- */

static void put(struct msghdr *header, void *buf, int level, int type, const void *info, size_t len)
{
	struct cmsghdr message = {
		.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len)
	};

	memcpy(buf, &message, sizeof message);
	memcpy(CMSG_DATA((struct cmsghdr *)buf), info, len);
	header->msg_control = buf;
	header->msg_controllen = CMSG_SPACE(len);
}

void pktinfo_write(struct msghdr *header, void *buf, uint8_t family, const struct netaddr *local)
{
	struct in6_pktinfo info6 = { .ipi6_ifindex = local->scope };
	struct in_pktinfo info4 = { 0 };

	if (family != 6) {
		memcpy(&info4.ipi_spec_dst, local->ip, sizeof info4.ipi_spec_dst);
		put(header, buf, IPPROTO_IP, IP_PKTINFO, &info4, sizeof info4);
		return;
	}
	if (local->family == 6) {
		memcpy(&info6.ipi6_addr, local->ip, sizeof info6.ipi6_addr);
	} else {
		memset(info6.ipi6_addr.s6_addr + 10, 0xff, 2); /* a mapped one */
		memcpy(info6.ipi6_addr.s6_addr + 12, local->ip, 4);
	}
	put(header, buf, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6);
}
