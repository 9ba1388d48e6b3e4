/* SPDX-License-Identifier: BSD-3-Clause */
/* From the settings of the packet trace to the tracer. */
#ifndef GATEWAY_TRACE_SETTINGS_H
#define GATEWAY_TRACE_SETTINGS_H

#include <stdbool.h>

#include "common/monotime.h"
#include "conf/errors.h"
#include "gateway/conf/conf.h"
#include "gateway/listeners.h"
#include "gateway/trace/tracer.h"

/* Whether the filter of @conf can be used; what is wrong is told. */
bool trace_settings_check(const struct conf *conf, struct conf_errors *errors);

/* Has @tracer go on as @conf says; which has been checked. */
void trace_settings_apply(struct tracer *tracer, monotime_t now, const struct conf *conf);

/* Tells @tracer the addresses of the listeners, which @conf lists.  False when out of memory,
 * logged; then it goes by those that it knew. */
bool trace_settings_listeners(
    struct tracer *tracer, const struct listeners *listeners, const struct conf *conf);

#endif
