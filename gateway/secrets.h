/* SPDX-License-Identifier: BSD-3-Clause */
/* The files that hold secrets. */
#ifndef GATEWAY_SECRETS_H
#define GATEWAY_SECRETS_H

#include "gateway/conf/conf.h"

/* Logs a warning for each that everybody may read; of pre-shared keys dtls_settings.c does. */
void secrets_warn(const struct conf *conf);

#endif
