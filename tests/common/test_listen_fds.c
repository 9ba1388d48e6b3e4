/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/listen_fds.h"

/* Criterion has descriptors of its own from 3 on: what replaces them runs in a child. */
#define FIRST 3

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(STDERR_FILENO, "%s:%d: %s\n", __FILE__, __LINE__, #condition);     \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void in_child(void (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		body();
		_exit(0);
	}
	cr_assert_gt(child, 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "see standard error");
}

static void move_to(int fd, int place)
{
	MUST(dup2(fd, place) == place);
	if (fd != place)
		close(fd);
}

/* A bound socket; *@address becomes where. */
static int bound(int domain, int type, struct netaddr *address)
{
	int fd = socket(domain, type, 0);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	if (domain == AF_INET6)
		MUST(bind(fd, (struct sockaddr *)&six, sizeof six) == 0);
	else
		MUST(bind(fd, (struct sockaddr *)&four, sizeof four) == 0);
	MUST(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
	MUST(netaddr_from_sockaddr(address, (struct sockaddr *)&sa) == 0);
	return fd;
}

static void announce(long pid, const char *n, const char *names)
{
	char text[24];

	snprintf(text, sizeof text, "%ld", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", n, 1);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
	else
		unsetenv("LISTEN_FDNAMES");
}

/* UDP, TCP and UDP over IPv6 as 3, 4 and 5. */
static struct netaddr udp, tcp, udp6;

static void be_given_three(void)
{
	int fds[3] = { bound(AF_INET, SOCK_DGRAM, &udp), bound(AF_INET, SOCK_STREAM, &tcp),
		bound(AF_INET6, SOCK_DGRAM, &udp6) };
	int high[3];

	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, 100);
		close(fds[i]);
	}
	for (int i = 0; i < 3; i++)
		move_to(high[i], FIRST + i);
	announce(getpid(), "3", "sensors:admin");
}

static struct netaddr address_of(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct netaddr address;

	MUST(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
	MUST(netaddr_from_sockaddr(&address, (struct sockaddr *)&sa) == 0);
	return address;
}

static void a_udp_socket_is_found_by_its_address(void)
{
	struct listen_fds *fds;
	struct netaddr found;
	int fd, again;

	be_given_three();
	fds = listen_fds_new();
	fd = listen_fds_udp(fds, &udp);
	MUST(fd >= 0);
	found = address_of(fd);
	MUST(netaddr_equal(&found, &udp));
	MUST(fcntl(fd, F_GETFL) & O_NONBLOCK);
	MUST(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	again = listen_fds_udp(fds, &udp);
	MUST(again >= 0);
	close(again);
	MUST(listen_fds_udp(fds, &tcp) == -1);
	udp.port++;
	MUST(listen_fds_udp(fds, &udp) == -1);
	listen_fds_free(fds);
}

/* At [::], for IPv6 alone or for both. */
static int everywhere(int only)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };

	MUST(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0);
	MUST(bind(fd, (struct sockaddr *)&any, sizeof any) == 0);
	return fcntl(fd, F_DUPFD, 100);
}

static void an_ipv6_socket_must_not_take_ipv4_too(void)
{
	int both = everywhere(0), only = everywhere(1);
	struct netaddr address;
	struct listen_fds *fds;

	move_to(both, FIRST);
	move_to(only, FIRST + 1);
	announce(getpid(), "2", NULL);
	fds = listen_fds_new();
	address = address_of(FIRST);
	MUST(listen_fds_udp(fds, &address) == -1);
	address = address_of(FIRST + 1);
	MUST(listen_fds_udp(fds, &address) >= 0);
	listen_fds_free(fds);
}

static void others_are_found_by_name_and_type(void)
{
	struct listen_fds *fds;
	int fd;

	be_given_three();
	fds = listen_fds_new();
	MUST(listen_fds_named(fds, "admin", SOCK_DGRAM) == -1);
	MUST(listen_fds_named(fds, "nobody", SOCK_STREAM) == -1);
	fd = listen_fds_named(fds, "admin", SOCK_STREAM);
	MUST(fd >= 0);
	MUST(strcmp(listen_fds_unused(fds, 0), "sensors") == 0);
	MUST(strcmp(listen_fds_unused(fds, 1), "unknown") == 0);
	MUST(listen_fds_unused(fds, 2) == NULL);
	listen_fds_free(fds);
}

static void the_environment_holds_once(void)
{
	struct listen_fds *fds;

	be_given_three();
	fds = listen_fds_new();
	MUST(getenv("LISTEN_PID") == NULL);
	MUST(getenv("LISTEN_FDS") == NULL);
	MUST(getenv("LISTEN_FDNAMES") == NULL);
	MUST(fcntl(FIRST, F_GETFD) & FD_CLOEXEC);
	listen_fds_free(fds);
	MUST(fcntl(FIRST, F_GETFD) == -1);
}

static void what_is_meant_for_another_process_is_not_touched(void)
{
	static const char *const bad[] = { "0", "-1", "many", "100000" };
	struct listen_fds *fds;

	be_given_three();
	announce(1, "3", NULL);
	fds = listen_fds_new();
	MUST(listen_fds_unused(fds, 0) == NULL);
	listen_fds_free(fds);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		announce(getpid(), bad[i], NULL);
		fds = listen_fds_new();
		MUST(listen_fds_unused(fds, 0) == NULL);
		listen_fds_free(fds);
	}
	MUST(fcntl(FIRST, F_GETFD) >= 0);
}

Test(listen_fds, a_udp_socket_is_found_by_its_address_in_a_child)
{
	in_child(a_udp_socket_is_found_by_its_address);
}

Test(listen_fds, an_ipv6_socket_must_not_take_ipv4_too_in_a_child)
{
	in_child(an_ipv6_socket_must_not_take_ipv4_too);
}

Test(listen_fds, others_are_found_by_name_and_type_in_a_child)
{
	in_child(others_are_found_by_name_and_type);
}

Test(listen_fds, the_environment_holds_once_in_a_child)
{
	in_child(the_environment_holds_once);
}

Test(listen_fds, what_is_meant_for_another_process_is_not_touched_in_a_child)
{
	in_child(what_is_meant_for_another_process_is_not_touched);
}
