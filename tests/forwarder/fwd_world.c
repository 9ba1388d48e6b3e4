/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tests/forwarder/fwd_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_text.h"

/* A core that asks for the same deadline over and over is stopped. */
#define ADVANCES_MAX 10000

static void die(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(99);
}

__attribute__((format(printf, 2, 3))) static void say(
    struct fwd_world *world, const char *format, ...)
{
	va_list args;
	int rc;

	if (world->n_outputs == WORLD_OUTPUTS)
		die("too many outputs");
	va_start(args, format);
	rc = vasprintf(&world->outputs[world->n_outputs++], format, args);
	va_end(args);
	if (rc < 0)
		die("out of memory");
}

/* A packet as text, or its octets. */
static const char *print(const uint8_t *data, size_t len, char *buf)
{
	struct sn_packet packet;
	char *p = buf + sprintf(buf, "raw ");

	if (sn_decode(data, len, &packet) == SN_OK) {
		sn_text_print(buf, WORLD_TEXT, &packet, SIZE_MAX);
		return buf;
	}
	for (size_t i = 0; i < len && p < buf + WORLD_TEXT - 3; i++)
		p += sprintf(p, "%02x", data[i]);
	return buf;
}

/* --- hosts --- */

static size_t number_of(struct fwd_world *world, const char *name)
{
	for (size_t i = 0; i < world->n_names; i++) {
		if (strcmp(world->names[i], name) == 0)
			return i + 1;
	}
	if (world->n_names == WORLD_NAMES)
		die("too many names");
	world->names[world->n_names] = strdup(name);
	if (world->names[world->n_names] == NULL)
		die("out of memory");
	return ++world->n_names;
}

struct netaddr fwd_world_node(struct fwd_world *world, const char *name)
{
	return (struct netaddr){
		.ip = { 10, 0, 0, (uint8_t)number_of(world, name) }, .port = 1024, .family = 4
	};
}

struct netaddr fwd_world_gateway(struct fwd_world *world, const char *name)
{
	return (struct netaddr){
		.ip = { 192, 0, 2, (uint8_t)number_of(world, name) }, .port = 1884, .family = 4
	};
}

static const char *name_of(const struct fwd_world *world, const struct netaddr *addr)
{
	size_t number = addr->ip[3];

	return number > 0 && number <= world->n_names ? world->names[number - 1] : "nobody";
}

int fwd_world_side(const struct fwd_world *world, const char *name)
{
	for (size_t i = 0; i < world->config.n_sides; i++) {
		if (strcmp(world->side_names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

/* --- what the core asks for --- */

static void to_gateway(void *ctx, const struct netaddr *to, const uint8_t *data, size_t len)
{
	char text[WORLD_TEXT];

	say(ctx, "%s < %s", name_of(ctx, to), print(data, len, text));
}

static void search(void *ctx, const uint8_t *data, size_t len)
{
	char text[WORLD_TEXT];

	say(ctx, "gateways < %s", print(data, len, text));
}

static void to_node(
    void *ctx, uint16_t side, const struct node_place *place, const uint8_t *data, size_t len)
{
	struct fwd_world *world = ctx;
	char text[WORLD_TEXT];

	say(world, "%s%s%s < %s", world->side_names[side], place != NULL ? "/" : "",
	    place != NULL ? name_of(world, &place->addr) : "", print(data, len, text));
}

static void broadcast(void *ctx, uint16_t side, uint8_t radius, const uint8_t *data, size_t len)
{
	struct fwd_world *world = ctx;
	char text[WORLD_TEXT];

	say(world, "%s/* radius=%u < %s", world->side_names[side], radius, print(data, len, text));
}

static void gateway_changed(void *ctx, const struct netaddr *gateway)
{
	say(ctx, "gateway %s", name_of(ctx, gateway));
}

/* Told by packet(), with the reason. */
static void oversize(void *ctx, uint16_t side, size_t len)
{
	(void)ctx;
	(void)side;
	(void)len;
}

static void packet(void *ctx, const struct fwd_packet *p)
{
	if (p->verdict != NULL)
		say(ctx, "dropped: %s", p->verdict);
}

/* --- life --- */

void fwd_world_init(struct fwd_world *world)
{
	*world = (struct fwd_world){
		.config = {
			.nodes = 1000,
			.node_age_ms = 3600000,
			.gateways = { .probe = 30000, .missed = 3 },
		},
		.now = { 1000000000 },
	};
	world->config.sides = world->sides;
}

void fwd_world_clear(struct fwd_world *world)
{
	fwd_free(world->fwd);
	fwd_world_forget_outputs(world);
	for (size_t i = 0; i < world->n_names; i++)
		free(world->names[i]);
}

void fwd_world_start(struct fwd_world *world)
{
	const struct fwd_ports ports = { world, to_gateway, search, to_node, broadcast,
		gateway_changed, oversize, packet };

	world->fwd = fwd_new(&ports, (struct siphash_key){ 1, 2 });
	if (world->fwd == NULL)
		die("out of memory");
	fwd_configure(world->fwd, &world->config, world->now);
	fwd_world_pass(world, 0);
}

void fwd_world_pass(struct fwd_world *world, int64_t us)
{
	monotime_t end = { world->now.us + us };

	for (int i = 0; i < ADVANCES_MAX; i++) {
		monotime_t next = fwd_next_deadline(world->fwd);

		if (monotime_before(end, next)) {
			world->now = end;
			return;
		}
		if (monotime_before(world->now, next))
			world->now = next;
		fwd_advance(world->fwd, world->now);
	}
	die("the core asks for the same deadline over and over");
}

void fwd_world_forget_outputs(struct fwd_world *world)
{
	for (size_t i = 0; i < world->n_outputs; i++)
		free(world->outputs[i]);
	world->n_outputs = 0;
}
