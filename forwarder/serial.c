/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "forwarder/serial.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/err.h"

enum {
	REOPEN_LEAST_MS = 200,
	REOPEN_MOST_MS = 5000,
	READ_MAX = 4096,   /* octets in one turn of the loop */
	QUEUE_SECONDS = 2, /* of the line */
	BITS_PER_OCTET = 10,
};

struct serial {
	struct event_base *base;
	struct serial_config config;
	struct serial_handlers handlers;
	char *device;
	struct framer *framer;

	int fd; /* -1: away */
	struct event *readable;
	struct event *writable;
	struct event *retry;
	unsigned tries; /* since octets last came */
	bool missed;    /* that it is away was told */

	uint8_t *queue;
	size_t queued;
	size_t room;
	bool full; /* the device takes nothing until it is writable */

	struct serial_counters counters;
};

/* --- the device --- */

static const struct {
	uint32_t speed;
	speed_t code;
} speeds[] = {
	{ 1200, B1200 },
	{ 2400, B2400 },
	{ 4800, B4800 },
	{ 9600, B9600 },
	{ 19200, B19200 },
	{ 38400, B38400 },
	{ 57600, B57600 },
	{ 115200, B115200 },
	{ 230400, B230400 },
	{ 460800, B460800 },
	{ 500000, B500000 },
	{ 576000, B576000 },
	{ 921600, B921600 },
	{ 1000000, B1000000 },
	{ 1500000, B1500000 },
	{ 2000000, B2000000 },
	{ 3000000, B3000000 },
};

static speed_t speed_code(uint32_t speed)
{
	for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
		if (speeds[i].speed == speed)
			return speeds[i].code;
	}
	return B0;
}

bool serial_speed_known(uint32_t speed)
{
	return speed_code(speed) != B0;
}

/* Octets as they are, at the configured speed. */
static int set_line(int fd, const struct serial_config *config)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -ERR_SYSTEM;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)(PARENB | PARODD | CSTOPB | CRTSCTS);
	if (config->parity != SERIAL_NO_PARITY)
		t.c_cflag |= PARENB;
	if (config->parity == SERIAL_ODD)
		t.c_cflag |= PARODD;
	if (config->two_stop_bits)
		t.c_cflag |= CSTOPB;
	if (config->flow_control)
		t.c_cflag |= CRTSCTS;
	if (cfsetspeed(&t, speed_code(config->speed)) < 0 || tcsetattr(fd, TCSANOW, &t) < 0)
		return -ERR_SYSTEM;
	return 0;
}

/* The descriptor, or -1 with errno. */
static int open_device(const struct serial *s)
{
	int fd = open(s->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int saved;

	if (fd < 0 || set_line(fd, &s->config) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void try_later(struct serial *s)
{
	/* The address differs from line to line, so they do not all come at once. */
	uint32_t random = (uint32_t)((uintptr_t)s >> 4) * UINT32_C(2654435761);
	uint32_t ms = backoff_ms(REOPEN_LEAST_MS, REOPEN_MOST_MS, s->tries++, random);
	struct timeval in = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(s->retry, &in);
}

static struct event *unwatch(struct event *event)
{
	if (event != NULL)
		event_free(event);
	return NULL;
}

static void close_device(struct serial *s)
{
	s->readable = unwatch(s->readable);
	s->writable = unwatch(s->writable);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->queued = 0;
	s->full = false;
	framer_reset(s->framer);
}

/* errno tells why. */
static void lose_device(struct serial *s)
{
	int saved = errno;

	close_device(s);
	errno = saved;
	if (!s->missed)
		s->handlers.on_state(s->handlers.ctx, false);
	s->missed = true;
	try_later(s);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct serial *s = ctx;
	uint8_t data[READ_MAX];
	ssize_t n = read(fd, data, sizeof data);

	(void)what;
	if (n > 0) {
		s->tries = 0;
		s->counters.octets_read += (size_t)n;
		framer_push(s->framer, monotime_now(), data, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0)
		errno = EPIPE; /* the other end hung up */
	lose_device(s);
}

/* Does not write: the end of the turn does. */
static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct serial *s = ctx;

	(void)fd;
	(void)what;
	s->full = false;
}

static void try_to_open(struct serial *s)
{
	s->fd = open_device(s);
	if (s->fd < 0) {
		lose_device(s);
		return;
	}
	s->readable = event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	s->writable = event_new(s->base, s->fd, EV_WRITE, on_writable, s);
	if (s->readable == NULL || s->writable == NULL || event_add(s->readable, NULL) < 0) {
		errno = ENOMEM;
		lose_device(s);
		return;
	}
	s->missed = false;
	s->counters.opened++;
	s->handlers.on_state(s->handlers.ctx, true);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	try_to_open(ctx);
}

/* --- writing --- */

void serial_send(struct serial *s, const uint8_t *frame, size_t len)
{
	enum framing framing = s->config.framing;

	if (s->fd < 0 || s->queued + framer_room(framing, len) > s->room) {
		s->counters.send_dropped++;
		return;
	}
	s->queued += framer_wrap(framing, frame, len, s->queue + s->queued);
	s->counters.sent++;
}

void serial_flush(struct serial *s)
{
	ssize_t n;

	if (s->fd < 0 || s->full || s->queued == 0)
		return;
	n = write(s->fd, s->queue, s->queued);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose_device(s);
		return;
	}
	if (n > 0) {
		s->counters.octets_written += (size_t)n;
		s->queued -= (size_t)n;
		memmove(s->queue, s->queue + n, s->queued);
	}
	if (s->queued > 0) {
		s->full = true;
		event_add(s->writable, NULL);
	}
}

/* --- life --- */

static size_t queue_room(const struct serial_config *config)
{
	size_t line = (size_t)config->speed / BITS_PER_OCTET * QUEUE_SECONDS;
	size_t frames = 4 * framer_room(config->framing, config->max_frame);

	return line > frames ? line : frames;
}

int serial_new(struct serial **out, struct event_base *base, const struct serial_config *config,
    const struct serial_handlers *handlers)
{
	struct serial *s = calloc(1, sizeof *s);

	if (s == NULL)
		return -ERR_NOMEM;
	s->fd = -1;
	s->base = base;
	s->config = *config;
	s->handlers = *handlers;
	s->device = strdup(config->device);
	s->framer =
	    framer_new(config->framing, config->max_frame, handlers->on_frame, handlers->ctx);
	s->room = queue_room(config);
	s->queue = malloc(s->room);
	s->retry = evtimer_new(base, on_retry, s);
	if (s->device == NULL || s->framer == NULL || s->queue == NULL || s->retry == NULL) {
		serial_free(s);
		return -ERR_NOMEM;
	}
	try_to_open(s);
	*out = s;
	return 0;
}

struct serial *serial_free(struct serial *s)
{
	if (s == NULL)
		return NULL;
	if (s->framer != NULL)
		close_device(s);
	unwatch(s->retry);
	framer_free(s->framer);
	free(s->queue);
	free(s->device);
	free(s);
	return NULL;
}

const struct serial_counters *serial_counters(const struct serial *s)
{
	return &s->counters;
}

const struct frame_counters *serial_frame_counters(const struct serial *s)
{
	return framer_counters(s->framer);
}
