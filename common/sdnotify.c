/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "common/sdnotify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The length of the address, 0 if $NOTIFY_SOCKET names none.  '@' stands for the NUL that begins an
 * abstract name. */
static socklen_t find_manager(struct sockaddr_un *to)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path != NULL ? strlen(path) : 0;

	if (len < 2 || len >= sizeof to->sun_path || (path[0] != '/' && path[0] != '@'))
		return 0;
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(to->sun_path, path, len);
	if (path[0] == '@')
		to->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* A manager that does not listen has chosen not to: nobody to tell. */
static void tell(const struct sdnotify *s, const char *text)
{
	struct sockaddr_un to;
	socklen_t len = s->on ? find_manager(&to) : 0;
	int saved = errno;
	int fd;

	if (len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		/* It must not be able to stop us by not reading. */
		(void)!sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		    (struct sockaddr *)&to, len);
		close(fd);
	}
	errno = saved;
}

/* A number from the environment; 0 if there is none, or not a whole one. */
static int64_t number_of(const char *name)
{
	const char *text = getenv(name);
	int64_t number;
	char end;

	if (text == NULL || sscanf(text, "%" SCNd64 "%c", &number, &end) != 1 || number < 0)
		return 0;
	return number;
}

void sdnotify_init(struct sdnotify *s, monotime_t now)
{
	struct sockaddr_un to;
	int64_t pid = number_of("WATCHDOG_PID");

	*s = (struct sdnotify){ .on = find_manager(&to) > 0 };
	if (s->on && (pid == 0 || pid == getpid()))
		s->watchdog_us = number_of("WATCHDOG_USEC") / 2;
	s->next_sign = now;
	s->next_status = now;
}

void sdnotify_ready(const struct sdnotify *s)
{
	tell(s, "READY=1");
}

void sdnotify_reloading(const struct sdnotify *s, monotime_t now)
{
	char text[64];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now.us);
	tell(s, text);
}

void sdnotify_stopping(const struct sdnotify *s)
{
	tell(s, "STOPPING=1");
}

void sdnotify_status(const struct sdnotify *s, const char *format, ...)
{
	static const char name[] = "STATUS=";
	char text[SDNOTIFY_TEXT_MAX];
	va_list args;

	memcpy(text, name, sizeof name);
	va_start(args, format);
	vsnprintf(text + strlen(name), sizeof text - strlen(name), format, args);
	va_end(args);
	text[strcspn(text, "\n")] = '\0'; /* another line would be another message */
	tell(s, text);
}

bool sdnotify_next_deadline(const struct sdnotify *s, monotime_t *when)
{
	if (!s->on)
		return false;
	*when = s->next_status;
	if (s->watchdog_us > 0 && monotime_before(s->next_sign, s->next_status))
		*when = s->next_sign;
	return true;
}

bool sdnotify_advance(struct sdnotify *s, monotime_t now)
{
	if (!s->on)
		return false;
	if (s->watchdog_us > 0 && !monotime_before(now, s->next_sign)) {
		tell(s, "WATCHDOG=1");
		s->next_sign = (monotime_t){ now.us + s->watchdog_us };
	}
	if (monotime_before(now, s->next_status))
		return false;
	s->next_status = monotime_add_ms(now, SDNOTIFY_STATUS_MS);
	return true;
}
