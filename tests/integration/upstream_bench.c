/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

void bench_base(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->base = event_base_new();
}

void bench_module(struct bench *bench, const struct upstream_config *config)
{
	char *error = NULL;

	bench->up = upstream_new(bench->base, config, hear, bench, &error);
	cr_assert_not_null(bench->up, "%s", error);
}

void bench_start(struct bench *bench, const struct upstream_config *config)
{
	bench_base(bench);
	bench_module(bench, config);
}

void bench_stop(struct bench *bench)
{
	bench->up = upstream_free(bench->up);
	event_base_loop(bench->base, EVLOOP_NONBLOCK); /* what evdns still has to hand back */
	event_base_free(bench->base);
}

void bench_turn(struct bench *bench, unsigned ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	bench->turns++;
	if (!bench->hold_flush)
		upstream_flush(bench->up); /* what the test itself has asked for */
	event_base_loopexit(bench->base, &tv);
	event_base_loop(bench->base, EVLOOP_ONCE);
	if (!bench->hold_flush)
		upstream_flush(bench->up);
}

void bench_quiet(struct bench *bench)
{
	int64_t until = bench_now_ms() + BENCH_QUIET_MS;
	unsigned turns = bench->turns;
	size_t heard = bench->n_heard;

	while (bench_now_ms() < until)
		bench_turn(bench, 20);
	cr_assert_eq(bench->n_heard, heard, "an event came");
	cr_assert_lt(bench->turns - turns, 50, "the loop spins");
}

struct sn_bytes bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
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

int listen_on(uint16_t *port, int backlog)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)), 0);
	sin.sin_port = htons(*port);
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

void broker_folder(struct broker *broker)
{
	if (find_mosquitto() == NULL)
		cr_skip_test("there is no mosquitto");
	if (broker->dir[0] != '\0')
		return;
	snprintf(broker->dir, sizeof(broker->dir), "/tmp/upstream-test.XXXXXX");
	cr_assert_not_null(mkdtemp(broker->dir));
}

void broker_start(struct broker *broker, uint16_t port, const char *settings)
{
	const char *program = find_mosquitto();
	int64_t until = bench_now_ms() + BENCH_WAIT_MS;
	char config[80];

	broker_folder(broker);
	broker->port = port;
	if (port == 0)
		close(listen_on(&broker->port, 1)); /* to get a free one */
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
	char path[sizeof(broker->dir) + sizeof(((struct dirent *)NULL)->d_name) + 1];
	const struct dirent *entry;
	DIR *dir;

	broker_kill(broker);
	if (broker->dir[0] == '\0')
		return;
	dir = opendir(broker->dir);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", broker->dir, entry->d_name);
		unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(broker->dir);
	broker->dir[0] = '\0';
}

/* --- names --- */

/* Appends the resource records of the addresses of this type. */
static size_t add_records(const char *addresses, uint8_t *packet, size_t len, uint16_t type)
{
	char list[128], *save = NULL;
	uint16_t count = 0;

	snprintf(list, sizeof(list), "%s", addresses);
	for (char *at = strtok_r(list, " ", &save); at != NULL; at = strtok_r(NULL, " ", &save)) {
		int family = strchr(at, ':') != NULL ? AF_INET6 : AF_INET;
		uint16_t size = family == AF_INET6 ? 16 : 4;

		if ((family == AF_INET6) != (type == 28))
			continue;
		memcpy(packet + len, "\xC0\x0C\x00\x00\x00\x01\x00\x00\x00\x3C\x00\x00", 12);
		packet[len + 3] = (uint8_t)type;
		packet[len + 11] = (uint8_t)size;
		inet_pton(family, at, packet + len + 12);
		len += 12u + size;
		count++;
	}
	packet[7] = (uint8_t)count;
	return len;
}

static void on_question(evutil_socket_t fd, short what, void *arg)
{
	struct names *names = arg;
	const char *answer = names->answer;
	uint8_t packet[512];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(fd, packet, 256, 0, (struct sockaddr *)&from, &from_len);
	size_t len = (size_t)n;

	(void)what;
	names->asked++;
	cr_assert_gt(n, 16);
	if (answer == NULL)
		return;
	packet[2] = 0x81;
	packet[3] = answer[0] == '\0' ? 0x83 : 0x80;
	if (answer[0] != '\0')
		len = add_records(answer, packet, len, packet[n - 3]);
	sendto(fd, packet, len, 0, (struct sockaddr *)&from, from_len);
}

void names_start(struct names *names, struct event_base *base)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	FILE *file;

	memset(names, 0, sizeof(*names));
	names->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(names->fd, (struct sockaddr *)&sin, len), 0);
	cr_assert_eq(getsockname(names->fd, (struct sockaddr *)&sin, &len), 0);
	names->readable = event_new(base, names->fd, EV_READ | EV_PERSIST, on_question, names);
	event_add(names->readable, NULL);

	strcpy(names->resolv_conf, "/tmp/upstream-test.XXXXXX");
	file = fdopen(mkstemp(names->resolv_conf), "w");
	cr_assert_not_null(file);
	fprintf(file, "nameserver 127.0.0.1:%u\n", ntohs(sin.sin_port));
	fclose(file);
}

void names_stop(struct names *names)
{
	event_free(names->readable);
	close(names->fd);
	unlink(names->resolv_conf);
}

/* --- fake --- */

void fake_start(struct fake *fake)
{
	fake->port = 0;
	fake->listener = listen_on(&fake->port, 16);
	fake->fd = -1;
}

void fake_close(struct fake *fake)
{
	if (fake->fd >= 0)
		close(fake->fd);
	fake->fd = -1;
}

void fake_reset(struct fake *fake)
{
	struct linger reset = { .l_onoff = 1 };

	cr_assert_eq(setsockopt(fake->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
	fake_close(fake);
}

void fake_stop(struct fake *fake)
{
	fake_close(fake);
	close(fake->listener);
}

static bool readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

void fake_accept(struct bench *bench, struct fake *fake)
{
	fake_close(fake);
	bench_until(bench, readable(fake->listener));
	fake->fd = accept(fake->listener, NULL, NULL);
	cr_assert_geq(fake->fd, 0);
}

int fake_waiting(const struct fake *fake)
{
	int n = 0;

	cr_assert_eq(ioctl(fake->fd, FIONREAD, &n), 0);
	return n;
}

static uint8_t read_octet(struct bench *bench, struct fake *fake)
{
	uint8_t octet;

	bench_until(bench, readable(fake->fd));
	cr_assert_eq(read(fake->fd, &octet, 1), 1, "closed");
	return octet;
}

static uint16_t read_u16(struct bench *bench, struct fake *fake, size_t *left)
{
	uint16_t high = read_octet(bench, fake);

	*left -= 2;
	return (uint16_t)(high << 8 | read_octet(bench, fake));
}

static void read_text(struct bench *bench, struct fake *fake, size_t len, char *out, size_t size)
{
	for (size_t i = 0; i < len; i++) {
		char c = (char)read_octet(bench, fake);

		if (i + 1 < size)
			out[i] = c;
	}
}

static size_t read_length(struct bench *bench, struct fake *fake)
{
	size_t length = 0;
	unsigned shift = 0;
	uint8_t octet;

	do {
		octet = read_octet(bench, fake);
		length |= (size_t)(octet & 0x7F) << shift;
		shift += 7;
	} while (octet & 0x80);
	return length;
}

struct mqtt fake_read_any(struct bench *bench, struct fake *fake)
{
	uint8_t first = read_octet(bench, fake);
	struct mqtt packet = { .type = first >> 4, .flags = first & 0x0F };
	size_t left = read_length(bench, fake);
	bool publish = packet.type == MQTT_PUBLISH;
	size_t topic_len;

	if (publish) {
		topic_len = read_u16(bench, fake, &left);
		read_text(bench, fake, topic_len, packet.topic, sizeof(packet.topic));
		left -= topic_len;
	}
	if (packet.type != MQTT_CONNECT && left >= 2 && (!publish || packet.flags & 0x06))
		packet.mid = read_u16(bench, fake, &left);
	read_text(bench, fake, left, packet.payload, sizeof(packet.payload));
	return packet;
}

struct mqtt fake_read(struct bench *bench, struct fake *fake, uint8_t type)
{
	struct mqtt packet = fake_read_any(bench, fake);

	cr_assert_eq(packet.type, type, "packet of type %u instead of %u", packet.type, type);
	return packet;
}

void fake_read_end(struct bench *bench, struct fake *fake)
{
	uint8_t octet;

	bench_until(bench, readable(fake->fd));
	cr_assert_leq(read(fake->fd, &octet, 1), 0, "a packet came");
}

void fake_send(const struct fake *fake, const void *data, size_t len)
{
	cr_assert_eq(write(fake->fd, data, len), (ssize_t)len);
}

void fake_send_connack(const struct fake *fake, bool session_present, uint8_t code)
{
	fake_send(fake, (const uint8_t[]){ 0x20, 2, session_present, code }, 4);
}

void fake_send_ack(const struct fake *fake, uint8_t type, uint16_t mid)
{
	uint8_t first = (uint8_t)(type << 4 | (type == MQTT_PUBREL ? 2 : 0));

	fake_send(fake, (const uint8_t[]){ first, 2, (uint8_t)(mid >> 8), (uint8_t)mid }, 4);
}

void fake_send_publish(
    const struct fake *fake, const char *topic, const char *text, int qos, uint16_t mid)
{
	uint8_t buf[128];
	size_t topic_len = strlen(topic), n = 0;

	buf[n++] = (uint8_t)(0x30 | qos << 1);
	buf[n++] = (uint8_t)(2 + topic_len + (qos > 0 ? 2 : 0) + strlen(text));
	buf[n++] = 0;
	buf[n++] = (uint8_t)topic_len;
	memcpy(buf + n, topic, topic_len);
	n += topic_len;
	if (qos > 0) {
		buf[n++] = (uint8_t)(mid >> 8);
		buf[n++] = (uint8_t)mid;
	}
	memcpy(buf + n, text, strlen(text));
	fake_send(fake, buf, n + strlen(text));
}

void fake_welcome(struct bench *bench, struct fake *fake)
{
	fake_accept(bench, fake);
	fake_read(bench, fake, MQTT_CONNECT);
	fake_send_connack(fake, false, 0);
}
