/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * At which address of this machine a datagram came, and from which one it leaves: IP_PKTINFO and
 * IPV6_PKTINFO in the control messages of recvmmsg() and sendmmsg() (ip(7), ipv6(7)).
 *
 * Such an address is a struct netaddr of which port is not looked at; scope is the interface of a
 * link-local one, else 0, so that the route back is the system's choice.
 */
#ifndef IO_PKTINFO_H
#define IO_PKTINFO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/netaddr.h"

/* Octets that either takes. */
#define PKTINFO_SPACE CMSG_SPACE(sizeof(struct in6_pktinfo))

/* Has the kernel tell, for each datagram on the socket of @family (4 or 6). */
void pktinfo_ask(int fd, uint8_t family);

/* False if @message tells no address that answers can leave from: it is about something else, or
 * the datagram came to a group of IPv6.  To a group or to all of IPv4: that of the interface. */
bool pktinfo_read(const struct cmsghdr *message, struct netaddr *local);

/* Has a datagram on the socket of @family leave from @local: makes that the only control message of
 * @header, in @buf, which has PKTINFO_SPACE octets and the alignment of a struct cmsghdr. */
void pktinfo_write(struct msghdr *header, void *buf, uint8_t family, const struct netaddr *local);

#endif
