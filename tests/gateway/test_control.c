/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/control.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/mqttsn-control-XXXXXX";
static struct event_base *base;
static struct control *control;
static char forgotten[64];

static const char *forget(void *ctx, const char *id)
{
	(void)ctx;
	snprintf(forgotten, sizeof forgotten, "%s", id);
	return strcmp(id, "nobody") == 0 ? "there is no such client" : CONTROL_DONE;
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	base = event_base_new();
	control = control_open(base, directory, forget, NULL);
	cr_assert_not_null(control);
}

static void teardown(void)
{
	control_close(control);
	event_base_free(base);
	cr_assert_eq(rmdir(directory), 0, "the socket must be gone");
}

TestSuite(control, .init = setup, .fini = teardown);

static int call(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s/control", directory);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Runs the loop until the gateway hangs up; what it said until then. */
static const char *answer(int fd)
{
	static char text[200];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof text - 1 - len)) != 0) {
		if (n > 0)
			len += (size_t)n;
		else
			event_base_loop(base, EVLOOP_ONCE);
	}
	text[len] = '\0';
	close(fd);
	return text;
}

static void take_calls(void)
{
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

Test(control, is_for_its_owner_alone)
{
	char path[100];
	struct stat st;

	snprintf(path, sizeof path, "%s/control", directory);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
}

Test(control, forgets_whom_it_is_told)
{
	int fd = call();

	say(fd, "forget pump 7\n");
	cr_assert_str_eq(answer(fd), CONTROL_DONE "\n");
	cr_assert_str_eq(forgotten, "pump 7");
}

Test(control, says_what_stands_in_the_way)
{
	int fd = call();

	say(fd, "forget nobody\n");
	cr_assert_str_eq(answer(fd), "there is no such client\n");
}

Test(control, waits_for_the_whole_line)
{
	int fd = call();

	say(fd, "forget pu");
	take_calls();
	cr_assert_str_eq(forgotten, "");
	say(fd, "mp\n");
	cr_assert_str_eq(answer(fd), CONTROL_DONE "\n");
	cr_assert_str_eq(forgotten, "pump");
}

Test(control, knows_no_other_command)
{
	int fd = call();

	say(fd, "forgetful\n");
	cr_assert_str_eq(answer(fd), "no such command\n");
	cr_assert_str_eq(forgotten, "");
}

Test(control, takes_no_line_without_end)
{
	static char line[8192];
	int fd = call();

	memset(line, 'x', sizeof line);
	cr_assert_eq(write(fd, line, sizeof line), sizeof line);
	cr_assert_str_eq(answer(fd), "no such command\n");
}

Test(control, hears_so_many_at_once_and_the_next_ones_when_they_are_gone)
{
	int fds[8], fd;

	for (int i = 0; i < 8; i++)
		fds[i] = call();
	take_calls();
	fd = call();
	cr_assert_str_eq(answer(fd), "");
	close(fds[3]);
	take_calls();
	fd = call();
	say(fd, "forget x\n");
	cr_assert_str_eq(answer(fd), CONTROL_DONE "\n");
	for (int i = 0; i < 8; i++)
		if (i != 3)
			close(fds[i]);
}

Test(control, takes_the_place_of_one_that_was_killed)
{
	struct control *second = control_open(base, directory, forget, NULL);
	int fd = call();

	cr_assert_not_null(second);
	say(fd, "forget y\n");
	cr_assert_str_eq(answer(fd), CONTROL_DONE "\n");
	control_close(second);
}
