/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/store/faults.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

static sqlite3_vfs *real_vfs, vfs;

/* Files that are locked and files that are not differ in their methods, but not in these. */
static const sqlite3_io_methods *real;
static struct {
	const sqlite3_io_methods *from;
	sqlite3_io_methods to;
} replaced[4];

static long seen, fail_at;
static int fail_code;
static bool fail_for_good;

static bool fails(void)
{
	seen++;
	return fail_at > 0 && (seen == fail_at || (fail_for_good && seen > fail_at));
}

static int write_or_fail(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
	if (!fails())
		return real->xWrite(file, data, len, at);
	real->xWrite(file, data, len / 2, at); /* torn */
	return fail_code;
}

static int sync_or_fail(sqlite3_file *file, int flags)
{
	return fails() ? fail_code : real->xSync(file, flags);
}

static int truncate_or_fail(sqlite3_file *file, sqlite3_int64 size)
{
	return fails() ? fail_code : real->xTruncate(file, size);
}

static const sqlite3_io_methods *replacement(const sqlite3_io_methods *from)
{
	size_t i = 0;

	while (replaced[i].from != NULL && replaced[i].from != from)
		i++;
	cr_assert_lt(i, sizeof replaced / sizeof replaced[0] - 1);
	cr_assert(real == NULL || real->xWrite == from->xWrite);
	real = from;
	replaced[i].from = from;
	replaced[i].to = *from;
	replaced[i].to.xWrite = write_or_fail;
	replaced[i].to.xSync = sync_or_fail;
	replaced[i].to.xTruncate = truncate_or_fail;
	return &replaced[i].to;
}

static int open_file(
    sqlite3_vfs *self, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
	int rc = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);

	(void)self;
	if (file->pMethods != NULL)
		file->pMethods = replacement(file->pMethods);
	return rc;
}

void faults_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "faults";
	vfs.xOpen = open_file;
	cr_assert_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void faults_at(long n, int code, bool for_good)
{
	seen = 0;
	fail_at = n;
	fail_code = code;
	fail_for_good = for_good;
}

long faults_seen(void)
{
	return seen;
}
