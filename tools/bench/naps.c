/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/naps.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/monotime.h"
#include "tools/bench/mqtt.h"
#include "tools/bench/process.h"

#define LIMIT_MS  120000
#define SLEEP_S   3600
#define SETUP_MAX 50 /* sensors that connect at once */
#define SETTLE_MS                                                                                  \
	500 /* from the broker's last acknowledgement until the gateway has its messages */

struct naps {
	const struct naps_config *config;
	struct event_base *base;
	struct event *alarm; /* the sleepers wake, or it has taken too long */
	struct sensors *sensors;
	struct mqtt *broker;
	monotime_t *woken; /* each sensor */
	uint32_t started;
	uint32_t asleep; /* for the first time */
	uint64_t acknowledged;
	uint32_t waking; /* how many have been woken */
	uint32_t fetched;
	bool awake; /* the waking has begun */
	bool broken;
	uint64_t received;
	struct histogram answers;
	monotime_t began;
	monotime_t ended;
	double cpu;
};

static void on_failed(void *ctx, const char *why)
{
	struct naps *naps = ctx;

	if (!naps->broken)
		fprintf(stderr, "naps: %s\n", why);
	naps->broken = true;
	event_base_loopbreak(naps->base);
}

static void set_alarm(struct naps *naps, uint32_t ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(naps->alarm, &in);
}

static uint64_t messages_in_all(const struct naps *naps)
{
	return (uint64_t)naps->config->sensors.count * naps->config->messages;
}

static void start_next(struct naps *naps)
{
	if (naps->started < naps->config->sensors.count)
		sn_client_connect(sensors_client(naps->sensors, naps->started++), monotime_now());
}

static void wake_next(struct naps *naps)
{
	uint32_t who = naps->waking;

	if (who == naps->config->sensors.count)
		return;
	naps->waking++;
	naps->woken[who] = monotime_now();
	sn_client_wake(sensors_client(naps->sensors, who), naps->woken[who]);
}

static void begin_waking(struct naps *naps)
{
	naps->awake = true;
	naps->cpu = process_cpu(naps->config->gateway_pid);
	naps->began = monotime_now();
	set_alarm(naps, LIMIT_MS);
	for (uint32_t i = 0; i < naps->config->at_once; i++)
		wake_next(naps);
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct naps *naps = arg;

	(void)fd, (void)what;
	if (naps->asleep == naps->config->sensors.count &&
	    naps->acknowledged == messages_in_all(naps) && !naps->awake)
		begin_waking(naps);
	else
		on_failed(naps, "not done in time");
}

static void send_messages(struct naps *naps)
{
	static const uint8_t payload[SENSORS_PAYLOAD_MAX];
	const char *why = NULL;

	for (uint32_t who = 0; who < naps->config->sensors.count; who++)
		for (uint32_t i = 0; i < naps->config->messages && why == NULL; i++)
			why = mqtt_publish(naps->broker, sensors_topic(naps->sensors, who), payload,
			    naps->config->payload, 1);
	if (why != NULL)
		on_failed(naps, why);
	if (messages_in_all(naps) == 0)
		set_alarm(naps, SETTLE_MS);
}

static void fell_asleep(struct naps *naps, uint32_t who)
{
	if (!naps->awake) {
		start_next(naps);
		if (++naps->asleep == naps->config->sensors.count)
			send_messages(naps);
		return;
	}
	naps->ended = monotime_now();
	histogram_add(&naps->answers, (uint64_t)(naps->ended.us - naps->woken[who].us));
	wake_next(naps);
	if (++naps->fetched == naps->config->sensors.count)
		event_base_loopbreak(naps->base);
}

static void on_event(void *ctx, uint32_t who, struct sn_client_event event)
{
	struct naps *naps = ctx;
	struct sn_client *client = sensors_client(naps->sensors, who);
	struct sn_client_topic topic = { .name = sensors_topic(naps->sensors, who) };

	switch (event.kind) {
	case SN_CLIENT_CONNECTED:
		sn_client_subscribe(client, monotime_now(), &topic, 1);
		break;
	case SN_CLIENT_SUBSCRIBED:
		sn_client_sleep(client, monotime_now(), SLEEP_S);
		break;
	case SN_CLIENT_ASLEEP:
		fell_asleep(naps, who);
		break;
	case SN_CLIENT_CONGESTED:
		break;
	default:
		on_failed(naps, "the gateway refuses, or does not answer");
		break;
	}
}

static void on_message(void *ctx, uint32_t who, const void *payload, size_t len)
{
	struct naps *naps = ctx;

	(void)who, (void)payload, (void)len;
	naps->received++;
}

static const struct sensors_events sensors_events = {
	.event = on_event,
	.message = on_message,
	.failed = on_failed,
};

static void on_connected(void *ctx)
{
	struct naps *naps = ctx;

	for (uint32_t i = 0; i < SETUP_MAX; i++)
		start_next(naps);
}

static void on_acknowledged(void *ctx)
{
	struct naps *naps = ctx;

	if (++naps->acknowledged == messages_in_all(naps))
		set_alarm(naps, SETTLE_MS);
}

static const struct mqtt_events mqtt_events = {
	.connected = on_connected,
	.acknowledged = on_acknowledged,
	.failed = on_failed,
};

static void finish(const struct naps *naps, enum path path, unsigned round, struct figures *figures)
{
	const struct naps_config *config = naps->config;
	double seconds = (double)(naps->ended.us - naps->began.us) / 1e6;
	double missing = (double)messages_in_all(naps) - (double)naps->received;

	figures_set(figures, path, round, RATE, config->sensors.count / seconds);
	figures_set(figures, path, round, GATEWAY_CPU,
	    (process_cpu(config->gateway_pid) - naps->cpu) * 100000 / config->sensors.count);
	figures_set(
	    figures, path, round, GATEWAY_MEMORY, process_memory(config->gateway_pid) / 1e6);
	figures_set(figures, path, round, LOST, missing > 0 ? missing : 0);
	figures_set(figures, path, round, REPEATED, missing < 0 ? -missing : 0);
	figures_set_times(figures, path, round, ANSWER_P50, &naps->answers);
}

static bool play(struct naps *naps)
{
	const struct naps_config *config = naps->config;
	const char *why = "out of memory";

	naps->base = event_base_new();
	naps->woken = calloc(config->sensors.count, sizeof *naps->woken);
	if (naps->base == NULL || naps->woken == NULL)
		return false;
	naps->alarm = evtimer_new(naps->base, on_alarm, naps);
	naps->sensors = sensors_open(naps->base, &config->sensors, &sensors_events, naps);
	if (naps->alarm == NULL || naps->sensors == NULL)
		return false;
	naps->broker = mqtt_open(naps->base, &config->broker, &mqtt_events, naps, &why);
	if (naps->broker == NULL) {
		on_failed(naps, why);
		return false;
	}
	set_alarm(naps, LIMIT_MS);
	event_base_dispatch(naps->base);
	return !naps->broken;
}

int naps_measure(
    const struct naps_config *config, enum path path, unsigned round, struct figures *figures)
{
	struct naps *naps = calloc(1, sizeof *naps);
	bool done;

	if (naps == NULL)
		return -1;
	naps->config = config;
	done = play(naps);
	if (done)
		finish(naps, path, round, figures);
	sensors_close(naps->sensors);
	mqtt_close(naps->broker);
	if (naps->alarm != NULL)
		event_free(naps->alarm);
	if (naps->base != NULL)
		event_base_free(naps->base);
	free(naps->woken);
	free(naps);
	return done ? 0 : -1;
}
