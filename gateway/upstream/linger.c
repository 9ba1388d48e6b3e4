/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "gateway/upstream/linger.h"

struct entry {
	TAILQ_ENTRY(entry) link;
	struct lingers *owner;
	struct event *readable;
	uint32_t deadline;
	int fd;
};

struct lingers {
	struct event_base *base;
	TAILQ_HEAD(entry_queue, entry) queue; /* oldest first */
	size_t count;
};

struct lingers *lingers_new(struct event_base *base)
{
	struct lingers *lingers = malloc(sizeof(*lingers));

	if (lingers == NULL)
		return NULL;
	lingers->base = base;
	lingers->count = 0;
	TAILQ_INIT(&lingers->queue);
	return lingers;
}

static void entry_free(struct entry *entry)
{
	TAILQ_REMOVE(&entry->owner->queue, entry, link);
	entry->owner->count--;
	event_free(entry->readable);
	close(entry->fd);
	free(entry);
}

struct lingers *lingers_free(struct lingers *lingers)
{
	if (lingers == NULL)
		return NULL;
	while (!TAILQ_EMPTY(&lingers->queue))
		entry_free(TAILQ_FIRST(&lingers->queue));
	free(lingers);
	return NULL;
}

/* Reads and drops what has come.  False once the peer has closed, or more comes than is worth
 * waiting for. */
static bool drain(int fd)
{
	char buf[4096];
	ssize_t n = 0;

	for (int i = 0; i < 64; i++) {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
	}
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	if (!drain(fd))
		entry_free(arg);
}

void linger(struct lingers *lingers, int fd, uint32_t deadline)
{
	struct entry *entry;

	shutdown(fd, SHUT_WR);
	if (!drain(fd))
		goto close;
	entry = malloc(sizeof(*entry));
	if (entry == NULL)
		goto close;
	*entry = (struct entry){ .owner = lingers, .deadline = deadline, .fd = fd };
	entry->readable = event_new(lingers->base, fd, EV_READ | EV_PERSIST, on_readable, entry);
	if (entry->readable == NULL) {
		free(entry);
		goto close;
	}
	TAILQ_INSERT_TAIL(&lingers->queue, entry, link);
	lingers->count++;
	event_add(entry->readable, NULL);
	return;
close:
	close(fd);
}

void lingers_tick(struct lingers *lingers, uint32_t tick)
{
	struct entry *first;

	while ((first = TAILQ_FIRST(&lingers->queue)) != NULL &&
	       (int32_t)(tick - first->deadline) >= 0)
		entry_free(first);
}

size_t lingers_count(const struct lingers *lingers)
{
	return lingers->count;
}
