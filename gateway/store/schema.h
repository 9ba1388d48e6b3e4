/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of the database, and how those of older versions become them. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <sqlite3.h>
#include <stddef.h>

/* In the database's header (PRAGMA application_id): "SNgw". */
#define SCHEMA_APPLICATION 0x534e6777

/* What makes version n + 1 of version n: statements. */
struct schema_steps {
	const char *const *steps;
	int n; /* the version that comes of them */
};

/* Those of this program. */
extern const struct schema_steps schema_steps;

/* Takes all steps from @version on in one transaction; 0 is an empty database.  Returns a result
 * code of SQLite; on failure nothing has changed. */
int schema_upgrade(sqlite3 *db, const struct schema_steps *steps, int version);

#endif
