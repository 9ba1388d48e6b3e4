/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Linux tells the number as the size of the folder since 6.2; before, they must be counted. */
static uint64_t count_files(void)
{
	static const char path[] = "/proc/self/fd";
	struct stat st;
	uint64_t n = 0;
	DIR *dir;

	if (stat(path, &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	dir = opendir(path);
	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 3; /* ".", ".." and @dir itself */
}

bool process_look(struct process_facts *out)
{
	struct rlimit limit;

	*out = (struct process_facts){ .max_files = UINT64_MAX };
	if (!read_stat(out))
		return false;
	out->open_files = count_files();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		out->max_files = limit.rlim_cur;
	return true;
}
