/* SPDX-License-Identifier: BSD-3-Clause */
/* A state directory for each test, and a store in it. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "gateway/store/store.h"

extern char fixture_dir[]; /* exists */
extern struct store *store;

/* .init and .fini of a suite. */
void fixture_make(void);
void fixture_remove(void);

/* "DIRECTORY/NAME"; valid until the next call but one. */
const char *fixture_file(const char *name);

/* Opens the store; fails the test if that fails. */
void fixture_open(void);
void fixture_open_with(const struct store_config *config);

/* Opening must fail; returns the message, valid until the next call. */
const char *fixture_refused(const struct store_config *config);

/* What the store holds, read by the store itself after closing and opening it; freed by the caller.
 */
char *fixture_reloaded(void);

/* Runs statements on the database with a connection of its own. */
void fixture_sql(const char *sql);

/* The first column of the first row. */
long long fixture_ask(const char *sql);

#endif
