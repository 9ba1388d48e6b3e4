/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/filter.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "gateway/core/topic_predef.h"
#include "sn_codec/sn_codec.h"

void filter_init(struct filter *filter)
{
	memset(filter, 0, sizeof *filter);
}

/* --- setting --- */

static const char *set_client(struct filter *filter, const char *value)
{
	if (strlen(value) >= sizeof filter->client)
		return "the pattern is too long";
	strcpy(filter->client, value);
	return NULL;
}

static const char *set_address(struct filter *filter, const char *value)
{
	struct netaddr address = { 0 };

	if (*value != '\0' && netaddr_parse(&address, value, 0) < 0)
		return "is no address such as 10.0.0.5, 10.0.0.5:4711 or [fe80::1]:4711";
	filter->address = address;
	return NULL;
}

/* The type of this name, of @len characters, or -1. */
static int find_type(const char *name, size_t len)
{
	for (int type = 0; type < 256; type++) {
		const char *known = sn_type_name((uint8_t)type);

		if (known != NULL && strlen(known) == len && strncasecmp(known, name, len) == 0)
			return type;
	}
	return -1;
}

static const char *set_type(struct filter *filter, const char *value)
{
	uint8_t types[sizeof filter->types] = { 0 };
	const char *at = value;

	while (*value != '\0') {
		size_t len = strcspn(at, ", ");
		int type = find_type(at, len);

		if (type < 0)
			return "is no list of messages such as PUBLISH,PUBACK";
		types[type / 8] |= (uint8_t)(1u << type % 8);
		at += len;
		if (*at == '\0')
			break;
		at += strspn(at, ", ");
	}
	memcpy(filter->types, types, sizeof types);
	filter->some_types = *value != '\0';
	return NULL;
}

static const char *set_direction(struct filter *filter, const char *value)
{
	bool in = strcmp(value, "in") == 0, out = strcmp(value, "out") == 0;

	if (!in && !out && *value != '\0' && strcmp(value, "both") != 0)
		return "is none of in, out, both";
	filter->no_in = out;
	filter->no_out = in;
	return NULL;
}

const char *filter_set(struct filter *filter, const char *name, const char *value)
{
	static const struct {
		const char *name;
		const char *(*set)(struct filter *filter, const char *value);
	} conditions[] = {
		{ "client", set_client },
		{ "address", set_address },
		{ "type", set_type },
		{ "direction", set_direction },
	};

	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
		if (strcmp(conditions[i].name, name) == 0)
			return conditions[i].set(filter, value);
	return "is none of client, address, type, direction";
}

/* --- asking --- */

static bool passes_client(const struct filter *filter, const char *client_id)
{
	return filter->client[0] == '\0' ||
	       (client_id != NULL && topic_predef_pattern_matches(filter->client, client_id));
}

/* A scope and a port count only where the filter names them. */
static bool passes_address(const struct filter *filter, const struct netaddr *address)
{
	const struct netaddr *wanted = &filter->address;

	if (wanted->family == 0)
		return true;
	return address != NULL && address->family == wanted->family &&
	       memcmp(address->ip, wanted->ip, sizeof wanted->ip) == 0 &&
	       (wanted->scope == 0 || address->scope == wanted->scope) &&
	       (wanted->port == 0 || address->port == wanted->port);
}

static bool passes_type(const struct filter *filter, int type)
{
	if (!filter->some_types)
		return true;
	return type >= 0 && (filter->types[type / 8] & 1u << type % 8) != 0;
}

bool filter_passes(const struct filter *filter, const struct filter_subject *subject)
{
	if (subject->out ? filter->no_out : filter->no_in)
		return false;
	return passes_type(filter, subject->type) && passes_address(filter, subject->address) &&
	       passes_client(filter, subject->client_id);
}
