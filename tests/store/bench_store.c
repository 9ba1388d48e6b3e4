/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the store costs: the time of a start, octets written for a message, commits per second, and
 * how long the loop stands still for the log.
 *
 *	bench_store [DIRECTORY]		a directory on the disk in question; it must not exist
 *	bench_store --fill DIRECTORY	only makes it, full: for a gateway to start on
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gateway/store/store.h"

enum {
	CLIENTS = 10000,
	MESSAGES = 100000,
	PAYLOAD = 100,
};

static const char *directory = "bench-store.state";
static struct store *store;
static struct gw_store port;
static uint64_t sequence;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, why);
	exit(1);
}

static double seconds(void)
{
	return (double)monotime_now().us / 1e6;
}

/* Octets that this process has handed to write(), in whatever form. */
static uint64_t written(void)
{
	FILE *io = fopen("/proc/self/io", "r");
	char line[128];
	uint64_t n = 0;

	if (io == NULL)
		die("/proc/self/io", "cannot be read");
	while (fgets(line, sizeof line, io) != NULL)
		if (sscanf(line, "wchar: %" SCNu64, &n) == 1)
			break;
	fclose(io);
	return n;
}

static void open_store(enum store_durability durability)
{
	const struct store_config config = { directory, durability };
	char *error, *warning;

	store = store_open(&config, &error, &warning);
	if (store == NULL)
		die("open", error);
	port = store_port(store);
}

static void remove_files(void)
{
	static const char *const names[] = { "state.db", "state.db-wal", "state.db-shm", "lock" };
	char path[4096];

	store = store_close(store);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

static void commit(void)
{
	if (!store_commit(store))
		die("commit", store_error(store));
}

static uint64_t put_message(uint64_t key)
{
	static uint8_t payload[PAYLOAD];

	memset(payload, 'x', sizeof payload);
	port.put_message(port.ctx, key,
	    &(struct stored_message){
	        .sequence = ++sequence,
	        .topic = "plant/boiler/temperature",
	        .payload = { payload, sizeof payload },
	        .qos = 1,
	        .queued = monotime_now(),
	    });
	return sequence;
}

static void put_session(uint64_t key)
{
	char id[32], name[48];
	struct peer peer = { .listener = 0 };

	snprintf(id, sizeof id, "sensor-%08u", (unsigned)key);
	peer.addr.family = 4;
	memcpy(peer.addr.ip, "\x0a\0\0\1", 4);
	peer.addr.port = (uint16_t)key;
	port.put_client(port.ctx, &(struct stored_client){
	                              .key = key,
	                              .id = id,
	                              .state = CLIENT_ASLEEP,
	                              .peer = &peer,
	                              .has_deadline = true,
	                              .keep_alive = 60,
	                              .sleep_duration = 3600,
	                              .deadline = monotime_add_ms(monotime_now(), 5400000),
	                          });
	for (uint16_t i = 1; i <= 2; i++) {
		snprintf(name, sizeof name, "plant/%s/%u", id, i);
		port.put_topic(port.ctx, key,
		    &(struct stored_topic){
		        i, { (const uint8_t *)name, strlen(name) }, true, true });
		port.put_subscription(
		    port.ctx, key, &(struct stored_subscription){ .filter = name, .qos = 1 });
	}
}

/* --- a start with much in the store --- */

struct loaded {
	size_t clients, messages;
};

static void see_client(void *ctx, const struct stored_client *client)
{
	(void)client;
	((struct loaded *)ctx)->clients++;
}

static void see_topic(void *ctx, uint64_t key, const struct stored_topic *topic)
{
	(void)ctx;
	(void)key;
	(void)topic;
}

static void see_subscription(
    void *ctx, uint64_t key, const struct stored_subscription *subscription)
{
	(void)ctx;
	(void)key;
	(void)subscription;
}

static void see_message(void *ctx, uint64_t key, const struct stored_message *message)
{
	(void)key;
	(void)message;
	((struct loaded *)ctx)->messages++;
}

/* Returns the octets of the sessions. */
static uint64_t fill(void)
{
	uint64_t size;

	for (uint64_t key = 1; key <= CLIENTS; key++) {
		put_session(key);
		if (key % 10 == 0)
			commit();
	}
	size = store_size(store);
	for (int i = 0; i < MESSAGES; i++) {
		put_message((uint64_t)i % CLIENTS + 1);
		if (i % 10 == 0) {
			commit();
			store_rest(store);
		}
	}
	commit();
	return size;
}

static void measure_start(void)
{
	struct loaded loaded = { 0 };
	const struct gw_store sink = {
		.ctx = &loaded,
		.put_client = see_client,
		.put_topic = see_topic,
		.put_subscription = see_subscription,
		.put_message = see_message,
	};
	double begin, opened, end;
	uint64_t size, sessions;

	open_store(STORE_PROCESS);
	sessions = fill();
	size = store_size(store);
	store = store_close(store);
	begin = seconds();
	open_store(STORE_PROCESS);
	opened = seconds();
	if (!store_load(store, &sink))
		die("load", store_error(store));
	end = seconds();
	printf(
	    "start with %zu sessions, %zu messages, %.1f MB: checked in %.3f s, loaded in %.3f s\n",
	    loaded.clients, loaded.messages, (double)size / 1e6, opened - begin, end - opened);
	printf("a session with 2 topics and 2 subscriptions: %.0f octets, a message of %d: %.0f\n",
	    (double)sessions / CLIENTS, PAYLOAD, (double)(size - sessions) / MESSAGES);
	remove_files();
}

/* --- octets for a message --- */

static void measure_octets(const char *what, int turns, int per_turn)
{
	uint64_t before, after_put, after_drop, first;
	double messages = (double)turns * per_turn;

	open_store(STORE_PROCESS);
	for (uint64_t key = 1; key <= CLIENTS; key++)
		put_session(key);
	commit();
	first = sequence + 1;
	before = written();
	for (int turn = 0; turn < turns; turn++) {
		for (int i = 0; i < per_turn; i++)
			put_message(sequence % CLIENTS + 1);
		commit();
		store_rest(store);
	}
	after_put = written();
	for (int turn = 0; turn < turns; turn++) {
		for (int i = 0; i < per_turn; i++, first++)
			port.drop_message(port.ctx, (first - 1) % CLIENTS + 1, STORED_OUT, first);
		commit();
		store_rest(store);
	}
	after_drop = written();
	printf("octets written for a message of %d, %s: %.0f to keep it, %.0f to drop it\n",
	    PAYLOAD, what, (double)(after_put - before) / messages,
	    (double)(after_drop - after_put) / messages);
	remove_files();
}

/* --- commits per second --- */

static void measure_commits(const char *what, enum store_durability durability, double for_s)
{
	double begin, now, longest_commit = 0, longest_rest = 0;
	struct rusage before, after;
	long commits = 0;

	open_store(durability);
	put_session(1);
	commit();
	getrusage(RUSAGE_SELF, &before);
	begin = now = seconds();
	while (now - begin < for_s) {
		double start = now, done;
		uint64_t number = put_message(1);

		if (number > 20)
			port.drop_message(port.ctx, 1, STORED_OUT, number - 20);
		commit();
		done = seconds();
		store_rest(store);
		now = seconds();
		if (done - start > longest_commit)
			longest_commit = done - start;
		if (now - done > longest_rest)
			longest_rest = now - done;
		commits++;
	}
	getrusage(RUSAGE_SELF, &after);
	printf("durability %s: %.0f commits/s of a message kept and one dropped, %.1f us CPU each; "
	       "longest commit %.1f ms, longest rest %.1f ms\n",
	    what, (double)commits / (now - begin),
	    ((double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
	              before.ru_stime.tv_sec) *
	            1e6 +
	        (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
	                 before.ru_stime.tv_usec)) /
	        (double)commits,
	    longest_commit * 1e3, longest_rest * 1e3);
	remove_files();
}

int main(int argc, char **argv)
{
	if (argc > 1)
		directory = argv[argc - 1];
	if (argc > 2 && strcmp(argv[1], "--fill") == 0) {
		open_store(STORE_PROCESS);
		fill();
		store_close(store);
		return 0;
	}
	measure_start();
	measure_octets("each in a turn of its own", 5000, 1);
	measure_octets("10 in a turn", 5000, 10);
	measure_octets("1,000 in a turn, for as many clients", 50, 1000);
	measure_commits("process", STORE_PROCESS, 5);
	measure_commits("power", STORE_POWER, 5);
	return 0;
}
