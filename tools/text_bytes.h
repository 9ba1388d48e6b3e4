/* SPDX-License-Identifier: BSD-3-Clause */
/* Terminated text as the octets that the codec works with. */
#ifndef TOOLS_TEXT_BYTES_H
#define TOOLS_TEXT_BYTES_H

#include <string.h>

#include "sn_codec/sn_codec.h"

static inline struct sn_bytes text_bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

#endif
