/* SPDX-License-Identifier: BSD-3-Clause */
/* The checks that can only be made when all is known. */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "gateway/conf/conf.h"

/* Adds what does not go together, and files that cannot be read. */
void check_all(const struct conf *conf, struct conf_errors *errors);

#endif
