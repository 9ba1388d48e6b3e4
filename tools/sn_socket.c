/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/sn_socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"

/* What a burst of QoS 0 messages may fill before the tool reads it. */
#define RECEIVE_BUFFER (1024 * 1024)

struct sn_socket {
	int fd;
	struct addrinfo *addresses;
	struct addrinfo *next;
};

static int connected_socket(const struct addrinfo *address)
{
	int size = RECEIVE_BUFFER;
	int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    address->ai_protocol);

	if (fd < 0)
		return -1;
	setsockopt(
	    fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* as much of it as the system grants */
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool sn_socket_next(struct sn_socket *s)
{
	while (s->next != NULL) {
		int fd = connected_socket(s->next);

		s->next = s->next->ai_next;
		if (fd < 0)
			continue;
		if (s->fd >= 0)
			close(s->fd);
		s->fd = fd;
		return true;
	}
	return false;
}

const char *sn_socket_open(struct sn_socket **out, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct sn_socket *s = calloc(1, sizeof *s);
	int rc;

	if (s == NULL)
		return err_text(-ERR_NOMEM);
	s->fd = -1;
	rc = getaddrinfo(host, port, &hints, &s->addresses);
	if (rc != 0) {
		sn_socket_close(s);
		return rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc);
	}
	s->next = s->addresses;
	if (!sn_socket_next(s)) {
		const char *error = strerror(errno);

		sn_socket_close(s);
		return error;
	}
	*out = s;
	return NULL;
}

struct sn_socket *sn_socket_close(struct sn_socket *s)
{
	if (s == NULL)
		return NULL;
	if (s->addresses != NULL)
		freeaddrinfo(s->addresses);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	return NULL;
}

int sn_socket_fd(const struct sn_socket *s)
{
	return s->fd;
}

int sn_socket_send(struct sn_socket *s, const uint8_t *data, size_t len)
{
	if (send(s->fd, data, len, 0) >= 0)
		return 0;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -ERR_SYSTEM;
}

ssize_t sn_socket_receive(struct sn_socket *s, uint8_t *buf, size_t size)
{
	ssize_t n = recv(s->fd, buf, size, 0);

	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -ERR_SYSTEM;
}
