/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

/* A descriptor to read from, or -1 with errno. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return fd;
	close(fd);
	errno = EISDIR;
	return -1;
}

int file_check(const char *path)
{
	int fd = open_file(path);

	if (fd < 0)
		return -ERR_SYSTEM;
	close(fd);
	return 0;
}

char *file_first_line(const char *path)
{
	int fd = open_file(path);
	FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *line = NULL;
	size_t room = 0;

	if (in == NULL) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (getline(&line, &room, in) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
	} else {
		free(line);
		line = NULL;
	}
	fclose(in);
	return line;
}
