/* SPDX-License-Identifier: BSD-3-Clause */
/* The command lines of mqttsn-pub and mqttsn-sub: letters and meanings of mosquitto_pub and _sub.
 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/sn_client.h"

enum tool {
	TOOL_PUB = 1,
	TOOL_SUB = 2,
};

enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/* Where mqttsn-pub takes its messages from. */
enum source {
	SOURCE_NONE,
	SOURCE_TEXT,  /* -m, -n: one message */
	SOURCE_FILE,  /* -f: the file, one message */
	SOURCE_STDIN, /* -s: standard input, one message */
	SOURCE_LINES, /* -l: standard input, a message per line */
};

struct topic_list {
	struct sn_client_topic *items;
	size_t n;
};

/* Text belongs to argv. */
struct options {
	enum options_action action;

	const char *host;
	int port;
	const char *id; /* NULL: to be made from @id_prefix and the process */
	const char *id_prefix;
	bool keep_session;          /* CleanSession off */
	int keep_alive;             /* seconds */
	struct sn_client_will will; /* topic NULL: none */
	const char *will_payload;
	int qos; /* -1..2 */
	struct topic_list topics;
	uint32_t retry_ms;
	int retries;
	uint32_t wait_ms;
	int waits;
	int reconnects;
	int max_packet;
	bool debug;
	bool quiet;
	const char *psk; /* with one of these there is DTLS; NULL: none, also of the next ones */
	const char *ca_file;
	const char *psk_identity;
	const char *cert_file;
	const char *key_file;
	bool insecure;

	/* mqttsn-pub */
	enum source source;
	const char *source_text; /* the message or the name of the file */
	bool retain;
	int repeat;
	uint32_t repeat_delay_ms;

	/* mqttsn-sub */
	struct topic_list unsubscribe;
	struct topic_list filter_out;
	uint32_t sleep_ms;   /* 0: stays awake */
	int count;           /* 0: no end */
	uint32_t timeout_ms; /* 0: none */
	bool exit_when_subscribed;
	bool verbose;
	bool no_newline;
	bool no_retained;
	const char *format; /* NULL: as @verbose says */
};

#define OPTIONS_ERROR_MAX 256

/* Reads and checks the command line.  0, or -ERR_INVALID or -ERR_NOMEM with the reason in @error
 * (of OPTIONS_ERROR_MAX octets).  options_clear() is due in any case. */
int options_parse(struct options *options, enum tool tool, int argc, char **argv, char *error);

void options_clear(struct options *options);

/* Does what --help or --version asks for, on standard output. */
void options_print(const struct options *options, enum tool tool);

#endif
