/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/process.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

double process_cpu(uint32_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (pid == 0 || clock_getcpuclockid((pid_t)pid, &clock) != 0 ||
	    clock_gettime(clock, &t) != 0)
		return NAN;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double process_memory(uint32_t pid)
{
	unsigned long pages;
	char path[64];
	FILE *file;
	bool read;

	snprintf(path, sizeof path, "/proc/%u/statm", pid);
	if (pid == 0 || (file = fopen(path, "r")) == NULL)
		return NAN;
	read = fscanf(file, "%*u %lu", &pages) == 1;
	fclose(file);
	return read ? (double)pages * (double)sysconf(_SC_PAGESIZE) : NAN;
}

/* A line: slot, local address:port, ..., with the drops as its last number. */
static uint64_t drops_in(const char *path, uint16_t port)
{
	FILE *file = fopen(path, "r");
	uint64_t sum = 0;
	char line[256];

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL) {
		unsigned long drops;
		unsigned local;

		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu",
		        &local, &drops) == 2 &&
		    local == port)
			sum += drops;
	}
	fclose(file);
	return sum;
}

uint64_t process_udp_drops(uint16_t port)
{
	return drops_in("/proc/net/udp", port) + drops_in("/proc/net/udp6", port);
}

uint64_t process_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_max;
}
