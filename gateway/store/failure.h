/* SPDX-License-Identifier: BSD-3-Clause */
/* A failure code with its words. */
#ifndef STORE_FAILURE_H
#define STORE_FAILURE_H

/* Makes *@text the message, in place of the one that was there (NULL at first), and returns @rc. */
int failure(int rc, char **text, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
