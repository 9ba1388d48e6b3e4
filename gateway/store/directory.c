/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/store/failure.h"

static int check(const char *path, char **error)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return failure(-ERR_SYSTEM, error, "cannot make the state directory %s: %s", path,
		    strerror(errno));
	if (stat(path, &st) < 0)
		return failure(-ERR_SYSTEM, error, "cannot use the state directory %s: %s", path,
		    strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return failure(-ERR_INVALID, error,
		    "cannot use the state directory %s: it is no directory", path);
	if (st.st_mode & S_IWOTH)
		return failure(-ERR_INVALID, error,
		    "will not use the state directory %s: everybody can write into it (chmod o-w)",
		    path);
	return 0;
}

/* Whoever has the lock has left its process id. */
static int busy(const char *path, int fd, char **error)
{
	char pid[24];
	ssize_t len = pread(fd, pid, sizeof pid - 1, 0);

	pid[len > 0 ? len : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	return failure(-ERR_EXISTS, error, "the state directory %s is in use by process %s", path,
	    pid[0] != '\0' ? pid : "(unknown)");
}

static int take(const char *path, int fd, char **error)
{
	char pid[24];
	int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return busy(path, fd, error);
	/* A file that cannot be written to is a lock nevertheless. */
	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)len, 0) < 0)
		(void)ftruncate(fd, 0);
	return 0;
}

int directory_lock(const char *path, char **error)
{
	int rc = check(path, error);
	char *file;
	int fd;

	if (rc < 0)
		return rc;
	file = directory_file(path, "lock");
	if (file == NULL)
		return -ERR_NOMEM;
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		rc = failure(
		    -ERR_SYSTEM, error, "cannot make the lock %s: %s", file, strerror(errno));
	else
		rc = take(path, fd, error);
	free(file);
	if (rc == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return rc;
}

char *directory_file(const char *path, const char *name)
{
	char *file;

	return asprintf(&file, "%s/%s", path, name) < 0 ? NULL : file;
}

/* "PATHSUFFIX", renamed likewise. */
static int rename_beside(const char *path, const char *aside, const char *suffix)
{
	char *from, *to = NULL;
	int rc = -1;

	if (asprintf(&from, "%s%s", path, suffix) < 0)
		return -1;
	if (asprintf(&to, "%s%s", aside, suffix) >= 0) {
		rc = rename(from, to);
		free(to);
	}
	free(from);
	return rc;
}

int directory_put_aside(const char *path, char **aside, char **error)
{
	char stamp[24];
	time_t now = time(NULL);
	struct tm tm;

	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	if (asprintf(aside, "%s.damaged-%s", path, stamp) < 0) {
		*aside = NULL;
		return -ERR_NOMEM;
	}
	if (access(*aside, F_OK) == 0)
		return failure(-ERR_EXISTS, error, "%s: cannot be put aside: %s is there already",
		    path, *aside);
	/* The log first: without its database it would be taken for that of the next one. The third
	 * file is an index of the log, which SQLite makes anew. */
	if ((rename_beside(path, *aside, "-wal") < 0 && errno != ENOENT) ||
	    (rename_beside(path, *aside, "-shm") < 0 && errno != ENOENT) ||
	    rename(path, *aside) < 0)
		return failure(
		    -ERR_SYSTEM, error, "%s: cannot be put aside: %s", path, strerror(errno));
	return 0;
}
