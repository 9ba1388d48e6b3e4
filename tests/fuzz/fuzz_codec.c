/* SPDX-License-Identifier: BSD-3-Clause */
/* Octets -> struct -> octets and struct -> line -> struct; the input is tried as a datagram and as
 * a line of text. */
#include <string.h>

#include "sn_codec/sn_text.h"
#include "tests/codec/packets.h"
#include "tests/fuzz/fuzz.h"

static void *allocate(size_t size)
{
	void *memory = malloc(size > 0 ? size : 1);

	FUZZ_CHECK(memory != NULL);
	return memory;
}

/* The line without a limit; the caller frees it. */
static char *print(const struct sn_packet *packet)
{
	size_t len = sn_text_print(NULL, 0, packet, SIZE_MAX);
	char *line = allocate(len + 1), *cut = allocate(len / 2 + 1);

	FUZZ_CHECK(sn_text_print(line, len + 1, packet, SIZE_MAX) == len);
	FUZZ_CHECK(strlen(line) == len);
	FUZZ_CHECK(sn_text_print(cut, len / 2 + 1, packet, SIZE_MAX) == len);
	FUZZ_CHECK(strncmp(cut, line, len / 2) == 0);
	free(cut);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(line[i] >= ' ' && line[i] <= '~');
	return line;
}

/* Memory for all that @line may hold; the caller frees its buf. */
static struct sn_text_arena arena_for(const char *line)
{
	size_t size = 2 * strlen(line);

	return (struct sn_text_arena){ .buf = allocate(size), .size = size };
}

/* An inner message that is printed as text comes back in its canonical octets, in @buf. */
static void make_inner_canonical(struct sn_encapsulated *encapsulated, uint8_t *buf)
{
	struct sn_bytes *inner = &encapsulated->inner;
	struct sn_packet packet;

	if (sn_decode(inner->data, inner->len, &packet) != SN_OK || packet.type == SN_ENCAPSULATED)
		return;
	FUZZ_CHECK(sn_encode(buf, inner->len, &packet, &inner->len) == SN_OK);
	inner->data = buf;
}

static void check_text(const struct sn_packet *packet, size_t len)
{
	uint8_t *inner = allocate(len);
	char *line = print(packet);
	struct sn_text_arena arena = arena_for(line);
	struct sn_packet want = *packet, got;

	if (want.type == SN_ENCAPSULATED)
		make_inner_canonical(&want.encapsulated, inner);
	FUZZ_CHECK(sn_text_parse(line, &got, &arena, NULL) == NULL);
	FUZZ_CHECK(packet_equal(&got, &want));
	free(arena.buf);
	free(line);
	free(inner);
}

/* What has been decoded can be encoded, in no more octets than it had. */
static void check_octets(const struct sn_packet *packet, size_t len)
{
	uint8_t *first = allocate(len), *second = allocate(len);
	size_t first_len, second_len;
	struct sn_packet back;

	FUZZ_CHECK(sn_encode(first, len, packet, &first_len) == SN_OK);
	FUZZ_CHECK(sn_decode(first, first_len, &back) == SN_OK);
	FUZZ_CHECK(packet_equal(&back, packet));
	FUZZ_CHECK(sn_encode(second, len, &back, &second_len) == SN_OK);
	FUZZ_CHECK(second_len == first_len && memcmp(first, second, first_len) == 0);
	free(second);
	free(first);
}

static void try_datagram(const uint8_t *data, size_t len)
{
	struct sn_packet packet;

	if (sn_decode(data, len, &packet) != SN_OK)
		return;
	check_octets(&packet, len);
	check_text(&packet, len);
}

/* A line that can be read is printed in a form that is read as the same. */
static void try_line(const uint8_t *data, size_t len)
{
	char *line = allocate(len + 1), *again;
	struct sn_text_arena arena, arena_again;
	struct sn_packet packet, same;
	const char *error;
	size_t at = 0;

	memcpy(line, data, len);
	line[len] = '\0';
	arena = arena_for(line);
	error = sn_text_parse(line, &packet, &arena, &at);
	FUZZ_CHECK(error == NULL || at <= strlen(line));
	if (error == NULL) {
		again = print(&packet);
		arena_again = arena_for(again);
		FUZZ_CHECK(sn_text_parse(again, &same, &arena_again, NULL) == NULL);
		if (packet.type != SN_ENCAPSULATED)
			FUZZ_CHECK(packet_equal(&same, &packet));
		free(arena_again.buf);
		free(again);
	}
	free(arena.buf);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	try_datagram(data, len);
	try_line(data, len);
	return 0;
}
