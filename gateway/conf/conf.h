/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of the gateway: defaults, then a file (libconfig), then the command line, in
 * that order.
 *
 * One table (schema.c) has a row for each setting - path, type, least, most, default, help -
 * from which reading, checking, printing and the manual come, so that they cannot differ.  Every
 * mistake is reported with file and line (or the option), all of them, not just the first.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/log.h"
#include "common/netaddr.h"
#include "conf/settings.h"
#include "gateway/conf/logins.h"
#include "gateway/core/gw.h"

/* DTLS at a listener; see conf_has_dtls(). */
struct conf_dtls {
	char *cert; /* paths; NULL: none */
	char *key;
	char *ca;
	bool cert_optional;
	char *psk_file;
	uint32_t mtu;
	uint32_t peers;
	uint32_t handshakes;
	uint32_t handshake_timeout; /* milliseconds, as the next one */
	uint32_t idle;
};

struct conf_listener {
	struct netaddr bind;
	struct gw_listener rules;
	uint32_t receive_buffer;  /* octets */
	struct netaddr multicast; /* family 0: none */
	char *interface;          /* NULL: the system's choice */
	uint32_t hops;
	struct conf_dtls dtls;
};

enum {
	CONF_FALLBACKS_MAX = 15
};

enum conf_unlisted {
	CONF_UNLISTED_ADMIT,
	CONF_UNLISTED_REFUSE,
};

enum conf_outage {
	CONF_OUTAGE_AUTO,
	CONF_OUTAGE_STORE,
	CONF_OUTAGE_REFUSE,
};

struct conf_broker {
	char *host;
	uint32_t port;
	char **fallbacks; /* as written, ending with NULL; conf_finish() makes conf->fallbacks of
	                     them */
	char *user;       /* NULL: none */
	char *password;   /* after conf_finish() also when it came from the file */
	char *password_file;
	char *logins_file; /* NULL: none; conf_finish() makes conf->logins of it */
	enum conf_unlisted unlisted_clients;
	bool tls;
	char *tls_ca; /* NULL: the system's store */
	char *tls_cert;
	char *tls_key;
	bool tls_insecure;
	uint32_t keep_alive;         /* seconds */
	uint32_t shared_connections; /* 0: each client has one of its own */
	char *id_prefix;
	char *id_suffix;
	enum conf_outage outage; /* conf_finish() makes conf->core.outage of it */
};

/* A broker to fall back to. */
struct conf_fallback {
	char *host;
	uint16_t port;
};

/* A predefined topic id as it was written; conf_finish() makes conf->core.predefined of them. */
struct conf_predefined {
	uint16_t id;
	char *topic;
	char *clients; /* pattern of client ids; NULL: all */
};

/* The gateway's own session with the broker; conf_finish() makes conf->core.own of it. */
struct conf_own {
	char *client_id;             /* NULL: one is made */
	char **qos_minus_one_topics; /* filters, ending with NULL; NULL: any topic */
};

enum conf_durability {
	CONF_DURABILITY_PROCESS,
	CONF_DURABILITY_POWER,
	CONF_DURABILITY_OFF,
};

enum conf_damage {
	CONF_DAMAGE_REFUSE,
	CONF_DAMAGE_FRESH,
};

struct conf_persistence {
	char *directory; /* NULL: nothing is kept */
	enum conf_durability durability;
	uint32_t max_size; /* MiB; 0: any */
	enum conf_damage on_damage;
};

/* The level of one module of the log: log.level, or one of its own, in the order of enum
 * log_level. */
enum conf_level {
	CONF_LEVEL_COMMON,
	CONF_LEVEL_ERROR,
};

struct conf_log {
	enum log_level level;
	enum conf_level levels[LOG_MODULES];
	bool packets; /* a line per MQTT-SN packet */
};

/* The admin server; without @listen there is none. */
struct conf_admin {
	char *listen;
	bool allow_remote;
	bool token_for_reading; /* after conf_finish() always with allow_remote */
	char *token; /* NULL: none; after conf_finish() also when it came from the file */
	char *token_file;

	/* conf_finish() makes these of @listen. */
	struct netaddr address;  /* family 0: it is a path */
	const char *socket_path; /* NULL: it is an address */
};

enum conf_direction {
	CONF_BOTH,
	CONF_IN,
	CONF_OUT,
};

/* What the trace of log and file shows, as it was written. */
struct conf_trace_filter {
	char *client; /* NULL: all, as the next two */
	char *address;
	char *type;
	enum conf_direction direction;
};

struct conf_trace {
	char *file; /* NULL: none */
	uint32_t file_size;
	uint32_t file_count;
	bool payloads;
	struct conf_trace_filter filter;
};

struct conf {
	struct gw_config core; /* its pointers are set when the configuration is complete */
	struct conf_broker broker;
	struct conf_listener *listeners;
	size_t n_listeners;
	struct conf_predefined *predefined;
	size_t n_predefined;
	struct conf_own own;
	struct conf_persistence persistence;
	struct conf_log log;
	struct conf_fallback *fallbacks;
	size_t n_fallbacks;
	struct conf_admin admin;
	struct conf_trace trace;
	struct logins logins;

	/* For conf/ only. */
	struct settings settings;
	bool listen_option; /* the listeners are those of the command line */
	bool broker_option; /* so are the brokers */
	struct gw_listener *core_listeners;
	struct topic_predef *core_predefined;
	char *core_client_id;
};

/* The rows of the table: members of struct conf. */
const struct schema *schema_conf(void);

/* A configuration with all defaults, or NULL when out of memory. */
struct conf *conf_new(void);

/* NULL is fine; returns NULL. */
struct conf *conf_free(struct conf *conf);

/* Reads @path over what is there; a list (listeners, predefined) replaces the one that was there.
 * False if there was any mistake (see @errors). */
bool conf_load(struct conf *conf, const char *path, struct conf_errors *errors);

/* One setting as on the command line: "timers.retry=2", or "listeners.0.max_packet=200" where the
 * list has that element.  @option names its origin in messages ("--set"). */
bool conf_set(
    struct conf *conf, const char *option, const char *assignment, struct conf_errors *errors);

/* "--listen ADDRESS:PORT" (the first one replaces the listeners of file and defaults, the next ones
 * add), "--broker HOST[:PORT]" (in the same way: the next ones are to fall back to), "--state-dir
 * DIRECTORY", "--predefined ID=TOPIC" or "--predefined PATTERN:ID=TOPIC". */
bool conf_add_listener(struct conf *conf, const char *text, struct conf_errors *errors);
bool conf_set_broker(struct conf *conf, const char *text, struct conf_errors *errors);
bool conf_set_state_dir(struct conf *conf, const char *text, struct conf_errors *errors);
bool conf_add_predefined(struct conf *conf, const char *text, struct conf_errors *errors);

/* "--admin ADDRESS:PORT" or "--admin unix:/PATH". */
bool conf_set_admin(struct conf *conf, const char *text, struct conf_errors *errors);

/* Whether sessions outlive the process. */
bool conf_is_persistent(const struct conf_persistence *persistence);

/* The checks that need the whole (two listeners on one port, key without certificate, ...), and the
 * pointers of conf->core.  To be called once after the last of the above. */
bool conf_finish(struct conf *conf, struct conf_errors *errors);

/* Prints everything in the syntax of the file, each setting with its help; reads back to the same,
 * but for the password, which is never printed. */
void conf_print(const struct conf *conf, FILE *to);

/* Prints a file to start from: @defaults (conf_new()) as by conf_print(), with the settings
 * commented out. */
void conf_print_sample(const struct conf *defaults, FILE *to);

/* Whether the listener speaks DTLS, and nothing else then. */
bool conf_has_dtls(const struct conf_listener *listener);

/* Whether one socket can be both: address, group and buffer are the same; the rules may differ. */
bool conf_same_listener(const struct conf_listener *a, const struct conf_listener *b);

/* Tells each setting that differs and cannot change while the gateway runs. */
void conf_needs_restart(
    const struct conf *a, const struct conf *b, settings_path_fn *tell, void *ctx);

#endif
