/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/conf/logins.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/origin.h"
#include "conf/setting.h"

#define MEMBER(member)                                                                             \
	.offset = offsetof(struct conf_login, member),                                             \
	.size = sizeof(((struct conf_login *)NULL)->member)

enum {
	CLIENT_ID_MOST = 4096, /* of limits.client_id */
	USER_MOST = 1024,
};

static const char placeholder[] = "${client}";
#define PLACEHOLDER_LEN (sizeof placeholder - 1)

static const struct schema_row login[] = {
	{ "clients", SCHEMA_TEXT, MEMBER(clients), .least = 1, .most = CLIENT_ID_MOST,
	    .required = true, .example = "pump-*",
	    .help =
	        "Client id, or a pattern of client ids ('*': any characters, '?': one), as the sensors give them, "
	        "without broker.client_id_prefix and client_id_suffix." },
	{ "user", SCHEMA_TEXT, MEMBER(user), .least = 1, .most = USER_MOST, .example = "pumps",
	    .help =
	        "User name of these clients at the broker. \"${client}\" in it stands for the client's id. Without it "
	        "they have broker.user and its password." },
	{ "password", SCHEMA_SECRET, MEMBER(password), .least = 1, .most = 65535,
	    .example = "secret", .help = "The user's password." },
	{ "refuse", SCHEMA_BOOL, MEMBER(refuse), .preset = "false",
	    .help = "Refuse these clients: they may not connect." },
};

static const struct schema_row rows[] = {
	{ "logins", SCHEMA_LIST, .offset = offsetof(struct logins, list),
	    .size = sizeof(struct conf_login), .count_offset = offsetof(struct logins, n_list),
	    .members = { login, sizeof login / sizeof login[0] }, .least = 0, .most = 1000000,
	    .help =
	        "In the file that broker.logins_file names, this is all. A group for each client, or for those whose ids "
	        "match a pattern; the first that matches counts." },
};

static const struct schema schema = { rows, sizeof rows / sizeof rows[0] };

const struct schema *schema_logins(void)
{
	return &schema;
}

/* --- what does not go together --- */

static void complain(const struct logins *logins, size_t n, const char *name, const char *why,
    struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX];
	struct conf_at at;

	snprintf(path, sizeof path, "logins.%zu.%s", n, name);
	at = setting_at(&logins->settings, path);
	conf_error(errors, &at, "%s", why);
}

static void check_entry(const struct logins *logins, size_t n, struct conf_errors *errors)
{
	const struct conf_login *l = &logins->list[n];
	const char *hit = l->user != NULL ? strstr(l->user, placeholder) : NULL;

	if (hit != NULL && strstr(hit + PLACEHOLDER_LEN, placeholder) != NULL)
		complain(logins, n, "user", "${client} can stand in it once", errors);
	if (l->password != NULL && l->user == NULL)
		complain(logins, n, "password", "needs \"user\" beside it", errors);
	if (l->refuse && l->user != NULL)
		complain(logins, n, "user", "clients that are refused need none", errors);
}

static int compare_patterns(const void *left, const void *right)
{
	const struct conf_login *a = *(const struct conf_login *const *)left;
	const struct conf_login *b = *(const struct conf_login *const *)right;
	int order = strcmp(a->clients, b->clients);

	return order != 0 ? order : (a > b) - (a < b);
}

/* An entry whose pattern stood before would never be reached. */
static void check_twins(
    const struct logins *logins, const struct conf_login **sorted, struct conf_errors *errors)
{
	for (size_t i = 1; i < logins->n_list; i++) {
		size_t n = (size_t)(sorted[i] - logins->list);
		char twin[SETTING_PATH_MAX], why[SETTING_PATH_MAX + 64];

		if (strcmp(sorted[i - 1]->clients, sorted[i]->clients) != 0)
			continue;
		snprintf(twin, sizeof twin, "logins.%zu.clients",
		    (size_t)(sorted[i - 1] - logins->list));
		snprintf(why, sizeof why, "is given at %s already",
		    origins_place(logins->settings.origins, twin));
		complain(logins, n, "clients", why, errors);
	}
}

static bool sort_and_check_twins(const struct logins *logins, struct conf_errors *errors)
{
	const struct conf_login **sorted = calloc(logins->n_list + 1, sizeof *sorted);

	if (sorted == NULL)
		return false;
	for (size_t i = 0; i < logins->n_list; i++)
		sorted[i] = &logins->list[i];
	qsort(sorted, logins->n_list, sizeof *sorted, compare_patterns);
	check_twins(logins, sorted, errors);
	free(sorted);
	return true;
}

/* --- loading --- */

static bool make_admission(struct logins *logins, bool refuse_unlisted)
{
	struct admission_rule *rules = calloc(logins->n_list + 1, sizeof *rules);

	if (rules == NULL)
		return false;
	for (size_t i = 0; i < logins->n_list; i++)
		rules[i] = (struct admission_rule){ logins->list[i].clients, logins->list[i].refuse,
			logins->list[i].user != NULL };
	logins->admission = admission_new(rules, logins->n_list, refuse_unlisted);
	free(rules);
	return logins->admission != NULL;
}

bool logins_load(
    struct logins *logins, const char *path, bool refuse_unlisted, struct conf_errors *errors)
{
	const struct conf_at at = { path, NULL };
	size_t before = conf_errors_count(errors);

	if (settings_init(&logins->settings, &schema, logins) < 0)
		goto out_of_memory;
	if (!settings_load(&logins->settings, path, errors))
		return false;
	for (size_t i = 0; i < logins->n_list; i++)
		check_entry(logins, i, errors);
	if (!sort_and_check_twins(logins, errors) || !make_admission(logins, refuse_unlisted))
		goto out_of_memory;
	return conf_errors_count(errors) == before;
out_of_memory:
	conf_error(errors, &at, "out of memory");
	return false;
}

void logins_clear(struct logins *logins)
{
	settings_clear(&logins->settings);
	logins->admission = admission_free(logins->admission);
}

const char *logins_user(const struct conf_login *l, const char *client_id, char *buf)
{
	const char *hit = strstr(l->user, placeholder);
	int len;

	if (hit == NULL)
		return l->user;
	len = snprintf(buf, LOGIN_USER_MAX, "%.*s%s%s", (int)(hit - l->user), l->user, client_id,
	    hit + PLACEHOLDER_LEN);
	assert(len >= 0 && len < LOGIN_USER_MAX);
	return buf;
}
