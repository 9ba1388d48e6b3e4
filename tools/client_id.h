/* SPDX-License-Identifier: BSD-3-Clause */
/* The client id of a tool that was given none. */
#ifndef TOOLS_CLIENT_ID_H
#define TOOLS_CLIENT_ID_H

#include <stdint.h>
#include <sys/types.h>

#define CLIENT_ID_PREFIX_MAX 200
#define CLIENT_ID_MAX        (CLIENT_ID_PREFIX_MAX + 24)

/* Into @out, of CLIENT_ID_MAX octets: @prefix and the process, as mosquitto_pub does; without a
 * prefix "mqttsn-NAME-PROCESS-" and four digits of @random, since process ids repeat from container
 * to container.  With a name of three letters that stays within the 23 characters of 5.3.1. */
void client_id_make(
    char *out, const char *name, const char *prefix, pid_t process, uint32_t random);

#endif
