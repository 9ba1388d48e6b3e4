/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "gateway/trace/label.h"
#include "sn_codec/sn_text.h"

#define DATA_SHOWN 128 /* octets of a payload, or of what is no packet */

static const char cut_mark[] = "...";

/* --- a line that fills up --- */

struct line {
	char *buf;
	size_t used;
	size_t size; /* what does not fit is cut */
};

static void __attribute__((format(printf, 2, 3))) add(struct line *line, const char *format, ...)
{
	size_t room = line->size - line->used;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->buf + line->used, room, format, args);
	va_end(args);
	line->used += len >= 0 && (size_t)len < room ? (size_t)len : room;
}

static bool is_full(const struct line *line)
{
	return line->used == line->size;
}

/* As add(), but quick: most of a line may be a payload. */
static void add_char(struct line *line, char c)
{
	if (line->used + 1 >= line->size) {
		line->used = line->size;
		return;
	}
	line->buf[line->used++] = c;
	line->buf[line->used] = '\0';
}

static void add_escaped(struct line *line, unsigned char c)
{
	static const char named[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
	const char *at;

	if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
		add_char(line, (char)c);
	} else if (c != '\0' && (at = strchr(named, c)) != NULL) {
		add_char(line, '\\');
		add_char(line, letters[at - named]);
	} else {
		add(line, "\\x%02x", c);
	}
}

/* As in sn_text.h: all but printable ASCII escaped, a long one ends in its full length. */
static void add_quoted(struct line *line, struct sn_bytes text, size_t most)
{
	size_t shown = text.len < most ? text.len : most;

	add(line, " \"");
	for (size_t i = 0; i < shown && !is_full(line); i++)
		add_escaped(line, text.data[i]);
	add_char(line, '"');
	if (shown < text.len)
		add(line, "...(%zu)", text.len);
}

static void add_text(struct line *line, const char *text)
{
	add_quoted(line, (struct sn_bytes){ (const uint8_t *)text, strlen(text) }, SIZE_MAX);
}

/* --- with the sensor --- */

static void add_octets(struct line *line, const uint8_t *data, size_t len, size_t most)
{
	size_t shown = len < most ? len : most;

	for (size_t i = 0; i < shown; i++)
		add(line, "%02x", data[i]);
	if (shown < len)
		add(line, "...(%zu)", len);
	else if (len == 0)
		add(line, "nothing");
}

static void add_packet(struct line *line, const struct seen *seen)
{
	const struct gw_packet *packet = seen->packet;
	size_t room = line->size - line->used, len;

	if (packet->packet == NULL) {
		add_octets(line, packet->data, packet->len,
		    seen->payloads ? DATA_SHOWN : packet->len - seen_payload(packet));
		return;
	}
	len = sn_text_print(
	    line->buf + line->used, room, packet->packet, seen->payloads ? DATA_SHOWN : 0);
	line->used += len < room ? len : room;
}

/* --- with the broker --- */

static void add_payload(struct line *line, const struct seen *seen, struct sn_bytes payload)
{
	add(line, " len=%zu", payload.len);
	add_quoted(line, payload, seen->payloads ? DATA_SHOWN : 0);
}

static void add_token(struct line *line, uint16_t token)
{
	if (token != 0)
		add(line, " token=%u", token);
}

static void add_message(struct line *line, const struct seen *seen, int qos, bool retain,
    uint16_t token, const char *topic, struct sn_bytes payload)
{
	add(line, "PUBLISH qos=%d%s", qos, retain ? " retain" : "");
	add_token(line, token);
	add_text(line, topic);
	add_payload(line, seen, payload);
}

static void add_user(struct line *line, const char *user)
{
	if (user == NULL)
		return;
	add(line, " user");
	add_text(line, user);
}

static void add_connect(struct line *line, const struct seen *seen, const struct up_call *call)
{
	const struct up_will *will = call->spec->will;

	add(line, "CONNECT%s", call->spec->clean ? " clean" : "");
	if (call->spec->shared)
		add(line, " shared");
	add_user(line, call->user);
	if (will == NULL)
		return;
	add(line, " will");
	add_text(line, will->topic);
	add(line, " qos=%d%s", will->qos, will->retain ? " retain" : "");
	add_payload(line, seen, will->message);
}

static void add_call(struct line *line, const struct seen *seen)
{
	const struct up_call *call = seen->call;

	switch (call->kind) {
	case UP_CALL_CONNECT:
		add_connect(line, seen, call);
		break;
	case UP_CALL_RECONNECT:
		add(line, "CONNECT again");
		add_user(line, call->user);
		break;
	case UP_CALL_CLOSE:
		add(line, call->farewell == UP_DISCONNECT ? "DISCONNECT" : "CLOSE");
		break;
	case UP_CALL_PUBLISH:
		add_message(
		    line, seen, call->qos, call->retain, call->token, call->topic, call->payload);
		break;
	case UP_CALL_SUBSCRIBE:
		add(line, "SUBSCRIBE qos=%d", call->qos);
		add_token(line, call->token);
		add_text(line, call->topic);
		break;
	case UP_CALL_UNSUBSCRIBE:
		add(line, "UNSUBSCRIBE");
		add_token(line, call->token);
		add_text(line, call->topic);
		break;
	case UP_CALL_PAUSE:
		add(line, call->paused ? "PAUSE" : "RESUME");
		break;
	}
}

static void add_event(struct line *line, const struct seen *seen)
{
	const struct up_event *event = seen->event;

	switch (event->kind) {
	case UP_CONNECTED:
		add(line, "CONNACK%s", event->session_present ? " present" : "");
		break;
	case UP_REFUSED:
		add(line, "REFUSED");
		break;
	case UP_LOST:
		add(line, "LOST");
		break;
	case UP_PUBLISHED:
		add(line, "PUBACK");
		add_token(line, event->token);
		break;
	case UP_SUBSCRIBED:
		add(line, "SUBACK");
		add_token(line, event->token);
		if (event->granted_qos >= 0)
			add(line, " qos=%d", event->granted_qos);
		else
			add(line, " refused");
		break;
	case UP_UNSUBSCRIBED:
		add(line, "UNSUBACK");
		add_token(line, event->token);
		break;
	case UP_MESSAGE:
		add_message(line, seen, event->message.qos, event->message.retain, 0,
		    event->message.topic, event->message.payload);
		break;
	}
}

int text_type(const struct seen *seen)
{
	static const uint8_t of_calls[] = {
		[UP_CALL_CONNECT] = SN_CONNECT,
		[UP_CALL_RECONNECT] = SN_CONNECT,
		[UP_CALL_CLOSE] = SN_DISCONNECT,
		[UP_CALL_PUBLISH] = SN_PUBLISH,
		[UP_CALL_SUBSCRIBE] = SN_SUBSCRIBE,
		[UP_CALL_UNSUBSCRIBE] = SN_UNSUBSCRIBE,
		[UP_CALL_PAUSE] = SN_PUBLISH,
	};
	static const uint8_t of_events[] = {
		[UP_CONNECTED] = SN_CONNACK,
		[UP_REFUSED] = SN_CONNACK,
		[UP_LOST] = SN_DISCONNECT,
		[UP_PUBLISHED] = SN_PUBACK,
		[UP_SUBSCRIBED] = SN_SUBACK,
		[UP_UNSUBSCRIBED] = SN_UNSUBACK,
		[UP_MESSAGE] = SN_PUBLISH,
	};

	if (seen->packet != NULL)
		return seen->packet->packet != NULL ? seen->packet->packet->type : -1;
	return seen->call != NULL ? of_calls[seen->call->kind] : of_events[seen->event->kind];
}

/* --- the line --- */

static const char *find_verdict(const struct seen *seen)
{
	if (seen->packet != NULL)
		return seen->packet->verdict;
	if (seen->call != NULL)
		return seen->call->rc < 0 ? err_text(seen->call->rc) : NULL;
	if (seen->event->kind == UP_REFUSED || seen->event->kind == UP_LOST)
		return seen->event->down.why;
	return NULL;
}

static void add_head(struct line *line, const struct seen *seen)
{
	char label[LABEL_MAX], peer[PEER_TEXT_MAX];
	bool out = seen->packet != NULL ? seen->packet->out : seen->call != NULL;

	add(line, "%s %s %c ", label_print(seen->client_id, label),
	    seen->packet != NULL ? peer_print(seen->packet->peer, peer) : "broker",
	    out ? '<' : '>');
}

const char *text_print(const struct seen *seen, char *buf)
{
	const char *why = find_verdict(seen);
	char verdict[128] = "";
	struct line line = { .buf = buf };

	if (why != NULL)
		snprintf(verdict, sizeof verdict, " -- %s", why);
	line.size = TRACE_TEXT_MAX - strlen(cut_mark) - strlen(verdict);
	add_head(&line, seen);
	if (seen->packet != NULL)
		add_packet(&line, seen);
	else if (seen->call != NULL)
		add_call(&line, seen);
	else
		add_event(&line, seen);
	if (is_full(&line)) {
		strcpy(buf + line.used - 1, cut_mark);
		line.used += strlen(cut_mark) - 1;
	}
	strcpy(buf + line.used, verdict);
	return buf;
}
