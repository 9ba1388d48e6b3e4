/* SPDX-License-Identifier: BSD-3-Clause */
/* What the system tells about a process that is measured. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdint.h>

/* CPU time so far, of all its threads, in seconds; NAN for pid 0 or one that is not there. */
double process_cpu(uint32_t pid);

/* Octets of memory that it has in use (resident); NAN likewise. */
double process_memory(uint32_t pid);

/* Datagrams that the kernel has dropped at UDP sockets of this port, for want of room. */
uint64_t process_udp_drops(uint16_t port);

/* As many descriptors as the hard limit allows; how many that is. */
uint64_t process_raise_descriptors(void);

#endif
