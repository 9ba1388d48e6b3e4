/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/acceptor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/captured_log.h"

/* --- what the kernel does --- */

int __real_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);

static int refusal; /* errno, until it is 0 again */
static unsigned calls;

int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	calls++;
	if (refusal == 0)
		return __real_accept4(fd, from, len, flags);
	errno = refusal;
	return -1;
}

/* --- fixture --- */

static struct event_base *base;
static struct acceptor *acceptor;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static unsigned taken;
static bool no_memory;

static bool take(void *ctx, int fd)
{
	cr_assert_eq(ctx, &taken);
	close(fd);
	taken++;
	return !no_memory;
}

/* In the abstract name space, which leaves nothing behind. */
static void setup(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "acceptor-%d", getpid());
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	cr_assert_eq(listen(fd, 64), 0);
	capture_log();
	base = event_base_new();
	acceptor = acceptor_new(base, fd, "test", take, &taken);
	cr_assert_not_null(acceptor);
}

static void teardown(void)
{
	acceptor_free(acceptor);
	event_base_free(base);
}

TestSuite(acceptor, .init = setup, .fini = teardown, .timeout = 30);

static void call(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

static void turns(int n)
{
	for (int i = 0; i < n; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* --- */

Test(acceptor, takes_who_connects)
{
	for (int i = 0; i < 20; i++)
		call();
	turns(1);
	cr_assert_eq(taken, 8, "then others have their turn");
	turns(3);
	cr_assert_eq(taken, 20);
}

Test(acceptor, without_descriptors_it_pauses_and_says_so_once)
{
	refusal = EMFILE;
	call();
	turns(100);
	cr_assert_eq(calls, 1);
	event_base_loop(base, EVLOOP_ONCE); /* the pause */
	turns(100);
	cr_assert_eq(calls, 2, "it tried again, once");
	cr_assert_eq(lines_with("test: cannot take a connection: Too many open files"), 1);

	refusal = 0;
	event_base_loop(base, EVLOOP_ONCE);
	turns(2);
	cr_assert_eq(taken, 1, "who has waited is taken");

	refusal = ENFILE;
	call();
	turns(2);
	cr_assert_eq(lines_with("test: cannot take a connection"), 2, "it is another time");
}

Test(acceptor, pauses_when_its_user_is_out_of_memory)
{
	no_memory = true;
	for (int i = 0; i < 3; i++)
		call();
	turns(100);
	cr_assert_eq(taken, 1);
	no_memory = false;
	event_base_loop(base, EVLOOP_ONCE);
	turns(2);
	cr_assert_eq(taken, 3);
}

Test(acceptor, goes_on_after_one_that_has_gone)
{
	refusal = ECONNABORTED;
	call();
	turns(1);
	refusal = 0;
	turns(1);
	cr_assert_eq(taken, 1);
	cr_assert_eq(lines_with(""), 0);
}

Test(acceptor, free_takes_null)
{
	cr_assert_null(acceptor_free(NULL));
}
