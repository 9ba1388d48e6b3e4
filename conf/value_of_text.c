/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool parse_bool(const char *text, struct value *out)
{
	bool yes = strcasecmp(text, "true") == 0;

	if (!yes && strcasecmp(text, "false") != 0)
		return false;
	*out = (struct value){ VALUE_BOOL, .boolean = yes };
	return true;
}

static bool is_whole_number(const char *text)
{
	text += *text == '-' || *text == '+';
	if (strncasecmp(text, "0x", 2) == 0)
		return text[2] != '\0' &&
		       text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0';
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* As in the file: decimal, or hexadecimal with "0x"; a leading 0 is not octal. */
static bool parse_integer(const char *text, struct value *out)
{
	bool hex;

	if (!is_whole_number(text))
		return false;
	hex = strpbrk(text, "xX") != NULL;
	/* Beyond its range strtoll() gives the nearest value, which is out of any range here. */
	*out = (struct value){ VALUE_INTEGER, .integer = strtoll(text, NULL, hex ? 16 : 10) };
	return true;
}

static bool parse_real(const char *text, struct value *out)
{
	char *end;
	double real = strtod(text, &end);

	if (end == text || *end != '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
		return false;
	*out = (struct value){ VALUE_REAL, .real = real };
	return true;
}

static bool parse_number(const char *text, struct value *out)
{
	return parse_integer(text, out) || parse_real(text, out);
}

struct value value_of_text(const struct schema_row *row, const char *text)
{
	struct value value = { VALUE_TEXT, .text = text };

	if (row->type == SCHEMA_BOOL)
		parse_bool(text, &value);
	else if (row->type == SCHEMA_COUNT || row->type == SCHEMA_SECONDS)
		parse_number(text, &value);
	return value;
}
