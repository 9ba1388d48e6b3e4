/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/conf/admin.h"

#include <string.h>
#include <sys/un.h>

#include "conf/origin.h"
#include "conf/setting.h"

static bool has_token(const struct conf *conf)
{
	return conf->admin.token != NULL || conf->admin.token_file != NULL;
}

/* Whether the server would be reached from elsewhere. */
static bool is_remote(const struct conf_admin *admin)
{
	return admin->socket_path == NULL && !netaddr_is_loopback(&admin->address);
}

/* NULL, or what is wrong with admin.listen. */
static const char *read_listen(struct conf_admin *admin)
{
	static const char unix_prefix[] = "unix:";
	const size_t room = sizeof((struct sockaddr_un *)NULL)->sun_path;

	if (strncmp(admin->listen, unix_prefix, sizeof unix_prefix - 1) == 0) {
		admin->socket_path = admin->listen + sizeof unix_prefix - 1;
		if (*admin->socket_path != '/')
			return "the path of the socket must begin with /";
		return strlen(admin->socket_path) < room ? NULL
		                                         : "the path of the socket is too long";
	}
	if (netaddr_parse(&admin->address, admin->listen, 0) < 0 ||
	    strchr(admin->listen, ':') == NULL)
		return "must be an IP address with a port, or unix:/PATH";
	return netaddr_is_multicast(&admin->address) ? "is a multicast address" : NULL;
}

static void check_listen(struct conf *conf, struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, "admin.listen");
	const char *wrong = read_listen(&conf->admin);

	if (wrong != NULL)
		conf_error(errors, &at, "%s", wrong);
	else if (is_remote(&conf->admin) && !conf->admin.allow_remote)
		conf_error(errors, &at,
		    "can be reached from elsewhere: this needs admin.allow_remote = true and a token");
}

static void complain_token(const struct conf *conf, const char *path, struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, path);

	conf_error(errors, &at, "needs admin.token_file or admin.token");
}

void admin_finish(struct conf *conf, struct conf_errors *errors)
{
	struct conf_admin *admin = &conf->admin;

	if (admin->listen != NULL)
		check_listen(conf, errors);
	if (admin->allow_remote && !has_token(conf))
		complain_token(conf, "admin.allow_remote", errors);
	if (admin->token_for_reading && !has_token(conf))
		complain_token(conf, "admin.token_for_reading", errors);
	if (admin->token != NULL && admin->token_file != NULL) {
		const struct conf_at at = setting_at(&conf->settings, "admin.token_file");

		conf_error(errors, &at, "admin.token is given too");
	}
	if (admin->allow_remote)
		admin->token_for_reading = true;
}
