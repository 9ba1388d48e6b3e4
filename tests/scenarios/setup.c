/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/setup.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/admission.h"
#include "gateway/core/topic_predef.h"
#include "tests/scenarios/memory.h"

enum kind {
	MILLISECONDS, /* uint32_t, written in seconds */
	COUNT,        /* uint32_t */
	NUMBER,       /* int */
	OCTET,
	SWITCH, /* bool, written as 0 or 1 */
};

#define SETTING(member, kind, value)                                                               \
	{                                                                                          \
#member, offsetof(struct gw_config, member), kind, value                           \
	}

/* The defaults are those of the gateway (gateway/conf), so that scenarios show what users get. */
static const struct setting {
	const char *path;
	size_t offset;
	enum kind kind;
	double value;
} settings[] = {
	SETTING(gateway_id, OCTET, 1),
	SETTING(timers.retry, MILLISECONDS, 10),
	SETTING(timers.retries, COUNT, 3),
	SETTING(timers.wait, MILLISECONDS, 300),
	SETTING(timers.connect_timeout, MILLISECONDS, 5),
	SETTING(timers.hold, MILLISECONDS, 30),
	SETTING(timers.reconnect_least, MILLISECONDS, 1),
	SETTING(timers.reconnect_most, MILLISECONDS, 60),
	SETTING(timers.max_idle, MILLISECONDS, 0),
	SETTING(timers.queue_age, MILLISECONDS, 0),
	SETTING(timers.session_expiry, MILLISECONDS, 604800),
	SETTING(limits.clients, COUNT, 10000),
	SETTING(limits.connecting, COUNT, 1000),
	SETTING(limits.connects, COUNT, 10),
	SETTING(limits.client_id, COUNT, 64),
	SETTING(limits.topics, COUNT, 1000),
	SETTING(limits.topic_name, COUNT, 1024),
	SETTING(limits.subscriptions, COUNT, 100),
	SETTING(limits.publish_window, COUNT, 5),
	SETTING(limits.queue_messages, COUNT, 100),
	SETTING(limits.queue_bytes, COUNT, 262144),
	SETTING(limits.outage_messages, COUNT, 1000),
	SETTING(limits.outage_bytes, COUNT, 1048576),
	SETTING(limits.outage_bytes_total, COUNT, 268435456),
	SETTING(limits.packets, COUNT, 0),
	SETTING(limits.reconnects, COUNT, 500),
	SETTING(limits.stranger_answers, COUNT, 100),
	SETTING(limits.qos_minus_one, COUNT, 1000),
	SETTING(share_connections, SWITCH, 0),
	SETTING(buffer_qos0, SWITCH, 1),
	SETTING(own.qos_minus_one_qos, NUMBER, 0),
	SETTING(discovery.interval, MILLISECONDS, 900),
	SETTING(discovery.standby, SWITCH, 0),
	SETTING(discovery.missed, COUNT, 3),
	SETTING(discovery.answer_group, SWITCH, 1),
	SETTING(discovery.answers, COUNT, 10),
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const struct gw_listener default_listener = { .max_packet = 65507, .discovery = true };

static void store(struct gw_config *config, const struct setting *setting, double value)
{
	char *member = (char *)config + setting->offset;

	switch (setting->kind) {
	case MILLISECONDS:
		*(uint32_t *)member = (uint32_t)(value * 1000 + 0.5);
		break;
	case COUNT:
		*(uint32_t *)member = (uint32_t)value;
		break;
	case NUMBER:
		*(int *)member = (int)value;
		break;
	case OCTET:
		*(uint8_t *)member = (uint8_t)value;
		break;
	case SWITCH:
		*(bool *)member = value != 0;
		break;
	}
}

void setup_init(struct setup *setup)
{
	*setup = (struct setup){ 0 };
	setup->predefined = memory_check(topic_predef_new());
	for (size_t i = 0; i < N_SETTINGS; i++)
		store(&setup->config, &settings[i], settings[i].value);
	setup->listeners = setup->lists[0];
	for (size_t i = 0; i < SETUP_LISTENERS; i++)
		setup->listeners[i] = default_listener;
	setup->config.own.client_id = "gateway";
	setup->config.shared_id = "gateway";
	setup->config.own.qos_minus_one_topics = (const char *const *)setup->qos_minus_one_topics;
	setup->config.listeners = setup->listeners;
	setup->config.n_listeners = 1;
	setup->config.predefined = setup->predefined;
}

void setup_free(struct setup *setup)
{
	setup->predefined = topic_predef_free(setup->predefined);
	setup->admission = admission_free(setup->admission);
	setup->admission_before = admission_free(setup->admission_before);
	for (size_t i = 0; i < setup->config.own.n_qos_minus_one_topics; i++)
		free(setup->qos_minus_one_topics[i]);
}

void setup_relist(struct setup *setup, const int *from, size_t n)
{
	struct gw_listener *next = setup->lists[setup->listeners == setup->lists[0]];

	for (size_t i = 0; i < n; i++)
		next[i] = from[i] >= 0 ? setup->listeners[from[i]] : default_listener;
	setup->listeners = next;
	setup->config.listeners = next;
	setup->config.n_listeners = n;
}

struct topic_predef *setup_copy_predefined(struct setup *setup)
{
	struct topic_predef *old = setup->predefined;
	const char *pattern, *name;
	uint16_t id;

	setup->predefined = memory_check(topic_predef_new());
	setup->config.predefined = setup->predefined;
	for (size_t i = 0; i < topic_predef_count(old); i++) {
		topic_predef_entry(old, i, &pattern, &id, &name);
		topic_predef_add(setup->predefined, pattern, id, name);
	}
	return old;
}

static const char *wake_connect(struct gw_config *config, const char *text)
{
	if (strcmp(text, "resume") != 0 && strcmp(text, "honour") != 0)
		return "resume or honour wanted";
	config->wake_connect = text[0] == 'r' ? GW_WAKE_RESUME : GW_WAKE_HONOUR;
	return NULL;
}

static const char *outage(struct gw_config *config, const char *text)
{
	if (strcmp(text, "store") != 0 && strcmp(text, "refuse") != 0)
		return "store or refuse wanted";
	config->outage = text[0] == 's' ? GW_OUTAGE_STORE : GW_OUTAGE_REFUSE;
	return NULL;
}

static const char *set_line(struct setup *setup, const struct words *words)
{
	const struct word *word = &words->list[1];
	double value;
	char *end;

	if (words->n != 2 || word->key == NULL)
		return "set PATH=NUMBER wanted";
	if (strcmp(word->key, "wake_connect") == 0)
		return wake_connect(&setup->config, word->text);
	if (strcmp(word->key, "outage") == 0)
		return outage(&setup->config, word->text);
	value = strtod(word->text, &end);
	if (end == word->text || *end != '\0' || !(value >= 0 && value <= 4000000))
		return "a number is wanted";
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (strcmp(word->key, settings[i].path) == 0) {
			store(&setup->config, &settings[i], value);
			return NULL;
		}
	}
	return "no such setting";
}

static const char *predefined_line(struct setup *setup, const struct words *words)
{
	const struct word *word = &words->list[1];
	const char *colon;
	char pattern[64];
	long id;

	if (words->n != 2 || word->key == NULL)
		return "predefined ID=TOPIC or predefined PATTERN:ID=TOPIC wanted";
	colon = strrchr(word->key, ':');
	if (colon != NULL && (size_t)(colon - word->key) >= sizeof(pattern))
		return "the pattern is too long";
	if (colon != NULL) {
		memcpy(pattern, word->key, (size_t)(colon - word->key));
		pattern[colon - word->key] = '\0';
	}
	if (!word_number(colon == NULL ? word->key : colon + 1, 0, 65535, &id))
		return "a topic id is a number up to 65535";
	if (topic_predef_add(
	        setup->predefined, colon == NULL ? NULL : pattern, (uint16_t)id, word->text) < 0)
		return "no such predefined topic can be";
	return NULL;
}

static const char *admission_line(struct setup *setup, const struct words *words)
{
	struct admission_rule rules[WORDS_MAX];
	bool refuse_others = false;
	size_t n = 0;

	for (size_t i = 1; i < words->n; i++) {
		const struct word *word = &words->list[i];
		const char *key = word->key != NULL ? word->key : "";

		if (strcmp(key, "admit") == 0 || strcmp(key, "refuse") == 0 ||
		    strcmp(key, "login") == 0)
			rules[n++] =
			    (struct admission_rule){ word->text, key[0] == 'r', key[0] == 'l' };
		else if (strcmp(key, "others") == 0 && strcmp(word->text, "refuse") == 0)
			refuse_others = true;
		else
			return "admission [admit=PATTERN] [refuse=PATTERN] [login=PATTERN] [others=refuse] "
			       "wanted";
	}
	admission_free(setup->admission_before);
	setup->admission_before = setup->admission;
	setup->admission = memory_check(admission_new(rules, n, refuse_others));
	setup->config.admission = setup->admission;
	return NULL;
}

static const char *listener_line(struct setup *setup, const struct words *words)
{
	struct gw_listener *listener = &setup->listeners[setup->listener_lines];
	long octets;

	if (setup->listener_lines == SETUP_LISTENERS)
		return "too many listeners";
	setup->config.n_listeners = ++setup->listener_lines;
	for (size_t i = 1; i < words->n; i++) {
		const struct word *word = &words->list[i];

		if (word_is(word, "qos_minus_one"))
			listener->qos_minus_one = true;
		else if (word_is(word, "qos_minus_one_names"))
			listener->qos_minus_one_names = true;
		else if (word_is(word, "no_discovery"))
			listener->discovery = false;
		else if (word_is(word, "identity_is_client_id"))
			listener->identity_is_client_id = true;
		else if (word_is(word, "keys"))
			listener->keys = true;
		else if (word->key != NULL && strcmp(word->key, "max_packet") == 0 &&
		         word_number(word->text, 2, 65535, &octets))
			listener->max_packet = (uint32_t)octets;
		else
			return "listener [max_packet=N] [qos_minus_one] [qos_minus_one_names] "
			       "[no_discovery] [keys] [identity_is_client_id] wanted";
	}
	return NULL;
}

static const char *check_line(struct setup *setup, const struct words *words)
{
	if (words->n == 2 && word_is(&words->list[1], "notes"))
		setup->check_notes = true;
	else if (words->n == 2 && word_is(&words->list[1], "verdicts"))
		setup->check_verdicts = true;
	else
		return "check notes or check verdicts wanted";
	return NULL;
}

static const char *qos_minus_one_topic_line(struct setup *setup, const struct words *words)
{
	size_t *n = &setup->config.own.n_qos_minus_one_topics;

	if (words->n != 2 || *n == SETUP_TOPICS)
		return "qos_minus_one_topic FILTER wanted, and not too many of them";
	setup->qos_minus_one_topics[(*n)++] = memory_text(words->list[1].text, words->list[1].len);
	return NULL;
}

static const char *store_line(struct setup *setup, const struct words *words)
{
	setup->store = true;
	return words->n == 1 ? NULL : "store stands alone";
}

bool setup_line(struct setup *setup, const struct words *words, const char **wrong)
{
	static const struct {
		const char *name;
		const char *(*read)(struct setup *setup, const struct words *words);
	} lines[] = {
		{ "set", set_line },
		{ "predefined", predefined_line },
		{ "admission", admission_line },
		{ "listener", listener_line },
		{ "qos_minus_one_topic", qos_minus_one_topic_line },
		{ "check", check_line },
		{ "store", store_line },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (words->n > 0 && word_is(&words->list[0], lines[i].name)) {
			*wrong = lines[i].read(setup, words);
			return true;
		}
	}
	return false;
}
