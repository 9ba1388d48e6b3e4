/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/io/udp.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/io/pktinfo.h"
#include "gateway/io/send_queue.h"

#define BATCH            64    /* datagrams per system call */
#define BATCHES_PER_TURN 4     /* then the other listeners and the broker have their turn */
#define DATAGRAM_MAX     65536 /* more than UDP can carry: nothing is ever cut */

/* Where recvmmsg() writes.  The octets come from the system untouched, so that a slot costs memory
 * only up to the longest datagram it ever held. */
struct inbox {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_storage senders[BATCH];
	_Alignas(
	    struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(uint32_t)) + PKTINFO_SPACE];
	uint8_t octets[BATCH][DATAGRAM_MAX];
};

struct udp_listener {
	int fd;
	struct event *readable;
	struct event *writable;
	struct netaddr address;
	bool at_all; /* addresses of the machine */
	uint32_t receive_buffer;

	udp_datagram_fn *on_datagram;
	void *ctx;

	struct inbox *inbox;
	struct send_queue *queue;
	bool full; /* the socket takes nothing until it is writable */

	uint32_t overflows; /* the kernel's own count, which wraps */
	struct udp_counters counters;
};

/* --- receiving --- */

/* recvmmsg() overwrites the lengths with what it found. */
static void inbox_reset(struct inbox *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct msghdr *h = &in->messages[i].msg_hdr;

		h->msg_namelen = sizeof in->senders[i];
		h->msg_controllen = sizeof in->control[i];
	}
}

static struct inbox *inbox_new(void)
{
	struct inbox *in = malloc(sizeof *in);

	if (in == NULL)
		return NULL;
	memset(in->messages, 0, sizeof in->messages);
	for (size_t i = 0; i < BATCH; i++) {
		struct msghdr *h = &in->messages[i].msg_hdr;

		in->parts[i] = (struct iovec){ in->octets[i], sizeof in->octets[i] };
		h->msg_iov = &in->parts[i];
		h->msg_iovlen = 1;
		h->msg_name = &in->senders[i];
		h->msg_control = in->control[i];
	}
	inbox_reset(in, BATCH);
	return in;
}

/* Each datagram carries how many the socket had dropped before it came, once there are any. */
static void count_overflows(struct udp_listener *l, struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		uint32_t overflows;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&overflows, CMSG_DATA(c), sizeof overflows);
		l->counters.kernel_dropped += (uint32_t)(overflows - l->overflows);
		l->overflows = overflows;
	}
}

static void find_local(const struct udp_listener *l, struct msghdr *h, struct netaddr *local)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (!pktinfo_read(c, local))
			continue;
		local->port = l->address.port;
		return;
	}
	*local = (struct netaddr){ 0 };
}

static void deliver(struct udp_listener *l, size_t n)
{
	struct netaddr local = { 0 };
	struct inbox *in = l->inbox;

	l->counters.received += n;
	count_overflows(l, &in->messages[n - 1].msg_hdr);
	for (size_t i = 0; i < n; i++) {
		struct netaddr from;

		if (netaddr_from_sockaddr(&from, (struct sockaddr *)&in->senders[i]) < 0)
			continue;
		if (l->at_all)
			find_local(l, &in->messages[i].msg_hdr, &local);
		l->on_datagram(l->ctx, l, &from, &local, in->octets[i], in->messages[i].msg_len);
	}
	inbox_reset(in, n);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct udp_listener *l = ctx;

	(void)what;
	for (int batch = 0; batch < BATCHES_PER_TURN; batch++) {
		int n = recvmmsg(fd, l->inbox->messages, BATCH, MSG_DONTWAIT, NULL);

		if (n > 0)
			deliver(l, (size_t)n);
		if (n >= 0 && n < BATCH)
			return;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		/* Any other error belongs to one datagram (ICMP) and is gone by having been told.
		 */
	}
}

/* --- sending --- */

/* The oldest datagrams, ready for sendmmsg(). */
struct outbox {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_storage receivers[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][PKTINFO_SPACE];
};

static unsigned outbox_fill(struct outbox *out, const struct send_queue *queue, uint8_t family)
{
	size_t n = send_queue_count(queue);

	if (n > BATCH)
		n = BATCH;
	for (size_t i = 0; i < n; i++) {
		struct queued d = send_queue_at(queue, i);

		out->parts[i] = (struct iovec){ (void *)d.data, d.len };
		out->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &out->receivers[i],
			.msg_namelen = netaddr_to_sockaddr(d.to, &out->receivers[i]),
			.msg_iov = &out->parts[i],
			.msg_iovlen = 1,
		};
		if (d.local->family != 0)
			pktinfo_write(&out->messages[i].msg_hdr, out->control[i], family, d.local);
	}
	return (unsigned)n;
}

/* Sends one batch.  False if the socket is full. */
static bool send_batch(struct udp_listener *l)
{
	struct outbox out;
	unsigned filled = outbox_fill(&out, l->queue, l->address.family);
	int n = sendmmsg(l->fd, out.messages, filled, MSG_DONTWAIT);

	if (n > 0) {
		l->counters.sent += (unsigned)n;
		send_queue_drop(l->queue, (size_t)n);
		return true;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return false;
	if (errno == EINTR)
		return true;
	/* The system does not send this one.  Where it is no longer this machine's address: */
	if (send_queue_at(l->queue, 0).local->family != 0) {
		send_queue_by_route(l->queue);
		return true;
	}
	/* No route, too long for the link, an ICMP error of an earlier one. */
	l->counters.send_dropped++;
	send_queue_drop(l->queue, 1);
	return true;
}

void udp_flush(struct udp_listener *l)
{
	while (!l->full && send_queue_count(l->queue) > 0) {
		if (send_batch(l))
			continue;
		l->full = true;
		event_add(l->writable, NULL);
	}
}

/* Does not send: what was queued in this turn has to wait for its end. */
static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct udp_listener *l = ctx;

	(void)fd;
	(void)what;
	l->full = false;
}

void udp_send(struct udp_listener *l, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *data, size_t len)
{
	if (send_queue_push(l->queue, to, local, data, len) < 0)
		l->counters.send_dropped++;
}

/* --- opening and closing --- */

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value);
}

/* The kernel books twice what it is asked for, and tells that. */
static uint32_t receive_buffer(int fd)
{
	int booked = 0;
	socklen_t len = sizeof booked;

	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &booked, &len);
	return (uint32_t)booked / 2;
}

static void size_receive_buffer(int fd, uint32_t octets)
{
	int wanted = octets > INT32_MAX / 2 ? INT32_MAX / 2 : (int)octets;

	if (octets > 0 && set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted) < 0)
		set_option(fd, SOL_SOCKET, SO_RCVBUF, wanted);
}

static int bind_socket(int fd, const struct netaddr *to, bool shared)
{
	struct sockaddr_storage sa;
	socklen_t len = netaddr_to_sockaddr(to, &sa);

	/* IPv4 has listeners of its own: "::" shall not take their port. */
	if (to->family == 6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0)
		return -ERR_SYSTEM;
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, shared);
	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		return -ERR_SYSTEM;
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, false);
	return 0;
}

static int read_address(struct udp_listener *l)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	if (getsockname(l->fd, (struct sockaddr *)&sa, &len) < 0)
		return -ERR_SYSTEM;
	return netaddr_from_sockaddr(&l->address, (struct sockaddr *)&sa);
}

static int new_socket(struct udp_listener *l, const struct udp_config *config)
{
	int domain = config->bind.family == 6 ? AF_INET6 : AF_INET;

	l->fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return l->fd >= 0 ? bind_socket(l->fd, &config->bind, config->shared) : -ERR_SYSTEM;
}

static int open_socket(struct udp_listener *l, const struct udp_config *config)
{
	int rc;

	if (l->fd < 0 && (rc = new_socket(l, config)) < 0)
		return rc;
	set_option(l->fd, SOL_SOCKET, SO_RXQ_OVFL, 1); /* without it a counter stays 0 */
	/* Who opened the socket for us may have had the right to give it more than we could. */
	if (config->socket <= 0 || receive_buffer(l->fd) < config->receive_buffer)
		size_receive_buffer(l->fd, config->receive_buffer);
	l->receive_buffer = receive_buffer(l->fd);
	if ((rc = read_address(l)) < 0)
		return rc;
	l->at_all = netaddr_is_any(&l->address);
	if (l->at_all)
		pktinfo_ask(l->fd, l->address.family);
	return 0;
}

static int watch_socket(struct udp_listener *l, struct event_base *base)
{
	l->readable = event_new(base, l->fd, EV_READ | EV_PERSIST, on_readable, l);
	l->writable = event_new(base, l->fd, EV_WRITE, on_writable, l);
	if (l->readable == NULL || l->writable == NULL)
		return -ERR_NOMEM;
	return event_add(l->readable, NULL) < 0 ? -ERR_NOMEM : 0;
}

int udp_listener_open(struct udp_listener **out, struct event_base *base,
    const struct udp_config *config, udp_datagram_fn *on_datagram, void *ctx)
{
	struct udp_listener *l = calloc(1, sizeof *l);
	int rc = -ERR_NOMEM;
	int saved;

	if (l == NULL)
		return rc;
	l->fd = config->socket > 0 ? config->socket : -1;
	l->on_datagram = on_datagram;
	l->ctx = ctx;
	l->inbox = inbox_new();
	l->queue = send_queue_new(config->send_datagrams, config->send_octets);
	if (l->inbox == NULL || l->queue == NULL)
		goto fail;
	if ((rc = open_socket(l, config)) < 0)
		goto fail;
	if ((rc = watch_socket(l, base)) < 0)
		goto fail;
	*out = l;
	return 0;
fail:
	saved = errno;
	udp_listener_close(l);
	errno = saved;
	return rc;
}

struct udp_listener *udp_listener_close(struct udp_listener *l)
{
	if (l == NULL)
		return NULL;
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->writable != NULL)
		event_free(l->writable);
	if (l->fd >= 0)
		close(l->fd);
	send_queue_free(l->queue);
	free(l->inbox);
	free(l);
	return NULL;
}

const struct netaddr *udp_address(const struct udp_listener *l)
{
	return &l->address;
}

uint32_t udp_receive_buffer(const struct udp_listener *l)
{
	return l->receive_buffer;
}

const struct udp_counters *udp_counters(const struct udp_listener *l)
{
	return &l->counters;
}

void udp_share_port(struct udp_listener *l, bool shared)
{
	set_option(l->fd, SOL_SOCKET, SO_REUSEADDR, shared);
}

int udp_socket(const struct udp_listener *l)
{
	return l->fd;
}
