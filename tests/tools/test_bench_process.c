/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/process.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

Test(process, of_nobody_nothing_is_known)
{
	cr_assert(isnan(process_cpu(0)));
	cr_assert(isnan(process_memory(0)));
}

Test(process, our_own_time_and_memory)
{
	uint32_t self = (uint32_t)getpid();
	double before = process_cpu(self);

	while (process_cpu(self) < before + 0.005)
		;
	cr_assert_gt(process_memory(self), 500e3);
	cr_assert_lt(process_memory(self), 100e12);
}

Test(process, dropped_datagrams_are_counted)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), little = 1;
	char datagram[1000] = { 0 };

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	cr_assert_eq(process_udp_drops(ntohs(address.sin_port)), 0);
	for (int i = 0; i < 50; i++)
		sendto(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&address, len);
	cr_assert_gt(process_udp_drops(ntohs(address.sin_port)), 10);
	close(fd);
}
