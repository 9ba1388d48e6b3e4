/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "tools/sn_socket.h"

static int peer;
static char port[8];
static struct sn_socket *s;

/* A socket on a port that the kernel chooses. */
static void setup(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;

	peer = socket(AF_INET, SOCK_DGRAM, 0);
	cr_assert_eq(bind(peer, (struct sockaddr *)&address, len), 0);
	cr_assert_eq(getsockname(peer, (struct sockaddr *)&address, &len), 0);
	snprintf(port, sizeof port, "%u", ntohs(address.sin_port));
}

static void teardown(void)
{
	s = sn_socket_close(s);
	if (peer >= 0)
		close(peer);
}

TestSuite(sn_socket, .init = setup, .fini = teardown);

static void wait_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	cr_assert_eq(poll(&poll_fd, 1, 10000), 1);
}

Test(sn_socket, sends_and_receives)
{
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	uint8_t buf[16];

	cr_assert_null(sn_socket_open(&s, "127.0.0.1", port));
	cr_assert_eq(sn_socket_receive(s, buf, sizeof buf), 0, "nothing there");
	cr_assert_eq(sn_socket_send(s, (const uint8_t *)"ping", 4), 0);
	wait_readable(peer);
	cr_assert_eq(recvfrom(peer, buf, sizeof buf, 0, (struct sockaddr *)&from, &len), 4);
	cr_assert_eq(memcmp(buf, "ping", 4), 0);
	cr_assert_eq(sendto(peer, "pong!", 5, 0, (struct sockaddr *)&from, len), 5);
	wait_readable(sn_socket_fd(s));
	cr_assert_eq(sn_socket_receive(s, buf, sizeof buf), 5);
	cr_assert_eq(memcmp(buf, "pong!", 5), 0);
}

Test(sn_socket, hears_that_nobody_is_there)
{
	uint8_t buf[16];

	close(peer);
	peer = -1;
	cr_assert_null(sn_socket_open(&s, "127.0.0.1", port));
	cr_assert_eq(sn_socket_send(s, (const uint8_t *)"ping", 4), 0);
	wait_readable(sn_socket_fd(s));
	cr_assert_eq(sn_socket_receive(s, buf, sizeof buf), -ERR_SYSTEM);
	cr_assert_eq(errno, ECONNREFUSED);
}

Test(sn_socket, tells_of_a_datagram_that_cannot_be_sent)
{
	static uint8_t large[65536];

	cr_assert_null(sn_socket_open(&s, "127.0.0.1", port));
	cr_assert_eq(sn_socket_send(s, large, sizeof large), -ERR_SYSTEM);
	cr_assert_eq(errno, EMSGSIZE);
}

Test(sn_socket, turns_to_each_address_once)
{
	cr_assert_null(sn_socket_open(&s, "127.0.0.1", port));
	cr_assert_not(sn_socket_next(s), "a number is one address");
	cr_assert_eq(sn_socket_send(s, (const uint8_t *)"ping", 4), 0, "and stays in use");
}

Test(sn_socket, needs_a_host)
{
	cr_assert_not_null(sn_socket_open(&s, "256.256.256.256", port));
	cr_assert_null(s);
	cr_assert_null(sn_socket_close(NULL));
}
