/* SPDX-License-Identifier: BSD-3-Clause */
/* The state directory: one gateway at a time, and nobody else's business. */
#ifndef STORE_DIRECTORY_H
#define STORE_DIRECTORY_H

/* Makes the directory @path if only it is missing, checks that not everybody may write into it, and
 * takes its lock, for as long as the returned descriptor is open.  Below 0 on failure, then *@error
 * is a message with the path and the reason, freed by the caller: -ERR_EXISTS: another process has
 * the lock; -ERR_SYSTEM, -ERR_INVALID, -ERR_NOMEM. */
int directory_lock(const char *path, char **error);

/* "DIRECTORY/NAME", freed by the caller; NULL when out of memory. */
char *directory_file(const char *path, const char *name);

/* Renames the database @path and what SQLite keeps beside it to *@aside, which tells the time,
 * freed by the caller.  0, or a failure as above. */
int directory_put_aside(const char *path, char **aside, char **error);

#endif
