/* SPDX-License-Identifier: BSD-3-Clause */
/* Failure codes.  A function that can fail returns 0 or one of these, negated. */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

enum err {
	ERR_NOMEM = 1, /* out of memory */
	ERR_LIMIT,     /* a configured limit is reached */
	ERR_INVALID,   /* the input is not acceptable */
	ERR_EXISTS,    /* it is there already */
	ERR_STATE,     /* not possible now */
	ERR_SYSTEM,    /* a system call failed; errno tells why */
};

/* "out of memory", ... for -ERR_*; errno's text for -ERR_SYSTEM.  Never NULL. */
const char *err_text(int rc);

#endif
