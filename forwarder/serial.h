/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A serial line with frames on it, on the event loop.  A device that cannot be opened, or goes
 * away, is tried again and again with back-off: a dongle may be unplugged and come back.
 *
 * Nothing is written outside serial_flush().  What waits to be written is bounded to about two
 * seconds of the line, since later it would be of no use any more.
 */
#ifndef FORWARDER_SERIAL_H
#define FORWARDER_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/framer.h"

struct event_base;
struct serial;

enum serial_parity {
	SERIAL_NO_PARITY,
	SERIAL_EVEN,
	SERIAL_ODD,
};

struct serial_config {
	const char *device; /* copied */
	enum framing framing;
	size_t max_frame; /* octets */
	uint32_t speed;   /* bits per second, see serial_speed_known() */
	enum serial_parity parity;
	bool two_stop_bits;
	bool flow_control; /* RTS and CTS */
};

struct serial_counters {
	uint64_t octets_read;
	uint64_t octets_written;
	uint64_t sent;         /* frames */
	uint64_t send_dropped; /* frames: no device, or too much waits */
	uint64_t opened;       /* how often the device was */
};

/* @up: the device was opened.  Else it is lost or cannot be opened, errno tells why; said once. */
typedef void serial_state_fn(void *ctx, bool up);

struct serial_handlers {
	frame_fn *on_frame;
	serial_state_fn *on_state;
	void *ctx;
};

bool serial_speed_known(uint32_t speed);

/* Opens the device now if it is there.  0, or -ERR_NOMEM. */
int serial_new(struct serial **out, struct event_base *base, const struct serial_config *config,
    const struct serial_handlers *handlers);

/* Closes; what is queued is lost.  NULL is fine; returns NULL. */
struct serial *serial_free(struct serial *serial);

/* Queues a frame; copied. */
void serial_send(struct serial *serial, const uint8_t *frame, size_t len);

/* Writes what is queued, as far as the device takes it; the rest follows by itself. */
void serial_flush(struct serial *serial);

const struct serial_counters *serial_counters(const struct serial *serial);
const struct frame_counters *serial_frame_counters(const struct serial *serial);

#endif
