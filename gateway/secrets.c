/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/secrets.h"

#include <sys/stat.h>

#include "common/log.h"

void secrets_warn(const struct conf *conf)
{
	const struct {
		const char *setting, *file;
	} secrets[] = {
		{ "broker.password_file", conf->broker.password_file },
		{ "broker.logins_file", conf->broker.logins_file },
		{ "broker.tls.key", conf->broker.tls_key },
		{ "admin.token_file", conf->admin.token_file },
	};
	struct stat st;

	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		if (secrets[i].file != NULL && stat(secrets[i].file, &st) == 0 &&
		    (st.st_mode & S_IROTH) != 0)
			log_warning(
			    "%s: everybody can read \"%s\"", secrets[i].setting, secrets[i].file);
	}
}
