/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configuration says of DTLS, for gateway/dtls. */
#ifndef GATEWAY_DTLS_SETTINGS_H
#define GATEWAY_DTLS_SETTINGS_H

#include <stdbool.h>

#include "conf/errors.h"
#include "gateway/conf/conf.h"
#include "gateway/dtls/dtls.h"

/* Whether certificates and keys of all listeners can be read. */
bool dtls_settings_check(const struct conf *conf, struct conf_errors *errors);

/* Reads those of one listener.  NULL on failure, logged. */
struct credentials *dtls_settings_credentials(const struct conf_listener *listener);

struct dtls_config dtls_settings_config(const struct conf_listener *listener);

/* The DTLS of a listener: of its credentials and settings, or of all that the configuration says.
 * NULL on failure, logged. */
struct dtls *dtls_settings_new(struct credentials *credentials, const struct dtls_config *config,
    const struct dtls_ports *ports);
struct dtls *dtls_settings_open(
    const struct conf_listener *listener, const struct dtls_ports *ports);

#endif
