/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/sdnotify.h"

/* Each test runs in a process of its own. */
static int manager = -1;

/* Becomes the service manager at a name that the system chooses in the abstract space. */
static void be_manager(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	socklen_t len = sizeof sa;
	char name[sizeof sa.sun_path + 1];

	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	cr_assert_eq(bind(manager, (struct sockaddr *)&sa, sizeof sa.sun_family), 0);
	cr_assert_eq(getsockname(manager, (struct sockaddr *)&sa, &len), 0);
	snprintf(name, sizeof name, "@%.*s",
	    (int)(len - offsetof(struct sockaddr_un, sun_path) - 1), sa.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* The next message, or "" if there is none. */
static const char *told(void)
{
	static char buf[2048];
	ssize_t n = recv(manager, buf, sizeof buf - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static const monotime_t start = { 1000000000 };

static struct sdnotify begin(void)
{
	struct sdnotify s;

	sdnotify_init(&s, start);
	return s;
}

static monotime_t next(const struct sdnotify *s)
{
	monotime_t when;

	cr_assert(sdnotify_next_deadline(s, &when));
	return when;
}

Test(sdnotify, says_what_sd_notify_says, .init = be_manager)
{
	struct sdnotify s = begin();

	sdnotify_ready(&s);
	cr_assert_str_eq(told(), "READY=1");
	sdnotify_reloading(&s, (monotime_t){ 123456 });
	cr_assert_str_eq(told(), "RELOADING=1\nMONOTONIC_USEC=123456");
	sdnotify_stopping(&s);
	cr_assert_str_eq(told(), "STOPPING=1");
	sdnotify_status(&s, "%d clients", 7);
	cr_assert_str_eq(told(), "STATUS=7 clients");
	cr_assert_str_eq(told(), "");
}

Test(sdnotify, a_status_stays_one_line_and_is_cut, .init = be_manager)
{
	struct sdnotify s = begin();

	sdnotify_status(&s, "a\nREADY=1");
	cr_assert_str_eq(told(), "STATUS=a");
	sdnotify_status(&s, "%2000d", 1);
	cr_assert_eq(strlen(told()), SDNOTIFY_TEXT_MAX - 1);
}

Test(sdnotify, a_path_is_a_socket_too, .init = be_manager)
{
	char folder[] = "/tmp/sdnotify-XXXXXX";
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct sdnotify s;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/notify", folder);
	close(manager);
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	cr_assert_eq(bind(manager, (struct sockaddr *)&sa, sizeof sa), 0);
	setenv("NOTIFY_SOCKET", sa.sun_path, 1);
	s = begin();
	sdnotify_ready(&s);
	cr_assert_str_eq(told(), "READY=1");
	unlink(sa.sun_path);
	rmdir(folder);
}

Test(sdnotify, without_a_manager_nothing_is_due, .init = be_manager)
{
	static const char *const bad[] = { "", "@", "relative", NULL };
	monotime_t when;

	setenv("WATCHDOG_USEC", "1000", 1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sdnotify s;

		if (bad[i] != NULL)
			setenv("NOTIFY_SOCKET", bad[i], 1);
		else
			unsetenv("NOTIFY_SOCKET");
		s = begin();
		cr_assert_not(sdnotify_next_deadline(&s, &when));
		cr_assert_not(sdnotify_advance(&s, start));
		sdnotify_ready(&s);
	}
	cr_assert_str_eq(told(), "");
}

Test(sdnotify, a_manager_that_is_gone_does_no_harm, .init = be_manager)
{
	struct sdnotify s = begin();

	close(manager);
	sdnotify_ready(&s);
	cr_assert(sdnotify_advance(&s, start));
}

Test(sdnotify, a_manager_that_does_not_read_does_not_stop_us, .init = be_manager)
{
	struct sdnotify s = begin();

	for (int i = 0; i < 10000; i++)
		sdnotify_ready(&s);
	cr_assert_str_eq(told(), "READY=1");
}

Test(sdnotify, the_status_is_due_at_once_and_then_now_and_again, .init = be_manager)
{
	struct sdnotify s = begin();
	monotime_t later = monotime_add_ms(start, SDNOTIFY_STATUS_MS);

	cr_assert_eq(next(&s).us, start.us);
	cr_assert(sdnotify_advance(&s, start));
	cr_assert_not(sdnotify_advance(&s, start));
	cr_assert_eq(next(&s).us, later.us);
	cr_assert_not(sdnotify_advance(&s, (monotime_t){ later.us - 1 }));
	cr_assert(sdnotify_advance(&s, later));
	cr_assert_str_eq(told(), "", "no watchdog was asked for");
}

Test(sdnotify, signs_of_life_come_at_twice_the_rate_asked_for, .init = be_manager)
{
	struct sdnotify s;

	setenv("WATCHDOG_USEC", "2000000", 1);
	s = begin();
	sdnotify_advance(&s, start);
	cr_assert_str_eq(told(), "WATCHDOG=1");
	cr_assert_eq(next(&s).us, start.us + 1000000);
	sdnotify_advance(&s, (monotime_t){ start.us + 999999 });
	cr_assert_str_eq(told(), "");
	sdnotify_advance(&s, (monotime_t){ start.us + 1000000 });
	cr_assert_str_eq(told(), "WATCHDOG=1");
}

Test(sdnotify, the_watchdog_of_another_process_is_not_ours, .init = be_manager)
{
	char pid[24];

	setenv("WATCHDOG_USEC", "2000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	cr_assert_eq(begin().watchdog_us, 0);
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	cr_assert_eq(begin().watchdog_us, 1000000);
	setenv("WATCHDOG_USEC", "2s", 1);
	cr_assert_eq(begin().watchdog_us, 0);
}
