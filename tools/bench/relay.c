/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay - the least that stands between MQTT-SN publishers and a broker, for tools/bench.sh: what
 * libmosquitto and the kernel cost, whatever a gateway does besides.
 *
 *     relay BROKER-PORT
 *
 * Both sides are on 127.0.0.1, and it tells its port.  A libmosquitto client for each sensor,
 * datagrams received and sent in batches, one write for each sensor in a turn: the hot path of a
 * gateway and nothing around it. It believes all that it hears, repeats nothing, knows no sleep and
 * no subscription, and holds one publish of each sensor at a time.  Only for loopback, where a port
 * is a sensor.
 */
#include "config.h"

#include <arpa/inet.h>
#include <mosquitto.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "sn_codec/sn_codec.h"

#define BATCH        64
#define TURN_MAX     1024 /* sensors that a turn touches, datagrams that it sends */
#define DATAGRAM_MAX 2048
#define TOPIC_MAX    64
#define KEEP_ALIVE_S 3600

struct sensor {
	struct relay *relay;
	struct sockaddr_in address;
	struct mosquitto *mosq;
	bool dirty;
	unsigned packets; /* since the last write */
	char topic[TOPIC_MAX];
	int mid; /* of the publish that is on its way, and the sensor's own number of it */
	uint16_t msg_id;
	int qos;
};

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_in addresses[BATCH];
	uint8_t octets[BATCH][DATAGRAM_MAX];
};

struct relay {
	int udp;
	int epoll;
	int broker_port;
	struct batch in, out;
	unsigned n_out;
	struct sensor *dirty[TURN_MAX];
	unsigned n_dirty;
	struct sensor *sensors[65536]; /* by port */
};

/* --- To the sensors --- */

static void prepare(struct batch *batch, unsigned i, size_t len)
{
	batch->parts[i] = (struct iovec){ batch->octets[i], len };
	batch->messages[i].msg_hdr = (struct msghdr){
		.msg_name = &batch->addresses[i],
		.msg_namelen = sizeof batch->addresses[i],
		.msg_iov = &batch->parts[i],
		.msg_iovlen = 1,
	};
}

static void send_out(struct relay *relay)
{
	if (relay->n_out > 0)
		sendmmsg(relay->udp, relay->out.messages, relay->n_out, 0);
	relay->n_out = 0;
}

static void say(struct sensor *sensor, const struct sn_packet *packet)
{
	struct relay *relay = sensor->relay;
	unsigned i = relay->n_out;
	size_t len;

	if (sn_encode(relay->out.octets[i], DATAGRAM_MAX, packet, &len) != SN_OK)
		return;
	relay->out.addresses[i] = sensor->address;
	prepare(&relay->out, i, len);
	if (++relay->n_out == BATCH)
		send_out(relay);
}

static void on_connect(struct mosquitto *mosq, void *arg, int rc)
{
	(void)mosq, (void)rc;
	say(arg, &(struct sn_packet){ .type = SN_CONNACK });
}

/* PUBREC stands for the whole exchange with the broker; PUBREL is then answered by us. */
static void on_publish(struct mosquitto *mosq, void *arg, int mid)
{
	struct sensor *sensor = arg;

	(void)mosq;
	if (mid != sensor->mid)
		return;
	sensor->mid = 0;
	if (sensor->qos == 1)
		say(sensor, &(struct sn_packet){ .type = SN_PUBACK,
		                .topic_ack = { .topic_id = 1, .msg_id = sensor->msg_id } });
	else
		say(sensor,
		    &(struct sn_packet){ .type = SN_PUBREC, .msg_ack = { sensor->msg_id } });
}

/* --- To the broker --- */

static void touch(struct sensor *sensor)
{
	struct relay *relay = sensor->relay;

	if (sensor->dirty || relay->n_dirty == TURN_MAX)
		return;
	sensor->dirty = true;
	relay->dirty[relay->n_dirty++] = sensor;
}

static void write_out(struct sensor *sensor)
{
	int fd = mosquitto_socket(sensor->mosq), cork = sensor->packets > 1;

	sensor->dirty = false;
	sensor->packets = 0;
	if (cork)
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof cork);
	mosquitto_loop_write(sensor->mosq, 1);
	if (cork)
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){ 0 }, sizeof(int));
}

static void close_sensor(struct relay *relay, uint16_t port)
{
	struct sensor *sensor = relay->sensors[port];

	if (sensor == NULL)
		return;
	for (unsigned i = 0; i < relay->n_dirty; i++) {
		if (relay->dirty[i] == sensor)
			relay->dirty[i] = relay->dirty[--relay->n_dirty];
	}
	mosquitto_disconnect(sensor->mosq);
	mosquitto_loop_write(sensor->mosq, 1);
	mosquitto_destroy(sensor->mosq);
	free(sensor);
	relay->sensors[port] = NULL;
}

/* It would write to a socket of its own for each packet; see gateway/upstream/session.c. */
static struct mosquitto *new_without_wakeup(const char *id, struct sensor *sensor)
{
	struct rlimit limit, none;
	struct mosquitto *mosq;

	getrlimit(RLIMIT_NOFILE, &limit);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	mosq = mosquitto_new(id, true, sensor);
	setrlimit(RLIMIT_NOFILE, &limit);
	return mosq;
}

static bool connect_broker(struct sensor *sensor, struct sn_bytes client_id)
{
	struct relay *relay = sensor->relay;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = sensor };
	char id[TOPIC_MAX];

	snprintf(id, sizeof id, "%.*s", (int)client_id.len, (const char *)client_id.data);
	sensor->mosq = new_without_wakeup(id, sensor);
	if (sensor->mosq == NULL)
		return false;
	mosquitto_int_option(sensor->mosq, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_threaded_set(sensor->mosq, true); /* calls queue, they do not write */
	mosquitto_connect_callback_set(sensor->mosq, on_connect);
	mosquitto_publish_callback_set(sensor->mosq, on_publish);
	if (mosquitto_connect(sensor->mosq, "127.0.0.1", relay->broker_port, KEEP_ALIVE_S) !=
	    MOSQ_ERR_SUCCESS)
		return false;
	touch(sensor);
	return epoll_ctl(relay->epoll, EPOLL_CTL_ADD, mosquitto_socket(sensor->mosq), &event) == 0;
}

/* --- From the sensors --- */

static void open_sensor(
    struct relay *relay, const struct sockaddr_in *from, const struct sn_connect *connect)
{
	uint16_t port = ntohs(from->sin_port);
	struct sensor *sensor;

	close_sensor(relay, port);
	if ((sensor = calloc(1, sizeof *sensor)) == NULL)
		return;
	relay->sensors[port] = sensor;
	sensor->relay = relay;
	sensor->address = *from;
	if (!connect_broker(sensor, connect->client_id))
		close_sensor(relay, port);
}

static void register_topic(struct sensor *sensor, const struct sn_register *reg)
{
	snprintf(sensor->topic, sizeof sensor->topic, "%.*s", (int)reg->topic.len,
	    (const char *)reg->topic.data);
	say(sensor, &(struct sn_packet){
	                .type = SN_REGACK, .topic_ack = { .topic_id = 1, .msg_id = reg->msg_id } });
}

static void publish(struct sensor *sensor, const struct sn_publish *publish)
{
	int mid = 0, qos = publish->flags.qos;

	mosquitto_publish(sensor->mosq, &mid, sensor->topic, (int)publish->data.len,
	    publish->data.data, qos, false);
	if (qos > 0) {
		sensor->mid = mid;
		sensor->msg_id = publish->msg_id;
		sensor->qos = qos;
	}
	sensor->packets++;
	touch(sensor);
}

static void heard(
    struct relay *relay, const struct sockaddr_in *from, const uint8_t *data, size_t len)
{
	struct sensor *sensor = relay->sensors[ntohs(from->sin_port)];
	struct sn_packet packet;

	if (sn_decode(data, len, &packet) != SN_OK)
		return;
	if (packet.type == SN_CONNECT)
		open_sensor(relay, from, &packet.connect);
	else if (sensor == NULL)
		return;
	else if (packet.type == SN_REGISTER)
		register_topic(sensor, &packet.reg);
	else if (packet.type == SN_PUBLISH)
		publish(sensor, &packet.publish);
	else if (packet.type == SN_PUBREL)
		say(sensor, &(struct sn_packet){ .type = SN_PUBCOMP, .msg_ack = packet.msg_ack });
	else if (packet.type == SN_DISCONNECT)
		close_sensor(relay, ntohs(from->sin_port));
}

static void receive(struct relay *relay)
{
	int n = BATCH;

	for (int batch = 0; batch < 4 && n == BATCH; batch++) {
		for (unsigned i = 0; i < BATCH; i++)
			prepare(&relay->in, i, DATAGRAM_MAX);
		n = recvmmsg(relay->udp, relay->in.messages, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			heard(relay, &relay->in.addresses[i], relay->in.octets[i],
			    relay->in.messages[i].msg_len);
	}
}

/* --- The loop --- */

/* What the broker has said comes first: a sensor that it names might say DISCONNECT. */
static void turn(struct relay *relay)
{
	struct epoll_event events[256];
	int n = epoll_wait(relay->epoll, events, 256, -1);
	bool readable = false;

	for (int i = 0; i < n; i++) {
		struct sensor *sensor = events[i].data.ptr;

		if (sensor == NULL) {
			readable = true;
			continue;
		}
		mosquitto_loop_read(sensor->mosq, 1);
		if (mosquitto_want_write(sensor->mosq))
			touch(sensor);
	}
	if (readable)
		receive(relay);
	for (unsigned i = 0; i < relay->n_dirty; i++)
		write_out(relay->dirty[i]);
	relay->n_dirty = 0;
	send_out(relay);
}

/* The port, or -1. */
static int open_relay(struct relay *relay)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN };
	socklen_t len = sizeof address;

	relay->udp = socket(AF_INET, SOCK_DGRAM, 0);
	relay->epoll = epoll_create1(0);
	if (relay->udp < 0 || relay->epoll < 0)
		return -1;
	setsockopt(relay->udp, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 4 << 20 }, sizeof(int));
	if (bind(relay->udp, (struct sockaddr *)&address, sizeof address) != 0 ||
	    getsockname(relay->udp, (struct sockaddr *)&address, &len) != 0 ||
	    epoll_ctl(relay->epoll, EPOLL_CTL_ADD, relay->udp, &event) != 0)
		return -1;
	return ntohs(address.sin_port);
}

int main(int argc, char **argv)
{
	struct relay *relay = calloc(1, sizeof *relay);
	int port;

	if (argc != 2 || relay == NULL) {
		fputs("usage: relay BROKER-PORT\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	mosquitto_lib_init();
	relay->broker_port = atoi(argv[1]);
	if ((port = open_relay(relay)) < 0) {
		perror("relay");
		return EXIT_FAILURE;
	}
	fprintf(stderr, "listening on 127.0.0.1:%d\n", port);
	for (;;)
		turn(relay);
}
