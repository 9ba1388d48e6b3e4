/* SPDX-License-Identifier: BSD-3-Clause */
/* What a store may have kept that does not fit any more. */
#include "gateway/core/restore.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/core.h"

static struct gw *gw;
static struct gw_store restorer;

static void note(void *ctx, const struct gw_note *what)
{
	(void)ctx;
	(void)what;
}

static void setup(void)
{
	static const struct gw_listener listener = { .max_packet = 1000 };
	const struct gw_config config = {
		.limits = { .topics = 2 },
		.own = { .client_id = "gateway" },
		.listeners = &listener,
		.n_listeners = 1,
	};

	gw = gw_new(&config, &(struct gw_ports){ .note = note }, (struct siphash_key){ 1, 2 });
	cr_assert_not_null(gw);
	restorer = gw_restorer(gw, (monotime_t){ 0 });
}

static void teardown(void)
{
	gw_free(gw);
}

TestSuite(restore, .init = setup, .fini = teardown);

static struct client *put_client(enum client_state state)
{
	restorer.put_client(
	    restorer.ctx, &(struct stored_client){ .key = 1, .id = "a", .state = state });
	return clients_find_id(&gw->clients, (struct sn_bytes){ (const uint8_t *)"a", 1 });
}

static void put_topic(uint16_t id, const char *name)
{
	restorer.put_topic(restorer.ctx, 1,
	    &(struct stored_topic){
	        .id = id, .name = { (const uint8_t *)name, strlen(name) }, .told = true });
}

Test(restore, a_limit_that_is_lower_now_takes_no_topic_away)
{
	struct client *client = put_client(CLIENT_DISCONNECTED);

	put_topic(1, "t/1");
	put_topic(2, "t/2");
	put_topic(3, "t/3");
	put_topic(4, "t/4");
	cr_assert_eq(topic_reg_count(client->topics), 4);
	for (uint16_t id = 1; id <= 4; id++) {
		struct topic *topic = topic_reg_by_id(client->topics, id);

		cr_assert_eq(topic->name[2], '0' + id);
		cr_assert(topic->told);
	}
}

Test(restore, topics_behind_a_gap_are_left_out)
{
	struct client *client = put_client(CLIENT_DISCONNECTED);

	put_topic(1, "t/1");
	put_topic(3, "t/3");
	cr_assert_eq(topic_reg_count(client->topics), 1);
}

/* It could not go on: what it had asked for is not kept. */
Test(restore, a_client_in_setup_is_a_stored_session)
{
	cr_assert_eq(put_client(CLIENT_CONNECTING)->state, CLIENT_DISCONNECTED);
	cr_assert_eq(gw->clients.in_state[CLIENT_CONNECTING], 0);
}

/* Its session ended with its connection, and it has left nothing for the broker. */
Test(restore, a_clean_client_whose_listener_is_gone_is_forgotten)
{
	restorer.put_client(restorer.ctx, &(struct stored_client){ .key = 1,
	                                      .id = "a",
	                                      .state = CLIENT_ACTIVE,
	                                      .peer = &(struct peer){ .listener = UINT16_MAX },
	                                      .clean = true });
	restorer.put_client(restorer.ctx,
	    &(struct stored_client){ .key = 2, .id = "b", .state = CLIENT_DISCONNECTED });
	gw_start(gw, (monotime_t){ 0 });
	cr_assert_eq(gw_client_count(gw), 1);
}
