/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/backlog.h"

#include <criterion/criterion.h>
#include <string.h>

#include "gateway/core/core.h"

static bool room, paused;

static bool has_room(void *ctx)
{
	(void)ctx;
	return room;
}

static void put_message(void *ctx, uint64_t key, const struct stored_message *message)
{
	(void)ctx, (void)key, (void)message;
}

static void drop_message(void *ctx, uint64_t key, enum stored_way way, uint64_t sequence)
{
	(void)ctx, (void)key, (void)way, (void)sequence;
}

static void up_pause(void *ctx, struct up_session *session, bool on)
{
	(void)ctx, (void)session;
	paused = on;
}

static const struct gw_store store = {
	.put_message = put_message, .drop_message = drop_message, .has_room = has_room
};

static struct gw gw;
static struct client client;

static void setup(void)
{
	memset(&gw, 0, sizeof gw);
	memset(&client, 0, sizeof client);
	gw.ports.up_pause = up_pause;
	gw.ports.store = &store;
	gw.config.limits.queue_messages = 10;
	gw.config.limits.queue_bytes = 10000;
	client_init(&client);
	client.state = CLIENT_ASLEEP;
	client.link.state = LINK_UP;
	room = true;
	paused = false;
}

static void teardown(void)
{
	backlog_clear(&gw, &client);
}

TestSuite(backlog, .init = setup, .fini = teardown);

static void message(void)
{
	backlog_add(&gw, &client,
	    &(struct up_event){ .kind = UP_MESSAGE, .message = { .topic = "t", .qos = 1 } });
}

Test(backlog, with_a_store_that_has_room_messages_are_taken)
{
	message();
	message();
	cr_assert_not(paused);
}

/* Whatever else was taken would be lost with the process. */
Test(backlog, with_a_store_without_room_no_more_is_taken_while_one_waits)
{
	room = false;
	message();
	cr_assert(paused);
	backlog_clear(&gw, &client);
	cr_assert_not(paused);
}
