/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the admin server may listen. */
#ifndef CONF_ADMIN_H
#define CONF_ADMIN_H

#include "gateway/conf/conf.h"

/* Reads admin.listen; adds what is wrong with it, and what would open the gateway by accident. */
void admin_finish(struct conf *conf, struct conf_errors *errors);

#endif
