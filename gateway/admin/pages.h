/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the admin server can show.  Each writes its document to @out, which is empty, and returns
 * the status of the answer.
 */
#ifndef ADMIN_PAGES_H
#define ADMIN_PAGES_H

#include "gateway/admin/admin.h"
#include "gateway/admin/text.h"
#include "gateway/core/inspect.h"

/* What they are made from. */
struct pages {
	const struct gw *gw;
	struct admin_ports ports;
	const char *version;
	bool actions; /* there is a token */
	monotime_t started;
	uint64_t requests; /* until now; */
	uint64_t refused;  /* of these, for want of the token, or from another site */
};

/* Prometheus' text format, 0.0.4. */
int metrics_page(const struct pages *pages, struct text *out);

int health_page(const struct pages *pages, struct text *out);
int status_page(const struct pages *pages, struct text *out);

/* Which clients to list. */
struct clients_wish {
	inspect_place after; /* as "next" of the page before; 0: from the beginning */
	size_t limit;
	int state;           /* enum client_state; -1: any */
	const char *pattern; /* of the client id; NULL: any */
};

int clients_page(const struct pages *pages, const struct clients_wish *wish, struct text *out);
/* 404 if there is no client of this id. */
int client_page(const struct pages *pages, struct sn_bytes id, struct text *out);

#endif
