/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/alarm.h"

#include <criterion/criterion.h>
#include <event2/event.h>

static struct event_base *base;
static struct alarm *alarm_;
static unsigned went_off;

static void on_alarm(void *ctx)
{
	cr_assert_eq(ctx, &went_off);
	went_off++;
}

static void begin(void)
{
	base = event_base_new();
	alarm_ = alarm_new(base, on_alarm, &went_off);
	cr_assert_not_null(alarm_);
	cr_assert_not(alarm_is_set(alarm_));
}

static void end(void)
{
	alarm_ = alarm_free(alarm_);
	event_base_free(base);
}

TestSuite(alarm, .init = begin, .fini = end);

static void wait_once(void)
{
	cr_assert_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* What has come by now. */
static void poll_once(void)
{
	cr_assert_eq(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

Test(alarm, goes_off_once_and_not_too_early)
{
	monotime_t when = monotime_add_ms(monotime_now(), 20);

	alarm_at(alarm_, when);
	cr_assert(alarm_is_set(alarm_));
	wait_once();
	cr_assert_eq(went_off, 1);
	cr_assert_not(monotime_before(monotime_now(), when));
	cr_assert_not(alarm_is_set(alarm_));
	poll_once();
	cr_assert_eq(went_off, 1);
}

Test(alarm, goes_off_at_once_when_its_time_is_over)
{
	alarm_at(alarm_, monotime_add_ms(monotime_now(), -1000));
	wait_once();
	cr_assert_eq(went_off, 1);
	alarm_at(alarm_, (monotime_t){ 0 });
	wait_once();
	cr_assert_eq(went_off, 2);
}

Test(alarm, the_last_time_counts)
{
	alarm_at(alarm_, monotime_add_ms(monotime_now(), 3600000));
	alarm_at(alarm_, monotime_now());
	wait_once();
	cr_assert_eq(went_off, 1);
	alarm_at(alarm_, monotime_now());
	alarm_at(alarm_, monotime_add_ms(monotime_now(), 3600000));
	poll_once();
	cr_assert_eq(went_off, 1);
	cr_assert(alarm_is_set(alarm_));
}

Test(alarm, a_time_limit_moves_it_forward_only)
{
	alarm_by(alarm_, monotime_add_ms(monotime_now(), 3600000));
	cr_assert(alarm_is_set(alarm_));
	alarm_by(alarm_, monotime_now());
	alarm_by(alarm_, monotime_add_ms(monotime_now(), 3600000));
	wait_once();
	cr_assert_eq(went_off, 1);
	cr_assert_not(alarm_is_set(alarm_));
}

Test(alarm, goes_off_again_and_again_until_it_is_stopped)
{
	alarm_every(alarm_, 2000);
	for (unsigned i = 1; i <= 3; i++) {
		wait_once();
		cr_assert_eq(went_off, i);
		cr_assert(alarm_is_set(alarm_));
	}
	alarm_stop(alarm_);
	cr_assert_not(alarm_is_set(alarm_));
	poll_once();
	cr_assert_eq(went_off, 3);
}
