/* SPDX-License-Identifier: BSD-3-Clause */
#include "sn_codec/message.h"
#include "sn_codec/sn_text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const return_codes[] = {
	[SN_ACCEPTED] = "accepted",
	[SN_CONGESTION] = "congestion",
	[SN_INVALID_TOPIC_ID] = "invalid-topic-id",
	[SN_NOT_SUPPORTED] = "not-supported",
};

static const char *const statuses[] = {
	[SN_OK] = "ok",
	[SN_SHORT] = "too short",
	[SN_BAD_LENGTH] = "bad length",
	[SN_TRAILING] = "trailing octets",
	[SN_UNKNOWN_TYPE] = "unknown type",
	[SN_BAD_FIELD] = "bad field",
	[SN_NO_SPACE] = "no space",
};

const char *sn_type_name(uint8_t type)
{
	return message_table[type].name;
}

const char *sn_return_code_name(uint8_t code)
{
	return code < COUNT(return_codes) ? return_codes[code] : NULL;
}

const char *sn_status_name(enum sn_status status)
{
	return (size_t)status < COUNT(statuses) ? statuses[status] : "unknown status";
}
