/* SPDX-License-Identifier: BSD-3-Clause */
/* With which login a client comes to the broker. */
#ifndef GATEWAY_BROKER_LOGIN_H
#define GATEWAY_BROKER_LOGIN_H

#include "gateway/conf/conf.h"
#include "gateway/upstream/upstream.h"

struct broker_login {
	struct up_login login;
	char user[LOGIN_USER_MAX];
};

/* The login of the client by broker.logins_file, written to @room, which must live as long as it is
 * used; NULL: that of all. */
const struct up_login *broker_login_find(
    const struct conf *conf, const char *client_id, struct broker_login *room);

#endif
