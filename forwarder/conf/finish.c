/* SPDX-License-Identifier: BSD-3-Clause */
/* The checks that need the whole, and what the core is given. */
#include "forwarder/conf/conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf/setting.h"

/* Adds a mistake about the setting @name of element @i of @list. */
static void complain(const struct fwd_conf *conf, const char *list, size_t i, const char *name,
    const char *what, struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX];
	struct conf_at at;

	snprintf(path, sizeof path, "%s.%zu.%s", list, i, name);
	at = setting_at(&conf->settings, path);
	conf_error(errors, &at, "%s", what);
}

/* --- gateways --- */

static void check_gateways(const struct fwd_conf *conf, struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, "gateways");
	const struct conf_at discover = setting_at(&conf->settings, "uplink.discover");

	if (conf->n_gateways == 0 && !conf->uplink.discover)
		conf_error(errors, &at, "there is none, and uplink.discover is false");
	if (conf->uplink.discover && conf->uplink.port.multicast.family == 0)
		conf_error(errors, &discover, "needs uplink.multicast");
	for (size_t i = 0; i < conf->n_gateways; i++) {
		const struct netaddr *addr = &conf->gateways[i].address;

		if (addr->family == 0)
			continue; /* a mistake that was reported where it was made */
		if (addr->port == 0 || netaddr_is_any(addr) || netaddr_is_multicast(addr))
			complain(conf, "gateways", i, "address", "is not that of a host", errors);
		else if (addr->family != conf->uplink.port.bind.family)
			complain(conf, "gateways", i, "address",
			    "is not of the family of uplink.address", errors);
	}
}

static void check_group(const struct fwd_conf *conf, const struct conf_port *port, const char *path,
    struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, path);

	if (port->multicast.family == 0)
		return;
	if (!netaddr_is_multicast(&port->multicast))
		conf_error(errors, &at, "is no multicast address");
	else if (port->multicast.family != port->bind.family)
		conf_error(errors, &at, "is not of the family of the address beside it");
}

/* --- node ids --- */

/* Reads hexadecimal; false if it is none. */
static bool read_id(const char *text, struct fwd_side *side)
{
	size_t len = strlen(text);

	if (len % 2 != 0 || len > 2 * SN_NODE_ID_MAX ||
	    text[strspn(text, "0123456789abcdefABCDEF")] != '\0')
		return false;
	for (size_t i = 0; i < len; i += 2) {
		const char digits[] = { text[i], text[i + 1], '\0' };

		side->prefix[i / 2] = (uint8_t)strtoul(digits, NULL, 16);
	}
	side->prefix_len = (uint8_t)(len / 2);
	return true;
}

/* --- sides --- */

static void finish_udp(const struct fwd_conf *conf, struct fwd_side *side, size_t i)
{
	*side = (struct fwd_side){
		.medium = FWD_DATAGRAMS,
		.max_packet = conf->udp[i].max_packet,
		.group = conf->udp[i].port.multicast.family != 0,
	};
}

static bool is_twin(const struct conf_serial *a, const struct conf_serial *b)
{
	return a->device != NULL && b->device != NULL && strcmp(a->device, b->device) == 0;
}

static void finish_serial(
    const struct fwd_conf *conf, struct fwd_side *side, size_t i, struct conf_errors *errors)
{
	const struct conf_serial *s = &conf->serial[i];
	bool plain = s->framing == FRAMING_PLAIN;

	*side = (struct fwd_side){
		.medium = plain ? FWD_MESSAGES : FWD_FRAMES,
		.max_packet = s->max_packet,
	};
	if (s->device == NULL)
		complain(conf, "serial", i, "device", "is missing", errors);
	if (!serial_speed_known(s->speed))
		complain(conf, "serial", i, "speed", "is none that a line can have", errors);
	if (s->node_id != NULL && !read_id(s->node_id, side))
		complain(
		    conf, "serial", i, "node_id", "must be pairs of hexadecimal digits", errors);
	if (plain && s->node_id == NULL)
		complain(conf, "serial", i, "node_id", "is needed with plain framing", errors);
	for (size_t j = 0; j < i; j++) {
		if (is_twin(&conf->serial[j], s))
			complain(conf, "serial", i, "device", "is given twice", errors);
	}
}

static void finish_sides(struct fwd_conf *conf, struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, "udp");
	size_t n = conf->n_udp + conf->n_serial;
	char path[SETTING_PATH_MAX];

	if (n == 0) {
		conf_error(errors, &at, "there are no nodes: neither udp nor serial is given");
		return;
	}
	conf->sides = calloc(n, sizeof *conf->sides);
	if (conf->sides == NULL) {
		conf_error(errors, &at, "out of memory");
		return;
	}
	for (size_t i = 0; i < conf->n_udp; i++) {
		snprintf(path, sizeof path, "udp.%zu.multicast", i);
		check_group(conf, &conf->udp[i].port, path, errors);
		finish_udp(conf, &conf->sides[i], i);
	}
	for (size_t i = 0; i < conf->n_serial; i++)
		finish_serial(conf, &conf->sides[conf->n_udp + i], i, errors);
}

bool fwd_conf_finish(struct fwd_conf *conf, struct conf_errors *errors)
{
	size_t before = conf_errors_count(errors);
	struct choice_config *gateways = &conf->core.gateways;

	check_gateways(conf, errors);
	check_group(conf, &conf->uplink.port, "uplink.multicast", errors);
	finish_sides(conf, errors);

	conf->core.sides = conf->sides;
	conf->core.n_sides = conf->n_udp + conf->n_serial;
	conf->core.nodes = conf->nodes;
	conf->core.node_age_ms = conf->node_age;
	*gateways = (struct choice_config){
		.n_fixed = conf->n_gateways,
		.discover = conf->uplink.discover,
		.probe = conf->uplink.probe,
		.missed = conf->uplink.missed,
	};
	for (size_t i = 0; i < conf->n_gateways; i++)
		gateways->fixed[i] = conf->gateways[i].address;
	return conf_errors_count(errors) == before;
}
