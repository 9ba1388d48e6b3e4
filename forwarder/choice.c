/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/choice.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
	struct netaddr addr;
	bool fixed;
	bool ever; /* heard at all */
	monotime_t heard;
	monotime_t since; /* alive without a break */
};

struct choice {
	struct choice_ports ports;
	struct choice_config config;
	struct candidate list[CHOICE_MAX]; /* the most preferred first */
	size_t n;
	int current; /* -1: none */
	monotime_t next;
};

struct choice *choice_new(const struct choice_ports *ports)
{
	struct choice *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->ports = *ports;
	c->current = -1;
	return c;
}

struct choice *choice_free(struct choice *c)
{
	free(c);
	return NULL;
}

/* How long a gateway counts as alive after it was heard. */
static int64_t patience(const struct choice *c)
{
	return (int64_t)c->config.probe * (c->config.missed + 1);
}

static bool is_alive(const struct choice *c, const struct candidate *g, monotime_t now)
{
	return g->ever && monotime_before(now, monotime_add_ms(g->heard, patience(c)));
}

/* Long enough that it will not be gone again at once. */
static bool is_steady(const struct choice *c, const struct candidate *g, monotime_t now)
{
	return is_alive(c, g, now) && !monotime_before(now, monotime_add_ms(g->since, patience(c)));
}

static struct candidate *find(struct choice *c, const struct netaddr *addr)
{
	for (size_t i = 0; i < c->n; i++) {
		if (netaddr_equal(&c->list[i].addr, addr))
			return &c->list[i];
	}
	return NULL;
}

static void use(struct choice *c, int i)
{
	if (i == c->current)
		return;
	c->current = i;
	c->ports.changed(c->ports.ctx, choice_current(c));
}

/* The first one that is alive, or, where there is one in use to leave for it, steady. */
static int best(const struct choice *c, monotime_t now, bool steady)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct candidate *g = &c->list[i];

		if (steady ? is_steady(c, g, now) : is_alive(c, g, now))
			return (int)i;
	}
	return -1;
}

static void choose(struct choice *c, monotime_t now)
{
	bool content = c->current >= 0 && is_alive(c, &c->list[c->current], now);
	int i = best(c, now, content);

	if (c->current < 0 && i < 0 && c->n > 0)
		i = 0;
	if (i >= 0 && (!content || i < c->current))
		use(c, i);
}

static bool is_kept(const struct candidate *g, const struct choice_config *config)
{
	return !g->fixed && config->discover;
}

/* The list anew: those that are fixed now, then those found before; each with what is known of it.
 */
void choice_configure(struct choice *c, const struct choice_config *config, monotime_t now)
{
	struct choice old = *c;
	const struct netaddr *in_use = choice_current(&old);
	struct candidate *g;

	c->config = *config;
	c->n = 0;
	for (size_t i = 0; i < config->n_fixed; i++) {
		g = find(&old, &config->fixed[i]);
		c->list[c->n] = g != NULL ? *g : (struct candidate){ .addr = config->fixed[i] };
		c->list[c->n++].fixed = true;
	}
	for (size_t i = 0; i < old.n && c->n < CHOICE_MAX; i++) {
		if (is_kept(&old.list[i], config) && find(c, &old.list[i].addr) == NULL)
			c->list[c->n++] = old.list[i];
	}
	g = in_use != NULL ? find(c, in_use) : NULL;
	c->current = g != NULL ? (int)(g - c->list) : -1;
	c->next = now;
	choose(c, now);
}

const struct netaddr *choice_current(const struct choice *c)
{
	return c->current >= 0 ? &c->list[c->current].addr : NULL;
}

static void mark(struct choice *c, struct candidate *g, monotime_t now)
{
	if (!is_alive(c, g, now))
		g->since = now;
	g->ever = true;
	g->heard = now;
}

bool choice_heard(struct choice *c, monotime_t now, const struct netaddr *from)
{
	struct candidate *g = find(c, from);

	if (g != NULL)
		mark(c, g, now);
	return g != NULL;
}

/* Room for another: a new place, or that of one that was found and is gone. */
static struct candidate *make_room(struct choice *c, monotime_t now)
{
	if (c->n < CHOICE_MAX)
		return &c->list[c->n++];
	for (size_t i = 0; i < c->n; i++) {
		struct candidate *g = &c->list[i];

		if (!g->fixed && (int)i != c->current && !is_alive(c, g, now))
			return g;
	}
	return NULL;
}

bool choice_found(struct choice *c, monotime_t now, const struct netaddr *from)
{
	struct candidate *g = find(c, from);

	if (g == NULL && c->config.discover) {
		g = make_room(c, now);
		if (g != NULL)
			*g = (struct candidate){ .addr = *from };
	}
	if (g == NULL)
		return false;
	mark(c, g, now);
	if (c->current < 0)
		choose(c, now);
	return true;
}

static bool is_silent(const struct choice *c, const struct candidate *g, monotime_t now)
{
	return !g->ever || !monotime_before(now, monotime_add_ms(g->heard, c->config.probe));
}

static void ask(struct choice *c, monotime_t now)
{
	bool served = c->current >= 0 && is_alive(c, &c->list[c->current], now);

	if (c->n == 1 && !c->config.discover)
		return; /* whatever it says, there is no other */
	for (size_t i = 0; i < c->n; i++) {
		if (is_silent(c, &c->list[i], now))
			c->ports.ask(c->ports.ctx, &c->list[i].addr);
	}
	if (c->config.discover && !served)
		c->ports.search(c->ports.ctx);
}

void choice_advance(struct choice *c, monotime_t now)
{
	if (monotime_before(now, c->next))
		return;
	choose(c, now);
	ask(c, now);
	c->next = monotime_add_ms(now, c->config.probe);
}

monotime_t choice_next_deadline(const struct choice *c)
{
	return c->next;
}
