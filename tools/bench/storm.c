/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/storm.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/monotime.h"
#include "tools/bench/process.h"

#define LIMIT_MS  120000 /* for the storm, and for falling asleep */
#define SETTLE_S  10     /* so long at most, before the idling is measured */
#define SLEEP_S   3600
#define SLEEP_MAX 50 /* so many fall asleep at once */

struct storm {
	const struct storm_config *config;
	struct event_base *base;
	struct event *alarm;
	struct sensors *sensors;
	monotime_t *began; /* each sensor's CONNECT */
	uint32_t started;
	uint32_t connected;
	uint32_t failed;
	uint32_t drowsy; /* so many have been told to sleep, */
	uint32_t asleep; /* and so many do */
	bool calm;       /* the storm is over */
	bool broken;
	struct histogram answers;

	monotime_t since; /* the storm began, or the idling */
	double cpu;       /* likewise */
	double seconds;   /* that the storm took */
	double storm_cpu;
	double idle_cpu;
};

static void on_failed(void *ctx, const char *why)
{
	struct storm *storm = ctx;

	if (!storm->broken)
		fprintf(stderr, "storm: %s\n", why);
	storm->broken = true;
	event_base_loopbreak(storm->base);
}

static void set_alarm(struct storm *storm, uint32_t ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(storm->alarm, &in);
}

static void start_next(struct storm *storm)
{
	uint32_t who = storm->started;

	if (who == storm->config->sensors.count)
		return;
	storm->started++;
	storm->began[who] = monotime_now();
	sn_client_connect(sensors_client(storm->sensors, who), storm->began[who]);
}

static void sleep_next(struct storm *storm)
{
	if (storm->drowsy < storm->config->sensors.count)
		sn_client_sleep(
		    sensors_client(storm->sensors, storm->drowsy++), monotime_now(), SLEEP_S);
}

static void all_sleep(struct storm *storm)
{
	set_alarm(storm, LIMIT_MS);
	for (uint32_t i = 0; i < SLEEP_MAX; i++)
		sleep_next(storm);
}

static void storm_over(struct storm *storm)
{
	storm->calm = true;
	storm->seconds = (double)(monotime_now().us - storm->since.us) / 1e6;
	storm->storm_cpu = process_cpu(storm->config->gateway_pid) - storm->cpu;
	event_del(storm->alarm);
	if (storm->config->idle_s > 0 && storm->connected > 0)
		all_sleep(storm);
	else
		event_base_loopbreak(storm->base);
}

static void one_done(struct storm *storm)
{
	start_next(storm);
	if (storm->connected + storm->failed == storm->config->sensors.count)
		storm_over(storm);
}

static void fell_asleep(struct storm *storm)
{
	uint32_t settle_s = storm->config->idle_s < SETTLE_S ? storm->config->idle_s : SETTLE_S;

	sleep_next(storm);
	if (++storm->asleep == storm->connected)
		set_alarm(storm, settle_s * 1000);
}

static void on_event(void *ctx, uint32_t who, struct sn_client_event event)
{
	struct storm *storm = ctx;

	switch (event.kind) {
	case SN_CLIENT_CONNECTED:
		histogram_add(
		    &storm->answers, (uint64_t)(monotime_now().us - storm->began[who].us));
		storm->connected++;
		one_done(storm);
		break;
	case SN_CLIENT_ASLEEP:
		fell_asleep(storm);
		break;
	case SN_CLIENT_REFUSED:
	case SN_CLIENT_CLOSED:
		if (storm->calm) {
			sleep_next(storm);
			break;
		}
		storm->failed++;
		one_done(storm);
		break;
	default:
		break;
	}
}

static void on_message(void *ctx, uint32_t who, const void *payload, size_t len)
{
	(void)ctx, (void)who, (void)payload, (void)len;
}

static const struct sensors_events sensors_events = {
	.event = on_event,
	.message = on_message,
	.failed = on_failed,
};

/* The storm has lasted too long; or the clients have settled: the idling is measured from now on;
 * or that is over. */
static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct storm *storm = arg;
	double cpu = process_cpu(storm->config->gateway_pid);

	(void)fd, (void)what;
	if (!storm->calm) {
		storm->failed = storm->config->sensors.count - storm->connected;
		event_base_loopbreak(storm->base);
	} else if (storm->idle_cpu < 0) {
		storm->cpu = cpu;
		storm->idle_cpu = 0;
		storm->since = monotime_now();
		set_alarm(storm, storm->config->idle_s * 1000);
	} else {
		storm->idle_cpu = cpu - storm->cpu;
		storm->idle_cpu /= (double)(monotime_now().us - storm->since.us) / 1e6;
		event_base_loopbreak(storm->base);
	}
}

static void finish(const struct storm *storm, double memory, uint64_t drops, enum path path,
    unsigned round, struct figures *figures)
{
	const struct storm_config *config = storm->config;
	double n = config->sensors.count;
	const struct {
		enum figure figure;
		double value;
	} values[] = {
		{ RATE, storm->connected / storm->seconds },
		{ FAILED, storm->failed },
		{ RESENT, (double)sensors_sent(storm->sensors) - n - storm->asleep },
		{ GATEWAY_CPU, storm->storm_cpu * 100000 / n },
		{ GATEWAY_MEMORY, process_memory(config->gateway_pid) / 1e6 },
		{ CLIENT_MEMORY, (process_memory(config->gateway_pid) - memory) / n },
		{ KERNEL_DROPS, (double)(process_udp_drops(config->sensors.gateway.port) - drops) },
	};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		figures_set(figures, path, round, values[i].figure, values[i].value);
	figures_set_times(figures, path, round, ANSWER_P50, &storm->answers);
	if (config->idle_s > 0)
		figures_set(figures, path, round, GATEWAY_LOAD, storm->idle_cpu * 100);
}

static bool play(struct storm *storm)
{
	const struct storm_config *config = storm->config;

	storm->base = event_base_new();
	storm->began = calloc(config->sensors.count, sizeof *storm->began);
	if (storm->base == NULL || storm->began == NULL)
		return false;
	storm->alarm = evtimer_new(storm->base, on_alarm, storm);
	storm->sensors = sensors_open(storm->base, &config->sensors, &sensors_events, storm);
	if (storm->alarm == NULL || storm->sensors == NULL)
		return false;
	storm->idle_cpu = -1;
	storm->cpu = process_cpu(config->gateway_pid);
	storm->since = monotime_now();
	set_alarm(storm, LIMIT_MS);
	for (uint32_t i = 0; i < config->at_once; i++)
		start_next(storm);
	event_base_dispatch(storm->base);
	return !storm->broken;
}

int storm_measure(
    const struct storm_config *config, enum path path, unsigned round, struct figures *figures)
{
	uint64_t drops = process_udp_drops(config->sensors.gateway.port);
	double memory = process_memory(config->gateway_pid);
	struct storm *storm = calloc(1, sizeof *storm);
	bool done;

	if (storm == NULL)
		return -1;
	storm->config = config;
	done = play(storm);
	if (done)
		finish(storm, memory, drops, path, round, figures);
	sensors_close(storm->sensors);
	if (storm->alarm != NULL)
		event_free(storm->alarm);
	if (storm->base != NULL)
		event_base_free(storm->base);
	free(storm->began);
	free(storm);
	return done ? 0 : -1;
}
