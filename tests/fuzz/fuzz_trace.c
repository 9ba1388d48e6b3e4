/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace under any packets and words with the broker.  Each input is a list of acts: an octet
 * that says what happens and how, one for how many octets it takes, then these.  Whatever comes,
 * the text is lines of printable ASCII and the pcapng stream whole blocks, and what the readers got
 * and what they were told to have lost add up to what was shown.
 */
#include <string.h>

#include "gateway/trace/tracer.h"
#include "tests/fuzz/fuzz.h"

enum act {
	SAID = 1,   /* instead of heard */
	BROKER = 2, /* a word with the broker, not a packet */
	HIDDEN = 4,
	ENCAPSULATED = 8,
	IPV6 = 16,
	KNOWN = 32, /* the client is */
	REFUSED = 64,
	READ = 128, /* the readers take what there is */
};

enum {
	ID_MAX = 40,
	LINE_MOST = 2200,
	BLOCK_MIN = 12,
	OPTION_DROPPED = 4,
};

/* What the readers have got. */
struct world {
	struct tracer *tracer;
	struct tracer_tap *text, *pcapng;
	uint64_t packets, words;      /* shown to the tracer */
	uint64_t lines, lines_lost;   /* read */
	uint64_t blocks, blocks_lost; /* read, of packets */
	size_t line, block;           /* octets of the unfinished one */
	uint8_t line_buf[LINE_MOST];
	uint8_t block_buf[1 << 18];
};

static void ignore_switch(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

static void ignore_data(void *ctx, struct tracer_tap *tap)
{
	(void)ctx;
	(void)tap;
}

/* --- reading --- */

static void end_line(struct world *w)
{
	unsigned long lost;

	w->line_buf[w->line] = '\0';
	if (sscanf((const char *)w->line_buf, "# %lu lines lost", &lost) == 1)
		w->lines_lost += lost;
	else
		w->lines++;
	w->line = 0;
}

static void read_text(struct world *w)
{
	uint8_t buf[512];
	size_t n;

	while ((n = tracer_tap_take(w->text, buf, sizeof buf)) > 0) {
		for (size_t i = 0; i < n; i++) {
			FUZZ_CHECK(buf[i] == '\n' || (buf[i] >= ' ' && buf[i] < 0x7f));
			FUZZ_CHECK(w->line < LINE_MOST - 1);
			if (buf[i] == '\n')
				end_line(w);
			else
				w->line_buf[w->line++] = buf[i];
		}
	}
}

static uint32_t little(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static void check_options(struct world *w, const uint8_t *at, const uint8_t *end)
{
	while (true) {
		uint32_t code = little(at, 2), len = little(at + 2, 2);

		at += 4;
		FUZZ_CHECK(at + len <= end);
		if (code == 0)
			break;
		if (code == OPTION_DROPPED)
			w->blocks_lost += little(at, 4);
		at += (len + 3) / 4 * 4;
	}
	FUZZ_CHECK(at == end);
}

/* The block at the start of the buffer, if it is there as a whole; returns its length. */
static size_t check_block(struct world *w)
{
	const uint8_t *block = w->block_buf;
	uint32_t len, captured;

	if (w->block < BLOCK_MIN)
		return 0;
	len = little(block + 4, 4);
	FUZZ_CHECK(len >= BLOCK_MIN && len % 4 == 0 && len <= sizeof w->block_buf);
	if (w->block < len)
		return 0;
	FUZZ_CHECK(little(block + len - 4, 4) == len);
	if (little(block, 4) != 6)
		return len;
	captured = little(block + 20, 4);
	FUZZ_CHECK(captured >= 28 && captured <= len - 32);
	check_options(w, block + 28 + (captured + 3) / 4 * 4, block + len - 4);
	w->blocks++;
	return len;
}

static void read_pcapng(struct world *w)
{
	size_t n, len;

	while ((n = tracer_tap_take(
	            w->pcapng, w->block_buf + w->block, sizeof w->block_buf - w->block)) > 0) {
		w->block += n;
		while ((len = check_block(w)) > 0) {
			w->block -= len;
			memmove(w->block_buf, w->block_buf + len, w->block);
		}
	}
}

/* --- showing --- */

static const char *make_id(char buf[ID_MAX + 1], const uint8_t *data, size_t len)
{
	size_t n = len < ID_MAX ? len : ID_MAX;

	memcpy(buf, data, n);
	buf[n] = '\0';
	return buf;
}

static void show_packet(
    struct world *w, unsigned act, const char *id, const uint8_t *data, size_t len)
{
	struct peer peer = { .addr = { .family = act & IPV6 ? 6 : 4, .port = 4711 } };
	struct sn_packet decoded;
	struct gw_packet packet = {
		.out = act & SAID,
		.peer = &peer,
		.client_id = act & KNOWN ? id : NULL,
		.data = data,
		.len = len,
		.verdict = act & REFUSED ? "no session" : NULL,
	};

	if (act & ENCAPSULATED) {
		peer.encapsulated = 1;
		peer.node_len = (uint8_t)(len < SN_NODE_ID_MAX ? len : SN_NODE_ID_MAX);
		memcpy(peer.node, data, peer.node_len);
	}
	if (sn_decode(data, len, &decoded) == SN_OK)
		packet.packet = &decoded;
	tracer_packet(w->tracer, &packet);
	w->packets++;
}

static void show_word(
    struct world *w, unsigned act, const char *id, const uint8_t *data, size_t len)
{
	const struct up_will will = { .topic = id, .message = { data, len } };
	const struct up_spec spec = { .client_id = id, .will = act & KNOWN ? &will : NULL };
	const struct up_call call = { .kind = act & IPV6 ? UP_CALL_CONNECT : UP_CALL_PUBLISH,
		.spec = &spec,
		.topic = id,
		.payload = { data, len } };
	const struct up_event event = { .kind = UP_MESSAGE,
		.message = { .topic = id, .payload = { data, len } } };

	if (act & SAID)
		tracer_call(w->tracer, id, &call);
	else
		tracer_event(w->tracer, id, &event);
	w->words++;
}

static void play(struct world *w, unsigned act, const uint8_t *data, size_t len)
{
	const struct tracer_config config = { .payloads = !(act & HIDDEN) };
	char id[ID_MAX + 1];

	tracer_configure(w->tracer, (monotime_t){ 0 }, &config);
	make_id(id, data, len);
	if (act & BROKER)
		show_word(w, act, id, data, len);
	else
		show_packet(w, act, id, data, len);
	if (act & READ) {
		read_text(w);
		read_pcapng(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct world w;
	struct filter all;
	uint64_t untold; /* blocks lost at the end: none behind them tells */

	memset(&w, 0, sizeof w);
	filter_init(&all);
	w.tracer = tracer_new(ignore_switch, NULL);
	FUZZ_CHECK(w.tracer != NULL);
	w.text = tracer_tap_new(w.tracer, &all, TRACER_TEXT, 0, ignore_data, NULL);
	w.pcapng = tracer_tap_new(w.tracer, &all, TRACER_PCAPNG, 0, ignore_data, NULL);
	FUZZ_CHECK(w.text != NULL && w.pcapng != NULL);
	while (len >= 2) {
		size_t n = (size_t)data[1] * 4;

		n = n < len - 2 ? n : len - 2;
		play(&w, data[0], data + 2, n);
		data += 2 + n;
		len -= 2 + n;
	}
	read_text(&w);
	read_pcapng(&w);
	FUZZ_CHECK(w.line == 0 && w.block == 0);
	FUZZ_CHECK(w.lines + w.lines_lost == w.packets + w.words);
	untold = tracer_metrics(w.tracer)->tap_lost - w.lines_lost - w.blocks_lost;
	FUZZ_CHECK(w.blocks + w.blocks_lost + untold == w.packets);
	tracer_tap_free(w.text);
	tracer_tap_free(w.pcapng);
	tracer_free(w.tracer);
	return 0;
}
