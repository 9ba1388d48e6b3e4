/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/mqtt.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <mosquitto.h>
#include <stdlib.h>

#define KEEP_ALIVE_S 3600 /* longer than any measurement */

struct mqtt {
	struct mosquitto *client;
	struct event *readable;
	struct event *writable;
	const struct mqtt_events *events;
	void *ctx;
	unsigned long packets; /* seen by the callbacks: tells whether a read brought something */
};

static void on_connect(struct mosquitto *client, void *arg, int rc)
{
	struct mqtt *mqtt = arg;

	(void)client;
	mqtt->packets++;
	if (rc != 0)
		mqtt->events->failed(mqtt->ctx, mosquitto_connack_string(rc));
	else if (mqtt->events->connected != NULL)
		mqtt->events->connected(mqtt->ctx);
}

static void on_subscribe(struct mosquitto *client, void *arg, int mid, int n, const int *granted)
{
	struct mqtt *mqtt = arg;

	(void)client, (void)mid, (void)n, (void)granted;
	mqtt->packets++;
	if (mqtt->events->subscribed != NULL)
		mqtt->events->subscribed(mqtt->ctx);
}

static void on_publish(struct mosquitto *client, void *arg, int mid)
{
	struct mqtt *mqtt = arg;

	(void)client, (void)mid;
	mqtt->packets++;
	if (mqtt->events->acknowledged != NULL)
		mqtt->events->acknowledged(mqtt->ctx);
}

static void on_message(struct mosquitto *client, void *arg, const struct mosquitto_message *message)
{
	struct mqtt *mqtt = arg;

	(void)client;
	mqtt->packets++;
	if (mqtt->events->message != NULL)
		mqtt->events->message(mqtt->ctx, message->payload, (size_t)message->payloadlen);
}

static void write_out(evutil_socket_t fd, short what, void *arg)
{
	struct mqtt *mqtt = arg;
	int rc = mosquitto_loop_write(mqtt->client, 1);

	(void)fd, (void)what;
	if (rc != MOSQ_ERR_SUCCESS)
		mqtt->events->failed(mqtt->ctx, mosquitto_strerror(rc));
	else if (mosquitto_want_write(mqtt->client))
		event_add(mqtt->writable, NULL);
}

static void read_all(evutil_socket_t fd, short what, void *arg)
{
	struct mqtt *mqtt = arg;
	unsigned long before;
	int rc;

	(void)fd, (void)what;
	do { /* a call reads a single packet when nothing is in flight */
		before = mqtt->packets;
		rc = mosquitto_loop_read(mqtt->client, 1);
		if (rc != MOSQ_ERR_SUCCESS) {
			event_del(mqtt->readable);
			mqtt->events->failed(mqtt->ctx, mosquitto_strerror(rc));
			return;
		}
	} while (mqtt->packets != before);
}

static struct mosquitto *client_new(struct mqtt *mqtt)
{
	struct mosquitto *client = mosquitto_new(NULL, true, mqtt);

	if (client == NULL)
		return NULL;
	mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_max_inflight_messages_set(client, 0);
	mosquitto_connect_callback_set(client, on_connect);
	mosquitto_subscribe_callback_set(client, on_subscribe);
	mosquitto_publish_callback_set(client, on_publish);
	mosquitto_message_callback_set(client, on_message);
	return client;
}

struct mqtt *mqtt_open(struct event_base *base, const struct netaddr *broker,
    const struct mqtt_events *events, void *ctx, const char **why)
{
	struct mqtt *mqtt = calloc(1, sizeof *mqtt);
	char host[INET6_ADDRSTRLEN];
	int rc = MOSQ_ERR_NOMEM;

	if (mqtt == NULL)
		goto fail;
	mqtt->events = events;
	mqtt->ctx = ctx;
	if ((mqtt->client = client_new(mqtt)) == NULL)
		goto fail;
	inet_ntop(broker->family == 4 ? AF_INET : AF_INET6, broker->ip, host, sizeof host);
	if ((rc = mosquitto_connect(mqtt->client, host, broker->port, KEEP_ALIVE_S)) !=
	    MOSQ_ERR_SUCCESS)
		goto fail;
	rc = MOSQ_ERR_NOMEM;
	mqtt->readable =
	    event_new(base, mosquitto_socket(mqtt->client), EV_READ | EV_PERSIST, read_all, mqtt);
	mqtt->writable = event_new(base, mosquitto_socket(mqtt->client), EV_WRITE, write_out, mqtt);
	if (mqtt->readable == NULL || mqtt->writable == NULL ||
	    event_add(mqtt->readable, NULL) != 0)
		goto fail;
	return mqtt;
fail:
	*why = mosquitto_strerror(rc);
	return mqtt_close(mqtt);
}

struct mqtt *mqtt_close(struct mqtt *mqtt)
{
	if (mqtt == NULL)
		return NULL;
	if (mqtt->readable != NULL)
		event_free(mqtt->readable);
	if (mqtt->writable != NULL)
		event_free(mqtt->writable);
	if (mqtt->client != NULL) {
		mosquitto_disconnect(mqtt->client);
		mosquitto_destroy(mqtt->client);
	}
	free(mqtt);
	return NULL;
}

/* Outside of its callbacks the library has written already; in there, and when the socket was full,
 * we have to. */
static const char *queued(struct mqtt *mqtt, int rc)
{
	if (rc != MOSQ_ERR_SUCCESS)
		return mosquitto_strerror(rc);
	if (mosquitto_want_write(mqtt->client))
		event_active(mqtt->writable, EV_WRITE, 0);
	return NULL;
}

const char *mqtt_publish(
    struct mqtt *mqtt, const char *topic, const void *payload, size_t len, int qos)
{
	return queued(
	    mqtt, mosquitto_publish(mqtt->client, NULL, topic, (int)len, payload, qos, false));
}

const char *mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos)
{
	return queued(mqtt, mosquitto_subscribe(mqtt->client, NULL, filter, qos));
}
