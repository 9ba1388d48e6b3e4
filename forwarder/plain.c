/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MQTT-SN messages one after the other, without anything around them, as serial bridges and small
 * radios send them.  There is no mark where a message begins, so what looks like a message is one
 * only if all of it decodes; if not, the search goes on one octet further.
 *
 * A message that does not end for a while (octets were lost, or noise looked like its beginning)
 * does not hold up the next: after a pause nothing continues what came before it.
 */
#include <string.h>

#include "forwarder/framing.h"
#include "sn_codec/sn_codec.h"

enum {
	PAUSE_MS = 100,
	NO_MESSAGE = -1,
	UNKNOWN = 0,
	LENGTH_3_OCTETS = 0x01,
};

static size_t room(size_t len)
{
	return len;
}

static size_t wrap(const uint8_t *frame, size_t len, uint8_t *out)
{
	memcpy(out, frame, len);
	return len;
}

/* The whole length of the message that begins here, NO_MESSAGE, or UNKNOWN before enough has come.
 */
static long message_length(const uint8_t *data, size_t len, size_t most)
{
	size_t header = data[0] == LENGTH_3_OCTETS ? 4 : 2;
	size_t total = data[0];

	if (header == 4 && len >= 3)
		total = (size_t)data[1] << 8 | data[2];
	else if (header == 4)
		return UNKNOWN;
	if (total < header || total > most)
		return NO_MESSAGE;
	if (len < header)
		return UNKNOWN;
	/* No message that travels alone. */
	if (data[header - 1] == SN_ENCAPSULATED || sn_type_name(data[header - 1]) == NULL)
		return NO_MESSAGE;
	return (long)total;
}

static bool decodes(const uint8_t *data, size_t len)
{
	struct sn_packet packet;

	return sn_decode(data, len, &packet) == SN_OK;
}

static void drop(struct framer *f, size_t n)
{
	memmove(f->buf, f->buf + n, f->len - n);
	f->len -= n;
}

/* Hands on the messages collected.  @all: nothing will be added to what is there. */
static void scan(struct framer *f, bool all)
{
	size_t at = 0;

	while (at < f->len) {
		const uint8_t *begin = f->buf + at;
		long total = message_length(begin, f->len - at, f->most);
		bool whole = total > 0 && (size_t)total <= f->len - at;

		if (total != NO_MESSAGE && !whole && !all)
			break;
		if (whole && decodes(begin, (size_t)total)) {
			f->counters.frames++;
			f->on_frame(f->ctx, begin, (size_t)total);
			at += (size_t)total;
		} else {
			f->counters.skipped++;
			at++;
		}
	}
	drop(f, at);
}

static void push(struct framer *f, monotime_t now, const uint8_t *data, size_t len)
{
	if (f->len > 0 && monotime_ms_between(f->last, now) > PAUSE_MS)
		scan(f, true);
	f->last = now;
	while (len > 0) {
		size_t n = f->most - f->len < len ? f->most - f->len : len;

		memcpy(f->buf + f->len, data, n);
		f->len += n;
		data += n;
		len -= n;
		scan(f, false);
	}
}

const struct framing_ops plain_framing = { .room = room, .wrap = wrap, .push = push };
