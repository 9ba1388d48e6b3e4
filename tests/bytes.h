/* SPDX-License-Identifier: BSD-3-Clause */
/* Text as octets. */
#ifndef TESTS_BYTES_H
#define TESTS_BYTES_H

#include <string.h>

#include "sn_codec/sn_codec.h"

static inline struct sn_bytes bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

#endif
