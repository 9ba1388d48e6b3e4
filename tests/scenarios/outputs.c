/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/outputs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_text.h"
#include "tests/scenarios/memory.h"
#include "tests/scenarios/words.h"

/* Which members of struct up_call a verb uses. */
#define USES_WILL    1u /* and with it topic, qos, retain, text */
#define USES_TOPIC   2u
#define USES_PAYLOAD 4u
#define USES_FILTER  8u
#define USES_QOS     16u

static const struct {
	const char *name;
	unsigned uses;
} verbs[VERBS] = {
	[VERB_CONNECT] = { "connect", USES_WILL },
	[VERB_RECONNECT] = { "reconnect", 0 },
	[VERB_DISCONNECT] = { "disconnect", 0 },
	[VERB_ABORT] = { "abort", 0 },
	[VERB_PUBLISH] = { "publish", USES_TOPIC | USES_QOS | USES_PAYLOAD },
	[VERB_SUBSCRIBE] = { "subscribe", USES_QOS | USES_FILTER },
	[VERB_UNSUBSCRIBE] = { "unsubscribe", USES_FILTER },
	[VERB_PAUSE] = { "pause", 0 },
	[VERB_RESUME] = { "resume", 0 },
};

static const char *const notes[NOTE_KINDS] = {
	[NOTE_CONNECTED] = "connected",
	[NOTE_REFUSED] = "refused",
	[NOTE_DISCONNECTED] = "disconnected",
	[NOTE_LOST] = "lost",
	[NOTE_TAKEN_OVER] = "taken-over",
	[NOTE_ASLEEP] = "asleep",
	[NOTE_AWAKE] = "awake",
	[NOTE_LINK_LOST] = "link-lost",
	[NOTE_LINK_RESTORED] = "link-restored",
	[NOTE_BROKER] = "broker",
	[NOTE_MALFORMED] = "malformed",
	[NOTE_VIOLATION] = "violation",
	[NOTE_LIMIT] = "limit",
	[NOTE_DROPPED] = "dropped",
	[NOTE_EXPIRED] = "expired",
	[NOTE_GAVE_UP] = "gave-up",
	[NOTE_NOMEM] = "nomem",
	[NOTE_UNPROVEN] = "unproven",
	[NOTE_NETWORK] = "network",
};

const char *note_name(enum gw_note_kind kind)
{
	return kind < NOTE_KINDS && notes[kind] != NULL ? notes[kind] : "?";
}

void output_quoted(FILE *to, struct sn_bytes bytes)
{
	fputc('"', to);
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.data[i];

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7F)
			fprintf(to, "\\x%02x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

/* ---- printing ---- */

static void print_packet(FILE *to, const struct sn_packet *packet)
{
	int len = (int)sn_text_print(NULL, 0, packet, SIZE_MAX);
	char *line = memory_get((size_t)len + 1);

	sn_text_print(line, (size_t)len + 1, packet, SIZE_MAX);
	fputs(line, to);
	free(line);
}

char *output_packet(const char *peer, unsigned radius, const struct sn_packet *packet)
{
	char *line;
	size_t size;
	FILE *to = memory_check(open_memstream(&line, &size));

	fputs(peer, to);
	if (radius > 0)
		fprintf(to, " radius=%u", radius);
	fputs(" < ", to);
	print_packet(to, packet);
	fclose(to);
	return line;
}

char *output_broadcast(unsigned listener, unsigned radius, const struct sn_packet *packet)
{
	char *line;
	size_t size;
	FILE *to = memory_check(open_memstream(&line, &size));

	fprintf(to, "broadcast %u radius=%u ", listener, radius);
	print_packet(to, packet);
	fclose(to);
	return line;
}

static void print_topic(FILE *to, const char *key, struct sn_bytes topic)
{
	fprintf(to, " %s=", key);
	output_quoted(to, topic);
}

static void print_text(FILE *to, struct sn_bytes text)
{
	fputc(' ', to);
	output_quoted(to, text);
}

char *output_up(const struct up_call *call)
{
	unsigned uses = verbs[call->verb].uses;
	bool will = (uses & USES_WILL) && call->will;
	char *line;
	size_t size;
	FILE *to = memory_check(open_memstream(&line, &size));

	fprintf(to, "up < %s %s", verbs[call->verb].name, call->client);
	if (uses & USES_FILTER)
		print_text(to, call->text);
	if (call->clean)
		fputs(" clean", to);
	if (call->shared)
		fputs(" shared", to);
	if (will || (uses & USES_TOPIC))
		print_topic(to, will ? "will" : "topic", call->topic);
	if (will || (uses & USES_QOS))
		fprintf(to, " qos=%d", call->qos);
	if (call->retain)
		fputs(" retain", to);
	if (will || (uses & USES_PAYLOAD))
		print_text(to, call->text);
	fclose(to);
	return line;
}

char *output_note(enum gw_note_kind kind, const char *client)
{
	char *line;
	size_t size;
	FILE *to = memory_check(open_memstream(&line, &size));

	fprintf(to, "note %s %s", client == NULL ? "-" : client, note_name(kind));
	fclose(to);
	return line;
}

char *output_verdict(const char *verdict)
{
	char *line;
	size_t size;
	FILE *to = memory_check(open_memstream(&line, &size));

	fputs("verdict ", to);
	output_quoted(to, (struct sn_bytes){ (const uint8_t *)verdict, strlen(verdict) });
	fclose(to);
	return line;
}

/* ---- reading ---- */

const char *packet_encode(const char *text, uint8_t **data, size_t *len)
{
	size_t size = strlen(text) + 1;
	struct sn_text_arena arena = { memory_get(size), size, 0 };
	struct sn_packet packet;
	const char *wrong = sn_text_parse(text, &packet, &arena, NULL);
	enum sn_status status;

	*data = NULL;
	if (wrong == NULL) {
		*data = memory_get(SN_PACKET_MAX);
		status = sn_encode(*data, SN_PACKET_MAX, &packet, len);
		wrong = status == SN_OK ? NULL : sn_status_name(status);
	}
	free(arena.buf);
	if (wrong != NULL) {
		free(*data);
		*data = NULL;
	}
	return wrong;
}

/* By way of the octets, so that what is expected is nothing that could not be said. */
static char *parse_packet(
    const char *prefix, unsigned radius, long listener, const char *text, const char **wrong)
{
	struct sn_packet packet;
	char *line = NULL;
	uint8_t *data;
	size_t len;

	*wrong = packet_encode(text, &data, &len);
	if (*wrong != NULL)
		return NULL;
	if (sn_decode(data, len, &packet) != SN_OK)
		*wrong = "no such packet exists";
	else if (listener >= 0)
		line = output_broadcast((unsigned)listener, radius, &packet);
	else
		line = output_packet(prefix, radius, &packet);
	free(data);
	return line;
}

/* "a < CONNACK ...", "f/aabb radius=3 < GWINFO ..." */
static char *parse_to_peer(const char *line, const char **wrong)
{
	unsigned radius = 0;
	char peer[600];
	int used = 0;

	if (sscanf(line, "%599s < %n", peer, &used) < 1 || used == 0)
		sscanf(line, "%599s radius=%u < %n", peer, &radius, &used);
	*wrong =
	    "PEER < PACKET, up < CALL, broadcast LISTENER radius=N PACKET or note CLIENT KIND wanted";
	return used == 0 ? NULL : parse_packet(peer, radius, -1, line + used, wrong);
}

static char *parse_broadcast(const char *line, const char **wrong)
{
	unsigned listener, radius;
	int used = 0;

	sscanf(line, "broadcast %u radius=%u %n", &listener, &radius, &used);
	*wrong = "broadcast LISTENER radius=N PACKET wanted";
	return used == 0 ? NULL : parse_packet("", radius, listener, line + used, wrong);
}

static char *parse_note(const char *line, const char **wrong)
{
	char client[300], kind[40];
	int used = 0;

	*wrong = "note CLIENT KIND wanted";
	if (sscanf(line, "note %299s %39s %n", client, kind, &used) < 2 || line[used] != '\0')
		return NULL;
	*wrong = "no such kind of note";
	for (int i = 0; i < NOTE_KINDS; i++)
		if (strcmp(kind, note_name(i)) == 0)
			return output_note(i, client);
	return NULL;
}

static char *parse_verdict(const char *line, const char **wrong)
{
	struct words words;
	char *out = NULL;

	*wrong = words_split(&words, line);
	if (*wrong == NULL && (words.n != 2 || !words.list[1].quoted))
		*wrong = "verdict \"TEXT\" wanted";
	if (*wrong == NULL)
		out = output_verdict(words.list[1].text);
	words_free(&words);
	return out;
}

static bool read_verb(const struct word *word, enum up_verb *verb)
{
	for (int i = 0; i < VERBS; i++) {
		if (word_is(word, verbs[i].name)) {
			*verb = i;
			return true;
		}
	}
	return false;
}

/* One word behind verb and client. */
static bool read_member(struct up_call *call, const struct word *word)
{
	unsigned uses = verbs[call->verb].uses;
	long qos;

	if (word->key == NULL && word->quoted) {
		call->text = word_bytes(word);
		return uses & (USES_WILL | USES_PAYLOAD | USES_FILTER);
	}
	if (word_is(word, "clean"))
		return (call->clean = uses & USES_WILL);
	if (word_is(word, "shared"))
		return (call->shared = uses & USES_WILL);
	if (word_is(word, "retain"))
		return (call->retain = uses & (USES_WILL | USES_TOPIC));
	if (word->key == NULL)
		return false;
	if (strcmp(word->key, uses & USES_WILL ? "will" : "topic") == 0) {
		call->topic = word_bytes(word);
		call->will = uses & USES_WILL;
		return uses & (USES_WILL | USES_TOPIC);
	}
	if (strcmp(word->key, "qos") != 0 || !word_number(word->text, 0, 2, &qos))
		return false;
	call->qos = (int)qos;
	return uses & (USES_WILL | USES_QOS);
}

/* "up < publish a topic=t qos=1 "x"" */
static char *parse_up(const char *line, const char **wrong)
{
	struct up_call call = { 0 };
	struct words words;
	char *out = NULL;

	*wrong = words_split(&words, line);
	if (*wrong != NULL)
		goto out;
	*wrong =
	    "up < VERB CLIENT wanted (connect, reconnect, publish, subscribe, unsubscribe, disconnect, abort, "
	    "pause, resume)";
	if (words.n < 4 || !word_is(&words.list[1], "<") || !read_verb(&words.list[2], &call.verb))
		goto out;
	call.client = words.list[3].text;
	*wrong = "this does not belong to such a call";
	for (size_t i = 4; i < words.n; i++)
		if (!read_member(&call, &words.list[i]))
			goto out;
	out = output_up(&call);
out:
	words_free(&words);
	return out;
}

char *output_parse(const char *line, const char **wrong)
{
	if (strncmp(line, "up <", 4) == 0)
		return parse_up(line, wrong);
	if (strncmp(line, "broadcast ", 10) == 0)
		return parse_broadcast(line, wrong);
	if (strncmp(line, "note ", 5) == 0)
		return parse_note(line, wrong);
	if (strncmp(line, "verdict ", 8) == 0)
		return parse_verdict(line, wrong);
	return parse_to_peer(line, wrong);
}
