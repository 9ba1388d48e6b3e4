/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/broker_login.h"

#include <string.h>

const struct up_login *broker_login_find(
    const struct conf *conf, const char *client_id, struct broker_login *room)
{
	const struct sn_bytes id = { (const uint8_t *)client_id, strlen(client_id) };
	const struct conf_login *entry;
	size_t n;

	if (conf->core.admission == NULL)
		return NULL;
	n = admission_find(conf->core.admission, id);
	if (n == ADMISSION_NONE || conf->logins.list[n].user == NULL)
		return NULL;
	entry = &conf->logins.list[n];
	room->login.user = logins_user(entry, client_id, room->user);
	room->login.password = entry->password;
	return &room->login;
}
