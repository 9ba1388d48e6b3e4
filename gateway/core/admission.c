/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/admission.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/topic_predef.h"

struct rule {
	char *pattern;
	size_t len;
	bool refuse;
	bool has_login;
};

/* A client id is looked up among the exact rules, and compared with the patterns before what was
 * found there: thousands of sensors have a rule of their own each, and may come all at once. */
struct admission {
	struct rule *rules;
	size_t count;
	const struct rule **exact; /* without wildcards: by id, and then in the order of rules */
	size_t n_exact;
	const struct rule **patterns; /* in the order of rules */
	size_t n_patterns;
	bool refuse_others;
};

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_rules(const void *left, const void *right)
{
	const struct rule *a = *(const struct rule *const *)left;
	const struct rule *b = *(const struct rule *const *)right;
	int order = compare_text(a->pattern, a->len, b->pattern, b->len);

	return order != 0 ? order : (a > b) - (a < b);
}

static bool copy_rule(struct rule *to, const struct admission_rule *from)
{
	to->pattern = strdup(from->pattern);
	to->len = strlen(from->pattern);
	to->refuse = from->refuse;
	to->has_login = from->has_login;
	return to->pattern != NULL;
}

static bool fill(struct admission *table, const struct admission_rule *rules, size_t n)
{
	table->rules = calloc(n + 1, sizeof *table->rules);
	table->exact = calloc(n + 1, sizeof(const struct rule *));
	table->patterns = calloc(n + 1, sizeof(const struct rule *));
	if (table->rules == NULL || table->exact == NULL || table->patterns == NULL)
		return false;
	for (; table->count < n; table->count++) {
		struct rule *rule = &table->rules[table->count];

		if (!copy_rule(rule, &rules[table->count]))
			return false;
		if (strpbrk(rule->pattern, "*?") != NULL)
			table->patterns[table->n_patterns++] = rule;
		else
			table->exact[table->n_exact++] = rule;
	}
	qsort(table->exact, table->n_exact, sizeof(const struct rule *), compare_rules);
	return true;
}

struct admission *admission_new(const struct admission_rule *rules, size_t n, bool refuse_others)
{
	struct admission *table = calloc(1, sizeof *table);

	if (table == NULL)
		return NULL;
	table->refuse_others = refuse_others;
	return fill(table, rules, n) ? table : admission_free(table);
}

struct admission *admission_free(struct admission *table)
{
	if (table == NULL)
		return NULL;
	for (size_t i = 0; i < table->count; i++)
		free(table->rules[i].pattern);
	free(table->rules);
	free(table->exact);
	free(table->patterns);
	free(table);
	return NULL;
}

/* The first rule that is exactly @id, or NULL. */
static const struct rule *find_exact(const struct admission *table, struct sn_bytes id)
{
	const char *text = (const char *)id.data;
	size_t low = 0, high = table->n_exact;
	const struct rule *rule;

	while (low < high) {
		size_t middle = (low + high) / 2;

		rule = table->exact[middle];
		if (compare_text(rule->pattern, rule->len, text, id.len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table->n_exact)
		return NULL;
	rule = table->exact[low];
	return compare_text(rule->pattern, rule->len, text, id.len) == 0 ? rule : NULL;
}

static const struct rule *find(const struct admission *table, struct sn_bytes id)
{
	const struct rule *exact = find_exact(table, id);

	for (size_t i = 0; i < table->n_patterns; i++) {
		const struct rule *rule = table->patterns[i];

		if (exact != NULL && exact < rule)
			break;
		if (topic_predef_pattern_matches_bytes(rule->pattern, id))
			return rule;
	}
	return exact;
}

size_t admission_find(const struct admission *table, struct sn_bytes client_id)
{
	const struct rule *rule = find(table, client_id);

	return rule != NULL ? (size_t)(rule - table->rules) : ADMISSION_NONE;
}

bool admission_has_login(const struct admission *table, struct sn_bytes client_id)
{
	const struct rule *rule = table != NULL ? find(table, client_id) : NULL;

	return rule != NULL && rule->has_login;
}

const char *admission_refusal(const struct admission *table, struct sn_bytes client_id)
{
	const struct rule *rule;

	if (table == NULL)
		return NULL;
	rule = find(table, client_id);
	if (rule == NULL)
		return table->refuse_others ? "not listed (broker.unlisted_clients)" : NULL;
	return rule->refuse ? "refused by broker.logins_file" : NULL;
}
