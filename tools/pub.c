/* SPDX-License-Identifier: BSD-3-Clause */
/* mqttsn-pub: publishes messages through an MQTT-SN gateway. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "tools/lines.h"
#include "tools/options.h"
#include "tools/session.h"
#include "tools/text_bytes.h"
#include "tools/tool.h"

struct pub {
	const struct options *options;
	struct session *session;
	struct lines *lines;     /* -l */
	uint8_t *file;           /* -f, -s: what was read */
	struct sn_bytes message; /* all but -l */
	struct sn_client_publication publication;
	bool in_hand; /* a message was begun and its outcome is not known */
	bool due;     /* the next one may be begun */
	unsigned long published;
};

/* ---- where messages come from ---- */

/* Reads all of @fd, up to @most octets and one more that tells of the rest.  -ERR_NOMEM,
 * -ERR_SYSTEM, -ERR_LIMIT. */
static int read_all(int fd, size_t most, uint8_t **out, size_t *len)
{
	uint8_t *buf = malloc(most + 1);
	ssize_t n;

	if (buf == NULL)
		return -ERR_NOMEM;
	*out = buf;
	*len = 0;
	do {
		n = read(fd, buf + *len, most + 1 - *len);
		if (n < 0)
			return -ERR_SYSTEM;
		*len += (size_t)n;
	} while (n > 0 && *len <= most);
	return *len > most ? -ERR_LIMIT : 0;
}

static int read_message(struct pub *p)
{
	const struct options *o = p->options;
	bool is_file = o->source == SOURCE_FILE;
	int fd = is_file ? open(o->source_text, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	int rc = -ERR_SYSTEM;

	if (fd >= 0)
		rc = read_all(fd, (size_t)o->max_packet, &p->file, &p->message.len);
	if (rc < 0 && !o->quiet)
		warnx("%s: %s", is_file ? o->source_text : "standard input",
		    rc == -ERR_LIMIT ? "too long for a message" : err_text(rc));
	if (is_file && fd >= 0)
		close(fd);
	p->message.data = p->file;
	return rc;
}

static int open_source(struct pub *p)
{
	const struct options *o = p->options;

	switch (o->source) {
	case SOURCE_LINES:
		p->lines = lines_new(STDIN_FILENO, (size_t)o->max_packet);
		if (p->lines != NULL)
			return 0;
		warnx("%s", err_text(-ERR_NOMEM));
		return -ERR_NOMEM;
	case SOURCE_TEXT:
		p->message = text_bytes(o->source_text);
		return 0;
	default:
		return read_message(p);
	}
}

/* ---- one message after the other ---- */

static void say_of_message(const struct pub *p, const char *what)
{
	if (p->lines != NULL)
		session_say(p->session, "line %lu: %s", p->published + 1, what);
	else
		session_say(p->session, "message: %s", what);
}

static void fail(struct pub *p, const char *what, enum status status)
{
	say_of_message(p, what);
	p->in_hand = false;
	session_end(p->session, status);
}

static void published(struct pub *p)
{
	p->in_hand = false;
	p->published++;
	if (p->lines == NULL && p->published == (unsigned long)p->options->repeat)
		session_end(p->session, STATUS_OK);
	else /* by way of the loop, so that it can read the socket between messages of QoS 0 */
		session_set_alarm(p->session, p->options->repeat_delay_ms);
}

/* Begins the message in hand, or goes on with it. */
static void publish(struct pub *p)
{
	int rc = session_publish(p->session, &p->publication);

	if (rc == 1)
		published(p);
	else if (rc == -ERR_LIMIT)
		fail(p, "too long, see --max-packet", STATUS_FAILED);
	else if (rc < 0)
		fail(p, err_text(rc), STATUS_FAILED);
}

static void take_in_hand(struct pub *p, struct sn_bytes message)
{
	p->publication = (struct sn_client_publication){
		.topic = p->options->topics.items[0],
		.data = message,
		.qos = p->options->qos,
		.retain = p->options->retain,
	};
	p->in_hand = true;
	publish(p);
}

static void next_line(struct pub *p)
{
	struct sn_bytes line;

	switch (lines_next(p->lines, &line)) {
	case LINES_LINE:
		take_in_hand(p, line);
		break;
	case LINES_MORE:
		session_want_input(p->session);
		break;
	case LINES_END:
		session_end(p->session, STATUS_OK);
		break;
	case LINES_TOO_LONG:
		fail(p, "too long, see --max-packet", STATUS_FAILED);
		break;
	}
}

static void go_on(struct pub *p)
{
	if (!session_is_up(p->session))
		return;
	if (p->in_hand) {
		publish(p);
	} else if (p->due) {
		p->due = false;
		if (p->lines != NULL)
			next_line(p);
		else
			take_in_hand(p, p->message);
	}
}

static void on_connected(void *ctx)
{
	go_on(ctx);
}

static void on_alarm(void *ctx)
{
	struct pub *p = ctx;

	p->due = true;
	go_on(p);
}

static void on_input(void *ctx)
{
	struct pub *p = ctx;

	if (lines_fill(p->lines) < 0)
		fail(p, strerror(errno), STATUS_FAILED);
	else
		next_line(p);
}

static void on_event(void *ctx, const struct sn_client_event *event)
{
	struct pub *p = ctx;
	char what[64];

	if (event->kind == SN_CLIENT_PUBLISHED) {
		published(p);
		return;
	}
	snprintf(what, sizeof what, "refused: %s", session_code_text(event->code));
	fail(p, what, STATUS_REFUSED);
}

static enum status run(const struct options *options)
{
	struct pub p = { .options = options, .due = true };
	struct session_user user = {
		.ctx = &p,
		.status_interrupted = STATUS_FAILED,
		.unconnected = options->qos < 0,
		.connected = on_connected,
		.event = on_event,
		.input = on_input,
		.alarm = on_alarm,
	};
	enum status status = STATUS_FAILED;

	if (open_source(&p) == 0)
		p.session = session_new(options, TOOL_PUB, &user);
	if (p.session != NULL)
		status = session_run(p.session);
	if (p.session != NULL && p.in_hand)
		say_of_message(&p, "not acknowledged");
	session_free(p.session);
	lines_free(p.lines);
	free(p.file);
	return status;
}

int main(int argc, char **argv)
{
	return tool_main(TOOL_PUB, argc, argv, run);
}
