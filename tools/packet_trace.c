/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/packet_trace.h"

#include <stdio.h>

#include "sn_codec/sn_text.h"

#define DATA_MAX 64 /* octets of payload */

void packet_trace(char arrow, const uint8_t *data, size_t len)
{
	char line[1024];
	struct sn_packet packet;
	enum sn_status status = sn_decode(data, len, &packet);

	if (status == SN_OK)
		sn_text_print(line, sizeof line, &packet, DATA_MAX);
	else
		snprintf(line, sizeof line, "%zu octets: %s", len, sn_status_name(status));
	fprintf(stderr, "%c %s\n", arrow, line);
}
