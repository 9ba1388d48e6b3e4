/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/io/send_queue.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/err.h"

static const struct netaddr somebody = { .ip = { 192, 0, 2, 1 }, .port = 4711, .family = 4 };
static const struct netaddr here = { .ip = { 192, 0, 2, 2 }, .family = 4 };
static const struct netaddr by_route;

static int push_number(struct send_queue *q, uint32_t number, size_t len)
{
	uint8_t octets[256] = { 0 };

	memcpy(octets, &number, sizeof number);
	return send_queue_push(q, &somebody, &by_route, octets, len);
}

static uint32_t number_at(const struct send_queue *q, size_t index)
{
	struct queued d = send_queue_at(q, index);
	uint32_t number;

	memcpy(&number, d.data, sizeof number);
	return number;
}

Test(send_queue, keeps_order_address_and_octets)
{
	struct send_queue *q = send_queue_new(8, 100);
	struct netaddr other = somebody;
	struct queued d;

	other.port = 4712;
	cr_assert_eq(send_queue_push(q, &somebody, &by_route, (const uint8_t *)"one", 3), 0);
	cr_assert_eq(send_queue_push(q, &other, &here, (const uint8_t *)"", 0), 0);
	cr_assert_eq(send_queue_push(q, &other, &here, (const uint8_t *)"three", 5), 0);
	cr_assert_eq(send_queue_count(q), 3);

	d = send_queue_at(q, 0);
	cr_assert(netaddr_equal(d.to, &somebody));
	cr_assert_arr_eq(d.data, "one", 3);
	cr_assert_eq(send_queue_at(q, 1).len, 0);
	d = send_queue_at(q, 2);
	cr_assert(netaddr_equal(d.to, &other));
	cr_assert(netaddr_equal(d.local, &here));
	cr_assert_eq(d.len, 5);
	cr_assert_arr_eq(d.data, "three", 5);

	send_queue_drop(q, 2);
	send_queue_by_route(q);
	cr_assert_eq(send_queue_at(q, 0).local->family, 0);
	send_queue_free(q);
}

Test(send_queue, refuses_one_datagram_more_than_its_limit)
{
	struct send_queue *q = send_queue_new(3, 1000);

	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(push_number(q, i, 4), 0);
	cr_assert_eq(push_number(q, 3, 4), -ERR_LIMIT);
	send_queue_drop(q, 1);
	cr_assert_eq(push_number(q, 4, 4), 0);
	cr_assert_eq(number_at(q, 2), 4);
	send_queue_free(q);
}

Test(send_queue, refuses_one_octet_more_than_its_limit)
{
	struct send_queue *q = send_queue_new(100, 10);

	cr_assert_eq(push_number(q, 1, 6), 0);
	cr_assert_eq(push_number(q, 2, 5), -ERR_LIMIT);
	cr_assert_eq(push_number(q, 3, 4), 0);
	cr_assert_eq(push_number(q, 4, 0), 0, "nothing still fits");
	cr_assert_eq(send_queue_count(q), 3);
	send_queue_drop(q, 1);
	cr_assert_eq(push_number(q, 5, 6), 0, "what was dropped is free again");
	cr_assert_eq(number_at(q, 2), 5);
	send_queue_free(q);
}

/* Pushed and dropped for long without ever being empty: the order holds and the limits stay those
 * of what waits. */
Test(send_queue, never_empty_never_grows)
{
	struct send_queue *q = send_queue_new(50, 50 * 204);
	uint32_t in = 0, out = 0;

	while (in < 20000) {
		size_t burst = 1 + in % 17;

		for (size_t i = 0; i < burst && send_queue_count(q) < 50; i++, in++)
			cr_assert_eq(push_number(q, in, 4 + in % 201), 0, "push %u", in);
		for (size_t i = 0; i < burst && send_queue_count(q) > 1; i++, out++) {
			cr_assert_eq(number_at(q, 0), out);
			cr_assert_eq(send_queue_at(q, 0).len, 4 + out % 201);
			send_queue_drop(q, 1);
		}
		cr_assert_eq(send_queue_count(q), in - out);
	}
	send_queue_free(q);
}

Test(send_queue, dropping_all_makes_it_new)
{
	struct send_queue *q = send_queue_new(4, 16);

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 4; i++)
			cr_assert_eq(push_number(q, i, 4), 0);
		cr_assert_eq(push_number(q, 9, 4), -ERR_LIMIT);
		send_queue_drop(q, 4);
		cr_assert_eq(send_queue_count(q), 0);
	}
	send_queue_free(q);
}

Test(send_queue, free_takes_null)
{
	cr_assert_null(send_queue_free(NULL));
}
