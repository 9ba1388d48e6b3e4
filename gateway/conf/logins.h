/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The logins file (broker.logins_file): which clients may connect, and with which user and password
 * they come to the broker (MAP-CONN-15).  Its syntax is that of the configuration, with one list:
 *
 *     logins = (
 *         { clients = "pump-*"; user = "pumps"; password = "secret"; },
 *         { clients = "*"; refuse = true; }
 *     );
 */
#ifndef CONF_LOGINS_H
#define CONF_LOGINS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/settings.h"
#include "gateway/core/admission.h"

/* An entry as it was written. */
struct conf_login {
	char *clients;  /* pattern of client ids */
	char *user;     /* may hold "${client}", once; NULL: the login of all */
	char *password; /* NULL: none */
	bool refuse;
};

struct logins {
	struct conf_login *list; /* by the number of the rule in @admission */
	size_t n_list;
	struct admission *admission; /* NULL: not loaded */

	struct settings settings; /* of the list */
};

/* Loads @logins, which are all zero, from the file.  False after mistakes; logins_clear() is still
 * to be called. */
bool logins_load(
    struct logins *logins, const char *path, bool refuse_unlisted, struct conf_errors *errors);

/* Frees what they hold.  Logins that are all zero are fine. */
void logins_clear(struct logins *logins);

/* The user of @login for this client, perhaps in @buf. */
#define LOGIN_USER_MAX 8192
const char *logins_user(const struct conf_login *login, const char *client_id, char *buf);

/* The rows of the file. */
const struct schema *schema_logins(void);

#endif
