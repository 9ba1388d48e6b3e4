/* SPDX-License-Identifier: BSD-3-Clause */
/* The levels of the log as the configuration has them. */
#ifndef GATEWAY_LOG_LEVELS_H
#define GATEWAY_LOG_LEVELS_H

#include "gateway/conf/conf.h"

void log_levels_set(const struct conf_log *log);

#endif
