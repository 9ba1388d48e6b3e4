/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be configured: tables with a row for each setting.  Reading, checking, defaults,
 * printing, the shipped sample and the manual page all come from here.  A new setting is a member
 * of a struct and a row in a table; a new list is an array and its count, a
 * table of its members, and a row.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schema_type {
	SCHEMA_BOOL,    /* bool */
	SCHEMA_COUNT,   /* an integer: uint8_t, uint16_t or uint32_t */
	SCHEMA_SECONDS, /* a time, an integer or a fraction: uint32_t, in milliseconds */
	SCHEMA_TEXT,    /* UTF-8: char *, as the next ones */
	SCHEMA_TOPIC,   /* a topic name */
	SCHEMA_FILE,    /* a path of a file to read */
	SCHEMA_SECRET,  /* a text that is never printed */
	SCHEMA_ADDRESS, /* an IP address with a port: struct netaddr */
	SCHEMA_FILTERS, /* topic filters: char **, an array that ends with NULL; NULL: none */
	SCHEMA_HOSTS,   /* hosts with perhaps a port (host.h), in the same way */
	SCHEMA_CHOICE,  /* one of @choices: an enum that counts from 0 */
	SCHEMA_GROUP,   /* { ... }: members of the same struct */
	SCHEMA_LIST,    /* ( { ... }, { ... } ): an array of structs */
};

struct schema_row;

struct schema {
	const struct schema_row *rows;
	size_t n;
};

struct schema_row {
	const char *name;
	enum schema_type type;
	size_t offset; /* in the struct of the group; of a list: that of the pointer to its array */
	size_t size;   /* of the member; of a list: of one element */

	/* The range, in the unit in which it is stored; of texts: their
	 * octets, of filters and lists: how many. */
	uint32_t least, most;
	bool or_zero; /* 0 is allowed beside the range */
	const char *unit;

	const char *preset;  /* the default, as text; NULL: not set */
	bool required;       /* in each element of a list */
	const char *example; /* where there is no default */
	const char *help;

	const char *const *choices; /* ends with NULL */
	struct schema members;      /* of a group or list */
	size_t count_offset;        /* of a list: that of its count, a size_t */
};

/* The row of this name, or NULL. */
const struct schema_row *schema_find(const struct schema *schema, const char *name);

/* The row whose name is nearly @name, or NULL. */
const struct schema_row *schema_nearest(const struct schema *schema, const char *name);

/* Writes what a setting may be, for people: "0, or 5 to 65535 seconds".  Returns @buf. */
#define SCHEMA_RANGE_MAX 128
const char *schema_range(const struct schema_row *row, char *buf);

#endif
