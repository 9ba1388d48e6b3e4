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

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_port(const struct conf_port *a, const struct conf_port *b)
{
	return netaddr_equal(&a->bind, &b->bind) && netaddr_equal(&a->multicast, &b->multicast) &&
	       same_text(a->interface, b->interface) && a->hops == b->hops &&
	       a->receive_buffer == b->receive_buffer;
}

static bool same_udp(const struct conf_udp *a, const struct conf_udp *b)
{
	return same_port(&a->port, &b->port) && a->max_packet == b->max_packet;
}

static bool same_serial(const struct conf_serial *a, const struct conf_serial *b)
{
	return same_text(a->device, b->device) && a->framing == b->framing &&
	       same_text(a->node_id, b->node_id) && a->max_packet == b->max_packet &&
	       a->speed == b->speed && a->parity == b->parity && a->stop_bits == b->stop_bits &&
	       a->flow_control == b->flow_control;
}

bool fwd_conf_same_ports(const struct fwd_conf *a, const struct fwd_conf *b)
{
	if (!same_port(&a->uplink.port, &b->uplink.port) || a->n_udp != b->n_udp ||
	    a->n_serial != b->n_serial)
		return false;
	for (size_t i = 0; i < a->n_udp; i++) {
		if (!same_udp(&a->udp[i], &b->udp[i]))
			return false;
	}
	for (size_t i = 0; i < a->n_serial; i++) {
		if (!same_serial(&a->serial[i], &b->serial[i]))
			return false;
	}
	return true;
}
