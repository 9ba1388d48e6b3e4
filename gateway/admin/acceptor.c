/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#define LOG_MODULE LOG_MODULE_ADMIN
#include "gateway/admin/acceptor.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

#define ACCEPTS_PER_TURN 8

struct acceptor {
	int fd;
	const char *name;
	acceptor_fn *take;
	void *ctx;
	struct event *readable;
	struct event *pause;
	bool told; /* that it pauses; until all who wait are accepted again */
};

static void pause_accepting(struct acceptor *a, const char *why)
{
	const struct timeval in = { ACCEPTOR_PAUSE_MS / 1000, ACCEPTOR_PAUSE_MS % 1000 * 1000 };

	if (!a->told)
		log_warning(
		    "%s: cannot take a connection: %s; who connects has to wait", a->name, why);
	a->told = true;
	event_del(a->readable);
	event_add(a->pause, &in);
}

static void on_pause_over(evutil_socket_t fd, short what, void *ctx)
{
	struct acceptor *a = ctx;

	(void)fd;
	(void)what;
	event_add(a->readable, NULL);
}

static void not_accepted(struct acceptor *a, int error)
{
	if (error == EAGAIN)
		a->told = false;
	else if (error != EINTR && error != ECONNABORTED)
		pause_accepting(a, strerror(error));
}

static void on_readable(evutil_socket_t listener, short what, void *ctx)
{
	struct acceptor *a = ctx;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			not_accepted(a, errno);
			return;
		}
		if (!a->take(a->ctx, fd)) {
			pause_accepting(a, strerror(ENOMEM));
			return;
		}
	}
}

struct acceptor *acceptor_new(
    struct event_base *base, int fd, const char *name, acceptor_fn *take, void *ctx)
{
	struct acceptor *a = calloc(1, sizeof *a);

	if (a == NULL) {
		close(fd);
		return NULL;
	}
	*a = (struct acceptor){ .fd = fd, .name = name, .take = take, .ctx = ctx };
	a->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, a);
	a->pause = evtimer_new(base, on_pause_over, a);
	if (a->readable == NULL || a->pause == NULL || event_add(a->readable, NULL) < 0)
		return acceptor_free(a);
	return a;
}

struct acceptor *acceptor_free(struct acceptor *a)
{
	if (a == NULL)
		return NULL;
	if (a->readable != NULL)
		event_free(a->readable);
	if (a->pause != NULL)
		event_free(a->pause);
	close(a->fd);
	free(a);
	return NULL;
}
