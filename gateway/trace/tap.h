/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One live reader's stream.  A packet is put whole or not at all; those that found no room are told
 * in their place: in a line of the text, in pcapng with the next packet.
 */
#ifndef TRACE_TAP_H
#define TRACE_TAP_H

#include <stdbool.h>
#include <sys/queue.h>

#include "gateway/trace/ring.h"
#include "gateway/trace/seen.h"
#include "gateway/trace/tracer.h"

struct tracer_tap {
	struct tracer *tracer;
	TAILQ_ENTRY(tracer_tap) link;
	struct filter filter;
	enum tracer_format format;
	struct ring ring;
	uint64_t lost; /* since the last packet that found room */
	bool awake;    /* its reader knows that there is something */
	tracer_data_fn *on_data;
	void *ctx;
};

/* NULL when out of memory. */
struct tracer_tap *tap_new(const struct filter *filter, enum tracer_format format, size_t size);

/* NULL is fine; returns NULL. */
struct tracer_tap *tap_free(struct tracer_tap *tap);

/* @scratch: for a block of pcapng.  False if it was lost. */
bool tap_put(struct tracer_tap *tap, const struct seen *seen, uint8_t *scratch);

size_t tap_take(struct tracer_tap *tap, void *buf, size_t size);

#endif
