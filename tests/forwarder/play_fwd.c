/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays scenarios of the forwarder (scenarios/README.md): play_fwd [-v] FILE...
 * Exit status 0 if each went as it says; what did not is told on standard error.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_text.h"
#include "tests/forwarder/fwd_world.h"
#include "tests/scenarios/words.h"

enum {
	LINE_MAX_LEN = 4096,
	OCTETS_MAX = 2048,
};

struct player {
	const char *name; /* of the file */
	unsigned line;    /* of the act */
	bool verbose;
	bool good;
	struct fwd_world world;

	bool acted; /* there is an act whose outputs are still to be compared */
	char expected[LINE_MAX_LEN];
};

static void complain(struct player *p, const char *what, const char *which)
{
	fprintf(stderr, "%s:%u: %s%s\n", p->name, p->line, what, which);
	p->good = false;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && strchr(" \t\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

/* Cuts the first word off; returns what follows. */
static char *cut_word(char *text)
{
	char *end = text + strcspn(text, " \t");

	if (*end != '\0')
		*end++ = '\0';
	return trim(end);
}

/* --- outputs --- */

/* Compares what the act has caused with the list behind its '|'. */
static void settle(struct player *p)
{
	struct fwd_world *w = &p->world;
	char *rest = trim(p->expected);
	size_t i = 0;

	if (!p->acted)
		return;
	p->acted = false;
	for (; *rest != '\0'; i++) {
		char *end = words_find(rest, ";"), *next = *end != '\0' ? end + 1 : end;
		const char *got = i < w->n_outputs ? w->outputs[i] : "nothing";

		*end = '\0';
		if (strcmp(trim(rest), got) != 0) {
			complain(p, "expected: ", trim(rest));
			complain(p, "got:      ", got);
		}
		rest = trim(next);
	}
	for (; i < w->n_outputs; i++)
		complain(p, "not expected: ", w->outputs[i]);
}

static void expect(struct player *p, const char *text)
{
	size_t len = strlen(p->expected);

	snprintf(p->expected + len, sizeof p->expected - len, "%s%s", len > 0 ? "; " : "", text);
}

/* --- configuration --- */

static size_t hex(const char *text, uint8_t *out, size_t size)
{
	unsigned octet;
	size_t n = 0;

	for (; n < size && sscanf(text, "%2x", &octet) == 1; text += 2)
		out[n++] = (uint8_t)octet;
	return n;
}

static bool side_word(struct fwd_side *side, const char *word)
{
	if (strcmp(word, "datagrams") == 0)
		side->medium = FWD_DATAGRAMS;
	else if (strcmp(word, "frames") == 0)
		side->medium = FWD_FRAMES;
	else if (strcmp(word, "messages") == 0)
		side->medium = FWD_MESSAGES;
	else if (strcmp(word, "group") == 0)
		side->group = true;
	else if (strncmp(word, "prefix=", 7) == 0)
		side->prefix_len = (uint8_t)hex(word + 7, side->prefix, sizeof side->prefix);
	else if (strncmp(word, "max=", 4) == 0)
		side->max_packet = (uint32_t)atoi(word + 4);
	else
		return false;
	return true;
}

static void read_side(struct player *p, char *text)
{
	struct fwd_config *config = &p->world.config;
	struct fwd_side *side = &p->world.sides[config->n_sides];
	char *rest = cut_word(text);

	if (config->n_sides == WORLD_SIDES) {
		complain(p, "too many sides", "");
		return;
	}
	snprintf(p->world.side_names[config->n_sides++], WORLD_TEXT, "%s", text);
	side->max_packet = 1000;
	while (*rest != '\0') {
		char *word = rest;

		rest = cut_word(word);
		if (!side_word(side, word))
			complain(p, "no such word for a side: ", word);
	}
}

static void read_gateway(struct player *p, char *text)
{
	struct choice_config *gateways = &p->world.config.gateways;

	if (gateways->n_fixed == CHOICE_FIXED_MAX)
		complain(p, "too many gateways", "");
	else
		gateways->fixed[gateways->n_fixed++] = fwd_world_gateway(&p->world, text);
}

static void read_set(struct player *p, char *text)
{
	struct fwd_config *config = &p->world.config;
	char *value = strchr(text, '=');
	int64_t us = 0;

	if (strcmp(text, "discover") == 0) {
		config->gateways.discover = true;
		return;
	}
	if (value == NULL) {
		complain(p, "set NAME=VALUE or set discover wanted", "");
		return;
	}
	*value++ = '\0';
	word_duration(value, &us);
	if (strcmp(text, "nodes") == 0)
		config->nodes = (uint32_t)atoi(value);
	else if (strcmp(text, "missed") == 0)
		config->gateways.missed = (uint32_t)atoi(value);
	else if (strcmp(text, "node_age") == 0 && us > 0)
		config->node_age_ms = (uint32_t)(us / 1000);
	else if (strcmp(text, "probe") == 0 && us > 0)
		config->gateways.probe = (uint32_t)(us / 1000);
	else
		complain(p, "no such setting, or no such value: ", text);
}

/* --- acts --- */

/* "PINGREQ", or "raw 0216".  The octets, or 0 if it is neither. */
static size_t read_packet(struct player *p, const char *text, uint8_t *octets)
{
	uint8_t memory[2 * LINE_MAX_LEN];
	struct sn_text_arena arena = { memory, sizeof memory, 0 };
	struct sn_packet packet;
	const char *wrong;
	size_t len = 0;

	if (strncmp(text, "raw ", 4) == 0)
		return hex(text + 4, octets, OCTETS_MAX);
	wrong = sn_text_parse(text, &packet, &arena, NULL);
	if (wrong == NULL && sn_encode(octets, OCTETS_MAX, &packet, &len) != SN_OK)
		wrong = "this cannot be encoded";
	if (wrong != NULL)
		complain(p, wrong, "");
	return wrong == NULL ? len : 0;
}

/* "SIDE > PACKET", "SIDE/NODE > PACKET", "GATEWAY > PACKET". */
static void play_packet(struct player *p, char *from, const char *text)
{
	struct fwd_world *w = &p->world;
	uint8_t octets[OCTETS_MAX];
	size_t len = read_packet(p, text, octets);
	char *node = strchr(from, '/');
	struct node_place place = { 0 };
	struct netaddr addr;
	int side;

	if (node != NULL)
		*node++ = '\0';
	side = fwd_world_side(w, from);
	if (side < 0) {
		addr = fwd_world_gateway(w, from);
		fwd_from_gateway(w->fwd, w->now, &addr, octets, len);
	} else if ((w->sides[side].medium == FWD_DATAGRAMS) != (node != NULL)) {
		complain(p, "only a side of datagrams has nodes with addresses: ", from);
	} else {
		if (node != NULL)
			place.addr = fwd_world_node(w, node);
		fwd_from_node(
		    w->fwd, w->now, (uint16_t)side, node != NULL ? &place : NULL, octets, len);
	}
}

static void play_pass(struct player *p, char *text)
{
	int64_t us;

	if (word_duration(text, &us))
		fwd_world_pass(&p->world, us);
	else
		complain(p, "pass DURATION wanted", "");
}

static void play_nodes(struct player *p, char *text)
{
	char got[24];

	snprintf(got, sizeof got, "%zu", fwd_node_count(p->world.fwd));
	if (strcmp(got, text) != 0)
		complain(p, "nodes known: ", got);
}

static void play_counter(struct player *p, char *text)
{
	static const struct {
		const char *name;
		size_t offset;
	} counters[] = {
#define X(member, name) { #member, offsetof(struct fwd_counters, member) },
		FWD_COUNTERS(X)
#undef X
	};
	const char *all = (const char *)fwd_counters(p->world.fwd);
	char *value = cut_word(text), got[24];

	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
		if (strcmp(counters[i].name, text) != 0)
			continue;
		snprintf(got, sizeof got, "%ju",
		    (uintmax_t) * (const uint64_t *)(const void *)(all + counters[i].offset));
		if (strcmp(got, value) != 0)
			complain(p, "the counter is ", got);
		return;
	}
	complain(p, "no such counter: ", text);
}

static void start(struct player *p, char *text)
{
	(void)text;
	fwd_world_start(&p->world);
}

static const struct act {
	const char *name;
	bool before; /* the start; the others come after it */
	void (*play)(struct player *p, char *text);
} acts[] = {
	{ "side", true, read_side },
	{ "gateway", true, read_gateway },
	{ "set", true, read_set },
	{ "start", true, start },
	{ "pass", false, play_pass },
	{ "nodes", false, play_nodes },
	{ "counter", false, play_counter },
};

static void play_named(struct player *p, char *text)
{
	char *rest = cut_word(text);

	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		if (strcmp(acts[i].name, text) != 0)
			continue;
		if (acts[i].before != (p->world.fwd == NULL))
			complain(p, "not in this place: ", text);
		else
			acts[i].play(p, rest);
		return;
	}
	complain(p, "no such act: ", text);
}

static void play(struct player *p, char *text)
{
	char *arrow = strstr(text, " > ");

	fwd_world_forget_outputs(&p->world);
	p->expected[0] = '\0';
	p->acted = true;
	if (arrow == NULL) {
		play_named(p, text);
	} else if (p->world.fwd == NULL) {
		complain(p, "start comes first", "");
	} else {
		*arrow = '\0';
		play_packet(p, trim(text), trim(arrow + 3));
	}
	for (size_t i = 0; p->verbose && i < p->world.n_outputs; i++)
		printf("%u: %s\n", p->line, p->world.outputs[i]);
}

/* --- files --- */

static void play_line(struct player *p, unsigned number, char *line)
{
	char *act, *bar;

	*words_find(line, "#") = '\0';
	bar = words_find(line, "|");
	if (*bar == '|')
		*bar++ = '\0';
	act = trim(line);
	bar = trim(bar);
	if (*act != '\0') {
		settle(p);
		p->line = number;
		play(p, act);
	}
	if (*bar != '\0')
		expect(p, bar);
}

static bool play_file(const char *name, bool verbose)
{
	struct player p = { .name = name, .verbose = verbose, .good = true };
	FILE *in = fopen(name, "r");
	char line[LINE_MAX_LEN];

	if (in == NULL) {
		perror(name);
		return false;
	}
	fwd_world_init(&p.world);
	for (unsigned number = 1; fgets(line, sizeof line, in) != NULL; number++)
		play_line(&p, number, line);
	settle(&p);
	if (p.world.fwd == NULL)
		complain(&p, "it never starts", "");
	fwd_world_clear(&p.world);
	fclose(in);
	return p.good;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	bool good = argc > 1;

	for (int i = verbose ? 2 : 1; i < argc; i++)
		good = play_file(argv[i], verbose) && good;
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
