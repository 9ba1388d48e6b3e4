/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "common/listen_fds.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD    3   /* SD_LISTEN_FDS_START */
#define SOCKETS_MAX 256 /* more than a configuration can use */

struct inherited {
	int fd;
	char *name;
	bool used;
};

struct listen_fds {
	size_t n;
	struct inherited items[];
};

static size_t count_of_environment(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	long count;

	if (pid == NULL || n == NULL || strtol(pid, NULL, 10) != getpid())
		return 0;
	count = strtol(n, NULL, 10);
	return count > 0 && count <= SOCKETS_MAX ? (size_t)count : 0;
}

/* The name of the first of @names, separated by colons; @names goes on to the next. */
static char *next_name(const char **names)
{
	size_t len = *names != NULL ? strcspn(*names, ":") : 0;
	char *name = len > 0 ? strndup(*names, len) : strdup("unknown");

	if (*names != NULL)
		*names += len + ((*names)[len] == ':');
	return name;
}

static void forget_environment(void)
{
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

struct listen_fds *listen_fds_new(void)
{
	size_t n = count_of_environment();
	const char *names = getenv("LISTEN_FDNAMES");
	struct listen_fds *fds = calloc(1, sizeof *fds + n * sizeof fds->items[0]);

	if (fds == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct inherited *item = &fds->items[fds->n++];

		item->fd = FIRST_FD + (int)i;
		item->name = next_name(&names);
		if (item->name == NULL)
			return listen_fds_free(fds);
		fcntl(item->fd, F_SETFD, FD_CLOEXEC);
	}
	forget_environment();
	return fds;
}

struct listen_fds *listen_fds_free(struct listen_fds *fds)
{
	if (fds == NULL)
		return NULL;
	for (size_t i = 0; i < fds->n; i++) {
		close(fds->items[i].fd);
		free(fds->items[i].name);
	}
	free(fds);
	return NULL;
}

static bool has_option(int fd, int level, int option, int wanted)
{
	int value = -1;
	socklen_t len = sizeof value;

	return getsockopt(fd, level, option, &value, &len) == 0 && value == wanted;
}

/* [::] that also takes IPv4 is another address than it says. */
static bool is_udp_at(int fd, const struct netaddr *address)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	struct netaddr bound;

	return has_option(fd, SOL_SOCKET, SO_TYPE, SOCK_DGRAM) &&
	       getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	       netaddr_from_sockaddr(&bound, (struct sockaddr *)&sa) == 0 &&
	       netaddr_equal(&bound, address) &&
	       (bound.family != 6 || !netaddr_is_any(&bound) ||
	           has_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
}

/* The one that stays here lives as long as the service manager's. */
static int use(struct inherited *item)
{
	int fd = fcntl(item->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	item->used = true;
	return fd;
}

int listen_fds_udp(struct listen_fds *fds, const struct netaddr *address)
{
	for (size_t i = 0; i < fds->n; i++) {
		if (is_udp_at(fds->items[i].fd, address))
			return use(&fds->items[i]);
	}
	return -1;
}

int listen_fds_named(struct listen_fds *fds, const char *name, int type)
{
	for (size_t i = 0; i < fds->n; i++) {
		struct inherited *item = &fds->items[i];

		if (strcmp(item->name, name) == 0 &&
		    has_option(item->fd, SOL_SOCKET, SO_TYPE, type))
			return use(item);
	}
	return -1;
}

const char *listen_fds_unused(const struct listen_fds *fds, size_t n)
{
	for (size_t i = 0; i < fds->n; i++) {
		if (!fds->items[i].used && n-- == 0)
			return fds->items[i].name;
	}
	return NULL;
}
