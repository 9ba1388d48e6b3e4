/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/run.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/monotime.h"
#include "tools/bench/mqtt.h"
#include "tools/bench/process.h"

#define TICK_MS 100
#define PACE_US 1000 /* at a fixed rate: what is due is sent so often */
#define STALL_MS                                                                                   \
	1500 /* so long nothing: what is missing is lost (a sensor sends again after 1 s) */
#define LIMIT_MS 120000 /* of one measurement */

struct stamp {
	uint32_t run;
	uint32_t publisher;
	uint32_t number; /* counts from 1, for each publisher */
	uint32_t zero;
	int64_t sent; /* microseconds of the monotonic clock */
};
_Static_assert(sizeof(struct stamp) == RUN_PAYLOAD_MIN, "the stamp must fit the least payload");

/* What a publisher has done. */
struct account {
	uint32_t published;
	uint32_t received; /* the number of the last one */
	monotime_t sent;   /* the last one */
};

struct run {
	const struct run_config *config;
	const struct publishers_ops *ops;
	struct event_base *base;
	struct event *tick;
	struct event *pace;
	struct mqtt *subscriber;
	void *publishers;
	uint32_t id;
	bool failed;

	monotime_t began;
	monotime_t progressed; /* the last arrival or acknowledgement */
	double gateway_cpu;    /* at the begin */
	double broker_cpu;
	uint64_t kernel_drops;

	uint32_t published;
	uint32_t acknowledged;
	uint32_t received; /* each message once */
	uint32_t repeated; /* arrived once more, or out of order */
	uint32_t lost;
	struct histogram latencies;
	struct histogram answers;
	struct account *of; /* each publisher */
	/* At QoS 1 and 2: the publishers without a publish on its way, those who have waited
	 * longest first; a ring with room for all. */
	uint32_t *idle;
	uint32_t first_idle;
	uint32_t n_idle;
};

static void on_failed(void *ctx, const char *why)
{
	struct run *run = ctx;

	if (!run->failed)
		fprintf(stderr, "%s: %s\n", run->ops->name, why);
	run->failed = true;
	event_base_loopbreak(run->base);
}

static bool is_acknowledged(const struct run *run)
{
	return run->config->publishers.qos > 0;
}

static void publish(struct run *run, uint32_t who)
{
	uint8_t payload[PUBLISHERS_PAYLOAD_MAX] = { 0 };
	struct account *account = &run->of[who];
	struct stamp stamp = { .run = run->id, .publisher = who };

	account->sent = monotime_now();
	stamp.number = ++account->published;
	stamp.sent = account->sent.us;
	run->published++;
	memcpy(payload, &stamp, sizeof stamp);
	run->ops->publish(run->publishers, who, payload, run->config->payload);
}

static void rest(struct run *run, uint32_t who)
{
	uint32_t count = run->config->publishers.count;

	run->idle[(run->first_idle + run->n_idle++) % count] = who;
}

static void publish_next(struct run *run)
{
	uint32_t who = run->idle[run->first_idle];

	run->first_idle = (run->first_idle + 1) % run->config->publishers.count;
	run->n_idle--;
	publish(run, who);
}

/* Each of those who publish at a time waits for its acknowledgement before another has its turn. */
static void publish_in_turn(struct run *run)
{
	const struct run_config *config = run->config;

	for (uint32_t who = 0; who < config->publishers.count; who++)
		rest(run, who);
	for (uint32_t i = 0; i < config->at_once && i < config->messages && !run->failed; i++)
		publish_next(run);
}

static void publish_until(struct run *run, uint32_t published)
{
	while (!run->failed && run->published < published)
		publish(run, run->published % run->config->publishers.count);
}

static uint32_t least(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

static void fill_window(struct run *run)
{
	uint64_t gone = (uint64_t)run->received + run->lost;

	publish_until(run, least(gone + run->config->window, run->config->messages));
}

static void on_pace(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;
	uint64_t us = (uint64_t)(monotime_now().us - run->began.us);

	(void)fd, (void)what;
	publish_until(run, least(us * run->config->rate / 1000000, run->config->messages));
	if (run->published == run->config->messages)
		event_del(run->pace);
}

static bool complete(const struct run *run)
{
	uint32_t messages = run->config->messages;

	if (run->published < messages || (is_acknowledged(run) && run->acknowledged < messages))
		return false;
	return run->received + run->lost >= messages;
}

static void progress(struct run *run)
{
	run->progressed = monotime_now();
	if (!is_acknowledged(run) && run->config->rate == 0)
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
		run->repeated++;
		return;
	}
	run->of[stamp.publisher].received = stamp.number;
	run->received++;
	histogram_add(&run->latencies, (uint64_t)(monotime_now().us - stamp.sent));
	progress(run);
}

static void on_acknowledged(void *ctx, uint32_t who)
{
	struct run *run = ctx;

	run->acknowledged++;
	histogram_add(&run->answers, (uint64_t)(monotime_now().us - run->of[who].sent.us));
	rest(run, who);
	if (run->published < run->config->messages)
		publish_next(run);
	progress(run);
}

static void begin(struct run *run)
{
	const struct timeval pace = { .tv_usec = PACE_US };
	const struct run_config *config = run->config;

	run->gateway_cpu = process_cpu(config->gateway_pid);
	run->broker_cpu = process_cpu(config->broker_pid);
	run->kernel_drops = process_udp_drops(config->publishers.server.port);
	run->began = run->progressed = monotime_now();
	if (is_acknowledged(run))
		publish_in_turn(run);
	else if (config->rate > 0)
		event_add(run->pace, &pace);
	else
		fill_window(run);
}

static const struct publishers_events publisher_events;

static void open_publishers(struct run *run)
{
	const struct publishers_config *config = &run->config->publishers;

	run->publishers = run->ops->open(run->base, config, &publisher_events, run);
	if (run->publishers != NULL && config->qos < 0 && run->ops == &publishers_sensors)
		begin(run); /* QoS -1 needs no connection */
}

static void on_ready(void *ctx)
{
	begin(ctx);
}

static const struct publishers_events publisher_events = {
	.ready = on_ready,
	.acknowledged = on_acknowledged,
	.message = on_message,
	.failed = on_failed,
};

static void on_connected(void *ctx)
{
	struct run *run = ctx;
	bool by_short = run->config->publishers.qos < 0 && run->ops == &publishers_sensors;
	const char *why =
	    mqtt_subscribe(run->subscriber, by_short ? PUBLISHERS_SHORT : PUBLISHERS_TOPIC "#", 0);

	if (why != NULL)
		on_failed(run, why);
}

static void on_subscribed(void *ctx)
{
	open_publishers(ctx);
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
	if (is_acknowledged(run) && run->acknowledged < config->messages)
		return; /* the publishers send again */
	if (config->rate > 0 && run->published < config->messages)
		return;
	run->lost = run->published - run->received;
	if (complete(run))
		event_base_loopbreak(run->base);
	else
		fill_window(run);
}

static void finish(const struct run *run, enum path path, unsigned round, struct figures *figures)
{
	const struct run_config *config = run->config;
	double seconds = (double)(run->progressed.us - run->began.us) / 1e6;
	double per_100k = 100000.0 / (double)config->messages;
	const struct {
		enum figure figure;
		double value;
	} values[] = {
		{ RATE, run->received / seconds },
		{ BROKER_CPU, (process_cpu(config->broker_pid) - run->broker_cpu) * per_100k },
		{ LOST, run->published - run->received },
		{ REPEATED, run->repeated },
		{ RESENT, (double)run->ops->resent(run->publishers) },
	};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		figures_set(figures, path, round, values[i].figure, values[i].value);
	figures_set_times(figures, path, round, LATENCY_P50, &run->latencies);
	figures_set_times(figures, path, round, ANSWER_P50, &run->answers);
	if (path == PATH_DIRECT)
		return;
	figures_set(figures, path, round, GATEWAY_CPU,
	    (process_cpu(config->gateway_pid) - run->gateway_cpu) * per_100k);
	figures_set(
	    figures, path, round, GATEWAY_MEMORY, process_memory(config->gateway_pid) / 1e6);
	figures_set(figures, path, round, KERNEL_DROPS,
	    (double)(process_udp_drops(config->publishers.server.port) - run->kernel_drops));
}

static int measure(struct run *run)
{
	const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	const char *why = "out of memory";

	run->tick = event_new(run->base, -1, EV_PERSIST, on_tick, run);
	run->pace = event_new(run->base, -1, EV_PERSIST, on_pace, run);
	if (run->tick == NULL || run->pace == NULL || event_add(run->tick, &tick) != 0)
		goto fail;
	if (run->config->publishers.receivers) {
		open_publishers(run);
	} else {
		run->subscriber =
		    mqtt_open(run->base, &run->config->broker, &subscriber_events, run, &why);
		if (run->subscriber == NULL)
			goto fail;
	}
	if (!run->failed)
		event_base_dispatch(run->base);
	return run->failed ? -1 : 0;
fail:
	on_failed(run, why);
	return -1;
}

int run_measure(const struct run_config *config, const struct publishers_ops *ops, enum path path,
    unsigned round, struct figures *figures)
{
	struct run *run = calloc(1, sizeof *run);
	int rc = -1;

	if (run == NULL)
		return rc;
	run->config = config;
	run->ops = ops;
	run->began = run->progressed = monotime_now();
	run->id = (uint32_t)run->began.us;
	run->base = event_base_new();
	run->of = calloc(config->publishers.count, sizeof *run->of);
	run->idle = calloc(config->publishers.count, sizeof *run->idle);
	if (run->base != NULL && run->of != NULL && run->idle != NULL)
		rc = measure(run);
	if (rc == 0)
		finish(run, path, round, figures);
	ops->close(run->publishers);
	mqtt_close(run->subscriber);
	if (run->tick != NULL)
		event_free(run->tick);
	if (run->pace != NULL)
		event_free(run->pace);
	if (run->base != NULL)
		event_base_free(run->base);
	free(run->of);
	free(run->idle);
	free(run);
	return rc;
}
