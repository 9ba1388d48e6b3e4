/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The normal topic ids of one client (sections 6.5, 7.3; SN12-REG-*): what REGISTER and SUBSCRIBE
 * have bound, in both directions.  Names are copied in.  No time, no I/O.
 *
 * Made to be small for few topics and quick for many: an array by id, and one sorted by name.
 */
#ifndef CORE_TOPIC_REG_H
#define CORE_TOPIC_REG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

#define TOPIC_IDS_MOST 0xfffe /* 5.3.11: 0x0000 and 0xFFFF are reserved */

struct topic_reg;

/* One topic of the client.  Its address and name stay valid until the table is freed, or the id is
 * given to another name (see topic_reg_bind). */
struct topic {
	uint16_t id;  /* 0x0001..0xFFFE */
	bool told;    /* by REGACK or SUBACK since the client's last CONNECT (SN12-CLEAN-08) */
	bool muted;   /* the client rejected our REGISTER: nothing is sent on it (SN12-GPUB-05) */
	bool used;    /* published on or subscribed to: never given away; set once, never cleared */
	uint16_t len; /* of @name, without its terminator */
	char name[];
};

/* NULL when out of memory. */
struct topic_reg *topic_reg_new(void);

/* Frees @reg and every name in it.  NULL is fine; returns NULL. */
struct topic_reg *topic_reg_free(struct topic_reg *reg);

/* Binds @name (a valid topic name), to the id it already has if there is one (SN12-REG-03).
 * When the table has @limit topics (at most TOPIC_IDS_MOST) or more, the id of one that is not
 * `used` is taken over (SN12-REG-11), the one bound longest ago first.  A new binding is neither
 * told, muted nor used.  @limit may be another one each time; a lower one takes no id away. 0 and
 * *out set; -ERR_LIMIT; -ERR_NOMEM. */
int topic_reg_bind(struct topic_reg *reg, struct sn_bytes name, size_t limit, struct topic **out);

/* The topic, or NULL. */
struct topic *topic_reg_by_id(const struct topic_reg *reg, uint16_t id);
struct topic *topic_reg_by_name(const struct topic_reg *reg, struct sn_bytes name);

/* Forgets every topic. */
void topic_reg_clear(struct topic_reg *reg);

size_t topic_reg_count(const struct topic_reg *reg);

#endif
