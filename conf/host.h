/* SPDX-License-Identifier: BSD-3-Clause */
/* A host with perhaps a port, as users write it: HOST, HOST:PORT, IPV6, [IPV6]:PORT. */
#ifndef CONF_HOST_H
#define CONF_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Cuts @text apart, without its brackets; *@port is NULL where there is none.  More than one colon
 * without brackets is an IPv6 address.  False if it is none of these. */
bool host_split(char *text, char **host, char **port);

/* The same with a check of both: a host of 1 to 255 octets, a port of 1 to 65535, for which
 * @default_port stands where there is none.  @text is cut in any case. */
bool host_parse(char *text, uint16_t default_port, char **host, uint16_t *port);

/* Whether host_parse() would take it. */
bool host_valid(const char *text);

#endif
