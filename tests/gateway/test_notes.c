/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/notes.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/captured_log.h"

static const monotime_t start = { 1000000 };

static struct peer peer_at(const char *text)
{
	struct peer peer = { 0 };

	cr_assert_eq(netaddr_parse(&peer.addr, text, 0), 0);
	return peer;
}

/* --- the form of a line --- */

static void expect_line(const struct gw_note *note, const char *expected)
{
	char line[NOTE_LINE_MAX];

	cr_assert_str_eq(note_print(note, line), expected);
}

Test(note_line, of_each_kind)
{
	struct peer peer = peer_at("127.0.0.1:4711");
	static const struct {
		enum gw_note_kind kind;
		const char *detail;
		const char *line;
	} cases[] = {
		{ NOTE_CONNECTED, NULL, "pump-7: connected from 127.0.0.1:4711" },
		{ NOTE_REFUSED, "broker not reachable",
		    "pump-7: CONNECT refused: broker not reachable" },
		{ NOTE_DISCONNECTED, NULL, "pump-7: disconnected" },
		{ NOTE_DISCONNECTED, "its own wish", "pump-7: disconnected: its own wish" },
		{ NOTE_LOST, "keep alive", "pump-7: lost: keep alive" },
		{ NOTE_TAKEN_OVER, NULL, "pump-7: goes on from 127.0.0.1:4711" },
		{ NOTE_ASLEEP, NULL, "pump-7: asleep for 60 s" },
		{ NOTE_AWAKE, NULL, "pump-7: awake" },
		{ NOTE_LINK_LOST, "connection reset",
		    "pump-7: broker connection lost: connection reset" },
		{ NOTE_LINK_RESTORED, NULL, "pump-7: broker connection restored" },
		{ NOTE_VIOLATION, "SN12-PUB-09", "pump-7: protocol violation: SN12-PUB-09" },
		{ NOTE_LIMIT, "limits.topics", "pump-7: limit reached: limits.topics" },
		{ NOTE_DROPPED, "too long", "pump-7: message dropped: too long" },
		{ NOTE_EXPIRED, NULL, "pump-7: session expired" },
		{ NOTE_GAVE_UP, "PUBLISH", "pump-7: no answer from 127.0.0.1:4711: PUBLISH" },
		{ NOTE_NOMEM, NULL, "pump-7: out of memory" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct gw_note note = { cases[i].kind, "pump-7", &peer, cases[i].detail, 60 };

		expect_line(&note, cases[i].line);
	}
}

Test(note_line, starts_with_the_address_where_there_is_no_client)
{
	struct peer peer = peer_at("[::1]:4711");

	expect_line(&(struct gw_note){ NOTE_MALFORMED, NULL, &peer, "bad length", 0 },
	    "[::1]:4711: malformed packet: bad length");
	peer.encapsulated = 1;
	peer.node_len = 2;
	peer.node[0] = 0xaa;
	peer.node[1] = 0xbb;
	expect_line(&(struct gw_note){ NOTE_VIOLATION, NULL, &peer, NULL, 0 },
	    "[::1]:4711/aabb: protocol violation");
}

Test(note_line, names_the_id_that_a_stranger_gives)
{
	struct peer peer = peer_at("127.0.0.1:4711");
	struct gw_note note = {
		.kind = NOTE_REFUSED,
		.peer = &peer,
		.detail = "not listed",
		.claimed = { (const uint8_t *)"pump\n7", 6 },
	};

	expect_line(&note, "127.0.0.1:4711 as pump\\x0a7: CONNECT refused: not listed");
	note.client_id = "pump-7";
	expect_line(&note, "pump-7: CONNECT refused: not listed");
}

Test(note_line, about_nobody_is_about_the_gateway)
{
	expect_line(
	    &(struct gw_note){ .kind = NOTE_NETWORK, .detail = "gateway id 1 is used twice" },
	    "gateway: gateway id 1 is used twice");
	expect_line(&(struct gw_note){ .kind = NOTE_CONNECTED, .client_id = "x" },
	    "x: connected from an unknown address");
}

Test(note_line, stays_one_line_with_one_subject_whatever_the_client_id_holds)
{
	char id[300], line[NOTE_LINE_MAX];

	expect_line(&(struct gw_note){ .kind = NOTE_AWAKE, .client_id = "a\nb: lost\x7f\\" },
	    "a\\x0ab:\\x20lost\\x7f\\x5c: awake");
	memset(id, '\n', sizeof id - 1);
	id[sizeof id - 1] = '\0';
	note_print(&(struct gw_note){ .kind = NOTE_AWAKE, .client_id = id }, line);
	cr_assert_lt(strlen(line), 120);
	cr_assert_not_null(strstr(line, "...: awake"));
}

Test(note_line, is_cut_when_it_is_too_long)
{
	char detail[5000], line[NOTE_LINE_MAX];

	memset(detail, 'x', sizeof detail - 1);
	detail[sizeof detail - 1] = '\0';
	note_print(
	    &(struct gw_note){ .kind = NOTE_DROPPED, .client_id = "a", .detail = detail }, line);
	cr_assert_eq(strlen(line), NOTE_LINE_MAX - 1);
}

/* --- how many --- */

static struct notes *notes;

static void setup(void)
{
	log_set_level(LOG_LEVEL_INFO);
	capture_log();
	notes = notes_new();
	cr_assert_not_null(notes);
}

static void teardown(void)
{
	notes_free(notes);
}

TestSuite(notes, .init = setup, .fini = teardown);

static void say_many(enum gw_note_kind kind, const char *client_id, monotime_t now, int n)
{
	struct peer peer = peer_at("192.0.2.1:4711");
	struct gw_note note = { kind, client_id, &peer, NULL, 0 };

	for (int i = 0; i < n; i++)
		notes_say(notes, now, &note);
}

Test(notes, are_logged_with_the_level_of_their_kind)
{
	say_many(NOTE_CONNECTED, "pump-7", start, 1);
	say_many(NOTE_NOMEM, "pump-7", start, 1);
	cr_assert_eq(lines_with(" info: pump-7: connected from 192.0.2.1:4711\n"), 1);
	cr_assert_eq(lines_with(" error: pump-7: out of memory\n"), 1);
}

Test(notes, below_the_level_are_neither_logged_nor_counted)
{
	monotime_t when;

	log_set_level(LOG_LEVEL_NOTICE);
	say_many(NOTE_MALFORMED, NULL, start, 100);
	cr_assert_eq(lines_with(""), 0);
	cr_assert_not(notes_next_deadline(notes, &when));
}

Test(notes, garbage_is_counted_after_some_lines_and_told_at_the_end_of_the_window)
{
	monotime_t when;

	say_many(NOTE_MALFORMED, NULL, start, NOTES_STRANGERS);
	cr_assert_not(notes_next_deadline(notes, &when), "nothing is held back yet");
	say_many(NOTE_MALFORMED, NULL, start, 4312);
	cr_assert_eq(lines_with("192.0.2.1:4711: malformed packet"), NOTES_STRANGERS);

	cr_assert(notes_next_deadline(notes, &when));
	cr_assert_eq(when.us, monotime_add_ms(start, NOTES_WINDOW_MS).us);
	notes_advance(notes, (monotime_t){ when.us - 1 });
	cr_assert_eq(lines_with("said"), 0);
	notes_advance(notes, when);
	cr_assert_eq(lines_with(" info: malformed packet: said 4312 more times\n"), 1);
	cr_assert_not(notes_next_deadline(notes, &when));

	say_many(NOTE_MALFORMED, NULL, when, 1);
	cr_assert_eq(lines_with("192.0.2.1:4711: malformed packet"), NOTES_STRANGERS + 1);
}

Test(notes, a_note_after_the_window_tells_the_count_first)
{
	say_many(NOTE_VIOLATION, NULL, start, NOTES_STRANGERS + 5);
	say_many(NOTE_VIOLATION, NULL, monotime_add_ms(start, NOTES_WINDOW_MS), 1);
	cr_assert_eq(lines_with("protocol violation: said 5 more times"), 1);
	cr_assert_eq(lines_with("192.0.2.1:4711: protocol violation"), NOTES_STRANGERS + 1);
}

Test(notes, strangers_do_not_hide_what_clients_do)
{
	say_many(NOTE_VIOLATION, NULL, start, 1000);
	say_many(NOTE_VIOLATION, "pump-7", start, 3);
	say_many(NOTE_MALFORMED, NULL, start, 1);
	cr_assert_eq(lines_with("pump-7: protocol violation"), 3);
	cr_assert_eq(lines_with("malformed"), 1);
}

Test(notes, clients_have_a_limit_too)
{
	say_many(NOTE_CONNECTED, "pump-7", start, NOTES_CLIENTS + 100);
	cr_assert_eq(lines_with("pump-7: connected"), NOTES_CLIENTS);
	notes_advance(notes, monotime_add_ms(start, NOTES_WINDOW_MS));
	cr_assert_eq(lines_with("connect: said 100 more times"), 1);
}

Test(notes, the_earliest_window_is_the_deadline)
{
	monotime_t when, later = monotime_add_ms(start, 3000);

	say_many(NOTE_VIOLATION, NULL, later, NOTES_STRANGERS + 1);
	say_many(NOTE_MALFORMED, NULL, start, NOTES_STRANGERS + 1);
	cr_assert(notes_next_deadline(notes, &when));
	cr_assert_eq(when.us, monotime_add_ms(start, NOTES_WINDOW_MS).us);
	notes_advance(notes, when);
	cr_assert(notes_next_deadline(notes, &when));
	cr_assert_eq(when.us, monotime_add_ms(later, NOTES_WINDOW_MS).us);
}

Test(notes, free_takes_null)
{
	cr_assert_null(notes_free(NULL));
}
