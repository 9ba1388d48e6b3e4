/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/echo.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/monotime.h"

#define SIZE_MAX_ECHO 1024
#define PATIENCE_MS   1000

/* For the child, until it is killed. */
static void send_back(int fd)
{
	struct sockaddr_in from;
	uint8_t buf[SIZE_MAX_ECHO];

	for (;;) {
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &len);

		if (n >= 0)
			sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

static bool ask(int fd, uint32_t payload)
{
	uint8_t buf[SIZE_MAX_ECHO] = { 0 };
	monotime_t now = monotime_now();

	memcpy(buf, &now, sizeof now);
	return send(fd, buf, payload, 0) == (ssize_t)payload;
}

/* False if none came. */
static bool hear(int fd, struct histogram *answers)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint8_t buf[SIZE_MAX_ECHO];
	monotime_t sent;

	if (poll(&wait, 1, PATIENCE_MS) != 1 || recv(fd, buf, sizeof buf, 0) < (ssize_t)sizeof sent)
		return false;
	memcpy(&sent, buf, sizeof sent);
	histogram_add(answers, (uint64_t)(monotime_now().us - sent.us));
	return true;
}

static bool talk(int fd, const struct echo_config *config, struct histogram *answers)
{
	uint32_t sent = 0;

	for (uint32_t heard = 0; heard < config->messages; heard++) {
		while (sent < config->messages && sent - heard < config->window) {
			if (!ask(fd, config->payload))
				return false;
			sent++;
		}
		if (!hear(fd, answers))
			return false;
	}
	return true;
}

/* The two ends, on loopback.  False with errno set. */
static bool open_ends(int end[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;

	end[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	end[1] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return end[0] >= 0 && end[1] >= 0 &&
	       bind(end[1], (struct sockaddr *)&address, sizeof address) == 0 &&
	       getsockname(end[1], (struct sockaddr *)&address, &len) == 0 &&
	       connect(end[0], (struct sockaddr *)&address, len) == 0;
}

int echo_measure(
    const struct echo_config *config, enum path path, unsigned round, struct figures *figures)
{
	static struct histogram answers;
	monotime_t began;
	int end[2] = { -1, -1 };
	pid_t child = -1;
	bool done = false;

	answers = (struct histogram){ 0 };
	if (open_ends(end) && (child = fork()) == 0)
		send_back(end[1]);
	began = monotime_now();
	if (child > 0)
		done = talk(end[0], config, &answers);
	if (done) {
		figures_set(figures, path, round, RATE,
		    config->messages * 1e6 / (double)(monotime_now().us - began.us));
		figures_set_times(figures, path, round, ANSWER_P50, &answers);
	} else {
		perror("UDP echo");
	}
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(end[0]);
	close(end[1]);
	return done ? 0 : -1;
}
