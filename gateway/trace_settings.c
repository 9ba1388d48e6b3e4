/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace_settings.h"

#include <stdlib.h>

#include "common/err.h"
#include "common/log.h"
#include "conf/setting.h"

static const char *const directions[] = {
	[CONF_BOTH] = "both",
	[CONF_IN] = "in",
	[CONF_OUT] = "out",
};

/* Also tells @errors, unless it is NULL, what is wrong. */
static bool make_filter(const struct conf *conf, struct filter *filter, struct conf_errors *errors)
{
	const struct conf_trace_filter *f = &conf->trace.filter;
	const struct {
		const char *path, *name, *value;
	} conditions[] = {
		{ "trace.filter.client", "client", f->client },
		{ "trace.filter.address", "address", f->address },
		{ "trace.filter.type", "type", f->type },
		{ "trace.filter.direction", "direction", directions[f->direction] },
	};
	bool good = true;

	filter_init(filter);
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
		const char *value = conditions[i].value;
		const char *wrong =
		    value != NULL ? filter_set(filter, conditions[i].name, value) : NULL;

		if (wrong == NULL)
			continue;
		good = false;
		if (errors != NULL) {
			const struct conf_at at = setting_at(&conf->settings, conditions[i].path);

			conf_error(errors, &at, "%s", wrong);
		}
	}
	return good;
}

bool trace_settings_check(const struct conf *conf, struct conf_errors *errors)
{
	struct filter filter;

	return make_filter(conf, &filter, errors);
}

void trace_settings_apply(struct tracer *tracer, monotime_t now, const struct conf *conf)
{
	struct tracer_config config = {
		.log = conf->log.packets,
		.payloads = conf->trace.payloads,
		.file = conf->trace.file,
		.file_size = conf->trace.file_size,
		.file_count = conf->trace.file_count,
	};

	make_filter(conf, &config.filter, NULL);
	tracer_configure(tracer, now, &config);
}

bool trace_settings_listeners(
    struct tracer *tracer, const struct listeners *listeners, const struct conf *conf)
{
	size_t n = listeners_count(listeners);
	struct tracer_listener *ends = calloc(n, sizeof *ends);
	bool done;

	for (size_t i = 0; ends != NULL && i < n; i++) {
		ends[i].address = *udp_address(listeners_udp(listeners, i));
		ends[i].group = conf->listeners[i].multicast;
	}
	done = ends != NULL && tracer_set_listeners(tracer, ends, n);
	free(ends);
	if (!done)
		log_error("trace: the listeners' addresses: %s", err_text(-ERR_NOMEM));
	return done;
}
