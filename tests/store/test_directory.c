/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/store/directory.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "tests/store/fixture.h"

TestSuite(directory, .init = fixture_make, .fini = fixture_remove);

static void expect_refused(const char *path, int rc, const char *words)
{
	char *error = NULL;

	cr_assert_eq(directory_lock(path, &error), rc, "%s", error);
	cr_assert_not_null(error);
	cr_assert_not_null(strstr(error, words), "%s", error);
	free(error);
}

static int take(const char *path)
{
	char *error = NULL;
	int fd = directory_lock(path, &error);

	cr_assert_geq(fd, 0, "%s", error);
	return fd;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_mode & 0777;
}

Test(directory, is_made_for_its_owner_alone)
{
	const char *path = fixture_file("new");
	int fd;

	umask(0);
	fd = take(path);
	cr_assert_eq(mode_of(path), 0700);
	cr_assert_eq(mode_of(fixture_file("new/lock")), 0600);
	close(fd);
	unlink(fixture_file("new/lock"));
}

Test(directory, is_not_made_without_a_parent)
{
	expect_refused(fixture_file("no/such"), -ERR_SYSTEM, "No such file or directory");
}

Test(directory, must_be_one)
{
	close(open(fixture_file("file"), O_CREAT | O_WRONLY, 0600));
	expect_refused(fixture_file("file"), -ERR_INVALID, "it is no directory");
}

Test(directory, that_everybody_can_write_to_is_refused)
{
	cr_assert_eq(chmod(fixture_dir, 01777), 0);
	expect_refused(fixture_dir, -ERR_INVALID, "everybody can write into it");
}

Test(directory, that_is_linked_elsewhere_by_its_lock_is_refused)
{
	cr_assert_eq(symlink("/etc/passwd", fixture_file("lock")), 0);
	expect_refused(fixture_dir, -ERR_SYSTEM, "cannot make the lock");
}

Test(directory, has_one_user_who_is_named)
{
	int ready[2];
	char octet, words[64];
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		char *error;

		if (directory_lock(fixture_dir, &error) >= 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ready[0], &octet, 1), 1);
	snprintf(words, sizeof words, "is in use by process %ld", (long)pid);
	expect_refused(fixture_dir, -ERR_EXISTS, words);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(take(fixture_dir)); /* a lock does not outlive its process */
	close(ready[0]);
	close(ready[1]);
}

Test(directory, that_is_read_only_is_refused)
{
	char *error = NULL;
	int fd;

	if (geteuid() == 0)
		cr_skip("root writes everywhere");
	cr_assert_eq(chmod(fixture_dir, 0500), 0);
	fd = directory_lock(fixture_dir, &error);
	cr_assert_eq(fd, -ERR_SYSTEM);
	cr_assert_not_null(strstr(error, "Permission denied"));
	free(error);
}

Test(directory, puts_a_database_aside_with_its_log)
{
	static const char *const names[] = { "d", "d-wal", "d-shm" };
	char path[100], file[300];
	char *aside = NULL, *error = NULL;

	for (size_t i = 0; i < 3; i++)
		close(open(fixture_file(names[i]), O_CREAT | O_WRONLY, 0600));
	snprintf(path, sizeof path, "%s", fixture_file("d"));
	cr_assert_eq(directory_put_aside(path, &aside, &error), 0, "%s", error);
	cr_assert_eq(strncmp(aside, path, strlen(path)), 0);
	cr_assert_eq(strncmp(aside + strlen(path), ".damaged-20", 11), 0, "%s", aside);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_lt(access(fixture_file(names[i]), F_OK), 0);
		snprintf(file, sizeof file, "%s%s", aside, names[i] + 1);
		cr_assert_eq(access(file, F_OK), 0, "%s", file);
	}
	/* Never over another one. */
	close(open(path, O_CREAT | O_WRONLY, 0600));
	free(aside);
	if (directory_put_aside(path, &aside, &error) < 0) /* within the same second */
		cr_assert_not_null(strstr(error, "is there already"));
	free(aside);
	free(error);
}
