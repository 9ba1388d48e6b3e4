/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "tests/scenarios/outputs.h"
#include "tests/scenarios/script.h"

static char *complaints;

/* Reads @text as the scenario "s"; what it complains about is kept in @complaints. */
static struct script *read_text(const char *text)
{
	FILE *in = fmemopen((char *)text, strlen(text), "r");
	size_t size;
	FILE *errors = open_memstream(&complaints, &size);
	struct script *script = script_read(in, "s", errors);

	fclose(errors);
	fclose(in);
	return script;
}

static void forget(struct script *script)
{
	script_free(script);
	free(complaints);
}

/* The one act of @text must be refused with @complaint. */
static void refused(const char *text, const char *complaint)
{
	struct script *script = read_text(text);

	cr_assert(script == NULL, "%s was read", text);
	cr_assert(strstr(complaints, complaint) != NULL, "%s: %s", text, complaints);
	forget(script);
}

/* @line must be an output, printed as @canonical. */
static void output_is(const char *line, const char *canonical)
{
	const char *wrong;
	char *text = output_parse(line, &wrong);

	cr_assert(text != NULL, "%s: %s", line, wrong);
	cr_assert_str_eq(text, canonical);
	free(text);
}

static void no_output(const char *line)
{
	const char *wrong;

	cr_assert(output_parse(line, &wrong) == NULL, "%s was read", line);
	cr_assert(wrong != NULL);
}

Test(script, datagram_and_expectations_over_lines)
{
	struct script *script = read_text("# says what it shows\n\n"
	                                  "a > PINGREQ  # comment | not an output\n"
	                                  "   | a < PINGRESP ; up < disconnect a\n"
	                                  "   | note a lost\n");
	const struct step *step;

	cr_assert(script != NULL, "%s", complaints);
	cr_assert_eq(script->n_steps, 1);
	step = &script->steps[0];
	cr_assert_eq(step->kind, ACT_PACKET);
	cr_assert_eq(step->line, 3);
	cr_assert_str_eq(step->text, "a > PINGREQ");
	cr_assert_str_eq(step->packet.peer, "a");
	cr_assert_eq(step->packet.len, 2);
	cr_assert_arr_eq(step->packet.data, "\x02\x16", 2);
	cr_assert_eq(step->n_expected, 3);
	cr_assert_str_eq(step->expected[0].text, "a < PINGRESP");
	cr_assert_str_eq(step->expected[1].text, "up < disconnect a");
	cr_assert_str_eq(step->expected[2].text, "note a lost");
	forget(script);
}

Test(script, separators_in_quotes_are_text)
{
	struct script *script =
	    read_text("up > publish a topic=\"t #\" qos=2 retain \"|;#\\\"\\x00\"");
	const struct up_event *event;

	cr_assert(script != NULL, "%s", complaints);
	event = &script->steps[0].up.event;
	cr_assert_eq(event->kind, UP_MESSAGE);
	cr_assert_str_eq(script->steps[0].up.client, "a");
	cr_assert_str_eq(event->message.topic, "t #");
	cr_assert_eq(event->message.qos, 2);
	cr_assert(event->message.retain);
	cr_assert_eq(event->message.payload.len, 5);
	cr_assert_arr_eq(event->message.payload.data, "|;#\"\0", 5);
	forget(script);
}

Test(script, raw_octets)
{
	struct script *script = read_text("f/aa0b > raw 00 ff \"ab\" 1e");
	const struct step *step;

	cr_assert(script != NULL, "%s", complaints);
	step = &script->steps[0];
	cr_assert_str_eq(step->packet.peer, "f/aa0b");
	cr_assert_eq(step->packet.len, 5);
	cr_assert_arr_eq(step->packet.data,
	    "\x00\xff"
	    "ab\x1e",
	    5);
	forget(script);
}

Test(script, times)
{
	struct script *script =
	    read_text("pass 2.5s | at 500ms a < PINGRESP; at 1s..2s a < PINGRESP; a < PINGRESP");
	const struct expected *expected;

	cr_assert(script != NULL, "%s", complaints);
	cr_assert_eq(script->steps[0].pass_us, 2500000);
	expected = script->steps[0].expected;
	cr_assert(expected[0].timed);
	cr_assert_eq(expected[0].from_us, 500000);
	cr_assert_eq(expected[0].to_us, 500000);
	cr_assert_eq(expected[1].from_us, 1000000);
	cr_assert_eq(expected[1].to_us, 2000000);
	cr_assert_not(expected[2].timed);
	forget(script);
}

Test(script, broker_events)
{
	struct script *script = read_text("up > connected a session-present\n"
	                                  "up > refused a permanent\n"
	                                  "up > published a 3\n"
	                                  "up > subscribed a qos=-1\n"
	                                  "fail publish invalid\n");

	cr_assert(script != NULL, "%s", complaints);
	cr_assert(script->steps[0].up.event.session_present);
	cr_assert(script->steps[1].up.event.down.permanent);
	cr_assert_eq(script->steps[2].up.nth, 3);
	cr_assert_eq(script->steps[3].up.event.granted_qos, -1);
	cr_assert_eq(script->steps[4].fail.port, FAIL_PUBLISH);
	cr_assert_eq(script->steps[4].fail.rc, -ERR_INVALID);
	forget(script);
}

static struct sn_bytes bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

Test(script, configuration)
{
	struct script *script = read_text("set timers.retry=2\n"
	                                  "set timers.retries=7\n"
	                                  "set limits.clients=1\n"
	                                  "set wake_connect=honour\n"
	                                  "predefined 5=plant/alarm\n"
	                                  "predefined pump-*:6=plant/pump\n"
	                                  "admission refuse=pump-9 admit=pump-* others=refuse\n"
	                                  "listener max_packet=60 qos_minus_one\n"
	                                  "listener no_discovery\n"
	                                  "check notes\n"
	                                  "pass 1s\n");
	const struct gw_config *config;
	const char *name;
	size_t len;

	cr_assert(script != NULL, "%s", complaints);
	config = &script->setup.config;
	cr_assert_eq(config->timers.retry, 2000);
	cr_assert_eq(config->timers.retries, 7);
	cr_assert_eq(config->timers.connect_timeout, 5000);
	cr_assert_eq(config->limits.clients, 1);
	cr_assert_eq(config->wake_connect, GW_WAKE_HONOUR);
	cr_assert_eq(config->n_listeners, 2);
	cr_assert_eq(config->listeners[0].max_packet, 60);
	cr_assert(config->listeners[0].qos_minus_one);
	cr_assert_not(config->listeners[1].discovery);
	cr_assert(script->setup.check_notes);
	name = topic_predef_name(config->predefined, "pump-1", 6, NULL, 0, &len);
	cr_assert_str_eq(name, "plant/pump");
	cr_assert(topic_predef_name(config->predefined, "x", 6, NULL, 0, &len) == NULL);
	cr_assert(admission_refusal(config->admission, bytes("pump-9")) != NULL);
	cr_assert(admission_refusal(config->admission, bytes("pump-8")) == NULL);
	cr_assert(admission_refusal(config->admission, bytes("valve")) != NULL);
	forget(script);
}

Test(script, mistakes_are_told_with_their_line)
{
	struct script *script = read_text("# one\na > PINGREQ\na > NOSUCH\n\nwhat is this\n");

	cr_assert(script == NULL);
	cr_assert(strstr(complaints, "s:3: ") != NULL, "%s", complaints);
	cr_assert(strstr(complaints, "s:5: ") != NULL, "%s", complaints);
	forget(script);
}

Test(script, refuses)
{
	refused("", "nothing happens");
	refused("| a < PINGRESP\n", "no act");
	refused("A > PINGREQ\n", "no peer");
	refused("a/abc > PINGREQ\n", "no peer");
	refused("a >\n", "PEER > PACKET");
	refused("a > raw 0\n", "hex");
	refused("a > raw zz\n", "hex");
	refused("a > PINGREQ | b PINGRESP\n", "PEER < PACKET");
	refused("a > PINGREQ | b < NOSUCH\n", "s:1: ");
	refused("a > PINGREQ | at b < PINGRESP\n", "at takes");
	refused("up > gone a\n", "up > EVENT");
	refused("up > connected\n", "up > EVENT");
	refused("up > connected a b\n", "session-present");
	refused("up > refused a\n", "temporary or permanent");
	refused("up > subscribed a qos=3\n", "qos=N");
	refused("up > publish a qos=1 \"x\"\n", "topic=TOPIC");
	refused("up > publish a topic=t \"x\n", "not closed");
	refused("up > publish a topic=t \"\\q\"\n", "escape");
	refused("pass 3\n", "DURATION");
	refused("pass -3s\n", "DURATION");
	refused("fail everything nomem\n", "fail open");
	refused("metric nothing 1\n", "no such metric");
	refused("metric rx.NOTHING 1\n", "no such metric");
	refused("metric lost\n", "metric NAME NUMBER");
	refused("clients many\n", "number");
	refused("shutdown now\n", "alone");
	refused("configure listener\n", "none of listeners");
	refused("configure set timers.nothing=1\n", "no such setting");
	refused("set timers.nothing=1\n", "no such setting");
	refused("predefined 0=t\n", "no such predefined");
	refused("admission others=admit\n", "admission [");
	refused("admission all\n", "admission [");
	refused("listener fast\n", "listener [");
	refused("pass 1s\nset timers.retry=1\n", "above all acts");
}

Test(outputs, have_one_form)
{
	output_is("a < PUBLISH mid=2 \"x\" tid=1 qos=1", "a < PUBLISH qos=1 tid=1 mid=2 \"x\"");
	output_is("f/aabb radius=3 < GWINFO gw=1", "f/aabb radius=3 < GWINFO gw=1");
	output_is("broadcast 0 radius=1 GWINFO gw=1", "broadcast 0 radius=1 GWINFO gw=1");
	output_is("up < connect a", "up < connect a");
	output_is("up < connect a \"bye\" retain qos=1 will=w clean",
	    "up < connect a clean will=\"w\" qos=1 retain \"bye\"");
	output_is("up < publish a qos=1 topic=t/1 \"\\x07\"",
	    "up < publish a topic=\"t/1\" qos=1 \"\\x07\"");
	output_is("up < subscribe a qos=2 \"t/#\"", "up < subscribe a \"t/#\" qos=2");
	output_is("up < unsubscribe a \"t/#\"", "up < unsubscribe a \"t/#\"");
	output_is("up < reconnect a", "up < reconnect a");
	output_is("note - malformed", "note - malformed");
	output_is("verdict \"no session\"", "verdict \"no session\"");
}

Test(outputs, every_note_has_a_name)
{
	for (int i = 0; i < NOTE_KINDS; i++)
		cr_expect(strcmp(note_name(i), "?") != 0, "note %d", i);
}

Test(outputs, that_do_not_exist)
{
	no_output("a PINGRESP");
	no_output("a < ");
	no_output("up < dance a");
	no_output("up < abort");
	no_output("up < abort a \"x\"");
	no_output("up < subscribe a \"t\" qos=3");
	no_output("up < subscribe a \"t\" retain");
	no_output("broadcast radius=1 GWINFO gw=1");
	no_output("note a vanished");
	no_output("verdict none");
}
