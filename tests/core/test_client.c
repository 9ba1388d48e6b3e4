/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "gateway/core/client.h"

/* SN12-MSGID-03 */
Test(client, message_ids_go_round_without_0_and_those_in_use)
{
	struct client client = { .last_msg_id = 65534 };
	struct message *sent;

	client_init(&client);
	cr_expect_eq(client_next_msg_id(&client), 65535);
	cr_expect_eq(client_next_msg_id(&client), 1);

	sent = outbox_append(&client.outbox, "t", (struct sn_bytes){ 0 }, 1, false);
	cr_assert_not_null(sent);
	sent->msg_id = 2;
	client.pending.type = SN_REGISTER;
	client.pending.msg_id = 3;
	cr_expect_eq(client_next_msg_id(&client), 4);
	outbox_drop(&client.outbox, sent);
}

/* SN12-PING-04, SN12-TIMER-08 */
Test(client, patience_is_half_as_much_again_up_to_a_minute_and_a_tenth_above)
{
	cr_expect_eq(client_patience_ms(1), 1500);
	cr_expect_eq(client_patience_ms(60), 90000);
	cr_expect_eq(client_patience_ms(61), 67100);
	cr_expect_eq(client_patience_ms(65535), 72088500);
}
