/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/log_levels.h"

void log_levels_set(const struct conf_log *log)
{
	log_set_level(log->level);
	for (int module = 0; module < LOG_MODULES; module++) {
		if (log->levels[module] != CONF_LEVEL_COMMON)
			log_set_module_level((enum log_module)module,
			    (enum log_level)(log->levels[module] - CONF_LEVEL_ERROR));
	}
}
