/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/capacity.h"

#include <stdio.h>
#include <sys/resource.h>

#include "common/log.h"

/* Descriptors besides the one that each client's broker connection takes. */
#define OTHER_DESCRIPTORS 64

static void provide_descriptors(uint32_t clients)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < (rlim_t)clients + OTHER_DESCRIPTORS)
		log_warning(
		    "the system allows %llu open files: too few for limits.clients = %u, each with a "
		    "broker connection (ulimit -Hn, LimitNOFILE)",
		    (unsigned long long)limit.rlim_max, clients);
}

/* A connection is told from others by its ends, and three of the four numbers are always the same.
 */
static void check_ports(uint32_t clients)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	unsigned first, last;

	if (file == NULL)
		return;
	if (fscanf(file, "%u %u", &first, &last) == 2 && first <= last &&
	    clients > last - first + 1)
		log_warning(
		    "the system has %u ports for connections to one address of the broker: too few "
		    "for limits.clients = %u, unless the broker has several addresses "
		    "(net.ipv4.ip_local_port_range)",
		    last - first + 1, clients);
	fclose(file);
}

void capacity_provide(uint32_t clients)
{
	provide_descriptors(clients);
	check_ports(clients);
}
