/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What forwarding costs: processor time per datagram of a forwarder, beside that of a bare relay
 * that does recvfrom() and sendto() and nothing else, in the same run; and memory per node.
 *
 *	bench_forward PATH-OF-MQTTSN-FORWARDER [DATAGRAMS]
 */
#include "config.h"

#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/monotime.h"
#include "forwarder/nodes.h"

enum {
	NODES = 10000,
	NODE_ID_LEN = 6,
	TRIES = 3,
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* A socket on a port of the system's choice; receiving gives up after a second. */
static int open_socket(struct sockaddr_in *addr)
{
	const struct timeval patience = { .tv_sec = 1 };
	socklen_t len = sizeof *addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)addr, &len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
		die("socket");
	return fd;
}

static void relay(int fd, const struct sockaddr_in *to)
{
	uint8_t data[2048];

	for (;;) {
		ssize_t n = recvfrom(fd, data, sizeof data, 0, NULL, NULL);

		if (n > 0)
			sendto(fd, data, (size_t)n, 0, (const struct sockaddr *)to, sizeof *to);
	}
}

static pid_t start_relay(const struct sockaddr_in *gateway, struct sockaddr_in *listen)
{
	int fd = open_socket(listen);
	pid_t pid = fork();

	if (pid == 0)
		relay(fd, gateway);
	close(fd);
	return pid;
}

static pid_t start_forwarder(
    const char *program, const struct sockaddr_in *gateway, struct sockaddr_in *listen)
{
	char to[32], from[32];
	pid_t pid;

	close(open_socket(listen)); /* a port that was free a moment ago */
	snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(gateway->sin_port));
	snprintf(from, sizeof from, "127.0.0.1:%u", ntohs(listen->sin_port));
	pid = fork();
	if (pid == 0) {
		execl(program, program, "--gateway", to, "--listen", from, "--set",
		    "log.level=warning", (char *)NULL);
		die(program);
	}
	return pid;
}

static void say(int node, const struct sockaddr_in *to)
{
	static const uint8_t publish[] = "\x19\x0C\x00\x00\x01\x00\x00"
	                                 "temperature = 23.5";

	sendto(node, publish, sizeof publish - 1, 0, (const struct sockaddr *)to, sizeof *to);
}

static bool hear(int gateway)
{
	uint8_t data[2048];

	return recv(gateway, data, sizeof data, 0) > 0;
}

/* Microseconds of processor time per datagram, @window of them on their way at once. */
static double measure(
    pid_t pid, int node, int gateway, const struct sockaddr_in *to, unsigned n, unsigned window)
{
	struct rusage usage;
	unsigned heard = 0;

	for (int i = 0; i < 50; i++) { /* until it listens */
		say(node, to);
		if (hear(gateway))
			break;
		usleep(20000);
	}
	while (heard < n) {
		for (unsigned i = 0; i < window; i++)
			say(node, to);
		for (unsigned i = 0; i < window && hear(gateway); i++)
			heard++;
	}
	kill(pid, SIGTERM);
	if (wait4(pid, NULL, 0, &usage) != pid)
		die("wait4");
	return ((double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)) /
	       heard;
}

static void compare(const char *program, unsigned n, unsigned window)
{
	struct sockaddr_in gateway_addr, node_addr, listen;
	int gateway = open_socket(&gateway_addr), node = open_socket(&node_addr);
	double bare = 1e9, full = 1e9;

	for (int i = 0; i < TRIES; i++) {
		pid_t pid = start_relay(&gateway_addr, &listen);
		double us = measure(pid, node, gateway, &listen, n, window);

		bare = us < bare ? us : bare;
		pid = start_forwarder(program, &gateway_addr, &listen);
		us = measure(pid, node, gateway, &listen, n, window);
		full = us < full ? us : full;
	}
	printf("%3u on their way at once: relay %.2f us, forwarder %.2f us per datagram (%.2f)\n",
	    window, bare, full, full / bare);
	close(gateway);
	close(node);
}

static void weigh_nodes(void)
{
	struct nodes *nodes = nodes_new((struct siphash_key){ 1, 2 });
	size_t before = mallinfo2().uordblks;
	struct node_place place = { .addr = { .family = 4 } };

	nodes_configure(nodes, NODES, 1000);
	for (unsigned i = 0; i < NODES; i++) {
		uint8_t id[NODE_ID_LEN] = { (uint8_t)i, (uint8_t)(i >> 8) };

		nodes_heard(nodes, monotime_now(), 0, &place, (struct sn_bytes){ id, sizeof id });
	}
	printf("%zu nodes: %zu octets of memory each\n", nodes_count(nodes),
	    (mallinfo2().uordblks - before) / NODES);
	nodes_free(nodes);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100000;

	if (argc < 2 || n == 0) {
		fputs("usage: bench_forward PATH-OF-MQTTSN-FORWARDER [DATAGRAMS]\n", stderr);
		return EXIT_FAILURE;
	}
	weigh_nodes();
	compare(argv[1], n, 1);
	compare(argv[1], n, 32);
	compare(argv[1], n, 200);
	return EXIT_SUCCESS;
}
