/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/netaddr.h"

static struct netaddr parse(const char *text)
{
	struct netaddr addr;

	memset(&addr, 0xaa, sizeof addr);
	cr_assert_eq(netaddr_parse(&addr, text, 1884), 0, "%s", text);
	return addr;
}

Test(netaddr, reads_and_prints)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{ "127.0.0.1:1", "127.0.0.1:1" },
		{ "127.0.0.1", "127.0.0.1:1884" },
		{ "0.0.0.0:0", "0.0.0.0:0" },
		{ "255.255.255.255:65535", "255.255.255.255:65535" },
		{ "[::1]:1884", "[::1]:1884" },
		{ "[::1]", "[::1]:1884" },
		{ "::1", "[::1]:1884" },
		{ "::", "[::]:1884" },
		{ "2001:db8::17", "[2001:db8::17]:1884" },
		{ "[2001:DB8:0::0017]:00080", "[2001:db8::17]:80" },
		{ "[fe80::1%7]:5", "[fe80::1%7]:5" },
		{ "fe80::1%4294967295", "[fe80::1%4294967295]:1884" },
		{ "[1111:2222:3333:4444:5555:6666:7777:8888%4294967295]:65535",
		    "[1111:2222:3333:4444:5555:6666:7777:8888%4294967295]:65535" },
		{ "[1111:2222:3333:4444:5555:6666:255.255.255.255]:65535",
		    "[1111:2222:3333:4444:5555:6666:ffff:ffff]:65535" },
		{ "[::ffff:192.0.2.1]:9", "192.0.2.1:9" },
		{ "::ffff:c000:201", "192.0.2.1:1884" },
	};
	char buf[NETADDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct netaddr addr = parse(cases[i].text), again;

		cr_expect_str_eq(netaddr_print(&addr, buf), cases[i].printed);
		again = parse(buf);
		cr_expect(netaddr_equal(&addr, &again), "%s", cases[i].text);
	}
}

Test(netaddr, refuses_what_is_no_address)
{
	static const char *const texts[] = { "", " ", ":", ":1884", "localhost", "localhost:1884",
		"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:4294967297", "127.0.0.1:-1",
		"127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1 ", "127.0.0.1:0x10", "127.0.0.1:1:2",
		" 127.0.0.1", "127.0.0.1 ", "127.0.0", "127.0.0.256", "127.0.0.1.1", "127.0.0.1%lo",
		"[127.0.0.1]:1884", "[]", "[]:1884", "[::1", "[::1]1884", "[::1]:", "[::1]:65536",
		"[::1]]:1", "[[::1]]:1", "::1]", "[::1]:1:2", "[::1] :1", ":::", "1::2::3",
		"12345::", "[fe80::1%]:1", "[fe80::1%0]:1", "[fe80::1%4294967296]:1",
		"[fe80::1%no-such-if]:1", "[fe80::1%1%1]:1", "[::ffff:192.0.2.1%1]:9",
		"[fe80::1%18446744073709551617]",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff]:1" };
	struct netaddr before, addr;

	memset(&before, 0x55, sizeof before);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		addr = before;
		cr_expect_eq(netaddr_parse(&addr, texts[i], 1884), -ERR_INVALID, "%s", texts[i]);
		cr_expect(netaddr_equal(&addr, &before), "%s", texts[i]);
	}
}

Test(netaddr, a_scope_may_be_the_name_of_an_interface)
{
	struct if_nameindex *ifs = if_nameindex();
	char text[64];
	struct netaddr addr;

	if (ifs == NULL || ifs[0].if_name == NULL)
		cr_skip_test("this machine has no network interface");
	snprintf(text, sizeof text, "[fe80::1%%%s]:1884", ifs[0].if_name);
	addr = parse(text);
	cr_expect_eq(addr.scope, ifs[0].if_index);
	if_freenameindex(ifs);
}

Test(netaddr, none_prints_as_none)
{
	struct netaddr none = { 0 };
	char buf[NETADDR_TEXT_MAX];

	cr_expect_str_eq(netaddr_print(&none, buf), "none");
}

Test(netaddr, to_sockaddr_and_back)
{
	static const struct {
		const char *text;
		sa_family_t family;
		socklen_t len;
	} cases[] = {
		{ "192.0.2.1:4711", AF_INET, sizeof(struct sockaddr_in) },
		{ "[2001:db8::1]:4711", AF_INET6, sizeof(struct sockaddr_in6) },
		{ "[fe80::1%3]:4711", AF_INET6, sizeof(struct sockaddr_in6) },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct netaddr addr = parse(cases[i].text), back;
		struct sockaddr_storage ss;

		cr_expect_eq(netaddr_to_sockaddr(&addr, &ss), cases[i].len);
		cr_expect_eq(ss.ss_family, cases[i].family);
		memset(&back, 0xaa, sizeof back);
		cr_expect_eq(netaddr_from_sockaddr(&back, (struct sockaddr *)&ss), 0);
		cr_expect(netaddr_equal(&addr, &back), "%s", cases[i].text);
	}
}

Test(netaddr, sockaddr_members_are_in_network_order)
{
	struct netaddr addr = parse("[2001:db8::2%9]:258");
	struct sockaddr_storage ss;
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	netaddr_to_sockaddr(&addr, &ss);
	memcpy(&in6, &ss, sizeof in6);
	cr_expect_eq(in6.sin6_port, htons(258));
	cr_expect_eq(in6.sin6_scope_id, 9);
	cr_expect_eq(in6.sin6_addr.s6_addr[15], 2);
	addr = parse("192.0.2.1:258");
	netaddr_to_sockaddr(&addr, &ss);
	memcpy(&in, &ss, sizeof in);
	cr_expect_eq(in.sin_port, htons(258));
	cr_expect_eq(in.sin_addr.s_addr, inet_addr("192.0.2.1"));
}

/* A dual-stack socket reports IPv4 peers so; they must be the same peer on either socket. */
Test(netaddr, a_mapped_ipv4_address_becomes_ipv4)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_scope_id = 4
	};
	struct netaddr want = parse("192.0.2.1:9"), got;

	cr_assert_eq(inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr), 1);
	memset(&got, 0xaa, sizeof got);
	cr_assert_eq(netaddr_from_sockaddr(&got, (struct sockaddr *)&in6), 0);
	cr_expect(netaddr_equal(&got, &want));
}

Test(netaddr, other_families_are_refused)
{
	struct sockaddr sa = { .sa_family = AF_UNIX };
	struct netaddr addr = { 0 };
	struct sockaddr_storage ss;

	cr_expect_eq(netaddr_from_sockaddr(&addr, &sa), -ERR_INVALID);
	cr_expect_eq(netaddr_to_sockaddr(&addr, &ss), 0);
}

Test(netaddr, equal_looks_at_address_scope_and_port)
{
	struct netaddr a = parse("[fe80::1%2]:5"), same = a;
	static const char *const others[] = { "[fe80::2%2]:5", "[fe80::1%3]:5", "[fe80::1%2]:6",
		"1.2.3.4:5" };

	cr_expect(netaddr_equal(&a, &same));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct netaddr b = parse(others[i]);

		cr_expect_not(netaddr_equal(&a, &b), "%s", others[i]);
	}
}

Test(netaddr, kinds_of_address)
{
	static const struct {
		const char *text;
		bool loopback, multicast;
	} cases[] = {
		{ "127.0.0.1", true, false },
		{ "127.255.255.254", true, false },
		{ "126.0.0.1", false, false },
		{ "128.0.0.1", false, false },
		{ "0.0.0.0", false, false },
		{ "223.255.255.255", false, false },
		{ "224.0.0.0", false, true },
		{ "239.255.255.255", false, true },
		{ "240.0.0.0", false, false },
		{ "::1", true, false },
		{ "::2", false, false },
		{ "7f00::1", false, false },
		{ "ff02::1", false, true },
		{ "fe80::1", false, false },
		{ "e000::1", false, false },
	};
	struct netaddr none = { 0 };

	cr_expect_not(netaddr_is_loopback(&none));
	cr_expect_not(netaddr_is_multicast(&none));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct netaddr addr = parse(cases[i].text);

		cr_expect_eq(netaddr_is_loopback(&addr), cases[i].loopback, "%s", cases[i].text);
		cr_expect_eq(netaddr_is_multicast(&addr), cases[i].multicast, "%s", cases[i].text);
	}
}
