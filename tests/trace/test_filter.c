/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/filter.h"

#include <criterion/criterion.h>
#include <string.h>

#include "sn_codec/sn_codec.h"

static struct filter filter;
static struct netaddr address;
static struct filter_subject subject;

static void setup(void)
{
	filter_init(&filter);
	cr_assert_eq(netaddr_parse(&address, "10.0.0.5:4711", 0), 0);
	subject = (struct filter_subject){
		.client_id = "pump-7", .address = &address, .type = SN_PUBLISH
	};
}

TestSuite(filter, .init = setup);

static void set(const char *name, const char *value)
{
	const char *wrong = filter_set(&filter, name, value);

	cr_assert_null(wrong, "%s=%s %s", name, value, wrong);
}

static bool passes_from(const char *from)
{
	cr_assert_eq(netaddr_parse(&address, from, 0), 0);
	return filter_passes(&filter, &subject);
}

static bool passes_client(const char *id)
{
	subject.client_id = id;
	return filter_passes(&filter, &subject);
}

static bool passes_type(int type)
{
	subject.type = type;
	return filter_passes(&filter, &subject);
}

Test(filter, without_conditions_all_passes)
{
	struct filter_subject nobody = { .type = -1, .out = true };

	cr_assert(filter_passes(&filter, &subject));
	cr_assert(filter_passes(&filter, &nobody));
}

Test(filter, client_is_a_pattern)
{
	set("client", "pump-?");
	cr_assert(passes_client("pump-7"));
	cr_assert_not(passes_client("pump-17"));
	cr_assert_not(passes_client(NULL));
	set("client", "*");
	cr_assert(passes_client("pump-17"));
	cr_assert_not(passes_client(NULL), "no known client");
	set("client", "");
	cr_assert(passes_client(NULL));
}

Test(filter, address_with_and_without_port)
{
	set("address", "10.0.0.5");
	cr_assert(passes_from("10.0.0.5:4711"));
	cr_assert(passes_from("10.0.0.5:1"));
	cr_assert_not(passes_from("10.0.0.6:4711"));
	cr_assert_not(passes_from("[::a00:5]:4711"));
	set("address", "10.0.0.5:4711");
	cr_assert(passes_from("10.0.0.5:4711"));
	cr_assert_not(passes_from("10.0.0.5:1"));
	subject.address = NULL;
	cr_assert_not(filter_passes(&filter, &subject));
}

Test(filter, address_of_ipv6)
{
	set("address", "fe80::1");
	cr_assert(passes_from("[fe80::1%1]:5"));
	cr_assert(passes_from("[fe80::1%2]:6"));
	cr_assert_not(passes_from("[fe80::2%1]:5"));
	set("address", "[fe80::1%2]:6");
	cr_assert(passes_from("[fe80::1%2]:6"));
	cr_assert_not(passes_from("[fe80::1%1]:6"));
	cr_assert_not(passes_from("[fe80::1%2]:5"));
}

Test(filter, types_by_name)
{
	set("type", "publish, PUBACK,advertise");
	cr_assert(passes_type(SN_PUBLISH));
	cr_assert(passes_type(SN_PUBACK));
	cr_assert(passes_type(SN_ADVERTISE), "type 0");
	cr_assert_not(passes_type(SN_PUBREC));
	cr_assert_not(passes_type(-1), "no packet");
	set("type", "PINGREQ");
	cr_assert_not(passes_type(SN_PUBLISH), "in the place of the former");
	set("type", "");
	cr_assert(passes_type(-1));
}

Test(filter, direction)
{
	set("direction", "in");
	cr_assert(filter_passes(&filter, &subject));
	subject.out = true;
	cr_assert_not(filter_passes(&filter, &subject));
	set("direction", "out");
	cr_assert(filter_passes(&filter, &subject));
	subject.out = false;
	cr_assert_not(filter_passes(&filter, &subject));
	set("direction", "both");
	cr_assert(filter_passes(&filter, &subject));
}

Test(filter, all_conditions_must_hold)
{
	set("client", "pump-*");
	set("type", "PUBLISH");
	cr_assert(filter_passes(&filter, &subject));
	cr_assert_not(passes_type(SN_PUBACK));
	subject.type = SN_PUBLISH;
	cr_assert_not(passes_client("valve-1"));
}

static void expect_refused(const char *name, const char *value)
{
	struct filter before = filter;

	cr_assert_not_null(filter_set(&filter, name, value), "%s=%s", name, value);
	cr_assert_eq(memcmp(&before, &filter, sizeof filter), 0, "%s=%s", name, value);
}

Test(filter, what_is_wrong_is_refused_and_changes_nothing)
{
	char pattern[FILTER_CLIENT_MAX + 1];

	set("client", "a");
	set("address", "::1");
	set("type", "PUBLISH");
	set("direction", "in");
	expect_refused("colour", "red");
	expect_refused("address", "10.0.0");
	expect_refused("address", "sensor.example.org");
	expect_refused("type", "PUBLISH,PUBLISHED");
	expect_refused("type", "PUB");
	expect_refused("type", ",");
	expect_refused("direction", "up");
	memset(pattern, 'a', sizeof pattern);
	pattern[FILTER_CLIENT_MAX] = '\0';
	expect_refused("client", pattern);
	pattern[FILTER_CLIENT_MAX - 1] = '\0';
	set("client", pattern);
}
