/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes one allocation of the core fail, to see that it copes.  The program is linked with --wrap
 * for malloc() and its kin.
 */
#ifndef SCENARIOS_FAILING_H
#define SCENARIOS_FAILING_H

#include <stdbool.h>

/* The @n-th allocation while armed will fail; 0: none. */
void failing_set(long n);

/* Whether allocations count. */
void failing_arm(bool armed);

/* Whether what is allocated now is the test's own and does not count. */
void failing_spare(bool spared);

/* True once it has failed. */
bool failing_happened(void);

#endif
