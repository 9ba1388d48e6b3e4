/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/outputs.h"
#include "tests/scenarios/watch.h"

static struct watch *watch;

static void begin(void)
{
	watch = watch_new();
}

static void end(void)
{
	watch_free(watch);
}

TestSuite(watch, .init = begin, .fini = end);

/* What is said about a packet to @peer. */
static const char *out(const char *peer, const char *text)
{
	struct sn_packet packet;
	const char *wrong;
	uint8_t *data;
	size_t len;

	wrong = packet_encode(text, &data, &len);
	cr_assert(wrong == NULL, "%s: %s", text, wrong);
	cr_assert_eq(sn_decode(data, len, &packet), SN_OK);
	wrong = watch_out(watch, peer, &packet, data, len);
	free(data);
	return wrong;
}

static void in(const char *peer, const char *text)
{
	struct sn_packet packet;
	uint8_t *data;
	size_t len;

	cr_assert(packet_encode(text, &data, &len) == NULL, "%s", text);
	cr_assert_eq(sn_decode(data, len, &packet), SN_OK);
	watch_in(watch, peer, &packet);
	free(data);
}

static void allowed(const char *text)
{
	const char *wrong = out("a", text);

	cr_expect(wrong == NULL, "%s: %s", text, wrong);
}

static void forbidden(const char *text, const char *rule)
{
	const char *wrong = out("a", text);

	cr_expect(wrong != NULL && strstr(wrong, rule) != NULL, "%s: %s", text, wrong);
}

Test(watch, single_packets)
{
	forbidden("CONNACK rc=4", "SN12-RC-05");
	forbidden("REGACK tid=0 mid=1 rc=128", "SN12-RC-05");
	forbidden("REGACK tid=1 mid=1 rc=congestion", "SN12-RC-07");
	forbidden("REGACK tid=0 mid=1 rc=accepted", "SN12-RC-07");
	forbidden("REGACK tid=65535 mid=1 rc=accepted", "SN12-FIELD-09");
	forbidden("PUBACK tid=1 mid=1 rc=5", "SN12-RC-05");
	forbidden("SUBACK qos=0 tid=1 mid=1 rc=not-supported", "SN12-RC-07");
	forbidden("SUBACK qos=0 tid=0 mid=1 rc=9", "SN12-RC-05");
	forbidden("SUBACK qos=-1 tid=0 mid=1 rc=accepted", "QoS 3");
	forbidden("WILLTOPICRESP rc=7", "SN12-RC-05");
	forbidden("WILLMSGRESP rc=7", "SN12-RC-05");
	forbidden("PUBLISH qos=-1 tid=1 \"\"", "SN12-GPUB-08");
	forbidden("PUBLISH qos=1 tid=1 mid=0 \"\"", "SN12-MSGID-03");
	forbidden("PUBLISH qos=0 tid=1 mid=1 \"\"", "SN12-MSGID-03");
	forbidden("PUBLISH qos=0 dup tid=1 \"\"", "SN12-RETRY-04");
	forbidden("PUBLISH qos=0 reserved tid=1 \"\"", "reserved topic type");
	forbidden("REGISTER tid=0 mid=1 \"t\"", "SN12-FIELD-09");
	forbidden("REGISTER tid=1 mid=0 \"t\"", "SN12-MSGID-03");
	forbidden("DISCONNECT duration=0", "SN12-DISC-04");
	forbidden("PINGREQ id=a", "SN12-PING-05");
	forbidden("GWINFO gw=1 addr=7f000001", "SN12-DISCO-06");
	forbidden("CONNECT id=a", "not for a gateway");
	forbidden("SUBSCRIBE qos=0 mid=1 \"t\"", "not for a gateway");
	allowed("CONNACK rc=not-supported");
	allowed("PUBACK tid=0 mid=0 rc=invalid-topic-id");
	allowed("SUBACK qos=2 tid=0 mid=1 rc=accepted");
	allowed("PUBLISH qos=0 tid=1 \"\"");
	allowed("DISCONNECT");
}

Test(watch, broadcasts)
{
	cr_expect(out(NULL, "ADVERTISE gw=1 duration=900") == NULL);
	cr_expect(out(NULL, "GWINFO gw=1") == NULL);
	cr_expect(out(NULL, "PINGRESP") != NULL);
}

Test(watch, one_exchange_at_a_time)
{
	allowed("PUBLISH qos=1 tid=1 mid=1 \"x\"");
	forbidden("REGISTER tid=2 mid=2 \"t\"", "SN12-GPUB-11");
	in("a", "PUBACK tid=1 mid=7 rc=accepted");
	forbidden("PUBLISH qos=1 tid=1 mid=3 \"y\"", "SN12-GPUB-11");
	in("a", "PUBACK tid=1 mid=3 rc=accepted");
	allowed("PUBLISH qos=1 tid=1 mid=4 \"z\"");
	allowed("PUBLISH qos=0 tid=1 \"0\"");
}

Test(watch, each_answer_ends_its_exchange)
{
	allowed("REGISTER tid=2 mid=2 \"t\"");
	in("a", "REGACK tid=2 mid=2 rc=accepted");
	allowed("PUBLISH qos=2 tid=1 mid=3 \"x\"");
	in("a", "PUBREC mid=3");
	allowed("PUBREL mid=3");
	forbidden("PUBLISH qos=1 tid=1 mid=4 \"y\"", "SN12-GPUB-11");
	in("a", "PUBCOMP mid=4");
	in("a", "CONNECT id=a");
	allowed("PUBLISH qos=1 tid=1 mid=5 \"y\"");
	allowed("DISCONNECT");
	allowed("REGISTER tid=2 mid=6 \"t\"");
}

Test(watch, pubrel_for_what_is_forgotten)
{
	in("a", "PUBREC mid=9");
	allowed("PUBREL mid=9");
	allowed("PUBLISH qos=1 tid=1 mid=1 \"x\"");
	in("a", "PUBREC mid=9");
	allowed("PUBREL mid=9");
	forbidden("REGISTER tid=2 mid=2 \"t\"", "SN12-GPUB-11");
}

Test(watch, peers_are_apart)
{
	allowed("PUBLISH qos=1 tid=1 mid=1 \"x\"");
	cr_expect(out("b", "PUBLISH qos=1 tid=1 mid=1 \"x\"") == NULL);
}

Test(watch, repeats_are_the_same_and_marked)
{
	allowed("PUBLISH qos=1 tid=1 mid=1 \"x\"");
	forbidden("PUBLISH qos=1 tid=1 mid=1 \"x\"", "SN12-GPUB-13");
	allowed("PUBLISH qos=1 dup tid=1 mid=1 \"x\"");
	forbidden("PUBLISH qos=1 dup tid=1 mid=1 \"y\"", "SN12-RETRY-02");
	in("a", "PUBACK tid=1 mid=1 rc=accepted");
	allowed("REGISTER tid=2 mid=2 \"t\"");
	allowed("REGISTER tid=2 mid=2 \"t\"");
	forbidden("REGISTER tid=3 mid=2 \"t\"", "SN12-RETRY-02");
}
