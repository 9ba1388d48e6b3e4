/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "tests/integration/upstream_bench.h"

int64_t bench_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void hear(void *ctx, struct client *owner, const struct up_event *event)
{
	struct bench *bench = ctx;
	struct heard *heard = &bench->heard[bench->n_heard];

	cr_assert_lt(
	    bench->n_heard, sizeof(bench->heard) / sizeof(bench->heard[0]), "too many events");
	bench->n_heard++;
	*heard = (struct heard){ .owner = owner, .event = *event };
	if (event->kind == UP_MESSAGE) {
		snprintf(heard->topic, sizeof(heard->topic), "%s", event->message.topic);
		snprintf(heard->payload, sizeof(heard->payload), "%.*s",
		    (int)event->message.payload.len, (const char *)event->message.payload.data);
	}
	if (bench->on_event != NULL)
		bench->on_event(bench, heard);
}

void bench_start(struct bench *bench, const struct upstream_config *config)
{
	char *error = NULL;

	memset(bench, 0, sizeof(*bench));
	bench->base = event_base_new();
	bench->up = upstream_new(bench->base, config, hear, bench, &error);
	cr_assert_not_null(bench->up, "%s", error);
}

void bench_stop(struct bench *bench)
{
	bench->up = upstream_free(bench->up);
	event_base_free(bench->base);
}

void bench_turn(struct bench *bench, unsigned ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(bench->base, &tv);
	event_base_loop(bench->base, EVLOOP_ONCE);
	if (!bench->hold_flush)
		upstream_flush(bench->up);
}

void bench_run(struct bench *bench, unsigned ms)
{
	int64_t until = bench_now_ms() + ms;

	while (bench_now_ms() < until)
		bench_turn(bench, 20);
}

static const char *kind_name(enum up_event_kind kind)
{
	static const char *const names[] = {
		[UP_CONNECTED] = "CONNECTED",
		[UP_REFUSED] = "REFUSED",
		[UP_LOST] = "LOST",
		[UP_PUBLISHED] = "PUBLISHED",
		[UP_SUBSCRIBED] = "SUBSCRIBED",
		[UP_UNSUBSCRIBED] = "UNSUBSCRIBED",
		[UP_MESSAGE] = "MESSAGE",
	};

	return names[kind];
}

const struct heard *bench_next(struct bench *bench, enum up_event_kind kind)
{
	const struct heard *heard = &bench->heard[bench->n_seen];

	bench_until(bench, bench->n_heard > bench->n_seen);
	bench->n_seen++;
	cr_assert_eq(heard->event.kind, kind, "%s instead of %s (%s)", kind_name(heard->event.kind),
	    kind_name(kind),
	    heard->event.kind == UP_REFUSED || heard->event.kind == UP_LOST ? heard->event.down.why
	                                                                    : "");
	return heard;
}

struct up_session *bench_connect(struct bench *bench, int client, const char *id, bool clean)
{
	struct up_spec spec = { .client_id = id, .clean = clean };
	struct up_session *session = upstream_open(bench->up, CLIENT(client), &spec);

	cr_assert_not_null(session);
	cr_assert_eq(bench_next(bench, UP_CONNECTED)->owner, CLIENT(client));
	return session;
}

int listen_on_free_port(uint16_t *port, int backlog)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	cr_assert_eq(listen(fd, backlog), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

static bool answers(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0;

	close(fd);
	return connected;
}

static const char *find_mosquitto(void)
{
	static const char *const paths[] = { "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto",
		"/usr/bin/mosquitto" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	}
	return NULL;
}

static void write_config(const struct broker *broker, const char *path, const char *settings)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fprintf(file, "listener %u 127.0.0.1\nmax_queued_messages 0\nuser root\n", broker->port);
	for (const char *at; (at = strstr(settings, "%s")) != NULL; settings = at + 2)
		fprintf(file, "%.*s%s", (int)(at - settings), settings, broker->dir);
	fprintf(file, "%s\n", settings);
	fclose(file);
}

void broker_start(struct broker *broker, uint16_t port, const char *settings)
{
	const char *program = find_mosquitto();
	int64_t until = bench_now_ms() + BENCH_WAIT_MS;
	char config[80];

	if (program == NULL)
		cr_skip_test("there is no mosquitto");
	broker->port = port;
	if (port == 0)
		close(listen_on_free_port(&broker->port, 1));
	if (broker->dir[0] == '\0') {
		snprintf(broker->dir, sizeof(broker->dir), "/tmp/upstream-test.XXXXXX");
		cr_assert_not_null(mkdtemp(broker->dir));
	}
	snprintf(config, sizeof(config), "%s/conf", broker->dir);
	write_config(broker, config, settings);
	broker->pid = fork();
	if (broker->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen("/dev/null", "w", stderr) != NULL)
			execl(program, program, "-c", config, (char *)NULL);
		_exit(127);
	}
	while (!answers(broker->port)) {
		cr_assert_lt(bench_now_ms(), until, "mosquitto does not start");
		poll(NULL, 0, 10);
	}
}

void broker_kill(struct broker *broker)
{
	if (broker->pid <= 0)
		return;
	kill(broker->pid, SIGKILL);
	waitpid(broker->pid, NULL, 0);
	broker->pid = 0;
}

void broker_stop(struct broker *broker)
{
	static const char *const files[] = { "conf", "passwd", "acl", "ca.pem", "cert.pem",
		"key.pem", "other.pem" };
	char path[128];

	broker_kill(broker);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", broker->dir, files[i]);
		unlink(path);
	}
	rmdir(broker->dir);
}
