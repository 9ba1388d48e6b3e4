/* SPDX-License-Identifier: BSD-3-Clause */
/* lines_to_pcap FILE PORT: packets as lines of text on the standard input -> a capture of UDP
 * datagrams to PORT, for a foreign decoder to judge our encoder. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_text.h"
#include "sn_codec/wire.h"

enum {
	MAGIC = 0xa1b2c3d4,
	LINKTYPE_RAW = 101, /* begins with the IP header */
	IP_HEADER = 20,
	UDP_HEADER = 8,
	HEADERS = IP_HEADER + UDP_HEADER,
	DATAGRAM_MAX = 65535 - HEADERS,
	LINE_MAX_LEN = 4 * DATAGRAM_MAX,
};

/* The order of octets in the capture file is ours to choose; the wire's is at hand. */
static void wr_u32(struct wire_writer *w, uint32_t value)
{
	wr_u16(w, (uint16_t)(value >> 16));
	wr_u16(w, (uint16_t)value);
}

static size_t file_header(uint8_t *buf, size_t size)
{
	struct wire_writer w = { .pos = buf, .end = buf + size };

	wr_u32(&w, MAGIC);
	wr_u16(&w, 2); /* version 2.4 */
	wr_u16(&w, 4);
	wr_u32(&w, 0);
	wr_u32(&w, 0);
	wr_u32(&w, UINT16_MAX);
	wr_u32(&w, LINKTYPE_RAW);
	return (size_t)(w.pos - buf);
}

/* Record, IP and UDP header of a datagram of @len octets. */
static size_t datagram_header(uint8_t *buf, size_t size, size_t len, uint16_t port)
{
	struct wire_writer w = { .pos = buf, .end = buf + size };

	wr_u32(&w, 0); /* time */
	wr_u32(&w, 0);
	wr_u32(&w, (uint32_t)(HEADERS + len));
	wr_u32(&w, (uint32_t)(HEADERS + len));
	wr_u16(&w, 0x4500);
	wr_u16(&w, (uint16_t)(HEADERS + len));
	wr_u32(&w, 0);
	wr_u8(&w, 64);
	wr_u8(&w, IPPROTO_UDP);
	wr_u16(&w, 0); /* checksums: not looked at */
	wr_u32(&w, INADDR_LOOPBACK);
	wr_u32(&w, INADDR_LOOPBACK);
	wr_u16(&w, 40000);
	wr_u16(&w, port);
	wr_u16(&w, (uint16_t)(UDP_HEADER + len));
	wr_u16(&w, 0);
	return (size_t)(w.pos - buf);
}

/* Encodes @line; returns NULL or what is wrong with it. */
static const char *encode_line(const char *line, uint8_t *buf, size_t *len)
{
	static uint8_t memory[2 * LINE_MAX_LEN];
	struct sn_text_arena arena = { .buf = memory, .size = sizeof(memory) };
	struct sn_packet packet;
	const char *error = sn_text_parse(line, &packet, &arena, NULL);
	enum sn_status status;

	if (error != NULL)
		return error;
	status = sn_encode(buf, DATAGRAM_MAX, &packet, len);
	return status == SN_OK ? NULL : sn_status_name(status);
}

static int convert(FILE *out, uint16_t port)
{
	static char line[LINE_MAX_LEN];
	static uint8_t datagram[DATAGRAM_MAX];
	uint8_t header[64];

	fwrite(header, 1, file_header(header, sizeof(header)), out);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		const char *error;
		size_t len;

		line[strcspn(line, "\n")] = '\0';
		error = encode_line(line, datagram, &len);
		if (error != NULL) {
			fprintf(stderr, "%s: %s\n", line, error);
			return EXIT_FAILURE;
		}
		fwrite(header, 1, datagram_header(header, sizeof(header), len, port), out);
		fwrite(datagram, 1, len, out);
	}
	return ferror(stdin) || ferror(out) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	FILE *out = argc == 3 ? fopen(argv[1], "wb") : NULL;
	int status;

	if (out == NULL) {
		fprintf(stderr, "usage: lines_to_pcap FILE PORT <LINES\n");
		return EXIT_FAILURE;
	}
	status = convert(out, (uint16_t)atoi(argv[2]));
	return fclose(out) == 0 ? status : EXIT_FAILURE;
}
