/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"

#define BACKLOG 64

static int new_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int bind_address(int fd, const struct netaddr *address)
{
	struct sockaddr_storage sa;
	socklen_t len = netaddr_to_sockaddr(address, &sa);
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address->family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	return bind(fd, (struct sockaddr *)&sa, len) < 0 ? -ERR_SYSTEM : 0;
}

/* --- a path --- */

static struct sockaddr_un path_address(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	return sun;
}

/* True if it is a socket, and whoever listened on it is gone. */
static bool is_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	bool refused;
	int fd;

	if (lstat(sun->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = new_socket(AF_UNIX);
	if (fd < 0)
		return false;
	refused =
	    connect(fd, (const struct sockaddr *)sun, sizeof *sun) < 0 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int bind_path(int fd, const char *path)
{
	struct sockaddr_un sun = path_address(path);
	const struct sockaddr *sa = (const struct sockaddr *)&sun;
	mode_t mask = umask(0117);
	int rc = bind(fd, sa, sizeof sun);

	if (rc < 0 && errno == EADDRINUSE && is_stale(&sun) && unlink(path) == 0)
		rc = bind(fd, sa, sizeof sun);
	umask(mask);
	if (rc == 0)
		return 0;
	return errno == EADDRINUSE ? -ERR_EXISTS : -ERR_SYSTEM;
}

int admin_socket_open(const struct netaddr *address, const char *path, int *out)
{
	int family = path != NULL ? AF_UNIX : address->family == 4 ? AF_INET : AF_INET6;
	int fd = new_socket(family);
	int rc, saved;

	if (fd < 0)
		return -ERR_SYSTEM;
	rc = path != NULL ? bind_path(fd, path) : bind_address(fd, address);
	if (rc == 0 && listen(fd, BACKLOG) < 0)
		rc = -ERR_SYSTEM;
	if (rc == 0) {
		*out = fd;
		return 0;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

struct netaddr admin_socket_address(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct netaddr address = { 0 };

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
		netaddr_from_sockaddr(&address, (struct sockaddr *)&sa);
	return address;
}

bool admin_socket_is(int fd, const struct netaddr *address, const char *path)
{
	struct sockaddr_un sun;
	socklen_t len = sizeof sun;
	struct netaddr bound = admin_socket_address(fd);

	if (path == NULL)
		return netaddr_equal(&bound, address);
	return getsockname(fd, (struct sockaddr *)&sun, &len) == 0 && sun.sun_family == AF_UNIX &&
	       len < sizeof sun && strcmp(sun.sun_path, path) == 0;
}
