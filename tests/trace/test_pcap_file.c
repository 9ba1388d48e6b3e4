/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/pcap_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/trace/pcapng.h"
#include "tests/captured_log.h"
#include "tests/trace/blocks.h"

#define BIG 1000000

static char folder[64], path[128];
static uint8_t scratch[PCAPNG_PACKET_MAX];
static monotime_t now;
static struct pcap_file *file;

static const uint8_t pingreq[] = { 2, SN_PINGREQ };
static struct peer peer;
static struct gw_packet packet;
static struct seen seen;

static void setup(void)
{
	strcpy(folder, "/tmp/test_pcap_file-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/trace.pcapng", folder);
	packet = (struct gw_packet){ .peer = &peer, .data = pingreq, .len = sizeof pingreq };
	seen = (struct seen){ .packet = &packet, .client_id = "pump-7", .payloads = true };
	cr_assert_eq(netaddr_parse(&seen.from, "10.0.0.5:4711", 0), 0);
	cr_assert_eq(netaddr_parse(&seen.to, "10.0.0.1:1884", 0), 0);
	now = (monotime_t){ 1000000 };
}

static void teardown(void)
{
	static const char *const ends[] = { "", ".1", ".2", ".3" };
	char name[160];

	file = pcap_file_free(file);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
	cr_expect_eq(rmdir(folder), 0, "nothing else was left there: %s", strerror(errno));
}

TestSuite(pcap_file, .init = setup, .fini = teardown);

static void begin(uint32_t size, uint32_t count)
{
	file = pcap_file_new(now, path, size, count);
	cr_assert_not_null(file);
}

/* The packets carry their number as their time. */
static void put(int64_t first, int64_t last)
{
	for (seen.wall_us = first; seen.wall_us <= last; seen.wall_us++)
		pcap_file_put(file, &seen, scratch);
}

static void wait_ms(int64_t ms)
{
	now = monotime_add_ms(now, ms);
	pcap_file_advance(file, now);
}

/* A turn, and another when what came in it must have been written. */
static void settle(void)
{
	wait_ms(0);
	wait_ms(PCAP_FILE_FLUSH_MS);
}

/* Reads "FILE@end" back: sections of packets @first to @last in order; and what they say was lost.
 */
static uint64_t expect_file(const char *end, uint64_t first, uint64_t last)
{
	static uint8_t content[2 * BIG];
	const uint8_t *at = content, *stop;
	uint64_t lost = 0;
	char name[160];
	FILE *f;

	snprintf(name, sizeof name, "%s%s", path, end);
	f = fopen(name, "rb");
	cr_assert_not_null(f, "%s: %s", name, strerror(errno));
	stop = content + fread(content, 1, sizeof content, f);
	fclose(f);
	read_head(&at, stop);
	while (at < stop) {
		const uint8_t *next = at;
		struct read_packet read;

		if (read_block(&next, stop) == BLOCK_SECTION) {
			read_head(&at, stop);
			continue;
		}
		read = read_packet(&at, stop);
		cr_assert_eq(read.us, first, "%s: %lu follows", end, (unsigned long)first);
		lost += read.dropped;
		first++;
	}
	cr_assert_eq(first, last + 1, "%s: %lu is the last", end, (unsigned long)first - 1);
	return lost;
}

static bool exists(const char *end)
{
	char name[160];

	snprintf(name, sizeof name, "%s%s", path, end);
	return access(name, F_OK) == 0;
}

Test(pcap_file, is_readable_before_the_first_packet)
{
	begin(BIG, 3);
	expect_file("", 1, 0);
}

Test(pcap_file, what_came_is_written_within_a_second)
{
	monotime_t when;

	begin(BIG, 3);
	cr_assert_not(pcap_file_next_deadline(file, &when));
	put(1, 2);
	wait_ms(0);
	cr_assert(pcap_file_next_deadline(file, &when));
	cr_assert_eq(when.us, now.us + 1000000);
	wait_ms(999);
	expect_file("", 1, 0);
	wait_ms(1);
	expect_file("", 1, 2);
	cr_assert_not(pcap_file_next_deadline(file, &when));
}

Test(pcap_file, what_is_left_is_written_at_the_end)
{
	begin(BIG, 3);
	put(1, 10000);
	file = pcap_file_free(file);
	expect_file("", 1, 10000);
}

Test(pcap_file, the_file_of_the_last_run_is_kept)
{
	begin(BIG, 3);
	put(1, 5);
	file = pcap_file_free(file);
	begin(BIG, 3);
	put(6, 7);
	settle();
	expect_file(".1", 1, 5);
	expect_file("", 6, 7);
}

static uint64_t packets_per_file(uint32_t size)
{
	uint8_t head[PCAPNG_HEAD_MAX];

	return (size - pcapng_head(head)) / pcapng_packet(scratch, &seen, 0);
}

Test(pcap_file, files_have_a_size_and_a_count)
{
	uint32_t size = 65536;
	uint64_t n = packets_per_file(size);
	struct stat st;

	begin(size, 3);
	put(1, (int64_t)(4 * n + 5));
	settle();
	expect_file(".2", 2 * n + 1, 3 * n);
	expect_file(".1", 3 * n + 1, 4 * n);
	expect_file("", 4 * n + 1, 4 * n + 5);
	cr_assert_not(exists(".3"));
	snprintf(path + strlen(path), 3, ".1");
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_leq(st.st_size, size);
	path[strlen(path) - 2] = '\0';
	cr_assert_eq(pcap_file_lost(file), 0);
}

Test(pcap_file, one_file_begins_again)
{
	uint32_t size = 65536;
	uint64_t n = packets_per_file(size);

	begin(size, 1);
	put(1, (int64_t)(n + 5));
	settle();
	expect_file("", n + 1, n + 5);
	cr_assert_not(exists(".1"));
}

Test(pcap_file, a_packet_longer_than_a_file_has_one_of_its_own)
{
	static uint8_t octets[60000];

	begin(1000, 2);
	put(1, 1);
	packet.data = octets;
	packet.len = sizeof octets;
	put(2, 3);
	settle();
	expect_file(".1", 2, 2);
	expect_file("", 3, 3);
}

Test(pcap_file, trouble_is_told_once_and_ends)
{
	char elsewhere[160];

	capture_log();
	snprintf(elsewhere, sizeof elsewhere, "%s-moved", folder);
	cr_assert_eq(rename(folder, elsewhere), 0);
	begin(BIG, 3);
	put(1, 3);
	settle();
	wait_ms(PCAP_FILE_RETRY_MS);
	wait_ms(PCAP_FILE_RETRY_MS);
	put(4, 5);
	cr_assert_eq(pcap_file_lost(file), 5);
	cr_assert_eq(lines_with("error: trace: cannot open"), 1);
	cr_assert_eq(lines_with(""), 1);

	cr_assert_eq(rename(elsewhere, folder), 0);
	wait_ms(PCAP_FILE_RETRY_MS);
	put(6, 7);
	settle();
	cr_assert_eq(expect_file("", 6, 7), 5, "the next packet tells of the loss");
	cr_assert_eq(lines_with("is written again, 5 packets were lost so far"), 1);
	cr_assert_eq(lines_with(""), 2);
}

/* The limit stands for a full disk: a write comes back short, then fails. */
Test(pcap_file, a_full_disk_leaves_whole_blocks)
{
	struct rlimit limit;
	uint64_t lost;

	capture_log();
	cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	begin(BIG, 3);
	put(1, 10);
	settle();
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 2000;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	put(11, 40);
	settle();
	expect_file("", 1, 10);
	lost = pcap_file_lost(file);
	cr_assert_eq(lost, 30);
	put(41, 42);
	cr_assert_eq(lines_with("error: trace: cannot write"), 1);

	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	wait_ms(PCAP_FILE_RETRY_MS);
	put(11, 12);
	settle();
	cr_assert_eq(expect_file("", 1, 12), 32);
	cr_assert_eq(pcap_file_lost(file), 32);
}

Test(pcap_file, a_file_that_was_removed_is_begun_anew)
{
	begin(BIG, 3);
	put(1, 2);
	settle();
	cr_assert_eq(unlink(path), 0);
	put(3, 3); /* goes where the file was */
	settle();
	put(4, 5);
	settle();
	expect_file("", 4, 5);
}

Test(pcap_file, what_is_no_file_is_left_alone)
{
	struct stat st;

	capture_log();
	cr_assert_eq(mkfifo(path, 0600), 0);
	begin(BIG, 3);
	put(1, 1);
	settle();
	cr_assert_eq(pcap_file_lost(file), 1);
	cr_assert_eq(lines_with("cannot trace into"), 1);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(S_ISFIFO(st.st_mode));
	cr_assert_not(exists(".1"));
}

Test(pcap_file, knows_how_it_was_begun)
{
	begin(BIG, 3);
	cr_assert(pcap_file_is(file, path, BIG, 3));
	cr_assert_not(pcap_file_is(file, path, BIG, 2));
	cr_assert_not(pcap_file_is(file, path, BIG + 1, 3));
	cr_assert_not(pcap_file_is(file, folder, BIG, 3));
}
