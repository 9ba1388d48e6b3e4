/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/schema.h"

#include <stdio.h>

/* Either all that there is to say, or what stands around the numbers. */
static const struct {
	const char *all;
	const char *before, *unit;
	uint32_t scale; /* 0: 1 */
} words[] = {
	[SCHEMA_BOOL] = { "true or false" },
	[SCHEMA_COUNT] = { NULL, "" },
	[SCHEMA_SECONDS] = { NULL, "", "seconds", 1000 },
	[SCHEMA_TEXT] = { NULL, "a string of ", "octets" },
	[SCHEMA_TOPIC] = { NULL, "a topic name of ", "octets" },
	[SCHEMA_FILE] = { NULL, "a path of ", "octets" },
	[SCHEMA_SECRET] = { NULL, "a string of ", "octets" },
	[SCHEMA_ADDRESS] = { "\"ADDRESS:PORT\"" },
	[SCHEMA_FILTERS] = { NULL, "[ ... ] of ", "topic filters" },
	[SCHEMA_HOSTS] = { NULL, "[ ... ] of ", "\"HOST:PORT\" or \"HOST\"" },
	[SCHEMA_GROUP] = { "{ ... }" },
	[SCHEMA_LIST] = { NULL, "a list of ", "groups" },
};

static void choices_text(const struct schema_row *row, char *buf)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; row->choices[i] != NULL && len < SCHEMA_RANGE_MAX; i++)
		len += (size_t)snprintf(buf + len, SCHEMA_RANGE_MAX - len, "%s\"%s\"",
		    i > 0 ? ", " : "", row->choices[i]);
}

static void numbers_text(const struct schema_row *row, char *buf)
{
	const char *unit = row->unit != NULL ? row->unit : words[row->type].unit;
	double scale = words[row->type].scale > 0 ? words[row->type].scale : 1;

	snprintf(buf, SCHEMA_RANGE_MAX, "%s%s%.10g to %.10g%s%s", words[row->type].before,
	    row->or_zero ? "0, or " : "", row->least / scale, row->most / scale,
	    unit != NULL ? " " : "", unit != NULL ? unit : "");
}

const char *schema_range(const struct schema_row *row, char *buf)
{
	if (row->type == SCHEMA_CHOICE)
		choices_text(row, buf);
	else if (words[row->type].all != NULL)
		snprintf(buf, SCHEMA_RANGE_MAX, "%s", words[row->type].all);
	else
		numbers_text(row, buf);
	return buf;
}
