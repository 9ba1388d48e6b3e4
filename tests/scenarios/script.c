/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/memory.h"
#include "tests/scenarios/outputs.h"

struct reader {
	struct script *script;
	FILE *errors;
	unsigned line;
	bool failed;
};

static void complain(struct reader *reader, const char *what, const char *text)
{
	fprintf(reader->errors, "%s:%u: %s: %s\n", reader->script->name, reader->line, what, text);
	reader->failed = true;
}

/* ---- expectations ---- */

/* "at 90s ..." or "at 1s..2s ...": moves *@text behind it. */
static const char *read_at(struct expected *expected, char **text)
{
	char from[32], to[32] = "";
	char *dots;
	int used = 0;

	if (strncmp(*text, "at ", 3) != 0)
		return NULL;
	if (sscanf(*text, "at %31s %n", from, &used) < 1 || used == 0)
		return "at DURATION OUTPUT wanted";
	dots = strstr(from, "..");
	if (dots != NULL) {
		strcpy(to, dots + 2);
		*dots = '\0';
	}
	if (!word_duration(from, &expected->from_us) ||
	    !word_duration(dots == NULL ? from : to, &expected->to_us))
		return "at takes a duration (90s, 500ms) or two with .. between";
	expected->timed = true;
	*text += used;
	return NULL;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

static void read_expected(struct reader *reader, struct step *step, char *text)
{
	struct expected expected = { 0 };
	const char *wrong;

	text = trim(text);
	if (*text == '\0')
		return;
	wrong = read_at(&expected, &text);
	if (wrong == NULL)
		expected.text = output_parse(text, &wrong);
	if (expected.text == NULL) {
		complain(reader, wrong, text);
		return;
	}
	step->expected =
	    memory_grow(step->expected, (step->n_expected + 1) * sizeof(*step->expected));
	step->expected[step->n_expected++] = expected;
}

/* The outputs of one line, with ';' between them. */
static void read_outputs(struct reader *reader, struct step *step, char *text)
{
	char *end;
	bool more;

	do {
		end = words_find(text, ";");
		more = *end != '\0';
		*end = '\0';
		read_expected(reader, step, text);
		text = end + 1;
	} while (more);
}

/* ---- lines ---- */

static struct step *add_step(struct script *script)
{
	script->steps = memory_grow(script->steps, (script->n_steps + 1) * sizeof(*script->steps));
	script->steps[script->n_steps] = (struct step){ 0 };
	return &script->steps[script->n_steps++];
}

/* The part left of '|'.  NULL if it made no step: a line of the configuration, or a mistake. */
static struct step *read_left(struct reader *reader, const char *text)
{
	struct script *script = reader->script;
	struct words words;
	const char *wrong = words_split(&words, text);
	struct step *step = NULL;

	if (wrong == NULL && setup_line(&script->setup, &words, &wrong)) {
		if (wrong == NULL && script->n_steps > 0)
			wrong = "the configuration stands above all acts";
	} else if (wrong == NULL) {
		step = add_step(script);
		step->line = reader->line;
		step->text = memory_text(text, strlen(text));
		step->words = words;
		wrong = act_read(step);
	}
	if (step == NULL)
		words_free(&words);
	if (wrong != NULL)
		complain(reader, wrong, text);
	return step;
}

static void read_line(struct reader *reader, char *line)
{
	struct script *script = reader->script;
	struct step *step;
	char *bar;
	bool outputs;

	*words_find(line, "#") = '\0';
	bar = words_find(line, "|");
	outputs = *bar != '\0';
	*bar = '\0';
	line = trim(line);
	if (*line != '\0')
		step = read_left(reader, line);
	else
		step = script->n_steps > 0 ? &script->steps[script->n_steps - 1] : NULL;
	if (!outputs)
		return;
	if (step != NULL)
		read_outputs(reader, step, bar + 1);
	else if (!reader->failed)
		complain(reader, "there is no act that could cause this", bar + 1);
}

struct script *script_read(FILE *in, const char *name, FILE *errors)
{
	struct script *script = memory_get(sizeof(*script));
	struct reader reader = { .script = script, .errors = errors };
	char *line = NULL;
	size_t size = 0;

	script->name = name;
	setup_init(&script->setup);
	while (getline(&line, &size, in) > 0) {
		reader.line++;
		read_line(&reader, line);
	}
	free(line);
	if (!reader.failed && script->n_steps == 0)
		complain(&reader, "nothing happens here", "no act");
	return reader.failed ? script_free(script) : script;
}

static void step_free(struct step *step)
{
	if (step->kind == ACT_PACKET)
		free(step->packet.data);
	for (size_t i = 0; i < step->n_expected; i++)
		free(step->expected[i].text);
	free(step->expected);
	words_free(&step->words);
	free(step->text);
}

struct script *script_free(struct script *script)
{
	if (script == NULL)
		return NULL;
	for (size_t i = 0; i < script->n_steps; i++)
		step_free(&script->steps[i]);
	free(script->steps);
	setup_free(&script->setup);
	free(script);
	return NULL;
}
