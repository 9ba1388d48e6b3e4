/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/process.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLL_MOST 256u /* less than any sensible limit of open files, which is poll's as well */

/* The number that follows @name at the beginning of a line of the file; 0 if there is none. */
static uint64_t read_field(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	size_t len = strlen(name);
	uint64_t value = 0;
	char line[128];

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, name, len) == 0 && sscanf(line + len, "%" SCNu64, &value) == 1)
			break;
	fclose(file);
	return value;
}

/* utime, stime, starttime and vsize, rss: fields 14, 15 and 22 to 24 (proc(5)).  The second one, a
 * name in parentheses, may hold anything. */
static bool read_stat(struct process_facts *out)
{
	unsigned long utime, stime, pages;
	unsigned long long start;
	double tick = (double)sysconf(_SC_CLK_TCK);
	FILE *file = fopen("/proc/self/stat", "re");
	char buf[1024];
	size_t len;
	char *rest;

	if (file == NULL)
		return false;
	len = fread(buf, 1, sizeof buf - 1, file);
	fclose(file);
	buf[len] = '\0';
	rest = strrchr(buf, ')');
	if (rest == NULL ||
	    sscanf(rest + 1,
	        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %llu %" SCNu64
	        " %lu",
	        &utime, &stime, &start, &out->virtual_memory, &pages) != 5)
		return false;
	out->cpu_seconds = (double)(utime + stime) / tick;
	out->resident_memory = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	out->started = (double)read_field("/proc/stat", "btime ") + (double)start / tick;
	return true;
}

/* How many of the @n descriptors from @first on are open. */
static unsigned count_open(int first, unsigned n)
{
	struct pollfd fds[POLL_MOST];
	unsigned open = n;

	for (unsigned i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = first + (int)i };
	if (poll(fds, n, 0) < 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		open -= (fds[i].revents & POLLNVAL) != 0;
	return open;
}

uint64_t process_count_files(void)
{
	uint64_t size = read_field("/proc/self/status", "FDSize:"), n = 0;

	for (uint64_t fd = 0; fd < size; fd += POLL_MOST)
		n += count_open((int)fd, POLL_MOST);
	return n;
}

/* Linux tells the number as the size of the folder since 6.2. */
static uint64_t open_files(void)
{
	struct stat st;

	if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	return process_count_files();
}

bool process_look(struct process_facts *out)
{
	struct rlimit limit;

	*out = (struct process_facts){ .max_files = UINT64_MAX };
	if (!read_stat(out))
		return false;
	out->open_files = open_files();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		out->max_files = limit.rlim_cur;
	return true;
}
