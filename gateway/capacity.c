/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/capacity.h"

#include <stdio.h>
#include <sys/resource.h>

#include "common/log.h"

/* Descriptors besides the one that each client's broker connection takes. */
#define OTHER_DESCRIPTORS 64

/* How many clients will share a connection nobody knows yet. */
static enum log_level gravity(bool shared)
{
	return shared ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING;
}

static void provide_descriptors(uint32_t clients, bool shared)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < (rlim_t)clients + OTHER_DESCRIPTORS)
		log_line(LOG_MODULE, gravity(shared),
		    "the system allows %llu open files: too few for limits.clients = %u, %s "
		    "(ulimit -Hn, LimitNOFILE)",
		    (unsigned long long)limit.rlim_max, clients,
		    shared ? "unless enough of them share a broker connection"
		           : "each with a broker connection");
}

/* A connection is told from others by its ends, and three of the four numbers are always the same.
 */
static void check_ports(uint32_t clients, bool shared)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	unsigned first, last;

	if (file == NULL)
		return;
	if (fscanf(file, "%u %u", &first, &last) == 2 && first <= last &&
	    clients > last - first + 1)
		log_line(LOG_MODULE, gravity(shared),
		    "the system has %u ports for connections to one address of the broker: too few "
		    "for limits.clients = %u, unless %sthe broker has several addresses "
		    "(net.ipv4.ip_local_port_range)",
		    last - first + 1, clients,
		    shared ? "enough of them share a connection, or " : "");
	fclose(file);
}

void capacity_provide(uint32_t clients, bool shared)
{
	provide_descriptors(clients, shared);
	check_ports(clients, shared);
}
