/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ends in one process: datagrams go from the one to the other when the test says so
 * (SN12-OPEN-21). */
#include "config.h"

#include "gateway/dtls/dtls.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/dtls/credentials.h"
#include "tests/dtls/far_end.h"
#include "tests/rng.h"

#define KEY        "000102030405060708090a0b0c0d0e0f"
#define ENDS       100
#define WAITING    16
#define DATAGRAM   2048
#define TIMEOUT_MS 30000

struct datagram {
	uint8_t data[DATAGRAM];
	size_t len;
};

/* A client and what waits for it. */
struct end {
	struct netaddr address;
	struct far_end *far;
	bool open;
	bool deaf; /* what is sent to it is lost */
	bool closed;
	struct datagram waiting[WAITING];
	size_t n;
	struct datagram last; /* that it has sent */
	char heard[64];
	unsigned opened; /* times that the gateway said so */
	char failure[256];
	struct netaddr local; /* from which it was sent something last */
};

static struct dtls *dtls;
static struct credentials *credentials;
static monotime_t now = { INT64_C(5000000000) };
static struct netaddr local;
static struct end ends[ENDS];

/* --- the gateway's side --- */

static struct end *end_at(const struct netaddr *address)
{
	size_t n = (size_t)(address->ip[3]);

	cr_assert_lt(n, ENDS);
	cr_assert(netaddr_equal(&ends[n].address, address));
	return &ends[n];
}

static void on_send(void *ctx, const struct netaddr *to, const struct netaddr *from,
    const uint8_t *data, size_t len)
{
	struct end *end = end_at(to);

	(void)ctx;
	end->local = *from;
	if (end->deaf)
		return;
	cr_assert_lt(end->n, WAITING);
	cr_assert_leq(len, DATAGRAM);
	memcpy(end->waiting[end->n].data, data, len);
	end->waiting[end->n++].len = len;
}

/* Answers with what it heard. */
static void on_message(void *ctx, const struct netaddr *from, const struct netaddr *to,
    const uint8_t *data, size_t len)
{
	struct end *end = end_at(from);

	(void)ctx;
	cr_assert_lt(len, sizeof end->heard);
	memcpy(end->heard, data, len);
	end->heard[len] = '\0';
	dtls_send(dtls, from, to, data, len);
}

static void on_opened(void *ctx, const struct netaddr *peer)
{
	(void)ctx;
	end_at(peer)->opened++;
}

static void on_failed(void *ctx, const struct netaddr *peer, const char *why)
{
	struct end *end = end_at(peer);

	(void)ctx;
	snprintf(end->failure, sizeof end->failure, "%s", why);
}

static const struct dtls_ports ports = { NULL, on_send, on_message, on_opened, on_failed };
static struct dtls_config config = { 1232, ENDS, ENDS, TIMEOUT_MS, 1000000 };

static void on_mistake(void *ctx, const char *place, const char *what)
{
	(void)ctx;
	cr_assert_fail("%s: %s", place, what);
}

static struct credentials *with_keys(const char *keys)
{
	char path[] = "/tmp/test_dtls-XXXXXX";
	const struct credentials_files files = { .psk = path };
	struct credentials *made;
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, keys, strlen(keys)), (ssize_t)strlen(keys));
	close(fd);
	made = credentials_new(&files, on_mistake, NULL);
	unlink(path);
	cr_assert_not_null(made);
	return made;
}

/* --- the far side --- */

static void on_far_send(void *ctx, const uint8_t *data, size_t len)
{
	struct end *end = ctx;

	cr_assert_leq(len, DATAGRAM);
	memcpy(end->last.data, data, len);
	end->last.len = len;
	dtls_receive(dtls, now, &end->address, &local, data, len);
}

static void begin(struct end *end, const char *psk)
{
	const struct far_end_config far = { .psk = psk, .send = on_far_send, .ctx = end };

	far_end_free(end->far);
	end->open = false;
	end->closed = false;
	end->far = far_end_new(&far);
	cr_assert_not_null(end->far);
	far_end_shake(end->far);
}

/* Takes the next datagram that waits for it.  False: there is none. */
static bool step(struct end *end)
{
	struct datagram datagram;
	uint8_t message[DATAGRAM];
	enum far_end_state state;
	size_t len;

	if (end->n == 0)
		return false;
	datagram = end->waiting[0];
	memmove(end->waiting, end->waiting + 1, --end->n * sizeof datagram);
	far_end_take(end->far, datagram.data, datagram.len);
	if (!end->open)
		end->open = far_end_shake(end->far) == FAR_END_OPEN;
	if (!end->open)
		return true;
	do {
		state = far_end_read(end->far, message, sizeof message, &len);
		if (state == FAR_END_OPEN)
			cr_assert_eq(memcmp(message, end->heard, len), 0);
	} while (state == FAR_END_OPEN);
	end->closed = end->closed || state == FAR_END_CLOSED;
	return true;
}

static void run(struct end *end)
{
	while (step(end))
		;
}

static void join(struct end *end)
{
	begin(end, "pump:" KEY);
	run(end);
	cr_assert(end->open, "%s", end->failure);
}

/* Whether what it says arrives. */
static bool is_heard(struct end *end, const char *text)
{
	end->heard[0] = '\0';
	cr_assert(far_end_write(end->far, (const uint8_t *)text, strlen(text)));
	return strcmp(end->heard, text) == 0;
}

static void pass(int64_t ms)
{
	now = monotime_add_ms(now, ms);
	dtls_advance(dtls, now);
}

static void set_up(void)
{
	for (unsigned i = 0; i < ENDS; i++)
		ends[i].address =
		    (struct netaddr){ .ip = { 10, 0, 0, (uint8_t)i }, .port = 5000, .family = 4 };
	netaddr_parse(&local, "10.1.0.1:1884", 0);
	credentials = with_keys("pump:" KEY "\nvalve:" KEY "\n");
	dtls = dtls_new(credentials, &config, &ports, (struct siphash_key){ 3, 4 });
	cr_assert_not_null(dtls);
}

static void tear_down(void)
{
	for (unsigned i = 0; i < ENDS; i++)
		far_end_free(ends[i].far);
	dtls_free(dtls);
	credentials_drop(credentials);
}

TestSuite(dtls, .init = set_up, .fini = tear_down);

/* --- the tests --- */

Test(dtls, a_hundred_peers_at_once)
{
	for (unsigned i = 0; i < ENDS; i++)
		begin(&ends[i], "pump:" KEY);
	for (bool going_on = true; going_on;) {
		going_on = false;
		for (unsigned i = 0; i < ENDS; i++)
			going_on = step(&ends[i]) || going_on;
	}
	cr_assert_eq(dtls_peers(dtls), ENDS);
	cr_assert_eq(dtls_handshakes(dtls), 0);
	for (unsigned i = 0; i < ENDS; i++) {
		cr_assert_eq(ends[i].opened, 1);
		cr_assert(is_heard(&ends[i], "hello"));
		run(&ends[i]);
		cr_assert(netaddr_equal(&ends[i].local, &local));
	}
}

Test(dtls, nothing_is_kept_before_the_cookie)
{
	for (unsigned i = 0; i < ENDS; i++)
		begin(&ends[i], "pump:" KEY);
	cr_assert_eq(dtls_counters(dtls)->cookies, ENDS);
	cr_assert_eq(dtls_handshakes(dtls), 0);
	step(&ends[7]);
	cr_assert_eq(dtls_handshakes(dtls), 1);
}

Test(dtls, the_identity_is_that_of_the_key)
{
	join(&ends[0]);
	begin(&ends[1], "valve:" KEY);
	cr_assert_null(dtls_identity(dtls, &ends[1].address));
	run(&ends[1]);
	cr_assert_str_eq(dtls_identity(dtls, &ends[0].address), "pump");
	cr_assert_str_eq(dtls_identity(dtls, &ends[1].address), "valve");
	cr_assert_null(dtls_identity(dtls, &ends[2].address));
}

Test(dtls, a_handshake_that_is_not_finished_in_time_is_dropped)
{
	monotime_t when;

	begin(&ends[0], "pump:" KEY);
	step(&ends[0]); /* the cookie */
	ends[0].n = 0;
	cr_assert(dtls_next_deadline(dtls, &when));
	cr_assert_leq(monotime_ms_between(now, when), 1100, "a flight is to be sent again");
	pass(TIMEOUT_MS - 1);
	cr_assert_eq(dtls_handshakes(dtls), 1);
	pass(1);
	cr_assert_eq(dtls_handshakes(dtls), 0);
	cr_assert_eq(dtls_counters(dtls)->failed, 1);
	cr_assert_str_eq(ends[0].failure, "not finished in time");
}

Test(dtls, a_wrong_key_is_told_from_a_lost_flight)
{
	begin(&ends[0], "pump:ff" KEY);
	run(&ends[0]);
	cr_assert_not(ends[0].open);
	pass(TIMEOUT_MS);
	cr_assert_str_eq(
	    ends[0].failure, "not finished in time: has \"pump\" another key than the gateway?");
}

Test(dtls, who_begins_anew_keeps_what_it_had_until_it_is_finished)
{
	struct end *end = &ends[0];
	struct far_end *old;

	join(end);
	old = end->far;
	end->far = NULL;
	begin(end, "pump:" KEY);
	step(end); /* the cookie: ServerHello is on its way */
	cr_assert_eq(dtls_handshakes(dtls), 1);
	cr_assert_eq(dtls_peers(dtls), 1);
	cr_assert(far_end_write(old, (const uint8_t *)"old", 3));
	cr_assert_str_eq(end->heard, "old");
	end->n = end->n > 0 ? end->n - 1 : 0; /* what was answered with the old keys */
	run(end);
	cr_assert(end->open);
	cr_assert_eq(dtls_peers(dtls), 1);
	cr_assert(is_heard(end, "new"));
	run(end);
	end->heard[0] = '\0';
	far_end_write(old, (const uint8_t *)"old", 3);
	cr_assert_str_eq(end->heard, "", "the old keys are gone");
	far_end_free(old);
}

Test(dtls, what_is_heard_twice_counts_once)
{
	struct end *end = &ends[0];

	join(end);
	cr_assert(is_heard(end, "once"));
	run(end);
	end->heard[0] = '\0';
	dtls_receive(dtls, now, &end->address, &local, end->last.data, end->last.len);
	cr_assert_str_eq(end->heard, "");
	cr_assert_eq(dtls_counters(dtls)->bad_records, 1);
	end->last.data[end->last.len - 1] ^= 1;
	end->last.data[10]++; /* its number */
	dtls_receive(dtls, now, &end->address, &local, end->last.data, end->last.len);
	cr_assert_eq(dtls_counters(dtls)->bad_records, 2);
	cr_assert(is_heard(end, "goes on"));
}

Test(dtls, a_record_from_another_address_is_a_strangers)
{
	join(&ends[0]);
	is_heard(&ends[0], "x");
	ends[0].heard[0] = '\0';
	dtls_receive(dtls, now, &ends[1].address, &local, ends[0].last.data, ends[0].last.len);
	cr_assert_eq(dtls_counters(dtls)->strangers, 1);
	cr_assert_str_eq(ends[0].heard, "");
	cr_assert_eq(ends[1].n, 0, "it is not answered");
}

Test(dtls, the_one_silent_longest_makes_room)
{
	config.peers = 3;
	dtls_configure(dtls, now, credentials, &config, &ports);
	for (unsigned i = 0; i < 3; i++)
		join(&ends[i]);
	is_heard(&ends[0], "still here");
	run(&ends[0]);
	join(&ends[3]);
	run(&ends[1]);
	cr_assert(ends[1].closed);
	cr_assert_eq(dtls_peers(dtls), 3);
	cr_assert_eq(dtls_counters(dtls)->crowded, 1);
	cr_assert(is_heard(&ends[0], "x") && is_heard(&ends[2], "x") && is_heard(&ends[3], "x"));
}

Test(dtls, handshakes_are_bounded)
{
	config.handshakes = 2;
	dtls_configure(dtls, now, credentials, &config, &ports);
	for (unsigned i = 0; i < 4; i++) {
		begin(&ends[i], "pump:" KEY);
		step(&ends[i]);
	}
	cr_assert_eq(dtls_handshakes(dtls), 2);
	cr_assert_eq(dtls_counters(dtls)->refused, 2);
	run(&ends[0]);
	cr_assert(ends[0].open);
	join(&ends[3]);
}

Test(dtls, the_idle_are_told_good_bye)
{
	monotime_t when;

	join(&ends[0]);
	pass(600000);
	join(&ends[1]);
	is_heard(&ends[0], "x");
	pass(999999);
	cr_assert_eq(dtls_peers(dtls), 2);
	pass(1);
	cr_assert_eq(dtls_peers(dtls), 0);
	run(&ends[0]);
	cr_assert(ends[0].closed);
	cr_assert_eq(dtls_counters(dtls)->idle, 2);
	cr_assert_not(dtls_next_deadline(dtls, &when));
}

Test(dtls, a_key_that_is_taken_away)
{
	struct credentials *fewer = with_keys("valve:" KEY "\n");

	join(&ends[0]);
	begin(&ends[1], "valve:" KEY);
	run(&ends[1]);
	begin(&ends[2], "pump:" KEY);
	step(&ends[2]); /* in the midst of its handshake */
	dtls_configure(dtls, now, fewer, &config, &ports);
	run(&ends[0]);
	cr_assert(ends[0].closed);
	cr_assert(is_heard(&ends[1], "x"));
	run(&ends[2]);
	cr_assert(ends[2].closed);
	cr_assert_eq(dtls_peers(dtls), 1);
	cr_assert_eq(ends[2].opened, 0);
	credentials_drop(fewer);
}

Test(dtls, farewell)
{
	join(&ends[0]);
	begin(&ends[1], "pump:" KEY);
	step(&ends[1]);
	dtls_farewell(dtls);
	run(&ends[0]);
	cr_assert(ends[0].closed);
	cr_assert_eq(dtls_peers(dtls) + dtls_handshakes(dtls), 0);
	dtls_send(dtls, &ends[0].address, &local, (const uint8_t *)"x", 1);
	cr_assert_eq(dtls_counters(dtls)->unsent, 1);
}

/* OpenSSL would keep a hundred of them, in 17 KB each. */
Test(dtls, what_comes_before_its_keys_is_bounded)
{
	uint8_t early[20 * 14] = { 0 };

	for (size_t i = 0; i < 20; i++)
		memcpy(early + i * 14, "\x16\xfe\xfd\0\1\0\0\0\0\0\0\0\1", 13);
	begin(&ends[0], "pump:" KEY);
	step(&ends[0]); /* the cookie */
	dtls_receive(dtls, now, &ends[0].address, &local, early, sizeof early);
	cr_assert_eq(dtls_counters(dtls)->bad_records, 1);
	begin(&ends[1], "pump:" KEY);
	step(&ends[1]);
	dtls_receive(dtls, now, &ends[1].address, &local, early, 5 * 14);
	run(&ends[1]);
	cr_assert(ends[1].open, "some of them do no harm");
}

/* Whatever arrives, nobody is taken for somebody else, and whoever has keys goes on. */
Test(dtls, damaged_datagrams)
{
	struct rng rng = { 1 };

	join(&ends[0]);
	for (unsigned round = 0; round < 2000; round++) {
		struct end *end = &ends[1 + round % 8];
		struct datagram datagram;

		if (round % 16 < 8)
			begin(end, "valve:" KEY);
		else
			step(end);
		datagram = end->last;
		for (unsigned i = 0; i <= rng_below(&rng, 4); i++)
			datagram.data[rng_below(&rng, (uint32_t)datagram.len)] ^=
			    (uint8_t)rng_next(&rng);
		if (rng_below(&rng, 4) == 0)
			datagram.len = rng_below(&rng, (uint32_t)datagram.len);
		dtls_receive(dtls, now, &ends[rng_below(&rng, 9)].address, &local, datagram.data,
		    datagram.len);
		for (unsigned i = 0; i < 9; i++)
			ends[i].n = ends[i].n > WAITING / 2 ? 0 : ends[i].n;
		pass(10);
	}
	ends[0].n = 0;
	cr_assert(is_heard(&ends[0], "still here"));
	for (unsigned i = 1; i < 9; i++) {
		const char *identity = dtls_identity(dtls, &ends[i].address);

		cr_assert(identity == NULL || strcmp(identity, "valve") == 0);
	}
	pass(TIMEOUT_MS);
	cr_assert_eq(dtls_handshakes(dtls), 0);
}
