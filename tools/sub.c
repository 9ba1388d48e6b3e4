/* SPDX-License-Identifier: BSD-3-Clause */
/* mqttsn-sub: prints the messages of its subscriptions at an MQTT-SN gateway. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/err.h"
#include "gateway/core/topic_name.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/session.h"
#include "tools/text_bytes.h"
#include "tools/tool.h"

struct sub {
	const struct options *options;
	struct session *session;
	size_t asked;    /* subscriptions, then unsubscriptions, that are under way or done */
	size_t accepted; /* subscriptions */
	int printed;     /* messages */
};

/* ---- subscribing ---- */

static void all_subscribed(struct sub *s)
{
	const struct options *o = s->options;

	if (o->topics.n > 0 && s->accepted == 0)
		session_end(s->session, STATUS_REFUSED);
	else if (o->topics.n == 0 || o->exit_when_subscribed)
		session_end(s->session, s->accepted == o->topics.n ? STATUS_OK : STATUS_REFUSED);
	else if (o->sleep_ms > 0)
		session_sleep(s->session);
}

static void ask_next(struct sub *s)
{
	const struct options *o = s->options;
	int rc = 0;

	if (s->asked < o->topics.n)
		rc = session_subscribe(s->session, &o->topics.items[s->asked], o->qos);
	else if (s->asked < o->topics.n + o->unsubscribe.n)
		rc = session_unsubscribe(s->session, &o->unsubscribe.items[s->asked - o->topics.n]);
	else
		all_subscribed(s);
	if (rc < 0) {
		session_say(s->session, "subscription: %s", err_text(rc));
		session_end(s->session, STATUS_FAILED);
	}
	s->asked++;
}

static void on_connected(void *ctx)
{
	struct sub *s = ctx;

	s->asked = 0;
	s->accepted = 0;
	ask_next(s);
}

static void say_refused(const struct sub *s, uint8_t code)
{
	const struct sn_client_topic *topic = &s->options->topics.items[s->asked - 1];
	const char *why = session_code_text(code);
	uint8_t name[2];

	switch (topic->type) {
	case SN_TOPIC_PREDEFINED:
		session_say(
		    s->session, "subscription to predefined topic %u refused: %s", topic->id, why);
		break;
	case SN_TOPIC_SHORT:
		sn_short_topic(topic->id, name);
		session_say(s->session, "subscription to short topic %c%c refused: %s", name[0],
		    name[1], why);
		break;
	default:
		session_say(s->session, "subscription to %s refused: %s", topic->name, why);
	}
}

static void on_event(void *ctx, const struct sn_client_event *event)
{
	struct sub *s = ctx;

	if (event->kind == SN_CLIENT_SUBSCRIBED)
		s->accepted++;
	else if (event->kind == SN_CLIENT_REFUSED)
		say_refused(s, event->code);
	ask_next(s);
}

/* ---- messages ---- */

static bool is_wanted(const struct options *o, const struct sn_client_message *message)
{
	struct sn_bytes topic = text_bytes(message->topic);

	if (o->no_retained && message->retain)
		return false;
	for (size_t i = 0; i < o->filter_out.n; i++) {
		if (topic_filter_matches(text_bytes(o->filter_out.items[i].name), topic))
			return false;
	}
	return true;
}

static bool on_message(void *ctx, const struct sn_client_message *message)
{
	struct sub *s = ctx;
	const struct options *o = s->options;
	struct output_style style = { o->format, o->verbose, o->no_newline };
	struct timespec now;

	if (!is_wanted(o, message))
		return true;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!output_print(stdout, &style, message, now)) {
		session_say(s->session, "standard output: %s", strerror(errno));
		session_end(s->session, STATUS_FAILED);
		return false;
	}
	if (++s->printed == o->count)
		session_end(s->session, STATUS_OK);
	return true;
}

static void on_alarm(void *ctx)
{
	struct sub *s = ctx;

	session_say(s->session, "timed out");
	session_end(s->session, STATUS_TIMEOUT);
}

static enum status run(const struct options *options)
{
	struct sub s = { .options = options };
	struct session_user user = {
		.ctx = &s,
		.status_interrupted = STATUS_OK,
		.connected = on_connected,
		.event = on_event,
		.message = on_message,
		.alarm = on_alarm,
	};
	enum status status;

	signal(SIGPIPE,
	    SIG_IGN); /* a reader that went away is an error of the output; DISCONNECT is due */
	s.session = session_new(options, TOOL_SUB, &user);
	if (s.session == NULL)
		return STATUS_FAILED;
	if (options->timeout_ms > 0)
		session_set_alarm(s.session, options->timeout_ms);
	status = session_run(s.session);
	session_free(s.session);
	return status;
}

int main(int argc, char **argv)
{
	return tool_main(TOOL_SUB, argc, argv, run);
}
