/* SPDX-License-Identifier: BSD-3-Clause */
/* Listeners on loopback.  The far ends are plain sockets of this program. */
#include "config.h"

#include "gateway/io/udp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"

#define DATAGRAM_MOST 65507 /* over IPv4 */

/* --- what the kernel does with our datagrams --- */

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);

static struct {
	bool scripted;
	unsigned room; /* datagrams that the socket takes before it is full */
	int refusal;   /* errno for the first datagram, once */
	unsigned calls;
} kernel;

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	int sent;

	kernel.calls++;
	if (kernel.refusal != 0) {
		errno = kernel.refusal;
		kernel.refusal = 0;
		return -1;
	}
	if (!kernel.scripted)
		return __real_sendmmsg(fd, messages, n, flags);
	if (kernel.room == 0) {
		errno = EAGAIN;
		return -1;
	}
	sent = __real_sendmmsg(fd, messages, n < kernel.room ? n : kernel.room, flags);
	cr_assert_gt(sent, 0);
	kernel.room -= (unsigned)sent;
	return sent;
}

/* --- fixture: one listener, one far end --- */

#define HEARD_MAX 1024

static struct event_base *base;
static struct udp_listener *listener;
static int far_end;
static struct netaddr far_address;
static const struct netaddr by_route;

static struct {
	size_t n;
	size_t len[HEARD_MAX];
	uint8_t first[HEARD_MAX][4];
	struct netaddr from, local;
	uint8_t last[65536];
} heard;

static void on_datagram(void *ctx, struct udp_listener *l, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	(void)ctx;
	cr_assert_eq(l, listener);
	cr_assert_lt(heard.n, HEARD_MAX);
	heard.len[heard.n] = len;
	memcpy(heard.first[heard.n], data, len < 4 ? len : 4);
	heard.n++;
	heard.from = *from;
	heard.local = *local;
	memcpy(heard.last, data, len);
}

static void address_of(int fd, struct netaddr *out)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	cr_assert_eq(netaddr_from_sockaddr(out, (struct sockaddr *)&sa), 0);
}

static int socket_at(const char *text)
{
	struct sockaddr_storage sa;
	struct netaddr address;
	int octets = 4 << 20;
	socklen_t len;
	int fd;

	cr_assert_eq(netaddr_parse(&address, text, 0), 0);
	len = netaddr_to_sockaddr(&address, &sa);
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static struct udp_config config_at(const char *text)
{
	struct udp_config config = { .send_datagrams = 1000, .send_octets = 1 << 20 };

	cr_assert_eq(netaddr_parse(&config.bind, text, 0), 0);
	config.receive_buffer = 1 << 20;
	return config;
}

static struct udp_listener *listen_at(const char *text)
{
	struct udp_config config = config_at(text);
	struct udp_listener *l;

	cr_assert_eq(udp_listener_open(&l, base, &config, on_datagram, NULL), 0);
	return l;
}

static void open_pair(const char *text)
{
	base = event_base_new();
	cr_assert_not_null(base);
	listener = listen_at(text);
	far_end = socket_at(text);
	address_of(far_end, &far_address);
}

static void open_ipv4_pair(void)
{
	open_pair("127.0.0.1:0");
}

static void close_pair(void)
{
	udp_listener_close(listener);
	event_base_free(base);
	close(far_end);
}

static void open_ipv6_pair(void)
{
	open_pair("[::1]:0");
}

TestSuite(udp, .init = open_ipv4_pair, .fini = close_pair, .timeout = 30);
TestSuite(udp6, .init = open_ipv6_pair, .fini = close_pair, .timeout = 30);

static void say(int fd, const void *data, size_t len)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = netaddr_to_sockaddr(udp_address(listener), &sa);

	cr_assert_eq(sendto(fd, data, len, 0, (struct sockaddr *)&sa, sa_len), (ssize_t)len);
}

static void say_number(uint32_t number)
{
	say(far_end, &number, sizeof number);
}

static uint32_t heard_number(size_t i)
{
	uint32_t number;

	memcpy(&number, heard.first[i], sizeof number);
	return number;
}

static void queue_number(uint32_t number)
{
	udp_send(listener, &far_address, &by_route, (const uint8_t *)&number, sizeof number);
}

/* One turn: loopback delivers at once, so what was said is there. */
static void turn(void)
{
	cr_assert_geq(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

static bool far_end_hears_something(void)
{
	struct pollfd p = { far_end, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

static void expect_number(uint32_t number)
{
	uint32_t got;

	cr_assert(far_end_hears_something(), "number %u did not come", number);
	cr_assert_eq(recv(far_end, &got, sizeof got, 0), 4);
	cr_assert_eq(got, number);
}

/* --- receiving --- */

Test(udp, tells_the_port_that_the_kernel_chose)
{
	cr_assert_neq(udp_address(listener)->port, 0);
	cr_assert_eq(udp_address(listener)->family, 4);
}

Test(udp, hands_over_sender_and_octets)
{
	say(far_end, "hello", 5);
	turn();
	cr_assert_eq(heard.n, 1);
	cr_assert_eq(heard.len[0], 5);
	cr_assert_arr_eq(heard.last, "hello", 5);
	cr_assert(netaddr_equal(&heard.from, &far_address));
	cr_assert_eq(udp_counters(listener)->received, 1);
}

Test(udp, takes_an_empty_datagram)
{
	say(far_end, "", 0);
	say(far_end, "x", 1);
	turn();
	cr_assert_eq(heard.n, 2);
	cr_assert_eq(heard.len[0], 0);
	cr_assert_eq(heard.len[1], 1);
}

Test(udp, a_burst_comes_in_order_over_several_batches)
{
	for (uint32_t i = 0; i < 200; i++)
		say_number(i);
	turn();
	cr_assert_eq(heard.n, 200, "one turn takes four batches of 64; it took %zu", heard.n);
	for (uint32_t i = 0; i < 200; i++)
		cr_assert_eq(heard_number(i), i);
}

static void count_datagram(void *ctx, struct udp_listener *l, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	(void)l;
	(void)from;
	(void)local;
	(void)data;
	(void)len;
	++*(int *)ctx;
}

Test(udp, a_flooded_listener_leaves_the_others_their_turn)
{
	struct udp_config config = config_at("127.0.0.1:0");
	struct udp_listener *other;
	struct sockaddr_storage sa;
	socklen_t sa_len;
	int count = 0;

	cr_assert_eq(udp_listener_open(&other, base, &config, count_datagram, &count), 0);
	for (uint32_t i = 0; i < 600; i++)
		say_number(i);
	sa_len = netaddr_to_sockaddr(udp_address(other), &sa);
	cr_assert_eq(sendto(far_end, "x", 1, 0, (struct sockaddr *)&sa, sa_len), 1);

	turn();
	cr_assert_eq(heard.n, 256);
	cr_assert_eq(count, 1);
	turn();
	turn();
	cr_assert_eq(heard.n, 600);
	udp_listener_close(other);
}

static void fill(uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)(i * 31 + i / 251);
}

Test(udp, the_longest_datagram_comes_whole_and_goes_whole)
{
	static uint8_t octets[DATAGRAM_MOST], back[DATAGRAM_MOST + 1];

	fill(octets, sizeof octets);
	say(far_end, octets, sizeof octets);
	turn();
	cr_assert_eq(heard.n, 1);
	cr_assert_eq(heard.len[0], sizeof octets);
	cr_assert_arr_eq(heard.last, octets, sizeof octets);

	udp_send(listener, &far_address, &by_route, octets, sizeof octets);
	udp_flush(listener);
	cr_assert(far_end_hears_something());
	cr_assert_eq(recv(far_end, back, sizeof back, 0), (ssize_t)sizeof octets);
	cr_assert_arr_eq(back, octets, sizeof octets);
}

Test(udp, counts_what_the_kernel_dropped)
{
	static uint8_t octets[60000];
	const struct udp_counters *c;

	for (int i = 0; i < 200; i++)
		say(far_end, octets, sizeof octets);
	turn();
	say(far_end, "x", 1); /* carries the count of those dropped before it */
	turn();
	c = udp_counters(listener);
	cr_assert_gt(c->kernel_dropped, 0);
	cr_assert_eq(c->received + c->kernel_dropped, 201);
}

Test(udp, tells_the_receive_buffer_it_got)
{
	struct udp_config config = config_at("127.0.0.1:0");
	struct udp_listener *l;

	config.receive_buffer = 65536;
	cr_assert_eq(udp_listener_open(&l, base, &config, on_datagram, NULL), 0);
	cr_assert_eq(udp_receive_buffer(l), 65536);
	udp_listener_close(l);
	config.receive_buffer = 0;
	cr_assert_eq(udp_listener_open(&l, base, &config, on_datagram, NULL), 0);
	cr_assert_gt(udp_receive_buffer(l), 0);
	udp_listener_close(l);
}

/* --- sending --- */

Test(udp, sends_nothing_before_the_flush_and_all_in_order_with_it)
{
	for (uint32_t i = 0; i < 150; i++)
		queue_number(i);
	turn();
	cr_assert_not(far_end_hears_something());
	udp_flush(listener);
	for (uint32_t i = 0; i < 150; i++)
		expect_number(i);
	cr_assert_not(far_end_hears_something());
	cr_assert_eq(udp_counters(listener)->sent, 150);
	cr_assert_eq(kernel.calls, 3, "150 datagrams are three batches");
}

Test(udp, a_flush_of_nothing_makes_no_call)
{
	udp_flush(listener);
	cr_assert_eq(kernel.calls, 0);
}

Test(udp, a_full_socket_keeps_the_rest_until_it_is_writable)
{
	kernel.scripted = true;
	kernel.room = 70;
	for (uint32_t i = 0; i < 100; i++)
		queue_number(i);
	udp_flush(listener);
	for (uint32_t i = 0; i < 70; i++)
		expect_number(i);
	cr_assert_not(far_end_hears_something());

	kernel.room = 1000;
	queue_number(100);
	kernel.calls = 0;
	udp_flush(listener);
	cr_assert_eq(kernel.calls, 0, "before the write event there is nothing to try");

	turn();
	cr_assert_eq(kernel.calls, 0, "the write event itself sends nothing");
	udp_flush(listener);
	for (uint32_t i = 70; i <= 100; i++)
		expect_number(i);
	cr_assert_eq(udp_counters(listener)->sent, 101);
	cr_assert_eq(udp_counters(listener)->send_dropped, 0);
}

Test(udp, a_full_queue_drops_the_newest_and_counts)
{
	for (uint32_t i = 0; i < 1010; i++)
		queue_number(i);
	cr_assert_eq(udp_counters(listener)->send_dropped, 10);
	udp_flush(listener);
	for (uint32_t i = 0; i < 1000; i++)
		expect_number(i);
	cr_assert_not(far_end_hears_something());
}

Test(udp, a_refused_datagram_is_dropped_and_the_next_ones_go)
{
	kernel.refusal = ENETUNREACH;
	for (uint32_t i = 0; i < 3; i++)
		queue_number(i);
	udp_flush(listener);
	expect_number(1);
	expect_number(2);
	cr_assert_not(far_end_hears_something());
	cr_assert_eq(udp_counters(listener)->send_dropped, 1);
	cr_assert_eq(udp_counters(listener)->sent, 2);
}

Test(udp, an_interrupted_call_is_repeated)
{
	kernel.refusal = EINTR;
	queue_number(7);
	udp_flush(listener);
	expect_number(7);
	cr_assert_eq(udp_counters(listener)->send_dropped, 0);
}

Test(udp, too_long_or_to_port_0_is_dropped_by_the_system_and_the_next_ones_go)
{
	static uint8_t octets[DATAGRAM_MOST + 1];
	struct netaddr nowhere = far_address;

	nowhere.port = 0;
	udp_send(listener, &far_address, &by_route, octets, sizeof octets);
	udp_send(listener, &nowhere, &by_route, octets, 1);
	queue_number(5);
	udp_flush(listener);
	expect_number(5);
	cr_assert_eq(udp_counters(listener)->send_dropped, 2);
}

Test(udp, a_closed_port_on_the_other_side_stops_nothing)
{
	struct netaddr closed;
	int fd = socket_at("127.0.0.1:0");

	address_of(fd, &closed);
	close(fd);
	for (uint32_t i = 0; i < 3; i++) {
		udp_send(listener, &closed, &by_route, (const uint8_t *)"x", 1);
		udp_flush(listener);
		say_number(i);
		turn();
		cr_assert_eq(heard.n, i + 1);
		queue_number(i);
		udp_flush(listener);
		expect_number(i);
	}
}

/* --- at which address --- */

/* The far end speaks to @at, an address of the listener on all of them, and hears nobody else. */
static void reopen_at_all(const char *all, const char *at)
{
	struct sockaddr_storage sa;
	struct netaddr address;
	socklen_t len;

	udp_listener_close(listener);
	listener = listen_at(all);
	cr_assert_eq(netaddr_parse(&address, at, udp_address(listener)->port), 0);
	len = netaddr_to_sockaddr(&address, &sa);
	cr_assert_eq(connect(far_end, (struct sockaddr *)&sa, len), 0);
	cr_assert_eq(send(far_end, "hello", 5, 0), 5);
	turn();
	cr_assert_eq(heard.n, 1);
}

static void answer(uint32_t number, const struct netaddr *local)
{
	udp_send(listener, &far_address, local, (const uint8_t *)&number, sizeof number);
	udp_flush(listener);
}

static void expect_local(const char *at)
{
	struct netaddr address;

	cr_assert_eq(netaddr_parse(&address, at, udp_address(listener)->port), 0);
	cr_assert(netaddr_equal(&heard.local, &address));
}

Test(udp, one_at_all_addresses_tells_which_and_answers_from_there)
{
	reopen_at_all("0.0.0.0:0", "127.0.0.2");
	expect_local("127.0.0.2");
	answer(1, &by_route);
	cr_assert_not(far_end_hears_something(), "the route leads over 127.0.0.1");
	answer(2, &heard.local);
	expect_number(2);
}

Test(udp6, one_at_all_addresses_tells_which_and_answers_from_there)
{
	reopen_at_all("[::]:0", "::1");
	expect_local("::1");
	answer(2, &heard.local);
	expect_number(2);
}

static int dual_socket(void)
{
	const struct sockaddr_in6 all = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0;

	cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&all, sizeof all), 0);
	return fd;
}

/* As a service manager may hand it over. */
Test(udp, a_socket_of_both_families_answers_ipv4_from_the_address_that_was_asked)
{
	struct udp_config config = config_at("[::]:0");
	struct sockaddr_storage sa;
	struct netaddr address;
	socklen_t len;

	udp_listener_close(listener);
	config.socket = dual_socket();
	cr_assert_eq(udp_listener_open(&listener, base, &config, on_datagram, NULL), 0);
	cr_assert_eq(netaddr_parse(&address, "127.0.0.3", udp_address(listener)->port), 0);
	len = netaddr_to_sockaddr(&address, &sa);
	cr_assert_eq(connect(far_end, (struct sockaddr *)&sa, len), 0);
	cr_assert_eq(send(far_end, "hello", 5, 0), 5);
	turn();
	cr_assert_eq(heard.n, 1);
	expect_local("127.0.0.3");
	answer(3, &heard.local);
	expect_number(3);
}

Test(udp, what_came_to_a_group_is_answered_from_an_address_of_the_interface)
{
	struct ip_mreqn group = { .imr_multiaddr.s_addr = htonl(0xefff0707) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = group.imr_multiaddr };

	udp_listener_close(listener);
	listener = listen_at("0.0.0.0:0");
	inet_pton(AF_INET, "127.0.0.1", &group.imr_address);
	cr_assert_eq(
	    setsockopt(udp_socket(listener), IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group),
	    0);
	cr_assert_eq(setsockopt(far_end, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof group), 0);
	to.sin_port = htons(udp_address(listener)->port);
	cr_assert_eq(sendto(far_end, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
	turn();
	cr_assert_eq(heard.n, 1);
	expect_local("127.0.0.1");
}

Test(udp, each_datagram_of_a_batch_leaves_from_its_own)
{
	static const char *const at[] = { "127.0.0.1", "127.0.0.2", "127.0.0.3" };
	struct netaddr local, from;

	udp_listener_close(listener);
	listener = listen_at("0.0.0.0:0");
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert_eq(netaddr_parse(&local, at[i], 0), 0);
		udp_send(listener, &far_address, &local, (const uint8_t *)&i, sizeof i);
	}
	udp_flush(listener);
	cr_assert_eq(kernel.calls, 1);
	for (size_t i = 0; i < 3; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof sa;
		uint32_t number;

		cr_assert(far_end_hears_something());
		cr_assert_eq(recvfrom(far_end, &number, 4, 0, (struct sockaddr *)&sa, &len), 4);
		cr_assert_eq(number, i);
		cr_assert_eq(netaddr_from_sockaddr(&from, (struct sockaddr *)&sa), 0);
		cr_assert_eq(netaddr_parse(&local, at[i], udp_address(listener)->port), 0);
		cr_assert(netaddr_equal(&from, &local));
	}
}

Test(udp, an_address_that_the_machine_has_no_more_is_done_without)
{
	const struct netaddr gone = { .ip = { 192, 0, 2, 1 }, .family = 4 };

	udp_listener_close(listener);
	listener = listen_at("0.0.0.0:0");
	queue_number(1);
	udp_send(listener, &far_address, &gone, (const uint8_t *)&(uint32_t){ 2 }, 4);
	queue_number(3);
	udp_flush(listener);
	for (uint32_t i = 1; i <= 3; i++)
		expect_number(i);
	cr_assert_eq(udp_counters(listener)->sent, 3);
	cr_assert_eq(udp_counters(listener)->send_dropped, 0);
}

Test(udp, one_at_one_address_has_nothing_to_tell)
{
	say_number(1);
	turn();
	cr_assert_eq(heard.n, 1);
	cr_assert_eq(heard.local.family, 0);
}

/* --- opening --- */

Test(udp, a_port_in_use_is_an_error_of_the_system)
{
	struct udp_config config = config_at("127.0.0.1:0");
	struct udp_listener *second = NULL;

	config.bind = *udp_address(listener);
	cr_assert_eq(udp_listener_open(&second, base, &config, on_datagram, NULL), -ERR_SYSTEM);
	cr_assert_eq(errno, EADDRINUSE);
	cr_assert_null(second);
}

Test(udp6, speaks_ipv6_and_leaves_ipv4_its_port)
{
	struct udp_config config;
	struct udp_listener *beside;

	cr_assert_eq(udp_address(listener)->family, 6);
	say(far_end, "six", 3);
	turn();
	cr_assert_eq(heard.n, 1);
	cr_assert(netaddr_equal(&heard.from, &far_address));
	queue_number(66);
	udp_flush(listener);
	expect_number(66);
	close(far_end);
	udp_listener_close(listener);

	/* Both wildcards on one port. */
	listener = listen_at("[::]:0");
	config = config_at("0.0.0.0:0");
	config.bind.port = udp_address(listener)->port;
	cr_assert_eq(udp_listener_open(&beside, base, &config, on_datagram, NULL), 0);
	udp_listener_close(beside);
	far_end = socket_at("[::1]:0");
}

/* Descriptors of a process are few; which of them are sockets of the listener does not matter. */
Test(udp, its_descriptors_are_closed_on_exec)
{
	int checked = 0;

	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof sa;

		if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0 || sa.ss_family != AF_INET)
			continue;
		cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC, "descriptor %d", fd);
		checked++;
	}
	cr_assert_geq(checked, 2);
}

Test(udp, close_takes_null)
{
	cr_assert_null(udp_listener_close(NULL));
}
