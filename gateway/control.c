/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#define LOG_MODULE LOG_MODULE_STORE
#include "gateway/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "gateway/admin/acceptor.h"

enum {
	LINE_MOST = 8192,
	CALLERS_MOST = 8,
	PATIENCE_S = 5,
};

struct caller {
	struct control *control;
	struct bufferevent *line;
};

struct control {
	struct event_base *base;
	struct acceptor *acceptor;
	struct sockaddr_un address;
	control_forget_fn *forget;
	void *ctx;
	struct caller callers[CALLERS_MOST];
};

static bool make_address(struct sockaddr_un *address, const char *directory)
{
	int len;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(address->sun_path, sizeof address->sun_path, "%s/control", directory);
	return len > 0 && (size_t)len < sizeof address->sun_path;
}

/* --- one caller --- */

static void hang_up(struct caller *caller)
{
	bufferevent_free(caller->line); /* closes the socket */
	caller->line = NULL;
}

static void on_end(struct bufferevent *line, short what, void *ctx)
{
	(void)line;
	(void)what;
	hang_up(ctx);
}

static void on_said(struct bufferevent *line, void *ctx)
{
	(void)line;
	hang_up(ctx);
}

/* What is written here leaves in a later turn: after this one has been committed. */
static void on_line(struct bufferevent *line, void *ctx)
{
	static const char forget[] = "forget ";
	const struct caller *caller = ctx;
	struct evbuffer *in = bufferevent_get_input(line);
	char *text = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
	const char *answer = "no such command";

	if (text == NULL && evbuffer_get_length(in) < LINE_MOST)
		return;
	if (text != NULL && strncmp(text, forget, sizeof forget - 1) == 0)
		answer = caller->control->forget(caller->control->ctx, text + sizeof forget - 1);
	free(text);
	bufferevent_disable(line, EV_READ);
	bufferevent_setcb(line, NULL, on_said, on_end, ctx);
	evbuffer_add_printf(bufferevent_get_output(line), "%s\n", answer);
}

static struct caller *free_place(struct control *control)
{
	for (size_t i = 0; i < CALLERS_MOST; i++)
		if (control->callers[i].line == NULL)
			return &control->callers[i];
	return NULL;
}

static bool on_caller(void *ctx, int fd)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct control *control = ctx;
	struct caller *caller = free_place(control);

	if (caller != NULL)
		caller->line = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (caller == NULL || caller->line == NULL) {
		close(fd);
		return true; /* one that calls again may find a place */
	}
	caller->control = control;
	bufferevent_setcb(caller->line, on_line, NULL, on_end, caller);
	bufferevent_set_timeouts(caller->line, &patience, &patience);
	bufferevent_enable(caller->line, EV_READ);
	return true;
}

/* --- the socket --- */

/* What an earlier gateway left there is in the way: that none is running, the lock of the directory
 * has shown. */
static int listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	unlink(address->sun_path);
	if (bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
	    chmod(address->sun_path, 0600) == 0 && listen(fd, CALLERS_MOST) == 0)
		return fd;
	close(fd);
	return -1;
}

struct control *control_open(
    struct event_base *base, const char *directory, control_forget_fn *forget, void *ctx)
{
	struct control *control = calloc(1, sizeof *control);
	int fd = -1;

	if (control == NULL)
		goto fail;
	control->base = base;
	control->forget = forget;
	control->ctx = ctx;
	errno = ENAMETOOLONG;
	if (!make_address(&control->address, directory))
		goto fail;
	fd = listen_at(&control->address);
	if (fd < 0)
		goto fail;
	control->acceptor = acceptor_new(base, fd, "control socket", on_caller, control);
	if (control->acceptor != NULL)
		return control;
fail:
	log_warning("%s/control: %s: --forget will need the gateway to be stopped", directory,
	    strerror(errno));
	free(control);
	return NULL;
}

struct control *control_close(struct control *control)
{
	if (control == NULL)
		return NULL;
	for (size_t i = 0; i < CALLERS_MOST; i++)
		if (control->callers[i].line != NULL)
			hang_up(&control->callers[i]);
	acceptor_free(control->acceptor);
	unlink(control->address.sun_path);
	free(control);
	return NULL;
}

/* --- the other end --- */

static ssize_t exchange(
    int fd, const struct sockaddr_un *address, const char *id, char *answer, size_t room)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	ssize_t len = 0, n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
	    dprintf(fd, "forget %s\n", id) < 0)
		return -1;
	while (
	    (size_t)len < room - 1 && (n = read(fd, answer + len, room - 1 - (size_t)len)) != 0) {
		if (n < 0)
			return -1;
		len += n;
	}
	return len;
}

bool control_ask_forget(const char *directory, const char *id, char *answer, size_t room)
{
	struct sockaddr_un address;
	ssize_t len = -1;
	int fd = -1;

	errno = strchr(id, '\n') != NULL ? EINVAL : ENAMETOOLONG;
	if (errno != EINVAL && make_address(&address, directory)) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0)
			len = exchange(fd, &address, id, answer, room);
	}
	if (len <= 0)
		snprintf(answer, room, "%s", len < 0 ? strerror(errno) : "it hung up");
	else
		answer[strcspn((answer[len] = '\0', answer), "\n")] = '\0';
	if (fd >= 0)
		close(fd);
	return len > 0;
}
