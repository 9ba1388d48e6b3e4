/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of mqttsn-gateway that do not serve: they look into the state directory. */
#ifndef GATEWAY_COMMANDS_H
#define GATEWAY_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

/* Prints the stored sessions as a table.  False on failure, told on standard error. */
bool command_list_sessions(const char *directory, FILE *to);

/* Forgets a session: in the directory itself, or by the gateway that runs on it.  False on failure,
 * told on standard error. */
bool command_forget(const char *directory, const char *id);

#endif
