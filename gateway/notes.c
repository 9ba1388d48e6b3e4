/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trace/label.h"

/* The name stands for many notes of the kind, the text for one: in it $p is the address, $v the
 * value.  The detail follows by itself; with no text it stands alone. */
static const struct {
	enum log_level level;
	const char *name;
	const char *text;
} kinds[NOTE_KINDS] = {
	[NOTE_CONNECTED] = { LOG_LEVEL_INFO, "connect", "connected from $p" },
	[NOTE_REFUSED] = { LOG_LEVEL_NOTICE, "refused connect", "CONNECT refused" },
	[NOTE_DISCONNECTED] = { LOG_LEVEL_INFO, "disconnect", "disconnected" },
	[NOTE_LOST] = { LOG_LEVEL_NOTICE, "lost client", "lost" },
	[NOTE_TAKEN_OVER] = { LOG_LEVEL_NOTICE, "take-over", "goes on from $p" },
	[NOTE_ASLEEP] = { LOG_LEVEL_INFO, "sleep", "asleep for $v s" },
	[NOTE_AWAKE] = { LOG_LEVEL_INFO, "wake", "awake" },
	[NOTE_LINK_LOST] = { LOG_LEVEL_WARNING, "lost broker connection",
	    "broker connection lost" },
	[NOTE_LINK_RESTORED] = { LOG_LEVEL_NOTICE, "restored broker connection",
	    "broker connection restored" },
	[NOTE_BROKER] = { LOG_LEVEL_WARNING, "change of broker", "another broker is used" },
	[NOTE_MALFORMED] = { LOG_LEVEL_INFO, "malformed packet", "malformed packet" },
	[NOTE_VIOLATION] = { LOG_LEVEL_INFO, "protocol violation", "protocol violation" },
	[NOTE_LIMIT] = { LOG_LEVEL_WARNING, "limit reached", "limit reached" },
	[NOTE_DROPPED] = { LOG_LEVEL_NOTICE, "dropped message", "message dropped" },
	[NOTE_EXPIRED] = { LOG_LEVEL_INFO, "expired session", "session expired" },
	[NOTE_GAVE_UP] = { LOG_LEVEL_NOTICE, "unanswered packet", "no answer from $p" },
	[NOTE_NOMEM] = { LOG_LEVEL_ERROR, "out of memory", "out of memory" },
	[NOTE_UNPROVEN] = { LOG_LEVEL_NOTICE, "failed DTLS handshake", "DTLS handshake failed" },
	[NOTE_NETWORK] = { LOG_LEVEL_WARNING, "trouble in the network", NULL },
};

/* One kind, about clients or about others. */
struct window {
	bool open;
	monotime_t end;
	unsigned said;
	unsigned long held_back;
};

struct notes {
	struct window windows[NOTE_KINDS][2];
};

struct notes *notes_new(void)
{
	return calloc(1, sizeof(struct notes));
}

struct notes *notes_free(struct notes *notes)
{
	free(notes);
	return NULL;
}

static enum log_module module_of(enum gw_note_kind kind)
{
	if (kind == NOTE_LINK_LOST || kind == NOTE_LINK_RESTORED)
		return LOG_MODULE_BROKER;
	if (kind == NOTE_NOMEM || kind == NOTE_NETWORK)
		return LOG_MODULE_PROGRAM;
	return LOG_MODULE_CLIENTS;
}

enum log_level note_level(enum gw_note_kind kind)
{
	return kinds[kind].level;
}

/* --- one line --- */

struct line {
	char *buf;
	size_t len;
};

static void add(struct line *line, const char *text)
{
	size_t room = NOTE_LINE_MAX - 1 - line->len;
	size_t len = strnlen(text, room);

	memcpy(line->buf + line->len, text, len);
	line->len += len;
	line->buf[line->len] = '\0';
}

static const char *print_peer(const struct peer *peer, char *buf)
{
	return peer != NULL ? peer_print(peer, buf) : "an unknown address";
}

static void add_subject(struct line *line, const struct gw_note *note)
{
	char label[LABEL_MAX], peer[PEER_TEXT_MAX];

	if (note->client_id != NULL)
		add(line, label_print(note->client_id, label));
	else if (note->peer != NULL)
		add(line, peer_print(note->peer, peer));
	else
		add(line, "gateway");
	if (note->client_id == NULL && note->claimed.len > 0) {
		add(line, " as ");
		add(line, label_print_bytes(note->claimed, label));
	}
}

static void add_text(struct line *line, const struct gw_note *note)
{
	char peer[PEER_TEXT_MAX], value[24], one[2] = "";

	for (const char *c = kinds[note->kind].text; *c != '\0'; c++) {
		if (c[0] == '$' && c[1] == 'p') {
			add(line, print_peer(note->peer, peer));
			c++;
		} else if (c[0] == '$' && c[1] == 'v') {
			snprintf(value, sizeof value, "%ld", note->value);
			add(line, value);
			c++;
		} else {
			one[0] = *c;
			add(line, one);
		}
	}
}

const char *note_print(const struct gw_note *note, char *buf)
{
	struct line line = { buf, 0 };

	add_subject(&line, note);
	if (kinds[note->kind].text != NULL) {
		add(&line, ": ");
		add_text(&line, note);
	}
	if (note->detail != NULL) {
		add(&line, ": ");
		add(&line, note->detail);
	}
	return buf;
}

/* --- how many --- */

static void close_window(struct window *w, enum gw_note_kind kind)
{
	if (w->held_back > 0)
		log_line(module_of(kind), kinds[kind].level, "%s: said %lu more times",
		    kinds[kind].name, w->held_back);
	*w = (struct window){ 0 };
}

static bool is_over(const struct window *w, monotime_t now)
{
	return w->open && !monotime_before(now, w->end);
}

void notes_say(struct notes *notes, monotime_t now, const struct gw_note *note)
{
	bool stranger = note->client_id == NULL;
	struct window *w = &notes->windows[note->kind][stranger];
	char line[NOTE_LINE_MAX];

	if (!log_enabled(module_of(note->kind), kinds[note->kind].level))
		return;
	if (is_over(w, now))
		close_window(w, note->kind);
	if (!w->open) {
		w->open = true;
		w->end = monotime_add_ms(now, NOTES_WINDOW_MS);
	}
	if (w->said >= (stranger ? NOTES_STRANGERS : NOTES_CLIENTS)) {
		w->held_back++;
		return;
	}
	w->said++;
	log_line(module_of(note->kind), kinds[note->kind].level, "%s", note_print(note, line));
}

void notes_advance(struct notes *notes, monotime_t now)
{
	for (int kind = 0; kind < NOTE_KINDS; kind++) {
		for (int stranger = 0; stranger < 2; stranger++) {
			struct window *w = &notes->windows[kind][stranger];

			if (is_over(w, now))
				close_window(w, kind);
		}
	}
}

bool notes_next_deadline(const struct notes *notes, monotime_t *when)
{
	bool any = false;

	for (int kind = 0; kind < NOTE_KINDS; kind++) {
		for (int stranger = 0; stranger < 2; stranger++) {
			const struct window *w = &notes->windows[kind][stranger];

			if (w->held_back == 0)
				continue;
			if (!any || monotime_before(w->end, *when))
				*when = w->end;
			any = true;
		}
	}
	return any;
}
