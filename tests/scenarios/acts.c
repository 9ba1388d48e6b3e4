/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader of acts: what stands left of '|' in a scenario. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "tests/scenarios/memory.h"
#include "tests/scenarios/outputs.h"
#include "tests/scenarios/script.h"

/* "rx.PUBLISH", "tx.PUBLISH" */
static const uint64_t *by_type(const struct gw_metrics *metrics, const char *name)
{
	const uint64_t *counters = name[0] == 'r' ? metrics->rx : metrics->tx;

	if (strncmp(name, "rx.", 3) != 0 && strncmp(name, "tx.", 3) != 0)
		return NULL;
	for (unsigned type = 0; type < 256; type++) {
		const char *type_name = sn_type_name((uint8_t)type);

		if (type_name != NULL && strcmp(name + 3, type_name) == 0)
			return &counters[type];
	}
	return NULL;
}

const uint64_t *act_metric(const struct gw_metrics *metrics, const char *name)
{
#define X(member, prometheus_name, help)                                                           \
	if (strcmp(name, #member) == 0)                                                            \
		return &metrics->member;
	GW_COUNTERS(X)
#undef X
	return by_type(metrics, name);
}

/* Octets in hex and text in quotes. */
static const char *read_raw(struct step *step)
{
	uint8_t *data = memory_get(strlen(step->text) + 1);
	size_t len = 0;

	step->packet.data = data;
	for (size_t i = 3; i < step->words.n; i++) {
		const struct word *word = &step->words.list[i];
		char *end;

		if (word->quoted) {
			memcpy(data + len, word->text, word->len);
			len += word->len;
			continue;
		}
		data[len++] = (uint8_t)strtoul(word->text, &end, 16);
		if (word->key != NULL || word->len != 2 || *end != '\0')
			return "raw takes octets in hex, each of two digits, and text in quotes";
	}
	step->packet.len = len;
	return NULL;
}

/* A name of letters and digits, ":LISTENER", "/NODE" with node in hex. */
static bool peer_valid(const char *text)
{
	size_t len = strcspn(text, ":/");
	const char *node;

	if (len == 0 || len > 40 || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return false;
	text += len;
	if (*text == ':') {
		if (text[1] < '0' || text[1] >= '0' + SETUP_LISTENERS)
			return false;
		text += 2;
	}
	if (*text == '\0')
		return true;
	node = text + 1;
	len = strspn(node, "0123456789abcdef");
	return *text == '/' && node[len] == '\0' && len % 2 == 0 && len <= 2 * SN_NODE_ID_MAX;
}

static const char *read_packet(struct step *step)
{
	step->packet.peer = step->words.list[0].text;
	if (!peer_valid(step->packet.peer))
		return "no such act, and no peer: a peer is NAME, NAME:LISTENER or NAME/NODE with the node in hex";
	if (step->words.n < 3)
		return "PEER > PACKET wanted";
	if (word_is(&step->words.list[2], "raw"))
		return read_raw(step);
	return packet_encode(strchr(step->text, '>') + 1, &step->packet.data, &step->packet.len);
}

static const char *up_connected(struct step *step, const struct word *words, size_t n)
{
	struct up_event *event = &step->up.event;
	long broker = 0;
	size_t i = 0;

	event->session_present = i < n && word_is(&words[i], "session-present");
	i += event->session_present;
	if (i < n && words[i].key != NULL && strcmp(words[i].key, "broker") == 0 &&
	    word_number(words[i].text, 1, 255, &broker))
		i++;
	event->broker = (uint8_t)broker;
	event->broker_name = "one of several";
	return i == n ? NULL : "up > connected CLIENT [session-present] [broker=N] wanted";
}

static const char *up_refused(struct step *step, const struct word *words, size_t n)
{
	bool permanent = n == 1 && word_is(words, "permanent");

	step->up.event.down.permanent = permanent;
	step->up.event.down.why = "the scenario wants it";
	return permanent || (n == 1 && word_is(words, "temporary"))
	           ? NULL
	           : "up > refused CLIENT temporary or permanent wanted";
}

static const char *up_lost(struct step *step, const struct word *words, size_t n)
{
	(void)words;
	step->up.event.down.why = "the scenario wants it";
	return n == 0 ? NULL : "up > lost CLIENT wanted";
}

static const char *up_published(struct step *step, const struct word *words, size_t n)
{
	long nth = 0;

	if (n > 1 || (n == 1 && !word_number(words->text, 1, 65535, &nth)))
		return "up > published CLIENT [N] wanted";
	step->up.nth = (unsigned)nth;
	return NULL;
}

static const char *up_subscribed(struct step *step, const struct word *words, size_t n)
{
	long qos;

	if (n != 1 || words->key == NULL || strcmp(words->key, "qos") != 0 ||
	    !word_number(words->text, -1, 2, &qos))
		return "up > subscribed CLIENT qos=N wanted (-1: refused)";
	step->up.event.granted_qos = (int)qos;
	return NULL;
}

static const char *up_unsubscribed(struct step *step, const struct word *words, size_t n)
{
	(void)step;
	(void)words;
	return n == 0 ? NULL : "up > unsubscribed CLIENT wanted";
}

static const char *up_publish(struct step *step, const struct word *words, size_t n)
{
	struct up_event *event = &step->up.event;
	const char *usage = "up > publish CLIENT topic=TOPIC qos=N [retain] \"PAYLOAD\" wanted";
	bool payload = false;
	long qos;

	for (size_t i = 0; i < n; i++) {
		const struct word *word = &words[i];

		if (word_is(word, "retain")) {
			event->message.retain = true;
		} else if (word->key == NULL && word->quoted && !payload) {
			event->message.payload = word_bytes(word);
			payload = true;
		} else if (word->key != NULL && strcmp(word->key, "topic") == 0) {
			event->message.topic = word->text;
		} else if (word->key != NULL && strcmp(word->key, "qos") == 0 &&
		           word_number(word->text, 0, 2, &qos)) {
			event->message.qos = (int)qos;
		} else {
			return usage;
		}
	}
	return payload && event->message.topic != NULL ? NULL : usage;
}

static const char *read_up(struct step *step)
{
	static const struct {
		const char *name;
		enum up_event_kind kind;
		const char *(*read)(struct step *step, const struct word *words, size_t n);
	} events[] = {
		{ "connected", UP_CONNECTED, up_connected },
		{ "refused", UP_REFUSED, up_refused },
		{ "lost", UP_LOST, up_lost },
		{ "published", UP_PUBLISHED, up_published },
		{ "subscribed", UP_SUBSCRIBED, up_subscribed },
		{ "unsubscribed", UP_UNSUBSCRIBED, up_unsubscribed },
		{ "publish", UP_MESSAGE, up_publish },
	};
	const struct word *words = step->words.list;

	for (size_t i = 0; step->words.n >= 4 && i < sizeof(events) / sizeof(events[0]); i++) {
		if (!word_is(&words[2], events[i].name))
			continue;
		step->up.client = words[3].text;
		step->up.event.kind = events[i].kind;
		return events[i].read(step, words + 4, step->words.n - 4);
	}
	return "up > EVENT CLIENT wanted (connected, refused, lost, published, subscribed, unsubscribed, publish)";
}

static const char *read_fail(struct step *step)
{
	static const char *const ports[FAIL_PORTS] = { "open", "publish", "subscribe",
		"unsubscribe" };
	static const struct {
		const char *name;
		int rc;
	} codes[] = { { "nomem", -ERR_NOMEM }, { "invalid", -ERR_INVALID },
		{ "state", -ERR_STATE } };

	long nth;

	if (step->words.n == 3 && word_is(&step->words.list[1], "memory") &&
	    word_number(step->words.list[2].text, 1, 1000, &nth)) {
		step->fail.port = FAIL_MEMORY;
		step->fail.rc = (int)nth;
		return NULL;
	}
	for (int port = 0; step->words.n == 3 && port < FAIL_PORTS; port++) {
		if (!word_is(&step->words.list[1], ports[port]))
			continue;
		step->fail.port = port;
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
			if (word_is(&step->words.list[2], codes[i].name))
				step->fail.rc = codes[i].rc;
	}
	return step->fail.rc != 0
	           ? NULL
	           : "fail open|publish|subscribe|unsubscribe nomem|invalid|state or fail memory N wanted";
}

static const char *read_pass(struct step *step)
{
	if (step->words.n == 2 && word_duration(step->words.list[1].text, &step->pass_us))
		return NULL;
	return "pass DURATION wanted, e.g. 120s or 500ms";
}

static const char *read_count(struct step *step, const struct word *word)
{
	long value;

	if (!word_number(word->text, 0, 1000000000, &value))
		return "a number is wanted at the end";
	step->count.value = (uint64_t)value;
	return NULL;
}

static const char *read_metric(struct step *step)
{
	static const struct gw_metrics none;

	if (step->words.n != 3)
		return "metric NAME NUMBER wanted";
	step->count.name = step->words.list[1].text;
	if (act_metric(&none, step->count.name) == NULL)
		return "no such metric (see gateway/core/metrics.h)";
	return read_count(step, &step->words.list[2]);
}

static const char *read_clients(struct step *step)
{
	return step->words.n == 2 ? read_count(step, &step->words.list[1])
	                          : "clients NUMBER wanted";
}

static const char *read_alone(struct step *step)
{
	return step->words.n == 1 ? NULL : "this stands alone";
}

/* Tried on a configuration of its own. */
static const char *read_configure(struct step *step)
{
	struct words line = { .n = step->words.n - 1 };
	const char *wrong = NULL;
	struct setup setup;

	memcpy(line.list, step->words.list + 1, line.n * sizeof(line.list[0]));
	step->configure = line;
	setup_init(&setup);
	if (!setup_line(&setup, &line, &wrong) || setup.listener_lines > 0)
		wrong = "configure takes a line of the configuration, but none of listeners";
	setup_free(&setup);
	return wrong;
}

static const char *read_listeners(struct step *step)
{
	static const char wrong[] = "listeners wanted: each \"new\" or the number it has now, once";
	unsigned seen = 0;
	long number;

	step->listeners.n = step->words.n - 1;
	if (step->listeners.n == 0 || step->listeners.n > SETUP_LISTENERS)
		return wrong;
	for (size_t i = 0; i < step->listeners.n; i++) {
		const struct word *word = &step->words.list[i + 1];

		step->listeners.from[i] = -1;
		if (word_is(word, "new"))
			continue;
		if (!word_number(word->text, 0, SETUP_LISTENERS - 1, &number) ||
		    seen & 1u << number)
			return wrong;
		step->listeners.from[i] = (int)number;
		seen |= 1u << number;
	}
	return NULL;
}

static const char *read_proven(struct step *step)
{
	const struct words *words = &step->words;

	if (words->n < 2 || words->n > 3 || !peer_valid(words->list[1].text))
		return "proven PEER [IDENTITY] wanted";
	step->proven.peer = words->list[1].text;
	step->proven.identity = words->n == 3 ? words->list[2].text : NULL;
	return NULL;
}

/* By its first word; anything before a '>' else is a peer. */
const char *act_read(struct step *step)
{
	static const struct {
		const char *name;
		enum act_kind kind;
		const char *(*read)(struct step *step);
	} acts[] = {
		{ "up", ACT_UP, read_up },
		{ "fail", ACT_FAIL, read_fail },
		{ "pass", ACT_PASS, read_pass },
		{ "metric", ACT_METRIC, read_metric },
		{ "clients", ACT_CLIENTS, read_clients },
		{ "start", ACT_START, read_alone },
		{ "shutdown", ACT_SHUTDOWN, read_alone },
		{ "restart", ACT_RESTART, read_alone },
		{ "crash", ACT_CRASH, read_alone },
		{ "configure", ACT_CONFIGURE, read_configure },
		{ "listeners", ACT_LISTENERS, read_listeners },
		{ "proven", ACT_PROVEN, read_proven },
	};
	const struct words *words = &step->words;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (word_is(&words->list[0], acts[i].name)) {
			step->kind = acts[i].kind;
			return acts[i].read(step);
		}
	}
	if (words->n < 2 || !word_is(&words->list[1], ">"))
		return "no such act, and no configuration";
	step->kind = ACT_PACKET;
	return read_packet(step);
}
