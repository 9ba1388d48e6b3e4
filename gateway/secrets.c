/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/secrets.h"

#include <sys/stat.h>

#include "common/log.h"

static void warn_of(const char *setting, const char *file)
{
	struct stat st;

	if (file != NULL && stat(file, &st) == 0 && (st.st_mode & S_IROTH) != 0)
		log_warning("%s: everybody can read \"%s\" (chmod o-r)", setting, file);
}

void secrets_warn(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_listeners; i++) {
		warn_of("listeners.dtls.key", conf->listeners[i].dtls.key);
		warn_of("listeners.dtls.psk_file", conf->listeners[i].dtls.psk_file);
	}
	warn_of("broker.password_file", conf->broker.password_file);
	warn_of("broker.logins_file", conf->broker.logins_file);
	warn_of("broker.tls.key", conf->broker.tls_key);
	warn_of("admin.token_file", conf->admin.token_file);
}
