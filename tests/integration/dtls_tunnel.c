/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dtls_tunnel [options] ADDRESS:PORT - a way through DTLS to the gateway there, for a client that
 * has none: what it sends to a port on loopback goes through, and what the gateway says comes back.
 *
 *	--psk IDENTITY:HEX   --ca FILE   --cert FILE   --key FILE   --ciphers LIST   --dtls10
 *	--bind ADDRESS:PORT  to speak to the gateway from
 *	--lose N             the datagram number N of the gateway is lost
 *
 * It tells on standard output: "open PORT CIPHER", with "resumed" behind it if keys of before were
 * used; "failed: REASON"; "closed" when the gateway says good-bye.  On standard input it is told:
 *
 *	again    begin anew from the same address, as a sensor does that was switched off
 *	resume   the same with the keys it has
 *	close    say good-bye
 *	repeat   send the last datagram once more
 *	raw HEX  send this
 *
 * The end of the input ends it.
 */
#include "config.h"

#include <err.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "tests/dtls/far_end.h"

#define PATIENCE_MS  15000
#define DATAGRAM_MAX 65536

struct tunnel {
	struct far_end_config config;
	struct far_end *end;
	bool open;
	monotime_t give_up;
	int outer; /* to the gateway */
	int inner; /* to the client */
	struct sockaddr_storage client;
	socklen_t client_len;
	unsigned heard; /* datagrams of the gateway */
	unsigned lose;  /* the number of one of them; 0: none */
	uint8_t last[DATAGRAM_MAX];
	size_t last_len;
};

static void on_send(void *ctx, const uint8_t *data, size_t len)
{
	struct tunnel *t = ctx;

	memcpy(t->last, data, len);
	t->last_len = len;
	if (send(t->outer, data, len, 0) < 0)
		warn("send");
}

static unsigned inner_port(const struct tunnel *t)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct netaddr address;

	if (getsockname(t->inner, (struct sockaddr *)&sa, &len) < 0 ||
	    netaddr_from_sockaddr(&address, (struct sockaddr *)&sa) < 0)
		err(1, "getsockname");
	return address.port;
}

/* --- the handshake --- */

static void fail(const struct tunnel *t)
{
	printf("failed: %s\n", far_end_failure(t->end));
	exit(1);
}

static void shake(struct tunnel *t)
{
	switch (far_end_shake(t->end)) {
	case FAR_END_OPEN:
		t->open = true;
		printf("open %u %s%s\n", inner_port(t), far_end_cipher(t->end),
		    far_end_is_resumed(t->end) ? " resumed" : "");
		break;
	case FAR_END_SHAKES:
		break;
	default:
		fail(t);
	}
}

static void begin(struct tunnel *t, bool resume)
{
	struct far_end *earlier = t->end;

	t->config.earlier = resume ? earlier : NULL;
	t->end = far_end_new(&t->config);
	if (t->end == NULL)
		errx(1, "these options are no good");
	far_end_free(earlier);
	t->open = false;
	t->give_up = monotime_add_ms(monotime_now(), PATIENCE_MS);
	shake(t);
}

/* --- what comes --- */

static void on_gateway(struct tunnel *t)
{
	static uint8_t datagram[DATAGRAM_MAX], message[DATAGRAM_MAX];
	ssize_t n = recv(t->outer, datagram, sizeof datagram, 0);
	enum far_end_state state;
	size_t len;

	if (n < 0 || ++t->heard == t->lose)
		return;
	far_end_take(t->end, datagram, (size_t)n);
	if (!t->open)
		shake(t);
	if (!t->open)
		return;
	while ((state = far_end_read(t->end, message, sizeof message, &len)) == FAR_END_OPEN)
		sendto(t->inner, message, len, 0, (struct sockaddr *)&t->client, t->client_len);
	if (state == FAR_END_CLOSED)
		puts("closed");
	else if (state == FAR_END_FAILED)
		fail(t);
}

static void on_client(struct tunnel *t)
{
	static uint8_t message[DATAGRAM_MAX];
	ssize_t n;

	t->client_len = sizeof t->client;
	n = recvfrom(
	    t->inner, message, sizeof message, 0, (struct sockaddr *)&t->client, &t->client_len);
	if (n >= 0 && !far_end_write(t->end, message, (size_t)n))
		warnx("a message of %zd octets was not sent", n);
}

static void send_raw(struct tunnel *t, const char *hex)
{
	uint8_t data[2048];
	size_t len = 0;
	unsigned octet;

	for (; len < sizeof data && sscanf(hex, "%2x", &octet) == 1; hex += 2)
		data[len++] = (uint8_t)octet;
	on_send(t, data, len);
}

static void obey(struct tunnel *t, const char *command)
{
	if (strcmp(command, "again") == 0)
		begin(t, false);
	else if (strcmp(command, "resume") == 0)
		begin(t, true);
	else if (strcmp(command, "close") == 0)
		far_end_close(t->end);
	else if (strcmp(command, "repeat") == 0)
		on_send(t, t->last, t->last_len);
	else if (strncmp(command, "raw ", 4) == 0)
		send_raw(t, command + 4);
	else
		errx(1, "no such command: %s", command);
}

/* Lines come one at a time: the input is not buffered. */
static void on_command(struct tunnel *t)
{
	static char line[4200];
	static size_t len;
	char c;

	if (read(STDIN_FILENO, &c, 1) != 1)
		exit(0);
	if (c != '\n') {
		if (len < sizeof line - 1)
			line[len++] = c;
		return;
	}
	line[len] = '\0';
	len = 0;
	obey(t, line);
}

/* --- the loop --- */

static void on_silence(struct tunnel *t)
{
	if (!t->open && !monotime_before(monotime_now(), t->give_up))
		fail(t);
	far_end_on_timeout(t->end);
}

static int patience(struct tunnel *t)
{
	int ms = far_end_timeout(t->end);

	if (t->open)
		return ms;
	return ms >= 0 && ms < 1000 ? ms : 1000;
}

static void run(struct tunnel *t)
{
	for (;;) {
		struct pollfd fds[] = { { t->outer, POLLIN, 0 },
			{ t->open ? t->inner : -1, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };
		int n = poll(fds, 3, patience(t));

		if (n < 0)
			err(1, "poll");
		if (n == 0)
			on_silence(t);
		if (fds[0].revents != 0)
			on_gateway(t);
		if (fds[1].revents != 0)
			on_client(t);
		if (fds[2].revents != 0)
			on_command(t);
	}
}

static int open_socket(const char *own, const char *far)
{
	struct sockaddr_storage sa;
	struct netaddr address;
	socklen_t len;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	if (own != NULL) {
		if (netaddr_parse(&address, own, 0) < 0)
			errx(1, "no address: %s", own);
		len = netaddr_to_sockaddr(&address, &sa);
		if (bind(fd, (struct sockaddr *)&sa, len) < 0)
			err(1, "%s", own);
	}
	if (far != NULL) {
		if (netaddr_parse(&address, far, 0) < 0)
			errx(1, "no address: %s", far);
		len = netaddr_to_sockaddr(&address, &sa);
		if (connect(fd, (struct sockaddr *)&sa, len) < 0)
			err(1, "%s", far);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "psk", 1, NULL, 'p' }, { "ca", 1, NULL, 'a' },
		{ "cert", 1, NULL, 'c' }, { "key", 1, NULL, 'k' }, { "ciphers", 1, NULL, 's' },
		{ "dtls10", 0, NULL, 'o' }, { "lose", 1, NULL, 'l' }, { "bind", 1, NULL, 'b' },
		{ NULL, 0, NULL, 0 } };
	static struct tunnel t;
	const char *own = NULL;
	int option;

	t.config.send = on_send;
	t.config.ctx = &t;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			t.config.psk = optarg;
			break;
		case 'a':
			t.config.ca = optarg;
			break;
		case 'c':
			t.config.cert = optarg;
			break;
		case 'k':
			t.config.key = optarg;
			break;
		case 's':
			t.config.ciphers = optarg;
			break;
		case 'o':
			t.config.dtls10 = true;
			break;
		case 'b':
			own = optarg;
			break;
		case 'l':
			t.lose = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			return 1;
		}
	}
	if (optind != argc - 1)
		errx(1, "the gateway's address is missing");
	setvbuf(stdout, NULL, _IOLBF, 0);
	t.outer = open_socket(own, argv[optind]);
	t.inner = open_socket("127.0.0.1:0", NULL);
	begin(&t, false);
	run(&t);
}
