/* SPDX-License-Identifier: BSD-3-Clause */
/* A disk that fails when it is told to: takes the place of SQLite's own way to files. */
#ifndef TESTS_STORE_FAULTS_H
#define TESTS_STORE_FAULTS_H

#include <stdbool.h>

/* To be called once, before the first database is opened. */
void faults_install(void);

/* The @n-th write, sync or truncation from now on fails with the SQLite code @code; with @for_good
 * all after it, too.  0: none does. */
void faults_at(long n, int code, bool for_good);

/* How many there were since then. */
long faults_seen(void);

#endif
