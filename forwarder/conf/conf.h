/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of the forwarder: defaults, then a file (libconfig), then the command line, in
 * that order; by the table in schema.c (see conf/settings.h).
 */
#ifndef FORWARDER_CONF_CONF_H
#define FORWARDER_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/log.h"
#include "common/netaddr.h"
#include "conf/settings.h"
#include "forwarder/fwd_core.h"
#include "forwarder/serial.h"

/* A UDP port and its multicast group. */
struct conf_port {
	struct netaddr bind;
	struct netaddr multicast; /* family 0: none */
	char *interface;          /* NULL: the system's choice */
	uint32_t hops;
	uint32_t receive_buffer;
};

struct conf_uplink {
	struct conf_port port;
	bool discover;
	uint32_t probe; /* ms */
	uint32_t missed;
};

struct conf_gateway {
	struct netaddr address;
};

struct conf_udp {
	struct conf_port port;
	uint32_t max_packet;
};

struct conf_serial {
	char *device;
	enum framing framing;
	char *node_id; /* as it was written; NULL: none */
	uint32_t max_packet;
	uint32_t speed;
	enum serial_parity parity;
	uint32_t stop_bits;
	bool flow_control;
};

struct fwd_conf_log {
	enum log_level level;
	bool packets; /* a line per message and side */
};

struct fwd_conf {
	struct conf_uplink uplink;
	struct conf_gateway *gateways;
	size_t n_gateways;
	struct conf_udp *udp;
	size_t n_udp;
	struct conf_serial *serial;
	size_t n_serial;
	uint32_t nodes;
	uint32_t node_age; /* ms */
	struct fwd_conf_log log;

	/* After fwd_conf_finish(); the sides of UDP come first. */
	struct fwd_config core;

	/* For conf/ only. */
	struct settings settings;
	struct fwd_side *sides;
	bool gateway_option, listen_option, serial_option; /* the list is that of the options */
};

/* The rows of the table: members of struct fwd_conf. */
const struct schema *fwd_conf_schema(void);

/* A configuration with all defaults, or NULL when out of memory. */
struct fwd_conf *fwd_conf_new(void);

/* NULL is fine; returns NULL. */
struct fwd_conf *fwd_conf_free(struct fwd_conf *conf);

/* Options that may be repeated; the first replaces what the file has.  "--gateway ADDRESS[:PORT]",
 * "--listen ADDRESS:PORT", "--serial DEVICE[,FRAMING[,SPEED]]". */
bool fwd_conf_add_gateway(struct fwd_conf *conf, const char *text, struct conf_errors *errors);
bool fwd_conf_add_listener(struct fwd_conf *conf, const char *text, struct conf_errors *errors);
bool fwd_conf_add_serial(struct fwd_conf *conf, const char *text, struct conf_errors *errors);

/* The checks that need the whole, and conf->core.  To be called once after all has been set. */
bool fwd_conf_finish(struct fwd_conf *conf, struct conf_errors *errors);

/* Tells each setting that differs and cannot change while the forwarder runs: those of the sides
 * and of the gateways' socket. */
void fwd_conf_needs_restart(
    const struct fwd_conf *a, const struct fwd_conf *b, settings_path_fn *tell, void *ctx);

/* As settings_print_sample(). */
void fwd_conf_print_sample(const struct fwd_conf *defaults, FILE *to);

#endif
