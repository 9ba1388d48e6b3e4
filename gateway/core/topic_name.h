/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may stand as a topic name or a topic filter (MQTT 3.1.1 section 4.7, SN12-FIELD-12, -13,
 * SN12-SUB-11), and which names a filter matches.  Text is not terminated.
 */
#ifndef CORE_TOPIC_NAME_H
#define CORE_TOPIC_NAME_H

#include <stdbool.h>

#include "sn_codec/sn_codec.h"

/* Well-formed UTF-8: no U+0000, no surrogates, no overlong forms (MQTT 1.5.3).  Empty is valid. */
bool topic_utf8_valid(struct sn_bytes text);

/* 1 to 65535 octets, valid UTF-8, no wildcard. */
bool topic_name_valid(struct sn_bytes name);

/* 1 to 65535 octets, valid UTF-8, wildcards only where MQTT allows them; "$share/group/filter"
 * needs a group without wildcards and a valid filter. */
bool topic_filter_valid(struct sn_bytes filter);

/* True if the filter, which must be valid, matches more than the one name it spells: it has a
 * wildcard or is a shared subscription (SN12-SUB-02, -15). */
bool topic_filter_is_pattern(struct sn_bytes filter);

bool topic_filter_is_shared(struct sn_bytes filter);

/* MQTT matching: '+', '#', and no wildcard in the first level matches a name that starts with '$'.
 * The "$share/group/" of a shared subscription is left out of the comparison. */
bool topic_filter_matches(struct sn_bytes filter, struct sn_bytes name);

#endif
