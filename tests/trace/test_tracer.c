/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/tracer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/captured_log.h"
#include "tests/trace/blocks.h"

#define TIME_LEN 28 /* "2026-11-22T21:50:03.123456Z " */

static struct tracer *tracer;
static int switched_on, switched_off;
static monotime_t now;
static struct tracer_config config;

static struct peer peer;
static struct sn_packet message;
static struct gw_packet packet;
static uint8_t octets[] = { 11, SN_PUBLISH, 0x20, 0, 1, 0, 2, '2', '3', '.', '5' };

static void on_switch(void *ctx, bool on)
{
	(void)ctx;
	switched_on += on;
	switched_off += !on;
}

static void setup(void)
{
	struct tracer_listener listener = { 0 };

	tracer = tracer_new(on_switch, NULL);
	cr_assert_not_null(tracer);
	cr_assert_eq(netaddr_parse(&listener.address, "10.0.0.1:1884", 0), 0);
	cr_assert_eq(netaddr_parse(&listener.group, "225.1.1.1:1883", 0), 0);
	cr_assert(tracer_set_listeners(tracer, &listener, 1));
	config = (struct tracer_config){ .payloads = true };

	cr_assert_eq(netaddr_parse(&peer.addr, "10.0.0.5:4711", 0), 0);
	cr_assert_eq(sn_decode(octets, sizeof octets, &message), SN_OK);
	packet = (struct gw_packet){ .peer = &peer,
		.client_id = "pump-7",
		.data = octets,
		.len = sizeof octets,
		.packet = &message };
}

static void teardown(void)
{
	tracer = tracer_free(tracer);
}

TestSuite(tracer, .init = setup, .fini = teardown);

/* --- a reader --- */

static int woken;

static void on_data(void *ctx, struct tracer_tap *tap)
{
	(void)ctx;
	(void)tap;
	woken++;
}

static struct tracer_tap *new_tap(enum tracer_format format)
{
	struct filter all;
	struct tracer_tap *tap;

	filter_init(&all);
	tap = tracer_tap_new(tracer, &all, format, 0, on_data, NULL);
	cr_assert_not_null(tap);
	return tap;
}

/* All that there is, as text. */
static const char *take(struct tracer_tap *tap)
{
	static char text[100000];
	size_t len = 0, n;

	while ((n = tracer_tap_take(tap, text + len, 1000)) > 0) {
		len += n;
		cr_assert_lt(len, sizeof text - 1000);
	}
	text[len] = '\0';
	return text;
}

static void expect_line(struct tracer_tap *tap, const char *line)
{
	const char *text = take(tap);

	cr_assert_geq(strlen(text), TIME_LEN, "%s", text);
	cr_assert_str_eq(text + TIME_LEN, line);
}

/* --- switched on and off --- */

Test(tracer, is_on_while_there_is_a_sink)
{
	struct tracer_tap *a, *b;

	cr_assert_not(tracer_is_on(NULL));
	cr_assert_not(tracer_is_on(tracer));
	a = new_tap(TRACER_TEXT);
	cr_assert(tracer_is_on(tracer));
	b = new_tap(TRACER_PCAPNG);
	config.log = true;
	tracer_configure(tracer, now, &config);
	tracer_tap_free(a);
	tracer_tap_free(b);
	cr_assert(tracer_is_on(tracer));
	cr_assert_eq(switched_on, 1);
	cr_assert_eq(switched_off, 0);
	config.log = false;
	tracer_configure(tracer, now, &config);
	cr_assert_not(tracer_is_on(tracer));
	cr_assert_eq(switched_off, 1);
}

Test(tracer, there_is_a_limit_to_readers)
{
	struct tracer_tap *taps[TRACER_TAPS_MAX];
	struct filter all;

	filter_init(&all);
	for (int i = 0; i < TRACER_TAPS_MAX; i++)
		taps[i] = new_tap(TRACER_TEXT);
	cr_assert_null(tracer_tap_new(tracer, &all, TRACER_TEXT, 0, on_data, NULL));
	for (int i = 0; i < TRACER_TAPS_MAX; i++)
		tracer_tap_free(taps[i]);
	tracer_tap_free(new_tap(TRACER_TEXT));
}

/* --- the log --- */

Test(tracer, the_log_has_a_line_for_what_passes)
{
	capture_log();
	config.log = true;
	cr_assert_null(filter_set(&config.filter, "client", "pump-*"));
	tracer_configure(tracer, now, &config);
	tracer_packet(tracer, &packet);
	packet.client_id = "valve-1";
	tracer_packet(tracer, &packet);
	tracer_event(tracer, "pump-7", &(struct up_event){ .kind = UP_CONNECTED });
	cr_assert_eq(lines_with(""), 2);
	cr_assert_eq(
	    lines_with("info: pump-7 10.0.0.5:4711 > PUBLISH qos=1 tid=1 mid=2 \"23.5\"\n"), 1);
	cr_assert_eq(lines_with("info: pump-7 broker > CONNACK\n"), 1);
}

/* --- whose packet, and where --- */

Test(tracer, a_connect_is_its_own_clients)
{
	struct tracer_tap *tap = new_tap(TRACER_TEXT);

	message = (struct sn_packet){ .type = SN_CONNECT,
		.connect = { .protocol_id = 1,
		    .keep_alive = 60,
		    .client_id = { (const uint8_t *)"valve-1", 7 } } };
	tracer_packet(tracer, &packet);
	expect_line(tap, "valve-1 10.0.0.5:4711 > CONNECT id=valve-1 keepalive=60\n");
	message = (struct sn_packet){ .type = SN_PINGREQ,
		.pingreq.client_id = { (const uint8_t *)"valve-2", 7 } };
	tracer_packet(tracer, &packet);
	expect_line(tap, "valve-2 10.0.0.5:4711 > PINGREQ id=valve-2\n");
	tracer_tap_free(tap);
}

static void expect_ends(struct tracer_tap *tap, const char *from, const char *to)
{
	uint8_t buf[2000];
	const uint8_t *at = buf, *end;
	struct read_packet read;

	end = buf + tracer_tap_take(tap, buf, sizeof buf);
	if (*at == 0x0a)
		read_head(&at, end);
	read = read_packet(&at, end);
	cr_assert_eq(at, end);
	cr_assert_eq(memcmp(read.from, from, 4), 0);
	cr_assert_eq(memcmp(read.to, to, 4), 0);
}

Test(tracer, packets_go_between_client_and_listener)
{
	struct tracer_tap *tap = new_tap(TRACER_PCAPNG);
	struct tracer_listener all = { 0 };

	tracer_packet(tracer, &packet);
	expect_ends(tap, "\x0a\0\0\5", "\x0a\0\0\1");
	packet.out = true;
	tracer_packet(tracer, &packet);
	expect_ends(tap, "\x0a\0\0\1", "\x0a\0\0\5");
	cr_assert_eq(netaddr_parse(&all.address, "[::]:1884", 0), 0);
	cr_assert(tracer_set_listeners(tracer, &all, 1));
	tracer_packet(tracer, &packet);
	expect_ends(tap, "\0\0\0\0", "\x0a\0\0\5");
	cr_assert_eq(netaddr_parse(&peer.local, "10.0.0.9", 1884), 0);
	tracer_packet(tracer, &packet);
	expect_ends(tap, "\x0a\0\0\x09", "\x0a\0\0\5");
	tracer_tap_free(tap);
}

Test(tracer, what_is_said_to_all_goes_to_the_group)
{
	struct tracer_tap *tap = new_tap(TRACER_TEXT);
	struct peer all = { .listener = 0 };
	struct tracer_listener no_group = { 0 };

	message = (struct sn_packet){ .type = SN_ADVERTISE, .advertise = { 1, 900 } };
	packet = (struct gw_packet){ .out = true, .peer = &all, .packet = &message };
	tracer_packet(tracer, &packet);
	expect_line(tap, "- 225.1.1.1:1883 < ADVERTISE gw=1 duration=900\n");
	cr_assert(tracer_set_listeners(tracer, &no_group, 1));
	tracer_packet(tracer, &packet);
	cr_assert_str_eq(take(tap), "", "it was not sent");
	tracer_tap_free(tap);
}

/* --- readers --- */

Test(tracer, each_reader_has_its_filter)
{
	struct filter acks;
	struct tracer_tap *all = new_tap(TRACER_TEXT), *some;

	filter_init(&acks);
	cr_assert_null(filter_set(&acks, "type", "PUBACK"));
	some = tracer_tap_new(tracer, &acks, TRACER_TEXT, 0, on_data, NULL);
	tracer_packet(tracer, &packet);
	tracer_call(tracer, "pump-7",
	    &(struct up_call){ .kind = UP_CALL_SUBSCRIBE, .topic = "a", .token = 1 });
	tracer_event(tracer, "pump-7", &(struct up_event){ .kind = UP_PUBLISHED, .token = 3 });
	expect_line(some, "pump-7 broker > PUBACK token=3\n");
	cr_assert_not_null(strstr(take(all), "pump-7 broker < SUBSCRIBE qos=0 token=1 \"a\"\n"));
	tracer_tap_free(all);
	tracer_tap_free(some);
}

Test(tracer, a_reader_is_woken_once_until_it_has_taken_all)
{
	struct tracer_tap *tap = new_tap(TRACER_TEXT);
	char c;

	tracer_end_turn(tracer, now);
	cr_assert_eq(woken, 0, "nothing there");
	tracer_packet(tracer, &packet);
	cr_assert_eq(woken, 0, "not from within");
	tracer_end_turn(tracer, now);
	cr_assert_eq(woken, 1);
	cr_assert_eq(tracer_tap_take(tap, &c, 1), 1);
	tracer_packet(tracer, &packet);
	tracer_end_turn(tracer, now);
	cr_assert_eq(woken, 1);
	take(tap);
	tracer_end_turn(tracer, now);
	cr_assert_eq(woken, 1);
	tracer_packet(tracer, &packet);
	tracer_end_turn(tracer, now);
	cr_assert_eq(woken, 2);
	tracer_tap_free(tap);
}

static struct tracer_tap *victim;

static void free_both(void *ctx, struct tracer_tap *tap)
{
	(void)ctx;
	victim = tracer_tap_free(victim);
	tracer_tap_free(tap);
}

Test(tracer, a_reader_may_end_itself_and_others_when_woken)
{
	struct filter all;

	filter_init(&all);
	cr_assert_not_null(tracer_tap_new(tracer, &all, TRACER_TEXT, 0, free_both, NULL));
	victim = new_tap(TRACER_TEXT);
	tracer_packet(tracer, &packet);
	tracer_end_turn(tracer, now);
	cr_assert_not(tracer_is_on(tracer));
	cr_assert_eq(woken, 0);
}

/* Sums up the losses that are told, and the lines beside. */
static int count_lines(const char *text, unsigned long *lost)
{
	int lines = 0;

	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		unsigned long n;
		char words[60];

		if (sscanf(line, "# %lu %59[^\n]", &n, words) == 2) {
			cr_assert_str_eq(words, "lines lost here: the reader was too slow");
			*lost += n;
		} else {
			cr_assert_not_null(strstr(line, "PUBLISH"));
			lines++;
		}
	}
	return lines;
}

Test(tracer, a_slow_reader_of_text_is_told_how_much_it_lost)
{
	struct tracer_tap *tap = new_tap(TRACER_TEXT);
	unsigned long lost = 0;
	int lines;

	for (int i = 0; i < 1000; i++)
		tracer_packet(tracer, &packet);
	lines = count_lines(take(tap), &lost);
	cr_assert_gt(lines, 100);
	cr_assert_gt(lost, 100);
	cr_assert_eq((unsigned long)lines + lost, 1000);
	cr_assert_eq(tracer_metrics(tracer)->tap_lost, lost);

	tracer_packet(tracer, &packet);
	lost = 0;
	cr_assert_eq(count_lines(take(tap), &lost), 1, "it goes on");
	cr_assert_eq(lost, 0);
	tracer_tap_free(tap);
}

/* Room comes in the middle: the loss stands where it happened. */
Test(tracer, a_loss_of_text_is_told_in_its_place)
{
	struct tracer_tap *tap = new_tap(TRACER_TEXT);
	char some[8000];
	const char *rest, *told;
	unsigned long lost = 0;
	int lines;

	for (int i = 0; i < 1000; i++)
		tracer_packet(tracer, &packet);
	cr_assert_eq(tracer_tap_take(tap, some, sizeof some), sizeof some);
	packet.client_id = "late";
	tracer_packet(tracer, &packet);
	rest = take(tap);
	told = strstr(rest, "\n# ");
	cr_assert_not_null(told);
	cr_assert_null(strstr(told + 1, "pump-7"));
	cr_assert_not_null(strstr(told, " late "));
	lines = count_lines(told + 1, &lost);
	cr_assert_eq(lines, 1);
	cr_assert_eq(tracer_metrics(tracer)->tap_lost, lost);
	tracer_tap_free(tap);
}

Test(tracer, a_slow_reader_of_pcapng_is_told_how_much_it_lost)
{
	struct tracer_tap *tap = new_tap(TRACER_PCAPNG);
	static uint8_t buf[2 * TRACER_TAP_MIN];
	const uint8_t *at = buf, *end;
	struct read_packet read;
	uint64_t n = 0;
	char told[64];

	for (int i = 0; i < 1000; i++)
		tracer_packet(tracer, &packet);
	end = buf + tracer_tap_take(tap, buf, sizeof buf);
	read_head(&at, end);
	while (at < end) {
		cr_assert_eq(read_packet(&at, end).dropped, 0);
		n++;
	}
	cr_assert_gt(n, 100);
	tracer_packet(tracer, &packet);
	at = buf;
	end = buf + tracer_tap_take(tap, buf, sizeof buf);
	read = read_packet(&at, end);
	cr_assert_eq(read.dropped, 1000 - n);
	snprintf(told, sizeof told, "client=pump-7 lost=%d", (int)(1000 - n));
	cr_assert_str_eq(read.comment, told);
	tracer_tap_free(tap);
}

Test(tracer, pcapng_has_no_words_with_the_broker)
{
	struct tracer_tap *tap = new_tap(TRACER_PCAPNG);
	uint8_t buf[2000];

	tracer_tap_take(tap, buf, sizeof buf);
	tracer_event(tracer, "pump-7", &(struct up_event){ .kind = UP_CONNECTED });
	cr_assert_eq(tracer_tap_take(tap, buf, sizeof buf), 0);
	tracer_tap_free(tap);
}

Test(tracer, hidden_payloads_are_hidden_from_all)
{
	struct tracer_tap *text = new_tap(TRACER_TEXT), *pcapng = new_tap(TRACER_PCAPNG);
	uint8_t buf[2000];
	const uint8_t *at = buf, *end;
	struct read_packet read;

	capture_log();
	config.log = true;
	config.payloads = false;
	tracer_configure(tracer, now, &config);
	tracer_packet(tracer, &packet);
	expect_line(text, "pump-7 10.0.0.5:4711 > PUBLISH qos=1 tid=1 mid=2 \"\"...(4)\n");
	end = buf + tracer_tap_take(pcapng, buf, sizeof buf);
	read_head(&at, end);
	read = read_packet(&at, end);
	cr_assert_eq(read.len, sizeof octets);
	cr_assert_eq(memcmp(read.data + 7, "\0\0\0\0", 4), 0);
	cr_assert_eq(lines_with("\"\"...(4)"), 1);
	cr_assert_eq(lines_with("23.5"), 0);
	tracer_tap_free(text);
	tracer_tap_free(pcapng);
}

/* --- the file --- */

static char folder[64], path[128], older[160];

static void in_folder(void)
{
	strcpy(folder, "/tmp/test_tracer-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/t", folder);
	snprintf(older, sizeof older, "%s.1", path);
	config.file = path;
	config.file_size = 100000;
	config.file_count = 2;
}

static void remove_folder(void)
{
	config.file = NULL;
	tracer_configure(tracer, now, &config);
	unlink(path);
	unlink(older);
	cr_assert_eq(rmdir(folder), 0);
}

static int count_packets(void)
{
	static uint8_t content[100000];
	FILE *f = fopen(path, "rb");
	const uint8_t *at = content, *end;
	int n = 0;

	cr_assert_not_null(f);
	end = content + fread(content, 1, sizeof content, f);
	fclose(f);
	read_head(&at, end);
	while (at < end) {
		read_packet(&at, end);
		n++;
	}
	return n;
}

Test(tracer, the_file_is_written_in_time)
{
	monotime_t when;

	in_folder();
	tracer_configure(tracer, now, &config);
	cr_assert(tracer_is_on(tracer));
	tracer_packet(tracer, &packet);
	tracer_end_turn(tracer, now);
	cr_assert(tracer_next_deadline(tracer, &when));
	tracer_end_turn(tracer, when);
	cr_assert_eq(count_packets(), 1);
	cr_assert_not(tracer_next_deadline(tracer, &when));
	remove_folder();
	cr_assert_not(tracer_is_on(tracer));
}

Test(tracer, the_file_goes_on_over_a_change_of_the_filter)
{
	in_folder();
	tracer_configure(tracer, now, &config);
	tracer_packet(tracer, &packet);
	cr_assert_null(filter_set(&config.filter, "direction", "out"));
	tracer_configure(tracer, now, &config);
	tracer_packet(tracer, &packet);
	packet.out = true;
	tracer_packet(tracer, &packet);
	config.file_count = 3; /* a change of the file begins a new one */
	tracer_configure(tracer, now, &config);
	cr_assert_eq(access(older, F_OK), 0);
	cr_assert_eq(rename(older, path), 0);
	cr_assert_eq(count_packets(), 2);
	remove_folder();
}

Test(tracer, what_the_file_loses_is_counted_over_its_life)
{
	capture_log();
	config.file = "/nonexistent/trace";
	config.file_size = 100000;
	config.file_count = 1;
	tracer_configure(tracer, now, &config);
	tracer_packet(tracer, &packet);
	cr_assert_eq(tracer_metrics(tracer)->file_lost, 1);
	config.file = NULL;
	tracer_configure(tracer, now, &config);
	cr_assert_eq(tracer_metrics(tracer)->file_lost, 1);
}
