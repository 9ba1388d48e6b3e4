/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/io/signals.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	N_SIGNALS = 4
};

struct signals {
	struct signals_acts acts;
	struct event *events[N_SIGNALS];
};

static void on_stop(evutil_socket_t signal, short what, void *ctx)
{
	struct signals *s = ctx;

	(void)what;
	s->acts.stop(s->acts.ctx, strsignal(signal));
}

static void on_reload(evutil_socket_t signal, short what, void *ctx)
{
	struct signals *s = ctx;

	(void)signal;
	(void)what;
	s->acts.reload(s->acts.ctx);
}

static void on_report(evutil_socket_t signal, short what, void *ctx)
{
	struct signals *s = ctx;

	(void)signal;
	(void)what;
	s->acts.report(s->acts.ctx);
}

static const struct {
	int signal;
	event_callback_fn act;
} watched[N_SIGNALS] = {
	{ SIGTERM, on_stop },
	{ SIGINT, on_stop },
	{ SIGHUP, on_reload },
	{ SIGUSR1, on_report },
};

struct signals *signals_new(struct event_base *base, const struct signals_acts *acts)
{
	struct signals *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->acts = *acts;
	for (size_t i = 0; i < N_SIGNALS; i++) {
		s->events[i] = evsignal_new(base, watched[i].signal, watched[i].act, s);
		if (s->events[i] == NULL || event_add(s->events[i], NULL) < 0)
			return signals_free(s);
	}
	return s;
}

struct signals *signals_free(struct signals *s)
{
	if (s == NULL)
		return NULL;
	for (size_t i = 0; i < N_SIGNALS; i++) {
		if (s->events[i] != NULL)
			event_free(s->events[i]);
	}
	free(s);
	return NULL;
}
