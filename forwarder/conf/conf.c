/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/conf/conf.h"

#include <stdlib.h>
#include <string.h>

struct fwd_conf *fwd_conf_new(void)
{
	struct fwd_conf *conf = calloc(1, sizeof *conf);

	if (conf == NULL)
		return NULL;
	if (settings_init(&conf->settings, fwd_conf_schema(), conf) < 0)
		return fwd_conf_free(conf);
	return conf;
}

struct fwd_conf *fwd_conf_free(struct fwd_conf *conf)
{
	if (conf == NULL)
		return NULL;
	settings_clear(&conf->settings);
	free(conf->sides);
	free(conf);
	return NULL;
}

/* --- options --- */

/* Adds an element to @list, which the first such option empties. */
static bool add(struct fwd_conf *conf, const char *option, const char *list, bool *given,
    struct conf_errors *errors)
{
	if (!*given)
		settings_drop(&conf->settings, list);
	*given = true;
	return settings_add(&conf->settings, option, list, errors);
}

bool fwd_conf_add_gateway(struct fwd_conf *conf, const char *text, struct conf_errors *errors)
{
	const char *option = "--gateway", *list = "gateways";

	return add(conf, option, list, &conf->gateway_option, errors) &&
	       settings_assign_last(&conf->settings, option, list, "address", text, errors);
}

bool fwd_conf_add_listener(struct fwd_conf *conf, const char *text, struct conf_errors *errors)
{
	const char *option = "--listen", *list = "udp";

	return add(conf, option, list, &conf->listen_option, errors) &&
	       settings_assign_last(&conf->settings, option, list, "address", text, errors);
}

bool fwd_conf_add_serial(struct fwd_conf *conf, const char *text, struct conf_errors *errors)
{
	static const char *const names[] = { "device", "framing", "speed" };
	const char *option = "--serial", *list = "serial";
	const struct conf_at at = { option, NULL };
	char *copy = strdup(text), *rest = copy, *word;
	bool good = copy != NULL && add(conf, option, list, &conf->serial_option, errors);
	size_t n = 0;

	if (copy == NULL)
		conf_error(errors, &at, "out of memory");
	while (good && (word = strsep(&rest, ",")) != NULL) {
		if (n < sizeof names / sizeof names[0]) {
			good = settings_assign_last(
			    &conf->settings, option, list, names[n++], word, errors);
		} else {
			conf_error(errors, &at, "\"%s\" must be DEVICE[,FRAMING[,SPEED]]", text);
			good = false;
		}
	}
	free(copy);
	return good;
}

/* --- printing and comparing --- */

void fwd_conf_print_sample(const struct fwd_conf *defaults, FILE *to)
{
	settings_print_sample(&defaults->settings,
	    "# SPDX-License-Identifier: BSD-3-Clause\n"
	    "# Configuration of mqttsn-forwarder, explained in mqttsn-forwarder(8).\n",
	    to);
}

/* Sides, and the socket towards the gateways, are opened once. */
static const char *const fixed[] = { "udp", "serial" };
static const char *const fixed_uplink[] = { "uplink.address", "uplink.multicast",
	"uplink.interface", "uplink.hops", "uplink.receive_buffer" };

struct uplink_filter {
	settings_path_fn *tell;
	void *ctx;
};

static void tell_uplink(void *ctx, const char *path)
{
	const struct uplink_filter *filter = ctx;

	for (size_t i = 0; i < sizeof fixed_uplink / sizeof fixed_uplink[0]; i++) {
		if (strcmp(path, fixed_uplink[i]) == 0)
			filter->tell(filter->ctx, path);
	}
}

void fwd_conf_needs_restart(
    const struct fwd_conf *a, const struct fwd_conf *b, settings_path_fn *tell, void *ctx)
{
	struct uplink_filter filter = { tell, ctx };

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		settings_compare(&a->settings, &b->settings, fixed[i], tell, ctx);
	settings_compare(&a->settings, &b->settings, "uplink", tell_uplink, &filter);
}
