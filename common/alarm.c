/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/alarm.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct alarm {
	int fd;
	struct event *readable;
	alarm_fn *fn;
	void *ctx;
	bool set;
	bool again;
	monotime_t at; /* of alarm_at() */
};

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct alarm *alarm = arg;
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof times) != sizeof times)
		return; /* it was set to another time meanwhile */
	alarm->set = alarm->again;
	alarm->fn(alarm->ctx);
}

struct alarm *alarm_new(struct event_base *base, alarm_fn *fn, void *ctx)
{
	struct alarm *alarm = calloc(1, sizeof *alarm);

	if (alarm == NULL)
		return NULL;
	alarm->fn = fn;
	alarm->ctx = ctx;
	alarm->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (alarm->fd < 0)
		return alarm_free(alarm);
	alarm->readable = event_new(base, alarm->fd, EV_READ | EV_PERSIST, on_readable, alarm);
	if (alarm->readable == NULL || event_add(alarm->readable, NULL) < 0)
		return alarm_free(alarm);
	return alarm;
}

struct alarm *alarm_free(struct alarm *alarm)
{
	if (alarm == NULL)
		return NULL;
	if (alarm->readable != NULL)
		event_free(alarm->readable);
	if (alarm->fd >= 0)
		close(alarm->fd);
	free(alarm);
	return NULL;
}

static struct timespec timespec_of(int64_t us)
{
	return (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
}

static void set(struct alarm *alarm, int flags, int64_t first_us, int64_t interval_us)
{
	const struct itimerspec times = { .it_value = timespec_of(first_us),
		.it_interval = timespec_of(interval_us) };

	timerfd_settime(alarm->fd, flags, &times, NULL);
	alarm->set = first_us > 0;
	alarm->again = interval_us > 0;
}

void alarm_at(struct alarm *alarm, monotime_t when)
{
	set(alarm, TFD_TIMER_ABSTIME, when.us > 0 ? when.us : 1, 0);
	alarm->at = when;
}

void alarm_by(struct alarm *alarm, monotime_t when)
{
	if (!alarm->set || monotime_before(when, alarm->at))
		alarm_at(alarm, when);
}

void alarm_every(struct alarm *alarm, uint32_t us)
{
	set(alarm, 0, us, us);
}

void alarm_stop(struct alarm *alarm)
{
	set(alarm, 0, 0, 0);
}

bool alarm_is_set(const struct alarm *alarm)
{
	return alarm->set;
}
