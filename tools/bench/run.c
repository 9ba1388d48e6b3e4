/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/run.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/monotime.h"
#include "tools/bench/mqtt.h"

#define TICK_MS 100
#define STALL_MS                                                                                   \
	1500 /* so long nothing: what is missing is lost (a sensor sends again after 1 s) */
#define LIMIT_MS 120000 /* of one measurement */

struct stamp {
	uint32_t run;
	uint32_t publisher;
	uint32_t number; /* counts from 1, for each publisher */
};
_Static_assert(sizeof(struct stamp) == RUN_PAYLOAD_MIN, "the stamp must fit the least payload");

struct run {
	const struct run_config *config;
	const struct publishers_ops *ops;
	struct run_result *result;
	struct event_base *base;
	struct event *tick;
	struct mqtt *subscriber;
	void *publishers;
	uint32_t id;
	bool failed;

	monotime_t began;
	monotime_t progressed; /* the last arrival or acknowledgement */
	double gateway_cpu;    /* at the begin */
	double broker_cpu;
	uint32_t published;
	uint32_t acknowledged;
	uint32_t lost;
	struct {
		uint32_t published;
		uint32_t received; /* the number of the last one */
	} * of;                    /* for each publisher */
};

/* CPU time of a process so far, in seconds. */
static double cpu_time(uint32_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (pid != 0 && clock_getcpuclockid((pid_t)pid, &clock) == 0)
		clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_failed(void *ctx, const char *why)
{
	struct run *run = ctx;

	if (!run->failed)
		fprintf(stderr, "%s: %s\n", run->ops->name, why);
	run->failed = true;
	event_base_loopbreak(run->base);
}

static void publish(struct run *run, uint32_t who)
{
	uint8_t payload[PUBLISHERS_PAYLOAD_MAX] = { 0 };
	struct stamp stamp = { run->id, who, ++run->of[who].published };

	run->published++;
	memcpy(payload, &stamp, sizeof stamp);
	run->ops->publish(run->publishers, who, payload, run->config->payload);
}

static void fill_window(struct run *run)
{
	const struct run_config *config = run->config;

	while (!run->failed && run->published < config->messages &&
	       run->published - run->result->received - run->lost < config->window)
		publish(run, run->published % config->publishers.count);
}

static bool complete(const struct run *run)
{
	uint32_t messages = run->config->messages;

	if (run->published < messages ||
	    (run->config->publishers.qos > 0 && run->acknowledged < messages))
		return false;
	return run->result->received + run->lost >= messages;
}

static void progress(struct run *run)
{
	run->progressed = monotime_now();
	if (run->config->publishers.qos == 0)
		fill_window(run);
	if (complete(run))
		event_base_loopbreak(run->base);
}

static void on_message(void *ctx, const void *payload, size_t len)
{
	struct run *run = ctx;
	struct stamp stamp;

	if (len < sizeof stamp)
		return;
	memcpy(&stamp, payload, sizeof stamp);
	if (stamp.run != run->id || stamp.publisher >= run->config->publishers.count)
		return; /* a late one of the run before */
	if (stamp.number <= run->of[stamp.publisher].received) {
		run->result->repeated++;
		return;
	}
	run->of[stamp.publisher].received = stamp.number;
	run->result->received++;
	progress(run);
}

static void on_acknowledged(void *ctx, unsigned who)
{
	struct run *run = ctx;

	run->acknowledged++;
	if (run->published < run->config->messages)
		publish(run, who);
	progress(run);
}

static void on_ready(void *ctx)
{
	struct run *run = ctx;
	const struct run_config *config = run->config;

	run->gateway_cpu = cpu_time(config->gateway_pid);
	run->broker_cpu = cpu_time(config->broker_pid);
	run->began = run->progressed = monotime_now();
	if (config->publishers.qos == 0) {
		fill_window(run);
		return;
	}
	for (unsigned who = 0; who < config->publishers.count && run->published < config->messages;
	     who++)
		publish(run, who);
}

static const struct publishers_events publisher_events = {
	.ready = on_ready,
	.acknowledged = on_acknowledged,
	.failed = on_failed,
};

static void on_connected(void *ctx)
{
	struct run *run = ctx;
	const char *why = mqtt_subscribe(run->subscriber, PUBLISHERS_TOPIC "#");

	if (why != NULL)
		on_failed(run, why);
}

static void on_subscribed(void *ctx)
{
	struct run *run = ctx;

	run->publishers =
	    run->ops->open(run->base, &run->config->publishers, &publisher_events, run);
}

static const struct mqtt_events subscriber_events = {
	.connected = on_connected,
	.subscribed = on_subscribed,
	.message = on_message,
	.failed = on_failed,
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;
	const struct run_config *config = run->config;
	monotime_t now = monotime_now();

	(void)fd, (void)what;
	if (monotime_ms_between(run->began, now) > LIMIT_MS)
		on_failed(run, "not done in time");
	if (run->published == 0 || monotime_ms_between(run->progressed, now) < STALL_MS)
		return;
	if (config->publishers.qos > 0 && run->acknowledged < config->messages)
		return; /* the publishers send again */
	run->lost = run->published - (uint32_t)run->result->received;
	if (complete(run))
		event_base_loopbreak(run->base);
	else
		fill_window(run);
}

static void finish(struct run *run)
{
	struct run_result *result = run->result;

	result->seconds = (double)(run->progressed.us - run->began.us) / 1e6;
	result->gateway_cpu = cpu_time(run->config->gateway_pid) - run->gateway_cpu;
	result->broker_cpu = cpu_time(run->config->broker_pid) - run->broker_cpu;
	result->lost = run->published - result->received;
	result->resent = run->ops->resent(run->publishers);
}

static int measure(struct run *run)
{
	const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	const char *why = "out of memory";

	run->tick = event_new(run->base, -1, EV_PERSIST, on_tick, run);
	if (run->tick == NULL || event_add(run->tick, &tick) != 0)
		goto fail;
	run->subscriber = mqtt_open(run->base, &run->config->broker, &subscriber_events, run, &why);
	if (run->subscriber == NULL)
		goto fail;
	event_base_dispatch(run->base);
	if (run->failed)
		return -1;
	finish(run);
	return 0;
fail:
	on_failed(run, why);
	return -1;
}

int run_measure(
    const struct run_config *config, const struct publishers_ops *ops, struct run_result *result)
{
	struct run run = {
		.config = config,
		.ops = ops,
		.result = result,
		.began = monotime_now(),
		.base = event_base_new(),
		.of = calloc(config->publishers.count, sizeof *run.of),
	};
	int rc = -1;

	*result = (struct run_result){ 0 };
	run.id = (uint32_t)run.began.us;
	run.progressed = run.began;
	if (run.base != NULL && run.of != NULL)
		rc = measure(&run);
	ops->close(run.publishers);
	mqtt_close(run.subscriber);
	if (run.tick != NULL)
		event_free(run.tick);
	if (run.base != NULL)
		event_base_free(run.base);
	free(run.of);
	return rc;
}
