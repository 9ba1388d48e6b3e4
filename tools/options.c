/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/options.h"

#include "config.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/topic_name.h"
#include "tools/client_id.h"
#include "tools/output.h"
#include "tools/text_bytes.h"

enum kind {
	FLAG,    /* bool */
	TEXT,    /* const char *, of .least to .most octets */
	NUMBER,  /* int from .least to .most */
	SECONDS, /* uint32_t from .least to .most milliseconds; given in seconds with a fraction */
	NAME,    /* struct topic_list: a topic name */
	FILTER,  /* struct topic_list: a topic filter */
	PREDEFINED, /* struct topic_list: a predefined topic id */
	SHORT,      /* struct topic_list: a short topic name */
	SOURCE,     /* the messages come from .most, enum source */
	ACTION,     /* .most, enum options_action */
};

struct row {
	int letter; /* 0: only the long name */
	const char *name;
	const char *argument; /* as the help calls it; NULL: takes none */
	unsigned tools;
	enum kind kind;
	size_t offset;
	long least, most;
	const char *help;
};

#define BOTH     (TOOL_PUB | TOOL_SUB)
#define AT(what) offsetof(struct options, what)
#define HOUR_MS  3600000

/* clang-format off */
static const struct row rows[] = {
	{ 'h', "host", "HOST", BOTH, TEXT, AT(host), 1, SN_PACKET_MAX, "the gateway (localhost)" },
	{ 'p', "port", "PORT", BOTH, NUMBER, AT(port), 1, 65535, "its UDP port (1884)" },
	{ 't', "topic", "TOPIC", TOOL_PUB, NAME, AT(topics), 0, 0, "publish to this topic" },
	{ 't', "topic", "FILTER", TOOL_SUB, FILTER, AT(topics), 0, 0, "subscribe to this topic; repeatable" },
	{ 0, "predefined", "ID", BOTH, PREDEFINED, AT(topics), 1, 65534, "instead of -t: a predefined topic id" },
	{ 0, "short", "AB", BOTH, SHORT, AT(topics), 0, 0, "instead of -t: a short topic name" },
	{ 'q', "qos", "QOS", TOOL_PUB, NUMBER, AT(qos), -1, 2, "0, 1, 2, or -1: without a connection (0)" },
	{ 'q', "qos", "QOS", TOOL_SUB, NUMBER, AT(qos), 0, 2, "the highest wanted: 0, 1 or 2 (0)" },
	{ 'm', "message", "TEXT", TOOL_PUB, SOURCE, 0, 0, SOURCE_TEXT, "publish TEXT" },
	{ 'n', "null-message", NULL, TOOL_PUB, SOURCE, 0, 0, SOURCE_TEXT, "publish an empty message" },
	{ 'f', "file", "FILE", TOOL_PUB, SOURCE, 0, 0, SOURCE_FILE, "publish what FILE holds" },
	{ 's', "stdin-file", NULL, TOOL_PUB, SOURCE, 0, 0, SOURCE_STDIN, "publish standard input as one message" },
	{ 'l', "stdin-line", NULL, TOOL_PUB, SOURCE, 0, 0, SOURCE_LINES, "publish each line of standard input" },
	{ 'r', "retain", NULL, TOOL_PUB, FLAG, AT(retain), 0, 0, "let the broker retain the message" },
	{ 0, "repeat", "N", TOOL_PUB, NUMBER, AT(repeat), 1, INT_MAX, "publish the message N times; not with -l" },
	{ 0, "repeat-delay", "SECONDS", TOOL_PUB, SECONDS, AT(repeat_delay_ms), 0, 24 * HOUR_MS, "pause between these (0)" },
	{ 'v', "verbose", NULL, TOOL_SUB, FLAG, AT(verbose), 0, 0, "print the topic before the payload" },
	{ 'N', NULL, NULL, TOOL_SUB, FLAG, AT(no_newline), 0, 0, "print no newline after a message" },
	{ 'F', NULL, "FORMAT", TOOL_SUB, TEXT, AT(format), 1, SN_PACKET_MAX, "print as FORMAT says: %t %p %q %r ..." },
	{ 'C', NULL, "N", TOOL_SUB, NUMBER, AT(count), 1, INT_MAX, "exit after N messages" },
	{ 'W', NULL, "SECONDS", TOOL_SUB, SECONDS, AT(timeout_ms), 1, 240 * HOUR_MS, "exit after this time, with status 27" },
	{ 'E', NULL, NULL, TOOL_SUB, FLAG, AT(exit_when_subscribed), 0, 0, "exit once all is subscribed" },
	{ 'R', NULL, NULL, TOOL_SUB, FLAG, AT(no_retained), 0, 0, "leave out retained messages" },
	{ 'T', "filter-out", "FILTER", TOOL_SUB, FILTER, AT(filter_out), 0, 0, "leave out these topics; repeatable" },
	{ 'U', "unsubscribe", "FILTER", TOOL_SUB, FILTER, AT(unsubscribe), 0, 0, "end this subscription; repeatable" },
	{ 0, "sleep", "SECONDS", TOOL_SUB, SECONDS, AT(sleep_ms), 100, 16 * HOUR_MS, "sleep, and fetch messages so often" },
	{ 'i', "id", "ID", BOTH, TEXT, AT(id), 1, SN_PACKET_MAX, "client id" },
	{ 'I', "id-prefix", "PREFIX", BOTH, TEXT, AT(id_prefix), 1, CLIENT_ID_PREFIX_MAX, "client id: PREFIX and the process id" },
	{ 'c', "disable-clean-session", NULL, BOTH, FLAG, AT(keep_session), 0, 0, "go on with the session of this -i" },
	{ 'k', "keepalive", "SECONDS", BOTH, NUMBER, AT(keep_alive), 0, 65535, "keep alive; 0: none (60)" },
	{ 0, "will-topic", "TOPIC", BOTH, TEXT, AT(will.topic), 1, SN_PACKET_MAX, "the will: published if this client is lost" },
	{ 0, "will-payload", "TEXT", BOTH, TEXT, AT(will_payload), 0, SN_PACKET_MAX, "its message (empty)" },
	{ 0, "will-qos", "QOS", BOTH, NUMBER, AT(will.qos), 0, 2, "its QoS (0)" },
	{ 0, "will-retain", NULL, BOTH, FLAG, AT(will.retain), 0, 0, "let the broker retain it" },
	{ 0, "retry", "SECONDS", BOTH, SECONDS, AT(retry_ms), 10, HOUR_MS, "T_retry: repeat what was not answered (10)" },
	{ 0, "retries", "N", BOTH, NUMBER, AT(retries), 0, 1000, "N_retry: so often (3)" },
	{ 0, "wait", "SECONDS", BOTH, SECONDS, AT(wait_ms), 10, 24 * HOUR_MS, "T_WAIT: pause after \"congestion\" (10)" },
	{ 0, "waits", "N", BOTH, NUMBER, AT(waits), 0, 1000000, "so many of these for one request (30)" },
	{ 0, "reconnects", "N", BOTH, NUMBER, AT(reconnects), 0, 1000000, "vain tries to connect again after a loss (10)" },
	{ 0, "max-packet", "OCTETS", BOTH, NUMBER, AT(max_packet), 16, SN_PACKET_MAX, "longest message sent (65535)" },
	{ 0, "psk", "KEY", BOTH, TEXT, AT(psk), 2, 128, "DTLS with this pre-shared key, in hexadecimal" },
	{ 0, "psk-identity", "ID", BOTH, TEXT, AT(psk_identity), 1, 127, "whose key it is" },
	{ 0, "cafile", "FILE", BOTH, TEXT, AT(ca_file), 1, 4095, "DTLS; the gateway's certificate is of this authority" },
	{ 0, "cert", "FILE", BOTH, TEXT, AT(cert_file), 1, 4095, "certificate of this client" },
	{ 0, "key", "FILE", BOTH, TEXT, AT(key_file), 1, 4095, "its key" },
	{ 0, "insecure", NULL, BOTH, FLAG, AT(insecure), 0, 0, "do not compare the certificate's name with -h" },
	{ 'd', "debug", NULL, BOTH, FLAG, AT(debug), 0, 0, "show every packet on standard error" },
	{ 0, "quiet", NULL, BOTH, FLAG, AT(quiet), 0, 0, "say nothing about errors at run time" },
	{ 0, "help", NULL, BOTH, ACTION, 0, 0, OPTIONS_HELP, "show this and exit" },
	{ 0, "version", NULL, BOTH, ACTION, 0, 0, OPTIONS_VERSION, "show the version and exit" },
};
/* clang-format on */

#define ROWS      (sizeof rows / sizeof rows[0])
#define LONG_BASE 256 /* getopt's value for rows[i].name is LONG_BASE + i */

static const struct options defaults = {
	.host = "localhost",
	.port = 1884,
	.keep_alive = 60,
	.retry_ms = 10000,
	.retries = 3,
	.wait_ms = 10000,
	.waits = 30,
	.reconnects = 10,
	.max_packet = SN_PACKET_MAX,
	.repeat = 1,
};

static int fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, OPTIONS_ERROR_MAX, format, args);
	va_end(args);
	return -ERR_INVALID;
}

/* "-q" or "--retry", into @buf of 32 octets. */
static const char *spelled(const struct row *row, char *buf)
{
	if (row->letter != 0)
		snprintf(buf, 32, "-%c", row->letter);
	else
		snprintf(buf, 32, "--%s", row->name);
	return buf;
}

/* ---- values ---- */

static int read_number(const struct row *row, const char *arg, long *out, char *error)
{
	char option[32], *end;

	*out = strtol(arg, &end, 10);
	if (end == arg || *end != '\0' || *out < row->least || *out > row->most)
		return fail(error, "%s: '%s' is not a number from %ld to %ld", spelled(row, option),
		    arg, row->least, row->most);
	return 0;
}

static int read_seconds(const struct row *row, const char *arg, uint32_t *out, char *error)
{
	char option[32], *end;
	double ms = strtod(arg, &end) * 1000;

	if (end == arg || *end != '\0' || !(ms >= row->least && ms <= row->most))
		return fail(error, "%s: '%s' is not a time from %g to %g seconds",
		    spelled(row, option), arg, row->least / 1000.0, row->most / 1000.0);
	*out = (uint32_t)ms;
	return 0;
}

static int add_topic(struct topic_list *list, struct sn_client_topic topic, char *error)
{
	struct sn_client_topic *more = reallocarray(list->items, list->n + 1, sizeof *more);

	if (more == NULL) {
		fail(error, "%s", err_text(-ERR_NOMEM));
		return -ERR_NOMEM;
	}
	more[list->n++] = topic;
	list->items = more;
	return 0;
}

static int read_topic(const struct row *row, const char *arg, struct topic_list *list, char *error)
{
	struct sn_client_topic topic = { .type = SN_TOPIC_NORMAL, .name = arg };
	struct sn_bytes name = text_bytes(arg);
	char option[32];
	long id;

	switch (row->kind) {
	case PREDEFINED:
		if (read_number(row, arg, &id, error) < 0)
			return -ERR_INVALID;
		topic = (struct sn_client_topic){ .type = SN_TOPIC_PREDEFINED, .id = (uint16_t)id };
		break;
	case SHORT:
		if (name.len != 2 || !topic_name_valid(name))
			return fail(error, "%s: '%s' is not a topic name of two octets",
			    spelled(row, option), arg);
		topic = (struct sn_client_topic){ .type = SN_TOPIC_SHORT,
			.id = sn_short_topic_id(name.data) };
		break;
	case FILTER:
		if (!topic_filter_valid(name))
			return fail(
			    error, "%s: '%s' is not a topic filter", spelled(row, option), arg);
		break;
	default:
		if (!topic_name_valid(name))
			return fail(
			    error, "%s: '%s' is not a topic name", spelled(row, option), arg);
	}
	return add_topic(list, topic, error);
}

static int read_source(struct options *o, const struct row *row, const char *arg, char *error)
{
	if (o->source != SOURCE_NONE)
		return fail(error, "only one of -f, -l, -m, -n and -s can be given");
	o->source = (enum source)row->most;
	o->source_text = arg != NULL ? arg : "";
	return 0;
}

static int read_option(struct options *o, const struct row *row, const char *arg, char *error)
{
	void *at = (char *)o + row->offset;
	char option[32];
	long number;

	switch (row->kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case TEXT:
		if (strlen(arg) < (size_t)row->least || strlen(arg) > (size_t)row->most)
			return fail(error, "%s: must have %ld to %ld octets", spelled(row, option),
			    row->least, row->most);
		*(const char **)at = arg;
		return 0;
	case NUMBER:
		if (read_number(row, arg, &number, error) < 0)
			return -ERR_INVALID;
		*(int *)at = (int)number;
		return 0;
	case SECONDS:
		return read_seconds(row, arg, at, error);
	case NAME:
	case FILTER:
	case PREDEFINED:
	case SHORT:
		return read_topic(row, arg, at, error);
	case SOURCE:
		return read_source(o, row, arg, error);
	case ACTION:
		o->action = (enum options_action)row->most;
		return 0;
	}
	return -ERR_INVALID;
}

/* ---- what must go together ---- */

static int check_both(struct options *o, char *error)
{
	if (o->id != NULL && o->id_prefix != NULL)
		return fail(error, "-i and -I cannot be used together");
	if (o->keep_session && o->id == NULL)
		return fail(error, "-c needs a client id (-i)");
	if (o->will.topic == NULL &&
	    (o->will_payload != NULL || o->will.qos != 0 || o->will.retain))
		return fail(error, "a will needs --will-topic");
	if (o->will.topic != NULL && !topic_name_valid(text_bytes(o->will.topic)))
		return fail(error, "--will-topic: '%s' is not a topic name", o->will.topic);
	if ((o->psk != NULL) != (o->psk_identity != NULL))
		return fail(error, "--psk and --psk-identity need each other");
	if ((o->cert_file != NULL) != (o->key_file != NULL))
		return fail(error, "--cert and --key need each other");
	if (o->ca_file == NULL && (o->cert_file != NULL || o->insecure))
		return fail(error, "--cert and --insecure need --cafile");
	if (o->will_payload != NULL)
		o->will.message = text_bytes(o->will_payload);
	return 0;
}

static int check_pub(const struct options *o, char *error)
{
	if (o->topics.n != 1)
		return fail(error, "one topic must be given, by -t, --predefined or --short");
	if (o->source == SOURCE_NONE)
		return fail(error, "one of -f, -l, -m, -n and -s must be given");
	if (o->qos < 0 && o->topics.items[0].type == SN_TOPIC_NORMAL)
		return fail(error,
		    "QoS -1 needs --predefined or --short: without a connection no topic is registered");
	if (o->repeat != 1 && o->source == SOURCE_LINES)
		return fail(error, "--repeat cannot be used with -l");
	return 0;
}

static int check_sub(const struct options *o, char *error)
{
	if (o->topics.n == 0 && o->unsubscribe.n == 0)
		return fail(error, "a topic must be given, by -t, --predefined or --short");
	if (o->format != NULL && o->verbose)
		return fail(error, "-F and -v cannot be used together");
	if (o->format != NULL && output_check(o->format) != NULL)
		return fail(error, "-F: '%s' is not known", output_check(o->format));
	return 0;
}

/* ---- the command line ---- */

/* What getopt_long() is to know of the options of one tool. */
struct grammar {
	char letters[2 * ROWS + 3];
	struct option names[ROWS + 1];
};

static void make_grammar(struct grammar *g, enum tool tool)
{
	char *letter = g->letters;
	struct option *name = g->names;

	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (!(row->tools & tool))
			continue;
		if (row->letter != 0) {
			*letter++ = (char)row->letter;
			if (row->argument != NULL)
				*letter++ = ':';
		}
		if (row->name != NULL)
			*name++ = (struct option){
				.name = row->name,
				.has_arg = row->argument != NULL ? required_argument : no_argument,
				.val = LONG_BASE + (int)i,
			};
	}
	*letter = '\0';
	*name = (struct option){ 0 };
}

static const struct row *find_row(enum tool tool, int found)
{
	if (found >= LONG_BASE)
		return &rows[found - LONG_BASE];
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].tools & tool) && rows[i].letter == found)
			return &rows[i];
	return NULL;
}

static int read_command_line(struct options *o, enum tool tool, int argc, char **argv, char *error)
{
	struct grammar grammar;
	int found, rc;

	make_grammar(&grammar, tool);
	optind = 0; /* start anew */
	opterr = 0;
	while ((found = getopt_long(argc, argv, grammar.letters, grammar.names, NULL)) != -1) {
		if (found == ':')
			return fail(error, "%s: an argument is missing", argv[optind - 1]);
		if (found == '?' && optopt > 0 && optopt < LONG_BASE)
			return fail(error, "-%c: unknown option", optopt);
		if (found == '?')
			return fail(error, "%s: unknown option", argv[optind - 1]);
		rc = read_option(o, find_row(tool, found), optarg, error);
		if (rc < 0)
			return rc;
	}
	if (optind < argc)
		return fail(error, "'%s': not an option", argv[optind]);
	return 0;
}

int options_parse(struct options *o, enum tool tool, int argc, char **argv, char *error)
{
	int rc;

	*o = defaults;
	rc = read_command_line(o, tool, argc, argv, error);
	if (rc < 0 || o->action != OPTIONS_RUN)
		return rc;
	rc = check_both(o, error);
	if (rc < 0)
		return rc;
	return tool == TOOL_PUB ? check_pub(o, error) : check_sub(o, error);
}

void options_clear(struct options *o)
{
	free(o->topics.items);
	free(o->unsubscribe.items);
	free(o->filter_out.items);
	o->topics = o->unsubscribe = o->filter_out = (struct topic_list){ 0 };
}

static void print_row(const struct row *row)
{
	char left[64], letter[4] = "  ";

	if (row->letter != 0)
		snprintf(letter, sizeof letter, "-%c", row->letter);
	snprintf(left, sizeof left, "%s%s %s%s %s", letter,
	    row->letter != 0 && row->name != NULL ? "," : " ", row->name != NULL ? "--" : "",
	    row->name != NULL ? row->name : "", row->argument != NULL ? row->argument : "");
	printf("  %-30s %s\n", left, row->help);
}

void options_print(const struct options *o, enum tool tool)
{
	const char *name = tool == TOOL_PUB ? "mqttsn-pub" : "mqttsn-sub";

	if (o->action == OPTIONS_VERSION) {
		printf("%s (%s) %s\n", name, PACKAGE_NAME, PACKAGE_VERSION);
		return;
	}
	if (tool == TOOL_PUB)
		printf(
		    "Publishes messages through an MQTT-SN gateway.\n\n"
		    "Usage: %s [-h HOST] -t TOPIC {-m TEXT | -l | -f FILE | -s | -n} [OPTION...]\n\n",
		    name);
	else
		printf("Prints messages that it gets from an MQTT-SN gateway.\n\n"
		       "Usage: %s [-h HOST] -t FILTER [-t FILTER...] [OPTION...]\n\n",
		    name);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].tools & tool)
			print_row(&rows[i]);
}
