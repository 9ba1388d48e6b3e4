/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/io/multicast.h"

#include <errno.h>
#include <event2/event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"

enum {
	WAITING_MAX = 16, /* messages to the group in one turn */
	DATAGRAMS_PER_TURN = 64,
	DATAGRAM_MAX = 2048, /* no message to a group is nearly as long */
};

struct waiting {
	uint8_t data[MULTICAST_MAX];
	uint8_t len;
	uint8_t hops;
};

struct multicast {
	int fd; /* hears the group; the listener's own socket speaks to it */
	struct event *readable;
	struct udp_listener *listener;
	struct netaddr group;
	unsigned interface;
	uint8_t hops;
	struct netaddr self; /* where our own messages to the group come from */

	udp_datagram_fn *on_datagram;
	void *ctx;

	struct waiting waiting[WAITING_MAX];
	size_t n_waiting;
};

static int set_option(int fd, int level, int option, const void *value, socklen_t len)
{
	return setsockopt(fd, level, option, value, len) < 0 ? -ERR_SYSTEM : 0;
}

/* --- hearing --- */

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct multicast *m = ctx;
	uint8_t data[DATAGRAM_MAX];

	(void)what;
	for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
		struct sockaddr_storage sa;
		socklen_t sa_len = sizeof sa;
		struct netaddr from, local = { 0 }; /* nobody can answer from a group's */
		ssize_t n =
		    recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&sa, &sa_len);

		if (n < 0)
			return;
		if (netaddr_from_sockaddr(&from, (struct sockaddr *)&sa) == 0 &&
		    !netaddr_equal(&from, &m->self))
			m->on_datagram(m->ctx, m->listener, &from, &local, data, (size_t)n);
	}
}

static int join(const struct multicast *m)
{
	struct sockaddr_storage sa;

	netaddr_to_sockaddr(&m->group, &sa);
	if (m->group.family == 6) {
		struct ipv6_mreq request = {
			.ipv6mr_multiaddr = ((struct sockaddr_in6 *)&sa)->sin6_addr,
			.ipv6mr_interface = m->interface,
		};

		return set_option(m->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request);
	}
	struct ip_mreqn request = {
		.imr_multiaddr = ((struct sockaddr_in *)&sa)->sin_addr,
		.imr_ifindex = (int)m->interface,
	};
	return set_option(m->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
}

/* Bound to the group's own address, so that nothing else is heard; others on this machine may do
 * the same. */
static int open_socket(struct multicast *m)
{
	struct sockaddr_storage sa;
	socklen_t len = netaddr_to_sockaddr(&m->group, &sa);
	int on = 1;
	int rc;

	m->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (m->fd < 0)
		return -ERR_SYSTEM;
	if ((rc = set_option(m->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) < 0)
		return rc;
	if (bind(m->fd, (struct sockaddr *)&sa, len) < 0)
		return -ERR_SYSTEM;
	return join(m);
}

/* --- speaking --- */

static int choose_interface(int fd, const struct multicast *m)
{
	int index = (int)m->interface;
	struct ip_mreqn request = { .imr_ifindex = index };

	if (index == 0)
		return 0;
	if (m->group.family == 6)
		return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
	return set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
}

static void set_hops(int fd, uint8_t family, int hops)
{
	if (family == 6)
		set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
	else
		set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops);
}

/* The address that the system puts into our messages to the group may change while we run; the
 * group repeats them to us with it.  A socket that is connected there tells. */
static void learn_self(struct multicast *m)
{
	const struct netaddr *bound = udp_address(m->listener);
	struct sockaddr_storage sa;
	socklen_t len = netaddr_to_sockaddr(&m->group, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	m->self = *bound;
	if (fd >= 0 && netaddr_is_any(bound) && choose_interface(fd, m) == 0 &&
	    connect(fd, (struct sockaddr *)&sa, len) == 0) {
		len = sizeof sa;
		if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
			netaddr_from_sockaddr(&m->self, (struct sockaddr *)&sa);
		m->self.port = bound->port;
	}
	if (fd >= 0)
		close(fd);
}

void multicast_send(struct multicast *m, uint8_t hops, const uint8_t *data, size_t len)
{
	struct waiting *w = &m->waiting[m->n_waiting];

	if (m->n_waiting == WAITING_MAX || len > sizeof w->data)
		return;
	memcpy(w->data, data, len);
	w->len = (uint8_t)len;
	w->hops = hops > 0 ? hops : m->hops;
	m->n_waiting++;
}

void multicast_flush(struct multicast *m)
{
	struct sockaddr_storage sa;
	socklen_t len;
	int fd;

	if (m->n_waiting == 0)
		return;
	learn_self(m);
	len = netaddr_to_sockaddr(&m->group, &sa);
	fd = udp_socket(m->listener);
	for (size_t i = 0; i < m->n_waiting; i++) {
		const struct waiting *w = &m->waiting[i];

		set_hops(fd, m->group.family, w->hops);
		/* One that is lost here is like one that is lost on the air. */
		(void)!sendto(fd, w->data, w->len, MSG_DONTWAIT, (struct sockaddr *)&sa, len);
	}
	m->n_waiting = 0;
}

/* --- opening and closing --- */

static int find_interface(struct multicast *m, const char *name)
{
	if (name == NULL)
		return 0;
	m->interface = if_nametoindex(name);
	return m->interface > 0 ? 0 : -ERR_INVALID;
}

static int watch(struct multicast *m, struct event_base *base)
{
	m->readable = event_new(base, m->fd, EV_READ | EV_PERSIST, on_readable, m);
	if (m->readable == NULL || event_add(m->readable, NULL) < 0)
		return -ERR_NOMEM;
	return 0;
}

static int set_up(
    struct multicast *m, struct event_base *base, const struct multicast_config *config)
{
	int rc;

	if (!netaddr_is_multicast(&m->group) || m->group.family != udp_address(m->listener)->family)
		return -ERR_INVALID;
	if ((rc = find_interface(m, config->interface)) < 0)
		return rc;
	if ((rc = open_socket(m)) < 0)
		return rc;
	if ((rc = choose_interface(udp_socket(m->listener), m)) < 0)
		return rc;
	learn_self(m);
	return watch(m, base);
}

int multicast_open(struct multicast **out, struct event_base *base, struct udp_listener *listener,
    const struct multicast_config *config, udp_datagram_fn *on_datagram, void *ctx)
{
	struct multicast *m = calloc(1, sizeof *m);
	int rc, saved;

	if (m == NULL)
		return -ERR_NOMEM;
	m->fd = -1;
	m->listener = listener;
	m->group = config->group;
	m->hops = config->hops;
	m->on_datagram = on_datagram;
	m->ctx = ctx;
	rc = set_up(m, base, config);
	if (rc == 0) {
		*out = m;
		return 0;
	}
	saved = errno;
	multicast_close(m);
	errno = saved;
	return rc;
}

struct multicast *multicast_close(struct multicast *m)
{
	if (m == NULL)
		return NULL;
	if (m->readable != NULL)
		event_free(m->readable);
	if (m->fd >= 0)
		close(m->fd);
	free(m);
	return NULL;
}
